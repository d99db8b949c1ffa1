/**
 * The native query after parsing and validation: "compiled" form with defaults filled in and times in ms.
 * `query/native/parse.ts` makes it from Druid's JSON (errors name the field); the engine, the broker's merge and the
 * result shaping read only this. It is plain data and crosses threads by structured clone.
 */
import type { IntervalMs } from '../../segment/read/view.js';
import type { LookupTable } from '../lookup/table.js';
import type { PackedFilter } from './packed-filter.js';
import type { Source } from './source.js';
import type { ExtractionFn, SearchSpec, ValueStep, VirtualColumn } from './transform-model.js';

export type { ExtractionFn, SearchSpec, ValueStep, VirtualColumn } from './transform-model.js';

export type ValueType = 'STRING' | 'LONG' | 'FLOAT' | 'DOUBLE';

/** A constant of a filter in its own type; longs are bigint (64-bit exact). */
export type Constant = string | bigint | number;

export type Granularity =
  | { readonly type: 'all' }
  | { readonly type: 'none' }
  /** Fixed milliseconds from an origin, UTC. */
  | { readonly type: 'duration'; readonly durationMs: number; readonly originMs: number }
  /** ISO period in a zone; calendar arithmetic. `originMs` undefined = Druid's default origin. */
  | {
      readonly type: 'period';
      readonly period: string;
      readonly timeZone: string;
      readonly originMs: number | undefined;
    };

export type Ordering = 'lexicographic' | 'alphanumeric' | 'numeric' | 'strlen' | 'version' | 'natural';

export type Filter =
  | { readonly type: 'true' }
  | { readonly type: 'false' }
  | { readonly type: 'and' | 'or'; readonly fields: readonly Filter[] }
  | { readonly type: 'not'; readonly field: Filter }
  /** value null matches null. The value is compared as a string against strings, as a number against numbers. */
  | {
      readonly type: 'selector';
      readonly dimension: string;
      readonly value: string | null;
      readonly extractionFn?: ExtractionFn;
    }
  | {
      readonly type: 'in';
      readonly dimension: string;
      readonly values: readonly (string | null)[];
      readonly extractionFn?: ExtractionFn;
    }
  /** An OR of that many selectors (no type), or of equalities of a type, on one column; see merged-filter.ts. */
  | {
      readonly type: 'anyOf';
      readonly column: string;
      readonly matchValueType: ValueType | undefined;
      readonly values: readonly Constant[];
    }
  /** A large filter on its way between threads; see packed-filter.ts. */
  | PackedFilter
  | { readonly type: 'null'; readonly column: string }
  | {
      readonly type: 'equals';
      readonly column: string;
      readonly matchValueType: ValueType;
      readonly matchValue: Constant;
    }
  | {
      readonly type: 'range';
      readonly column: string;
      readonly matchValueType: ValueType;
      readonly lower: Constant | undefined;
      readonly upper: Constant | undefined;
      readonly lowerOpen: boolean;
      readonly upperOpen: boolean;
    }
  /** The same as one of several values of a type; null among them is null. Two values or more. */
  | {
      readonly type: 'inType';
      readonly column: string;
      readonly matchValueType: ValueType;
      readonly values: readonly (Constant | null)[];
    }
  | {
      readonly type: 'bound';
      readonly dimension: string;
      readonly lower: string | undefined;
      readonly upper: string | undefined;
      readonly lowerStrict: boolean;
      readonly upperStrict: boolean;
      readonly ordering: Ordering;
      readonly extractionFn?: ExtractionFn;
    }
  | {
      readonly type: 'like';
      readonly dimension: string;
      readonly pattern: string;
      readonly escape: string | undefined;
      readonly extractionFn?: ExtractionFn;
    }
  | {
      readonly type: 'interval';
      readonly dimension: string;
      readonly intervals: readonly IntervalMs[];
      readonly extractionFn?: ExtractionFn;
    }
  | {
      readonly type: 'regex';
      readonly dimension: string;
      readonly pattern: string;
      readonly extractionFn?: ExtractionFn;
    }
  | {
      readonly type: 'search';
      readonly dimension: string;
      readonly query: SearchSpec;
      readonly extractionFn?: ExtractionFn;
    }
  /** Unknown counts as false. */
  | { readonly type: 'istrue' | 'isfalse'; readonly field: Filter }
  | { readonly type: 'expression'; readonly expression: string }
  /** Some value of each dimension is a value of the next one too. */
  | { readonly type: 'columnComparison'; readonly dimensions: readonly DimensionSpec[] }
  /** Scalars are arrays of one element. */
  | {
      readonly type: 'arrayContainsElement';
      readonly column: string;
      readonly elementType: ValueType;
      readonly element: Constant | null;
    }
  /** Whole arrays, compared element by element; null sorts first, a prefix before the longer array. */
  | {
      readonly type: 'arrayRange';
      /** Both ends are one array that values have to equal. */
      readonly isEquality?: boolean;
      readonly column: string;
      readonly elementType: ValueType;
      readonly lower: readonly (Constant | null)[] | undefined;
      readonly upper: readonly (Constant | null)[] | undefined;
      readonly lowerOpen: boolean;
      readonly upperOpen: boolean;
    };

export interface NumericAggregator {
  readonly type:
    | 'longSum'
    | 'doubleSum'
    | 'floatSum'
    | 'longMin'
    | 'longMax'
    | 'doubleMin'
    | 'doubleMax'
    | 'floatMin'
    | 'floatMax';
  readonly name: string;
  /** "" when there is an expression. */
  readonly fieldName: string;
  readonly expression?: string;
}

export type Aggregator =
  | { readonly type: 'count'; readonly name: string }
  | NumericAggregator
  | { readonly type: 'doubleMean'; readonly name: string; readonly fieldName: string }
  | {
      readonly type:
        | 'longFirst'
        | 'longLast'
        | 'doubleFirst'
        | 'doubleLast'
        | 'floatFirst'
        | 'floatLast'
        | 'stringFirst'
        | 'stringLast';
      readonly name: string;
      readonly fieldName: string;
      readonly timeColumn: string;
      readonly maxStringBytes: number;
    }
  | {
      readonly type: 'longAny' | 'doubleAny' | 'floatAny' | 'stringAny';
      readonly name: string;
      readonly fieldName: string;
      readonly maxStringBytes: number;
      /** Several values of a row as one text, else the first of them. */
      readonly aggregateMultipleValues: boolean;
    }
  | {
      readonly type: 'cardinality';
      readonly name: string;
      readonly fields: readonly DimensionSpec[];
      readonly byRow: boolean;
      readonly round: boolean;
    }
  | {
      readonly type: 'hyperUnique';
      readonly name: string;
      readonly fieldName: string;
      readonly round: boolean;
    }
  | {
      readonly type: 'expression';
      readonly name: string;
      readonly fields: readonly string[];
      readonly accumulatorIdentifier: string;
      readonly initialValue: string;
      readonly initialCombineValue: string;
      readonly fold: string;
      readonly combine: string;
      readonly compare: string | undefined;
      readonly finalize: string | undefined;
      readonly isNullUnlessAggregated: boolean;
      readonly shouldAggregateNullInputs: boolean;
      readonly shouldCombineAggregateNullInputs: boolean;
      readonly maxSizeBytes: number;
    }
  /** Which of the dimensions are left out of a subtotal, as bits. */
  | { readonly type: 'grouping'; readonly name: string; readonly groupings: readonly string[] }
  | {
      readonly type: 'filtered';
      readonly name: string;
      readonly filter: Filter;
      readonly aggregator: Aggregator;
    };

export type PostAggregator =
  | {
      readonly type: 'arithmetic';
      readonly name: string;
      readonly fn: '+' | '-' | '*' | '/' | 'quotient' | 'pow';
      readonly fields: readonly PostAggregator[];
      readonly ordering: 'numericFirst' | undefined;
    }
  | {
      readonly type: 'fieldAccess' | 'finalizingFieldAccess';
      readonly name: string;
      readonly fieldName: string;
    }
  | { readonly type: 'constant'; readonly name: string; readonly value: number | bigint }
  | { readonly type: 'hyperUniqueCardinality'; readonly name: string; readonly fieldName: string }
  | {
      readonly type: 'expression';
      readonly name: string;
      readonly expression: string;
      readonly ordering: 'numericFirst' | undefined;
      readonly outputType: string | undefined;
      /** Names of outputs that it reads. */
      readonly reads: readonly string[];
    }
  | {
      readonly type: 'doubleGreatest' | 'longGreatest' | 'doubleLeast' | 'longLeast';
      readonly name: string;
      readonly fields: readonly PostAggregator[];
    };

/** A grouping dimension: the column, its name in the result, the type of the result. */
export interface DimensionSpec {
  /** Groups are made by the values before it, which it does not make fewer; it is applied to what is answered. */
  readonly late?: ExtractionFn;
  readonly dimension: string;
  readonly outputName: string;
  readonly outputType: ValueType;
  /** Set: whole arrays of these, or documents, grouped and compared as such; `outputType` counts for nothing then. */
  readonly arrayOf?: ValueType | 'json';
  /** From the column's values to the dimension's, in turn. */
  readonly steps?: readonly ValueStep[];
}

export type TopNMetric =
  | { readonly type: 'numeric'; readonly metric: string }
  | { readonly type: 'dimension'; readonly ordering: Ordering; readonly previousStop: string | undefined }
  | { readonly type: 'inverted'; readonly metric: TopNMetric };

export interface OrderByColumn {
  readonly dimension: string;
  readonly direction: 'ascending' | 'descending';
  readonly ordering: Ordering;
}

export type Having =
  | { readonly type: 'always' | 'never' }
  | {
      readonly type: 'equalTo' | 'greaterThan' | 'lessThan';
      readonly aggregation: string;
      readonly value: number | bigint;
    }
  | { readonly type: 'dimSelector'; readonly dimension: string; readonly value: string | null }
  | { readonly type: 'and' | 'or'; readonly havingSpecs: readonly Having[] }
  | { readonly type: 'not'; readonly havingSpec: Having }
  | { readonly type: 'filter'; readonly filter: Filter };

/** Context keys Grove acts on, typed; the rest is kept as given for echoing. */
export interface QueryContext {
  readonly queryId: string;
  readonly timeoutMs: number;
  readonly priority: number;
  /** Named in the context. */
  readonly lane?: string;
  readonly skipEmptyBuckets: boolean;
  readonly grandTotal: boolean;
  readonly resultAsArray: boolean;
  readonly allowPartialResults: boolean;
  /** Absent: false. */
  readonly bySegment?: boolean;
  /** Of all queries inside the data source together; absent: no limit. */
  readonly maxSubqueryRows?: number;
  readonly minTopNThreshold: number;
  /** Of a groupBy: its groups all bear this time (ms) instead of their buckets', which are not told apart then. */
  readonly oneTimestampMs?: number;
  readonly given: Readonly<Record<string, unknown>>;
}

/** A segment, or the part of it in an interval. */
export interface NamedSegment {
  readonly interval: IntervalMs;
  readonly version: string;
  readonly partitionNum: number;
}

interface QueryBase {
  /** Tables to stream; a union lists several. None when the rows are in memory. */
  readonly dataSources: readonly string[];
  /** Absent: the tables of `dataSources` as they are. */
  readonly source?: Source;
  /** Sorted, not overlapping, half-open. */
  readonly intervals: readonly IntervalMs[];
  /** Only these are asked, `intervals` are theirs; absent: all there are. */
  readonly segments?: readonly NamedSegment[];
  readonly filter: Filter | undefined;
  readonly virtualColumns?: readonly VirtualColumn[];
  /** Registered lookups that the query names, as far as there are such; absent: none. */
  readonly lookups?: readonly LookupTable[];
  readonly context: QueryContext;
}

export interface TimeseriesQuery extends QueryBase {
  readonly queryType: 'timeseries';
  readonly granularity: Granularity;
  readonly descending: boolean;
  readonly aggregations: readonly Aggregator[];
  readonly postAggregations: readonly PostAggregator[];
  /** 0 = none. */
  readonly limit: number;
}

export interface TopNQuery extends QueryBase {
  readonly queryType: 'topN';
  readonly granularity: Granularity;
  readonly dimension: DimensionSpec;
  readonly metric: TopNMetric;
  readonly threshold: number;
  readonly aggregations: readonly Aggregator[];
  readonly postAggregations: readonly PostAggregator[];
}

export interface GroupByQuery extends QueryBase {
  readonly queryType: 'groupBy';
  readonly granularity: Granularity;
  readonly dimensions: readonly DimensionSpec[];
  readonly aggregations: readonly Aggregator[];
  readonly postAggregations: readonly PostAggregator[];
  /** Sets of output names of dimensions to group by in turn; absent = all dimensions once. */
  readonly subtotals?: readonly (readonly string[])[];
  readonly having: Having | undefined;
  readonly orderBy: readonly OrderByColumn[];
  readonly limit: number | undefined;
  readonly offset: number;
}

export interface ScanOrder {
  readonly column: string;
  readonly descending: boolean;
}

export interface ScanQuery extends QueryBase {
  readonly queryType: 'scan';
  /** Empty = every column of each segment. */
  readonly columns: readonly string[];
  /** undefined = none. */
  readonly limit: number | undefined;
  readonly offset: number;
  readonly batchSize: number;
  /** By `__time`; `columns`: by `orderBy`. */
  readonly order: 'none' | 'ascending' | 'descending' | 'columns';
  /** With order `columns`: what counts most first. */
  readonly orderBy?: readonly ScanOrder[];
  readonly resultFormat: 'list' | 'compactedList';
}

export interface TimeBoundaryQuery extends QueryBase {
  readonly queryType: 'timeBoundary';
  readonly bound: 'minTime' | 'maxTime' | undefined;
}

export interface SearchQuery extends QueryBase {
  readonly queryType: 'search';
  readonly granularity: Granularity;
  /** undefined = all dimensions of each segment. */
  readonly dimensions: readonly DimensionSpec[] | undefined;
  readonly query: SearchSpec;
  readonly sort: Ordering;
  readonly limit: number;
}

export interface DataSourceMetadataQuery extends QueryBase {
  readonly queryType: 'dataSourceMetadata';
}

export type AnalysisType =
  | 'cardinality'
  | 'size'
  | 'interval'
  | 'aggregators'
  | 'minmax'
  | 'timestampSpec'
  | 'queryGranularity'
  | 'rollup'
  | 'projections';

export type AggregatorMergeStrategy = 'strict' | 'lenient' | 'earliest' | 'latest';

export interface SegmentMetadataQuery extends QueryBase {
  readonly queryType: 'segmentMetadata';
  /** No interval was given: only the last segments are looked at. */
  readonly usesDefaultInterval: boolean;
  /** Columns to tell of; undefined = all. */
  readonly columns: readonly string[] | undefined;
  readonly merge: boolean;
  readonly analysisTypes: readonly AnalysisType[];
  readonly aggregatorMergeStrategy: AggregatorMergeStrategy;
}

export type NativeQuery =
  | TimeseriesQuery
  | TopNQuery
  | GroupByQuery
  | ScanQuery
  | TimeBoundaryQuery
  | SearchQuery
  | DataSourceMetadataQuery
  | SegmentMetadataQuery;
