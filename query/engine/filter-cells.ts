/** Filters that look at rows one by one: columns against each other, and arrays. */
import type { ColumnView } from '../../segment/read/view.js';
import { asString, elementsOf, elementType, type Value } from '../expression/value.js';
import { floatText } from '../json/java-number.js';
import type { Constant, DimensionSpec, Filter } from '../native/model.js';
import { compareText } from '../sort/comparators.js';
import { cellReader } from './columns/cells.js';
import { dimensionColumn } from './columns/dimension-column.js';
import { wantedTest } from './columns/computed-views.js';
import { wordsOf, type Environment } from './environment.js';
import type { Mask } from './filter.js';
import { columnMask, setBits } from './filter-column.js';
import { leafPredicate } from './predicate.js';
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

/** Texts of a row's values; null and no value are [null]. */
function textReader(environment: Environment, column: ColumnView | undefined) {
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

export function comparisonMask(
  environment: Environment,
  dimensions: readonly DimensionSpec[],
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  const readers = dimensions.map((spec) => textReader(environment, dimensionColumn(environment, spec)));
  return rowMask(environment, span, {
    open: (start) => readers.forEach((reader) => reader.open(start)),
    test(row) {
      const lists = readers.map((reader) => reader.at(row));
      return (orUnknown && lists.some((list) => list.includes(null))) || shareValues(lists);
    },
  });
}

/** Each list has a text of the one before. */
export function shareValues(lists: readonly (readonly (string | null)[])[]): boolean {
  return lists.every((list, i) => i === 0 || list.some((text) => lists[i - 1]?.includes(text) === true));
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
  if (column === undefined || column.kind !== 'complex') {
    const asScalar: Filter & { type: 'null' | 'equals' } =
      element === null
        ? { type: 'null', column: filter.column }
        : { type: 'equals', column: filter.column, matchValueType: type, matchValue: element };
    return columnMask(environment, column, leafPredicate(asScalar), span, orUnknown);
  }
  const reader = cellReader(environment, column);
  return rowMask(environment, span, {
    open: (start) => reader.open(start),
    test(row) {
      const elements = elementsOf(reader.at(row));
      return elements === undefined ? orUnknown : hasElement(elements, element);
    },
  });
}

export function hasElement(elements: readonly unknown[], element: Constant | null): boolean {
  return elements.some((each) => compareElements(each, element) === 0);
}

export function arrayRangeMask(
  environment: Environment,
  filter: Of<'arrayRange'>,
  span: RowSpan,
  orUnknown: boolean,
): Mask {
  const reader = cellReader(environment, environment.segment.column(filter.column));
  const isInside = arrayRangeTest(filter);
  return rowMask(environment, span, {
    open: (start) => reader.open(start),
    test(row) {
      const value = reader.at(row);
      return value.value === null ? orUnknown : isInside(elementsOf(value) ?? [value.value]);
    },
  });
}

export function arrayRangeTest({
  lower,
  upper,
  lowerOpen,
  upperOpen,
}: Of<'arrayRange'>): (elements: readonly unknown[]) => boolean {
  return (elements) => {
    const low = lower === undefined ? 1 : compareArrays(elements, lower);
    const high = upper === undefined ? -1 : compareArrays(elements, upper);
    return (lowerOpen ? low > 0 : low >= 0) && (upperOpen ? high < 0 : high <= 0);
  };
}

function compareArrays(a: readonly unknown[], b: readonly (Constant | null)[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareElements(a[i], b[i] ?? null);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Null first; text by UTF-16 units, numbers by value; text against a number by the number's text. */
function compareElements(a: unknown, b: Constant | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  const isNumber = (value: unknown): value is bigint | number =>
    typeof value === 'bigint' || typeof value === 'number';
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  return compareText(String(a as string | number | bigint), String(b));
}
