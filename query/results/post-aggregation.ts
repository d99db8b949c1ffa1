/** Post-aggregators as columns computed from other columns, with Druid's rules for nulls and types. */
import { CodedError } from '../../proto/errors.js';
import { exactJsonText } from '../../segment/format/json.js';
import { expressionType } from '../engine/columns/expression-type.js';
import { castTo } from '../expression/cast.js';
import { expression, type ExpressionContext } from '../expression/expression.js';
import { valueOrder } from '../expression/value-order.js';
import { compareDoubles } from '../expression/operators.js';
import { asString, elementsOf, isArrayType, isComplex, nullValue, type Value } from '../expression/value.js';
import { doubleJson, doubleToLong } from '../json/java-number.js';
import type { PostAggregator } from '../native/model.js';
import { cellJson } from './aggregates.js';
import { type Cell, type Output, plainJson, rawOutput } from './output.js';

/** The output of a post-aggregator; `read` finds the columns it names (which exist: the parser saw to it). */
export function postOutput(
  post: PostAggregator,
  read: (name: string) => Output,
  lookups: ExpressionContext = {},
): Output {
  const { name } = post;
  switch (post.type) {
    case 'expression':
      return expressionOutput(post, read, lookups);
    case 'fieldAccess':
      return { ...rawOutput(read(post.fieldName)), name };
    case 'hyperUniqueCardinality':
    case 'finalizingFieldAccess':
      return { ...read(post.fieldName), name };
    case 'constant':
      return constant(name, post.value);
    case 'arithmetic':
      return doubles(name, arithmetic(post, numbersOf(post, read, lookups)));
    case 'doubleGreatest':
      return doubles(
        name,
        extreme(numbersOf(post, read, lookups), (a, b) => compareDoubles(a, b) > 0),
      );
    case 'doubleLeast':
      return doubles(
        name,
        extreme(numbersOf(post, read, lookups), (a, b) => compareDoubles(a, b) < 0),
      );
    case 'longGreatest':
      return longs(
        name,
        extreme(longsOf(post, read, lookups), (a, b) => a > b),
      );
    case 'longLeast':
      return longs(
        name,
        extreme(longsOf(post, read, lookups), (a, b) => a < b),
      );
  }
}

/** The value as the type that was asked for; null where it is none. Floats are rounded to their precision. */
function asOutput(value: Value, outputType: string): Value {
  if (outputType !== 'FLOAT') return isComplex(outputType) ? value : castTo(value, outputType);
  const number = castTo(value, 'DOUBLE');
  return typeof number.value === 'number' ? { ...number, value: Math.fround(number.value) } : number;
}

function expressionOutput(
  post: Extract<PostAggregator, { type: 'expression' }>,
  read: (name: string) => Output,
  lookups: ExpressionContext,
): Output {
  const { evaluate, node } = expression(post.expression, lookups);
  const fields = new Map(post.reads.map((name) => [name, read(name)]));
  const typeOf = (name: string): string | undefined => {
    const output = fields.get(name);
    const type = output?.exprType ?? output?.type;
    return type === 'FLOAT' ? 'DOUBLE' : type;
  };
  const inferred = post.outputType ?? expressionType(node, typeOf);
  const type = (['LONG', 'DOUBLE', 'FLOAT', 'STRING'] as const).find((each) => each === inferred);
  let lastRow = -1;
  let last: Value = nullValue;
  const value = (row: number): Value => {
    if (row === lastRow) return last;
    const found = evaluate((name) => cellValue(fields.get(name), row));
    last = post.outputType === undefined ? found : asOutput(found, post.outputType);
    lastRow = row;
    return last;
  };
  const at = (row: number): Cell => {
    const found = value(row);
    const isPlain = elementsOf(found) === undefined && !isComplex(found.type);
    return isPlain ? (found.value as Cell) : asString(found);
  };
  const json = (row: number): string => {
    const found = value(row);
    return typeof found.value === 'object' ? exactJsonText(found.value) : cellJson(at(row), type ?? 'DOUBLE');
  };
  const plain = { name: post.name, type: type ?? 'DOUBLE', at, json };
  if (inferred === undefined || !(isArrayType(inferred) || isComplex(inferred))) return plain;
  return { ...plain, exprType: inferred, value, compare: (a, b) => valueOrder(value(a), value(b)) };
}

/** A result's cell as the expression language sees it. */
export function cellValue(output: Output | undefined, row: number): Value {
  if (output?.value !== undefined) return output.value(row);
  const cell = output?.at(row) ?? null;
  if (cell === null) return nullValue;
  const type = typeof cell === 'bigint' ? 'LONG' : typeof cell === 'number' ? 'DOUBLE' : 'STRING';
  return { type, value: cell };
}

type Reader<T> = (row: number) => T | null;

function doubles(name: string, at: Reader<number>): Output {
  return {
    name,
    type: 'DOUBLE',
    at,
    json: plainJson({ type: 'COMPUTED', at }, (row) => {
      const value = at(row);
      return value === null ? 'null' : doubleJson(value);
    }),
  };
}

function longs(name: string, at: Reader<bigint>): Output {
  return { name, type: 'LONG', at, json: (row) => String(at(row)) };
}

function constant(name: string, value: number | bigint): Output {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value);
  return whole ? longs(name, () => BigInt(value)) : doubles(name, () => Number(value));
}

type WithFields = Extract<PostAggregator, { fields: unknown }>;

function fieldReaders<T>(
  post: WithFields,
  read: (name: string) => Output,
  lookups: ExpressionContext,
  convert: (cell: bigint | number) => T,
): Reader<T>[] {
  return post.fields.map((field) => {
    const output = postOutput(field, read, lookups);
    return (row) => {
      const cell: Cell = output.at(row);
      if (cell === null) return null;
      if (typeof cell === 'string') {
        throw new CodedError(
          'QueryFailed',
          `postAggregator[${post.name}] reads field[${output.name}], which is no number`,
        );
      }
      return convert(cell);
    };
  });
}

function numbersOf(
  post: WithFields,
  read: (name: string) => Output,
  lookups: ExpressionContext,
): Reader<number>[] {
  return fieldReaders(post, read, lookups, Number);
}

function longsOf(
  post: WithFields,
  read: (name: string) => Output,
  lookups: ExpressionContext,
): Reader<bigint>[] {
  return fieldReaders(post, read, lookups, (cell) => (typeof cell === 'bigint' ? cell : doubleToLong(cell)));
}

type Operation = Extract<PostAggregator, { type: 'arithmetic' }>['fn'];

const operations: Readonly<Record<Operation, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  // Division by zero is zero here and follows floating point in "quotient".
  '/': (a, b) => (b === 0 ? 0 : a / b),
  quotient: (a, b) => a / b,
  pow: (a, b) => a ** b,
};

/** Left to right over all fields; any null makes it null. */
function arithmetic(
  post: Extract<PostAggregator, { type: 'arithmetic' }>,
  fields: readonly Reader<number>[],
): Reader<number> {
  const apply = operations[post.fn];
  return (row) => {
    let result: number | undefined;
    for (const field of fields) {
      const value = field(row);
      if (value === null) return null;
      result = result === undefined ? value : apply(result, value);
    }
    return result ?? null;
  };
}

/** The extreme of the fields that are not null; null when all are. */
function extreme<T>(fields: readonly Reader<T>[], beats: (a: T, b: T) => boolean): Reader<T> {
  return (row) => {
    let best: T | null = null;
    for (const field of fields) {
      const value = field(row);
      if (value !== null && (best === null || beats(value, best))) best = value;
    }
    return best;
  };
}

/** "numericFirst": finite numbers above infinities and NaN, which follow `Double.compare` among themselves. */
export function compareNumericFirst(a: number, b: number): number {
  const aFinite = Number.isFinite(a);
  const bFinite = Number.isFinite(b);
  if (aFinite !== bFinite) return aFinite ? 1 : -1;
  return compareDoubles(a, b);
}
