/** Numbers as Java writes them: `Double.toString`, `Float.toString`. */

/**
 * Plain notation for 0.001 <= |x| < 10^7, otherwise scientific with a capital E; always a digit behind the point.
 * "NaN", "Infinity" and "-Infinity" stand for themselves. The digits are the shortest that read back as the same
 * double (Java before 19 prints one digit too many now and then).
 */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return Number.isInteger(value) ? `${text}.0` : text;
  }
  return extremeText(value, value.toExponential());
}

/** `value` is a float (32 bits) held in a number. */
export function floatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return extremeText(value, '');
  const size = Math.abs(value);
  const digits = size >= 2 ** 25 && size < 2 ** 63 ? longFloat(value) : shortestFloat(value);
  if (size < 1e-3 || size >= 1e7) return extremeText(value, digits);
  const text = String(Number(digits));
  return text.includes('.') ? text : `${text}.0`;
}

/**
 * Large whole floats as Java before 19 writes them: as the long they are, without the digits that their last bits can't
 * tell, though fewer would do.
 */
function longFloat(value: number): string {
  const size = BigInt(Math.abs(value));
  const unsure = 10n ** BigInt(Math.floor((size.toString(2).length - 26) * Math.log10(2)));
  const kept = String(size / unsure + (size % unsure >= unsure / 2n && unsure > 1n ? 1n : 0n));
  const digits = kept.replace(/0+$/, '');
  const power = kept.length + unsure.toString().length - 2;
  const mantissa = digits.length === 1 ? digits : `${digits.charAt(0)}.${digits.slice(1)}`;
  return `${value < 0 ? '-' : ''}${mantissa}e+${power}`;
}

/** Exponential form with the fewest digits that read back as this float. */
function shortestFloat(value: number): string {
  for (let precision = 1; precision < 9; precision++) {
    const text = value.toExponential(precision - 1);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(8);
}

function extremeText(value: number, exponential: string): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const at = exponential.indexOf('e');
  const mantissa = exponential.slice(0, at);
  const power = exponential.slice(exponential.charAt(at + 1) === '+' ? at + 2 : at + 1);
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${power}`;
}

/** A double in JSON: a bare number, but NaN and the infinities as strings. */
export function doubleJson(value: number): string {
  return Number.isFinite(value) ? doubleText(value) : `"${doubleText(value)}"`;
}

export function floatJson(value: number): string {
  return Number.isFinite(value) ? floatText(value) : `"${floatText(value)}"`;
}

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

/** Java's `(long) x`: toward zero, saturating, NaN = 0. */
export function doubleToLong(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return MAX_LONG;
  if (value <= -(2 ** 63)) return MIN_LONG;
  return BigInt(Math.trunc(value));
}
