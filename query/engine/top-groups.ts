/** Cutting a segment's topN groups down to the best of each bucket, when the metric is one of the aggregators. */
import type { Frame, FrameColumn } from '../frame.js';
import { isNull } from '../merge/columns.js';
import { pickRows } from '../merge/scan.js';
import type { TopNMetric, TopNQuery } from '../native/model.js';

/** Groups without a value are kept as well, up to the same number: where they rank is the final shaping's business. */
export function keepTop(frame: Frame, query: TopNQuery): Frame {
  const keep = Math.max(query.context.minTopNThreshold, query.threshold);
  const metric = rankedColumn(frame, query.metric);
  const bucket = frame.columns[0];
  if (metric === undefined || frame.rows <= keep || bucket?.type !== 'LONG') return frame;
  const buckets = new Map<bigint, { readonly best: Heap; nulls: number }>();
  const kept: number[] = [];
  for (let row = 0; row < frame.rows; row++) {
    const start = bucket.values[row] ?? 0n;
    let state = buckets.get(start);
    if (state === undefined) {
      state = { best: new Heap(keep, metric.better), nulls: 0 };
      buckets.set(start, state);
    }
    if (!isNull(metric.column.nulls, row)) state.best.offer(row);
    else if (state.nulls++ < keep) kept.push(row);
  }
  for (const { best } of buckets.values()) kept.push(...best.rows);
  return kept.length === frame.rows ? frame : pickRows(frame, Uint32Array.from(kept).sort());
}

interface Ranking {
  readonly column: FrameColumn;
  /** Does row a rank before row b? Ties go to the earlier row. */
  readonly better: (a: number, b: number) => boolean;
}

function rankedColumn(frame: Frame, metric: TopNMetric): Ranking | undefined {
  const inverted = metric.type === 'inverted';
  const inner = inverted ? metric.metric : metric;
  if (inner.type !== 'numeric') return undefined;
  const column = frame.columns.slice(2).find(({ name }) => name === inner.metric);
  if (column === undefined) return undefined;
  if (column.type !== 'LONG' && column.type !== 'DOUBLE' && column.type !== 'FLOAT') return undefined;
  const { values } = column;
  return {
    column,
    better: (a, b) => {
      const x = values[a] ?? 0;
      const y = values[b] ?? 0;
      if (x === y || (x !== x && y !== y)) return a < b;
      // NaN is above every number, as in Java's order.
      const above = x !== x || x > y;
      return inverted ? !above : above;
    },
  };
}

/** The `size` best rows; the worst of them stands on top. */
class Heap {
  readonly rows: number[] = [];
  readonly #size: number;
  readonly #better: (a: number, b: number) => boolean;

  constructor(size: number, better: (a: number, b: number) => boolean) {
    this.#size = size;
    this.#better = better;
  }

  offer(row: number): void {
    if (this.rows.length < this.#size) {
      this.rows.push(row);
      this.#rise(this.rows.length - 1);
    } else if (this.#better(row, this.rows[0] ?? 0)) {
      this.rows[0] = row;
      this.#sink();
    }
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
