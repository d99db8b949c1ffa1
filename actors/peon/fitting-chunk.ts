/** Which interval a row is appended to where the wanted chunk does not fit the segments that stand there. Pure. */
import { parseGranularity } from '../../query/granularity.js';
import { bucketer } from '../../query/granularity/buckets.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { contains, overlaps } from '../../segment/timeline/interval.js';

/** From coarse to fine, as Druid tries them. */
const finer = [
  'quarter',
  'month',
  'day',
  'eight_hour',
  'six_hour',
  'hour',
  'thirty_minute',
  'fifteen_minute',
  'ten_minute',
  'five_minute',
  'minute',
  'second',
].map((name) => bucketer(parseGranularity(name, 'granularity')));

/**
 * The used interval that holds the time; else the widest bucket inside `chunk` that holds it and overlaps none of
 * `used`; undefined when there is no such.
 */
export function fittingChunk(
  timestampMs: number,
  chunk: IntervalMs,
  used: readonly IntervalMs[],
): IntervalMs | undefined {
  const row = { startMs: timestampMs, endMs: timestampMs + 1 };
  const holding = used.find((interval) => contains(interval, row));
  if (holding !== undefined) return holding;
  return finer
    .map((buckets): IntervalMs => {
      const startMs = buckets.start(timestampMs);
      return { startMs, endMs: buckets.next(startMs) };
    })
    .find((bucket) => contains(chunk, bucket) && !used.some((interval) => overlaps(interval, bucket)));
}
