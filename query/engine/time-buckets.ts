/** The buckets of a granularity that a segment's rows can fall into. */
import { CodedError } from '../../proto/errors.js';
import { BATCH_ROWS, type IntervalMs } from '../../segment/read/view.js';
import { bucketEnd, bucketStart, nextBucket } from '../granularity.js';
import type { Granularity } from '../native/model.js';
import type { Batch } from './aggregators/accumulator.js';
import type { Environment, RowSlice } from './environment.js';

/** More buckets than this in one segment are refused: the answer would be mostly empty rows. */
const bucketsMax = 5_000_000;

/** Below so many rows a bucket, looking up each row's bucket beats a search and a call per bucket. */
export const rowsPerBucketMin = 32;

/**
 * Ascending bucket starts; a row belongs to the last one that is not after its time. For `all` the one bucket 0.
 * Empty buckets between the first and the last row are there too, unless `onlyFilled` says that they are not wanted
 * and there would be many.
 */
export function timeBuckets(
  environment: Environment,
  granularity: Granularity,
  intervals: readonly IntervalMs[],
  onlyFilled: boolean,
): Float64Array {
  const { segment } = environment;
  if (environment.wholeIntervals === true && !onlyFilled && granularity.type !== 'all') {
    const starts = intervalBuckets(granularity, intervals);
    if (starts !== undefined) return starts;
  }
  const time = segment.timeRange();
  if (time === undefined) return new Float64Array(0);
  const lastEnd = bucketEnd(granularity, time.maxMs);
  const inside = intervals
    .map(({ startMs, endMs }) => ({ from: Math.max(startMs, time.minMs), to: Math.min(endMs, lastEnd) }))
    .filter(({ from, to }) => from < to);
  // An interval behind the last row, but in its bucket, has that bucket.
  const first = inside[0];
  if (first === undefined) return new Float64Array(0);
  if (granularity.type === 'all') return new Float64Array(1);
  if (onlyFilled) {
    const start = bucketStart(granularity, first.from);
    const width = nextBucket(granularity, start) - start;
    if ((time.maxMs - time.minMs) / width > segment.rowCount) return filledBuckets(environment, granularity);
  }
  const starts = new StartList();
  for (const { from, to } of inside) {
    let start = bucketStart(granularity, from);
    if (start <= starts.last) start = nextBucket(granularity, starts.last);
    for (; start < to; start = nextBucket(granularity, start)) {
      if (starts.count === bucketsMax) throw tooMany(granularity);
      starts.add(start);
    }
  }
  return starts.list();
}

/**
 * Of all buckets those that a slice of the rows answers: from the one of its first row to the one of the next slice's
 * first row, so that slices leave out none between them, empty ones included. Only for sorted time.
 */
export function bucketsOfSlice(
  { segment, scratch }: Environment,
  buckets: Float64Array,
  { span: { from, to }, isFirst, isLast }: RowSlice,
): Float64Array {
  const time = segment.column('__time');
  if (time === undefined || time.kind !== 'long') throw new CodedError('Bug', 'a segment has no __time');
  const bucketOf = (row: number): number => {
    const inBatch = row % BATCH_ROWS;
    const ms = Number(scratch.arena.i64(time.batch(row - inBatch) + inBatch * 8, 1)[0]);
    let low = 0;
    let high = buckets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((buckets[middle] ?? 0) <= ms) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  };
  const first = isFirst ? 0 : bucketOf(from);
  const end = isLast ? buckets.length : bucketOf(Math.max(from, to)) + 1;
  return buckets.subarray(first, end);
}

/** More empty buckets than this are nobody's wish: only those between rows are made then. */
const intervalBucketsMax = 100_000;

/** All buckets of the intervals; undefined when there are too many. */
function intervalBuckets(
  granularity: Granularity,
  intervals: readonly IntervalMs[],
): Float64Array | undefined {
  const starts = new StartList();
  for (const { startMs, endMs } of intervals) {
    let start = bucketStart(granularity, startMs);
    if (start <= starts.last) start = nextBucket(granularity, starts.last);
    for (; start < endMs; start = nextBucket(granularity, start)) {
      if (starts.count === intervalBucketsMax) return undefined;
      starts.add(start);
    }
  }
  return starts.list();
}

class StartList {
  #starts = new Float64Array(64);
  count = 0;

  get last(): number {
    return this.count === 0 ? -Infinity : (this.#starts[this.count - 1] ?? 0);
  }
  add(start: number): void {
    if (this.count === this.#starts.length) {
      const more = new Float64Array(this.count * 2);
      more.set(this.#starts);
      this.#starts = more;
    }
    this.#starts[this.count++] = start;
  }
  list(): Float64Array {
    return this.#starts.slice(0, this.count);
  }
}

/** The buckets some row of the segment falls into. */
function filledBuckets({ segment, scratch, check }: Environment, granularity: Granularity): Float64Array {
  const time = segment.column('__time');
  if (time === undefined || time.kind !== 'long') throw new CodedError('Bug', 'a segment has no __time');
  const starts = new StartList();
  let from = 0;
  let to = 0;
  for (let start = 0; start < segment.rowCount; start += BATCH_ROWS) {
    check();
    const rows = Math.min(BATCH_ROWS, segment.rowCount - start);
    const halves = scratch.arena.i32(time.batch(start), rows * 2);
    for (let row = 0; row < rows; row++) {
      // A time as a number, exact within 2^53, without making a BigInt.
      const ms = (halves[row * 2 + 1] ?? 0) * 2 ** 32 + ((halves[row * 2] ?? 0) >>> 0);
      if (ms >= from && ms < to) continue;
      from = bucketStart(granularity, ms);
      to = nextBucket(granularity, from);
      starts.add(from);
    }
  }
  const all = starts.list().sort();
  let kept = 0;
  for (const start of all) if (kept === 0 || all[kept - 1] !== start) all[kept++] = start;
  return all.slice(0, kept);
}

function tooMany(granularity: Granularity): CodedError {
  return new CodedError(
    'LimitExceeded',
    `granularity[${granularity.type}] makes more than ${bucketsMax} buckets in one segment; choose a coarser one or a shorter interval`,
    { field: 'granularity' },
  );
}

/** Bucket starts as i64 edges in the arena. For `all` a single edge below every time. */
export function edgesOf(buckets: Float64Array, granularity: Granularity): BigInt64Array {
  if (granularity.type === 'all') return new BigInt64Array([-(2n ** 63n)]);
  return BigInt64Array.from(buckets, (ms) => BigInt(ms));
}

/** Bucket numbers of entries: from row ranges when time is sorted, else from each row's time. */
export class BucketNumbers {
  readonly #environment: Environment;
  readonly #ends: Uint32Array | undefined;
  readonly #edges: number;
  readonly #count: number;
  readonly #rows: number;
  #at = 0;

  constructor(environment: Environment, buckets: Float64Array, granularity: Granularity) {
    const { scratch, segment } = environment;
    this.#environment = environment;
    this.#count = buckets.length;
    const coarse = segment.timeSorted && segment.rowCount >= buckets.length * rowsPerBucketMin;
    this.#ends = coarse || buckets.length < 2 ? bucketEnds(environment, buckets) : undefined;
    const edges = edgesOf(buckets, granularity);
    this.#edges = this.#ends === undefined ? scratch.take(edges.length * 8) : 0;
    this.#rows = scratch.take(BATCH_ROWS * 4);
    if (this.#ends === undefined) scratch.arena.i64(this.#edges, edges.length).set(edges);
  }

  /** Numbers (u32) of the `count` entries whose rows stand ascending at `sel` (0 = rows from batch.from on). */
  numbers(batch: Batch, sel: number, count: number, out: number): void {
    if (this.#ends === undefined) this.#byTime(batch, sel, count, out);
    else this.#byRow(this.#ends, batch, sel, count, out);
  }

  #byRow(ends: Uint32Array, batch: Batch, sel: number, count: number, out: number): void {
    const { kernels, scratch } = this.#environment;
    if (count === 0) return;
    const first = batch.start + (sel === 0 ? batch.from : (scratch.arena.u32(sel, 1)[0] ?? 0));
    if (this.#at > 0 && (ends[this.#at - 1] ?? 0) > first) this.#at = 0;
    let done = 0;
    while (done < count) {
      const row =
        batch.start + (sel === 0 ? batch.from + done : (scratch.arena.u32(sel + done * 4, 1)[0] ?? 0));
      while ((ends[this.#at] ?? Infinity) <= row) this.#at++;
      const end = (ends[this.#at] ?? Infinity) - batch.start;
      const left = count - done;
      const n =
        sel === 0
          ? Math.min(left, end - batch.from - done)
          : kernels.selectionLowerBound(sel + done * 4, left, Math.min(end, 0xffffffff)) >>> 0;
      kernels.fill32(out + done * 4, n, this.#at);
      done += n;
    }
  }

  #byTime(batch: Batch, sel: number, count: number, out: number): void {
    const { kernels, segment } = this.#environment;
    const time = segment.column('__time');
    if (time === undefined || time.kind !== 'long') throw new CodedError('Bug', 'a segment has no __time');
    let rows = sel;
    if (rows === 0) {
      kernels.selectRange(batch.from, count, this.#rows);
      rows = this.#rows;
    }
    kernels.bucketNumbers(time.batch(batch.start), rows, count, this.#edges, this.#count, out);
  }
}

/**
 * The row behind the last of each bucket; only for sorted time, or a single bucket. A search of its own for each edge
 * costs several decoded blocks; with many edges it is cheaper to walk over the blocks once.
 */
export function bucketEnds({ segment, kernels }: Environment, buckets: Float64Array): Uint32Array {
  const ends = new Uint32Array(buckets.length).fill(segment.rowCount);
  const time = segment.column('__time');
  const few = buckets.length < segment.rowCount / BATCH_ROWS / 16;
  if (few || time === undefined || time.kind !== 'long') {
    for (let i = 1; i < buckets.length; i++) ends[i - 1] = segment.lowerBound(buckets[i] ?? 0);
    return ends;
  }
  if (buckets.length < 2) return ends;
  const first = segment.lowerBound(buckets[1] ?? 0);
  let edge = 1;
  for (let start = first - (first % BATCH_ROWS); start < segment.rowCount && edge < buckets.length;) {
    const rows = Math.min(BATCH_ROWS, segment.rowCount - start);
    const times = time.batch(start);
    for (; edge < buckets.length; edge++) {
      const at = kernels.lowerBoundI64(times, rows, BigInt(buckets[edge] ?? 0)) >>> 0;
      if (at === rows) break;
      ends[edge - 1] = start + at;
    }
    start += rows;
  }
  return ends;
}
