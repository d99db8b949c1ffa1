/**
 * The very digits of Java 17's `Double.toString` and `Float.toString`, which are not always the shortest. Slower than
 * query/json/java-number.ts; for text that users compare or group by.
 */

const view = new DataView(new ArrayBuffer(8));

/** Java's `Double.toString`. */
export function exactDoubleText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return special(value);
  view.setFloat64(0, Math.abs(value));
  return (value < 0 ? '-' : '') + javaForm(digitsOf(decompose(view.getBigUint64(0), 52, 1023)));
}

/** Java's `Float.toString`; `value` is a float held in a number. */
export function exactFloatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return special(value);
  view.setFloat32(0, Math.abs(value));
  return (value < 0 ? '-' : '') + javaForm(digitsOf(decompose(BigInt(view.getUint32(0)), 23, 127)));
}

function special(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

interface Binary {
  /** 53 bits, the highest one set. */
  readonly fraction: bigint;
  readonly exponent: number;
  /** Bits that carry information: fewer for subnormal numbers. */
  readonly significantBits: number;
}

const SHIFT = 52;

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

function decompose(bits: bigint, shift: number, bias: number): Binary {
  const fraction = bits & ((1n << BigInt(shift)) - 1n);
  const exponent = Number(bits >> BigInt(shift));
  if (exponent > 0) {
    const whole = (fraction | (1n << BigInt(shift))) << BigInt(SHIFT - shift);
    return { fraction: whole, exponent: exponent - bias, significantBits: shift + 1 };
  }
  const significantBits = bitLength(fraction);
  const missing = shift + 1 - significantBits;
  return {
    fraction: fraction << BigInt(missing + SHIFT - shift),
    exponent: 1 - missing - bias,
    significantBits,
  };
}

/** 0.digits × 10^exponent. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

function trailingZeros(value: bigint): number {
  const low = Number(BigInt.asIntN(32, value));
  if (low !== 0) return 31 - Math.clz32(low & -low);
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return 63 - Math.clz32(high & -high);
}

const powersOfFive = Array.from({ length: 64 }, (_, n) => 5n ** BigInt(n));

function powerOfFive(n: number): bigint {
  return powersOfFive[n] ?? 5n ** BigInt(n);
}

/** Bits of 5^n; beyond the table Java counts 3 a power. */
const bitsOfFive = Array.from({ length: 27 }, (_, n) => (n === 0 ? 0 : bitLength(5n ** BigInt(n))));

function digitsOf({ fraction, exponent, significantBits }: Binary): Decimal {
  const zeros = trailingZeros(fraction);
  const fractionBits = SHIFT + 1 - zeros;
  const tinyBits = Math.max(0, fractionBits - exponent - 1);
  if (exponent <= 62 && exponent >= -21 && tinyBits === 0 && fractionBits < 64) {
    return wholeDigits(fraction, exponent, significantBits);
  }
  const estimate = estimateExponent(fraction, exponent);
  const b5 = Math.max(0, -estimate);
  const s5 = Math.max(0, estimate);
  let b2 = b5 + tinyBits + exponent;
  let s2 = s5 + tinyBits;
  let m2 = b2 - significantBits;
  b2 -= fractionBits - 1;
  const common = Math.min(b2, s2);
  b2 -= common;
  s2 -= common;
  m2 -= common;
  // Below a power of two the neighbours are closer.
  if (fractionBits === 1) m2 -= 1;
  if (m2 < 0) {
    b2 -= m2;
    s2 -= m2;
    m2 = 0;
  }
  const bBits = fractionBits + b2 + (bitsOfFive[b5] ?? b5 * 3);
  const tenSBits = s2 + 1 + (bitsOfFive[s5 + 1] ?? (s5 + 1) * 3);
  return develop({
    b: ((fraction >> BigInt(zeros)) * powerOfFive(b5)) << BigInt(b2),
    s: powerOfFive(s5) << BigInt(s2),
    m: powerOfFive(b5) << BigInt(m2),
    estimate,
    // Java compares differently where it needs big integers.
    inclusive: !(bBits < 64 && tenSBits < 64),
    wrapBits: bBits < 32 && tenSBits < 32 ? 32 : 64,
  });
}

function wholeDigits(fraction: bigint, exponent: number, significantBits: number): Decimal {
  const free = exponent > significantBits ? exponent - significantBits - 1 : 0;
  const insignificant = free > 1 ? Math.floor(free * Math.log10(2)) : 0;
  let value = exponent >= SHIFT ? fraction << BigInt(exponent - SHIFT) : fraction >> BigInt(SHIFT - exponent);
  if (insignificant > 0) {
    const unit = 10n ** BigInt(insignificant);
    const rest = value % unit;
    value /= unit;
    if (rest >= unit / 2n) value++;
  }
  const text = value.toString();
  return { digits: text.replace(/0+$/, ''), exponent: text.length + insignificant };
}

function estimateExponent(fraction: bigint, exponent: number): number {
  const mantissa = Number(fraction) / 2 ** SHIFT;
  return Math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981);
}

interface Ratio {
  readonly b: bigint;
  readonly s: bigint;
  readonly m: bigint;
  readonly estimate: number;
  readonly inclusive: boolean;
  readonly wrapBits: 32 | 64;
}

/** Digits of b / s until what is left is less than half the distance to the neighbours. */
function develop({ b: start, s, m: half, estimate, inclusive, wrapBits }: Ratio): Decimal {
  const tens = s * 10n;
  let decimalExponent = estimate;
  let digits = '';
  let b = start;
  let m = half;
  let low = false;
  let high = false;
  const step = (): bigint => {
    const digit = b / s;
    b = 10n * (b % s);
    m *= 10n;
    // Where Java counts in machine words a distance that overflows ends the digits.
    const overflown = !inclusive && BigInt.asIntN(wrapBits, m) <= 0n;
    low = overflown || b < m;
    high = overflown || (inclusive ? b + m >= tens : b + m > tens);
    return digit;
  };
  const first = step();
  if (first === 0n && !high) decimalExponent--;
  else digits += first.toString();
  // Scientific notation needs two digits.
  if (decimalExponent < -3 || decimalExponent >= 8) low = high = false;
  while (!low && !high) digits += step().toString();
  const exponent = decimalExponent + 1;
  if (!high) return { digits, exponent };
  const above = b * 2n - tens;
  const odd = Number(digits.charAt(digits.length - 1)) % 2 === 1;
  const up = !low || above > 0n || (above === 0n && odd);
  return up ? roundedUp(digits, exponent) : { digits, exponent };
}

function roundedUp(digits: string, exponent: number): Decimal {
  const more = (BigInt(digits) + 1n).toString();
  if (more.length > digits.length) return { digits: more.slice(0, digits.length), exponent: exponent + 1 };
  return { digits: more.padStart(digits.length, '0'), exponent };
}

function javaForm({ digits, exponent }: Decimal): string {
  if (exponent > 0 && exponent < 8) {
    const whole = digits.slice(0, exponent).padEnd(exponent, '0');
    return `${whole}.${digits.slice(exponent) || '0'}`;
  }
  if (exponent <= 0 && exponent > -3) return `0.${'0'.repeat(-exponent)}${digits}`;
  return `${digits.charAt(0)}.${digits.slice(1) || '0'}E${exponent - 1}`;
}
