/** Decimal numbers of any size as text, compared exactly (what `java.math.BigDecimal` reads and how it orders). */

/** digits × 10^exponent; digits without leading zeroes, "" for zero. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const grammar = /^([+-]?)(?:(\p{Nd}+)(?:\.(\p{Nd}*))?|\.(\p{Nd}+))(?:[eE]([+-]?\p{Nd}+))?$/u;
const MAX_EXPONENT = 0x7fffffff;

/** Undefined when the text is no number: blanks, separators, "NaN" and hexadecimal are none. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length === 0) return undefined;
  const match = grammar.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction, bare, power] = match;
  const after = bare ?? fraction ?? '';
  const exponent = power === undefined ? 0 : Number(asciiDigits(power));
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const digits = asciiDigits((whole ?? '') + after).replace(/^0+/, '');
  return { negative: sign === '-' && digits !== '', digits, exponent: exponent - after.length };
}

/** Decimal digits of other scripts replaced by ASCII ones. */
export function asciiDigits(text: string): string {
  if (!/[^\x20-\x7f]/.test(text)) return text;
  return text.replace(/\p{Nd}/gu, (digit) => String(digitOf(digit.codePointAt(0) ?? 0)));
}

/** Decimal digits of a script stand ten in a row, the row starting behind something that is no digit. */
function digitOf(codePoint: number): number {
  let start = codePoint;
  while (codePoint - start < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(start - 1))) start--;
  return codePoint - start;
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return sign(a) - sign(b);
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  const order = compareSizes(a, b);
  return a.negative ? -order : order;
}

function sign(value: Decimal): number {
  return value.digits === '' ? 0 : value.negative ? -1 : 1;
}

function compareSizes(a: Decimal, b: Decimal): number {
  const magnitude = a.digits.length + a.exponent - (b.digits.length + b.exponent);
  if (magnitude !== 0) return magnitude;
  const width = Math.max(a.digits.length, b.digits.length);
  const left = a.digits.padEnd(width, '0');
  const right = b.digits.padEnd(width, '0');
  return left < right ? -1 : left > right ? 1 : 0;
}
