/**
 * What Druid makes of the values of a parsed row. JSON's types: text, number (a double, or an integer that a double
 * holds), bigint (a longer integer; beyond 64 bits it is cut to them where a long is wanted), boolean, null, lists, objects.
 */
import { parseDoubleText } from '../query/expression/number-text.js';
import { doubleText } from '../query/json/java-number.js';

const DEPTH_MAX = 100;

/**
 * As Java prints it: lists as `[a, b]`, objects as `{k=v}`, null as `null`. Whole numbers are taken for integers.
 * What lies deeper than 100 levels is cut; {@link isTooDeep} tells beforehand.
 */
export function scalarText(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? String(value + 0) : doubleText(value);
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (depth >= DEPTH_MAX) return '…';
      if (Array.isArray(value)) return `[${value.map((item) => scalarText(item, depth + 1)).join(', ')}]`;
      return `{${Object.entries(value)
        .map(([key, item]) => `${key}=${scalarText(item, depth + 1)}`)
        .join(', ')}}`;
    default:
      return String(value);
  }
}

/** Lists and objects inside each other for more than 100 levels: no text is made of such a value. */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth >= DEPTH_MAX || Object.values(value).some((item) => isTooDeep(item, depth + 1));
}

/** Java's trim: control characters and blanks up to U+0020, not Unicode's other spaces. */
export function javaTrim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end);
}

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

/** The value of a plain decimal of at most 15 digits (`-12`, `3.25`), which most numbers are; NaN for anything else. */
function plainDecimal(text: string): number {
  const isNegative = text.charCodeAt(0) === 45;
  let digits = 0;
  let value = 0;
  let beforePoint = -1;
  for (let at = isNegative ? 1 : 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >= 0 && digit <= 9) {
      if (++digits > 15) return NaN;
      value = value * 10 + digit;
    } else if (digit === -2 && beforePoint < 0 && digits > 0) beforePoint = digits;
    else return NaN;
  }
  if (digits === 0) return NaN;
  // Both are exact, so that one division rounds as reading the text does.
  if (beforePoint >= 0 && beforePoint < digits) value /= powersOf10[digits - beforePoint]!;
  return isNegative ? -value : value;
}

/** The same for the text whose UTF-8 is bytes[start, end); without `hasPoint` a text with a point is something else. */
export function plainDecimalOf(bytes: Uint8Array, start: number, end: number, hasPoint: boolean): number {
  const isNegative = bytes[start] === 45;
  let digits = 0;
  let value = 0;
  let beforePoint = -1;
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) {
      if (++digits > 15) return NaN;
      value = value * 10 + digit;
    } else if (digit === -2 && hasPoint && beforePoint < 0 && digits > 0) beforePoint = digits;
    else return NaN;
  }
  if (digits === 0) return NaN;
  if (beforePoint >= 0 && beforePoint < digits) value /= powersOf10[digits - beforePoint]!;
  return isNegative ? -value : value;
}

/** The text of well-formed UTF-8. */
export function bytesText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

const powersOf10 = Float64Array.from({ length: 16 }, (_, power) => Number(`1e${power}`));

/** Java's Double.valueOf, but without white space around it; undefined when the text is no number. */
export function parseJavaDouble(text: string): number | undefined {
  const plain = plainDecimal(text);
  return Number.isNaN(plain) ? parseDoubleText(text) : plain;
}

/** Decimal digits with or without a point, an exponent, Java's suffixes: no word, no hexadecimal digits. */
export function isDecimalText(text: string): boolean {
  return anyDecimal.test(text);
}

const anyDecimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?$/;
const decimalText = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,9})?$/;

/** A whole decimal that fits 64 bits (`12`, `1e3`, `1.0`); undefined for everything else. */
export function parseExactLong(given: string): number | bigint | undefined {
  const plain = given.includes('.') ? NaN : plainDecimal(given);
  if (!Number.isNaN(plain)) return plain;
  // A plus is dropped before anything else is looked at.
  const text = given.startsWith('+') ? given.slice(1) : given;
  return decimalText.test(text) ? wholeDecimal(text) : undefined;
}

function wholeDecimal(text: string): bigint | undefined {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const isNegative = mantissa.startsWith('-');
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0n;
  const shift = Number(exponent) - fraction.length;
  if (digits.length + shift > 19) return undefined;
  const zeros = digits.slice(shift < 0 ? shift : digits.length);
  if (shift < 0 && (-shift > digits.length || /[^0]/.test(zeros))) return undefined;
  const value = BigInt(shift < 0 ? digits.slice(0, shift) || '0' : digits + '0'.repeat(shift));
  const signed = isNegative ? -value : value;
  return signed > LONG_MAX || signed < LONG_MIN ? undefined : signed;
}

/** What could not be read; the row goes on with null in its place. */
export class ValueError {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

function refuse(value: unknown, wanted: string, name: string): ValueError {
  const shown = Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'an object'
      : JSON.stringify(scalarText(value).slice(0, 80));
  return new ValueError(`could not convert value[${shown}] of column[${name}] to ${wanted}`);
}

/** A 64-bit integer as a safe number or a bigint, null, or why not. */
export type LongValue = number | bigint | null | ValueError;
export type DoubleValue = number | null | ValueError;

/** Value of a `long` dimension: numbers are cut, texts must be whole decimals. */
export function dimensionLong(value: unknown, name: string): LongValue {
  if (typeof value === 'string') return parseExactLong(value) ?? refuse(value, 'long', name);
  return plainLong(value, name);
}

/** Value of a `double` dimension. Unlike longs these take no booleans. */
export function dimensionDouble(value: unknown, name: string): DoubleValue {
  if (typeof value === 'string') return parseJavaDouble(value) ?? refuse(value, 'double', name);
  return plainDouble(value, name);
}

function plainLong(value: unknown, name: string): LongValue {
  switch (typeof value) {
    case 'number':
      return numberToLong(value);
    case 'bigint':
      return BigInt.asIntN(64, value);
    case 'boolean':
      return value ? 1 : 0;
    default:
      return value === null || value === undefined ? null : refuse(value, 'long', name);
  }
}

function plainDouble(value: unknown, name: string): DoubleValue {
  switch (typeof value) {
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
    default:
      return value === null || value === undefined ? null : refuse(value, 'double', name);
  }
}

/** Java's `(long) x`: toward zero, saturating, NaN = 0. */
export function numberToLong(value: number): number | bigint {
  if (Number.isSafeInteger(value)) return value;
  if (Number.isNaN(value)) return 0;
  if (value >= 2 ** 63) return LONG_MAX;
  if (value < -(2 ** 63)) return LONG_MIN;
  const whole = Math.trunc(value);
  return Number.isSafeInteger(whole) ? whole : BigInt(whole);
}

/** The number in a metric's input, however long: texts are trimmed, commas and a leading plus dropped. */
export function metricNumber(value: unknown, name: string): number | bigint | null | ValueError {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value !== 'string') return plainLong(value, name);
  const plain = plainDecimal(value);
  if (!Number.isNaN(plain)) return plain;
  const text = javaTrim(value).replaceAll(',', '');
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  if (/^[+-]?\d{16,19}$/.test(text)) {
    const long = BigInt(text.startsWith('+') ? text.slice(1) : text);
    if (long <= LONG_MAX && long >= LONG_MIN) return long;
  }
  return parseJavaDouble(text) ?? refuse(value, 'a number', name);
}
