/** Which stretches of replaced intervals need a tombstone: those without new rows that old segments still fill. */
import { bucketer } from '../query/granularity/buckets.js';
import type { Granularity } from '../query/native/model.js';
import type { IntervalMs } from '../segment/read/view.js';
import { condense, overlaps } from '../segment/timeline/interval.js';

export interface TombstoneInput {
  /** To be replaced, sorted and disjoint. */
  readonly intervals: readonly IntervalMs[];
  /** Of segments in use now. */
  readonly used: readonly IntervalMs[];
  /** Chunks that got new rows. */
  readonly filled: readonly IntervalMs[];
  readonly granularity: Granularity;
}

/** Whole chunks where they lie inside `intervals`, cut to them otherwise: nothing outside is ever hidden. */
export function planTombstones(input: TombstoneInput): IntervalMs[] {
  const buckets = bucketer(input.granularity);
  const tombstones: IntervalMs[] = [];
  for (const used of condense(input.used)) {
    for (const interval of input.intervals) {
      const endMs = Math.min(used.endMs, interval.endMs);
      let atMs = buckets.start(Math.max(used.startMs, interval.startMs));
      while (atMs < endMs) {
        const nextMs = buckets.next(atMs);
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
