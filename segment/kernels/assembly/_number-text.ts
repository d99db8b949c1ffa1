// Numbers as decimal text, for the kernels of this folder; no entry of its own.
//
// Doubles: the shortest digits that read back as the same double, of those the nearest, by the Schubfach algorithm
// (R. Giulietti, "The Schubfach way to render doubles"), in Java's notation. `table` is laid out by number-table.ts:
// the powers of ten as words of 128 bits, then 10^0 to 10^19, then the pairs of digits.

const smallestPower: i32 = -292;
const pairsAt: usize = 617 * 16 + 20 * 8;
const tensAt: usize = 617 * 16;
const lowHalf: u64 = 0xffffffff;

// @ts-ignore: decorator
@inline
function highProduct(a: u64, b: u64): u64 {
  const a0 = a & lowHalf;
  const a1 = a >> 32;
  const b0 = b & lowHalf;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const other = a0 * b1 + (middle & lowHalf);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

/** The upper 64 bits of a product with 128, the last bit set when bits below are. */
// @ts-ignore: decorator
@inline
function roundedToOdd(high: u64, low: u64, c: u64): u64 {
  const carried = highProduct(low, c);
  const below = high * c + carried;
  const above = highProduct(high, c) + (below < carried ? 1 : 0);
  return above | (below > 1 ? 1 : 0);
}

// @ts-ignore: decorator
@inline
function putPair(at: usize, pair: u32, table: usize): void {
  store<u16>(at, load<u16>(table + pairsAt + ((<usize>pair) << 1)));
}

// @ts-ignore: decorator
@inline
function putEight(at: usize, value: u32, table: usize): void {
  const upper = value / 10000;
  const lower = value - upper * 10000;
  const a = upper / 100;
  const b = lower / 100;
  putPair(at, a, table);
  putPair(at + 2, upper - a * 100, table);
  putPair(at + 4, b, table);
  putPair(at + 6, lower - b * 100, table);
}

/** How many digits a number has; 1 for 0. */
// @ts-ignore: decorator
@inline
function digitsOf(value: u64, table: usize): u32 {
  // log10(2) is about 1233 / 4096.
  const guess = <u32>(((64 - clz(value | 1)) * 1233) >> 12);
  return guess + (value >= load<u64>(table + tensAt + ((<usize>guess) << 3)) || guess === 0 ? 1 : 0);
}

/** Writes exactly `count` digits. */
function putDigits(at: usize, value: u64, count: u32, table: usize): void {
  let end = at + <usize>count;
  let rest = value;
  while (rest >= 100000000) {
    const upper = rest / 100000000;
    end -= 8;
    putEight(end, <u32>(rest - upper * 100000000), table);
    rest = upper;
  }
  let small = <u32>rest;
  while (end >= at + 2) {
    const upper = small / 100;
    end -= 2;
    putPair(end, small - upper * 100, table);
    small = upper;
  }
  if (end > at) store<u8>(at, <u8>(48 + small));
}

/** Writes at most 20 bytes; answers where they end. */
export function putLong(at: usize, value: i64, table: usize): usize {
  let p = at;
  let size = <u64>value;
  if (value < 0) {
    store<u8>(p++, 45);
    size = 0 - size;
  }
  const count = digitsOf(size, table);
  putDigits(p, size, count, table);
  return p + <usize>count;
}

function putSpecial(at: usize, bits: u64): usize {
  let p = at;
  store<u8>(p++, 34);
  if ((bits & 0xfffffffffffff) !== 0) {
    store<u32>(p, 0x224e614e); // NaN"
    return p + 4;
  }
  if (bits >> 63 !== 0) store<u8>(p++, 45);
  store<u64>(p, 0x7974696e69666e49); // Infinity
  store<u8>(p + 8, 34);
  return p + 9;
}

/** Digits d (no zero at the end, unless it is one digit) times 10^k, in Java's notation. */
function putDecimal(at: usize, d: u64, k: i32, table: usize): usize {
  const count = digitsOf(d, table);
  const power = <i32>count - 1 + k;
  let p = at;
  if (power < -3 || power >= 7) {
    putDigits(p + 1, d, count, table);
    store<u8>(p, load<u8>(p + 1));
    store<u8>(p + 1, 46);
    if (count === 1) store<u8>(p + 2, 48);
    p += <usize>(1 + max<u32>(count, 2));
    store<u8>(p++, 69);
    return putLong(p, power, table);
  }
  if (power < 0) {
    store<u32>(p, 0x30302e30); // 0.00
    p += <usize>(1 - power);
    putDigits(p, d, count, table);
    return p + <usize>count;
  }
  const whole = <u32>(power + 1);
  if (count <= whole) {
    putDigits(p, d * load<u64>(table + tensAt + ((<usize>(whole - count)) << 3)), whole, table);
    store<u16>(p + <usize>whole, 0x302e); // .0
    return p + <usize>whole + 2;
  }
  putDigits(p + 1, d, count, table);
  for (let i: u32 = 0; i < whole; i++, p++) store<u8>(p, load<u8>(p + 1));
  store<u8>(p, 46);
  return p + <usize>(1 + count - whole);
}

// @ts-ignore: decorator
@inline
function putWithoutZeros(at: usize, digits: u64, k: i32, table: usize): usize {
  let d = digits;
  let power = k;
  for (let upper = d / 100000000; upper * 100000000 === d; upper = d / 100000000) {
    d = upper;
    power += 8;
  }
  for (let upper = d / 10; upper * 10 === d; upper = d / 10) {
    d = upper;
    power++;
  }
  return putDecimal(at, d, power, table);
}

/** JSON of a double: at most 26 bytes; NaN and the infinities are strings. Answers where it ends. */
export function putDouble(at: usize, value: f64, table: usize): usize {
  const bits = reinterpret<u64>(value);
  const field = <i32>((bits >> 52) & 0x7ff);
  const fraction = bits & 0xfffffffffffff;
  if (field === 0x7ff) return putSpecial(at, bits);
  let p = at;
  if (bits >> 63 !== 0) store<u8>(p++, 45);
  if (field === 0 && fraction === 0) {
    store<u32>(p, 0x302e30); // 0.0
    return p + 3;
  }
  const c = field === 0 ? fraction : fraction | (1 << 52);
  const q = field === 0 ? -1074 : field - 1075;
  // Whole numbers whose digits are all meant.
  if (q <= 0 && q > -53) {
    const whole = c >> <u64>(-q);
    if (whole << <u64>(-q) === c) return putWithoutZeros(p, whole, 0, table);
  }
  const isOdd = c & 1;
  // Below a power of two doubles lie closer together.
  const isUneven = fraction === 0 && field > 1;
  const k = (q * 1262611 - (isUneven ? 524031 : 0)) >> 22;
  const shift = <u64>(q + ((-k * 1741647) >> 19) + 1);
  const entry = table + ((<usize>(-k - smallestPower)) << 4);
  const high = load<u64>(entry);
  const low = load<u64>(entry, 8);
  const middle = roundedToOdd(high, low, (c << 2) << shift);
  const lower = roundedToOdd(high, low, ((c << 2) - (isUneven ? 1 : 2)) << shift) + isOdd;
  const upper = roundedToOdd(high, low, ((c << 2) + 2) << shift) - isOdd;
  const s = middle >> 2;
  if (s >= 10) {
    // One digit less, where just one of the two neighbours reads back as this double.
    const tenth = s / 10;
    const isDown = lower <= tenth * 40;
    const isUp = tenth * 40 + 40 <= upper;
    if (isDown !== isUp) return putWithoutZeros(p, tenth + (isUp ? 1 : 0), k + 1, table);
  }
  const isDown = lower <= s << 2;
  const isUp = (s << 2) + 4 <= upper;
  const half = (s << 2) + 2;
  const isRaised = isDown !== isUp ? isUp : middle > half || (middle === half && (s & 1) !== 0);
  return putWithoutZeros(p, s + (isRaised ? 1 : 0), k, table);
}
