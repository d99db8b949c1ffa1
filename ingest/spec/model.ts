/** A batch task after checking: defaults filled in, times in ms. Plain data, but for the source and the format. */
import type { ExpressionContext } from '../../query/expression/expression.js';
import type { Aggregator, Filter, Granularity } from '../../query/native/model.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type { JsonValue, WriteOptions } from '../../segment/write/source.js';
import type { InputFormat } from '../formats/format.js';
import type { InputSource } from '../sources/source.js';
import type { ParallelTuning } from './parallel.js';
import type { TransformSpec } from './transform.js';

export interface BatchTask {
  readonly type: 'index_parallel' | 'index';
  /** Undefined: the overlord makes one. */
  readonly id: string | undefined;
  readonly groupId: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;
  readonly spec: IngestSpec;
}

export interface IngestSpec {
  readonly dataSource: string;
  readonly timestamp: TimestampSpec;
  /** Undefined: rows stay as they are and none is thrown away. */
  readonly transform: TransformSpec | undefined;
  readonly dimensions: readonly DimensionSpec[];
  readonly discoverDimensions: Discovery;
  /** Never discovered: the time column, inputs and outputs of metrics, and the spec's own exclusions. */
  readonly dimensionExclusions: readonly string[];
  readonly metrics: readonly MetricSpec[];
  /** Of no meaning with `arbitraryChunks`. */
  readonly segmentGranularity: Granularity;
  /** The time chunks themselves, sorted and disjoint, instead of buckets of a granularity. */
  readonly arbitraryChunks?: readonly IntervalMs[];
  readonly queryGranularity: Granularity;
  /** Druid's canonical JSON of it, for the segment's metadata. */
  readonly queryGranularityJson: JsonValue;
  readonly rollup: boolean;
  /** Sorted, disjoint; undefined: whatever the rows hold. */
  readonly intervals: readonly IntervalMs[] | undefined;
  readonly inputSource: InputSource;
  /** Undefined: the source reads segments. */
  readonly inputFormat: InputFormat | undefined;
  readonly appendToExisting: boolean;
  readonly dropExisting: boolean;
  readonly tuning: Tuning;
  /** The registered lookups that the spec names, put in by who runs it; not a part of its JSON. */
  readonly lookups?: ExpressionContext;
  /** Keys that were not understood and are ignored, as Druid does; worth a line in the task's log. */
  readonly ignoredKeys: readonly string[];
}

export interface TimestampSpec {
  readonly column: string;
  readonly format: string;
  /** For rows without a time; undefined: such rows can't be read. */
  readonly missingValueMs: number | undefined;
}

/**
 * What becomes of a field that is not listed, when it is first seen: nothing, a dimension of strings (scalars and lists
 * of them only), or an auto dimension (whatever it holds).
 */
export type Discovery = 'none' | 'strings' | 'auto';

export type MultiValueHandling = 'SORTED_ARRAY' | 'SORTED_SET' | 'ARRAY';

export type DimensionSpec =
  | {
      readonly type: 'string';
      readonly name: string;
      readonly multiValueHandling: MultiValueHandling;
      readonly createBitmapIndex: boolean;
    }
  | { readonly type: 'long' | 'float' | 'double'; readonly name: string }
  | NestedDimension;

export interface NestedDimension {
  readonly type: 'json' | 'auto';
  readonly name: string;
  /** `auto` only: values are cast as they come in. */
  readonly castToType: CastType | undefined;
}

export type CastType =
  | 'STRING'
  | 'LONG'
  | 'DOUBLE'
  | 'ARRAY<STRING>'
  | 'ARRAY<LONG>'
  | 'ARRAY<DOUBLE>'
  | 'COMPLEX<json>';

export type MetricSpec = PlainMetric | FilteredMetric;

export type PlainMetric =
  | { readonly type: 'count'; readonly name: string }
  | {
      readonly type: NumericMetricType;
      readonly name: string;
      /** Empty when an expression makes the input. */
      readonly fieldName: string;
      readonly expression?: string;
    }
  | FirstLastMetric
  | AnyMetric
  | FoldMetric
  | CardinalityMetric
  | {
      readonly type: 'hyperUnique';
      readonly name: string;
      readonly fieldName: string;
      /** Of no meaning while rows are read; queries round their estimates when it is set. */
      readonly round: boolean;
    };

/** The value at the first or last time. */
export type FirstLastMetric = Extract<Aggregator, { readonly timeColumn: string }>;

/** Of numbers. */
export interface AnyMetric {
  readonly type: 'longAny' | 'doubleAny' | 'floatAny';
  readonly name: string;
  readonly fieldName: string;
}

/** A sketch of the texts in some fields, or of whole rows of them. */
export type CardinalityMetric = Extract<Aggregator, { readonly type: 'cardinality' }>;

/** A fold by an expression, whose state is a number. */
export type FoldMetric = Extract<Aggregator, { readonly type: 'expression' }>;

/** Sees only the rows that pass. */
export interface FilteredMetric {
  readonly type: 'filtered';
  readonly name: string;
  readonly filter: Filter;
  readonly aggregator: PlainMetric;
}

/** The metric that does the work. */
export function plainMetric(metric: MetricSpec): PlainMetric {
  return metric.type === 'filtered' ? metric.aggregator : metric;
}

export type NumericMetricType =
  | 'longSum'
  | 'longMin'
  | 'longMax'
  | 'doubleSum'
  | 'doubleMin'
  | 'doubleMax'
  | 'floatSum'
  | 'floatMin'
  | 'floatMax';

export interface Tuning {
  readonly partitioning: Partitioning;
  readonly parallel: ParallelTuning;
  /** Stored rows in memory, of all open segments, after which the largest ones' are written to disk. */
  readonly maxRowsInMemory: number;
  /** The same by their rough size; Infinity = no limit. */
  readonly maxBytesInMemory: number;
  readonly maxParseExceptions: number;
  readonly maxSavedParseExceptions: number;
  readonly logParseExceptions: boolean;
  readonly write: WriteOptions;
}

export type Partitioning =
  | {
      readonly type: 'dynamic';
      /** Stored rows after which a segment is closed. */
      readonly maxRowsPerSegment: number;
      /** Stored rows of all open segments after which all are closed. */
      readonly maxTotalRows: number;
    }
  | {
      readonly type: 'hashed';
      /** Undefined: as many as `targetRows` asks for. */
      readonly numShards: number | undefined;
      readonly targetRows: number;
      /** Empty: all dimensions and the time. */
      readonly dimensions: readonly string[];
    }
  | {
      readonly type: 'range';
      readonly dimensions: readonly string[];
      /** Stored rows of a partition, as a target or as the maximum. */
      readonly rows: number;
      readonly isMaximum: boolean;
      /** The input is rolled up already: rows need not be counted by their key. */
      readonly assumeGrouped: boolean;
    };
