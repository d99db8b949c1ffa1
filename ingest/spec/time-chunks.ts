/** The chunks of time that segments are made of: buckets of the segment granularity, or the intervals as they are given. */
import { bucketer, MAX_INSTANT, MIN_INSTANT, type Bucketer } from '../../query/granularity/buckets.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type { IngestSpec } from './model.js';

export type ChunkSpec = Pick<IngestSpec, 'segmentGranularity' | 'arbitraryChunks'>;

/** With given intervals, what lies between two of them is one chunk too, which no row may be in. */
export function timeChunks({ segmentGranularity, arbitraryChunks }: ChunkSpec): Bucketer {
  return arbitraryChunks === undefined ? bucketer(segmentGranularity) : chunksOf(arbitraryChunks);
}

function chunksOf(intervals: readonly IntervalMs[]): Bucketer {
  const starts = [...new Set(intervals.flatMap(({ startMs, endMs }) => [startMs, endMs]))];
  const cuts = Float64Array.from([MIN_INSTANT, ...starts, MAX_INSTANT]).sort();
  /** The last cut that is not later. */
  const placeOf = (ms: number): number => {
    let low = 0;
    let high = cuts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (cuts[middle]! <= ms) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    start: (ms) => cuts[placeOf(ms)]!,
    next: (startMs) => cuts[placeOf(startMs) + 1] ?? MAX_INSTANT,
    fixed: undefined,
  };
}
