/**
 * What an aggregator answers for a list of rows, and how exactly: sums of fractions depend on the order of the rows,
 * `any` may be of any row, and counts of distinct values are estimates.
 */
import type { Aggregator, NumericAggregator } from '../../native/model.js';
import {
  naiveAggregate,
  naiveExpression,
  naiveFilter,
  type Cell,
  type Kinds,
  type Row,
  type Single,
} from '../naive.js';
import type { AskedPost } from './asked.js';
import { foldOf } from './folds.js';
import { elements } from './table.js';

export type Wanted =
  | { readonly is: Single; readonly float?: boolean }
  /** Any of these: `any`, which sees the rows in no order. */
  | { readonly oneOf: readonly Single[]; readonly float?: boolean }
  /** Sums whose rounding depends on the order of the rows, and estimates. */
  | { readonly near: number; readonly within: number }
  /** A list of these in any order. */
  | { readonly bag: readonly Single[] };

const is = (value: Single): Wanted => ({ is: value });

export function wantedAggregate(
  spec: Aggregator,
  rows: readonly Row[],
  kinds: Kinds,
  grouped: readonly string[] = [],
): Wanted {
  switch (spec.type) {
    case 'filtered': {
      const kept = rows.filter((row) => naiveFilter(spec.filter, row, kinds) === 'true');
      return wantedAggregate(spec.aggregator, kept, kinds, grouped);
    }
    case 'grouping':
      return is(spec.groupings.reduce((bits, name) => bits * 2n + (grouped.includes(name) ? 0n : 1n), 0n));
    case 'longAny':
    case 'doubleAny':
    case 'floatAny':
    case 'stringAny':
      return anyOf(spec, rows, kinds);
    case 'cardinality':
      return estimate(distinct(spec, rows, kinds), spec.round);
    case 'hyperUnique': {
      const all = rows.flatMap((row) => (row[spec.fieldName] ?? []) as readonly string[]);
      return estimate(new Set(all).size, spec.round);
    }
    case 'longFirst':
    case 'longLast':
    case 'doubleFirst':
    case 'doubleLast':
    case 'floatFirst':
    case 'floatLast':
    case 'stringFirst':
    case 'stringLast':
      return firstOrLast(spec, rows);
    case 'expression': {
      const folded = foldOf(spec, rows);
      return folded !== null && typeof folded === 'object' ? folded : is(folded);
    }
    case 'doubleSum':
    case 'floatSum':
    case 'doubleMean':
      return sumOf(spec, rows, kinds);
    default: {
      const value = naiveAggregate(spec, rows, kinds);
      return spec.type.startsWith('float') ? { is: value, float: true } : is(value);
    }
  }
}

/** Stored rows differ in their times; those that unnesting and joining make of one do not, and any of them may count. */
function firstOrLast(spec: Extract<Aggregator, { timeColumn: string }>, rows: readonly Row[]): Wanted {
  // Rows of a segment that lacks the column are none.
  const having = rows.filter((row) => Object.hasOwn(row, spec.fieldName));
  let best: bigint | undefined;
  for (const row of having) {
    const time = row[spec.timeColumn] as bigint;
    if (best === undefined || (spec.type.endsWith('First') ? time < best : time > best)) best = time;
  }
  const found = having.filter((row) => row[spec.timeColumn] === best);
  const oneOf = found.map((row) => (row[spec.fieldName] ?? null) as Single);
  const float = spec.type.startsWith('float');
  const isOne = oneOf.every((value) => value === oneOf[0]);
  return isOne ? { is: oneOf[0] ?? null, float } : { oneOf, float };
}

function anyOf(
  spec: Extract<Aggregator, { aggregateMultipleValues: boolean }>,
  rows: readonly Row[],
  kinds: Kinds,
): Wanted {
  if (rows.length === 0) return is(null);
  const isThere = kinds[spec.fieldName] !== undefined;
  const oneOf = rows.map((row) => (isThere ? ((row[spec.fieldName] ?? null) as Single) : null));
  return { oneOf, float: spec.type === 'floatAny' };
}

/** Distinct values of each column, or of the rows of all columns; nulls count for nothing. */
function distinct(
  { fields, byRow }: Extract<Aggregator, { type: 'cardinality' }>,
  rows: readonly Row[],
  kinds: Kinds,
): number {
  const names = fields.map(({ dimension }) => dimension);
  const text = (name: string, value: unknown): string => `${name} ${String(value)}`;
  if (byRow) {
    const whole = rows.map((row) => names.map((name) => (row[name] ?? null) as Single));
    return new Set(whole.map((cells) => cells.map((cell) => `${typeof cell} ${String(cell)}`).join('\0')))
      .size;
  }
  return new Set(
    rows.flatMap((row) =>
      names.flatMap((name) =>
        elements(row[name])
          .filter((value) => value !== null)
          // Values of different types are different.
          .map((value) => text(textType(kinds[name]), value)),
      ),
    ),
  ).size;
}

const textType = (kind: Kinds[string] | undefined): string => (kind === 'strings' ? 'string' : (kind ?? ''));

/** A sketch of 2,048 registers: a few values are told apart, but for chance. */
function estimate(count: number, isRounded: boolean): Wanted {
  return { near: count, within: count === 0 ? 0 : 2 + count * 0.1 + (isRounded ? 0.5 : 0) };
}

function numbersOf(
  spec: NumericAggregator | Extract<Aggregator, { type: 'doubleMean' }>,
  rows: readonly Row[],
  kinds: Kinds,
): number[] {
  const cells = rows.map((row): Cell => {
    if ('expression' in spec && spec.expression !== undefined)
      return naiveExpression(spec.expression, row).value as Cell;
    return kinds[spec.fieldName] === undefined ? null : (row[spec.fieldName] ?? null);
  });
  return cells.flatMap((cell) =>
    typeof cell === 'bigint' || typeof cell === 'number' ? [Number(cell)] : [],
  );
}

function sumOf(
  spec: NumericAggregator | Extract<Aggregator, { type: 'doubleMean' }>,
  rows: readonly Row[],
  kinds: Kinds,
): Wanted {
  const numbers = numbersOf(spec, rows, kinds);
  const isMean = spec.type === 'doubleMean';
  if (numbers.length === 0) return is(isMean ? 0 : null);
  const isFloat = spec.type === 'floatSum';
  const sum = numbers.reduce((a, b) => a + (isFloat ? Math.fround(b) : b), 0);
  const size = numbers.reduce((a, b) => a + Math.abs(b), 0);
  const parts = isMean ? numbers.length : 1;
  // NaN and infinities are the same in every order.
  if (!Number.isFinite(sum)) return is(sum);
  return { near: sum / parts, within: (size / parts) * (isFloat ? 1e-5 : 1e-12) };
}

/** Post-aggregators over exact numbers; null when a field is (greatest and least pass over nulls). */
export function postValue(post: AskedPost, values: ReadonlyMap<string, Single>): Single {
  switch (post.type) {
    case 'constant':
      return post.value;
    case 'fieldAccess':
    case 'finalizingFieldAccess':
      return values.get(post.fieldName) ?? null;
    case 'doubleGreatest':
    case 'doubleLeast': {
      const numbers = post.fields.flatMap((field) => {
        const value = postValue(field, values);
        return value === null ? [] : [Number(value)];
      });
      if (numbers.length === 0) return null;
      return post.type === 'doubleGreatest' ? Math.max(...numbers) : Math.min(...numbers);
    }
    case 'arithmetic': {
      const fields = post.fields.map((field) => postValue(field, values));
      if (fields.includes(null)) return null;
      return fields.map(Number).reduce((a, b) => arithmetic(post.fn, a, b));
    }
  }
}

function arithmetic(fn: '+' | '-' | '*' | '/', a: number, b: number): number {
  switch (fn) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? 0 : a / b;
  }
}
