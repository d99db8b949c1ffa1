/** Order of values of the language as results are put in order: nulls first, arrays element by element. */
import { compareText } from '../sort/comparators.js';
import { compareDoubles } from './operators.js';
import { elementsOf, type Value } from './value.js';

/** A prefix comes before the longer array, what is no array before arrays. Doubles as Java's `Double.compare`. */
export function valueOrder(a: Value, b: Value): number {
  const left = elementsOf(a);
  const right = elementsOf(b);
  if (left === undefined && right === undefined) return scalarOrder(a.value, b.value);
  if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
  return listOrder(left, right);
}

export function listOrder(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = scalarOrder(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function scalarOrder(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  const x = a as number | bigint;
  const y = b as number | bigint;
  if (typeof x === 'number' && typeof y === 'number') return compareDoubles(x, y);
  return x < y ? -1 : x > y ? 1 : 0;
}
