/** Single values of columns, read in order through the read interface. Batches are copied: readers may share a column. */
import { CodedError } from '../../proto/errors.js';
import type { Arena } from '../kernels/arena.js';
import type { JsonValue } from '../write/source.js';
import { BATCH_ROWS, type ColumnView, type NumericColumnView, type StringColumnView } from './view.js';

/** In a remap: no such value. */
export const noId = 0xffffffff;

interface WithJson {
  json(row: number): JsonValue;
}

/** Single values of a number column, read in order; with `anyOrder` all of it is kept, for rows in any order. */
export class NumberReader {
  readonly #column: NumericColumnView;
  readonly #arena: Arena;
  readonly #rowCount: number;
  readonly #nulls: Uint8Array | undefined;
  readonly #step: number;
  #start = -1;
  #values: BigInt64Array | Float64Array | Float32Array = new Float64Array();

  constructor(column: NumericColumnView, arena: Arena, rowCount: number, anyOrder = false) {
    this.#step = anyOrder ? Math.max(1, rowCount) : BATCH_ROWS;
    this.#column = column;
    this.#arena = arena;
    this.#rowCount = rowCount;
    if (column.hasNulls) this.#nulls = arena.bytes(column.nullBits(), Math.ceil(rowCount / 8));
  }

  value(row: number): bigint | number | null {
    const nulls = this.#nulls;
    if (nulls !== undefined && ((nulls[row >>> 3] as number) >>> (row & 7)) & 1) return null;
    const start = row - (row % this.#step);
    if (start !== this.#start) this.#load(start);
    return this.#values[row - start] as bigint | number;
  }

  /** Copies: several readers may share one column, whose buffer is good until the next batch. */
  #load(start: number): void {
    const n = Math.min(this.#step, this.#rowCount - start);
    const { kind } = this.#column;
    const arena = this.#arena;
    this.#start = -1;
    this.#values =
      kind === 'long'
        ? this.#copy(start, new BigInt64Array(n), (at, count) => arena.i64(at, count))
        : kind === 'double'
          ? this.#copy(start, new Float64Array(n), (at, count) => arena.f64(at, count))
          : this.#copy(start, new Float32Array(n), (at, count) => arena.f32(at, count));
    this.#start = start;
  }

  #copy<T extends BigInt64Array | Float64Array | Float32Array>(
    start: number,
    into: T,
    view: (pointer: number, count: number) => T,
  ): T {
    for (let done = 0; done < into.length; done += BATCH_ROWS) {
      const count = Math.min(BATCH_ROWS, into.length - done);
      into.set(view(this.#column.batch(start + done), count) as never, done);
    }
    return into;
  }
}

/** Merged ids of a string column, one a row; see NumberReader. */
export class IdReader {
  readonly #column: StringColumnView;
  readonly #arena: Arena;
  readonly #rowCount: number;
  readonly #remap: Uint32Array;
  readonly #step: number;
  #start = -1;
  #ids: Uint8Array | Uint16Array | Uint32Array = new Uint8Array();
  #offsets = new Uint32Array();

  constructor(
    column: StringColumnView,
    arena: Arena,
    rowCount: number,
    remap: Uint32Array,
    anyOrder = false,
  ) {
    this.#step = anyOrder ? Math.max(1, rowCount) : BATCH_ROWS;
    this.#column = column;
    this.#arena = arena;
    this.#rowCount = rowCount;
    this.#remap = remap;
  }

  /** Of a single-value column. */
  id(row: number): number {
    const start = row - (row % this.#step);
    if (start !== this.#start) this.#load(start);
    return this.#remap[this.#ids[row - start] as number] as number;
  }

  /** Of any column; none for a row of several values that has none. */
  ids(row: number): readonly number[] {
    if (!this.#column.hasMultipleValues) return [this.id(row)];
    const start = row - (row % this.#step);
    if (start !== this.#start) this.#load(start);
    const from = this.#offsets[row - start] as number;
    const to = this.#offsets[row - start + 1] as number;
    if (from === to) return [];
    const ids: number[] = [];
    const first = this.#offsets[0] as number;
    for (let i = from - first; i < to - first; i++) ids.push(this.#remap[this.#ids[i] as number] as number);
    return ids;
  }

  #load(start: number): void {
    const n = Math.min(this.#step, this.#rowCount - start);
    this.#start = -1;
    if (this.#column.hasMultipleValues) this.#loadLists(start, n);
    else if (n <= BATCH_ROWS) this.#ids = this.#batch(start, n).slice();
    else {
      const ids = new Uint32Array(n);
      for (let done = 0; done < n; done += BATCH_ROWS)
        ids.set(this.#batch(start + done, Math.min(BATCH_ROWS, n - done)), done);
      this.#ids = ids;
    }
    this.#start = start;
  }

  #loadLists(start: number, n: number): void {
    const offsets = new Uint32Array(n + 1);
    const parts: Uint32Array[] = [];
    let total = 0;
    for (let done = 0; done < n; done += BATCH_ROWS) {
      const count = Math.min(BATCH_ROWS, n - done);
      const at = this.#column.multiBatch(start + done);
      const own = this.#arena.u32(at.offsets, count + 1);
      const first = own[0] as number;
      const length = (own[count] as number) - first;
      for (let i = 0; i <= count; i++) offsets[done + i] = (own[i] as number) - first + total;
      parts.push(this.#arena.u32(at.ids + first * 4, length).slice());
      total += length;
    }
    this.#offsets = offsets;
    if (parts.length === 1) this.#ids = parts[0] as Uint32Array;
    else {
      const ids = new Uint32Array(total);
      let at = 0;
      for (const part of parts) {
        ids.set(part, at);
        at += part.length;
      }
      this.#ids = ids;
    }
  }

  #batch(start: number, n: number): Uint8Array | Uint16Array | Uint32Array {
    const pointer = this.#column.batch(start);
    const { idWidth } = this.#column;
    return idWidth === 1
      ? this.#arena.bytes(pointer, n)
      : idWidth === 2
        ? this.#arena.u16(pointer, n)
        : this.#arena.u32(pointer, n);
  }
}

/** Any column's value as JSON: longs bigint, doubles number. */
export function jsonReader(
  part: ColumnView | undefined,
  arena: Arena,
  rowCount: number,
  anyOrder = false,
): (row: number) => JsonValue {
  if (part === undefined) return () => null;
  if ('json' in part) return (row) => (part as unknown as WithJson).json(row);
  if (part.kind === 'string') {
    const remap = Uint32Array.from({ length: part.cardinality + 1 }, (_, id) => id);
    const reader = new IdReader(part, arena, rowCount, remap, anyOrder);
    const text = (id: number) => (id < part.cardinality ? part.value(id) : null);
    return (row) => {
      const ids = reader.ids(row);
      if (ids.length === 0) return null;
      return ids.length === 1 ? text(ids[0] as number) : ids.map(text);
    };
  }
  if (part.kind === 'complex') throw new CodedError('Bug', 'a complex column is no JSON');
  const reader = new NumberReader(part, arena, rowCount, anyOrder);
  return (row) => reader.value(row);
}
