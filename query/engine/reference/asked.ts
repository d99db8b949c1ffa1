/** Native queries as the random check asks them: JSON bodies of which the reference reads every property itself. */
import type { Aggregator, Filter, Having } from '../../native/model.js';

export type AskedDimension =
  | {
      readonly type: 'default';
      readonly dimension: string;
      readonly outputName: string;
      readonly outputType: 'STRING' | 'LONG' | 'FLOAT' | 'DOUBLE';
    }
  | {
      readonly type: 'extraction';
      readonly dimension: string;
      readonly outputName: string;
      readonly outputType: 'STRING';
      readonly extractionFn: AskedExtraction;
    }
  | {
      readonly type: 'listFiltered';
      readonly delegate: Extract<AskedDimension, { type: 'default' }>;
      readonly values: readonly (string | null)[];
      readonly isWhitelist: boolean;
    };

export type AskedExtraction =
  | { readonly type: 'upper' }
  | { readonly type: 'strlen' }
  | { readonly type: 'substring'; readonly index: number; readonly length: number }
  | {
      readonly type: 'lookup';
      readonly lookup: { readonly type: 'map'; readonly map: Readonly<Record<string, string>> };
      readonly retainMissingValue: boolean;
    };

export type AskedVirtual =
  | {
      readonly type: 'expression';
      readonly name: string;
      readonly expression: string;
      readonly outputType: 'LONG' | 'DOUBLE' | 'STRING';
    }
  | {
      readonly type: 'mv-filtered';
      readonly name: string;
      readonly delegate: string;
      readonly values: readonly string[];
      readonly isAllowList: boolean;
    };

export type AskedSource =
  | string
  | { readonly type: 'union'; readonly dataSources: readonly string[] }
  | {
      readonly type: 'inline';
      readonly columnNames: readonly string[];
      readonly columnTypes: readonly ('STRING' | 'LONG' | 'DOUBLE')[];
      readonly rows: readonly (readonly (string | number | bigint | null)[])[];
    }
  | { readonly type: 'query'; readonly query: AskedQuery }
  | {
      readonly type: 'join';
      readonly left: AskedSource;
      readonly right: AskedSource;
      readonly rightPrefix: string;
      readonly condition: string;
      readonly joinType: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';
      /** What the condition says, for the reference: columns of the left side and of the right one, unprefixed. */
      readonly on: readonly (readonly [left: string, right: string])[];
    }
  | {
      readonly type: 'unnest';
      readonly base: AskedSource;
      readonly virtualColumn: {
        readonly type: 'expression';
        readonly name: string;
        readonly expression: string;
        readonly outputType: 'STRING' | 'LONG' | 'DOUBLE';
      };
      readonly unnestFilter: Filter | undefined;
      /** The column whose values become rows, for the reference. */
      readonly column: string;
    }
  | { readonly type: 'filter'; readonly base: AskedSource; readonly filter: Filter };

export type AskedPost =
  | {
      readonly type: 'arithmetic';
      readonly name: string;
      readonly fn: '+' | '-' | '*' | '/';
      readonly fields: readonly AskedPost[];
    }
  | {
      readonly type: 'fieldAccess' | 'finalizingFieldAccess';
      readonly name: string;
      readonly fieldName: string;
    }
  | { readonly type: 'constant'; readonly name: string; readonly value: number }
  | {
      readonly type: 'doubleGreatest' | 'doubleLeast';
      readonly name: string;
      readonly fields: readonly AskedPost[];
    };

export type AskedGranularity =
  | 'all'
  | 'none'
  | 'hour'
  | 'day'
  | { readonly type: 'duration'; readonly duration: number; readonly origin: number }
  | { readonly type: 'period'; readonly period: string; readonly timeZone: string };

export type AskedMetric =
  | { readonly type: 'numeric'; readonly metric: string }
  | { readonly type: 'dimension'; readonly ordering: 'lexicographic' | 'numeric' | 'strlen' }
  | { readonly type: 'inverted'; readonly metric: AskedMetric };

export interface AskedOrder {
  readonly dimension: string;
  readonly direction: 'ascending' | 'descending';
  readonly dimensionOrder: 'lexicographic' | 'numeric' | 'strlen' | 'alphanumeric';
}

interface AskedBase {
  readonly dataSource: AskedSource;
  /** ISO. */
  readonly intervals: readonly string[];
  readonly filter?: Filter | undefined;
  readonly virtualColumns?: readonly AskedVirtual[];
  readonly context?: Readonly<Record<string, unknown>>;
}

interface AskedAggregates extends AskedBase {
  readonly granularity: AskedGranularity;
  readonly aggregations: readonly Aggregator[];
  readonly postAggregations: readonly AskedPost[];
}

export type AskedTimeseries = AskedAggregates & {
  readonly queryType: 'timeseries';
  readonly descending: boolean;
};
export type AskedTopN = AskedAggregates & {
  readonly queryType: 'topN';
  readonly dimension: AskedDimension;
  readonly metric: AskedMetric;
  readonly threshold: number;
};
export type AskedGroupBy = AskedAggregates & {
  readonly queryType: 'groupBy';
  readonly dimensions: readonly AskedDimension[];
  readonly subtotalsSpec?: readonly (readonly string[])[] | undefined;
  readonly having?: Having | undefined;
  readonly limitSpec?:
    | {
        readonly type: 'default';
        readonly columns: readonly AskedOrder[];
        readonly limit: number | undefined;
        readonly offset: number;
      }
    | undefined;
};
export type AskedScan = AskedBase & {
  readonly queryType: 'scan';
  readonly columns: readonly string[];
  readonly limit: number | undefined;
  readonly offset: number;
  readonly order: 'none' | 'ascending' | 'descending';
  readonly orderBy?: readonly { readonly columnName: string; readonly order: 'ascending' | 'descending' }[];
  readonly resultFormat: 'list' | 'compactedList';
};
export type AskedSearch = AskedBase & {
  readonly queryType: 'search';
  readonly granularity: 'all';
  readonly searchDimensions: readonly string[];
  readonly query:
    | { readonly type: 'contains'; readonly value: string; readonly caseSensitive: boolean }
    | { readonly type: 'fragment'; readonly values: readonly string[]; readonly caseSensitive: boolean };
  readonly sort: { readonly type: 'lexicographic' | 'strlen' };
};
export type AskedTimeBoundary = AskedBase & { readonly queryType: 'timeBoundary' };

export type AskedQuery =
  | AskedTimeseries
  | AskedTopN
  | AskedGroupBy
  | AskedScan
  | AskedSearch
  | AskedTimeBoundary;
