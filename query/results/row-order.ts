/** Orders of result rows: by a column's own type or one of the string orderings, ascending or descending. */
import { compareDoubles } from '../expression/operators.js';
import type { Ordering, PostAggregator } from '../native/model.js';
import { comparatorOf, compareText } from '../sort/comparators.js';
import { type Cell, cellText, type Output } from './output.js';
import { compareNumericFirst } from './post-aggregation.js';

export type RowComparator = (a: number, b: number) => number;

/** By value, nulls first; text by UTF-16 unit. */
export function byValue(output: Output, post?: PostAggregator): RowComparator {
  const numericFirst = post !== undefined && 'ordering' in post && post.ordering === 'numericFirst';
  const doubles = numericFirst ? compareNumericFirst : compareDoubles;
  if (output.compare !== undefined) return output.compare.bind(output);
  return (a, b) => compareCells(output.at(a), output.at(b), doubles);
}

export function compareCells(
  a: Cell,
  b: Cell,
  doubles: (a: number, b: number) => number = compareDoubles,
): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === 'number' && typeof b === 'number') return doubles(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * By the text of the values in a string ordering, nulls first (numbers too compare as text unless the ordering is
 * numeric or natural). Costly orderings are worked out once for all values: equal texts get equal ranks.
 */
export function byOrdering(output: Output, ordering: Ordering, rows: number): RowComparator {
  if (ordering === 'natural' || output.compare !== undefined) return byValue(output);
  if (output.type === 'STRING' && ordering === 'lexicographic') return byValue(output);
  if (output.type === 'LONG' && ordering === 'numeric') return byValue(output);
  const ranks = ranksOf(output, ordering, rows);
  return (a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0);
}

function ranksOf(output: Output, ordering: Ordering, rows: number): Int32Array {
  const compare = comparatorOf(ordering);
  const found = new Map<string | null, number>();
  const keys = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const text = cellText(output.at(row), output.type);
    let key = found.get(text);
    if (key === undefined) {
      key = found.size;
      found.set(text, key);
    }
    keys[row] = key;
  }
  const sorted = [...found].sort(([a], [b]) => compare(a, b));
  const rankOf = new Int32Array(found.size);
  let rank = 0;
  for (const [i, [text, key]] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before !== undefined && compare(before[0], text) !== 0) rank++;
    rankOf[key] = rank;
  }
  for (let row = 0; row < rows; row++) keys[row] = rankOf[keys[row] ?? 0] ?? 0;
  return keys;
}

export function reversed(compare: RowComparator): RowComparator {
  return (a, b) => compare(b, a);
}

/** The first comparator that tells two rows apart decides. */
export function inTurn(comparators: readonly RowComparator[]): RowComparator {
  const only = comparators[0];
  if (only !== undefined && comparators.length === 1) return only;
  return (a, b) => {
    for (const compare of comparators) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** Sorts rows, keeping only the first `most`; rows that compare equal stay in ascending row number. */
export function sortRows(rows: Uint32Array, compare: RowComparator, most: number): Uint32Array {
  const stable: RowComparator = (a, b) => compare(a, b) || a - b;
  if (most * 8 >= rows.length)
    return isOrdered(rows, stable) ? rows.subarray(0, most) : rows.slice().sort(stable).subarray(0, most);
  return smallest(rows, stable, most).sort(stable);
}

function isOrdered(rows: Uint32Array, compare: RowComparator): boolean {
  for (let i = 1; i < rows.length; i++) if (compare(rows[i - 1] ?? 0, rows[i] ?? 0) > 0) return false;
  return true;
}

/** The smallest rows, unordered, by a heap that keeps the greatest of the kept on top. */
function smallest(rows: Uint32Array, compare: RowComparator, most: number): Uint32Array {
  const heap = rows.slice(0, most);
  if (most === 0) return heap;
  const sink = (from: number): void => {
    const row = heap[from] ?? 0;
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= most) break;
      if (child + 1 < most && compare(heap[child + 1] ?? 0, heap[child] ?? 0) > 0) child++;
      if (compare(heap[child] ?? 0, row) <= 0) break;
      heap[at] = heap[child] ?? 0;
      at = child;
    }
    heap[at] = row;
  };
  for (let i = (most >> 1) - 1; i >= 0; i--) sink(i);
  for (let i = most; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    if (compare(row, heap[0] ?? 0) >= 0) continue;
    heap[0] = row;
    sink(0);
  }
  return heap;
}

/** [from, to), ascending. */
export function rowsBetween(from: number, to: number): Uint32Array {
  const rows = new Uint32Array(to - from);
  for (let i = 0; i < rows.length; i++) rows[i] = from + i;
  return rows;
}
