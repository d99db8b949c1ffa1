/** Times cut to the query granularity. */
import { bucketer } from '../../query/granularity/buckets.js';
import type { Granularity } from '../../query/native/model.js';

/** The last bucket is remembered: neighbouring rows mostly share it. */
export function truncation(granularity: Granularity): (ms: number) => number {
  if (granularity.type === 'none') return (ms) => ms;
  const buckets = bucketer(granularity);
  let startMs = 0;
  let endMs = 0;
  return (ms) => {
    if (ms < startMs || ms >= endMs) {
      startMs = buckets.start(ms);
      endMs = buckets.next(startMs);
    }
    return startMs;
  };
}
