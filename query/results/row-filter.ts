/** Filters and having specs over rows of a result, with three-valued logic. */
import { CodedError } from '../../proto/errors.js';
import { extraction } from '../engine/columns/extraction.js';
import {
  isUnreadable,
  leafPredicate,
  type LeafFilter,
  type NumberTest,
  type Predicate,
  type StringTest,
} from '../engine/predicate.js';
import { arrayRangeTest, hasElement } from '../engine/filter-cells.js';
import { orderKey } from '../engine/numbers.js';
import { columnsOf } from '../expression/ast.js';
import { expression, type ExpressionContext } from '../expression/expression.js';
import { elementsOf, isTrue } from '../expression/value.js';
import type { Filter, Having } from '../native/model.js';
import { compareText } from '../sort/comparators.js';
import { type Cell, cellText, type Output } from './output.js';
import { cellValue } from './post-aggregation.js';

/** Undefined = unknown. */
type Truth = boolean | undefined;
type RowTest = (row: number) => Truth;
type Read = (name: string) => Output;

/** What a filter looks at: the columns of a result, and the lookups that come with the query. */
interface Scope {
  readonly read: Read;
  readonly lookups: ExpressionContext;
}

/** Rows for which the having spec holds (unknown is not). */
export function havingTest(
  having: Having,
  read: Read,
  lookups: ExpressionContext = {},
): (row: number) => boolean {
  const test = compileHaving(having, { read, lookups });
  return (row) => test(row) === true;
}

function compileHaving(having: Having, scope: Scope): RowTest {
  const { read } = scope;
  switch (having.type) {
    case 'always':
      return () => true;
    case 'never':
      return () => false;
    case 'and':
      return all(having.havingSpecs.map((spec) => compileHaving(spec, scope)));
    case 'or':
      return any(having.havingSpecs.map((spec) => compileHaving(spec, scope)));
    case 'not': {
      // Plain negation: having specs other than filters know no unknown.
      const inner = compileHaving(having.havingSpec, scope);
      return (row) => inner(row) !== true;
    }
    case 'filter':
      return filterTest(having.filter, scope);
    case 'dimSelector': {
      // The empty text and null are the same here.
      const output = read(having.dimension);
      const value = having.value ?? '';
      return (row) => (cellText(output.at(row), output.type) ?? '') === value;
    }
    case 'equalTo':
    case 'greaterThan':
    case 'lessThan':
      return metricTest(having, read(having.aggregation));
  }
}

type MetricHaving = Extract<Having, { type: 'equalTo' | 'greaterThan' | 'lessThan' }>;

function metricTest(having: MetricHaving, output: Output): RowTest {
  const holds = { equalTo: 0, greaterThan: 1, lessThan: -1 }[having.type];
  return (row) => {
    const cell = numberOf(output.at(row));
    return cell !== null && compareNumbers(cell, having.value) === holds;
  };
}

/** Exact between bigint and number; NaN compares with nothing. */
function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number.isNaN(Number(a)) || Number.isNaN(Number(b)) ? Number.NaN : 0;
}

function numberOf(cell: Cell): number | bigint | null {
  if (typeof cell !== 'string') return cell;
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(cell) ? Number(cell) : null;
}

/** A filter over output columns; columns that are not there are null. */
function filterTest(filter: Filter, scope: Scope): RowTest {
  const { read } = scope;
  switch (filter.type) {
    case 'true':
      return () => true;
    case 'false':
      return () => false;
    case 'and':
      return all(filter.fields.map((field) => filterTest(field, scope)));
    case 'or':
      return any(filter.fields.map((field) => filterTest(field, scope)));
    case 'not': {
      const inner = filterTest(filter.field, scope);
      return (row) => {
        const truth = inner(row);
        return truth === undefined ? undefined : !truth;
      };
    }
    case 'istrue':
    case 'isfalse': {
      const inner = filterTest(filter.field, scope);
      const wanted = filter.type === 'istrue';
      return (row) => inner(row) === wanted;
    }
    case 'expression':
      return expressionTest(filter.expression, scope);
    case 'columnComparison': {
      const outputs = filter.dimensions.map(({ dimension }) => read(dimension));
      return (row) => new Set(outputs.map((output) => cellText(output.at(row), output.type))).size === 1;
    }
    case 'arrayContainsElement': {
      const { element } = filter;
      return listTest(read(filter.column), (elements) => hasElement(elements, element));
    }
    case 'arrayRange':
      return listTest(read(filter.column), arrayRangeTest(filter));
    case 'packed':
      throw new CodedError('Unsupported', `a filter of type[${filter.type}] on results is not supported`);
    default: {
      const predicate = leafPredicate(filter);
      const output = extracted(filter, read(predicate.column), scope);
      const numeric = output.type !== 'STRING';
      const onNull = (numeric ? nullNumberMatches(predicate, output) : predicate.nullMatches)
        ? true
        : (numeric ? predicate.nullNumberIsFalse : predicate.missingIsFalse)
          ? false
          : undefined;
      const matches = valueTest(predicate, output);
      return (row) => {
        const cell = output.at(row);
        return cell === null ? onNull : matches(cell);
      };
    }
  }
}

/** What is no list is one of one element; of nothing nothing is known. */
function listTest(output: Output, holds: (elements: readonly unknown[]) => boolean): RowTest {
  return (row) => {
    const found = cellValue(output, row);
    return found.value === null ? undefined : holds(elementsOf(found) ?? [found.value]);
  };
}

/** A selected text that no number of the type reads as stands for null. */
function nullNumberMatches({ nullMatchesInNumbers, selected }: Predicate, { type }: Output): boolean {
  return nullMatchesInNumbers || selected?.some((text) => isUnreadable(text, numberKind(type))) === true;
}

function numberKind(type: Output['type']): 'long' | 'float' | 'double' {
  return type === 'LONG' ? 'long' : type === 'FLOAT' ? 'float' : 'double';
}

/** What the filter's extraction function makes of the values. */
function extracted(filter: LeafFilter, output: Output, { lookups }: Scope): Output {
  const fn = 'extractionFn' in filter ? filter.extractionFn : undefined;
  if (fn === undefined) return output;
  const apply = extraction(fn, lookups);
  return { ...output, type: 'STRING', at: (row) => apply(cellText(output.at(row), output.type)) };
}

function expressionTest(text: string, { read, lookups }: Scope): RowTest {
  const { node, evaluate } = expression(text, lookups);
  const outputs = new Map([...columnsOf(node)].map((name) => [name, read(name)]));
  return (row) => {
    const value = evaluate((name) => cellValue(outputs.get(name), row));
    return value.value === null ? undefined : isTrue(value);
  };
}

function all(tests: readonly RowTest[]): RowTest {
  return (row) => {
    let result: Truth = true;
    for (const test of tests) {
      const truth = test(row);
      if (truth === false) return false;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function any(tests: readonly RowTest[]): RowTest {
  return (row) => {
    let result: Truth = false;
    for (const test of tests) {
      const truth = test(row);
      if (truth === true) return true;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function valueTest(predicate: Predicate, output: Output): (cell: Exclude<Cell, null>) => boolean {
  const onText = (): ((cell: Exclude<Cell, null>) => boolean) => {
    const test = textTest(predicate.strings());
    return (cell) => test(cellText(cell, output.type) ?? '');
  };
  if (output.type === 'STRING') return onText();
  const test = predicate.numbers(numberKind(output.type));
  if (test.kind === 'text') return onText();
  const holds = keyTest(test);
  return (cell) => holds(typeof cell === 'bigint' ? cell : orderKey(Number(cell)));
}

function keyTest(test: Exclude<NumberTest, { kind: 'text' }>): (key: bigint) => boolean {
  if (test.kind === 'set') {
    const keys = new Set(test.keys);
    return (key) => keys.has(key);
  }
  return (key) => test.ranges.some(([low, high]) => key >= low && key <= high);
}

function textTest(test: StringTest): (text: string) => boolean {
  switch (test.kind) {
    case 'set':
      return (text) => test.values.has(text);
    case 'test':
      return test.matches;
    case 'range': {
      const { lower, upper, lowerOpen, upperOpen } = test;
      return (text) => {
        const low = lower === undefined ? 1 : compareText(text, lower);
        const high = upper === undefined ? -1 : compareText(text, upper);
        return (lowerOpen ? low > 0 : low >= 0) && (upperOpen ? high < 0 : high <= 0);
      };
    }
  }
}
