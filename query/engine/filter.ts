/**
 * Filters as bitsets over a segment's rows, with three-valued logic: a filter is evaluated either for the rows where
 * it is true, or (under an odd number of NOTs) for the rows where it is true or unknown. NOT then is the complement
 * of the other kind, AND and OR stay what they are.
 */
import type { Filter } from '../native/model.js';
import { columnMask } from './filter-column.js';
import { wordsOf, type Environment } from './environment.js';
import { leafPredicate } from './predicate.js';
import { rowRanges, rowsFrom, type RowRanges, type RowSpan } from './rows.js';
import type { IntervalMs } from '../../segment/read/view.js';

/** `bits`: address of a bitset over all rows, meaningful for the blocks of the span it was made for. */
export type Mask =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'bits'; readonly bits: number };

export const allRows: Mask = { kind: 'all' };
export const noRows: Mask = { kind: 'none' };

/** Rows of the span where the filter is true. The bitset belongs to the environment's scratch memory. */
export function evaluateFilter(environment: Environment, filter: Filter, span: RowSpan): Mask {
  return evaluate(environment, filter, span, false);
}

function evaluate(environment: Environment, filter: Filter, span: RowSpan, orUnknown: boolean): Mask {
  switch (filter.type) {
    case 'true':
      return allRows;
    case 'false':
      return noRows;
    case 'not':
      return complement(environment, evaluate(environment, filter.field, span, !orUnknown));
    case 'and':
      return conjunction(environment, filter.fields, span, orUnknown);
    case 'or':
      return disjunction(environment, filter.fields, span, orUnknown);
    default:
      return columnMask(environment, leafPredicate(filter), span, orUnknown);
  }
}

/** Masks made here are written over, never those of columns. */
function complement(environment: Environment, mask: Mask): Mask {
  if (mask.kind !== 'bits') return mask.kind === 'all' ? noRows : allRows;
  environment.kernels.bitsNot(mask.bits, mask.bits, wordsOf(environment.segment.rowCount));
  return mask;
}

function conjunction(
  environment: Environment,
  fields: readonly Filter[],
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  let result: Mask = allRows;
  for (const field of fields) {
    result = intersect(environment, result, evaluate(environment, field, span, orUnknown));
    if (result.kind === 'none') return noRows;
    if (
      result.kind === 'bits' &&
      environment.kernels.bitsFirst(result.bits, span.from, span.to) >>> 0 === 0xffffffff
    ) {
      return noRows;
    }
  }
  return result;
}

function disjunction(
  environment: Environment,
  fields: readonly Filter[],
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  let result: Mask = noRows;
  for (const field of fields) {
    const next = evaluate(environment, field, span, orUnknown);
    if (next.kind === 'all') return allRows;
    if (next.kind === 'none') continue;
    if (result.kind === 'bits') {
      environment.kernels.bitsOr(result.bits, next.bits, result.bits, wordsOf(environment.segment.rowCount));
      environment.scratch.give(next.bits);
    } else {
      result = next;
    }
  }
  return result;
}

/** Uses up both masks. */
export function intersect(environment: Environment, a: Mask, b: Mask): Mask {
  if (a.kind === 'none' || b.kind === 'none') return noRows;
  if (a.kind === 'all') return b;
  if (b.kind === 'all') return a;
  environment.kernels.bitsAnd(a.bits, b.bits, a.bits, wordsOf(environment.segment.rowCount));
  environment.scratch.give(b.bits);
  return a;
}

export interface Selected extends RowRanges {
  readonly mask: Mask;
}

/** The rows a query wants, from `fromRow` on: its intervals as row ranges, its other conditions as a mask. */
export function selectRows(
  environment: Environment,
  intervals: readonly IntervalMs[],
  filter: Filter | undefined,
  fromRow = 0,
): Selected {
  const ranges = rowsFrom(rowRanges(environment.segment, intervals), fromRow);
  if (ranges.ranges.length === 0) return { ...ranges, mask: noRows };
  const inTime = ranges.testTime
    ? evaluateFilter(environment, { type: 'interval', dimension: '__time', intervals }, ranges.hull)
    : allRows;
  if (filter === undefined || inTime.kind === 'none') return { ...ranges, mask: inTime };
  const matching = evaluateFilter(environment, filter, ranges.hull);
  return { ...ranges, mask: intersect(environment, inTime, matching) };
}
