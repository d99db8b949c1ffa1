/**
 * Merging sorted segments into one, rolled up where rows are equal. Two passes, both streaming: the first walks the key
 * columns of all inputs and notes which input each row comes from; the second gathers one column at a time and writes
 * it. In memory are three bytes a row, one dictionary and one column.
 */
import { CodedError } from '../../proto/errors.js';
import { exactJsonText } from '../format/json.js';
import type { Arena } from '../kernels/arena.js';
import type { IntervalMs, NumericColumnView, SegmentView } from '../read/view.js';
import {
  addNumberTexts,
  IdReader,
  jsonReader,
  mergeColumn,
  NumberReader,
  numberText,
  type MergedColumn,
} from './merge-columns.js';
import type { ColumnOrder, SegmentMetadata, SourceColumn, SourceDimension, SourceMetric, WriteOptions } from './source.js';
import { timeColumn, writeSegmentColumns, type ColumnPlan } from './writer.js';

/** How equal rows' metrics become one; null stands for no value and loses against any. */
export type Combine =
  | { readonly type: 'sum' | 'min' | 'max' }
  /** Of complex values; may change neither argument. */
  | { readonly type: 'complex'; readonly merge: (a: Uint8Array, b: Uint8Array) => Uint8Array };

export interface MergeSpec {
  /** Default: from the first input's start to the last one's end. */
  readonly interval?: IntervalMs;
  /** Default: the inputs' dimensions, in the order of their first appearance. */
  readonly dimensions?: readonly string[];
  /** Equal rows (time and all dimensions) become one; every metric then needs a combine. */
  readonly rollup: boolean;
  readonly combine?: Readonly<Record<string, Combine>>;
  /** `ordering` is set by the merge: as far as it is true. */
  readonly metadata: Omit<SegmentMetadata, 'ordering' | 'rollup'>;
  readonly write?: WriteOptions;
}

export interface MergedSegment {
  readonly bytes: number;
  readonly rowCount: number;
}

/**
 * Merges `inputs`, each sorted by time and its dimensions, into a segment in `dir`. A column missing in an input is null
 * in its rows; differing kinds become the one that holds both (text holds numbers, several values hold one).
 * Throws InvalidInput naming a column whose kinds can't be joined or that has no combine.
 */
export function mergeSegments(
  dir: string,
  inputs: readonly SegmentView[],
  arena: Arena,
  spec: MergeSpec,
): MergedSegment {
  if (inputs.length === 0 || inputs.length > 65535) {
    throw new CodedError('InvalidInput', `${inputs.length} segments can't be merged at once`, { field: 'inputs' });
  }
  const dimensionNames = spec.dimensions ?? [...new Set(inputs.flatMap((input) => input.dimensions))];
  const metricNames = [...new Set(inputs.flatMap((input) => input.metrics))].filter((n) => !dimensionNames.includes(n));
  const columnsOf = (names: readonly string[]) =>
    names.flatMap((name) => mergeColumn(name, inputs) ?? []).map((column) => addNumberTexts(column, arena, inputs));
  const dimensions = columnsOf(dimensionNames);
  const metrics = columnsOf(metricNames);
  if (spec.rollup) checkCombines(metrics, spec);
  const order = orderRows(inputs, arena, dimensions, spec.rollup);
  const gather = { inputs, arena, order, combine: spec.combine ?? {} };
  const time = gatherTime(gather);
  const metadata: SegmentMetadata = { ...spec.metadata, rollup: spec.rollup, ordering: order.ordering };
  const planOf = (column: MergedColumn): ColumnPlan => ({
    name: column.name,
    isAllNull: isText(column) && column.dictionary.length === 1 && column.dictionary[0] === null,
    load: () => gatherColumn(gather, column),
  });
  const { bytes } = writeSegmentColumns(
    dir,
    {
      rowCount: order.rowCount,
      interval: spec.interval ?? hull(inputs),
      time,
      dimensions: dimensions.map(planOf),
      metrics: metrics.map(planOf),
      metadata,
    },
    spec.write ?? {},
  );
  return { bytes, rowCount: order.rowCount };
}

function hull(inputs: readonly SegmentView[]): IntervalMs {
  return {
    startMs: Math.min(...inputs.map((input) => input.interval.startMs)),
    endMs: Math.max(...inputs.map((input) => input.interval.endMs)),
  };
}

function isText(column: MergedColumn): boolean {
  return column.kind === 'string' || column.kind === 'multiString';
}

function checkCombines(metrics: readonly MergedColumn[], spec: MergeSpec): void {
  for (const { name, kind } of metrics) {
    const combine = spec.combine?.[name];
    if (combine === undefined || (combine.type === 'complex') !== (kind === 'complex')) {
      throw new CodedError('InvalidInput', `metric[${name}] of kind ${kind} has no fitting combine`, { field: name });
    }
  }
}

/** Where each row of the result comes from. */
interface RowOrder {
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
function numberOf(column: MergedColumn, input: SegmentView, i: number, arena: Arena) {
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
function idOf(column: MergedColumn, input: SegmentView, i: number, arena: Arena): (row: number) => number {
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

function idsOf(column: MergedColumn, input: SegmentView, i: number, arena: Arena): (row: number) => readonly number[] {
  const part = column.parts[i];
  if (part?.kind === 'string') {
    const reader = new IdReader(part, arena, input.rowCount, column.remaps[i] as Uint32Array);
    return (row) => reader.ids(row);
  }
  const single = idOf(column, input, i, arena);
  return (row) => [single(row)];
}

function timeOf(inputs: readonly SegmentView[], arena: Arena): ((row: number) => bigint)[] {
  return inputs.map((input) => {
    const column = input.column(timeColumn);
    if (column?.kind !== 'long') throw new CodedError('CorruptSegment', `segment[${input.id}] has no time`);
    const reader = new NumberReader(column, arena, input.rowCount);
    return (row) => reader.value(row) as bigint;
  });
}

function orderRows(
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
  const names = isSorted ? [timeColumn, ...dimensions.filter(isPlain).map((column) => column.name)] : [timeColumn];
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
    for (let at = from; ; ) {
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

interface Gather {
  readonly inputs: readonly SegmentView[];
  readonly arena: Arena;
  readonly order: RowOrder;
  readonly combine: Readonly<Record<string, Combine>>;
}

/** Calls `visit` for every input row in merged order. */
function eachRow(gather: Gather, visit: (out: number, isNew: boolean, input: number, row: number) => void): void {
  const { picks, starts } = gather.order;
  const rows = gather.inputs.map(() => 0);
  let out = -1;
  for (let at = 0; at < picks.length; at++) {
    const input = picks[at] as number;
    const row = rows[input] as number;
    rows[input] = row + 1;
    const isNew = starts[at] === 1;
    if (isNew) out++;
    visit(out, isNew, input, row);
  }
}

function gatherTime(gather: Gather): BigInt64Array {
  const out = new BigInt64Array(gather.order.rowCount);
  const times = timeOf(gather.inputs, gather.arena);
  eachRow(gather, (at, isNew, input, row) => {
    if (isNew) out[at] = times[input]?.(row) as bigint;
  });
  return out;
}

function gatherColumn(gather: Gather, column: MergedColumn): SourceColumn {
  const { inputs, arena } = gather;
  const { name, kind, dictionary } = column;
  const rows = gather.order.rowCount;
  if (kind === 'string') {
    const ids = new Uint32Array(rows);
    const readers = inputs.map((input, i) => idOf(column, input, i, arena));
    eachRow(gather, (at, isNew, input, row) => {
      if (isNew) ids[at] = readers[input]?.(row) as number;
    });
    return { kind, name, dictionary, ids } satisfies SourceDimension;
  }
  if (kind === 'multiString') {
    const ids: number[] = [];
    const offsets = new Uint32Array(rows + 1);
    const readers = inputs.map((input, i) => idsOf(column, input, i, arena));
    eachRow(gather, (at, isNew, input, row) => {
      if (!isNew) return;
      for (const id of readers[input]?.(row) ?? []) ids.push(id);
      offsets[at + 1] = ids.length;
    });
    return { kind, name, dictionary, offsets, ids: Uint32Array.from(ids) } satisfies SourceDimension;
  }
  if (kind === 'complex') return gatherComplex(gather, column);
  if (kind === 'json' || kind === 'auto') {
    const values = Array.from({ length: rows }, () => null as ReturnType<ReturnType<typeof jsonReader>>);
    const readers = inputs.map((input, i) => jsonReader(column.parts[i], arena, input.rowCount));
    eachRow(gather, (at, isNew, input, row) => {
      if (isNew) values[at] = readers[input]?.(row) ?? null;
    });
    return { kind, name, values, exactNumbers: true } satisfies SourceDimension;
  }
  return gatherNumbers(gather, column, kind);
}

function combined(type: 'sum' | 'min' | 'max', a: bigint | number, b: bigint | number): bigint | number {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (type === 'sum') return BigInt.asIntN(64, a + b);
    return (type === 'min') === a < b ? a : b;
  }
  const [x, y] = [Number(a), Number(b)];
  if (type === 'sum') return x + y;
  return type === 'min' ? Math.min(x, y) : Math.max(x, y);
}

function gatherNumbers(gather: Gather, column: MergedColumn, kind: 'long' | 'float' | 'double'): SourceColumn {
  const { name } = column;
  const rows = gather.order.rowCount;
  const nulls = new Uint8Array(Math.ceil(rows / 8));
  const readers = gather.inputs.map((input, i) => numberOf(column, input, i, gather.arena));
  const values = kind === 'long' ? new BigInt64Array(rows) : kind === 'float' ? new Float32Array(rows) : new Float64Array(rows);
  const combine = gather.combine[name];
  const type = combine === undefined || combine.type === 'complex' ? 'sum' : combine.type;
  let hasNulls = false;
  eachRow(gather, (at, isNew, input, row) => {
    const value = readers[input]?.(row) ?? null;
    const byte = at >>> 3;
    const bit = 1 << (at & 7);
    if (isNew) {
      if (value === null) nulls[byte] = (nulls[byte] as number) | bit;
      else values[at] = value as never;
      hasNulls ||= value === null;
      return;
    }
    if (value === null || combine === undefined) return;
    if (((nulls[byte] as number) & bit) !== 0) {
      nulls[byte] = (nulls[byte] as number) & ~bit;
      values[at] = value as never;
    } else values[at] = combined(type, values[at] as bigint | number, value) as never;
  });
  return { kind, name, values, ...(hasNulls ? { nulls } : {}) } as SourceMetric;
}

function gatherComplex(gather: Gather, column: MergedColumn): SourceColumn {
  const combine = gather.combine[column.name];
  const values: (Uint8Array | null)[] = [];
  eachRow(gather, (at, isNew, input, row) => {
    const part = column.parts[input];
    const value = part?.kind === 'complex' ? part.bytes(row) : null;
    const before = isNew ? null : (values[at] ?? null);
    if (isNew || before === null) values[at] = value;
    else if (value !== null && combine?.type === 'complex') values[at] = combine.merge(before, value);
  });
  return { kind: 'complex', name: column.name, typeName: column.typeName, values };
}
