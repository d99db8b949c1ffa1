/** Where the rows of a merge come from: one walk over the key columns of all inputs. */
import { CodedError } from '../../proto/errors.js';
import { exactJsonText } from '../format/json.js';
import { dictionaryTexts } from '../format/packed-texts.js';
import type { Arena } from '../kernels/arena.js';
import type { NumericColumnView, SegmentView } from '../read/view.js';
import { IdReader, jsonReader, NumberReader } from '../read/plain-values.js';
import { StoredSegment } from '../read/segment.js';
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
  /** Per input its rows in merged order; undefined = as they are stored. */
  readonly permutations: readonly (Uint32Array | undefined)[];
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
    const values = perInput((input, i) =>
      jsonReader(column.parts[i], arena, input.rowCount, column.anyOrder[i]),
    );
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
  const reader = new NumberReader(part, arena, input.rowCount, column.anyOrder[i]);
  if (column.kind === 'long' || part.kind !== 'long') return (row: number) => reader.value(row);
  return (row: number) => {
    const value = reader.value(row);
    return value === null ? null : Number(value);
  };
}

function textIds(column: MergedColumn): Map<string | null, number> {
  return new Map(dictionaryTexts(column.dictionary).map((text, id) => [text, id]));
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
    const reader = new IdReader(
      part,
      arena,
      input.rowCount,
      column.remaps[i] as Uint32Array,
      column.anyOrder[i],
    );
    return (row) => reader.id(row);
  }
  const ids = textIds(column);
  const reader = new NumberReader(part as NumericColumnView, arena, input.rowCount, column.anyOrder[i]);
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
    const reader = new IdReader(
      part,
      arena,
      input.rowCount,
      column.remaps[i] as Uint32Array,
      column.anyOrder[i],
    );
    return (row) => reader.ids(row);
  }
  const single = idOf(column, input, i, arena);
  return (row) => [single(row)];
}

export function timeOf(
  inputs: readonly SegmentView[],
  arena: Arena,
  anyOrder: readonly boolean[],
): ((row: number) => bigint)[] {
  return inputs.map((input, i) => {
    const column = input.column(timeColumn);
    if (column?.kind !== 'long') throw new CodedError('CorruptSegment', `segment[${input.id}] has no time`);
    const reader = new NumberReader(column, arena, input.rowCount, anyOrder[i]);
    return (row) => reader.value(row) as bigint;
  });
}

/** How a view's rows are sorted, as its metadata says; all ascending, else undefined. */
function sortOf(view: SegmentView): readonly string[] | undefined {
  if (view.timeSorted) return [timeColumn];
  const text = view instanceof StoredSegment ? view.summary.metadataText : undefined;
  const metadata = JSON.parse(text ?? '{}') as { readonly ordering?: readonly ColumnOrder[] };
  const ordering = metadata.ordering ?? [];
  if (ordering.length === 0 || ordering.some((one) => one.order !== 'ascending')) return undefined;
  return ordering.map((one) => one.columnName);
}

/**
 * The columns the result is sorted by: time, then the dimensions; when all inputs are sorted alike by others before
 * time, as they are, then the rest.
 */
export function mergeKeys(inputs: readonly SegmentView[], dimensions: readonly string[]): readonly string[] {
  const [first, ...others] = inputs.map(sortOf);
  const isShared =
    first !== undefined &&
    first[0] !== timeColumn &&
    first.every((name) => name === timeColumn || dimensions.includes(name)) &&
    others.every((other) => other?.join() === first.join());
  return [...new Set([...(isShared ? first : []), timeColumn, ...dimensions])];
}

/** Inputs whose rows are stored in an order other than the result's. */
export function unordered(inputs: readonly SegmentView[], keys: readonly string[]): boolean[] {
  return inputs.map((input) => sortOf(input)?.[0] !== keys[0]);
}

export interface OrderKeys {
  /** See mergeKeys. */
  readonly names: readonly string[];
  readonly dimensions: readonly MergedColumn[];
  /** See unordered. */
  readonly anyOrder: readonly boolean[];
}

/** Inputs in another order than the result's are sorted first: four bytes a row and their key columns in memory. */
export function orderRows(
  inputs: readonly SegmentView[],
  arena: Arena,
  keys: OrderKeys,
  rollup: boolean,
): RowOrder {
  const total = inputs.reduce((sum, input) => sum + input.rowCount, 0);
  const picks = new Uint16Array(total);
  const starts = new Uint8Array(total);
  const compares = keyCompares(inputs, arena, keys, false);
  // The row before may lie in a batch that was read over: readers of its own keep it at hand.
  const beforeCompares = keyCompares(inputs, arena, keys, true);
  const compare: Compare = (a, rowA, b, rowB) => {
    for (const key of compares) {
      const difference = key(a, rowA, b, rowB);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const permutations = inputs.map((input, i) => {
    if (keys.anyOrder[i] !== true) return undefined;
    const rows = Uint32Array.from({ length: input.rowCount }, (_, row) => row);
    return rows.sort((a, b) => compare(i, a, i, b) || a - b);
  });
  const heap = new Heap(inputs, permutations, compare);
  let rowCount = 0;
  // How many leading keys the result turns out to be sorted by.
  let sorted = compares.length;
  let before = -1;
  let beforeRow = -1;
  for (let at = 0; at < total; at++) {
    const [input, row] = heap.take();
    picks[at] = input;
    let difference = -1;
    if (before >= 0) {
      difference = 0;
      let key = 0;
      for (; difference === 0 && key < beforeCompares.length; key++)
        difference = (beforeCompares[key] as Compare)(before, beforeRow, input, row);
      if (difference > 0) sorted = Math.min(sorted, key - 1);
      if (sorted === 0) throw notSorted(inputs[input], keys.names[0]);
    }
    const isNew = !rollup || difference !== 0;
    starts[at] = isNew ? 1 : 0;
    if (isNew) rowCount++;
    before = input;
    beforeRow = row;
  }
  const names = keys.names.slice(0, sorted).filter((_, at, all) => isPlain(keys.dimensions, all, at));
  const ordering = names.map((columnName): ColumnOrder => ({ columnName, order: 'ascending' }));
  return { picks, starts, rowCount, ordering, permutations };
}

function notSorted(input: SegmentView | undefined, key: string | undefined): CodedError {
  return new CodedError('CorruptSegment', `segment[${input?.id}] is not sorted by column[${key}] as it says`);
}

/** One comparison a key; `cross` has separate readers for the first and the second row. */
function keyCompares(
  inputs: readonly SegmentView[],
  arena: Arena,
  keys: OrderKeys,
  cross: boolean,
): Compare[] {
  const columns = new Map(keys.dimensions.map((column) => [column.name, column]));
  return keys.names.flatMap((name) => {
    if (name === timeColumn) {
      const left = timeOf(inputs, arena, keys.anyOrder);
      const right = cross ? timeOf(inputs, arena, keys.anyOrder) : left;
      return (a: number, rowA: number, b: number, rowB: number) => {
        const timeA = left[a]?.(rowA) ?? 0n;
        const timeB = right[b]?.(rowB) ?? 0n;
        return timeA < timeB ? -1 : timeA > timeB ? 1 : 0;
      };
    }
    const column = columns.get(name);
    if (column === undefined) return [];
    return cross ? crossComparator(column, inputs, arena) : comparator(column, inputs, arena);
  });
}

/** Whether all keys up to `at` are of kinds whose order is Druid's too. */
function isPlain(dimensions: readonly MergedColumn[], names: readonly string[], at: number): boolean {
  const kinds = new Map(dimensions.map((column) => [column.name, column.kind]));
  return names.slice(0, at + 1).every((name) => kinds.get(name) !== 'json' && kinds.get(name) !== 'auto');
}

/** Like comparator, with separate readers for the first and the second row. */
function crossComparator(column: MergedColumn, inputs: readonly SegmentView[], arena: Arena): Compare {
  const n = inputs.length;
  const doubled: MergedColumn = {
    ...column,
    parts: [...column.parts, ...column.parts],
    remaps: [...column.remaps, ...column.remaps],
    anyOrder: [...column.anyOrder, ...column.anyOrder],
  };
  const compare = comparator(doubled, [...inputs, ...inputs], arena);
  return (a, rowA, b, rowB) => compare(a, rowA, b + n, rowB);
}

/** The inputs' next rows, smallest first; equal rows in the order of the inputs. */
class Heap {
  readonly #inputs: readonly SegmentView[];
  readonly #permutations: readonly (Uint32Array | undefined)[];
  readonly #compare: Compare;
  readonly #rows: number[];
  readonly #heap: number[] = [];

  constructor(
    inputs: readonly SegmentView[],
    permutations: readonly (Uint32Array | undefined)[],
    compare: Compare,
  ) {
    this.#inputs = inputs;
    this.#permutations = permutations;
    this.#compare = compare;
    this.#rows = inputs.map(() => 0);
    inputs.forEach((input, i) => {
      if (input.rowCount > 0) this.#heap.push(i);
    });
    for (let i = (this.#heap.length >>> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  take(): [input: number, row: number] {
    const input = this.#heap[0] as number;
    const place = this.#rows[input] as number;
    const row = this.#rowAt(input);
    this.#rows[input] = place + 1;
    if (place + 1 >= (this.#inputs[input] as SegmentView).rowCount) {
      const last = this.#heap.pop() as number;
      if (this.#heap.length > 0) this.#heap[0] = last;
    }
    this.#sink(0);
    return [input, row];
  }

  #rowAt(input: number): number {
    const place = this.#rows[input] as number;
    const permutation = this.#permutations[input];
    return permutation === undefined ? place : (permutation[place] as number);
  }

  #less(a: number, b: number): boolean {
    const difference = this.#compare(a, this.#rowAt(a), b, this.#rowAt(b));
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
