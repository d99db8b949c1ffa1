/** Doubles by their bits and digits: neighbours, scaling, exact decimal rounding. */
import { exactDoubleText } from '../../../segment/format/java-digits.js';
import { compareDoubles } from '../operators.js';

const view = new DataView(new ArrayBuffer(8));

export function bitsOf(x: number): bigint {
  view.setFloat64(0, x);
  return view.getBigInt64(0);
}

export function fromBits(bits: bigint): number {
  view.setBigInt64(0, bits);
  return view.getFloat64(0);
}

export function nextUp(x: number): number {
  if (Number.isNaN(x) || x === Infinity) return x;
  if (x === 0) return Number.MIN_VALUE;
  return fromBits(bitsOf(x) + (x > 0 ? 1n : -1n));
}

export function nextAfter(x: number, towards: number): number {
  if (Number.isNaN(x) || Number.isNaN(towards)) return Number.NaN;
  if (x === towards) return towards;
  return towards > x ? nextUp(x) : -nextUp(-x);
}

/** The distance to the next larger magnitude. */
export function ulp(x: number): number {
  if (!Number.isFinite(x)) return Math.abs(x);
  const size = Math.abs(x);
  return size === Number.MAX_VALUE ? size - fromBits(bitsOf(size) - 1n) : nextUp(size) - size;
}

/** x × 2^power, rounded once. */
export function scalb(x: number, power: number): number {
  const limited = Math.max(-2200, Math.min(2200, power));
  // Steps that stay exact until the last one.
  let value = x;
  let rest = limited;
  while (rest > 1000) {
    value *= 2 ** 1000;
    rest -= 1000;
  }
  while (rest < -1000 && Math.abs(value) >= 2 ** 10) {
    value *= 2 ** -1000;
    rest += 1000;
  }
  return rest < -1000 ? value * 2 ** -1000 * 2 ** (rest + 1000) : value * 2 ** rest;
}

/** Half away from zero on the decimal text of the double; NaN is 0, the infinities the largest doubles. */
export function roundHalfUp(x: number, digits: number): number {
  if (Number.isNaN(x)) return 0;
  if (!Number.isFinite(x)) return x > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
  const match = /^(-?)(\d+)\.(\d+)(?:E(-?\d+))?$/.exec(exactDoubleText(x));
  if (match === null) return x;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  const all = BigInt(whole + fraction);
  // x = all × 10^exponent
  const exponent = Number(power) - fraction.length;
  const drop = -exponent - digits;
  if (drop <= 0) return x === 0 ? 0 : x;
  if (drop > 400) return 0;
  const unit = 10n ** BigInt(drop);
  const rounded = (all + unit / 2n) / unit;
  const value = Number(`${sign}${rounded}e${exponent + drop}`);
  return value === 0 ? 0 : value;
}

/** NaN wins, minus zero is below zero. */
export function javaMax(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  return compareDoubles(x, y) >= 0 ? x : y;
}

export function javaMin(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  return compareDoubles(x, y) <= 0 ? x : y;
}
