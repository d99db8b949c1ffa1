/** How Druid's filters read numbers from text, and the order-preserving integer keys the kernels compare. */

import { parseDoubleText } from '../expression/number-text.js';

const longMin = -(2n ** 63n);
const longMax = 2n ** 63n - 1n;

export function fitsLong(value: bigint): boolean {
  return value >= longMin && value <= longMax;
}

export const longLimits = { min: longMin, max: longMax } as const;

/** A whole decimal number that is a long; `1.0` and `1e3` pass, `1.5` does not. */
export function parseLong(text: string): bigint | undefined {
  // One plus is dropped, whatever follows.
  const digits = text.startsWith('+') ? text.slice(1) : text;
  if (/^-?\d+$/.test(digits)) {
    const value = BigInt(digits);
    return fitsLong(value) ? value : undefined;
  }
  const value = parseScaled(text);
  return value !== undefined && value.rest === '' && fitsLong(value.whole) ? value.whole : undefined;
}

/** Integer part and the digits cut off, of a decimal number that may have a fraction and an exponent. */
function parseScaled(text: string): { whole: bigint; rest: string; negative: boolean } | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = '', fraction = '', exponent = '0'] = match;
  if (digits === '' && fraction === '') return undefined;
  const shift = Number(exponent) + digits.length;
  const all = digits + fraction;
  const negative = sign === '-';
  if (shift > all.length + 40 && /[1-9]/.test(all))
    return { whole: negative ? longMin - 1n : longMax + 1n, rest: '', negative };
  const padded = shift > all.length ? all.padEnd(Math.min(shift, all.length + 40), '0') : all;
  const whole = shift > 0 ? padded.slice(0, shift) : '';
  const rest = (shift > 0 ? padded.slice(shift) : padded).replace(/0+$/, '');
  const value = BigInt(whole === '' ? '0' : whole);
  return { whole: negative ? -value : value, rest, negative };
}

/** Largest whole number <= the text's value (not cut to 64 bits); undefined when it is no decimal number. */
export function floorOf(text: string): bigint | undefined {
  const value = parseScaled(text);
  if (value === undefined) return undefined;
  return value.rest !== '' && value.negative ? value.whole - 1n : value.whole;
}

export function ceilOf(text: string): bigint | undefined {
  const value = parseScaled(text);
  if (value === undefined) return undefined;
  return value.rest !== '' && !value.negative ? value.whole + 1n : value.whole;
}

/** Java's Double.valueOf without surrounding blanks. */
export const parseDouble = parseDoubleText;

const scratchF64 = new Float64Array(1);
const scratchI64 = new BigInt64Array(scratchF64.buffer);

/** The kernels' order key of a double: ascends as Java's Double.compare does. */
export function orderKey(value: number): bigint {
  scratchF64[0] = Number.isNaN(value) ? Number.NaN : value;
  const bits = Number.isNaN(value) ? 0x7ff8000000000000n : (scratchI64[0] ?? 0n);
  return bits < 0n ? BigInt.asIntN(64, bits ^ longMax) : bits;
}
