/**
 * The engine's answers row by row on plain values, as slowly and plainly as can be: what tests compare the engine with.
 */
import { doubleText, doubleToLong, floatText } from '../json/java-number.js';
import { expression } from '../expression/expression.js';
import { isTrue, nullValue, type Value } from '../expression/value.js';
import { separate } from '../native/merged-filter.js';
import type { Aggregator, Constant, Filter } from '../native/model.js';
import type { SearchSpec } from '../native/transform-model.js';
import { extraction } from './columns/extraction.js';
import type { LeafFilter } from './predicate.js';
import { comparatorOf } from '../sort/comparators.js';
import { askedLeaf, leafTruth } from './reference/asked-filter.js';

export type Cell = bigint | number | string | null | readonly (bigint | number | string | null)[];
export type Row = Readonly<Record<string, Cell>>;
/** A sketch is told by the texts in it; `strings` are several values of a row, those after it whole arrays. */
export type Kinds = Readonly<
  Record<
    string,
    | 'long'
    | 'double'
    | 'float'
    | 'string'
    | 'strings'
    | 'sketch'
    | 'longArray'
    | 'doubleArray'
    | 'stringArray'
  >
>;

export const isArray = (kind: Kinds[string] | undefined): boolean => kind?.endsWith('Array') === true;

type Truth = 'true' | 'false' | 'unknown';
export type Single = bigint | number | string | null;

const of = (is: boolean): Truth => (is ? 'true' : 'false');

export function naiveFilter(filter: Filter, row: Row, kinds: Kinds): Truth {
  const leaf = askedLeaf(filter);
  if (leaf !== undefined) {
    const name = 'column' in leaf ? leaf.column : leaf.dimension;
    const kind = Object.hasOwn(row, name) ? kinds[name] : undefined;
    const isNumber = kind === 'long' || kind === 'double' || kind === 'float';
    return leafTruth(leaf, { cell: row[name] ?? null, isArray: isArray(kind), isNumber });
  }
  switch (filter.type) {
    case 'true':
    case 'false':
      return filter.type;
    case 'not': {
      const inner = naiveFilter(filter.field, row, kinds);
      return inner === 'unknown' ? inner : of(inner === 'false');
    }
    case 'and': {
      const all = filter.fields.map((field) => naiveFilter(field, row, kinds));
      return all.includes('false') ? 'false' : all.includes('unknown') ? 'unknown' : 'true';
    }
    case 'or': {
      const all = filter.fields.map((field) => naiveFilter(field, row, kinds));
      return all.includes('true') ? 'true' : all.includes('unknown') ? 'unknown' : 'false';
    }
    case 'istrue':
    case 'isfalse': {
      const inner = naiveFilter(filter.field, row, kinds);
      return of(inner === (filter.type === 'istrue' ? 'true' : 'false'));
    }
    case 'expression': {
      const value = naiveExpression(filter.expression, row);
      return value.value === null ? 'unknown' : of(isTrue(value));
    }
    case 'anyOf':
      return naiveFilter(separate(filter), row, kinds);
    case 'columnComparison':
    case 'arrayContainsElement':
    case 'arrayRange':
    case 'packed':
      throw new Error(`there is no plain form of filter[${filter.type}]`);
    default: {
      const name = 'column' in filter ? filter.column : filter.dimension;
      // A row of a segment that lacks the column.
      const kind = Object.hasOwn(row, name) ? kinds[name] : undefined;
      const cell = kind === undefined ? null : (row[name] ?? null);
      // An array without elements is no null.
      if (filter.type === 'null' && isArray(kind)) return of(cell === null);
      const values: readonly Single[] = Array.isArray(cell)
        ? cell.length === 0
          ? [null]
          : (cell as readonly Single[])
        : [cell as Single];
      const all = values.map((value) => testValue(filter, value, kind));
      return all.includes('true') ? 'true' : all.includes('unknown') ? 'unknown' : 'false';
    }
  }
}

/** An expression over one row without multi-value columns. */
export function naiveExpression(text: string, row: Row): Value {
  return expression(text).evaluate((name) => {
    const cell = row[name] ?? null;
    if (cell === null || Array.isArray(cell)) return nullValue;
    const type = typeof cell === 'bigint' ? 'LONG' : typeof cell === 'number' ? 'DOUBLE' : 'STRING';
    return { type, value: cell as Single };
  });
}

function inTyped(
  { column, matchValueType, values }: Extract<LeafFilter, { type: 'inType' }>,
  value: Single,
  stored: Kinds[string] | undefined,
): Truth {
  if (value === null) return values.includes(null) ? 'true' : 'unknown';
  const isOne = (matchValue: Constant | null): boolean =>
    matchValue !== null &&
    testValue({ type: 'equals', column, matchValueType, matchValue }, value, stored) === 'true';
  return of(values.some(isOne));
}

type PlainFilter = Exclude<LeafFilter, { type: 'anyOf' }>;

/** `stored`: undefined when there is no such column. */
function testValue(filter: PlainFilter, given: Single, stored: Kinds[string] | undefined): Truth {
  const fn = 'extractionFn' in filter ? filter.extractionFn : undefined;
  const isMissing = stored === undefined;
  const of_ = stored ?? 'string';
  const wasText = of_ === 'string' || of_ === 'strings';
  // A null number is not handed to the function of these.
  if (!wasText && given === null && fn !== undefined && (filter.type === 'in' || filter.type === 'bound'))
    return 'unknown';
  const value =
    fn === undefined
      ? given
      : extraction(fn)(
          given === null ? null : textOf(given, of_),
          typeof given === 'string' || given === null ? undefined : given,
        );
  const kind = fn === undefined ? of_ : 'string';
  const isText = kind === 'string' || kind === 'strings';
  switch (filter.type) {
    case 'null':
      return of(value === null);
    case 'selector':
      return filter.value === null
        ? of(value === null)
        : value === null
          ? 'unknown'
          : of(sameText(value, filter.value, kind));
    case 'in': {
      if (filter.values.length === 0) return 'false';
      if (value === null) return filter.values.includes(null) ? 'true' : 'unknown';
      return of(filter.values.some((wanted) => wanted !== null && sameText(value, wanted, kind)));
    }
    case 'equals': {
      if (value === null) return 'unknown';
      const wanted = filter.matchValue;
      if (typeof value === 'string' && typeof wanted !== 'string')
        return of(comparatorOf('numeric')(value, String(wanted)) === 0 && /^[-+]?[\d.]/.test(value));
      return of(sameText(value, typeof wanted === 'number' ? doubleText(wanted) : String(wanted), kind));
    }
    case 'inType':
      return inTyped(filter, value, stored);
    case 'range': {
      if (value === null) return 'unknown';
      const text = (end: typeof filter.lower): string | undefined =>
        end === undefined ? undefined : typeof end === 'number' ? doubleText(end) : String(end);
      const compare = comparatorOf(filter.matchValueType === 'STRING' ? 'lexicographic' : 'numeric');
      return of(
        inside(
          textOf(value, kind),
          text(filter.lower),
          text(filter.upper),
          filter.lowerOpen,
          filter.upperOpen,
          compare,
        ),
      );
    }
    case 'bound': {
      if (value !== null) return of(inBound(filter, textOf(value, kind)));
      if (!isText) return 'unknown';
      if (filter.lower === undefined) return 'true';
      return isMissing || filter.ordering !== 'lexicographic' || fn !== undefined ? 'false' : 'unknown';
    }
    case 'like':
      if (value === null) return 'unknown';
      return of(naiveLike(textOf(value, kind), filter.pattern));
    case 'regex':
      return value === null ? 'unknown' : of(new RegExp(filter.pattern, 'u').test(textOf(value, kind)));
    case 'search':
      return value === null ? 'unknown' : of(naiveSearch(textOf(value, kind), filter.query));
    case 'interval':
      if (value === null) return 'unknown';
      return of(
        filter.intervals.some(({ startMs, endMs }) => Number(value) >= startMs && Number(value) < endMs),
      );
  }
}

function inBound(filter: Extract<Filter, { type: 'bound' }>, text: string): boolean {
  const { lower, upper, lowerStrict, upperStrict } = filter;
  return inside(text, lower, upper, lowerStrict, upperStrict, comparatorOf(filter.ordering));
}

function naiveSearch(text: string, spec: SearchSpec): boolean {
  switch (spec.type) {
    case 'all':
    case 'none':
      return spec.type === 'all';
    case 'regex':
      return new RegExp(spec.pattern, 'u').test(text);
    default: {
      const values = spec.type === 'contains' ? [spec.value] : spec.values;
      const fold = (each: string): string => (spec.caseSensitive ? each : each.toLowerCase());
      return values.every((value) => fold(text).includes(fold(value)));
    }
  }
}

function naiveLike(text: string, pattern: string): boolean {
  if (pattern === '') return text === '';
  const [first, ...rest] = pattern;
  if (first === '%') {
    for (let i = 0; i <= text.length; i++) if (naiveLike(text.slice(i), rest.join(''))) return true;
    return false;
  }
  const [head, ...tail] = text;
  return head !== undefined && (first === '_' || first === head) && naiveLike(tail.join(''), rest.join(''));
}

function textOf(value: bigint | number | string, kind: Kinds[string]): string {
  if (typeof value !== 'number') return String(value);
  return kind === 'float' ? floatText(value) : doubleText(value);
}

/** Numbers of the tests are small and plainly written, so that Number reads them as Druid does. */
function sameText(value: bigint | number | string, wanted: string, kind: Kinds[string]): boolean {
  if (typeof value === 'string') return value === wanted;
  if (typeof value === 'bigint')
    return /^-?\d+(\.0+)?$/.test(wanted) && value === BigInt(wanted.replace(/\.0+$/, ''));
  const number = /^-?\d+(\.\d+)?$/.test(wanted) ? Number(wanted) : Number.NaN;
  return value === (kind === 'float' ? Math.fround(number) : number);
}

function inside(
  text: string,
  lower: string | undefined,
  upper: string | undefined,
  lowerOpen: boolean,
  upperOpen: boolean,
  compare: (a: string, b: string) => number,
): boolean {
  if (lower !== undefined && (compare(text, lower) < 0 || (lowerOpen && compare(text, lower) === 0)))
    return false;
  return upper === undefined || compare(text, upper) < 0 || (!upperOpen && compare(text, upper) === 0);
}

export function naiveAggregate(spec: Aggregator, rows: readonly Row[], kinds: Kinds): Single {
  switch (spec.type) {
    case 'count':
      return BigInt(rows.length);
    case 'filtered':
      return naiveAggregate(
        spec.aggregator,
        rows.filter((row) => naiveFilter(spec.filter, row, kinds) === 'true'),
        kinds,
      );
    case 'longSum':
    case 'doubleSum':
    case 'floatSum':
    case 'longMin':
    case 'longMax':
    case 'doubleMin':
    case 'doubleMax':
    case 'floatMin':
    case 'floatMax': {
      const values = rows
        .map((row) => {
          if (spec.expression !== undefined) return naiveExpression(spec.expression, row).value as Cell;
          return kinds[spec.fieldName] === undefined ? null : row[spec.fieldName];
        })
        .filter(isNumber);
      if (values.length === 0) return null;
      const isMin = spec.type.endsWith('Min');
      if (spec.type.startsWith('long')) {
        const longs = values.map((value) => (typeof value === 'bigint' ? value : doubleToLong(value)));
        if (spec.type === 'longSum')
          return BigInt.asIntN(
            64,
            longs.reduce((a, b) => a + b, 0n),
          );
        return longs.reduce((a, b) => (isMin === b < a ? b : a));
      }
      const doubles = values.map((value) =>
        spec.type.startsWith('float') ? Math.fround(Number(value)) : Number(value),
      );
      if (spec.type.endsWith('Sum')) return doubles.reduce((a, b) => a + b, 0);
      return doubles.reduce((a, b) => (isMin ? Math.min(a, b) : Math.max(a, b)));
    }
    case 'doubleMean': {
      const values = rows.map((row) => row[spec.fieldName] ?? null).filter(isNumber);
      return values.length === 0 ? 0 : values.map(Number).reduce((a, b) => a + b, 0) / values.length;
    }
    case 'longFirst':
    case 'doubleLast':
    case 'stringFirst':
    case 'stringLast': {
      const sign = spec.type.endsWith('First') ? 1 : -1;
      const sorted = [...rows].sort(
        (a, b) => sign * Number((a['__time'] as bigint) - (b['__time'] as bigint)),
      );
      return (sorted[0]?.[spec.fieldName] ?? null) as Single;
    }
    case 'expression': {
      let value: Value = expression(spec.initialValue).evaluate(() => nullValue);
      const { evaluate } = expression(spec.fold);
      for (const row of rows) {
        value = evaluate((name) =>
          name === spec.accumulatorIdentifier ? value : naiveExpression(`"${name}"`, row),
        );
      }
      return rows.length === 0 ? null : (value.value as Single);
    }
    default:
      throw new Error(`there is no plain form of aggregator[${spec.type}]`);
  }
}

function isNumber(cell: Cell | undefined): cell is bigint | number {
  return typeof cell === 'bigint' || typeof cell === 'number';
}
