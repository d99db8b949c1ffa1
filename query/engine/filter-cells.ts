/** Filters that look at rows one by one: columns against each other, and arrays. */
import type { ColumnView } from '../../segment/read/view.js';
import { castTo } from '../expression/cast.js';
import {
  asString,
  elementsOf,
  elementText,
  elementType,
  isComplex,
  type Json,
  unwrapJson,
  type Value,
} from '../expression/value.js';
import { CodedError } from '../../proto/errors.js';
import { doubleText, doubleToLong, floatText } from '../json/java-number.js';
import type { Constant, DimensionSpec, Filter, ValueType } from '../native/model.js';
import { comparatorOf, compareText } from '../sort/comparators.js';
import { cellReader, jsonOf } from './columns/cells.js';
import { dimensionColumn } from './columns/dimension-column.js';
import { wantedTest } from './columns/computed-views.js';
import { wordsOf, type Environment } from './environment.js';
import type { Mask } from './filter.js';
import { columnMask, setBits } from './filter-column.js';
import { leafPredicate, textRange } from './predicate.js';
import { forEachBlock, type RowSpan } from './rows.js';

interface RowTester {
  open(start: number): void;
  test(row: number): boolean;
}

/** Rows of the span, as far as they are wanted, that pass. */
function rowMask(environment: Environment, span: RowSpan, tester: RowTester): Mask {
  const { scratch, segment, check } = environment;
  const isWanted = wantedTest(environment);
  const bits = scratch.take(wordsOf(segment.rowCount) * 8);
  forEachBlock(span, segment.rowCount, (start, rows) => {
    check();
    tester.open(start);
    setBits(environment, bits + start / 8, rows, (row) => isWanted(start + row) && tester.test(row));
  });
  return { kind: 'bits', bits };
}

/** Texts of a row's values; null and a row of text without values are [null], an array is what it holds. */
function textReader(environment: Environment, column: ColumnView | undefined) {
  const isArray = column?.kind === 'complex' && column.typeName.startsWith('ARRAY<');
  if (column?.kind === 'complex' && !isArray) return { open: () => {}, at: () => [null] };
  if (isArray) return arrayTexts(column);
  const reader = cellReader(environment, column);
  const text = (value: Value): string | null =>
    column?.kind === 'float' && typeof value.value === 'number' ? floatText(value.value) : asString(value);
  return {
    open: (start: number): void => reader.open(start),
    at(row: number): readonly (string | null)[] {
      const value = reader.at(row);
      const elements = elementsOf(value);
      if (elements === undefined) return [text(value)];
      const type = elementType(value.type);
      if (elements.length === 0) return [null];
      return elements.map((each) => asString({ type, value: each as Value['value'] }));
    },
  };
}

/** Elements as they are stored: a whole number among doubles is printed as a long. What is no array is null. */
function arrayTexts(column: Extract<ColumnView, { kind: 'complex' }>) {
  let from = 0;
  return {
    open: (start: number): void => void (from = start),
    at(row: number): readonly (string | null)[] {
      const bytes = column.bytes(from + row);
      const elements = bytes === null ? null : jsonOf(bytes);
      if (!Array.isArray(elements)) return [null];
      return elements.map((each: Json) => (each === null ? null : elementText(each)));
    },
  };
}

/** Nulls are equal here, so nothing is unknown. */
export function comparisonMask(
  environment: Environment,
  dimensions: readonly DimensionSpec[],
  span: RowSpan,
): Mask {
  const readers = dimensions.map((spec) => textReader(environment, dimensionColumn(environment, spec)));
  return rowMask(environment, span, {
    open: (start) => readers.forEach((reader) => reader.open(start)),
    test(row) {
      return shareValues(readers.map((reader) => reader.at(row)));
    },
  });
}

/** Any two of the lists have a text in common, or both have none. */
export function shareValues(lists: readonly (readonly (string | null)[])[]): boolean {
  const overlap = (a: readonly (string | null)[], b: readonly (string | null)[]): boolean =>
    a.length === 0 ? b.length === 0 : a.some((text) => b.includes(text));
  return lists.every((list, i) => lists.every((other, j) => j >= i || overlap(list, other)));
}

type Of<T extends Filter['type']> = Extract<Filter, { type: T }>;

export function elementMask(
  environment: Environment,
  filter: Of<'arrayContainsElement'>,
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  const column = environment.segment.column(filter.column);
  const { element, elementType: type } = filter;
  if (column === undefined || column.kind !== 'complex')
    return scalarMask(environment, column, filter.column, type, element, span, orUnknown);
  const isDocument = column.typeName === 'json';
  if (!isDocument && !column.typeName.startsWith('ARRAY<'))
    return orUnknown ? { kind: 'all' } : { kind: 'none' };
  const reader = cellReader(environment, column);
  return rowMask(environment, span, {
    open: (start) => reader.open(start),
    test(row) {
      const value = reader.at(row);
      if (isDocument) {
        const elements = documentElements(value, element === null ? undefined : type);
        return elements === undefined ? orUnknown : hasElement(elements, element);
      }
      // A mixed column holds scalars too: arrays of one element.
      return value.value === null ? orUnknown : hasElement(elementsOf(value) ?? [value.value], element);
    },
  });
}

/** Of documents that are a list or a scalar, as values of a type; undefined: objects and nothing, of which nothing is known. */
function documentElements(document: Value, type: ValueType | undefined): readonly unknown[] | undefined {
  const found = unwrapJson(document);
  if (found.value === null || isComplex(found.type)) return undefined;
  const elements = elementsOf(found);
  const from = elements === undefined ? found.type : elementType(found.type);
  const all = elements ?? [found.value];
  if (type === undefined) return all;
  const target = type === 'FLOAT' ? 'DOUBLE' : type;
  return all.map((each) =>
    isComplex(from) ? null : castTo({ type: from, value: each as Value['value'] }, target).value,
  );
}

export function hasElement(elements: readonly unknown[], element: Constant | null): boolean {
  return elements.some((each) => compareElements(each, element) === 0);
}

/** An array of one element, null too, against values that are no arrays; null equals nothing. `isWhole`: the array itself. */
function scalarMask(
  environment: Environment,
  column: Exclude<ColumnView, { kind: 'complex' }> | undefined,
  name: string,
  type: ValueType,
  element: Constant | null,
  span: RowSpan,
  orUnknown: boolean,
  isWhole = false,
): Mask {
  if (element !== null) {
    // Looked at row by row, text is compared with the number's text.
    const byText = column?.kind === 'string' && (isWhole || environment.byIndex !== true);
    const equal = leafPredicate(
      byText
        ? { type: 'equals', column: name, matchValueType: 'STRING', matchValue: asText(element) }
        : { type: 'equals', column: name, matchValueType: type, matchValue: element },
    );
    return columnMask(environment, column, equal, span, orUnknown);
  }
  return orUnknown
    ? columnMask(environment, column, leafPredicate({ type: 'null', column: name }), span, false)
    : { kind: 'none' };
}

export function arrayRangeMask(
  environment: Environment,
  filter: Of<'arrayRange'>,
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  const column = environment.segment.column(filter.column);
  if (filter.isEquality === true && column?.kind !== 'complex') {
    const only = filter.lower?.length === 1 ? (filter.lower[0] ?? null) : null;
    return scalarMask(environment, column, filter.column, filter.elementType, only, span, orUnknown, true);
  }
  if (column?.kind !== 'complex' || !column.typeName.startsWith('ARRAY<'))
    return textRangeMask(environment, column, filter, span, orUnknown);
  const isText = column.typeName === 'ARRAY<STRING>';
  const ends = (list: typeof filter.lower, isCeiling: boolean): typeof filter.lower =>
    list?.map((each) => (isText ? each : asElement(each, column, isCeiling)));
  // Between numbers text counts as a number; as a whole it is compared with their text.
  const compare = isText && filter.isEquality !== true ? comparatorOf('numeric') : compareText;
  const reader = cellReader(environment, column);
  const isInside = arrayRangeTest(
    {
      ...filter,
      lower: ends(filter.lower, !filter.lowerOpen),
      upper: ends(filter.upper, filter.upperOpen),
    },
    compare,
  );
  return rowMask(environment, span, {
    open: (start) => reader.open(start),
    test(row) {
      const value = reader.at(row);
      return value.value === null ? orUnknown : isInside(elementsOf(value) ?? [value.value]);
    },
  });
}

export function arrayRangeTest(
  { lower, upper, lowerOpen, upperOpen }: Of<'arrayRange'>,
  compare: CompareText = compareText,
): (elements: readonly unknown[]) => boolean {
  return (elements) => {
    const low = lower === undefined ? 1 : compareArrays(elements, lower, compare);
    const high = upper === undefined ? -1 : compareArrays(elements, upper, compare);
    return (lowerOpen ? low > 0 : low >= 0) && (upperOpen ? high < 0 : high <= 0);
  };
}

/**
 * Ends that are arrays against values that are none: an end of one element is its text, with which the text of the
 * values is compared. A document has no text and is unknown.
 */
function textRangeMask(
  environment: Environment,
  column: ColumnView | undefined,
  { column: name, lower, upper, lowerOpen, upperOpen, isEquality }: Of<'arrayRange'>,
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  if (column?.kind === 'complex' && isEquality === true) {
    const reader = cellReader(environment, column);
    const open = (start: number): void => reader.open(start);
    const test = (row: number): boolean => reader.at(row).value === null;
    return orUnknown ? rowMask(environment, span, { open, test }) : { kind: 'none' };
  }
  if (column === undefined) return orUnknown ? { kind: 'all' } : { kind: 'none' };
  const test = textRange(name, { lower: loneText(lower), upper: loneText(upper), lowerOpen, upperOpen });
  return columnMask(environment, column.kind === 'complex' ? undefined : column, test, span, orUnknown);
}

function loneText(end: readonly (Constant | null)[] | undefined): string | undefined {
  if (end === undefined) return undefined;
  const [only] = end;
  if (end.length !== 1 || only === undefined || only === null) {
    throw new CodedError('QueryFailed', 'an array of several elements has no text', {
      errorClass: 'org.apache.druid.segment.column.Types$InvalidCastException',
    });
  }
  return asText(only);
}

/** An end of a range over arrays of numbers: text as it reads, for longs the next whole number or what is left of it. */
function asElement(
  each: Constant | null,
  column: Extract<ColumnView, { kind: 'complex' }>,
  isCeiling: boolean,
): Constant | null {
  if (each === null) return null;
  const type = column.typeName === 'ARRAY<LONG>' ? 'LONG' : 'DOUBLE';
  const value: Value =
    typeof each === 'string'
      ? { type: 'STRING', value: each }
      : { type: typeof each === 'bigint' ? 'LONG' : 'DOUBLE', value: each };
  if (type === 'LONG' && isCeiling && typeof each !== 'bigint') {
    const double = castTo(value, 'DOUBLE').value;
    return typeof double === 'number' ? doubleToLong(Math.ceil(double)) : null;
  }
  return castTo(value, type).value as bigint | number | null;
}

type CompareText = (a: string, b: string) => number;

function compareArrays(a: readonly unknown[], b: readonly (Constant | null)[], compare: CompareText): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareElements(a[i], b[i] ?? null, compare);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Null first; text by UTF-16 units, numbers by value; text against a number as `compare` says. */
function compareElements(a: unknown, b: Constant | null, compare: CompareText = compareText): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  const isNumber = (value: unknown): value is bigint | number =>
    typeof value === 'bigint' || typeof value === 'number';
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return compare(asText(a), asText(b));
}

function asText(value: unknown): string {
  return typeof value === 'number' ? doubleText(value) : String(value as string | bigint);
}
