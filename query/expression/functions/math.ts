/** Mathematical functions. Transcendental ones are the platform's: within a unit or two in the last place. */
import { doubleToLong } from '../../json/java-number.js';
import { argument, type ExprFunction } from '../function.js';
import { divideLongs, evaluationError } from '../operators.js';
import { asDouble, asLong, double, long, nullValue, unwrapJson, type Value } from '../value.js';
import { javaMax, javaMin, nextAfter, nextUp, roundHalfUp, scalb, ulp } from './double-bits.js';

/** LONG where `onLong` is given and the argument is one, else DOUBLE. Text is read as a number. */
function unary(name: string, onDouble: (x: number) => number, onLong?: (x: bigint) => bigint): ExprFunction {
  const apply = (args: readonly Value[]): Value => {
    const value = argument(args, 0);
    if (value.value === null) return nullValue;
    if (onLong !== undefined && value.type === 'LONG') return long(onLong(value.value as bigint));
    const x = numeric(value);
    return double(x === null ? null : onDouble(x));
  };
  return { name, arity: [1, 1], apply };
}

/** Text and arrays are no numbers to the functions of this file. */
function numeric(value: Value): number | null {
  return value.type === 'LONG' || value.type === 'DOUBLE' ? asDouble(value) : null;
}

/**
 * Two arguments: null when one is null or both are text, longs as longs where `onLong` is given, all else as doubles; what
 * can't be read as a number counts as 0.
 */
function pair(
  name: string,
  onDouble: (x: number, y: number) => Value,
  onLong?: (x: bigint, y: bigint) => Value,
): ExprFunction {
  const apply = (args: readonly Value[]): Value => {
    const left = argument(args, 0);
    const right = argument(args, 1);
    if (left.value === null || right.value === null) return nullValue;
    if (left.type === 'STRING' && right.type === 'STRING') return nullValue;
    if (onLong !== undefined && left.type === 'LONG' && right.type === 'LONG') {
      return onLong(left.value as bigint, right.value as bigint);
    }
    return onDouble(asDouble(left) ?? 0, asDouble(right) ?? 0);
  };
  return { name, arity: [2, 2], apply };
}

function binary(name: string, onDouble: (x: number, y: number) => number): ExprFunction {
  return pair(name, (x, y) => double(onDouble(x, y)));
}

function ieeeRemainder(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y) || !Number.isFinite(x) || y === 0) return Number.NaN;
  if (!Number.isFinite(y)) return x;
  const size = Math.abs(y);
  let rest = Math.abs(x) % (size * 2 === Infinity ? size : size * 2);
  if (size * 2 !== Infinity && rest > size) {
    rest -= size;
    if (rest * 2 >= size) rest -= size;
  } else if (rest * 2 > size) {
    rest -= size;
  }
  if (rest === 0) return x < 0 || Object.is(x, -0) ? -0 : 0;
  return x < 0 ? -rest : rest;
}

function integerDivision(x: number, y: number): bigint {
  return doubleToLong(x / y);
}

/** Half to even. */
function rint(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const floor = Math.floor(x);
  const rest = x - floor;
  const rounded = rest < 0.5 ? floor : rest > 0.5 ? floor + 1 : floor % 2 === 0 ? floor : floor + 1;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

function getExponent(x: number): bigint {
  if (!Number.isFinite(x)) return 1024n;
  if (Math.abs(x) < 2 ** -1022) return -1023n;
  let exponent = Math.floor(Math.log2(Math.abs(x)));
  while (2 ** exponent > Math.abs(x)) exponent--;
  while (2 ** (exponent + 1) <= Math.abs(x)) exponent++;
  return BigInt(exponent);
}

const MAX_INT = 0x7fffffff;

/** Digits beyond an int saturate; longs too are rounded when the digits are negative. */
function round(args: readonly Value[]): Value {
  const value = unwrapJson(argument(args, 0));
  const places = args[1] === undefined ? long(0n) : unwrapJson(args[1]);
  if (places.type !== 'LONG' && args[1] !== undefined) {
    throw evaluationError('Function[round] second argument should be a LONG');
  }
  if (value.value === null || places.value === null) return nullValue;
  if (value.type !== 'LONG' && value.type !== 'DOUBLE') {
    if (asDouble(value) === null) return nullValue;
    throw evaluationError('Function[round] first argument should be a LONG or DOUBLE');
  }
  const digits = Math.max(-MAX_INT, Math.min(MAX_INT, Number(places.value)));
  if (value.type === 'DOUBLE') return double(roundHalfUp(value.value as number, digits));
  if (digits >= 0) return value;
  if (digits < -30) return long(0n);
  const unit = 10n ** BigInt(-digits);
  const number = value.value as bigint;
  const rest = number % unit;
  const size = rest < 0n ? -rest : rest;
  const down = number - rest;
  return long(size * 2n >= unit ? down + (number < 0n ? -unit : unit) : down);
}

/** A second argument as an int: doubles saturate, longs wrap. */
function toInt(value: Value): number {
  if (value.type === 'DOUBLE') {
    const x = value.value as number;
    return Number.isNaN(x) ? 0 : Math.trunc(Math.max(-MAX_INT - 1, Math.min(MAX_INT, x)));
  }
  return Number(BigInt.asIntN(32, asLong(value) ?? 0n));
}

export const mathFunctions: readonly ExprFunction[] = [
  { name: 'pi', arity: [0, 0], apply: () => double(Math.PI) },
  unary('abs', Math.abs, (x) => (x < 0n ? -x : x)),
  unary('acos', Math.acos),
  unary('asin', Math.asin),
  unary('atan', Math.atan),
  unary('cbrt', Math.cbrt),
  unary('ceil', Math.ceil),
  unary('cos', Math.cos),
  unary('cosh', Math.cosh),
  unary('cot', (x) => Math.cos(x) / Math.sin(x)),
  unary('exp', Math.exp),
  unary('expm1', Math.expm1),
  unary('floor', Math.floor),
  unary('log', Math.log),
  unary('log10', Math.log10),
  unary('log1p', Math.log1p),
  unary('nextUp', nextUp),
  unary('rint', rint),
  unary('signum', (x) => (Number.isNaN(x) || x === 0 ? x : Math.sign(x))),
  unary('sin', Math.sin),
  unary('sinh', Math.sinh),
  unary('sqrt', Math.sqrt),
  unary('tan', Math.tan),
  unary('tanh', Math.tanh),
  unary('toDegrees', (x) => x * (180 / Math.PI)),
  unary('toRadians', (x) => x * (Math.PI / 180)),
  unary('ulp', ulp),
  {
    name: 'getExponent',
    arity: [1, 1],
    apply: (args) => {
      const value = unwrapJson(argument(args, 0));
      const x = value.value === null ? null : numeric(value);
      return x === null ? nullValue : long(getExponent(x));
    },
  },
  binary('atan2', Math.atan2),
  binary('copysign', (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x))),
  binary('hypot', (x, y) =>
    Math.abs(x) === Infinity || Math.abs(y) === Infinity ? Infinity : Math.hypot(x, y),
  ),
  binary('pow', (x, y) => x ** y),
  binary('remainder', ieeeRemainder),
  binary('nextafter', nextAfter),
  {
    name: 'scalb',
    arity: [2, 2],
    apply: (args) => {
      const left = argument(args, 0);
      const right = argument(args, 1);
      if (left.value === null || right.value === null) return nullValue;
      if (left.type === 'STRING' && right.type === 'STRING') return nullValue;
      return double(scalb(asDouble(left) ?? 0, toInt(right)));
    },
  },
  pair(
    'div',
    (x, y) => long(integerDivision(x, y)),
    (x, y) => long(divideLongs(x, y)),
  ),
  pair(
    'safe_divide',
    (x, y) => double(y === 0 || Number.isNaN(y) ? (x === 0 ? 0 : null) : x / y),
    (x, y) => long(y === 0n ? null : x / y),
  ),
  { name: 'round', arity: [1, 2], apply: round },
  pair(
    'max',
    (x, y) => double(javaMax(x, y)),
    (x, y) => long(x >= y ? x : y),
  ),
  pair(
    'min',
    (x, y) => double(javaMin(x, y)),
    (x, y) => long(x <= y ? x : y),
  ),
];
