/** Native filters on rows while they are read, with three-valued logic; types are those of the values found. */
import { CodedError } from '../../proto/errors.js';
import { columnsOf } from '../../query/expression/ast.js';
import { expression } from '../../query/expression/expression.js';
import { isTrue, long } from '../../query/expression/value.js';
import { orderKey } from '../../query/engine/numbers.js';
import {
  leafPredicate,
  matchesString,
  type LeafFilter,
  type NumberTest,
  type Predicate,
} from '../../query/engine/predicate.js';
import { doubleText } from '../../query/json/java-number.js';
import type { Filter } from '../../query/native/model.js';
import type { InputRow } from '../formats/row-reader.js';
import { scalarText } from '../values.js';
import { expressionValue } from './row-value.js';

/** Undefined = unknown. */
type Truth = boolean | undefined;
export type RowTest = (row: InputRow, timeMs: number) => Truth;

const TIME_COLUMN = '__time';

/** `columns` collects the fields that are read. Throws Unsupported for filters that have no meaning on rows. */
export function rowTest(filter: Filter, columns: Set<string>): RowTest {
  switch (filter.type) {
    case 'true':
      return () => true;
    case 'false':
      return () => false;
    case 'and':
    case 'or': {
      const tests = filter.fields.map((field) => rowTest(field, columns));
      return combined(tests, filter.type === 'or');
    }
    case 'not': {
      const inner = rowTest(filter.field, columns);
      return (row, timeMs) => {
        const truth = inner(row, timeMs);
        return truth === undefined ? undefined : !truth;
      };
    }
    case 'istrue':
    case 'isfalse': {
      const inner = rowTest(filter.field, columns);
      const wanted = filter.type === 'istrue';
      return (row, timeMs) => inner(row, timeMs) === wanted;
    }
    case 'expression':
      return byExpression(filter.expression, columns);
    case 'columnComparison':
    case 'arrayContainsElement':
    case 'arrayRange':
      throw unsupported(`filters of type[${filter.type}] can't be used while ingesting`);
    default:
      return leaf(filter, columns);
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

function unsupported(message: string): CodedError {
  return new CodedError('Unsupported', message, { field: 'filter' });
}

function byExpression(text: string, columns: Set<string>): RowTest {
  const { node, evaluate } = expression(text);
  columnsOf(node, columns);
  return (row, timeMs) => {
    const value = evaluate((name) =>
      name === TIME_COLUMN ? long(BigInt(timeMs)) : expressionValue(row, name),
    );
    return value.value === null ? undefined : isTrue(value);
  };
}

function leaf(filter: LeafFilter, columns: Set<string>): RowTest {
  if ('extractionFn' in filter && filter.extractionFn !== undefined) {
    throw unsupported("extraction functions can't be used while ingesting");
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
  const onNull = predicate.nullMatches ? true : predicate.nullIsFalse ? false : undefined;
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
