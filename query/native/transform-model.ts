/** What stands between a stored column and its use: virtual columns and the steps of dimension specs, as plain data. */
import type { Granularity } from './model.js';

export type SearchSpec =
  | { readonly type: 'all' | 'none' }
  | { readonly type: 'contains'; readonly value: string; readonly caseSensitive: boolean }
  | { readonly type: 'fragment'; readonly values: readonly string[]; readonly caseSensitive: boolean }
  | { readonly type: 'regex'; readonly pattern: string };

export type ExtractionFn =
  | { readonly type: 'identity' | 'strlen' }
  /** `locale`: a language tag; undefined = none in particular. */
  | { readonly type: 'upper' | 'lower'; readonly locale: string | undefined }
  | { readonly type: 'substring'; readonly index: number; readonly length: number | undefined }
  | {
      readonly type: 'regex';
      readonly expr: string;
      readonly index: number;
      readonly replaceMissingValue: boolean;
      readonly replaceMissingValueWith: string | null;
    }
  | { readonly type: 'partial'; readonly expr: string }
  | { readonly type: 'searchQuery'; readonly query: SearchSpec }
  | {
      readonly type: 'timeFormat';
      /** Undefined = ISO. */
      readonly format: string | undefined;
      readonly timeZone: string | undefined;
      readonly locale: string | undefined;
      readonly granularity: Granularity | undefined;
      readonly asMillis: boolean;
    }
  | {
      readonly type: 'time';
      readonly timeFormat: string;
      readonly resultFormat: string;
      readonly joda: boolean;
    }
  | {
      readonly type: 'stringFormat';
      readonly format: string;
      readonly nullHandling: 'nullString' | 'emptyString' | 'returnNull';
    }
  | { readonly type: 'bucket'; readonly size: number; readonly offset: number }
  | {
      readonly type: 'lookup';
      /** Pairs of key and value. */
      readonly entries: readonly (readonly [string, string])[];
      /** Said to map no two values to the same. */
      readonly isOneToOne?: boolean;
      /** Filters may ask for the keys of their values instead; absent: they may. */
      readonly isOptimized?: false;
      readonly retainMissingValue: boolean;
      readonly replaceMissingValueWith: string | null;
    }
  | {
      /** By name, among those that come with the query. */
      readonly type: 'registeredLookup';
      readonly lookup: string;
      /** As above; absent: the lookup itself says it. */
      readonly isOneToOne?: boolean;
      readonly retainMissingValue: boolean;
      readonly replaceMissingValueWith: string | null;
    }
  | { readonly type: 'cascade'; readonly extractionFns: readonly ExtractionFn[] };

/** One step from a column's values to a dimension's. */
export type ValueStep =
  | { readonly type: 'extraction'; readonly fn: ExtractionFn }
  /** Of several values in a row only those that are (or are not) in the list. */
  | {
      readonly type: 'listFiltered';
      readonly values: readonly (string | null)[];
      readonly isWhitelist: boolean;
    }
  | { readonly type: 'regexFiltered'; readonly pattern: string }
  | { readonly type: 'prefixFiltered'; readonly prefix: string };

export type VirtualColumn =
  | {
      readonly type: 'expression';
      readonly name: string;
      readonly expression: string;
      /** Undefined = what the expression gives. */
      readonly outputType: string | undefined;
    }
  | {
      readonly type: 'nested-field';
      readonly name: string;
      readonly columnName: string;
      readonly path: readonly (string | number)[];
      readonly expectedType: string | undefined;
      readonly processFromRaw: boolean;
    }
  /** mv-filtered, mv-regex-filtered, mv-prefix-filtered. */
  | {
      readonly type: 'filtered';
      readonly name: string;
      readonly delegate: string;
      readonly steps: readonly ValueStep[];
    }
  | { readonly type: 'fallback'; readonly name: string; readonly columns: readonly string[] };
