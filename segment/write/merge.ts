/**
 * Merging sorted segments into one, rolled up where rows are equal. Two passes, both streaming: the first walks the key
 * columns of all inputs and notes which input each row comes from; the second gathers one column at a time and writes
 * it. In memory are three bytes a row, one dictionary and one column.
 */
import { CodedError } from '../../proto/errors.js';
import { holdsNull } from '../format/packed-texts.js';
import type { Arena } from '../kernels/arena.js';
import type { IntervalMs, SegmentView } from '../read/view.js';
import { jsonReader } from '../read/plain-values.js';
import { addNumberTexts, mergeColumn, type MergedColumn } from './merge-columns.js';
import {
  idOf,
  idsOf,
  mergeKeys,
  numberOf,
  orderRows,
  timeOf,
  unordered,
  type RowOrder,
} from './merge-order.js';
import type { SegmentMetadata, SourceColumn, SourceDimension, SourceMetric, WriteOptions } from './source.js';
import { writeSegmentColumns, type ColumnPlan } from './writer.js';

/** How equal rows' metrics become one; null stands for no value and loses against any. */
export type Combine =
  | { readonly type: 'sum' | 'min' | 'max' }
  /** Both of the column's kind. */
  | {
      readonly type: 'numbers';
      readonly merge: (a: bigint | number, b: bigint | number) => bigint | number;
    }
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
 * Merges `inputs`, each sorted by time and its dimensions, into a segment in `dir`. Inputs that are all sorted alike by
 * other columns before time keep that order; where only some are, those are sorted by time first. A column missing in an input is null
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
    throw new CodedError('InvalidInput', `${inputs.length} segments can't be merged at once`, {
      field: 'inputs',
    });
  }
  const dimensionNames = spec.dimensions ?? [...new Set(inputs.flatMap((input) => input.dimensions))];
  const metricNames = [...new Set(inputs.flatMap((input) => input.metrics))].filter(
    (n) => !dimensionNames.includes(n),
  );
  const names = mergeKeys(inputs, dimensionNames);
  const anyOrder = unordered(inputs, names);
  const columnsOf = (wanted: readonly string[]) =>
    wanted
      .flatMap((name) => mergeColumn(name, inputs, anyOrder) ?? [])
      .map((column) => addNumberTexts(column, arena, inputs));
  const dimensions = columnsOf(dimensionNames);
  const metrics = columnsOf(metricNames);
  if (spec.rollup) checkCombines(metrics, spec);
  const order = orderRows(inputs, arena, { names, dimensions, anyOrder }, spec.rollup);
  const gather = { inputs, arena, order, anyOrder, combine: spec.combine ?? {} };
  const time = gatherTime(gather);
  const metadata: SegmentMetadata = { ...spec.metadata, rollup: spec.rollup, ordering: order.ordering };
  const planOf = (column: MergedColumn): ColumnPlan => ({
    name: column.name,
    isAllNull: isText(column) && column.dictionary.length === 1 && holdsNull(column.dictionary),
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
      throw new CodedError('InvalidInput', `metric[${name}] of kind ${kind} has no fitting combine`, {
        field: name,
      });
    }
  }
}

interface Gather {
  readonly inputs: readonly SegmentView[];
  readonly arena: Arena;
  readonly order: RowOrder;
  readonly anyOrder: readonly boolean[];
  readonly combine: Readonly<Record<string, Combine>>;
}

/** Calls `visit` for every input row in merged order. */
function eachRow(
  gather: Gather,
  visit: (out: number, isNew: boolean, input: number, row: number) => void,
): void {
  const { picks, starts, permutations } = gather.order;
  const rows = gather.inputs.map(() => 0);
  let out = -1;
  for (let at = 0; at < picks.length; at++) {
    const input = picks[at] as number;
    const place = rows[input] as number;
    const row = permutations[input]?.[place] ?? place;
    rows[input] = place + 1;
    const isNew = starts[at] === 1;
    if (isNew) out++;
    visit(out, isNew, input, row);
  }
}

function gatherTime(gather: Gather): BigInt64Array {
  const out = new BigInt64Array(gather.order.rowCount);
  const times = timeOf(gather.inputs, gather.arena, gather.anyOrder);
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
    const readers = inputs.map((input, i) =>
      jsonReader(column.parts[i], arena, input.rowCount, column.anyOrder[i]),
    );
    eachRow(gather, (at, isNew, input, row) => {
      if (isNew) values[at] = readers[input]?.(row) ?? null;
    });
    const castTo = kind === 'auto' && column.castTo !== undefined ? { castTo: column.castTo } : {};
    return { kind, name, values, exactNumbers: true, ...castTo } satisfies SourceDimension;
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

function joinOf(combine: Combine | undefined): (a: bigint | number, b: bigint | number) => bigint | number {
  if (combine?.type === 'numbers') return combine.merge;
  const type = combine === undefined || combine.type === 'complex' ? 'sum' : combine.type;
  return (a, b) => combined(type, a, b);
}

function gatherNumbers(
  gather: Gather,
  column: MergedColumn,
  kind: 'long' | 'float' | 'double',
): SourceColumn {
  const { name } = column;
  const rows = gather.order.rowCount;
  const nulls = new Uint8Array(Math.ceil(rows / 8));
  const readers = gather.inputs.map((input, i) => numberOf(column, input, i, gather.arena));
  const values =
    kind === 'long'
      ? new BigInt64Array(rows)
      : kind === 'float'
        ? new Float32Array(rows)
        : new Float64Array(rows);
  const combine = gather.combine[name];
  const join = joinOf(combine);
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
    } else values[at] = join(values[at] as bigint | number, value) as never;
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
