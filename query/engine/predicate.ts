/**
 * One column's filter as a predicate on values: on strings, on numbers (ranges and sets of order keys) and on null.
 * A predicate on null that does not match is unknown, or false where it says so: Druid's bounds over text know two
 * values of truth only, except where ranges of its sorted dictionary answer them. Indexes answer a query's own filter;
 * a filtered aggregator looks at its rows.
 */
import { CodedError } from '../../proto/errors.js';
import type { Constant, Filter } from '../native/model.js';
import { compilePattern } from '../regex/pattern.js';
import { exactLike, likeMatcher } from './like.js';
import { ceilOf, fitsLong, floorOf, longLimits, orderKey, parseDouble, parseLong } from './numbers.js';
import { parseLongText } from '../expression/number-text.js';
import { doubleText, doubleToLong } from '../json/java-number.js';
import { searchMatcher } from '../native/search-spec.js';
import { comparatorOf, compareText } from '../sort/comparators.js';

type Compound =
  | 'true'
  | 'false'
  | 'and'
  | 'or'
  | 'not'
  | 'istrue'
  | 'isfalse'
  | 'expression'
  | 'columnComparison'
  | 'arrayContainsElement'
  | 'arrayRange'
  | 'packed';

/** Filters that test one value at a time. */
export type LeafFilter = Exclude<Filter, { type: Compound }>;

/** How strings are tested: by a set of values, a range in lexicographic order, or one by one. */
export type StringTest =
  | { readonly kind: 'set'; readonly values: TextSet }
  | {
      readonly kind: 'range';
      readonly lower: string | undefined;
      readonly upper: string | undefined;
      readonly lowerOpen: boolean;
      readonly upperOpen: boolean;
    }
  | { readonly kind: 'test'; readonly matches: (value: string) => boolean };

/** Texts that pass. Which they are is often asked without asking for single ones: the hash table is made when it is. */
export class TextSet {
  readonly list: readonly string[];
  #set: ReadonlySet<string> | undefined;

  constructor(list: readonly string[]) {
    this.list = list;
  }
  has(text: string): boolean {
    this.#set ??= new Set(this.list);
    return this.#set.has(text);
  }
}

/** How numbers are tested: order keys (longs as they are) in inclusive ranges or a set, or by their text. */
export type NumberTest =
  | { readonly kind: 'ranges'; readonly ranges: readonly (readonly [bigint, bigint])[] }
  | { readonly kind: 'set'; readonly keys: BigInt64Array }
  | { readonly kind: 'text' };

export interface Predicate {
  readonly column: string;
  readonly strings: () => StringTest;
  readonly numbers: (kind: 'long' | 'double' | 'float') => NumberTest;
  readonly nullMatches: boolean;
  /** Null rows of numeric columns; differs for bounds without a lower end. */
  readonly nullMatchesInNumbers: boolean;
  readonly nullTextIsFalse: boolean;
  /** An index of texts does not know of null what the rows say is false. */
  readonly nullIsUnknownToIndex?: boolean;
  /** As an index of numbers has it; absent: as the rows have it. */
  readonly nullMatchesInIndex?: boolean;
  readonly nullNumberIsFalse: boolean;
  /** Rows of a column that is not there, and of rows outside segments. */
  readonly missingIsFalse: boolean;
  /** The only texts that pass, when there are such: what an index of values is asked for, one by one. */
  readonly exactTexts?: readonly string[];
  /** Selected texts: where no number of the column's type reads as one of them, rows looked at one by one pass as null. */
  readonly selected?: readonly string[];
  /** Some text is no number: an index of numbers is asked for null in its place. */
  readonly hasUnreadable?: (kind: NumberKind) => boolean;
}

/** A text that no number of the kind has. */
export function isUnreadable(text: string, kind: NumberKind): boolean {
  return readKeys(text, kind) === undefined;
}

type NumberKind = 'long' | 'double' | 'float';
const nothing: NumberTest = { kind: 'ranges', ranges: [] };

/** Of long lists: made once for all segments that are asked. */
const known = new WeakMap<LeafFilter, Predicate>();

export function leafPredicate(filter: LeafFilter): Predicate {
  let predicate = known.get(filter);
  if (predicate === undefined) {
    predicate = predicateOf(filter);
    if ('values' in filter) known.set(filter, predicate);
  }
  return predicate;
}

function predicateOf(filter: LeafFilter): Predicate {
  switch (filter.type) {
    case 'selector':
      return filter.value === null
        ? isNull(filter.dimension)
        : selectedTexts(filter.dimension, [filter.value]);
    case 'anyOf':
      return filter.matchValueType === undefined
        ? selectedTexts(filter.column, filter.values.map(String))
        : equalTo(filter.column, filter.values);
    case 'in': {
      const values = filter.values.filter((value) => value !== null);
      return valueSet(filter.dimension, values, values.length < filter.values.length);
    }
    case 'null':
      return isNull(filter.column);
    case 'equals':
      return equalTo(filter.column, [filter.matchValue]);
    case 'range':
      return typedRange(filter);
    case 'inType':
      return typedIn(filter);
    case 'bound':
      return bound(filter);
    case 'like': {
      const matches = likeMatcher(filter.pattern, filter.escape);
      const exact = exactLike(filter.pattern, filter.escape);
      const test = byText(filter.dimension, { kind: 'test', matches });
      return exact === undefined ? test : { ...test, exactTexts: [exact] };
    }
    case 'interval':
      return inIntervals(filter);
    case 'regex': {
      const pattern = compilePattern(filter.pattern);
      return byText(filter.dimension, {
        kind: 'test',
        matches: (value) => pattern.find(value) !== undefined,
      });
    }
    case 'search':
      return byText(filter.dimension, { kind: 'test', matches: searchMatcher(filter.query) });
  }
}

/** Equality with a number or its text; null is unknown. */
export function equalsNumber(column: string, value: bigint): Predicate {
  return valueSet(column, [String(value)], false);
}

function selectedTexts(column: string, texts: readonly string[]): Predicate {
  return { ...valueSet(column, texts, false), exactTexts: texts, selected: texts };
}

function isNull(column: string): Predicate {
  return {
    column,
    strings: () => ({ kind: 'set', values: new TextSet([]) }),
    numbers: () => nothing,
    nullMatches: true,
    nullMatchesInNumbers: true,
    ...falseNull(true),
  };
}

type NullIsFalse = Pick<Predicate, 'nullTextIsFalse' | 'nullNumberIsFalse' | 'missingIsFalse'>;
const falseNull = (is: boolean): NullIsFalse => ({
  nullTextIsFalse: is,
  nullNumberIsFalse: is,
  missingIsFalse: is,
});
const unknownNull = { nullMatches: false, nullMatchesInNumbers: false, ...falseNull(false) } as const;

function byText(column: string, test: StringTest): Predicate {
  return { column, strings: () => test, numbers: () => ({ kind: 'text' }), ...unknownNull };
}

function valueSet(column: string, values: readonly string[], withNull: boolean): Predicate {
  return {
    column,
    strings: once(() => ({ kind: 'set', values: new TextSet(values) })),
    numbers: onceEach((kind) => numberSet(values.map((value) => readKeys(value, kind)))),
    nullMatches: withNull,
    nullMatchesInNumbers: withNull,
    ...falseNull(withNull || values.length === 0),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function onceEach(make: (kind: NumberKind) => NumberTest): (kind: NumberKind) => NumberTest {
  const made: Partial<Record<NumberKind, NumberTest>> = {};
  return (kind) => (made[kind] ??= make(kind));
}

type KeyRange = readonly [bigint, bigint];

/** The keys equal to a value's text, or undefined when it is no such number. Zero equals minus zero. */
function readKeys(text: string, kind: NumberKind): KeyRange | undefined {
  if (kind === 'long') {
    const value = parseLong(text);
    return value === undefined ? undefined : [value, value];
  }
  const value = parseDouble(text);
  return value === undefined ? undefined : doubleKeys(kind === 'float' ? Math.fround(value) : value);
}

function doubleKeys(value: number): KeyRange {
  if (value === 0) return [orderKey(-0), orderKey(0)];
  return [orderKey(value), orderKey(value)];
}

function numberSet(found: readonly (KeyRange | undefined)[]): NumberTest {
  const ranges = found.filter((range) => range !== undefined);
  if (ranges.length <= 2) return { kind: 'ranges', ranges };
  const keys = new BigInt64Array(ranges.length * 2);
  let used = 0;
  for (const [low, high] of ranges) {
    keys[used++] = low;
    if (high !== low) keys[used++] = high;
  }
  return { kind: 'set', keys: keys.subarray(0, used).sort() };
}

function textOf(value: Constant): string {
  return typeof value === 'number' ? doubleText(value) : String(value);
}

/** Equality with one of several values of a type. */
function equalTo(column: string, values: readonly Constant[]): Predicate {
  const texts = values.filter((value) => typeof value === 'string');
  const numbers = new Set(values.filter((value) => typeof value !== 'string' && !Number.isNaN(value)));
  const isLong = typeof values[0] === 'bigint';
  const isSame = (text: string): boolean => {
    const number = isLong ? parseLong(text) : parseDouble(text);
    return number !== undefined && numbers.has(number);
  };
  return {
    column,
    strings: once(() =>
      texts.length > 0 ? { kind: 'set', values: new TextSet(texts) } : { kind: 'test', matches: isSame },
    ),
    numbers: onceEach((kind) => numberSet(values.map((value) => constantKeys(value, kind)))),
    ...unknownNull,
  };
}

/** As the expression language casts: "true" is one. */
function numberText(text: string): string {
  const lower = text.toLowerCase();
  return lower === 'true' ? '1' : lower === 'false' ? '0' : text;
}

/** The keys a constant equals in a numeric column; undefined when the column's type can't hold it exactly. */
function constantKeys(value: Constant, kind: NumberKind): KeyRange | undefined {
  if (typeof value === 'string') return readKeys(numberText(value), kind);
  if (kind === 'long') {
    if (typeof value === 'bigint') return [value, value];
    if (!Number.isInteger(value)) return undefined;
    const whole = BigInt(value);
    return fitsLong(whole) ? [whole, whole] : undefined;
  }
  const number = Number(value);
  return doubleKeys(kind === 'float' ? Math.fround(number) : number);
}

/** A long is compared with what is left of the values without a fraction; text with what it reads as. */
function typedIn({ column, matchValueType, values }: Extract<Filter, { type: 'inType' }>): Predicate {
  const known = values.filter((value) => value !== null);
  const keys = onceEach((kind): NumberTest => {
    if (kind !== 'long') {
      return numberSet(
        known.map((value) => (typeof value === 'string' ? readKeys(value, kind) : constantKeys(value, kind))),
      );
    }
    const whole = (value: Constant): bigint | undefined =>
      typeof value === 'string' ? parseLong(value) : typeof value === 'number' ? doubleToLong(value) : value;
    return numberSet(
      known.map((value): KeyRange | undefined => {
        const long = whole(value);
        return long === undefined ? undefined : [long, long];
      }),
    );
  });
  const readable = <T>(read: (text: string) => T | undefined, wanted: ReadonlySet<unknown>) => {
    return (text: string): boolean => {
      const value = read(text);
      return value !== undefined && wanted.has(value);
    };
  };
  const strings = (): StringTest =>
    matchValueType === 'STRING'
      ? { kind: 'set', values: new TextSet(known.map(String)) }
      : matchValueType === 'LONG'
        ? { kind: 'test', matches: readable(parseLongText, new Set(known)) }
        : { kind: 'test', matches: readable(parseDouble, new Set(known.map(Number))) };
  const withNull = known.length < values.length;
  return {
    column,
    strings: once(strings),
    numbers: keys,
    nullMatches: withNull,
    nullMatchesInNumbers: withNull,
    ...falseNull(withNull),
    hasUnreadable: (kind) =>
      known.some((value) => typeof value === 'string' && readKeys(value, kind) === undefined),
  };
}

interface Ends<T> {
  readonly lower: T | undefined;
  readonly upper: T | undefined;
  readonly lowerOpen: boolean;
  readonly upperOpen: boolean;
}

function typedRange(filter: Extract<Filter, { type: 'range' }>): Predicate {
  const { column, lower, upper, lowerOpen, upperOpen } = filter;
  const asText: Ends<string> = {
    lower: lower === undefined ? undefined : textOf(lower),
    upper: upper === undefined ? undefined : textOf(upper),
    lowerOpen,
    upperOpen,
  };
  if (filter.matchValueType === 'STRING') return textRange(column, asText);
  return {
    column,
    strings: () => ({ kind: 'test', matches: between(asText, comparatorOf('numeric')) }),
    numbers: (kind) => rangeTest(asText, kind),
    ...unknownNull,
  };
}

/** Texts in lexicographic order; numbers by their text. */
export function textRange(column: string, ends: Ends<string>): Predicate {
  return byText(column, { kind: 'range', ...ends });
}

/** A range with numeric ends given as text. Unreadable ends lie below every number. */
function rangeTest(ends: Ends<string>, kind: NumberKind): NumberTest {
  const range = kind === 'long' ? longRange(ends) : doubleRange(ends, kind);
  return range === undefined || range[0] > range[1] ? nothing : { kind: 'ranges', ranges: [range] };
}

/** Of a bound the ends for longs are decimal numbers: any other lower end is none, and no long is below any other upper. */
function boundTest(ends: Ends<string>, kind: NumberKind): NumberTest {
  if (kind !== 'long') return rangeTest(ends, kind);
  const { upper } = ends;
  if (upper !== undefined && floorOf(upper) === undefined) return nothing;
  const lower = ends.lower === undefined || floorOf(ends.lower) === undefined ? undefined : ends.lower;
  return rangeTest({ ...ends, lower }, kind);
}

function longRange({ lower, upper, lowerOpen, upperOpen }: Ends<string>): KeyRange | undefined {
  let low: bigint = longLimits.min;
  let high: bigint = longLimits.max;
  if (lower !== undefined) {
    const least = lowerOpen ? addOne(floorOrInfinity(lower)) : ceilOrInfinity(lower);
    if (least !== undefined && least > low) low = least;
  }
  if (upper !== undefined) {
    const most = upperOpen ? subtractOne(ceilOrInfinity(upper)) : floorOrInfinity(upper);
    if (most === undefined) return undefined;
    if (most < high) high = most;
  }
  return low > longLimits.max || high < longLimits.min ? undefined : [low, high];
}

const addOne = (value: bigint | undefined): bigint | undefined =>
  value === undefined ? undefined : value + 1n;
const subtractOne = (value: bigint | undefined): bigint | undefined =>
  value === undefined ? undefined : value - 1n;

function infinity(text: string): bigint | undefined {
  const value = parseDouble(text);
  if (value === undefined || Number.isFinite(value)) return undefined;
  return value < 0 ? longLimits.min - 1n : longLimits.max + 1n;
}
const floorOrInfinity = (text: string): bigint | undefined => floorOf(text) ?? infinity(text);
const ceilOrInfinity = (text: string): bigint | undefined => ceilOf(text) ?? infinity(text);

function doubleRange(ends: Ends<string>, kind: NumberKind): KeyRange | undefined {
  const read = (text: string): bigint | undefined => {
    const value = parseDouble(text);
    return value === undefined ? undefined : orderKey(kind === 'float' ? Math.fround(value) : value);
  };
  const low = ends.lower === undefined ? undefined : read(ends.lower);
  const high = ends.upper === undefined ? longLimits.max : read(ends.upper);
  if (high === undefined) return undefined;
  return [
    low === undefined ? longLimits.min : ends.lowerOpen ? low + 1n : low,
    ends.upper !== undefined && ends.upperOpen ? high - 1n : high,
  ];
}

function between(
  { lower, upper, lowerOpen, upperOpen }: Ends<string>,
  compare: (a: string, b: string) => number,
) {
  return (value: string): boolean => {
    if (lower !== undefined) {
      const order = compare(value, lower);
      if (lowerOpen ? order <= 0 : order < 0) return false;
    }
    if (upper === undefined) return true;
    const order = compare(value, upper);
    return upperOpen ? order < 0 : order <= 0;
  };
}

/**
 * A bound without a lower end matches null strings; null numbers match it only where an index is asked for numbers.
 * Else null fails it, but is unknown to an index of sorted texts.
 */
function bound(filter: Extract<Filter, { type: 'bound' }>): Predicate {
  const { dimension, ordering } = filter;
  const ends: Ends<string> = {
    lower: filter.lower,
    upper: filter.upper,
    lowerOpen: filter.lowerStrict,
    upperOpen: filter.upperStrict,
  };
  if (ordering === 'natural') {
    throw new CodedError('Unsupported', 'ordering[natural] of a bound filter is not supported', {
      field: 'ordering',
    });
  }
  const test: StringTest =
    ordering === 'lexicographic'
      ? { kind: 'range', ...ends }
      : { kind: 'test', matches: between(ends, comparatorOf(ordering)) };
  const isOpenBelow =
    ordering === 'numeric' && filter.lower === undefined && parseDouble(filter.upper ?? '') !== undefined;
  return {
    column: dimension,
    strings: () => test,
    numbers: (kind) => (ordering === 'numeric' ? boundTest(ends, kind) : { kind: 'text' }),
    nullMatches: filter.lower === undefined,
    nullMatchesInNumbers: false,
    nullTextIsFalse: true,
    nullIsUnknownToIndex: ordering === 'lexicographic' && filter.extractionFn === undefined,
    ...(isOpenBelow ? { nullMatchesInIndex: true } : {}),
    nullNumberIsFalse: false,
    missingIsFalse: true,
  };
}

/** Druid makes numeric bounds of the intervals: text is compared as the number it reads as, 2.5 too. */
function inIntervals(filter: Extract<Filter, { type: 'interval' }>): Predicate {
  const ranges = filter.intervals
    .filter(({ startMs, endMs }) => startMs < endMs)
    .map(({ startMs, endMs }): KeyRange => [BigInt(Math.ceil(startMs)), BigInt(Math.ceil(endMs)) - 1n]);
  const compare = comparatorOf('numeric');
  const tests = ranges.map(([low, high]) =>
    between({ lower: String(low), upper: String(high + 1n), lowerOpen: false, upperOpen: true }, compare),
  );
  return {
    column: filter.dimension,
    strings: () => ({ kind: 'test', matches: (text) => tests.some((isInside) => isInside(text)) }),
    numbers: (kind) => {
      if (kind === 'long') return { kind: 'ranges', ranges };
      return {
        kind: 'ranges',
        ranges: ranges.map(([low, high]) => [orderKey(Number(low)), orderKey(Number(high) + 1) - 1n]),
      };
    },
    ...unknownNull,
    nullTextIsFalse: true,
    missingIsFalse: true,
  };
}

/** Tests a string outside any dictionary. */
export function matchesString(test: StringTest, value: string): boolean {
  switch (test.kind) {
    case 'set':
      return test.values.has(value);
    case 'range':
      return between(test, compareText)(value);
    case 'test':
      return test.matches(value);
  }
}

export function unsupportedColumn(column: string, typeName: string): CodedError {
  return new CodedError('Unsupported', `filter on column[${column}] of type[${typeName}] is not supported`);
}
