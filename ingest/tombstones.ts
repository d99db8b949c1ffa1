/** Which stretches of replaced intervals need a tombstone: those without new rows that old segments still fill. */
import { CodedError } from '../proto/errors.js';
import type { Bucketer } from '../query/granularity/buckets.js';
import type { IntervalMs } from '../segment/read/view.js';
import { condense, overlaps } from '../segment/timeline/interval.js';

export interface TombstoneInput {
  /** To be replaced, sorted and disjoint. */
  readonly intervals: readonly IntervalMs[];
  /** Of segments in use now. */
  readonly used: readonly IntervalMs[];
  /** Chunks that got new rows. */
  readonly filled: readonly IntervalMs[];
  readonly buckets: Pick<Bucketer, 'start' | 'next'>;
}

const CHUNKS_MAX = 20_000;

/** Whole chunks where they lie inside `intervals`, cut to them otherwise: nothing outside is ever hidden. Throws LimitExceeded. */
export function planTombstones(input: TombstoneInput): IntervalMs[] {
  const { buckets } = input;
  const tombstones: IntervalMs[] = [];
  let chunks = 0;
  for (const used of condense(input.used)) {
    for (const interval of input.intervals) {
      const endMs = Math.min(used.endMs, interval.endMs);
      let atMs = buckets.start(Math.max(used.startMs, interval.startMs));
      while (atMs < endMs) {
        const nextMs = buckets.next(atMs);
        if (++chunks > CHUNKS_MAX) {
          const message = `spec.ioConfig.dropExisting: more than ${CHUNKS_MAX} chunks would have to be emptied`;
          throw new CodedError('LimitExceeded', message, { field: 'spec.ioConfig.dropExisting' });
        }
        const chunk = { startMs: atMs, endMs: nextMs };
        const cut = { startMs: Math.max(atMs, interval.startMs), endMs: Math.min(nextMs, interval.endMs) };
        const isFilled = input.filled.some((other) => overlaps(other, chunk));
        const isKnown = tombstones.some((other) => overlaps(other, cut));
        if (!isFilled && !isKnown && cut.startMs < cut.endMs) tombstones.push(cut);
        atMs = nextMs;
      }
    }
  }
  return tombstones.toSorted((a, b) => a.startMs - b.startMs);
}
