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
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../frame.js';
import { cellColumn } from '../frame-build.js';
import { bucketStart } from '../granularity.js';
import { doubleText, floatText } from '../json/java-number.js';
import type { DimensionSpec, SearchQuery } from '../native/model.js';
import { searchMatcher } from '../native/search-spec.js';
import { comparatorOf } from '../sort/comparators.js';
import { DerivedSegment } from './columns/derived-segment.js';
import { cellReader } from './columns/cells.js';
import { dimensionColumn, valueMap } from './columns/dimension-column.js';
import { forEachBatch } from './cursor.js';
import type { Environment } from './environment.js';
import { hasIndex, selectRows, type Selected } from './filter.js';
import { hasTextIndex } from './filter-column.js';

interface Hit {
  readonly dimension: string;
  readonly value: string | null;
  count: number;
}

type Searched = Pick<DimensionSpec, 'dimension' | 'outputName' | 'steps'>;

/**
 * Dimensions with an index of their values are read from it first, value by value; the others row by row after them,
 * and so are all of them when the filter has none. Either way it ends as soon as there are as many hits as asked for:
 * what was counted until then counts.
 */
export function runSearch(
  environment: Environment,
  query: SearchQuery,
  intervals: readonly IntervalMs[],
): Frame {
  const { segment } = environment;
  const selected = selectRows(environment, intervals, query.filter);
  const takes = searchMatcher(query.query);
  const specs: readonly Searched[] =
    query.dimensions ?? ownDimensions(segment).map((name) => ({ dimension: name, outputName: name }));
  const { indexed, others } = searchPlan(environment, query, specs);
  const hits = new Hits(query.limit);
  countByIndex(environment, indexed, selected, takes, hits);
  if (others.length > 0) {
    const rest = new Hits(query.limit - hits.all.length);
    countByRow(environment, others, selected, takes, rest);
    for (const hit of rest.all) hits.all.push(hit);
  }
  return hitFrame(query, segment.interval.startMs, firstHits(query, hits.all));
}

class Hits {
  readonly all: Hit[] = [];
  readonly #limit: number;
  readonly #known = new Map<string, Hit>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.all.length >= this.#limit;
  }

  add(dimension: string, value: string | null, count: number): void {
    const key = `${dimension.length}:${dimension}${value === null ? 'n' : `v${value}`}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.count += count;
      return;
    }
    const hit = { dimension, value, count };
    this.#known.set(key, hit);
    this.all.push(hit);
  }

  clear(): void {
    this.all.length = 0;
    this.#known.clear();
  }
}

/** At most as many as asked for: those that sort first. */
function firstHits(query: SearchQuery, hits: readonly Hit[]): readonly Hit[] {
  if (hits.length <= query.limit) return hits;
  const compare = comparatorOf(query.sort);
  const inTurn = (a: Hit, b: Hit): number => compare(a.value, b.value) || inOrder(a.dimension, b.dimension);
  return hits.toSorted(inTurn).slice(0, query.limit);
}

interface SearchPlan {
  readonly indexed: readonly Searched[];
  readonly others: readonly Searched[];
}

function searchPlan(environment: Environment, query: SearchQuery, specs: readonly Searched[]): SearchPlan {
  const { segment } = environment;
  const indexed: Searched[] = [];
  const others: Searched[] = [];
  for (const spec of specs) {
    const column = segment.column(spec.dimension);
    if (column === undefined) continue;
    const hasValues = column.kind === 'string' ? hasTextIndex(column) : isIndexedNumber(column);
    (hasValues ? indexed : others).push(spec);
  }
  const byIndex = query.filter === undefined || hasIndex(environment, query.filter);
  return byIndex ? { indexed, others } : { indexed: [], others: [...others, ...indexed] };
}

function isIndexedNumber(column: ColumnView): boolean {
  return column.kind !== 'complex' && column.kind !== 'string' && column.hasValueIndex === true;
}

/** What becomes of values that an index has: only functions are asked, no lists of wanted values. */
function indexMap({ steps }: Searched, environment: Environment): (value: string | null) => string | null {
  const map = valueMap(steps?.filter((step) => step.type === 'extraction') ?? [], environment.lookups);
  return (value) => map(value) ?? null;
}

function countByIndex(
  environment: Environment,
  specs: readonly Searched[],
  selected: Selected,
  takes: (value: string | null) => boolean,
  hits: Hits,
): void {
  for (const spec of specs) {
    const column = environment.segment.column(spec.dimension);
    if (column === undefined || hits.isFull) continue;
    const map = indexMap(spec, environment);
    for (const [text, count] of valueCounts(environment, column, selected)) {
      const value = map(text);
      if (!takes(value)) continue;
      hits.add(spec.outputName, value, count);
      if (hits.isFull) break;
    }
  }
}

/**
 * Row by row, in each row dimension by dimension. Whether the limit is met is found out faster by counting each
 * dimension as a whole.
 */
function countByRow(
  environment: Environment,
  specs: readonly Searched[],
  selected: Selected,
  takes: (value: string | null) => boolean,
  hits: Hits,
): void {
  const columns = specs.map((spec) => searchedColumn(environment, spec));
  specs.forEach(({ outputName }, i) => {
    const column = columns[i];
    if (column === undefined || column.kind === 'complex') return;
    for (const [value, count] of valueCounts(environment, column, selected, true)) {
      if (takes(value)) hits.add(outputName, value, count);
    }
  });
  if (!hits.isFull) return;
  hits.clear();
  const readers = columns.map((column) =>
    column === undefined || column.kind === 'complex' ? undefined : rowTexts(environment, column),
  );
  let isDone = false;
  forEachBatch(environment, selected, (batch) => {
    for (const reader of readers) reader?.open(batch.start);
    const rows = batch.sel === 0 ? undefined : environment.scratch.arena.u32(batch.sel, batch.count).slice();
    for (let i = 0; i < batch.count && !isDone; i++) {
      const row = rows === undefined ? batch.from + i : (rows[i] ?? 0);
      isDone = readers.some((reader, at) => {
        for (const value of reader?.at(row) ?? []) {
          if (takes(value)) hits.add(specs[at]?.outputName ?? '', value, 1);
          if (hits.isFull) return true;
        }
        return hits.isFull;
      });
    }
    return !isDone;
  });
}

/** Arrays are searched through a function only. */
function searchedColumn(environment: Environment, spec: Searched): ColumnView | undefined {
  const column = dimensionColumn(environment, spec);
  if (column?.kind === 'complex' && column.typeName.startsWith('ARRAY<')) {
    throw new CodedError(
      'QueryFailed',
      `Cannot create query type helper from invalid type [${column.typeName}]`,
      { errorClass: 'org.apache.druid.java.util.common.IAE', field: 'searchDimensions' },
    );
  }
  return column;
}

interface RowTexts {
  open(start: number): void;
  at(row: number): readonly (string | null)[];
}

function rowTexts(environment: Environment, column: Exclude<ColumnView, { kind: 'complex' }>): RowTexts {
  if (column.kind === 'string' && column.hasMultipleValues) {
    const { arena } = environment.scratch;
    let ends = new Uint32Array(0);
    let ids = new Uint32Array(0);
    return {
      open(start) {
        const { offsets, ids: values } = column.multiBatch(start);
        const rows = Math.min(BATCH_ROWS, environment.segment.rowCount - start);
        ends = arena.u32(offsets, rows + 1).slice();
        ids = arena.u32(values, ends[rows] ?? 0).slice();
      },
      at: (row) => [...ids.subarray(ends[row] ?? 0, ends[row + 1] ?? 0)].map((id) => column.value(id)),
    };
  }
  const reader = cellReader(environment, column);
  return {
    open: (start) => reader.open(start),
    at(row) {
      const { value } = reader.at(row);
      return [
        typeof value === 'bigint' || typeof value === 'number'
          ? numberText(value, column.kind === 'float' ? 'float' : 'double')
          : (value as string | null),
      ];
    },
  };
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

/**
 * Values of the selected rows and how many rows hold each, in their order, so that a limit keeps the first. `byRow`: a
 * row counts as often as it holds a value, and not at all without any.
 */
function valueCounts(
  environment: Environment,
  column: ColumnView,
  selected: Selected,
  byRow = false,
): Counts {
  switch (column.kind) {
    case 'string':
      return textCounts(environment, column, selected, byRow);
    case 'complex':
      return [];
    default: {
      const counts = numberCounts(environment, column, selected);
      return byRow ? counts : [...counts].toSorted(([a], [b]) => inNumericOrder(a, b));
    }
  }
}

function* textCounts(
  environment: Environment,
  column: StringColumnView,
  selected: Selected,
  byRow: boolean,
): Counts & Generator<readonly [string | null, number]> {
  const { cardinality } = column;
  // One more: rows without any value.
  const counts = new Float64Array(cardinality + 1);
  if (column.hasMultipleValues) countSeveral(environment, column, selected, counts, byRow);
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
const inNumericOrder = comparatorOf('numeric');

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

/** But by row, a row counts once for a value however often it holds it. */
function countSeveral(
  environment: Environment,
  column: StringColumnView,
  selected: Selected,
  counts: Float64Array,
  byRow: boolean,
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
      if (from === to && !byRow) counts[column.cardinality] = (counts[column.cardinality] ?? 0) + 1;
      for (let at = from; at < to; at++) {
        const id = all[at] ?? 0;
        if (byRow || all.indexOf(id, from) === at) counts[id] = (counts[id] ?? 0) + 1;
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
