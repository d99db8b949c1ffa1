/** Where the rows of a merge come from: one walk over the key columns of all inputs. */
import { CodedError } from '../../proto/errors.js';
import { exactJsonText } from '../format/json.js';
import type { Arena } from '../kernels/arena.js';
import type { NumericColumnView, SegmentView } from '../read/view.js';
import { IdReader, jsonReader, NumberReader } from '../read/plain-values.js';
import { numberText, type MergedColumn } from './merge-columns.js';
import type { ColumnOrder } from './source.js';
import { timeColumn } from './writer.js';

/** Where each row of the result comes from. */
export interface RowOrder {
  /** Per input row, in merged order, its input. */
  readonly picks: Uint16Array;
  /** Per input row: 1 = starts a row of the result, 0 = joins the one before. */
  readonly starts: Uint8Array;
  readonly rowCount: number;
  readonly ordering: readonly ColumnOrder[];
}

type Compare = (a: number, rowA: number, b: number, rowB: number) => number;

function compareValues(a: bigint | number | string | null, b: bigint | number | string | null): number {
  if (a === b) return a === 0 && b === 0 ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (a < b) return -1;
  if (a > b) return 1;
  const aIsNaN = Number.isNaN(a);
  return aIsNaN === Number.isNaN(b) ? 0 : aIsNaN ? 1 : -1;
}

/** Compares two inputs' rows by one column. */
function comparator(column: MergedColumn, inputs: readonly SegmentView[], arena: Arena): Compare {
  const perInput = <T>(make: (input: SegmentView, i: number) => T): T[] => inputs.map(make);
  if (column.kind === 'string') {
    const ids = perInput((input, i) => idOf(column, input, i, arena));
    return (a, rowA, b, rowB) => (ids[a]?.(rowA) ?? 0) - (ids[b]?.(rowB) ?? 0);
  }
  if (column.kind === 'multiString') {
    const ids = perInput((input, i) => idsOf(column, input, i, arena));
    return (a, rowA, b, rowB) => compareLists(ids[a]?.(rowA) ?? [], ids[b]?.(rowB) ?? []);
  }
  if (column.kind === 'json' || column.kind === 'auto') {
    const values = perInput((input, i) => jsonReader(column.parts[i], arena, input.rowCount));
    const key = (input: number, row: number) => {
      const value = values[input]?.(row) ?? null;
      return typeof value === 'object' && value !== null ? exactJsonText(value) : value;
    };
    return (a, rowA, b, rowB) => compareMixed(key(a, rowA), key(b, rowB));
  }
  const values = perInput((input, i) => numberOf(column, input, i, arena));
  return (a, rowA, b, rowB) => compareValues(values[a]?.(rowA) ?? null, values[b]?.(rowB) ?? null);
}

type Key = bigint | number | string | boolean | null;

/** Nulls, then text, then numbers. */
function compareMixed(a: Key, b: Key): number {
  const rank = (value: Key) => (value === null ? 0 : typeof value === 'string' ? 1 : 2);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return compareValues(typeof a === 'boolean' ? Number(a) : a, typeof b === 'boolean' ? Number(b) : b);
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Number of a row in the column's merged kind. */
export function numberOf(column: MergedColumn, input: SegmentView, i: number, arena: Arena) {
  const part = column.parts[i];
  if (part === undefined || part.kind === 'string' || part.kind === 'complex') return () => null;
  const reader = new NumberReader(part, arena, input.rowCount);
  if (column.kind === 'long' || part.kind !== 'long') return (row: number) => reader.value(row);
  return (row: number) => {
    const value = reader.value(row);
    return value === null ? null : Number(value);
  };
}

function textIds(column: MergedColumn): Map<string | null, number> {
  return new Map(column.dictionary.map((text, id) => [text, id]));
}

/** Merged id of a row. */
export function idOf(
  column: MergedColumn,
  input: SegmentView,
  i: number,
  arena: Arena,
): (row: number) => number {
  const part = column.parts[i];
  if (part === undefined) return () => 0;
  if (part.kind === 'string') {
    const reader = new IdReader(part, arena, input.rowCount, column.remaps[i] as Uint32Array);
    return (row) => reader.id(row);
  }
  const ids = textIds(column);
  const reader = new NumberReader(part as NumericColumnView, arena, input.rowCount);
  return (row) => ids.get(numberText(part as NumericColumnView, reader.value(row))) ?? 0;
}

export function idsOf(
  column: MergedColumn,
  input: SegmentView,
  i: number,
  arena: Arena,
): (row: number) => readonly number[] {
  const part = column.parts[i];
  if (part?.kind === 'string') {
    const reader = new IdReader(part, arena, input.rowCount, column.remaps[i] as Uint32Array);
    return (row) => reader.ids(row);
  }
  const single = idOf(column, input, i, arena);
  return (row) => [single(row)];
}

export function timeOf(inputs: readonly SegmentView[], arena: Arena): ((row: number) => bigint)[] {
  return inputs.map((input) => {
    const column = input.column(timeColumn);
    if (column?.kind !== 'long') throw new CodedError('CorruptSegment', `segment[${input.id}] has no time`);
    const reader = new NumberReader(column, arena, input.rowCount);
    return (row) => reader.value(row) as bigint;
  });
}

export function orderRows(
  inputs: readonly SegmentView[],
  arena: Arena,
  dimensions: readonly MergedColumn[],
  rollup: boolean,
): RowOrder {
  const total = inputs.reduce((sum, input) => sum + input.rowCount, 0);
  const picks = new Uint16Array(total);
  const starts = new Uint8Array(total);
  const times = timeOf(inputs, arena);
  const keys = dimensions.map((column) => comparator(column, inputs, arena));
  // The row before may lie in a batch that was read over: readers of its own keep it at hand.
  const beforeTimes = timeOf(inputs, arena);
  const beforeKeys = dimensions.map((column) => crossComparator(column, inputs, arena));
  const compare: Compare = (a, rowA, b, rowB) => {
    const timeA = times[a]?.(rowA) ?? 0n;
    const timeB = times[b]?.(rowB) ?? 0n;
    if (timeA !== timeB) return timeA < timeB ? -1 : 1;
    for (const key of keys) {
      const difference = key(a, rowA, b, rowB);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const heap = new Heap(inputs, compare);
  let rowCount = 0;
  let isSorted = true;
  let before = -1;
  let beforeRow = -1;
  for (let at = 0; at < total; at++) {
    const [input, row] = heap.take();
    picks[at] = input;
    let difference = -1;
    if (before >= 0) {
      const timeA = beforeTimes[before]?.(beforeRow) ?? 0n;
      const timeB = times[input]?.(row) ?? 0n;
      if (timeA > timeB) throw new CodedError('Bug', `segment[${inputs[input]?.id}] is not sorted by time`);
      difference = timeA < timeB ? -1 : 0;
      for (let k = 0; difference === 0 && k < beforeKeys.length; k++) {
        difference = beforeKeys[k]?.(before, beforeRow, input, row) ?? 0;
      }
      if (difference > 0) isSorted = false;
    }
    const isNew = !rollup || difference !== 0;
    starts[at] = isNew ? 1 : 0;
    if (isNew) rowCount++;
    before = input;
    beforeRow = row;
  }
  const names = isSorted
    ? [timeColumn, ...dimensions.filter(isPlain).map((column) => column.name)]
    : [timeColumn];
  const ordering = names.map((columnName): ColumnOrder => ({ columnName, order: 'ascending' }));
  return { picks, starts, rowCount, ordering };
}

/** Kinds whose order is Druid's too. */
function isPlain(column: MergedColumn, at: number, all: readonly MergedColumn[]): boolean {
  return all.slice(0, at + 1).every(({ kind }) => kind !== 'json' && kind !== 'auto');
}

/** Like comparator, with separate readers for the first and the second row. */
function crossComparator(column: MergedColumn, inputs: readonly SegmentView[], arena: Arena): Compare {
  const n = inputs.length;
  const doubled: MergedColumn = {
    ...column,
    parts: [...column.parts, ...column.parts],
    remaps: [...column.remaps, ...column.remaps],
  };
  const compare = comparator(doubled, [...inputs, ...inputs], arena);
  return (a, rowA, b, rowB) => compare(a, rowA, b + n, rowB);
}

/** The inputs' next rows, smallest first; equal rows in the order of the inputs. */
class Heap {
  readonly #inputs: readonly SegmentView[];
  readonly #compare: Compare;
  readonly #rows: number[];
  readonly #heap: number[] = [];

  constructor(inputs: readonly SegmentView[], compare: Compare) {
    this.#inputs = inputs;
    this.#compare = compare;
    this.#rows = inputs.map(() => 0);
    inputs.forEach((input, i) => {
      if (input.rowCount > 0) this.#heap.push(i);
    });
    for (let i = (this.#heap.length >>> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  take(): [input: number, row: number] {
    const input = this.#heap[0] as number;
    const row = this.#rows[input] as number;
    this.#rows[input] = row + 1;
    if (row + 1 >= (this.#inputs[input] as SegmentView).rowCount) {
      const last = this.#heap.pop() as number;
      if (this.#heap.length > 0) this.#heap[0] = last;
    }
    this.#sink(0);
    return [input, row];
  }

  #less(a: number, b: number): boolean {
    const difference = this.#compare(a, this.#rows[a] as number, b, this.#rows[b] as number);
    return difference < 0 || (difference === 0 && a < b);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let at = from; ;) {
      let child = 2 * at + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && this.#less(heap[child + 1] as number, heap[child] as number)) child++;
      if (!this.#less(heap[child] as number, heap[at] as number)) return;
      const moved = heap[at] as number;
      heap[at] = heap[child] as number;
      heap[child] = moved;
      at = child;
    }
  }
}
