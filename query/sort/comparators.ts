/**
 * Druid's string orderings. Every comparator takes null for "no value" and puts it first; results are negative,
 * 0 or positive. Text compares by UTF-16 unit, as JavaScript's `<` does.
 */
import { CodedError, invalidInput } from '../../proto/errors.js';
import type { Ordering } from '../native/model.js';
import { compareDecimals, parseDecimal } from './decimal.js';
import { compareVersions } from './version.js';

export type StringComparator = (a: string | null, b: string | null) => number;

/** The comparator of an ordering. `natural` is only a marker ("as the type sorts") and is refused here. */
export function comparatorOf(ordering: Ordering): StringComparator {
  switch (ordering) {
    case 'lexicographic':
      return nullsFirst(compareText);
    case 'alphanumeric':
      return nullsFirst(compareAlphanumeric);
    case 'numeric':
      return nullsFirst(compareNumeric);
    case 'strlen':
      return nullsFirst((a, b) => a.length - b.length || compareText(a, b));
    case 'version':
      return nullsFirst(compareVersions);
    case 'natural':
      throw new CodedError('Bug', 'ordering[natural] has no comparator of its own');
  }
}

const orderings: readonly Ordering[] = [
  'lexicographic',
  'alphanumeric',
  'numeric',
  'strlen',
  'version',
  'natural',
];

/** An ordering by its name in any case, bare or as {"type": name}; undefined and null give `fallback`. */
export function parseOrdering(json: unknown, fallback: Ordering, field: string): Ordering {
  if (json === undefined || json === null) return fallback;
  const name: unknown =
    typeof json === 'object' && !Array.isArray(json)
      ? (json as Readonly<Record<string, unknown>>)['type']
      : json;
  const found =
    typeof name === 'string' ? orderings.find((ordering) => ordering === name.toLowerCase()) : undefined;
  if (found === undefined) {
    throw invalidInput(
      `${field}: Unknown string comparator[${typeof name === 'string' ? name : typeof name}]`,
      field,
    );
  }
  return found;
}

function nullsFirst(compare: (a: string, b: string) => number): StringComparator {
  return (a, b) => {
    if (a === b) return 0;
    if (a === null) return -1;
    return b === null ? 1 : compare(a, b);
  };
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareNumeric(a: string, b: string): number {
  const left = parseDecimal(a);
  const right = parseDecimal(b);
  if (left === undefined) return right === undefined ? compareText(a, b) : -1;
  return right === undefined ? 1 : compareDecimals(left, right);
}

/** The value of a decimal digit of the scripts that count here, or -1. */
function digitValue(unit: number): number {
  if (unit < 0x30) return -1;
  if (unit <= 0x39) return unit - 0x30;
  if (unit < 0x660) return -1;
  if (unit <= 0x669) return unit - 0x660;
  if (unit >= 0x6f0 && unit <= 0x6f9) return unit - 0x6f0;
  if (unit >= 0x966 && unit <= 0x96f) return unit - 0x966;
  if (unit >= 0xff10 && unit <= 0xff19) return unit - 0xff10;
  return -1;
}

/** Runs of digits compare as numbers of any length and come before other text. */
function compareAlphanumeric(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const leftDigits = digitValue(a.charCodeAt(i)) >= 0;
    const rightDigits = digitValue(b.charCodeAt(j)) >= 0;
    if (leftDigits !== rightDigits) return leftDigits ? -1 : 1;
    const iEnd = runEnd(a, i, leftDigits);
    const jEnd = runEnd(b, j, leftDigits);
    const order = leftDigits
      ? compareDigits(a, i, iEnd, b, j, jEnd)
      : compareIgnoringCase(a.slice(i, iEnd), b.slice(j, jEnd));
    if (order !== 0) return order;
    i = iEnd;
    j = jEnd;
  }
  return a.length - b.length;
}

function runEnd(text: string, from: number, digits: boolean): number {
  let end = from;
  while (end < text.length && digitValue(text.charCodeAt(end)) >= 0 === digits) end++;
  return end;
}

function compareDigits(
  a: string,
  aStart: number,
  aEnd: number,
  b: string,
  bStart: number,
  bEnd: number,
): number {
  let i = aStart;
  let j = bStart;
  while (i < aEnd && digitValue(a.charCodeAt(i)) === 0) i++;
  while (j < bEnd && digitValue(b.charCodeAt(j)) === 0) j++;
  const zeroes = i - aStart - (j - bStart);
  // A zero at the very end of a text counts as a digit, unlike one followed by something: Druid's quirk.
  if (i === a.length && i > aStart) i--;
  if (j === b.length && j > bStart) j--;
  if (aEnd - i !== bEnd - j) return aEnd - i - (bEnd - j);
  for (; i < aEnd; i++, j++) {
    const order = digitValue(a.charCodeAt(i)) - digitValue(b.charCodeAt(j));
    if (order !== 0) return order;
  }
  return zeroes;
}

function compareIgnoringCase(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const order = foldedCodePoint(left[i] ?? '') - foldedCodePoint(right[i] ?? '');
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** One code point, upper- and then lower-cased; a mapping to several code points leaves it as it is. */
function foldedCodePoint(char: string): number {
  const upper = char.toUpperCase();
  const lower = (isOne(upper) ? upper : char).toLowerCase();
  return (isOne(lower) ? lower : char).codePointAt(0) ?? 0;
}

function isOne(text: string): boolean {
  return text.length === ((text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1);
}
