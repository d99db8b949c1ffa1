/**
 * What a partial result depends on, as a short text: two queries with the same key have the same partial result over
 * the same rows. Where in doubt the key says more than it must.
 */
import { createHash } from 'node:crypto';
import type { IntervalMs } from '../../segment/read/view.js';
import { flag } from '../native/context.js';
import type { NativeQuery, QueryContext } from '../native/model.js';

/** Keys of the context that say who asks, how long and in what order, but nothing of the answer. */
const saysNothing: ReadonlySet<string> = new Set([
  'queryId',
  'subQueryId',
  'sqlQueryId',
  'sqlOuterLimit',
  'timeout',
  'queryFailTime',
  'perSegmentTimeout',
  'priority',
  'lane',
  'useCache',
  'populateCache',
  'useResultLevelCache',
  'populateResultLevelCache',
  'allowPartialResults',
  'uncoveredIntervalsLimit',
  'defaultTimeout',
  'dashboard',
  'implyUser',
  'implyView',
  'implyFeature',
  'brokerService',
]);

/** Longer questions are not worth keeping: the text alone takes its time. */
const textMax = 256 * 1024;

/**
 * Undefined: not to be cached. That is so for scans (as large as the rows themselves), for rows that come from
 * elsewhere than segments, and for lookups, which change while the segments do not.
 */
export function scanKey(query: NativeQuery): string | undefined {
  if (query.queryType === 'scan' || query.queryType === 'dataSourceMetadata') return undefined;
  if (query.source !== undefined) return undefined;
  const { intervals: _, dataSources: _names, ...rest } = query;
  const text = questionText(rest);
  return text === undefined ? undefined : createHash('sha1').update(text).digest('base64');
}

/** The question itself, without who asks it; undefined where its answer depends on more than its segments. */
export function questionText(query: Pick<NativeQuery, 'context' | 'lookups'>): string | undefined {
  if (query.lookups !== undefined) return undefined;
  const { context, ...rest } = query;
  const text = JSON.stringify([rest, contextPart(context)], plainValue);
  return text.length > textMax || /lookup/i.test(text) ? undefined : text;
}

/** The key of one segment's part of a query. The id names datasource, interval, version and partition. */
export function segmentKey(scan: string, segmentId: string, intervals: readonly IntervalMs[]): string {
  return `${scan} ${segmentId} ${intervals.map(({ startMs, endMs }) => `${startMs}/${endMs}`).join(',')}`;
}

/** May this query's answers be taken from a cache, be put there? Both unless its context says something else than true. */
export function cacheWish(
  context: QueryContext,
  use: 'useCache' | 'useResultLevelCache',
  populate: 'populateCache' | 'populateResultLevelCache',
): { readonly use: boolean; readonly populate: boolean } {
  return { use: flag(context.given, use, true), populate: flag(context.given, populate, true) };
}

function contextPart(context: QueryContext): unknown {
  const given = Object.entries(context.given).filter(([key]) => !saysNothing.has(key));
  given.sort(([a], [b]) => (a < b ? -1 : 1));
  const { skipEmptyBuckets, minTopNThreshold } = context;
  return [skipEmptyBuckets, minTopNThreshold, given];
}

/** JSON has no longs, no NaN and no bytes; each gets a text that no other value has. */
function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { long: String(value) };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { double: Object.is(value, -0) ? '-0' : String(value) };
  if (value === undefined) return { absent: true };
  if (value instanceof Map || value instanceof Set) return { items: [...value] };
  if (ArrayBuffer.isView(value)) {
    return { bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  }
  return value;
}
