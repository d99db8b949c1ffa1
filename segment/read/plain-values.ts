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

/** Single values of a number column, read in order. */
export class NumberReader {
  readonly #column: NumericColumnView;
  readonly #arena: Arena;
  readonly #rowCount: number;
  readonly #nulls: Uint8Array | undefined;
  #start = -1;
  #values: BigInt64Array | Float64Array | Float32Array = new Float64Array();

  constructor(column: NumericColumnView, arena: Arena, rowCount: number) {
    this.#column = column;
    this.#arena = arena;
    this.#rowCount = rowCount;
    if (column.hasNulls) this.#nulls = arena.bytes(column.nullBits(), Math.ceil(rowCount / 8));
  }

  value(row: number): bigint | number | null {
    const nulls = this.#nulls;
    if (nulls !== undefined && ((nulls[row >>> 3] as number) >>> (row & 7)) & 1) return null;
    const start = row - (row % BATCH_ROWS);
    if (start !== this.#start) this.#load(start);
    return this.#values[row - start] as bigint | number;
  }

  #load(start: number): void {
    const n = Math.min(BATCH_ROWS, this.#rowCount - start);
    const pointer = this.#column.batch(start);
    const { kind } = this.#column;
    // Copies: several readers may share one column, whose buffer is good until the next batch.
    this.#values =
      kind === 'long'
        ? this.#arena.i64(pointer, n).slice()
        : kind === 'double'
          ? this.#arena.f64(pointer, n).slice()
          : this.#arena.f32(pointer, n).slice();
    this.#start = start;
  }
}

/** Merged ids of a string column, one a row. */
export class IdReader {
  readonly #column: StringColumnView;
  readonly #arena: Arena;
  readonly #rowCount: number;
  readonly #remap: Uint32Array;
  #start = -1;
  #ids: Uint8Array | Uint16Array | Uint32Array = new Uint8Array();
  #offsets = new Uint32Array();

  constructor(column: StringColumnView, arena: Arena, rowCount: number, remap: Uint32Array) {
    this.#column = column;
    this.#arena = arena;
    this.#rowCount = rowCount;
    this.#remap = remap;
  }

  /** Of a single-value column. */
  id(row: number): number {
    const start = row - (row % BATCH_ROWS);
    if (start !== this.#start) this.#load(start);
    return this.#remap[this.#ids[row - start] as number] as number;
  }

  /** Of any column; a row without ids holds null. */
  ids(row: number): readonly number[] {
    if (!this.#column.hasMultipleValues) return [this.id(row)];
    const start = row - (row % BATCH_ROWS);
    if (start !== this.#start) this.#load(start);
    const from = this.#offsets[row - start] as number;
    const to = this.#offsets[row - start + 1] as number;
    if (from === to) {
      const nullId = this.#remap[this.#remap.length - 1] as number;
      return nullId === noId ? [] : [nullId];
    }
    const ids: number[] = [];
    const first = this.#offsets[0] as number;
    for (let i = from - first; i < to - first; i++) ids.push(this.#remap[this.#ids[i] as number] as number);
    return ids;
  }

  #load(start: number): void {
    const n = Math.min(BATCH_ROWS, this.#rowCount - start);
    const arena = this.#arena;
    if (this.#column.hasMultipleValues) {
      const at = this.#column.multiBatch(start);
      this.#offsets = arena.u32(at.offsets, n + 1).slice();
      const first = this.#offsets[0] as number;
      this.#ids = arena.u32(at.ids + first * 4, (this.#offsets[n] as number) - first).slice();
    } else {
      const pointer = this.#column.batch(start);
      const { idWidth } = this.#column;
      this.#ids =
        idWidth === 1
          ? arena.bytes(pointer, n).slice()
          : idWidth === 2
            ? arena.u16(pointer, n).slice()
            : arena.u32(pointer, n).slice();
    }
    this.#start = start;
  }
}

/** Any column's value as JSON: longs bigint, doubles number. */
export function jsonReader(
  part: ColumnView | undefined,
  arena: Arena,
  rowCount: number,
): (row: number) => JsonValue {
  if (part === undefined) return () => null;
  if ('json' in part) return (row) => (part as unknown as WithJson).json(row);
  if (part.kind === 'string') {
    const remap = Uint32Array.from({ length: part.cardinality + 1 }, (_, id) => id);
    const reader = new IdReader(part, arena, rowCount, remap);
    const text = (id: number) => (id < part.cardinality ? part.value(id) : null);
    return (row) => {
      const ids = reader.ids(row);
      if (ids.length === 0) return null;
      return ids.length === 1 ? text(ids[0] as number) : ids.map(text);
    };
  }
  if (part.kind === 'complex') throw new CodedError('Bug', 'a complex column is no JSON');
  const reader = new NumberReader(part, arena, rowCount);
  return (row) => reader.value(row);
}
