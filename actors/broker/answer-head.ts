/** What stands before a query's rows: ETag and response context. Pure. */
import { createHash } from 'node:crypto';
import { formatInterval } from '../../segment/timeline/interval.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { partitionNumOf } from '../../segment/timeline/shard-spec.js';
import type { Slice } from './route.js';

/** Names what the answer is made of: the query and its segments with versions. '' over rows that still grow. */
export function etagOf(
  { queryJson, queryId }: { readonly queryJson: string; readonly queryId: string },
  isPretty: boolean,
  slices: readonly Slice[],
): string {
  if (slices.some((slice) => slice.segment.realtime)) return '';
  const hash = createHash('sha1');
  hash.update(stableQuery(queryJson, queryId)).update(isPretty ? '\npretty' : '\n');
  for (const slice of slices) {
    hash.update(`\n${slice.segmentId} ${slice.intervals.map(formatInterval).join(',')}`);
  }
  return hash.digest('base64');
}

/** The query without its own id, which differs from one sending to the next; such a key may mean something else. */
function stableQuery(json: string, queryId: string): string {
  const named = /"queryId"\s*:\s*("(?:[^"\\]|\\.)*")\s*,?|,\s*"queryId"\s*:\s*("(?:[^"\\]|\\.)*")(?=\s*\})/g;
  const own = JSON.stringify(queryId);
  return json.replace(named, (all, first?: string, last?: string) => ((first ?? last) === own ? '' : all));
}

/** Does an If-None-Match header name the tag? */
export function matchesTag(given: string, etag: string): boolean {
  if (given === '*') return true;
  return given.split(',').some((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', '') === etag);
}

/** Headers have an end: so many missing segments are named. */
const missingMax = 50;

export function responseContext(
  missing: readonly Slice[],
  uncovered: readonly IntervalMs[],
  uncoveredLimit: number,
): string {
  const context: Record<string, unknown> = {};
  if (missing.length > 0) {
    context['missingSegments'] = missing.slice(0, missingMax).map((slice) => ({
      itvl: formatInterval(slice.segment.interval),
      ver: slice.version,
      part: partitionNumOf(slice.segment.shardSpec),
    }));
    if (missing.length > missingMax) context['truncated'] = true;
  }
  if (uncoveredLimit > 0 && uncovered.length > 0) {
    context['uncoveredIntervals'] = uncovered.slice(0, uncoveredLimit).map(formatInterval);
    context['uncoveredIntervalsOverflowed'] = uncovered.length > uncoveredLimit;
  }
  return JSON.stringify(context);
}
