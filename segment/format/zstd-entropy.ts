/** The entropy coders of Zstandard: finite-state tables and Huffman codes, every read checked. */

/** Thrown where a frame is corrupt; never leaves the decoder. */
export class Malformed extends Error {}

export function demand(condition: boolean): asserts condition {
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
export class BackwardBits {
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
    if (count <= 24 && this.left >= 0) {
      const at = this.#from + (this.left >>> 3);
      const bytes = this.#bytes;
      // Bytes behind the array are as good as zeros: what is wanted lies before the mark.
      const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      return (word >>> (this.left & 7)) & ((1 << count) - 1);
    }
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
export interface StateTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

export function buildStates(frequencies: readonly number[], log: number): StateTable {
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

export function singleState(symbol: number): StateTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** Reads a table's description; answers it and the first byte behind. */
export function readStates(
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
    for (let repeat = 3; repeat === 3;) {
      repeat = reader.read(2);
      for (let i = 0; i < repeat; i++) frequencies.push(0);
    }
  }
  demand(remaining === 0 && frequencies.length <= limits.symbols);
  return { table: buildStates(frequencies, log), next: reader.byteAt };
}

export interface HuffmanTable {
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

export function readHuffman(
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

export function decodeStream(
  bytes: Uint8Array,
  from: number,
  end: number,
  table: HuffmanTable,
  target: Uint8Array,
): void {
  let { left } = new BackwardBits(bytes, from, end);
  const { maxBits, symbols, bits } = table;
  const mask = (1 << maxBits) - 1;
  for (let i = 0; i < target.length; i++) {
    // Before the first byte there are zeros; a code and the bits it shares a byte with are less than three bytes.
    const low = Math.max(0, left - maxBits);
    const at = from + (low >>> 3);
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const state = ((word >>> (low & 7)) << (low - (left - maxBits))) & mask;
    target[i] = symbols[state]!;
    left -= bits[state]!;
    demand(left >= 0);
  }
  demand(left === 0);
}
