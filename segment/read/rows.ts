/** Rows as plain values, through the read interface alone: for tools and tests. */
import type { Arena } from '../kernels/arena.js';
import type { JsonValue } from '../write/source.js';
import { BATCH_ROWS, type ColumnView, type SegmentView } from './view.js';

/**
 * Longs are bigint; several values of a multi-value row are an array; json, arrays and mixed values are JSON values as
 * they are stored (longs bigint, doubles number); other complex values are bytes.
 */
export type PlainValue = JsonValue | Uint8Array;
export type PlainRow = Readonly<Record<string, PlainValue>>;

export interface RowsOptions {
  /** Default: all, `__time` first, then dimensions, then metrics. */
  readonly columns?: readonly string[];
  readonly limit?: number;
}

type ReadBatch = (start: number, n: number) => (row: number) => PlainValue;

export function* readRows(view: SegmentView, arena: Arena, options: RowsOptions = {}): Generator<PlainRow> {
  const names = options.columns ?? ['__time', ...view.dimensions, ...view.metrics];
  const readers = names.map((name): [string, ReadBatch] => [name, columnReader(view, arena, name)]);
  const rows = Math.min(view.rowCount, options.limit ?? Infinity);
  for (let start = 0; start < rows; start += BATCH_ROWS) {
    const n = Math.min(BATCH_ROWS, view.rowCount - start);
    const batch = readers.map(([name, read]): [string, (row: number) => PlainValue] => [
      name,
      read(start, n),
    ]);
    for (let row = 0; row < n && start + row < rows; row++) {
      const values: Record<string, PlainValue> = {};
      for (const [name, value] of batch) values[name] = value(row);
      yield values;
    }
  }
}

function columnReader(view: SegmentView, arena: Arena, name: string): ReadBatch {
  const column = view.column(name);
  if (column === undefined) return () => () => null;
  if (hasJson(column)) return (start) => (row) => column.json(start + row);
  switch (column.kind) {
    case 'long':
    case 'float':
    case 'double':
      return numberReader(column, arena, view.rowCount);
    case 'string':
      return stringReader(column, arena);
    case 'complex':
      return (start) => (row) => column.bytes(start + row);
  }
}

/** Nested and mixed columns tell each value as it came in, longs as bigint. */
export function hasJson<T extends ColumnView>(column: T): column is T & { json(row: number): JsonValue } {
  return 'json' in column;
}

function numberReader(
  column: Extract<ColumnView, { kind: 'long' | 'float' | 'double' }>,
  arena: Arena,
  rowCount: number,
): ReadBatch {
  const nulls = column.hasNulls ? arena.bytes(column.nullBits(), Math.ceil(rowCount / 8)) : undefined;
  return (start, n) => {
    const pointer = column.batch(start);
    const values =
      column.kind === 'long'
        ? arena.i64(pointer, n)
        : column.kind === 'double'
          ? arena.f64(pointer, n)
          : arena.f32(pointer, n);
    return (row) => {
      const at = start + row;
      if (nulls !== undefined && ((nulls[at >>> 3] as number) >>> (at & 7)) & 1) return null;
      return values[row] as bigint | number;
    };
  };
}

function stringReader(column: Extract<ColumnView, { kind: 'string' }>, arena: Arena): ReadBatch {
  const known = new Map<number, string | null>();
  const value = (id: number): string | null => {
    let text = known.get(id);
    if (text === undefined) {
      text = column.value(id);
      known.set(id, text);
    }
    return text;
  };
  if (!column.hasMultipleValues) {
    return (start, n) => {
      const pointer = column.batch(start);
      const ids =
        column.idWidth === 1
          ? arena.bytes(pointer, n)
          : column.idWidth === 2
            ? arena.u16(pointer, n)
            : arena.u32(pointer, n);
      return (row) => value(ids[row] as number);
    };
  }
  return (start, n) => {
    const at = column.multiBatch(start);
    const offsets = arena.u32(at.offsets, n + 1);
    const ids = arena.u32(at.ids, offsets[n] as number);
    return (row) => {
      const from = offsets[row] as number;
      const to = offsets[row + 1] as number;
      if (to - from > 1) return Array.from(ids.subarray(from, to), value);
      return to === from ? null : value(ids[from] as number);
    };
  };
}
