/** Cutting a segment's topN groups down to the best of each bucket, when the metric is one of the aggregators. */
import type { Frame, FrameColumn } from '../frame.js';
import { isNull } from '../merge/columns.js';
import { pickRows } from '../merge/scan.js';
import type { TopNMetric, TopNQuery } from '../native/model.js';

/** Groups a segment answers. */
export const topKept = ({ context, threshold }: TopNQuery): number =>
  Math.max(context.minTopNThreshold, threshold);

/**
 * The rows to keep, ascending, of so many groups with these bucket starts (absent: all are in one bucket) and aggregates;
 * undefined = all. Groups without a value are kept as well, up to the same number: where they rank is the final
 * shaping's business.
 */
export function topRows(
  query: TopNQuery,
  rows: number,
  buckets: BigInt64Array | undefined,
  aggregate: (name: string) => FrameColumn | undefined,
): Uint32Array | undefined {
  const keep = topKept(query);
  if (rows <= keep) return undefined;
  const metric = rankedColumn(aggregate, query.metric);
  if (metric === undefined) return undefined;
  if (buckets === undefined || isOneValue(buckets)) return topOfBucket(metric, rows, keep);
  const states = new Map<bigint, BucketState>();
  const kept: number[] = [];
  let last: { start: bigint; state: BucketState } | undefined;
  for (let row = 0; row < buckets.length; row++) {
    const start = buckets[row] ?? 0n;
    if (last === undefined || last.start !== start) {
      const state = states.get(start) ?? { best: new Heap(keep, metric.order), nulls: 0 };
      states.set(start, state);
      last = { start, state };
    }
    const { state } = last;
    if (!isNull(metric.column.nulls, row)) state.best.offer(row);
    else if (state.nulls++ < keep) kept.push(row);
  }
  for (const { best } of states.values()) for (const row of best.rows) kept.push(row);
  return kept.length === buckets.length ? undefined : Uint32Array.from(kept).sort();
}

function isOneValue(values: BigInt64Array): boolean {
  const halves = halvesOf(values);
  for (let i = 2; i < halves.length; i++) if (halves[i] !== halves[i - 2]) return false;
  return true;
}

/** So many scores tell about where the best begin, in so many more rows. */
const sampleSize = 4096;
const sampledRowsMin = 4 * sampleSize;

/** Of rows that are all in one bucket. */
function topOfBucket(ranked: Ranked, rows: number, keep: number): Uint32Array | undefined {
  const likely = keep * 8 < rows && rows >= sampledRowsMin ? likelyLeast(ranked, rows, keep) : -Infinity;
  const some = bestFrom(ranked, rows, keep, likely);
  const all = some ?? bestFrom(ranked, rows, keep, -Infinity) ?? new Uint32Array(0);
  return all.length === rows ? undefined : all;
}

/** A score that, going by every so many rows, somewhat more than `keep` rows reach. */
function likelyLeast({ column, score }: Ranked, rows: number, keep: number): number {
  const step = Math.floor(rows / sampleSize);
  const scores = new Float64Array(sampleSize);
  for (let i = 0; i < sampleSize; i++)
    scores[i] = isNull(column.nulls, i * step) ? -Infinity : score(i * step);
  scores.sort();
  const share = (keep * sampleSize) / rows;
  return scores[sampleSize - 1 - Math.ceil(share + 4 * Math.sqrt(share))] ?? -Infinity;
}

/** The rows to keep, ascending, if at least so many score `least` or more. */
function bestFrom(
  { column, order, score, next }: Ranked,
  rows: number,
  keep: number,
  atLeast: number,
): Uint32Array | undefined {
  const best = new Heap(keep, order);
  const kept: number[] = [];
  const { nulls } = column;
  let least = atLeast;
  // Most rows are worse than the worst kept so far, which one comparison shows.
  for (let row = next(0, rows, least); row < rows; row = next(row + 1, rows, least)) {
    if (nulls !== undefined && isNull(nulls, row)) {
      if (kept.length < keep) kept.push(row);
      continue;
    }
    best.offer(row);
    if (best.rows.length === keep) least = Math.max(least, score(best.rows[0] ?? 0));
  }
  if (atLeast > -Infinity && best.rows.length < keep) return undefined;
  for (const row of best.rows) kept.push(row);
  return Uint32Array.from(kept).sort();
}

interface BucketState {
  readonly best: Heap;
  nulls: number;
}

/** The same for a frame of groups. */
export function keepTop(frame: Frame, query: TopNQuery): Frame {
  const bucket = frame.columns[0];
  if (bucket?.type !== 'LONG') return frame;
  const rows = topRows(query, frame.rows, bucket.values, (name) =>
    frame.columns.slice(2).find((column) => column.name === name),
  );
  return rows === undefined ? frame : pickRows(frame, rows);
}

/** Above 0 when row a ranks before row b, 0 when neither does. */
type Order = (a: number, b: number) => number;

interface Ranked {
  readonly column: FrameColumn;
  readonly order: Order;
  /** Never lower for a row that ranks before another; equal scores say nothing. */
  readonly score: (row: number) => number;
  /** The first row from `from` on that is null or scores at least `least`; `to` when there is none before. */
  readonly next: (from: number, to: number, least: number) => number;
}

function rankedColumn(
  aggregate: (name: string) => FrameColumn | undefined,
  metric: TopNMetric,
): Ranked | undefined {
  const inverted = metric.type === 'inverted';
  const inner = inverted ? metric.metric : metric;
  if (inner.type !== 'numeric') return undefined;
  const column = aggregate(inner.metric);
  const sign = inverted ? -1 : 1;
  if (column?.type === 'LONG') {
    const halves = halvesOf(column.values);
    const score = (row: number): number => sign * longAt(halves, row);
    const order = orderOfLongs(column.values, sign);
    return { column, order, score, next: longsFrom(halves, sign, column.nulls) };
  }
  if (column?.type !== 'DOUBLE' && column?.type !== 'FLOAT') return undefined;
  const { values } = column;
  return {
    column,
    // NaN is above every number.
    score(row) {
      const value = values[row] ?? 0;
      return sign * (value === value ? value : Infinity);
    },
    next: numbersFrom(values, sign, column.nulls),
    order: (a, b) => {
      const x = values[a] ?? 0;
      const y = values[b] ?? 0;
      if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return 0;
      // NaN is above every number, as in Java's order.
      return Number.isNaN(x) || x > y ? sign : -sign;
    },
  };
}

function longsFrom(halves: Int32Array, sign: number, nulls: Uint8Array | undefined): Ranked['next'] {
  return (from, to, least) => {
    for (let row = from; row < to; row++) {
      if (sign * longAt(halves, row) >= least || (nulls !== undefined && isNull(nulls, row))) return row;
    }
    return to;
  };
}

function numbersFrom(
  values: Float64Array | Float32Array,
  sign: number,
  nulls: Uint8Array | undefined,
): Ranked['next'] {
  return (from, to, least) => {
    for (let row = from; row < to; row++) {
      const value = values[row] ?? 0;
      // NaN, too, is looked at.
      if (!(sign * value < least) || (nulls !== undefined && isNull(nulls, row))) return row;
    }
    return to;
  };
}

const longAt = (halves: Int32Array, row: number): number =>
  (halves[row * 2 + 1] ?? 0) * 2 ** 32 + ((halves[row * 2] ?? 0) >>> 0);

const halvesOf = (values: BigInt64Array): Int32Array =>
  new Int32Array(values.buffer, values.byteOffset, values.length * 2);

/** By 32-bit halves: reading a 64-bit element would make a BigInt each time. */
function orderOfLongs(values: BigInt64Array, sign: number): Order {
  const halves = halvesOf(values);
  return (a, b) => {
    const high = (halves[a * 2 + 1] ?? 0) - (halves[b * 2 + 1] ?? 0);
    const order = high !== 0 ? high : ((halves[a * 2] ?? 0) >>> 0) - ((halves[b * 2] ?? 0) >>> 0);
    return sign * order;
  };
}

/**
 * The `size` best rows; the worst of them stands on top. As in Druid's queue a row that is only as good as that one is
 * not let in, and of equal ones the first has to go for a better one.
 */
class Heap {
  readonly rows: number[] = [];
  readonly #size: number;
  readonly #order: Order;

  constructor(size: number, order: Order) {
    this.#size = size;
    this.#order = order;
  }

  offer(row: number): void {
    if (this.rows.length < this.#size) {
      this.rows.push(row);
      this.#rise(this.rows.length - 1);
    } else if (this.#order(row, this.rows[0] ?? 0) > 0) {
      this.rows[0] = row;
      this.#sink();
    }
  }

  #better(a: number, b: number): boolean {
    const order = this.#order(a, b);
    return order === 0 ? a > b : order > 0;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#better(this.rows[parent] ?? 0, this.rows[at] ?? 0)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.rows.length) return;
      if (child + 1 < this.rows.length && this.#better(this.rows[child] ?? 0, this.rows[child + 1] ?? 0))
        child++;
      if (!this.#better(this.rows[at] ?? 0, this.rows[child] ?? 0)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(a: number, b: number): void {
    const row = this.rows[a] ?? 0;
    this.rows[a] = this.rows[b] ?? 0;
    this.rows[b] = row;
  }
}
