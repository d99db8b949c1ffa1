/** Filters whose JSON is not what the engine makes of it: over intervals, elements of arrays, and whole arrays. */
import type { Filter } from '../../native/model.js';

type Scalar = bigint | number | string;
type Element = Scalar | null;
type Cell = Element | readonly Element[];
type Truth = 'true' | 'false' | 'unknown';

const arrayTypes = ['ARRAY<LONG>', 'ARRAY<DOUBLE>', 'ARRAY<STRING>'] as const;
export type ArrayType = (typeof arrayTypes)[number];

export type AskedLeaf =
  /** ISO intervals; of a number, a text that is one, or the time. */
  | { readonly type: 'interval'; readonly dimension: string; readonly intervals: readonly string[] }
  | {
      readonly type: 'arrayContainsElement';
      readonly column: string;
      readonly elementMatchValueType: 'LONG' | 'DOUBLE' | 'STRING';
      readonly elementMatchValue: Element;
    }
  | {
      readonly type: 'equals';
      readonly column: string;
      readonly matchValueType: ArrayType;
      readonly matchValue: readonly Element[];
    }
  | {
      readonly type: 'inType';
      readonly column: string;
      readonly matchValueType: ArrayType;
      readonly sortedValues: readonly (readonly Element[])[];
    }
  | {
      readonly type: 'range';
      readonly column: string;
      readonly matchValueType: ArrayType;
      readonly lower: readonly Element[] | undefined;
      readonly upper: readonly Element[] | undefined;
      readonly lowerOpen: boolean;
      readonly upperOpen: boolean;
    };

/** Filters hold others as the model has them; a query's JSON is never read as the model here. */
export const asFilter = (leaf: AskedLeaf): Filter => leaf as unknown as Filter;

/** Undefined for what is the same in JSON and in the model. */
export function askedLeaf(filter: Filter): AskedLeaf | undefined {
  const leaf = filter as unknown as AskedLeaf;
  switch (leaf.type) {
    case 'interval':
      return leaf.intervals.every((each) => typeof each === 'string') ? leaf : undefined;
    case 'arrayContainsElement':
      return Object.hasOwn(leaf, 'elementMatchValueType') ? leaf : undefined;
    case 'equals':
    case 'inType':
    case 'range':
      return arrayTypes.includes(leaf.matchValueType) ? leaf : undefined;
    default:
      return undefined;
  }
}

const of = (is: boolean): Truth => (is ? 'true' : 'false');

export interface AskedCell {
  readonly cell: Cell;
  /** Whole arrays, else scalars or several texts a row. */
  readonly isArray: boolean;
  readonly isNumber: boolean;
}

export function leafTruth(leaf: AskedLeaf, { cell, isArray, isNumber }: AskedCell): Truth {
  if (leaf.type === 'interval') return intervalTruth(leaf.intervals, cell, isNumber);
  // One of none is nothing, whatever there is.
  if (leaf.type === 'inType' && leaf.sortedValues.length === 0) return 'false';
  if (cell === null) return 'unknown';
  if (leaf.type === 'arrayContainsElement') {
    const wanted = leaf.elementMatchValue;
    if (isArray) return of((cell as readonly Element[]).some((one) => isSame(one, wanted)));
    return any(cell, 'unknown', (one) => wanted !== null && isSame(one, wanted));
  }
  if (!isArray) throw new Error(`filter[${leaf.type}] of arrays is asked of arrays only`);
  const whole = cell as readonly Element[];
  switch (leaf.type) {
    case 'equals':
      return of(compareArrays(whole, leaf.matchValue) === 0);
    case 'inType':
      return of(leaf.sortedValues.some((one) => compareArrays(whole, one) === 0));
    case 'range': {
      const low = leaf.lower === undefined ? 1 : compareArrays(whole, leaf.lower);
      const high = leaf.upper === undefined ? -1 : compareArrays(whole, leaf.upper);
      return of((leaf.lowerOpen ? low > 0 : low >= 0) && (leaf.upperOpen ? high < 0 : high <= 0));
    }
  }
}

/** Some value passes; `ofNull`: what is said of a null. */
function any(cell: Cell, ofNull: Truth, test: (one: Scalar) => boolean): Truth {
  const none = Array.isArray(cell) && cell.length === 0;
  const all = none ? [null] : Array.isArray(cell) ? (cell as readonly Element[]) : [cell as Element];
  const truths = all.map((one) => (one === null ? ofNull : of(test(one))));
  return truths.includes('true') ? 'true' : truths.includes('unknown') ? 'unknown' : 'false';
}

/** From the start on, before the end. Text that is no number is in no interval, nor is a text that is not there. */
function intervalTruth(intervals: readonly string[], cell: Cell, isNumber: boolean): Truth {
  const ends = intervals.map((text) => text.split('/').map((end) => Date.parse(end)));
  return any(cell, isNumber ? 'unknown' : 'false', (one) => {
    const ms = typeof one !== 'string' ? one : /^-?\d+(\.\d*)?$/.test(one) ? Number(one) : undefined;
    return ms !== undefined && ends.some(([start = 0, end = 0]) => ms >= start && ms < end);
  });
}

/** Null equals null. */
function isSame(a: Element, b: Element): boolean {
  if (a === null || b === null) return a === b;
  return typeof a === 'string' || typeof b === 'string'
    ? String(a) === String(b)
    : compareElements(a, b) === 0;
}

/** Element by element, null first; a prefix before what it begins. */
function compareArrays(a: readonly Element[], b: readonly Element[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareElements(a[i] ?? null, b[i] ?? null);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareElements(a: Element, b: Element): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return a < b ? -1 : a > b ? 1 : 0;
}
