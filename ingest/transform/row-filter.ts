/** Native filters on rows while they are read, with three-valued logic; types are those of the values found. */
import { CodedError } from '../../proto/errors.js';
import { columnsOf } from '../../query/expression/ast.js';
import { expression, type ExpressionContext } from '../../query/expression/expression.js';
import { elementsOf, isTrue, long } from '../../query/expression/value.js';
import { valueMap } from '../../query/engine/columns/dimension-column.js';
import { extraction } from '../../query/engine/columns/extraction.js';
import { arrayRangeTest, hasElement, shareValues } from '../../query/engine/filter-cells.js';
import { orderKey } from '../../query/engine/numbers.js';
import {
  leafPredicate,
  matchesString,
  type LeafFilter,
  type NumberTest,
  type Predicate,
} from '../../query/engine/predicate.js';
import { doubleText } from '../../query/json/java-number.js';
import type { DimensionSpec, ExtractionFn, Filter } from '../../query/native/model.js';
import type { InputRow } from '../formats/row-reader.js';
import { scalarText } from '../values.js';
import { expressionValue } from './row-value.js';

/** Undefined = unknown. */
type Truth = boolean | undefined;
export type RowTest = (row: InputRow, timeMs: number) => Truth;

const TIME_COLUMN = '__time';

/** `columns` collects the fields that are read. Throws QueryFailed for a lookup that `lookups` does not know. */
export function rowTest(filter: Filter, columns: Set<string>, lookups: ExpressionContext): RowTest {
  switch (filter.type) {
    case 'true':
      return () => true;
    case 'false':
      return () => false;
    case 'and':
    case 'or': {
      const tests = filter.fields.map((field) => rowTest(field, columns, lookups));
      return combined(tests, filter.type === 'or');
    }
    case 'not': {
      const inner = rowTest(filter.field, columns, lookups);
      return (row, timeMs) => {
        const truth = inner(row, timeMs);
        return truth === undefined ? undefined : !truth;
      };
    }
    case 'istrue':
    case 'isfalse': {
      const inner = rowTest(filter.field, columns, lookups);
      const wanted = filter.type === 'istrue';
      return (row, timeMs) => inner(row, timeMs) === wanted;
    }
    case 'expression':
      return byExpression(filter.expression, columns, lookups);
    case 'columnComparison':
      return byComparison(filter.dimensions, columns, lookups);
    case 'arrayContainsElement':
      return byElement(filter, columns);
    case 'arrayRange':
      return byArray(filter, columns);
    case 'packed':
      throw new CodedError('Bug', 'filters of rows are not packed');
    default:
      return leaf(filter, columns, lookups);
  }
}

/** `decisive`: the truth of one part that settles the whole. */
function combined(tests: readonly RowTest[], decisive: boolean): RowTest {
  return (row, timeMs) => {
    let result: Truth = !decisive;
    for (const test of tests) {
      const truth = test(row, timeMs);
      if (truth === decisive) return decisive;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function byExpression(text: string, columns: Set<string>, lookups: ExpressionContext): RowTest {
  const { node, evaluate } = expression(text, lookups);
  columnsOf(node, columns);
  return (row, timeMs) => {
    const value = evaluate((name) =>
      name === TIME_COLUMN ? long(BigInt(timeMs)) : expressionValue(row, name),
    );
    return value.value === null ? undefined : isTrue(value);
  };
}

/** What a field holds as texts: null for no value. Time is milliseconds. */
function rowTexts(row: InputRow, timeMs: number, column: string): readonly (string | null)[] {
  if (column === TIME_COLUMN) return [String(timeMs)];
  const value = Object.hasOwn(row.fields, column) ? row.fields[column] : null;
  if (!Array.isArray(value)) return [textOf(value, row.doubleText(column))];
  if (value.length === 0) return [null];
  return value.map((item: unknown, i) => textOf(item, row.doubleText(column, i)));
}

function textOf(value: unknown, doubleText: string | undefined): string | null {
  return value === null || value === undefined ? null : (doubleText ?? scalarText(value));
}

function byComparison(
  dimensions: readonly DimensionSpec[],
  columns: Set<string>,
  lookups: ExpressionContext,
): RowTest {
  const readers = dimensions.map((spec) => {
    columns.add(spec.dimension);
    const map = valueMap(spec.steps ?? [], lookups);
    const late = spec.late === undefined ? undefined : textFunction(spec.late, lookups);
    return (row: InputRow, timeMs: number): readonly (string | null)[] => {
      const kept = rowTexts(row, timeMs, spec.dimension).flatMap((text) => {
        const made = map(text);
        return made === undefined ? [] : [late === undefined ? made : late(made)];
      });
      return kept.length === 0 ? [null] : kept;
    };
  });
  // Nulls are equal here, so nothing is unknown.
  return (row, timeMs) => shareValues(readers.map((read) => read(row, timeMs)));
}

function byElement(filter: Extract<Filter, { type: 'arrayContainsElement' }>, columns: Set<string>): RowTest {
  columns.add(filter.column);
  return (row, timeMs) => {
    const elements = arrayOf(row, timeMs, filter.column);
    return elements === undefined ? undefined : hasElement(elements, filter.element);
  };
}

function byArray(filter: Extract<Filter, { type: 'arrayRange' }>, columns: Set<string>): RowTest {
  columns.add(filter.column);
  const isInside = arrayRangeTest(filter);
  return (row, timeMs) => {
    const elements = arrayOf(row, timeMs, filter.column);
    return elements === undefined ? undefined : isInside(elements);
  };
}

/** A scalar is an array of one element; undefined: null. */
function arrayOf(row: InputRow, timeMs: number, column: string): readonly unknown[] | undefined {
  if (column === TIME_COLUMN) return [BigInt(timeMs)];
  const value = expressionValue(row, column);
  return value.value === null ? undefined : (elementsOf(value) ?? [value.value]);
}

function textFunction(fn: ExtractionFn, lookups: ExpressionContext): (text: string | null) => string | null {
  const extract = extraction(fn, lookups);
  return (text) => extract(text);
}

/** The filter on what a function makes of each value. */
function extracted(
  filter: LeafFilter,
  fn: ExtractionFn,
  columns: Set<string>,
  lookups: ExpressionContext,
): RowTest {
  const predicate = leafPredicate(filter);
  const { column } = predicate;
  columns.add(column);
  const extract = textFunction(fn, lookups);
  const test = valueTest(predicate);
  return (row, timeMs) => {
    let result: Truth = false;
    for (const text of rowTexts(row, timeMs, column)) {
      const truth = test(extract(text), false);
      if (truth === true) return true;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function leaf(filter: LeafFilter, columns: Set<string>, lookups: ExpressionContext): RowTest {
  if ('extractionFn' in filter && filter.extractionFn !== undefined) {
    return extracted(filter, filter.extractionFn, columns, lookups);
  }
  const predicate = leafPredicate(filter);
  const { column } = predicate;
  columns.add(column);
  const test = valueTest(predicate);
  if (column === TIME_COLUMN) return (_row, timeMs) => test(timeMs, false);
  return (row) => {
    const value = Object.hasOwn(row.fields, column) ? row.fields[column] : null;
    if (!Array.isArray(value)) return test(value, row.doubleText(column) !== undefined);
    if (value.length === 0) return test(null, false);
    // A list matches when one of its values does.
    let result: Truth = false;
    for (const [i, item] of value.entries()) {
      const truth = test(item, row.doubleText(column, i) !== undefined);
      if (truth === true) return true;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function valueTest(predicate: Predicate): (value: unknown, isDouble: boolean) => Truth {
  const strings = predicate.strings();
  const longs = keyTest(predicate.numbers('long'));
  const doubles = keyTest(predicate.numbers('double'));
  const onNull = predicate.nullMatches ? true : predicate.missingIsFalse ? false : undefined;
  return (value, isDouble) => {
    if (value === null || value === undefined) return onNull;
    if (typeof value === 'bigint' && longs !== undefined) return longs(value);
    if (typeof value === 'number') {
      const isLong = !isDouble && Number.isInteger(value);
      const test = isLong ? longs : doubles;
      if (test !== undefined) return test(isLong ? BigInt(value) : orderKey(value));
      if (!isLong) return matchesString(strings, doubleText(value));
    }
    return matchesString(strings, scalarText(value));
  };
}

/** Undefined: numbers are tested by their text. */
function keyTest(test: NumberTest): ((key: bigint) => boolean) | undefined {
  if (test.kind === 'text') return undefined;
  if (test.kind === 'ranges') return (key) => test.ranges.some(([low, high]) => key >= low && key <= high);
  const keys = new Set(test.keys);
  return (key) => keys.has(key);
}
