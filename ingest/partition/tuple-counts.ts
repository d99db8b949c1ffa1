/** How often tuples of partition values occur, in bounded memory, and where to cut them into even partitions. */
import { compareTuples, type RangeTuple } from '../../segment/timeline/range-bucket.js';

/** Of all time chunks together; each may have its share, but at least so many. */
export const ENTRIES_MAX = 200_000;
export const ENTRIES_MIN = 1000;

export class TupleCounts {
  #entriesMax: number;
  #counts = new Map<string, number>();
  #total = 0;

  constructor(entriesMax = ENTRIES_MAX) {
    this.#entriesMax = entriesMax;
  }

  /** From now on no more than this many tuples are kept apart. */
  limit(entriesMax: number): void {
    this.#entriesMax = entriesMax;
    while (this.#counts.size > Math.max(1, entriesMax)) this.#thin();
  }

  add(tuple: RangeTuple, count = 1): void {
    const key = JSON.stringify(tuple);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    this.#total += count;
    if (this.#counts.size > this.#entriesMax) this.#thin();
  }

  /** What {@link add} takes, to hand the counts on. */
  entries(): readonly (readonly [tuple: RangeTuple, count: number])[] {
    return [...this.#counts].map(([key, count]) => [JSON.parse(key) as RangeTuple, count] as const);
  }

  #sorted(): (readonly [tuple: RangeTuple, count: number])[] {
    return this.entries().toSorted(([a], [b]) => compareTuples(a, b));
  }

  /** Neighbours are joined two by two: there are fewer places to cut, but no row is forgotten. */
  #thin(): void {
    const sorted = this.#sorted();
    this.#counts = new Map();
    for (let i = 0; i < sorted.length; i += 2) {
      const [tuple, count] = sorted[i]!;
      this.#counts.set(JSON.stringify(tuple), count + (sorted[i + 1]?.[1] ?? 0));
    }
  }

  /** Ascending starts of all partitions but the first. `isMaximum`: partitions are rather too small than too large. */
  cuts(rowsPerPartition: number, isMaximum: boolean): RangeTuple[] {
    const ratio = this.#total / rowsPerPartition;
    const partitions = Math.max(1, isMaximum ? Math.ceil(ratio) : Math.round(ratio));
    const step = this.#total / partitions;
    const cuts: RangeTuple[] = [];
    let before = 0;
    let wanted = step;
    for (const [tuple, count] of this.#sorted()) {
      // A tuple that is more frequent than a partition is large passes over several places to cut.
      if (before > 0 && (isMaximum ? before + count > wanted : before >= wanted)) {
        cuts.push(tuple);
        wanted = isMaximum ? before + step : step * (Math.floor(before / step) + 1);
      }
      before += count;
    }
    return cuts;
  }
}
