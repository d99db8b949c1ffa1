/**
 * What segmentMetadata tells of segments, and how the analyses of several become one. Plain data; between processes it
 * travels as JSON in a column of text.
 */
import type { IntervalMs } from '../segment/read/view.js';
import type { Frame } from './frame.js';
import { formatTimestamp } from './granularity.js';
import { cellColumn } from './frame-build.js';
import { jsonText } from './json/write.js';
import { entryText } from './merge/dictionary.js';
import { isNull } from './merge/columns.js';
import type { AggregatorMergeStrategy, SegmentMetadataQuery } from './native/model.js';

export interface ColumnAnalysis {
  /** As older clients know it: STRING, LONG, FLOAT, DOUBLE, ARRAY, or the name of a complex type. */
  readonly type: string;
  readonly typeSignature: string;
  readonly hasMultipleValues: boolean;
  readonly hasNulls: boolean;
  readonly size: number;
  readonly cardinality: number | null;
  readonly minValue: string | null;
  readonly maxValue: string | null;
  readonly errorMessage: string | null;
}

/** A part that was not asked for, or is not known, is null. */
export interface SegmentAnalysis {
  readonly id: string;
  /** Of the segment, or of the latest of several. */
  readonly interval: IntervalMs;
  readonly intervals: readonly IntervalMs[] | null;
  readonly columns: Readonly<Record<string, ColumnAnalysis>>;
  readonly size: number;
  readonly numRows: number;
  /** By name, as stored; a null aggregator could not be merged. */
  readonly aggregators: Readonly<Record<string, unknown>> | null;
  readonly timestampSpec: unknown;
  readonly queryGranularity: unknown;
  readonly rollup: boolean | null;
  /** By name; not there unless asked for. */
  readonly projections?: Projections | null;
}

/** As stored. */
export type Projections = Readonly<Record<string, { readonly schema: unknown; readonly numRows: number }>>;

const columnName = 'analysis';

export function analysesFrame(analyses: readonly SegmentAnalysis[]): Frame {
  const texts = analyses.map((analysis) => JSON.stringify(analysis));
  return { rows: texts.length, columns: [cellColumn(columnName, 'STRING', texts)] };
}

export function analysesOf(frames: readonly Frame[]): SegmentAnalysis[] {
  return frames.flatMap((frame) => {
    const column = frame.columns.find(({ name }) => name === columnName);
    if (column?.type !== 'STRING') return [];
    const found: SegmentAnalysis[] = [];
    for (let row = 0; row < frame.rows; row++) {
      if (isNull(column.nulls, row)) continue;
      found.push(JSON.parse(entryText(column.dictionary, column.values[row] ?? 0)) as SegmentAnalysis);
    }
    return found;
  });
}

/** Oldest first; one when the query merges, and of each segment one always. */
export function mergeAnalyses(query: SegmentMetadataQuery, frames: readonly Frame[]): Frame {
  const kept = new Map<string, SegmentAnalysis>();
  for (const one of analysesOf(frames).toSorted(byTime).reverse()) {
    const key = query.merge ? '' : one.id;
    const later = kept.get(key);
    kept.set(key, later === undefined ? one : mergePair(later, one, query.aggregatorMergeStrategy));
  }
  return analysesFrame([...kept.values()].reverse());
}

/** By the end of their intervals, then by partition. */
function byTime(a: SegmentAnalysis, b: SegmentAnalysis): number {
  return (
    a.interval.endMs - b.interval.endMs ||
    a.interval.startMs - b.interval.startMs ||
    partitionOf(a) - partitionOf(b)
  );
}

interface IdParts {
  readonly table: string;
  /** Where the version begins. */
  readonly versionAt: number;
}

/** Undefined when the id is none of a segment. */
function idParts({ id, interval }: SegmentAnalysis): IdParts | undefined {
  const time = (ms: number): string => formatTimestamp(ms, { type: 'all' });
  const middle = `_${time(interval.startMs)}_${time(interval.endMs)}_`;
  const at = id.indexOf(middle);
  return at < 0 ? undefined : { table: id.slice(0, at), versionAt: at + middle.length };
}

function partitionOf(analysis: SegmentAnalysis): number {
  const version = analysis.id.slice(idParts(analysis)?.versionAt ?? 0);
  return Number(/^[^_]*_(\d+)$/.exec(version)?.[1] ?? 0);
}

/** That of the latest segment, with another version; those of different tables have none in common. */
function mergedId(later: SegmentAnalysis, earlier: SegmentAnalysis): string {
  if (later.id === earlier.id) return later.id;
  const parts = idParts(later);
  if (parts === undefined || parts.table !== idParts(earlier)?.table) return 'merged';
  const partition = partitionOf(later);
  return `${later.id.slice(0, parts.versionAt)}merged${partition === 0 ? '' : `_${partition}`}`;
}

function mergePair(
  later: SegmentAnalysis,
  earlier: SegmentAnalysis,
  strategy: AggregatorMergeStrategy,
): SegmentAnalysis {
  return {
    id: mergedId(later, earlier),
    interval: later.interval,
    intervals: mergeIntervals(earlier.intervals, later.intervals),
    columns: mergeColumns(later.columns, earlier.columns),
    size: later.size + earlier.size,
    numRows: later.numRows + earlier.numRows,
    aggregators: mergeAggregators(later, earlier, strategy),
    timestampSpec: same(later.timestampSpec, earlier.timestampSpec),
    queryGranularity: same(later.queryGranularity, earlier.queryGranularity),
    rollup: later.rollup === earlier.rollup ? later.rollup : null,
    ...mergeProjections(later, earlier),
  };
}

/** Segments without them, and with others, have none in common. */
function mergeProjections(
  { projections: a }: SegmentAnalysis,
  { projections: b }: SegmentAnalysis,
): Pick<SegmentAnalysis, 'projections'> {
  if (a === undefined || b === undefined) return {};
  const schemas = (of: Projections): unknown => Object.values(of).map(({ schema }) => schema);
  const [names, others] = [a, b].map((of) => Object.keys(of ?? {}));
  if (a === null || b === null || canonical(names) !== canonical(others)) return { projections: null };
  if (canonical(schemas(a)) !== canonical(schemas(b))) return { projections: null };
  const projections = Object.entries(a).map(([name, one]) => [
    name,
    { ...one, numRows: one.numRows + (b[name]?.numRows ?? 0) },
  ]);
  return { projections: Object.fromEntries(projections) as Projections };
}

function same(a: unknown, b: unknown): unknown {
  return canonical(a) === canonical(b) ? a : null;
}

/** Members in the order of their names: equal values have equal texts. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return jsonText(value);
  const members = Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1));
  return `{${members.map(([name, inner]) => `${jsonText(name)}:${canonical(inner)}`).join(',')}}`;
}

function mergeIntervals(
  a: readonly IntervalMs[] | null,
  b: readonly IntervalMs[] | null,
): readonly IntervalMs[] | null {
  if (a === null || b === null) return a ?? b;
  const joined: IntervalMs[] = [];
  for (const interval of [...a, ...b].toSorted((x, y) => x.startMs - y.startMs || x.endMs - y.endMs)) {
    const last = joined.at(-1);
    if (last !== undefined && interval.startMs <= last.endMs) {
      joined[joined.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, interval.endMs) };
    } else {
      joined.push(interval);
    }
  }
  return joined;
}

type Columns = SegmentAnalysis['columns'];

function mergeColumns(a: Columns, b: Columns): Columns {
  const merged: Record<string, ColumnAnalysis> = { ...a };
  for (const [name, column] of Object.entries(b)) {
    const known = a[name];
    merged[name] = known === undefined ? column : mergeColumn(known, column);
  }
  return merged;
}

function mergeColumn(a: ColumnAnalysis, b: ColumnAnalysis): ColumnAnalysis {
  if (a.errorMessage !== null) return a;
  if (b.errorMessage !== null) return b;
  if (a.typeSignature !== b.typeSignature || a.type !== b.type) {
    return {
      ...columnError(`cannot_merge_diff_types: [${a.type}] and [${b.type}]`),
      hasMultipleValues: a.hasMultipleValues || b.hasMultipleValues,
    };
  }
  return {
    type: a.type,
    typeSignature: a.typeSignature,
    hasMultipleValues: a.hasMultipleValues || b.hasMultipleValues,
    hasNulls: a.hasNulls || b.hasNulls,
    size: a.size + b.size,
    cardinality:
      a.cardinality === null || b.cardinality === null
        ? (a.cardinality ?? b.cardinality)
        : Math.max(a.cardinality, b.cardinality),
    // The least of null and a value is null, the greatest is the value.
    minValue:
      a.minValue === null || b.minValue === null ? null : a.minValue < b.minValue ? a.minValue : b.minValue,
    maxValue:
      a.maxValue === null || b.maxValue === null
        ? (a.maxValue ?? b.maxValue)
        : a.maxValue > b.maxValue
          ? a.maxValue
          : b.maxValue,
    errorMessage: null,
  };
}

/** Druid's form of a column that can't be told about. */
export function columnError(message: string): ColumnAnalysis {
  return {
    type: 'STRING',
    typeSignature: 'STRING',
    hasMultipleValues: false,
    hasNulls: false,
    size: -1,
    cardinality: null,
    minValue: null,
    maxValue: null,
    errorMessage: `error:${message}`,
  };
}

type Aggregators = SegmentAnalysis['aggregators'];

/** None at all is null, as in Druid. */
function mergeAggregators(
  a: SegmentAnalysis,
  b: SegmentAnalysis,
  strategy: AggregatorMergeStrategy,
): Aggregators {
  const merged = mergeByStrategy(a, b, strategy);
  return merged === null || Object.keys(merged).length === 0 ? null : merged;
}

function mergeByStrategy(
  a: SegmentAnalysis,
  b: SegmentAnalysis,
  strategy: AggregatorMergeStrategy,
): Aggregators {
  if (strategy === 'strict') return mergeStrictly(a.aggregators, b.aggregators);
  // Those of either, and where names meet the one of the later, or of the earlier.
  if (strategy === 'latest') return { ...b.aggregators, ...a.aggregators };
  if (strategy === 'earliest') return { ...a.aggregators, ...b.aggregators };
  if (a.aggregators === null || b.aggregators === null) return a.aggregators ?? b.aggregators;
  const merged: Record<string, unknown> = { ...a.aggregators };
  for (const [name, aggregator] of Object.entries(b.aggregators)) {
    merged[name] = name in a.aggregators ? same(a.aggregators[name], aggregator) : aggregator;
  }
  return merged;
}

/** One that does not fit, or a segment that tells nothing, and there is no answer. */
function mergeStrictly(a: Aggregators, b: Aggregators): Aggregators {
  if (a === null || b === null) return null;
  const merged: Record<string, unknown> = { ...a };
  for (const [name, aggregator] of Object.entries(b)) {
    if (name in a && same(a[name], aggregator) === null) return null;
    merged[name] = aggregator;
  }
  return merged;
}
