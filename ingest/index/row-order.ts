/** The order in which rows are stored: by time, then by each dimension, then as they came. */
import type { FrozenColumn } from './key-columns.js';

export function rowOrder(times: Float64Array, dimensions: readonly FrozenColumn[]): Uint32Array {
  const order = byTime(times);
  if (dimensions.length === 0) return order;
  const compare = (a: number, b: number): number => {
    for (const dimension of dimensions) {
      const difference = dimension.compare(a, b);
      if (difference !== 0) return difference;
    }
    return a - b;
  };
  for (let start = 0; start < order.length;) {
    const time = times[order[start]!];
    let end = start + 1;
    while (end < order.length && times[order[end]!] === time) end++;
    if (end - start > 1) order.subarray(start, end).sort(compare);
    start = end;
  }
  return order;
}

/** Stable. */
function byTime(times: Float64Array): Uint32Array {
  const order = new Uint32Array(times.length);
  let min = Infinity;
  let max = -Infinity;
  let isSorted = true;
  for (let row = 0; row < times.length; row++) {
    const time = times[row]!;
    order[row] = row;
    if (time < max) isSorted = false;
    min = Math.min(min, time);
    max = Math.max(max, time);
  }
  if (isSorted) return order;
  if ((max - min + 1) * times.length <= Number.MAX_SAFE_INTEGER) {
    // Time and row in one number: sorting numbers needs no calls of a comparison function.
    const keys = times.map((time, row) => (time - min) * times.length + row).sort();
    for (let i = 0; i < keys.length; i++) order[i] = keys[i]! % times.length;
    return order;
  }
  return order.sort((a, b) => times[a]! - times[b]! || a - b);
}
