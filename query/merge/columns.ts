/** Columns of several frames put end to end, and picked from by row numbers. Nulls are a byte a row here. */
import { CodedError } from '../../proto/errors.js';
import type { Dictionary, Frame, FrameColumn } from '../frame.js';

export function isNull(nulls: Uint8Array | undefined, row: number): boolean {
  return nulls !== undefined && ((nulls[row >> 3] ?? 0) >> (row & 7)) % 2 === 1;
}

/** One byte a row, 1 = null; undefined when no frame has nulls in this column. */
export function nullFlags(columns: readonly FrameColumn[], rows: readonly number[]): Uint8Array | undefined {
  if (columns.every((column) => column.nulls === undefined)) return undefined;
  const flags = new Uint8Array(sum(rows));
  let at = 0;
  columns.forEach((column, i) => {
    const count = rows[i] ?? 0;
    const { nulls } = column;
    if (nulls !== undefined) {
      for (let row = 0; row < count; row++) flags[at + row] = ((nulls[row >> 3] ?? 0) >> (row & 7)) & 1;
    }
    at += count;
  });
  return flags;
}

/** Flags back to a bitmap; undefined when none is set. */
export function packNulls(flags: Uint8Array | undefined): Uint8Array | undefined {
  if (flags === undefined || !flags.includes(1)) return undefined;
  const nulls = new Uint8Array(Math.ceil(flags.length / 8));
  for (let row = 0; row < flags.length; row++) {
    if (flags[row] === 1) nulls[row >> 3] = (nulls[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return nulls;
}

export function sum(counts: readonly number[]): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

/** The column of each frame by its name; a frame without it is a broken promise of the engine. */
export function columnsNamed(frames: readonly Frame[], name: string): FrameColumn[] {
  return frames.map((frame) => {
    const found = frame.columns.find((column) => column.name === name);
    if (found === undefined) throw new CodedError('Bug', `partial result lacks column[${name}]`);
    return found;
  });
}

/** Memory that one column after the other is put together in: millions of rows must not leave as much behind each. */
export class ConcatRoom {
  #buffer = new ArrayBuffer(0);

  take(bytes: number): ArrayBuffer {
    if (this.#buffer.byteLength < bytes) this.#buffer = new ArrayBuffer(bytes);
    return this.#buffer;
  }
}

/** With a `room`, what is answered is gone with its next use. */
export function concatLongs(columns: readonly FrameColumn[], room?: ConcatRoom): BigInt64Array {
  const length = sum(columns.map((column) => column.values.length));
  const out =
    room === undefined ? new BigInt64Array(length) : new BigInt64Array(room.take(length * 8), 0, length);
  let at = 0;
  for (const column of columns) {
    if (column.type !== 'LONG') throw typeError(column, 'LONG');
    out.set(column.values, at);
    at += column.values.length;
  }
  return out;
}

export function concatFloats<T extends 'DOUBLE' | 'FLOAT'>(
  columns: readonly FrameColumn[],
  type: T,
  room = new ConcatRoom(),
): Float64Array | Float32Array {
  const length = sum(columns.map((column) => column.values.length));
  const make = type === 'DOUBLE' ? Float64Array : Float32Array;
  const out = new make(room.take(length * make.BYTES_PER_ELEMENT), 0, length);
  let at = 0;
  for (const column of columns) {
    if (column.type !== type) throw typeError(column, type);
    out.set(column.values as Float64Array, at);
    at += column.values.length;
  }
  return out;
}

/** Is every value of the columns the same? */
export function isConstant(columns: readonly FrameColumn[]): boolean {
  let low: number | undefined;
  let high: number | undefined;
  for (const { type, values } of columns) {
    if (type !== 'LONG') return false;
    const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let i = 0; i < halves.length; i += 2) {
      low ??= halves[i];
      high ??= halves[i + 1];
      if (halves[i] !== low || halves[i + 1] !== high) return false;
    }
  }
  return true;
}

/** Dictionaries end to end, entries not compared; `bases[i]` is added to the entry numbers of source i. */
export function chainDictionaries(sources: readonly Dictionary[]): {
  dictionary: Dictionary;
  bases: number[];
} {
  const bytes = new Uint8Array(sum(sources.map((source) => source.bytes.length)));
  const ends = new Uint32Array(sum(sources.map((source) => source.ends.length)));
  const bases: number[] = [];
  let size = 0;
  let entries = 0;
  for (const source of sources) {
    bases.push(entries);
    bytes.set(source.bytes, size);
    for (let i = 0; i < source.ends.length; i++) ends[entries + i] = size + (source.ends[i] ?? 0);
    size += source.bytes.length;
    entries += source.ends.length;
  }
  return { dictionary: { bytes, ends }, bases };
}

export function typeError(column: FrameColumn, wanted: string): CodedError {
  return new CodedError(
    'Bug',
    `partial result column[${column.name}] has type[${column.type}], not [${wanted}]`,
  );
}

/** By 32-bit halves: reading a 64-bit element would make a BigInt each time. */
export function pickLongs(values: BigInt64Array, rows: Uint32Array): BigInt64Array {
  const out = new BigInt64Array(rows.length);
  const from = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const to = new Int32Array(out.buffer);
  for (let i = 0; i < rows.length; i++) {
    const row = (rows[i] ?? 0) * 2;
    to[i * 2] = from[row] ?? 0;
    to[i * 2 + 1] = from[row + 1] ?? 0;
  }
  return out;
}

/** Callbacks of `from` go through an iterator; over millions of rows a loop is many times faster. */
export function pickInts(values: Uint32Array, rows: Uint32Array): Uint32Array {
  const out = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i] ?? 0] ?? 0;
  return out;
}

export function pickFloats<A extends Float64Array | Float32Array>(values: A, rows: Uint32Array): A {
  const out = (
    values instanceof Float64Array ? new Float64Array(rows.length) : new Float32Array(rows.length)
  ) as A;
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i] ?? 0] ?? 0;
  return out;
}

/** The null bitmap of some rows, from a byte a row; undefined when none of them is null. */
export function pickNulls(flags: Uint8Array | undefined, rows: Uint32Array): Uint8Array | undefined {
  if (flags === undefined) return undefined;
  const picked = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = flags[rows[i] ?? 0] ?? 0;
  return packNulls(picked);
}
