/**
 * Merging sorted runs of groups without ever holding all of them: each step takes from every run the rows up to a key
 * that no run has more of behind it, and merges those. What comes out is sorted, one row a key, a piece at a time.
 */
import type { Frame, FrameColumn } from '../frame.js';
import { FrameCutter } from '../frame-pieces.js';
import { columnsNamed, isNull } from './columns.js';
import { compareEntries } from './dictionary.js';
import { inOrder, mergeGroups, type AggregateColumn, type KeyColumn } from './groups.js';

/** Frames of one run: rows ascend by the keys within a frame and from frame to frame, no key twice. */
export type Run = Iterator<Frame>;

class Head {
  readonly rows: number;
  readonly keys: readonly FrameColumn[];
  readonly #cutter: FrameCutter;
  from = 0;

  constructor(frame: Frame, keys: readonly KeyColumn[]) {
    this.rows = frame.rows;
    this.keys = keys.map(({ name }) => columnsNamed([frame], name)).flat();
    this.#cutter = new FrameCutter(frame);
  }

  take(to: number): Frame {
    const part = this.#cutter.rows(this.from, to);
    this.from = to;
    return part;
  }

  /** The first row behind `from` whose key is greater than that of the other's last row. */
  behind(other: Head): number {
    let low = this.from;
    let high = this.rows;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.keys, middle, other.keys, other.rows - 1) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export function* mergeRuns(
  runs: readonly Run[],
  keys: readonly KeyColumn[],
  aggregates: readonly AggregateColumn[],
): Generator<Frame, void, undefined> {
  const heads: (Head | undefined)[] = runs.map((run) => nextHead(run, keys));
  for (;;) {
    let least: Head | undefined;
    for (const head of heads) {
      if (head === undefined) continue;
      const isLess =
        least === undefined || compareKeys(head.keys, head.rows - 1, least.keys, least.rows - 1) < 0;
      if (isLess) least = head;
    }
    if (least === undefined) return;
    const parts: Frame[] = [];
    for (const [i, head] of heads.entries()) {
      if (head === undefined) continue;
      const to = head === least ? head.rows : head.behind(least);
      if (to > head.from) parts.push(head.take(to));
      const run = runs[i];
      if (head.from === head.rows && run !== undefined) heads[i] = nextHead(run, keys);
    }
    const [only] = parts;
    if (only !== undefined && parts.length === 1) yield inOrder(only, [...keys, ...aggregates]);
    else yield mergeGroups(parts, keys, aggregates);
  }
}

/** Are the frames, one behind the other, sorted groups without a key twice? Says no where it does not know. */
export function areConsecutive(frames: readonly Frame[], keys: readonly KeyColumn[]): boolean {
  let before: Head | undefined;
  for (const frame of frames) {
    if (frame.rows === 0) return false;
    if (frame.isMerged !== true) return false;
    const head = new Head(frame, keys);
    if (before !== undefined && compareKeys(before.keys, before.rows - 1, head.keys, 0) >= 0) return false;
    before = head;
  }
  return true;
}

function nextHead(run: Run, keys: readonly KeyColumn[]): Head | undefined {
  for (;;) {
    const next = run.next();
    if (next.done === true) return undefined;
    if (next.value.rows > 0) return new Head(next.value, keys);
  }
}

/** In the order of merged groups: nulls first, longs and doubles by value, texts by UTF-16 units. */
function compareKeys(a: readonly FrameColumn[], x: number, b: readonly FrameColumn[], y: number): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (right === undefined) continue;
    const order = compareCells(left, x, right, y);
    if (order !== 0) return order;
  }
  return 0;
}

function compareCells(a: FrameColumn, x: number, b: FrameColumn, y: number): number {
  const isLeftNull = isNull(a.nulls, x);
  const isRightNull = isNull(b.nulls, y);
  if (isLeftNull || isRightNull) return Number(isRightNull) - Number(isLeftNull);
  if ('dictionary' in a && 'dictionary' in b) {
    return compareEntries(a.dictionary, a.values[x] ?? 0, b.dictionary, b.values[y] ?? 0);
  }
  const left = orderOf(a, x);
  const right = orderOf(b, y);
  return left < right ? -1 : left > right ? 1 : 0;
}

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** A number that sorts as the value does; doubles as Java's Double.compare has them. */
function orderOf(column: FrameColumn, row: number): bigint {
  if (column.type === 'LONG') return column.values[row] ?? 0n;
  double[0] = Number(column.values[row] ?? 0);
  const own = bits[0] ?? 0n;
  return own < 0n ? own ^ 0x7fff_ffff_ffff_ffffn : own;
}
