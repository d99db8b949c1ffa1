/** Unary and binary operators on values; null in, null out. */
import { CodedError } from '../../proto/errors.js';
import { compareText } from '../sort/comparators.js';
import type { BinaryOperator } from './ast.js';
import { castTo, leastRestrictive } from './cast.js';
import {
  asDouble,
  asLong,
  asString,
  bool,
  double,
  elementType,
  isArrayType,
  isComplex,
  isTrue,
  long,
  nullValue,
  string,
  type Value,
} from './value.js';

/** A failure while a row is evaluated (or a constant part is folded). */
export function evaluationError(message: string): CodedError {
  return new CodedError('QueryFailed', message);
}

/** Longer texts are not built: a short query must not fill the memory. */
const longestText = 16_000_000;

export function checkedText(text: string): string {
  if (text.length > longestText)
    throw evaluationError(`a text of more than ${longestText} characters is not built`);
  return text;
}

/** As join does; what would be too long is not even begun. */
export function joinedText(parts: readonly string[], between: string): string {
  const length = parts.reduce((sum, part) => sum + part.length, between.length * (parts.length - 1));
  if (length > longestText)
    throw evaluationError(`a text of more than ${longestText} characters is not built`);
  return parts.join(between);
}

export type Binary = (left: Value, right: Value) => Value;

export function binaryOperator(operator: Exclude<BinaryOperator, '&&' | '||'>): Binary {
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return arithmetic(operator);
    default:
      return comparison(operator);
  }
}

type Arithmetic = '+' | '-' | '*' | '/' | '%' | '^';

function arithmetic(operator: Arithmetic): Binary {
  const longs = longOperations[operator];
  const doubles = doubleOperations[operator];
  return (left, right) => {
    if (left.value === null || right.value === null) return nullOf(left.type, right.type);
    if (left.type === 'STRING' && right.type === 'STRING') {
      if (operator !== '+')
        throw evaluationError(`operator '${operator}' in expression is not supported on type STRING.`);
      return string(checkedText(`${asString(left) ?? ''}${asString(right) ?? ''}`));
    }
    if (left.type === 'LONG' && right.type === 'LONG') {
      return long(longs(left.value as bigint, right.value as bigint));
    }
    const x = asDouble(left);
    const y = asDouble(right);
    return double(x === null || y === null ? null : doubles(x, y));
  };
}

/** The type of a result that is null: a null inside an array of results must have the others' type. */
function nullOf(left: string, right: string): Value {
  if (left === right) return { type: isArrayType(left) ? 'STRING' : left, value: null };
  return double(null);
}

const longOperations: Readonly<Record<Arithmetic, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => divideLongs(a, b),
  '%': (a, b) => {
    if (b === 0n) throw evaluationError('/ by zero');
    return a % b;
  },
  '^': powerLongs,
};

export function divideLongs(a: bigint, b: bigint): bigint {
  if (b === 0n) throw evaluationError('/ by zero');
  return a / b;
}

/** Square and multiply modulo 2^64. */
function powerLongs(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n || exponent > 0x7fffffffn)
    throw evaluationError(`exponent[${exponent}] must be an int >= 0`);
  let result = 1n;
  let factor = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = BigInt.asIntN(64, result * factor);
    factor = BigInt.asIntN(64, factor * factor);
  }
  return result;
}

const doubleOperations: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': javaPow,
};

/** `Math.pow`: as JavaScript's, except that Java gives NaN for 1 or -1 to an infinite power too. */
export function javaPow(a: number, b: number): number {
  return a ** b;
}

type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!=';

const verdicts: Readonly<Record<Comparison, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
};

function comparison(operator: Comparison): Binary {
  const verdict = verdicts[operator];
  return (a, b) => {
    if (a.value === null || b.value === null) return long(null);
    const order = compareValues(a, b);
    return order === undefined ? long(null) : bool(verdict(order));
  };
}

/** Java's `Double.compare`. */
export function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b && a !== 0) return 0;
  const rank = (x: number): number => (Number.isNaN(x) ? 2 : Object.is(x, -0) ? 0 : 1);
  return rank(a) - rank(b);
}

/**
 * Neither is null. Two texts, two longs and two arrays compare as such, all else as doubles; undefined when one of them
 * can't be read as a number.
 */
export function compareValues(left: Value, right: Value): number | undefined {
  if (left.type === 'STRING' && right.type === 'STRING')
    return compareText(asString(left) ?? '', asString(right) ?? '');
  if (isArrayType(left.type) && isArrayType(right.type)) return compareArrays(left, right);
  if (left.type === 'LONG' && right.type === 'LONG') {
    const x = asLong(left) ?? 0n;
    const y = asLong(right) ?? 0n;
    return x < y ? -1 : x > y ? 1 : 0;
  }
  const x = asDouble(left);
  const y = asDouble(right);
  return x === null || y === null ? undefined : compareDoubles(x, y);
}

function compareArrays(left: Value, right: Value): number {
  const type = leastRestrictive(left.type, right.type);
  const x = castTo(left, type).value;
  const y = castTo(right, type).value;
  if (!Array.isArray(x) || !Array.isArray(y))
    throw evaluationError(`can't compare ${left.type} with ${right.type}`);
  const element = elementType(type);
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = compareElements(x[i] as Value['value'], y[i] as Value['value'], element);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

/** Nulls first. */
export function compareElements(x: Value['value'], y: Value['value'], type: string): number {
  if (x === null || y === null) return x === y ? 0 : x === null ? -1 : 1;
  if (isComplex(type)) return compareJson(x, y);
  return compareValues({ type, value: x }, { type, value: y }) ?? 0;
}

/** Numbers negated; no other type has a negative. */
export function negate(operand: Value): Value {
  if (operand.value === null) return nullValue;
  if (operand.type === 'LONG') return long(-(operand.value as bigint));
  if (operand.type === 'DOUBLE') return double(-(operand.value as number));
  throw evaluationError(`operator '-' in expression is not supported on type ${operand.type}.`);
}

export function not(operand: Value): Value {
  if (operand.value === null) return nullValue;
  return bool(!isTrue(operand));
}

/** `lazy` values are asked only when needed; null is unknown. */
export function andValues(left: Value, right: () => Value): Value {
  if (left.value !== null && !isTrue(left)) return bool(false);
  const other = right();
  if (other.value !== null && !isTrue(other)) return bool(false);
  return left.value === null || other.value === null ? long(null) : bool(true);
}

export function orValues(left: Value, right: () => Value): Value {
  if (left.value !== null && isTrue(left)) return bool(true);
  const other = right();
  if (other.value !== null && isTrue(other)) return bool(true);
  return left.value === null || other.value === null ? long(null) : bool(false);
}

/** Texts, then numbers, then all else by their text. */
function compareJson(x: unknown, y: unknown): number {
  const rank = (json: unknown): number =>
    typeof json === 'string' ? 0 : typeof json === 'number' || typeof json === 'bigint' ? 1 : 2;
  const order = rank(x) - rank(y);
  if (order !== 0) return order;
  if (typeof x === 'string' && typeof y === 'string') return compareText(x, y);
  if (rank(x) === 1) return compareDoubles(Number(x), Number(y));
  const text = (json: unknown): string =>
    asString({ type: 'COMPLEX<json>', value: json as Value['value'] }) ?? '';
  return compareText(text(x), text(y));
}
