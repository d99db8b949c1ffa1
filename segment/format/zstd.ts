/**
 * Zstandard frames: decoding only, written after RFC 8878. Blocks of segments are at most 64 KiB, so this aims at
 * being small and safe rather than fast.
 */

import {
  BackwardBits,
  buildStates,
  decodeStream,
  demand,
  Malformed,
  readHuffman,
  readStates,
  singleState,
  type HuffmanTable,
  type StateTable,
} from './zstd-entropy.js';

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

function decodeFour(
  bytes: Uint8Array,
  from: number,
  end: number,
  table: HuffmanTable,
  target: Uint8Array,
): void {
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
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1,
  -1,
];
const matchLengthDefault = [
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
];
const offsetDefault = [
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
];
export const literalLengthBits = [
  ...Array<number>(16).fill(0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
];
export const matchLengthBits = [
  ...Array<number>(32).fill(0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  4,
  5,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
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

export const literalLengthBases = basesOf(literalLengthBits, 0);
export const matchLengthBases = basesOf(matchLengthBits, 3);

interface StateKind {
  readonly name: 'literalLengths' | 'offsets' | 'matchLengths';
  readonly frequencies: readonly number[];
  readonly log: number;
  readonly limits: { readonly log: number; readonly symbols: number };
}

export const stateKinds: readonly StateKind[] = [
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
      const length =
        (literalLengthBases[llCode] as number) + reader.read(literalLengthBits[llCode] as number);
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
  for (let last = false; !last;) {
    demand(at + 3 <= source.length);
    const header =
      (source[at] as number) | ((source[at + 1] as number) << 8) | ((source[at + 2] as number) << 16);
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
