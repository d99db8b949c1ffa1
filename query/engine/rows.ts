/** Which rows of a segment a query looks at: its intervals as row ranges, and their hull. */
import { BATCH_ROWS, type IntervalMs, type SegmentView } from '../../segment/read/view.js';

/** Half-open range of row numbers. */
export interface RowSpan {
  readonly from: number;
  readonly to: number;
}

export interface RowRanges {
  /** Ascending, not touching; empty = nothing to do. */
  readonly ranges: readonly RowSpan[];
  readonly hull: RowSpan;
  /** Rows in the ranges still have to be tested against the intervals (time is not sorted). */
  readonly testTime: boolean;
}

const nothing: RowRanges = { ranges: [], hull: { from: 0, to: 0 }, testTime: false };

export function rowRanges(segment: SegmentView, intervals: readonly IntervalMs[]): RowRanges {
  const time = segment.timeRange();
  if (time === undefined || segment.rowCount === 0) return nothing;
  const touching = intervals.filter((i) => i.startMs <= time.maxMs && i.endMs > time.minMs);
  if (touching.length === 0) return nothing;
  const whole = { from: 0, to: segment.rowCount };
  if (touching.some((i) => i.startMs <= time.minMs && i.endMs > time.maxMs)) {
    return { ranges: [whole], hull: whole, testTime: false };
  }
  if (!segment.timeSorted) return { ranges: [whole], hull: whole, testTime: true };
  const ranges: { from: number; to: number }[] = [];
  for (const interval of touching) {
    const from = interval.startMs <= time.minMs ? 0 : segment.lowerBound(interval.startMs);
    const to = interval.endMs > time.maxMs ? segment.rowCount : segment.lowerBound(interval.endMs);
    const last = ranges.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else if (from < to) ranges.push({ from, to });
  }
  const first = ranges[0];
  const last = ranges.at(-1);
  if (first === undefined || last === undefined) return nothing;
  return { ranges, hull: { from: first.from, to: last.to }, testTime: false };
}

/** The same without the rows outside a span. */
export function rowsIn(all: RowRanges, span: RowSpan): RowRanges {
  const ranges = all.ranges
    .map(({ from, to }) => ({ from: Math.max(from, span.from), to: Math.min(to, span.to) }))
    .filter(({ from, to }) => from < to);
  const first = ranges[0];
  const last = ranges.at(-1);
  if (first === undefined || last === undefined) return nothing;
  return { ...all, ranges, hull: { from: first.from, to: last.to } };
}

/** Blocks of ids hold up to so many rows: slices that end between them decode none twice. */
export const sliceUnit = 65_536;

/** Part `index` of `count` of about equal size. */
export function sliceSpan({ from: first, to: end }: RowSpan, index: number, count: number): RowSpan {
  const before = Math.floor(first / sliceUnit);
  const units = Math.ceil(end / sliceUnit) - before;
  const edge = (part: number): number => (before + Math.floor((units * part) / count)) * sliceUnit;
  return { from: Math.max(first, edge(index)), to: Math.min(end, edge(index + 1)) };
}

/** Slices are handed out in so many pieces, of up to `sliceUnit` rows each. */
export const piecesOf = ({ from, to }: RowSpan): number =>
  from < to ? Math.ceil(to / sliceUnit) - Math.floor(from / sliceUnit) : 0;

/** Pieces [first, end) of a slice. */
export function pieceSpan({ from, to }: RowSpan, first: number, end: number): RowSpan {
  const before = Math.floor(from / sliceUnit);
  return {
    from: Math.max(from, (before + first) * sliceUnit),
    to: Math.min(to, (before + end) * sliceUnit),
  };
}

/** The same without the rows before `row`. */
export function rowsFrom(all: RowRanges, row: number): RowRanges {
  if (row <= all.hull.from) return all;
  const ranges = all.ranges
    .filter((range) => range.to > row)
    .map((range) => ({ from: Math.max(range.from, row), to: range.to }));
  const first = ranges[0];
  return first === undefined ? nothing : { ...all, ranges, hull: { from: first.from, to: all.hull.to } };
}

/** The words (64 bits) of a bitset over all rows that stand for the blocks of a span: their first byte, and how many. */
export function blockWords(span: RowSpan, rowCount: number): { readonly at: number; readonly words: number } {
  const first = span.from - (span.from % BATCH_ROWS);
  const end = Math.min(rowCount, Math.ceil(span.to / BATCH_ROWS) * BATCH_ROWS);
  return { at: first / 8, words: Math.ceil(Math.max(0, end - first) / 64) };
}

/** Calls `visit` for the part of every block of BATCH_ROWS that lies in the span, in order. */
export function forEachBlock(
  span: RowSpan,
  rowCount: number,
  visit: (start: number, rows: number, from: number, to: number) => void,
): void {
  for (let start = span.from - (span.from % BATCH_ROWS); start < span.to; start += BATCH_ROWS) {
    const rows = Math.min(BATCH_ROWS, rowCount - start);
    visit(start, rows, Math.max(start, span.from), Math.min(start + rows, span.to));
  }
}
