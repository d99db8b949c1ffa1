/** What the rows of an answer alone do not tell about its timestamps. Pure. */
import { bucketEnd, bucketStart, nextBucket } from '../../query/granularity.js';
import type { Granularity, NativeQuery } from '../../query/native/model.js';
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
  return { buckets: bucketsOf(query.granularity, times) };
}

/** How many of the times are in each bucket; each is looked at once, however many times it is in. */
function bucketsOf(granularity: Granularity, times: readonly IntervalMs[]): ReadonlyMap<number, number> {
  const changes = new Map<number, number>();
  const change = (at: number, by: number): void => void changes.set(at, (changes.get(at) ?? 0) + by);
  for (const { startMs, endMs } of times) {
    change(bucketStart(granularity, startMs), 1);
    change(bucketEnd(granularity, endMs), -1);
  }
  const starts = [...changes.keys()].sort((a, b) => a - b);
  const buckets = new Map<number, number>();
  let open = 0;
  for (const [i, start] of starts.entries()) {
    open += changes.get(start) ?? 0;
    const end = starts[i + 1] ?? start;
    if (open === 0) continue;
    for (let at = start; at < end && buckets.size < emptyBucketsMax; at = nextBucket(granularity, at))
      buckets.set(at, open);
  }
  return buckets;
}

/** Rows in memory have no times of their own: the buckets of a topN's intervals are there without any row. */
export function allTime(query: NativeQuery): readonly IntervalMs[] {
  if (query.queryType !== 'topN') return [];
  if (query.granularity.type === 'all') return query.intervals.slice(0, 1);
  return query.intervals
    .filter(({ startMs, endMs }) => startMs < endMs)
    .map(({ startMs, endMs }) => ({ startMs, endMs: endMs - 1 }));
}
