/**
 * The versioned timeline: which segments answer for which stretch of time. A partition set is everything of one
 * interval and one version; it counts only when its core partitions are all there and all queryable, so a newer
 * version hides an older one only when it can really take its place. Pure: no clock, no I/O.
 */
import type { IntervalMs } from '../read/view.js';
import { ETERNITY } from './interval.js';
import { judgePartitions, type PartitionSet } from './partition-set.js';
import { corePartitionsOf, partitionNumOf, type ShardSpec } from './shard-spec.js';

/** What the timeline must know of a segment; DataSegment fits. */
export interface TimelineSegment {
  readonly interval: IntervalMs;
  /** Compared as plain text; the higher one wins. */
  readonly version: string;
  readonly shardSpec: ShardSpec;
}

/** One stretch of time and the partition set that answers for it. */
export interface TimelineChunk<S> {
  /** Visible part, inside the asked interval. */
  readonly interval: IntervalMs;
  /** Of the partition set as a whole. */
  readonly chunkInterval: IntervalMs;
  readonly version: string;
  /** By partition number; only those the predicate lets through. */
  readonly segments: readonly S[];
}

export type Queryable<S> = (segment: S) => boolean;

interface ChunkSet<S> {
  readonly interval: IntervalMs;
  readonly version: string;
  readonly members: Map<number, S>;
  /** Made on demand, dropped when the members change. */
  summary: SetSummary<S> | undefined;
}

/** A set whose members are plain (no atomic update groups), ready for being judged quickly. */
interface SetSummary<S> {
  /** By partition number. */
  readonly sorted: readonly S[];
  readonly isPlain: boolean;
  readonly core: number;
}

interface Piece<S> {
  startMs: number;
  endMs: number;
  readonly set: ChunkSet<S>;
  readonly judged: PartitionSet<S>;
}

const always = (): boolean => true;

export class Timeline<S extends TimelineSegment> {
  readonly #sets = new Map<string, ChunkSet<S>>();
  #size = 0;
  /** By start, with the largest end of all sets up to each place; made on demand. */
  #sorted: readonly ChunkSet<S>[] | undefined;
  #endsUpTo: Float64Array = new Float64Array(0);

  get size(): number {
    return this.#size;
  }

  /** Replaces a segment of the same interval, version and partition. Empty intervals hold nothing and are left out. */
  add(segment: S): void {
    const { interval, version } = segment;
    if (!(interval.startMs < interval.endMs)) return;
    const key = setKey(segment);
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = { interval, version, members: new Map(), summary: undefined };
      this.#sets.set(key, set);
      this.#sorted = undefined;
    }
    const partition = partitionNumOf(segment.shardSpec);
    if (!set.members.has(partition)) this.#size++;
    set.members.set(partition, segment);
    set.summary = undefined;
  }

  /** True when the segment (by interval, version and partition) was there. */
  remove(segment: TimelineSegment): boolean {
    const key = setKey(segment);
    const set = this.#sets.get(key);
    if (set === undefined || !set.members.delete(partitionNumOf(segment.shardSpec))) return false;
    this.#size--;
    set.summary = undefined;
    if (set.members.size === 0) {
      this.#sets.delete(key);
      this.#sorted = undefined;
    }
    return true;
  }

  find(segment: TimelineSegment): S | undefined {
    return this.#sets.get(setKey(segment))?.members.get(partitionNumOf(segment.shardSpec));
  }

  /** Every segment, hidden ones too, by start of interval. */
  *segments(): Generator<S> {
    for (const set of this.#sortedSets()) yield* set.members.values();
  }

  /**
   * The newest complete partition set for every moment of `interval`, in time order, without overlaps; moments that
   * no set answers for are left out.
   */
  lookup(interval: IntervalMs, queryable: Queryable<S> = always): TimelineChunk<S>[] {
    return this.#pieces(interval, queryable).map((piece) => ({
      interval: { startMs: piece.startMs, endMs: piece.endMs },
      chunkInterval: piece.set.interval,
      version: piece.set.version,
      segments: piece.judged.visible,
    }));
  }

  /** Segments that no lookup can reach any more: hidden over their whole interval by complete newer versions. */
  overshadowed(queryable: Queryable<S> = always): S[] {
    const pieces = this.#pieces(ETERNITY, queryable);
    const hidden: S[] = [];
    for (const set of this.#sortedSets()) {
      if (isCovered(set, pieces)) {
        hidden.push(...set.members.values());
      } else {
        const judged = judge(set, queryable);
        if (judged.complete) hidden.push(...judged.replaced);
      }
    }
    return hidden;
  }

  #sortedSets(): readonly ChunkSet<S>[] {
    if (this.#sorted === undefined) {
      this.#sorted = [...this.#sets.values()].toSorted(
        (a, b) => a.interval.startMs - b.interval.startMs || a.interval.endMs - b.interval.endMs,
      );
      this.#endsUpTo = new Float64Array(this.#sorted.length);
      let end = -Infinity;
      for (const [i, set] of this.#sorted.entries()) {
        end = Math.max(end, set.interval.endMs);
        this.#endsUpTo[i] = end;
      }
    }
    return this.#sorted;
  }

  #overlapping(interval: IntervalMs): ChunkSet<S>[] {
    const sets = this.#sortedSets();
    const found: ChunkSet<S>[] = [];
    let at = firstAbove(this.#endsUpTo, interval.startMs);
    for (; at < sets.length; at++) {
      const set = sets[at]!;
      if (set.interval.startMs >= interval.endMs) break;
      if (set.interval.endMs > interval.startMs) found.push(set);
    }
    return found;
  }

  /** Sweep over the starts and ends of the complete sets; at each moment the strongest open set answers. */
  #pieces(interval: IntervalMs, queryable: Queryable<S>): Piece<S>[] {
    const candidates: Piece<S>[] = [];
    for (const set of this.#overlapping(interval)) {
      const judged = judge(set, queryable);
      if (!judged.complete) continue;
      candidates.push({
        startMs: Math.max(set.interval.startMs, interval.startMs),
        endMs: Math.min(set.interval.endMs, interval.endMs),
        set,
        judged,
      });
    }
    // They come by start; without overlaps, which is the rule, each is its own piece.
    const isDisjoint = candidates.every((piece, i) => i === 0 || candidates[i - 1]!.endMs <= piece.startMs);
    if (isDisjoint) return candidates;
    return sweep(candidates.toSorted((a, b) => a.startMs - b.startMs));
  }
}

function sweep<S extends TimelineSegment>(candidates: readonly Piece<S>[]): Piece<S>[] {
  const moments = new Set<number>();
  for (const { startMs, endMs } of candidates) moments.add(startMs).add(endMs);
  const cuts = [...moments].toSorted((a, b) => a - b);
  const pieces: Piece<S>[] = [];
  const open = new StrongestFirst<S>();
  let next = 0;
  for (const [i, startMs] of cuts.entries()) {
    while (next < candidates.length && candidates[next]!.startMs <= startMs) open.push(candidates[next++]!);
    const winner = open.strongestAfter(startMs);
    const endMs = cuts[i + 1];
    if (winner === undefined || endMs === undefined) continue;
    const last = pieces.at(-1);
    if (last !== undefined && last.set === winner.set && last.endMs === startMs) last.endMs = endMs;
    else pieces.push({ startMs, endMs, set: winner.set, judged: winner.judged });
  }
  return pieces;
}

/** A binary heap; what has ended is dropped when it comes to the top. */
class StrongestFirst<S extends TimelineSegment> {
  readonly #heap: Piece<S>[] = [];

  push(piece: Piece<S>): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(piece);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isStronger(piece, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = piece;
  }

  strongestAfter(ms: number): Piece<S> | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.endMs <= ms) this.#pop();
    return this.#heap[0];
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isStronger(heap[child + 1]!, heap[child]!)) child++;
      if (!isStronger(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

/**
 * Higher version first. Overlapping sets of one version can't be published, but if they are there all the same the
 * longer one answers, then the earlier one, so that every node decides alike.
 */
function isStronger<S>(a: Piece<S>, b: Piece<S>): boolean {
  if (a.set.version !== b.set.version) return a.set.version > b.set.version;
  const aLength = a.set.interval.endMs - a.set.interval.startMs;
  const bLength = b.set.interval.endMs - b.set.interval.startMs;
  if (aLength !== bLength) return aLength > bLength;
  return a.set.interval.startMs < b.set.interval.startMs;
}

/** Do pieces of higher versions fill the whole interval of `set`? */
function isCovered<S>(set: ChunkSet<S>, pieces: readonly Piece<S>[]): boolean {
  let at = set.interval.startMs;
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.endMs > at) high = middle;
    else low = middle + 1;
  }
  for (; low < pieces.length && at < set.interval.endMs; low++) {
    const piece = pieces[low]!;
    if (piece.startMs > at || piece.set.version <= set.version) return false;
    at = piece.endMs;
  }
  return at >= set.interval.endMs;
}

function judge<S extends TimelineSegment>(set: ChunkSet<S>, queryable: Queryable<S>): PartitionSet<S> {
  const { sorted, isPlain, core } = (set.summary ??= summarize([...set.members.values()]));
  if (!isPlain) return judgePartitions(sorted.filter(queryable), (member) => member.shardSpec);
  const visible = sorted.every(queryable) ? sorted : sorted.filter(queryable);
  // Partition numbers differ and are sorted: the core is whole when that many of them are below its size.
  let coreSeen = 0;
  while (coreSeen < core && coreSeen < visible.length) {
    if (partitionNumOf(visible[coreSeen]!.shardSpec) !== coreSeen) break;
    coreSeen++;
  }
  return { complete: visible.length > 0 && coreSeen === core, visible, replaced: [] };
}

function summarize<S extends TimelineSegment>(members: readonly S[]): SetSummary<S> {
  const sorted = members.toSorted((a, b) => partitionNumOf(a.shardSpec) - partitionNumOf(b.shardSpec));
  const cores = sorted.map((member) => corePartitionsOf(member.shardSpec));
  // Where members disagree about the core, what the queryable ones say decides.
  const isPlain =
    sorted.every((member) => member.shardSpec.type !== 'numbered_overwrite') &&
    cores.every((core) => core === cores[0]);
  return { sorted, isPlain, core: cores[0] ?? 0 };
}

function setKey(segment: TimelineSegment): string {
  return `${segment.interval.startMs}/${segment.interval.endMs}/${segment.version}`;
}

/** First index whose value is above `limit`; the values never descend. */
function firstAbove(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
