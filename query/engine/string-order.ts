/** Druid's orderings of strings. Null sorts first in each and is not handled here. */
import { CodedError } from '../../proto/errors.js';
import type { Ordering } from '../native/model.js';

export type CompareStrings = (a: string, b: string) => number;

export function compareLexicographic(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Decimal {
  readonly sign: -1 | 0 | 1;
  /** Value = 0.digits × 10^exponent; digits without leading or trailing zeros. */
  readonly digits: string;
  readonly exponent: number;
}

const decimalForm = /^([+-]?)(\p{Nd}*)(?:\.(\p{Nd}*))?(?:[eE]([+-]?\p{Nd}+))?$/u;

/** Any decimal digit of Unicode to its ASCII digit: every block of them starts at a code point where (cp - zero) < 10. */
function asciiDigits(text: string): string {
  return text.replace(/\P{ASCII}/gu, (digit) => {
    let zero = digit.codePointAt(0) ?? 0;
    const value = zero;
    while (value - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String(value - zero);
  });
}

/** Java's BigDecimal grammar; undefined when it does not parse. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = decimalForm.exec(text);
  if (match === null) return undefined;
  const whole = asciiDigits(match[2] ?? '');
  const fraction = asciiDigits(match[3] ?? '');
  if (whole === '' && fraction === '') return undefined;
  const power = match[4] === undefined ? 0 : Number(asciiDigits(match[4]));
  if (Math.abs(power) > 0x7fffffff) return undefined;
  const all = whole + fraction;
  const lead = /^0*/.exec(all)?.[0].length ?? 0;
  const digits = all.slice(lead).replace(/0+$/, '');
  if (digits === '') return { sign: 0, digits: '', exponent: 0 };
  return { sign: match[1] === '-' ? -1 : 1, digits, exponent: whole.length - lead + power };
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  const magnitude = a.exponent !== b.exponent ? a.exponent - b.exponent : compareLexicographic(a.digits, b.digits);
  return a.sign < 0 ? -magnitude : magnitude;
}

/** Readable numbers by value, after all unreadable text; two unreadable ones lexicographically. */
export function compareNumeric(a: string, b: string): number {
  const x = parseDecimal(a);
  const y = parseDecimal(b);
  if (x !== undefined && y !== undefined) return compareDecimals(x, y);
  if (x !== undefined) return 1;
  if (y !== undefined) return -1;
  return compareLexicographic(a, b);
}

function compareStrlen(a: string, b: string): number {
  return a.length - b.length || compareLexicographic(a, b);
}

/** Runs of ASCII digits compare as numbers, leading zeros breaking ties; digits come before everything else. */
export function compareAlphanumeric(a: string, b: string): number {
  const left = a.match(/[0-9]+|[^0-9]/gu) ?? [];
  const right = b.match(/[0-9]+|[^0-9]/gu) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] ?? '';
    const y = right[i] ?? '';
    const xDigits = x >= '0' && x < ':';
    const yDigits = y >= '0' && y < ':';
    if (xDigits !== yDigits) return xDigits ? -1 : 1;
    const order = xDigits ? compareDigits(x, y) : (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+/, '');
  const y = b.replace(/^0+/, '');
  return x.length - y.length || compareLexicographic(x, y) || a.length - b.length;
}

/** Throws Unsupported for an ordering without a comparator; `field` names the place in the query. */
export function stringOrder(ordering: Ordering, field: string): CompareStrings {
  switch (ordering) {
    case 'lexicographic':
      return compareLexicographic;
    case 'numeric':
      return compareNumeric;
    case 'strlen':
      return compareStrlen;
    case 'alphanumeric':
      return compareAlphanumeric;
    default:
      throw new CodedError('Unsupported', `ordering[${ordering}] of ${field} is not supported`, { field });
  }
}
