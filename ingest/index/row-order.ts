/** The order in which rows are stored: by time, then by each dimension, then as they came. */
import { PairSorter } from '../../segment/format/pair-sort.js';
import type { FrozenColumn } from './key-column.js';

/** Ranges this short are compared row by row. */
const FEW = 4;

/** `times` is used up. */
export function rowOrder(times: Float64Array, dimensions: readonly FrozenColumn[]): Uint32Array {
  const order = new Uint32Array(times.length);
  for (let row = 0; row < order.length; row++) order[row] = row;
  const sorter = new PairSorter();
  sorter.sort(times, order, 0, order.length);
  // Ranges of rows that are equal up to a dimension: start, end, dimension.
  const ranges: number[] = [];
  const keys = times;
  const compares = dimensions.map((_, at) => comparison(dimensions, at));
  pushEqual(keys, 0, order.length, 0, ranges);
  while (ranges.length > 0) {
    const at = ranges.pop()!;
    const to = ranges.pop()!;
    const from = ranges.pop()!;
    const dimension = dimensions[at];
    if (dimension === undefined) continue;
    if (to - from <= FEW) {
      insertionSort(order, from, to, compares[at]!);
      continue;
    }
    const isExact = dimension.sortKeys(order, from, to, keys);
    sorter.sort(keys, order, from, to);
    if (isExact) {
      pushEqual(keys, from, to, at + 1, ranges);
      continue;
    }
    const equal: number[] = [];
    pushEqual(keys, from, to, at, equal);
    for (let i = 0; i < equal.length; i += 3) order.subarray(equal[i], equal[i + 1]).sort(compares[at]);
  }
  return order;
}

function pushEqual(keys: Float64Array, from: number, to: number, next: number, ranges: number[]): void {
  for (let start = from; start < to;) {
    const key = keys[start]!;
    let end = start + 1;
    while (end < to && keys[end] === key) end++;
    if (end - start > 1) ranges.push(start, end, next);
    start = end;
  }
}

/** Of rows by the dimensions from one on, then as they came. */
function comparison(dimensions: readonly FrozenColumn[], from: number): (a: number, b: number) => number {
  return (a, b) => {
    for (let i = from; i < dimensions.length; i++) {
      const difference = dimensions[i]!.compare(a, b);
      if (difference !== 0) return difference;
    }
    return a - b;
  };
}

function insertionSort(
  order: Uint32Array,
  from: number,
  to: number,
  compare: (a: number, b: number) => number,
): void {
  for (let next = from + 1; next < to; next++) {
    const row = order[next]!;
    let at = next;
    for (; at > from && compare(order[at - 1]!, row) > 0; at--) order[at] = order[at - 1]!;
    order[at] = row;
  }
}
