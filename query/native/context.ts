/** The query context: keys that Grove acts on, typed, with defaults; the rest as given. */
import { invalidInput } from '../../proto/errors.js';
import { badContext, javaClass } from './context-keys.js';
import { describe, isMissing, isObject, type JsonObject } from './json-fields.js';
import type { Frame } from '../frame.js';
import type { LookupTable } from '../lookup/table.js';
import type { QueryContext } from './model.js';

/** Undefined: nobody registered one of that name. */
export type LookupFinder = (name: string) => LookupTable | undefined;

export interface QueryDefaults {
  /** Used when the context names none. */
  readonly queryId: string;
  /** Milliseconds; 0 = none. */
  readonly timeoutMs: number;
  /** Rows of the data source's pending leaves (see source.ts), fetched by whoever sent the query on. */
  readonly frames?: readonly Frame[];
  /** Registered lookups by name; absent: there are none. */
  readonly lookups?: LookupFinder;
  /** Queries around this one; absent: none. */
  readonly nesting?: number;
  /** Context keys below the query's own (server-wide default context). */
  readonly context?: JsonObject;
}

const DEFAULT_MIN_TOPN_THRESHOLD = 1000;
const DEFAULT_MAX_SUBQUERY_ROWS = 100_000;

/** Throws InvalidInput in the form of Druid's "Query context parse failed", naming the key. */
export function parseContext(json: unknown, defaults: QueryDefaults, queryType?: unknown): QueryContext {
  if (!isMissing(json) && !isObject(json))
    throw invalidInput(`context must be an object, got ${describe(json)}`, 'context');
  const given: JsonObject = { ...defaults.context, ...(isObject(json) ? json : {}) };
  const timeoutMs = long(given, 'timeout', defaults.timeoutMs);
  if (timeoutMs < 0)
    throw badContext('timeout', `Timeout [timeout] must be a non negative value, but was ${timeoutMs}`);
  // Other queries do not look at these keys, whatever they say.
  const isSeries = queryType === 'timeseries';
  return {
    queryId: text(given, 'queryId') ?? defaults.queryId,
    timeoutMs,
    priority: long(given, 'priority', 0, 'integer'),
    ...lane(given),
    skipEmptyBuckets: isSeries && flag(given, 'skipEmptyBuckets', false),
    grandTotal: isSeries && flag(given, 'grandTotal', false),
    resultAsArray: flag(given, 'resultAsArray', false),
    allowPartialResults: flag(given, 'allowPartialResults', false) || isSet(given, 'returnPartialResults'),
    bySegment: flag(given, 'bySegment', false),
    maxSubqueryRows: subqueryRows(given),
    ...(queryType === 'groupBy' ? oneTimestamp(given) : {}),
    minTopNThreshold:
      queryType === 'topN'
        ? long(given, 'minTopNThreshold', DEFAULT_MIN_TOPN_THRESHOLD)
        : DEFAULT_MIN_TOPN_THRESHOLD,
    given,
  };
}

/** A negative number means any. */
function subqueryRows(given: JsonObject): number {
  const rows = long(given, 'maxSubqueryRows', DEFAULT_MAX_SUBQUERY_ROWS, 'integer');
  return rows < 0 ? Infinity : rows;
}

function text(given: JsonObject, key: string): string | undefined {
  const value = given[key];
  if (isMissing(value)) return undefined;
  if (typeof value === 'string') return value;
  throw badContext(key, `Expected key [${key}] to be a String, but got [${javaClass(value)}]`);
}

/** Druid's `fudgeTimestamp`: milliseconds as text. */
function oneTimestamp(given: JsonObject): { readonly oneTimestampMs?: number } {
  const key = 'fudgeTimestamp';
  const digits = text(given, key) ?? '';
  return digits === '' ? {} : { oneTimestampMs: long({ [key]: digits }, key, 0) };
}

function lane(given: JsonObject): { readonly lane?: string } {
  const name = text(given, 'lane');
  return name === undefined ? {} : { lane: name };
}

/** False: aggregators are answered by their states, sketches instead of estimates. */
export function isFinalized({ context }: { readonly context: QueryContext }): boolean {
  return flag(context.given, 'finalize', true);
}

export function flag(given: JsonObject, key: string, fallback: boolean): boolean {
  const value = given[key];
  if (isMissing(value)) return fallback;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  throw badContext(key, `Expected key [${key}] to be in boolean format, but got [${shown(value)}]`);
}

/** Druid's name for it takes any value, and only these count. */
const isSet = (given: JsonObject, key: string): boolean => shown(given[key]).toLowerCase() === 'true';

function long(given: JsonObject, key: string, fallback: number, format = 'long'): number {
  const value = given[key];
  if (isMissing(value)) return fallback;
  const number =
    typeof value === 'number'
      ? Math.trunc(value)
      : typeof value === 'string' && /^[+-]?\d+(?:\.0*)?$/.test(value)
        ? Number(value)
        : typeof value === 'bigint'
          ? Number(value)
          : Number.NaN;
  if (!Number.isSafeInteger(number)) {
    throw badContext(key, `Expected key [${key}] to be in ${format} format, but got [${shown(value)}]`);
  }
  return number;
}

function shown(value: unknown): string {
  return typeof value === 'string'
    ? value
    : (JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)) ?? 'undefined');
}
