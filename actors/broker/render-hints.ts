/** What the rows of an answer alone do not tell about its timestamps. Pure. */
import { bucketStart, nextBucket } from '../../query/granularity.js';
import type { NativeQuery } from '../../query/native/model.js';
import type { RenderHints } from '../../query/results/buckets.js';
import type { IntervalMs } from '../../segment/read/view.js';

/** Buckets without a match are answered up to so many. */
const emptyBucketsMax = 100_000;

/** `times`: where the segments asked have buckets, the last millisecond included. */
export function renderHints(query: NativeQuery, times: readonly IntervalMs[]): RenderHints {
  if (times.length === 0) return {};
  const isDescending = query.queryType === 'timeseries' && query.descending;
  const starts = times.map(({ startMs }) => startMs);
  const allStartMs = starts.reduce((a, b) => (isDescending ? Math.max(a, b) : Math.min(a, b)));
  if (query.queryType !== 'topN' || query.granularity.type === 'all') return { allStartMs };
  if (query.granularity.type === 'none') return {};
  const buckets = new Map<number, number>();
  for (const { startMs, endMs } of times) {
    let at = bucketStart(query.granularity, startMs);
    for (; at <= endMs && buckets.size < emptyBucketsMax; at = nextBucket(query.granularity, at))
      buckets.set(at, (buckets.get(at) ?? 0) + 1);
  }
  return { buckets };
}

/** Rows in memory have no times of their own: the buckets of a topN's intervals are there without any row. */
export function allTime(query: NativeQuery): readonly IntervalMs[] {
  if (query.queryType !== 'topN') return [];
  if (query.granularity.type === 'all') return query.intervals.slice(0, 1);
  return query.intervals
    .filter(({ startMs, endMs }) => startMs < endMs)
    .map(({ startMs, endMs }) => ({ startMs, endMs: endMs - 1 }));
}
