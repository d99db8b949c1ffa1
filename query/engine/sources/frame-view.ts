/** Rows in memory (a frame) behind the read interface of segments, so that the same engine runs over them. */
import { CodedError } from '../../../proto/errors.js';
import type { ColumnView, IntervalMs, SegmentView } from '../../../segment/read/view.js';
import type { Frame, FrameColumn } from '../../frame.js';
import { MAX_INSTANT, MIN_INSTANT } from '../../granularity/buckets.js';
import type { Scratch } from '../scratch.js';
import { frameColumnView } from './frame-columns.js';

/** Without a column `__time` every row is of 1970-01-01, as in Druid. */
export class FrameView implements SegmentView {
  readonly id = '';
  readonly interval: IntervalMs = { startMs: MIN_INSTANT, endMs: MAX_INSTANT };
  readonly rowCount: number;
  readonly timeSorted: boolean;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[] = [];
  readonly #scratch: Scratch;
  readonly #columns: ReadonlyMap<string, FrameColumn>;
  readonly #views = new Map<string, ColumnView>();
  readonly #times: BigInt64Array;

  constructor(frame: Frame, scratch: Scratch) {
    this.#scratch = scratch;
    this.rowCount = frame.rows;
    const time = frame.columns.find(({ name }) => name === '__time');
    this.#times = time?.type === 'LONG' ? time.values : new BigInt64Array(frame.rows);
    const columns = new Map(frame.columns.map((column) => [column.name, column]));
    columns.set('__time', { name: '__time', type: 'LONG', values: this.#times });
    this.#columns = columns;
    this.timeSorted = isAscending(this.#times);
    this.dimensions = frame.columns.map(({ name }) => name).filter((name) => name !== '__time');
  }

  column(name: string): ColumnView | undefined {
    const known = this.#views.get(name);
    if (known !== undefined) return known;
    const column = this.#columns.get(name);
    if (column === undefined) return undefined;
    const view = frameColumnView(column, this.rowCount, this.#scratch);
    this.#views.set(name, view);
    return view;
  }

  timeRange(): { readonly minMs: number; readonly maxMs: number } | undefined {
    let min = this.#times[0];
    if (min === undefined) return undefined;
    let max = min;
    for (const at of this.#times) {
      if (at < min) min = at;
      if (at > max) max = at;
    }
    return { minMs: Number(min), maxMs: Number(max) };
  }

  lowerBound(ms: number): number {
    if (!this.timeSorted) throw new CodedError('Bug', 'lowerBound needs rows sorted by time');
    let low = 0;
    let high = this.rowCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Number(this.#times[middle] ?? 0n) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The memory is the scratch's. */
  close(): void {}
}

function isAscending(times: BigInt64Array): boolean {
  for (let i = 1; i < times.length; i++) if ((times[i - 1] ?? 0n) > (times[i] ?? 0n)) return false;
  return true;
}
