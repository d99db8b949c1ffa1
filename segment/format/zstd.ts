/**
 * Zstandard frames: decoding only, written after RFC 8878. Blocks of segments are at most 64 KiB, so this aims at
 * being small and safe rather than fast.
 */

class Malformed extends Error {}

function demand(condition: boolean): asserts condition {
  if (!condition) throw new Malformed();
}

/** Bits read forward from the least significant bit of the first byte. */
class ForwardBits {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #bit: number;

  constructor(bytes: Uint8Array, from: number, end: number) {
    this.#bytes = bytes;
    this.#bit = from * 8;
    this.#end = end * 8;
  }

  read(count: number): number {
    demand(this.#bit + count <= this.#end);
    let value = 0;
    for (let i = 0; i < count; i++, this.#bit++) {
      value |= (((this.#bytes[this.#bit >>> 3] as number) >>> (this.#bit & 7)) & 1) << i;
    }
    return value;
  }

  rewind(count: number): void {
    this.#bit -= count;
  }

  /** First whole byte behind what was read. */
  get byteAt(): number {
    return Math.ceil(this.#bit / 8);
  }
}

/** Bits read backward from the mark in the last byte; before the first byte there are zeros. */
class BackwardBits {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  /** Bits left, negative when more were read than there are. */
  left: number;

  constructor(bytes: Uint8Array, from: number, end: number) {
    demand(end > from);
    const last = bytes[end - 1] as number;
    demand(last !== 0);
    this.#bytes = bytes;
    this.#from = from;
    this.left = (end - from - 1) * 8 + (31 - Math.clz32(last));
  }

  read(count: number): number {
    this.left -= count;
    let value = 0;
    let done = 0;
    let bit = this.left;
    if (bit < 0) {
      done = Math.min(count, -bit);
      bit = 0;
    }
    while (done < count) {
      const byte = this.#bytes[this.#from + Math.floor(bit / 8)] as number;
      const room = 8 - (bit % 8);
      const take = Math.min(room, count - done);
      value += ((byte >>> (bit % 8)) & ((1 << take) - 1)) * 2 ** done;
      done += take;
      bit += take;
    }
    return value;
  }
}

/** A finite-state-entropy decoding table. */
interface StateTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

function buildStates(frequencies: readonly number[], log: number): StateTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  const next = new Uint16Array(frequencies.length);
  let high = size;
  frequencies.forEach((frequency, symbol) => {
    if (frequency === -1) {
      symbols[--high] = symbol;
      next[symbol] = 1;
    }
  });
  const step = (size >>> 1) + (size >>> 3) + 3;
  let at = 0;
  frequencies.forEach((frequency, symbol) => {
    if (frequency <= 0) return;
    next[symbol] = frequency;
    for (let i = 0; i < frequency; i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  });
  demand(at === 0);
  for (let i = 0; i < size; i++) {
    const symbol = symbols[i] as number;
    const state = next[symbol] as number;
    next[symbol] = state + 1;
    bits[i] = log - (31 - Math.clz32(state));
    bases[i] = (state << (bits[i] as number)) - size;
  }
  return { log, symbols, bits, bases };
}

function singleState(symbol: number): StateTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** Reads a table's description; answers it and the first byte behind. */
function readStates(
  bytes: Uint8Array,
  from: number,
  end: number,
  limits: { readonly log: number; readonly symbols: number },
): { readonly table: StateTable; readonly next: number } {
  const reader = new ForwardBits(bytes, from, end);
  const log = reader.read(4) + 5;
  demand(log <= limits.log);
  let remaining = 1 << log;
  const frequencies: number[] = [];
  while (remaining > 0) {
    demand(frequencies.length < limits.symbols);
    const width = 32 - Math.clz32(remaining + 1);
    let value = reader.read(width);
    const mask = (1 << (width - 1)) - 1;
    const threshold = (1 << width) - 1 - (remaining + 1);
    if ((value & mask) < threshold) {
      reader.rewind(1);
      value &= mask;
    } else if (value > mask) value -= threshold;
    const frequency = value - 1;
    remaining -= Math.abs(frequency);
    frequencies.push(frequency);
    if (frequency !== 0) continue;
    for (let repeat = 3; repeat === 3; ) {
      repeat = reader.read(2);
      for (let i = 0; i < repeat; i++) frequencies.push(0);
    }
  }
  demand(remaining === 0 && frequencies.length <= limits.symbols);
  return { table: buildStates(frequencies, log), next: reader.byteAt };
}

interface HuffmanTable {
  readonly maxBits: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

function buildHuffman(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) {
    demand(weight <= 12);
    if (weight > 0) sum += 1 << (weight - 1);
  }
  demand(sum > 0);
  const maxBits = 32 - Math.clz32(sum);
  const left = (1 << maxBits) - sum;
  demand(maxBits <= 11 && (left & (left - 1)) === 0);
  const all = [...weights, 32 - Math.clz32(left)];
  const size = 1 << maxBits;
  const symbols = new Uint8Array(size);
  const bits = new Uint8Array(size);
  let at = 0;
  for (let weight = 1; weight <= maxBits; weight++) {
    all.forEach((own, symbol) => {
      if (own !== weight) return;
      const length = 1 << (weight - 1);
      symbols.fill(symbol, at, at + length);
      bits.fill(maxBits + 1 - weight, at, at + length);
      at += length;
    });
  }
  demand(at === size && all.length <= 256);
  return { maxBits, symbols, bits };
}

function readHuffman(
  bytes: Uint8Array,
  from: number,
  end: number,
): { readonly table: HuffmanTable; readonly next: number } {
  demand(from < end);
  const head = bytes[from] as number;
  const weights: number[] = [];
  if (head >= 128) {
    const count = head - 127;
    const next = from + 1 + Math.ceil(count / 2);
    demand(next <= end);
    for (let i = 0; i < count; i++) {
      const byte = bytes[from + 1 + (i >>> 1)] as number;
      weights.push(i % 2 === 0 ? byte >>> 4 : byte & 15);
    }
    return { table: buildHuffman(weights), next };
  }
  const next = from + 1 + head;
  demand(next <= end);
  const { table, next: bits } = readStates(bytes, from + 1, next, { log: 6, symbols: 13 });
  const reader = new BackwardBits(bytes, bits, next);
  let first = reader.read(table.log);
  let second = reader.read(table.log);
  const step = (state: number) => (table.bases[state] as number) + reader.read(table.bits[state] as number);
  while (weights.length < 255) {
    weights.push(table.symbols[first] as number);
    first = step(first);
    if (reader.left < 0) {
      weights.push(table.symbols[second] as number);
      break;
    }
    weights.push(table.symbols[second] as number);
    second = step(second);
    if (reader.left < 0) {
      weights.push(table.symbols[first] as number);
      break;
    }
  }
  demand(reader.left < 0 && weights.length <= 255);
  return { table: buildHuffman(weights), next };
}

function decodeStream(
  bytes: Uint8Array,
  from: number,
  end: number,
  table: HuffmanTable,
  target: Uint8Array,
): void {
  const reader = new BackwardBits(bytes, from, end);
  const mask = (1 << table.maxBits) - 1;
  let state = reader.read(table.maxBits);
  for (let i = 0; i < target.length; i++) {
    target[i] = table.symbols[state] as number;
    const count = table.bits[state] as number;
    state = ((state << count) & mask) | reader.read(count);
  }
  demand(reader.left === -table.maxBits);
}

interface Tables {
  huffman: HuffmanTable | undefined;
  literalLengths: StateTable | undefined;
  offsets: StateTable | undefined;
  matchLengths: StateTable | undefined;
  readonly recent: [number, number, number];
}

const blockMax = 131072;

function readLiterals(
  bytes: Uint8Array,
  from: number,
  end: number,
  tables: Tables,
): { readonly literals: Uint8Array; readonly next: number } {
  demand(from < end);
  const head = bytes[from] as number;
  const type = head & 3;
  const format = (head >>> 2) & 3;
  const little = (count: number) => {
    demand(from + count <= end);
    let value = 0;
    for (let i = 0; i < count; i++) value += (bytes[from + i] as number) * 2 ** (8 * i);
    return value;
  };
  if (type < 2) {
    const headBytes = (format & 1) === 0 ? 1 : format === 1 ? 2 : 3;
    const size = Math.floor(little(headBytes) / (headBytes === 1 ? 8 : 16));
    const start = from + headBytes;
    demand(size <= blockMax);
    if (type === 1) {
      demand(start < end);
      return { literals: new Uint8Array(size).fill(bytes[start] as number), next: start + 1 };
    }
    demand(start + size <= end);
    return { literals: bytes.subarray(start, start + size), next: start + size };
  }
  const headBytes = format < 2 ? 3 : format + 2;
  const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
  const packed = Math.floor(little(headBytes) / 16);
  const size = packed % 2 ** sizeBits;
  const compressed = Math.floor(packed / 2 ** sizeBits) % 2 ** sizeBits;
  let at = from + headBytes;
  const stop = at + compressed;
  demand(stop <= end && size <= blockMax);
  if (type === 2) {
    const read = readHuffman(bytes, at, stop);
    tables.huffman = read.table;
    at = read.next;
  }
  const table = tables.huffman;
  demand(table !== undefined);
  const literals = new Uint8Array(size);
  if (format === 0) decodeStream(bytes, at, stop, table, literals);
  else decodeFour(bytes, at, stop, table, literals);
  return { literals, next: stop };
}

function decodeFour(bytes: Uint8Array, from: number, end: number, table: HuffmanTable, target: Uint8Array): void {
  demand(end - from >= 6);
  const part = Math.floor((target.length + 3) / 4);
  demand(part * 3 <= target.length);
  let at = from + 6;
  for (let i = 0; i < 4; i++) {
    const jump = from + 2 * i;
    const stop = i === 3 ? end : at + ((bytes[jump] as number) | ((bytes[jump + 1] as number) << 8));
    demand(stop <= end);
    decodeStream(bytes, at, stop, table, target.subarray(i * part, i === 3 ? target.length : (i + 1) * part));
    at = stop;
  }
}

const literalLengthDefault = [
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
];
const matchLengthDefault = [
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
];
const offsetDefault = [
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
];
const literalLengthBits = [
  ...Array<number>(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];
const matchLengthBits = [
  ...Array<number>(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];

/** The first value of every code: each starts where the codes before it end. */
function basesOf(widths: readonly number[], first: number): number[] {
  let base = first;
  return widths.map((width) => {
    const own = base;
    base += 2 ** width;
    return own;
  });
}

const literalLengthBases = basesOf(literalLengthBits, 0);
const matchLengthBases = basesOf(matchLengthBits, 3);

interface StateKind {
  readonly name: 'literalLengths' | 'offsets' | 'matchLengths';
  readonly frequencies: readonly number[];
  readonly log: number;
  readonly limits: { readonly log: number; readonly symbols: number };
}

const stateKinds: readonly StateKind[] = [
  { name: 'literalLengths', frequencies: literalLengthDefault, log: 6, limits: { log: 9, symbols: 36 } },
  { name: 'offsets', frequencies: offsetDefault, log: 5, limits: { log: 8, symbols: 32 } },
  { name: 'matchLengths', frequencies: matchLengthDefault, log: 6, limits: { log: 9, symbols: 53 } },
];

function readTables(bytes: Uint8Array, from: number, end: number, modes: number, tables: Tables): number {
  let at = from;
  stateKinds.forEach((kind, i) => {
    const mode = (modes >>> (6 - 2 * i)) & 3;
    if (mode === 0) tables[kind.name] = buildStates(kind.frequencies, kind.log);
    else if (mode === 1) {
      demand(at < end);
      const symbol = bytes[at++] as number;
      demand(symbol < kind.limits.symbols);
      tables[kind.name] = singleState(symbol);
    } else if (mode === 2) {
      const read = readStates(bytes, at, end, kind.limits);
      tables[kind.name] = read.table;
      at = read.next;
    }
    demand(tables[kind.name] !== undefined);
  });
  return at;
}

/** The distance an offset value stands for, keeping the three recent ones. */
function distanceOf(value: number, literals: number, recent: [number, number, number]): number {
  if (value > 3) {
    recent[2] = recent[1];
    recent[1] = recent[0];
    recent[0] = value - 3;
    return recent[0];
  }
  const index = value - 1 + (literals === 0 ? 1 : 0);
  if (index === 0) return recent[0];
  const distance = index < 3 ? (recent[index] as number) : recent[0] - 1;
  if (index > 1) recent[2] = recent[1];
  recent[1] = recent[0];
  recent[0] = distance;
  return distance;
}

function decodeBlock(
  bytes: Uint8Array,
  from: number,
  end: number,
  tables: Tables,
  target: Uint8Array,
  start: number,
): number {
  const { literals, next } = readLiterals(bytes, from, end, tables);
  let at = next;
  demand(at < end);
  let count = bytes[at++] as number;
  if (count >= 128) {
    demand(at + (count === 255 ? 2 : 1) <= end);
    if (count === 255) {
      count = (bytes[at] as number) + ((bytes[at + 1] as number) << 8) + 0x7f00;
      at += 2;
    } else count = ((count - 128) << 8) + (bytes[at++] as number);
  }
  let op = start;
  let used = 0;
  if (count > 0) {
    demand(at < end);
    const modes = bytes[at++] as number;
    at = readTables(bytes, at, end, modes, tables);
    const reader = new BackwardBits(bytes, at, end);
    const { literalLengths, offsets, matchLengths } = tables as Required<Tables>;
    demand(literalLengths !== undefined && offsets !== undefined && matchLengths !== undefined);
    let ll = reader.read(literalLengths.log);
    let of = reader.read(offsets.log);
    let ml = reader.read(matchLengths.log);
    for (let i = 0; i < count; i++) {
      const offsetCode = offsets.symbols[of] as number;
      const value = 2 ** offsetCode + reader.read(offsetCode);
      const mlCode = matchLengths.symbols[ml] as number;
      const match = (matchLengthBases[mlCode] as number) + reader.read(matchLengthBits[mlCode] as number);
      const llCode = literalLengths.symbols[ll] as number;
      const length = (literalLengthBases[llCode] as number) + reader.read(literalLengthBits[llCode] as number);
      if (i < count - 1) {
        ll = (literalLengths.bases[ll] as number) + reader.read(literalLengths.bits[ll] as number);
        ml = (matchLengths.bases[ml] as number) + reader.read(matchLengths.bits[ml] as number);
        of = (offsets.bases[of] as number) + reader.read(offsets.bits[of] as number);
      }
      demand(reader.left >= 0 && length <= literals.length - used && length + match <= target.length - op);
      target.set(literals.subarray(used, used + length), op);
      used += length;
      op += length;
      const distance = distanceOf(value, length, tables.recent);
      demand(distance > 0 && distance <= op);
      for (let k = 0; k < match; k++, op++) target[op] = target[op - distance] as number;
    }
    demand(reader.left === 0);
  }
  const rest = literals.length - used;
  demand(rest <= target.length - op);
  target.set(literals.subarray(used), op);
  return op + rest;
}

function decodeFrame(source: Uint8Array, target: Uint8Array): number {
  demand(source.length >= 6);
  demand(source[0] === 0x28 && source[1] === 0xb5 && source[2] === 0x2f && source[3] === 0xfd);
  const head = source[4] as number;
  const single = (head & 0x20) !== 0;
  demand((head & 0x08) === 0 && (head & 3) === 0);
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][head >>> 6] as number;
  let at = 5 + (single ? 0 : 1) + sizeBytes;
  const tables: Tables = {
    huffman: undefined,
    literalLengths: undefined,
    offsets: undefined,
    matchLengths: undefined,
    recent: [1, 4, 8],
  };
  let op = 0;
  for (let last = false; !last; ) {
    demand(at + 3 <= source.length);
    const header = (source[at] as number) | ((source[at + 1] as number) << 8) | ((source[at + 2] as number) << 16);
    at += 3;
    last = (header & 1) !== 0;
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    demand(type < 3 && size <= blockMax);
    const stored = type === 1 ? 1 : size;
    demand(stored <= source.length - at);
    if (type === 2) op = decodeBlock(source, at, at + size, tables, target, op);
    else {
      demand(size <= target.length - op);
      if (type === 1) target.fill(source[at] as number, op, op + size);
      else target.set(source.subarray(at, at + size), op);
      op += size;
    }
    at += stored;
  }
  demand(at + ((head & 4) !== 0 ? 4 : 0) === source.length);
  return op;
}

/** Decodes one frame; answers the bytes written, or -1 when it is corrupt or does not fit. */
export function decodeZstd(source: Uint8Array, target: Uint8Array): number {
  try {
    return decodeFrame(source, target);
  } catch (error) {
    if (error instanceof Malformed) return -1;
    throw error;
  }
}
