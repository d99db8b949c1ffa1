/**
 * search over one segment: how many selected rows hold each value that the spec takes. Columns: `__bucket`, dimension,
 * value, count, `__start`, `__segments`. A row without dimension stands for the segment itself: its `__start` is where
 * the segment begins, `__segments` 1.
 */
import {
  BATCH_ROWS,
  type ColumnView,
  type IntervalMs,
  type SegmentView,
  type StringColumnView,
} from '../../segment/read/view.js';
import type { Frame } from '../frame.js';
import { cellColumn } from '../frame-build.js';
import { bucketStart } from '../granularity.js';
import { doubleText, floatText } from '../json/java-number.js';
import type { DimensionSpec, SearchQuery } from '../native/model.js';
import { searchMatcher } from '../native/search-spec.js';
import { comparatorOf } from '../sort/comparators.js';
import { DerivedSegment } from './columns/derived-segment.js';
import { dimensionColumn } from './columns/dimension-column.js';
import { forEachBatch } from './cursor.js';
import type { Environment } from './environment.js';
import { selectRows, type Selected } from './filter.js';

interface Hit {
  readonly dimension: string;
  readonly value: string | null;
  count: number;
}

export function runSearch(
  environment: Environment,
  query: SearchQuery,
  intervals: readonly IntervalMs[],
): Frame {
  const { segment } = environment;
  const selected = selectRows(environment, intervals, query.filter);
  const takes = searchMatcher(query.query);
  const hits = new Map<string, Hit>();
  const dimensions: readonly Pick<DimensionSpec, 'dimension' | 'outputName' | 'steps'>[] =
    query.dimensions ?? ownDimensions(segment).map((name) => ({ dimension: name, outputName: name }));
  for (const spec of dimensions) {
    const { outputName } = spec;
    const column = dimensionColumn(environment, spec);
    if (column === undefined || hits.size >= query.limit) continue;
    for (const [value, count] of valueCounts(environment, column, selected)) {
      if (!takes(value)) continue;
      const key = `${outputName.length}:${outputName}${value === null ? 'n' : `v${value}`}`;
      const known = hits.get(key);
      if (known !== undefined) known.count += count;
      else hits.set(key, { dimension: outputName, value, count });
      if (hits.size >= query.limit) break;
    }
  }
  return hitFrame(query, segment.interval.startMs, [...hits.values()]);
}

function hitFrame(query: SearchQuery, startMs: number, hits: readonly Hit[]): Frame {
  const rows = hits.length + 1;
  const bucket = query.granularity.type === 'all' ? 0 : bucketStart(query.granularity, startMs);
  const longs = (cells: readonly number[]): bigint[] => cells.map(BigInt);
  return {
    rows,
    columns: [
      { name: '__bucket', type: 'LONG', values: new BigInt64Array(rows).fill(BigInt(bucket)) },
      cellColumn('dimension', 'STRING', [null, ...hits.map(({ dimension }) => dimension)]),
      cellColumn('value', 'STRING', [null, ...hits.map(({ value }) => value)]),
      cellColumn('count', 'LONG', longs([0, ...hits.map(({ count }) => count)])),
      { name: '__start', type: 'LONG', values: new BigInt64Array(rows).fill(BigInt(startMs)) },
      cellColumn('__segments', 'LONG', longs([1, ...hits.map(() => 0)])),
    ],
  };
}

type Counts = Iterable<readonly [string | null, number]>;

/** Values of the selected rows and how many rows hold each; texts in their order, so that a limit keeps the first. */
function valueCounts(environment: Environment, column: ColumnView, selected: Selected): Counts {
  switch (column.kind) {
    case 'string':
      return textCounts(environment, column, selected);
    case 'complex':
      return [];
    default:
      return numberCounts(environment, column, selected);
  }
}

function* textCounts(
  environment: Environment,
  column: StringColumnView,
  selected: Selected,
): Counts & Generator<readonly [string | null, number]> {
  const { cardinality } = column;
  // One more: rows without any value.
  const counts = new Float64Array(cardinality + 1);
  if (column.hasMultipleValues) countSeveral(environment, column, selected, counts);
  else countSingle(environment, column, selected, counts);
  const nullId = column.idOf(null);
  if (nullId >= 0) counts[nullId] = (counts[nullId] ?? 0) + (counts[cardinality] ?? 0);
  else if ((counts[cardinality] ?? 0) > 0) yield [null, counts[cardinality] ?? 0];
  if (!column.dictionarySorted) {
    yield* sortedCounts(column, counts);
    return;
  }
  for (let id = 0; id < cardinality; id++) {
    const count = counts[id] ?? 0;
    if (count > 0) yield [column.value(id), count];
  }
}

const inOrder = comparatorOf('lexicographic');

/** Of a dictionary in order of appearance. */
function sortedCounts(column: StringColumnView, counts: Float64Array): Counts {
  const found: (readonly [string | null, number])[] = [];
  for (let id = 0; id < column.cardinality; id++) {
    const count = counts[id] ?? 0;
    if (count > 0) found.push([column.value(id), count]);
  }
  return found.toSorted(([a], [b]) => inOrder(a, b));
}

function countSingle(
  environment: Environment,
  column: StringColumnView,
  selected: Selected,
  counts: Float64Array,
): void {
  const { kernels, scratch } = environment;
  const out = scratch.take(BATCH_ROWS * 4);
  forEachBatch(environment, selected, (batch) => {
    const ids = column.batch(batch.start);
    const width = column.idWidth;
    if (batch.sel === 0) kernels.idsWiden(ids + batch.from * width, width, batch.count, out);
    else kernels.idsGather(ids, width, batch.sel, batch.count, out);
    for (const id of scratch.arena.u32(out, batch.count)) counts[id] = (counts[id] ?? 0) + 1;
  });
  scratch.give(out);
}

/** A row counts once for a value however often it holds it. */
function countSeveral(
  environment: Environment,
  column: StringColumnView,
  selected: Selected,
  counts: Float64Array,
): void {
  const { arena } = environment.scratch;
  forEachBatch(environment, selected, (batch) => {
    const { offsets, ids } = column.multiBatch(batch.start);
    const ends = arena.u32(offsets, batch.rows + 1);
    const all = arena.u32(ids, ends[batch.rows] ?? 0);
    const rows = batch.sel === 0 ? undefined : arena.u32(batch.sel, batch.count);
    for (let i = 0; i < batch.count; i++) {
      const row = rows === undefined ? batch.from + i : (rows[i] ?? 0);
      const from = ends[row] ?? 0;
      const to = ends[row + 1] ?? 0;
      if (from === to) counts[column.cardinality] = (counts[column.cardinality] ?? 0) + 1;
      for (let at = from; at < to; at++) {
        const id = all[at] ?? 0;
        const before = all.indexOf(id, from);
        if (before === at) counts[id] = (counts[id] ?? 0) + 1;
      }
    }
  });
}

function numberCounts(
  environment: Environment,
  column: Exclude<ColumnView, { kind: 'string' | 'complex' }>,
  selected: Selected,
): Counts {
  const { arena } = environment.scratch;
  const counts = new Map<string | null, number>();
  const nulls = column.hasNulls
    ? arena.bytes(column.nullBits(), Math.ceil(environment.segment.rowCount / 8))
    : undefined;
  forEachBatch(environment, selected, (batch) => {
    const pointer = column.batch(batch.start);
    const values =
      column.kind === 'long'
        ? arena.i64(pointer, batch.rows)
        : column.kind === 'double'
          ? arena.f64(pointer, batch.rows)
          : arena.f32(pointer, batch.rows);
    const rows = batch.sel === 0 ? undefined : arena.u32(batch.sel, batch.count);
    for (let i = 0; i < batch.count; i++) {
      const inBatch = rows === undefined ? batch.from + i : (rows[i] ?? 0);
      const row = batch.start + inBatch;
      const isNull = nulls !== undefined && ((nulls[row >>> 3] ?? 0) >> (row & 7)) % 2 === 1;
      const text = isNull ? null : numberText(values[inBatch] ?? 0, column.kind);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  });
  return counts;
}

function numberText(value: bigint | number, kind: 'long' | 'double' | 'float'): string {
  if (typeof value === 'bigint') return value.toString();
  return kind === 'float' ? floatText(value) : doubleText(value);
}

/** What the segment itself has, without virtual columns. */
function ownDimensions(segment: SegmentView): readonly string[] {
  return segment instanceof DerivedSegment
    ? segment.dimensions.filter((name) => !segment.isVirtual(name))
    : segment.dimensions;
}
