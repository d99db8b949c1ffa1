// Masks: entries are rows first, first + 1, … of a bitset; those whose bit differs from `flip` count. `p` is the first
// one's value. Values of the others are blanked out bit by bit, so that NaN among them does no harm.

import { foldF32, foldF64, foldI64, lanes32, lanes64, storeF32 } from './_lanes';

// @ts-ignore: decorator
@inline function bitAt(bits: usize, row: u32, flip: u32): u32 {
  return ((<u32>load<u8>(bits + <usize>(row >>> 3)) >>> (row & 7)) & 1) ^ flip;
}
/** Entries before the first whole byte of bits. */
// @ts-ignore: decorator
@inline function headOf(n: u32, first: u32): u32 {
  return min<u32>(n, (8 - (first & 7)) & 7);
}
/** From lanes64 to the masks of the byte of bits at an address; `invert` is that of the byte 255 or 0. */
// @ts-ignore: decorator
@inline function at64(bits: usize, invert: usize): usize {
  return (<usize>load<u8>(bits) << 6) ^ invert;
}
/** The same from lanes32. */
// @ts-ignore: decorator
@inline function at32(bits: usize, invert: usize): usize {
  return (<usize>load<u8>(bits) << 5) ^ invert;
}
/** 0 and the byte 255: what is loaded stays in its register, what is computed from `flip` is computed in every turn. */
const inverts = memory.data(8, 8);
store<u32>(inverts, 255, 4);
// @ts-ignore: decorator
@inline function invertOf(flip: u32, shift: usize): usize {
  return <usize>load<u32>(inverts + (<usize>(flip != 0) << 2)) << shift;
}
/** Of masks of four lanes of 32 bits those of the first two and of the last two, of 64 bits. */
// @ts-ignore: decorator
@inline function lowLanes(m: v128): v128 {
  return i32x4.shuffle(m, m, 0, 4, 1, 5);
}
// @ts-ignore: decorator
@inline function highLanes(m: v128): v128 {
  return i32x4.shuffle(m, m, 2, 6, 3, 7);
}

/** Kernels over runs: so few of 64 entries that count are visited one by one, more are taken with masks of lanes. */
const fewBits: u64 = 6;
/** The next 64 bits, set where entries count; `at` need not be aligned. */
// @ts-ignore: decorator
@inline function wordAt(at: usize, flip: u32): u64 {
  return load<u64>(at) ^ (flip ? ~<u64>0 : 0);
}

// @ts-ignore: decorator
@inline function addLanes<T>(a: v128, v: v128, mask: v128): v128 {
  const kept = v128.and(v, mask);
  return isFloat<T>() ? (sizeof<T>() == 8 ? f64x2.add(a, kept) : f32x4.add(a, kept)) : i64x2.add(a, kept);
}
// @ts-ignore: decorator
@inline function sumOf<T>(p: usize, from: u32, to: u32, bits: usize, first: u32, flip: u32): T {
  let t: T = 0;
  for (let i = from; i < to; i++) {
    if (bitAt(bits, first + i, flip)) t += load<T>(p + <usize>i * sizeof<T>());
  }
  return t;
}
/** Sums look whether few count over so many rows: for fewer the loop over their lanes would be too short. */
const sumRows: u32 = 256;
/** Floats are masked twice as fast, and each word of bits that are visited one by one ends in a branch guessed wrong. */
const fewFloats: u64 = 2;
/** Of 256 rows, as the words of bits from `at` on say: at most `few` a word count. */
// @ts-ignore: decorator
@inline function areFew(at: usize, flip: u32, few: u64): bool {
  const ones = popcnt<u64>(wordAt(at, flip)) + popcnt<u64>(wordAt(at + 8, flip));
  return ones + popcnt<u64>(wordAt(at + 16, flip)) + popcnt<u64>(wordAt(at + 24, flip)) <= few * 4;
}
/** The values of 256 rows whose bit is set. */
function sumOfFew<T>(p: usize, bits: usize, flip: u32): T {
  let t: T = 0;
  for (let q = p, at = bits, end = bits + 32; at < end; at += 8) {
    t += sumOfBits<T>(q, wordAt(at, flip));
    q += sizeof<T>() << 6;
  }
  return t;
}
/** The values at `q` whose bit is set. */
// @ts-ignore: decorator
@inline function sumOfBits<T>(q: usize, word: u64): T {
  let t: T = 0;
  for (let x = word; x != 0; x &= x - 1) t += load<T>(q + <usize>ctz<u64>(x) * sizeof<T>());
  return t;
}
// @ts-ignore: decorator
@inline function sumMask64<T>(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void {
  let i = headOf(n, first);
  let t = sumOf<T>(p, 0, i, bits, first, flip);
  const bytesEnd = i + ((n - i) & ~7);
  const invert = invertOf(flip, 5);
  let a = i64x2.splat(0), b = a, c = a, d = a;
  let q = p + (<usize>i << 3), at = bits + <usize>((first + i) >>> 3);
  while (i < bytesEnd) {
    const rows = min<u32>(bytesEnd - i, sumRows);
    i += rows;
    if (rows == sumRows && areFew(at, flip, fewBits)) {
      t += sumOfFew<T>(q, at, flip);
      q += sumRows * 8;
      at += sumRows / 8;
      continue;
    }
    for (const end = q + (<usize>(rows & ~15) << 3); q < end; q += 128) {
      const m = at32(at, invert), o = at32(at + 1, invert);
      const m0 = v128.load(m, lanes32), m1 = v128.load(m, lanes32 + 16);
      const o0 = v128.load(o, lanes32), o1 = v128.load(o, lanes32 + 16);
      a = addLanes<T>(a, v128.load(q), lowLanes(m0));
      b = addLanes<T>(b, v128.load(q, 16), highLanes(m0));
      c = addLanes<T>(c, v128.load(q, 32), lowLanes(m1));
      d = addLanes<T>(d, v128.load(q, 48), highLanes(m1));
      a = addLanes<T>(a, v128.load(q, 64), lowLanes(o0));
      b = addLanes<T>(b, v128.load(q, 80), highLanes(o0));
      c = addLanes<T>(c, v128.load(q, 96), lowLanes(o1));
      d = addLanes<T>(d, v128.load(q, 112), highLanes(o1));
      at += 2;
    }
    if (rows & 8) {
      const m = at32(at, invert);
      const m0 = v128.load(m, lanes32), m1 = v128.load(m, lanes32 + 16);
      a = addLanes<T>(a, v128.load(q), lowLanes(m0));
      b = addLanes<T>(b, v128.load(q, 16), highLanes(m0));
      c = addLanes<T>(c, v128.load(q, 32), lowLanes(m1));
      d = addLanes<T>(d, v128.load(q, 48), highLanes(m1));
      q += 64;
      at++;
    }
  }
  t += sumOf<T>(p, i, n, bits, first, flip);
  if (isFloat<T>()) {
    a = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
    t += <T>(f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1));
  } else {
    a = i64x2.add(i64x2.add(a, b), i64x2.add(c, d));
    t += <T>(i64x2.extract_lane(a, 0) + i64x2.extract_lane(a, 1));
  }
  store<T>(cell, load<T>(cell) + t);
}
export function sumI64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { sumMask64<i64>(p, n, bits, first, flip, cell); }
export function sumF64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { sumMask64<f64>(p, n, bits, first, flip, cell); }
export function sumF32Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void {
  let i = headOf(n, first);
  let t = sumOf<f32>(p, 0, i, bits, first, flip);
  const bytesEnd = i + ((n - i) & ~7);
  const invert = invertOf(flip, 5);
  let a = i64x2.splat(0), b = a, c = a, d = a;
  let q = p + (<usize>i << 2), at = bits + <usize>((first + i) >>> 3);
  while (i < bytesEnd) {
    const rows = min<u32>(bytesEnd - i, sumRows);
    i += rows;
    if (rows == sumRows && areFew(at, flip, fewFloats)) {
      t += sumOfFew<f32>(q, at, flip);
      q += sumRows * 4;
      at += sumRows / 8;
      continue;
    }
    for (const end = q + (<usize>(rows & ~15) << 2); q < end; q += 64) {
      const m = at32(at, invert), o = at32(at + 1, invert);
      a = addLanes<f32>(a, v128.load(q), v128.load(m, lanes32));
      b = addLanes<f32>(b, v128.load(q, 16), v128.load(m, lanes32 + 16));
      c = addLanes<f32>(c, v128.load(q, 32), v128.load(o, lanes32));
      d = addLanes<f32>(d, v128.load(q, 48), v128.load(o, lanes32 + 16));
      at += 2;
    }
    if (rows & 8) {
      const m = at32(at, invert);
      a = addLanes<f32>(a, v128.load(q), v128.load(m, lanes32));
      b = addLanes<f32>(b, v128.load(q, 16), v128.load(m, lanes32 + 16));
      q += 32;
      at++;
    }
  }
  t += sumOf<f32>(p, i, n, bits, first, flip);
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  const low = f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1);
  t += low + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
  store<f32>(cell, load<f32>(cell) + t);
}

// @ts-ignore: decorator
@inline function least<T>(a: T, v: T, isMin: bool): T {
  return isMin ? min<T>(a, v) : max<T>(a, v);
}
// @ts-ignore: decorator
@inline function extremeOf<T>(p: usize, from: u32, to: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  let a = load<T>(cell);
  for (let i = from; i < to; i++) {
    if (bitAt(bits, first + i, flip)) a = least<T>(a, load<T>(p + <usize>i * sizeof<T>()), isMin);
  }
  store<T>(cell, a);
}
/** The cell and the values at `q` whose bit is set. */
// @ts-ignore: decorator
@inline function extremeOfBits<T>(q: usize, word: u64, cell: usize, isMin: bool): void {
  let a = load<T>(cell);
  for (let x = word; x != 0; x &= x - 1) a = least<T>(a, load<T>(q + <usize>ctz<u64>(x) * sizeof<T>()), isMin);
  store<T>(cell, a);
}

/** 1 when no value is NaN or minus zero: then minima and maxima need no more than a comparison. */
export function isPlainF64(p: usize, n: u32): u32 {
  const minusZero = i64x2.splat(i64.MIN_VALUE);
  let odd = i64x2.splat(0);
  const pairs = p + (<usize>(n & ~1) << 3);
  let q = p;
  for (; q < pairs; q += 16) {
    const v = v128.load(q);
    odd = v128.or(odd, v128.or(f64x2.ne(v, v), i64x2.eq(v, minusZero)));
  }
  if (n & 1) {
    const v = v128.load64_splat(q);
    odd = v128.or(odd, v128.or(f64x2.ne(v, v), i64x2.eq(v, minusZero)));
  }
  return v128.any_true(odd) ? 0 : 1;
}

/** The better of two vectors of plain doubles: a single instruction, which takes NaN for neither. */
// @ts-ignore: decorator
@inline function betterPlain(a: v128, v: v128, isMin: bool): v128 {
  return isMin ? f64x2.pmin(a, v) : f64x2.pmax(a, v);
}
// @ts-ignore: decorator
@inline function exactF64(a: v128, p: usize, mask: v128, other: v128, isMin: bool): v128 {
  return foldF64(a, v128.bitselect(v128.load(p), other, mask), isMin);
}
/** For any doubles; what is left out counts as the cell was at first, which changes nothing. `first`, n: whole bytes. */
// @ts-ignore: decorator
@inline function extremeExactF64(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  const invert = invertOf(flip, 6);
  const other = f64x2.splat(load<f64>(cell));
  let a = other, b = a, c = a, d = a;
  let at = bits + <usize>(first >>> 3);
  for (let q = p, end = p + (<usize>n << 3); q < end; q += 64) {
    const m = at64(at++, invert);
    a = exactF64(a, q, v128.load(m, lanes64), other, isMin);
    b = exactF64(b, q + 16, v128.load(m, lanes64 + 16), other, isMin);
    c = exactF64(c, q + 32, v128.load(m, lanes64 + 32), other, isMin);
    d = exactF64(d, q + 48, v128.load(m, lanes64 + 48), other, isMin);
  }
  a = foldF64(foldF64(a, b, isMin), foldF64(c, d, isMin), isMin);
  store<f64>(cell, least<f64>(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1), isMin));
}
/**
 * As if no value were NaN: what is left out is made NaN, which changes nothing. All values are added up beside it, so
 * that one NaN, or infinities of both signs, shows in the end; then, and for a zero that may be another than it looks,
 * it is done again exactly.
 */
// @ts-ignore: decorator
@inline function extremeMaskF64(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  let i = headOf(n, first);
  extremeOf<f64>(p, 0, i, bits, first, flip, cell, isMin);
  const from = i, bytes = (n - i) & ~7, bytesEnd = i + bytes;
  const invert = invertOf(flip ^ 1, 6);
  const start: f64 = isMin ? Infinity : -Infinity;
  let a = f64x2.splat(start), b = a, c = a, d = a;
  let s = f64x2.splat(0), t = s;
  let e = start, u: f64 = 0;
  let q = p + (<usize>i << 3), at = bits + <usize>((first + i) >>> 3);
  while (i < bytesEnd) {
    let end = bytesEnd;
    if (i + 64 <= n) {
      end = i + 64;
      const word = wordAt(at, flip);
      if (popcnt<u64>(word) <= fewBits) {
        for (let x = word; x != 0; x &= x - 1) {
          const v = load<f64>(q + (<usize>ctz<u64>(x) << 3));
          u += v;
          if (isMin ? v < e : v > e) e = v;
        }
        i = end;
        q += 512;
        at += 8;
        continue;
      }
    }
    for (; i < end; i += 8) {
      const m = at64(at++, invert);
      const v0 = v128.load(q), v1 = v128.load(q, 16), v2 = v128.load(q, 32), v3 = v128.load(q, 48);
      a = betterPlain(a, v128.or(v0, v128.load(m, lanes64)), isMin);
      b = betterPlain(b, v128.or(v1, v128.load(m, lanes64 + 16)), isMin);
      c = betterPlain(c, v128.or(v2, v128.load(m, lanes64 + 32)), isMin);
      d = betterPlain(d, v128.or(v3, v128.load(m, lanes64 + 48)), isMin);
      s = f64x2.add(s, f64x2.add(v0, v1));
      t = f64x2.add(t, f64x2.add(v2, v3));
      q += 64;
    }
  }
  a = betterPlain(betterPlain(a, b, isMin), betterPlain(c, d, isMin), isMin);
  const found = least<f64>(least<f64>(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1), isMin), e, isMin);
  s = f64x2.add(s, t);
  const sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1) + u;
  const q0 = p + (<usize>from << 3);
  if (sum == sum && (found != 0 || isPlainF64(q0, bytes))) store<f64>(cell, least<f64>(load<f64>(cell), found, isMin));
  else extremeExactF64(q0, bytes, bits, first + from, flip, cell, isMin);
  extremeOf<f64>(p, i, n, bits, first, flip, cell, isMin);
}
// @ts-ignore: decorator
@inline function extremeMaskF32(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  let i = headOf(n, first);
  extremeOf<f32>(p, 0, i, bits, first, flip, cell, isMin);
  const bytesEnd = i + ((n - i) & ~7);
  const invert = invertOf(flip, 5);
  const other = f32x4.splat(load<f32>(cell));
  let a = other, b = a;
  let q = p + (<usize>i << 2), at = bits + <usize>((first + i) >>> 3);
  while (i < bytesEnd) {
    let end = bytesEnd;
    if (i + 64 <= n) {
      end = i + 64;
      const word = wordAt(at, flip);
      if (popcnt<u64>(word) <= fewBits) {
        extremeOfBits<f32>(q, word, cell, isMin);
        i = end;
        q += 256;
        at += 8;
        continue;
      }
    }
    for (; i < end; i += 8) {
      const m = at32(at++, invert);
      a = foldF32(a, v128.bitselect(v128.load(q), other, v128.load(m, lanes32)), isMin);
      b = foldF32(b, v128.bitselect(v128.load(q, 16), other, v128.load(m, lanes32 + 16)), isMin);
      q += 32;
    }
  }
  const few = load<f32>(cell);
  storeF32(foldF32(a, b, isMin), cell, isMin);
  store<f32>(cell, least<f32>(load<f32>(cell), few, isMin));
  extremeOf<f32>(p, i, n, bits, first, flip, cell, isMin);
}
// @ts-ignore: decorator
@inline function keepI64(a: v128, p: usize, mask: v128, isMin: bool): v128 {
  const v = v128.load(p);
  return v128.bitselect(v, a, v128.and(isMin ? i64x2.gt_s(a, v) : i64x2.gt_s(v, a), mask));
}
// @ts-ignore: decorator
@inline function extremeMaskI64(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  let i = headOf(n, first);
  extremeOf<i64>(p, 0, i, bits, first, flip, cell, isMin);
  const bytesEnd = i + ((n - i) & ~7);
  const invert = invertOf(flip, 6);
  let a = i64x2.splat(load<i64>(cell)), b = a, c = a, d = a;
  let q = p + (<usize>i << 3), at = bits + <usize>((first + i) >>> 3);
  while (i < bytesEnd) {
    let end = bytesEnd;
    if (i + 64 <= n) {
      end = i + 64;
      const word = wordAt(at, flip);
      if (popcnt<u64>(word) <= fewBits) {
        extremeOfBits<i64>(q, word, cell, isMin);
        i = end;
        q += 512;
        at += 8;
        continue;
      }
    }
    for (; i < end; i += 8) {
      const m = at64(at++, invert);
      a = keepI64(a, q, v128.load(m, lanes64), isMin);
      b = keepI64(b, q + 16, v128.load(m, lanes64 + 16), isMin);
      c = keepI64(c, q + 32, v128.load(m, lanes64 + 32), isMin);
      d = keepI64(d, q + 48, v128.load(m, lanes64 + 48), isMin);
      q += 64;
    }
  }
  a = foldI64(foldI64(a, b, isMin), foldI64(c, d, isMin), isMin);
  const found = least<i64>(i64x2.extract_lane(a, 0), i64x2.extract_lane(a, 1), isMin);
  store<i64>(cell, least<i64>(load<i64>(cell), found, isMin));
  extremeOf<i64>(p, i, n, bits, first, flip, cell, isMin);
}
export function minI64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskI64(p, n, bits, first, flip, cell, true); }
export function maxI64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskI64(p, n, bits, first, flip, cell, false); }
export function minF64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskF64(p, n, bits, first, flip, cell, true); }
export function maxF64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskF64(p, n, bits, first, flip, cell, false); }
export function minF32Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskF32(p, n, bits, first, flip, cell, true); }
export function maxF32Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskF32(p, n, bits, first, flip, cell, false); }

/** Groups are below the spare ones: the least of both is theirs, or a spare one where all their bits were set. */
// @ts-ignore: decorator
@inline function spared(groups: v128, leftOut: v128, others: v128): v128 {
  return i32x4.min_u(v128.or(groups, leftOut), others);
}
/**
 * Groups of entries, those that don't count sent to groups spare … spare + 3 in turn: every kernel over groups then
 * leaves them out. Several, so that updates there do not wait for each other.
 */
export function spareGroups(groups: usize, n: u32, bits: usize, first: u32, flip: u32, spare: u32, out: usize): void {
  let i: u32 = 0;
  for (const head = headOf(n, first); i < head; i++) {
    store<u32>(out + (<usize>i << 2), bitAt(bits, first + i, flip) ? load<u32>(groups + (<usize>i << 2)) : spare + (i & 3));
  }
  const others = i32x4.add(i32x4.splat(spare), i32x4(0, 1, 2, 3));
  const invert = invertOf(flip ^ 1, 5);
  let at = bits + <usize>((first + i) >>> 3);
  let g = groups + (<usize>i << 2), o = out + (<usize>i << 2);
  for (; i + 16 <= n; i += 16) {
    const l = at32(at, invert), m = at32(at + 1, invert);
    v128.store(o, spared(v128.load(g), v128.load(l, lanes32), others));
    v128.store(o, spared(v128.load(g, 16), v128.load(l, lanes32 + 16), others), 16);
    v128.store(o, spared(v128.load(g, 32), v128.load(m, lanes32), others), 32);
    v128.store(o, spared(v128.load(g, 48), v128.load(m, lanes32 + 16), others), 48);
    at += 2;
    g += 64;
    o += 64;
  }
  for (; i < n; i++) {
    store<u32>(out + (<usize>i << 2), bitAt(bits, first + i, flip) ? load<u32>(groups + (<usize>i << 2)) : spare + (i & 3));
  }
}
/** The same for entries whose rows stand in `sel`, less `base`. */
export function spareGroupsSel(
  groups: usize, sel: usize, n: u32, bits: usize, base: u32, flip: u32, spare: u32, out: usize,
): void {
  for (let i: u32 = 0; i < n; i++) {
    const at = <usize>i << 2;
    const bit = bitAt(bits, load<u32>(sel + at) + base, flip);
    store<u32>(out + at, select<u32>(load<u32>(groups + at), spare + (i & 3), bit != 0));
  }
}
/** 1 when a row of `sel` (less `base`) has a bit that differs from `flip`. */
export function anyKept(sel: usize, n: u32, bits: usize, base: u32, flip: u32): u32 {
  for (let i: usize = 0; i < <usize>n; i++) {
    if (bitAt(bits, load<u32>(sel + (i << 2)) + base, flip)) return 1;
  }
  return 0;
}
/** The first of bytes [from, n) that is 0; n when there is none. */
export function firstUnmarked(p: usize, from: u32, n: u32): u32 {
  let i = <usize>from;
  const zero = i64x2.splat(0);
  for (; i + 16 <= <usize>n; i += 16) if (v128.any_true(i8x16.eq(v128.load(p + i), zero))) break;
  for (; i < <usize>n; i++) if (!load<u8>(p + i)) return <u32>i;
  return n;
}
/** Sets a byte at `seen` for those of four groups (there may be less, some of them twice) that an entry is in. */
export function markThose(groups: usize, n: u32, seen: usize, a: u32, b: u32, c: u32, d: u32): void {
  const end = groups + (<usize>n << 2);
  const wide = groups + (<usize>(n & ~3) << 2);
  const ofA = i32x4.splat(a), ofB = i32x4.splat(b), ofC = i32x4.splat(c), ofD = i32x4.splat(d);
  let isA = i32x4.splat(0), isB = isA, isC = isA, isD = isA;
  let q = groups;
  for (; q < wide; q += 16) {
    const g = v128.load(q);
    isA = v128.or(isA, i32x4.eq(g, ofA));
    isB = v128.or(isB, i32x4.eq(g, ofB));
    isC = v128.or(isC, i32x4.eq(g, ofC));
    isD = v128.or(isD, i32x4.eq(g, ofD));
  }
  for (; q < end; q += 4) {
    const g = i32x4.splat(load<u32>(q));
    isA = v128.or(isA, i32x4.eq(g, ofA));
    isB = v128.or(isB, i32x4.eq(g, ofB));
    isC = v128.or(isC, i32x4.eq(g, ofC));
    isD = v128.or(isD, i32x4.eq(g, ofD));
  }
  if (v128.any_true(isA)) store<u8>(seen + <usize>a, 1);
  if (v128.any_true(isB)) store<u8>(seen + <usize>b, 1);
  if (v128.any_true(isC)) store<u8>(seen + <usize>c, 1);
  if (v128.any_true(isD)) store<u8>(seen + <usize>d, 1);
}
/** 1 when a byte of `wanted` is set and that of `seen` is not. */
export function marksMissing(wanted: usize, seen: usize, n: u32): u32 {
  let i: usize = 0;
  const zero = i64x2.splat(0);
  for (const end = <usize>(n & ~15); i < end; i += 16) {
    const missing = i8x16.eq(v128.load(seen + i), zero);
    if (v128.any_true(v128.and(missing, v128.load(wanted + i)))) return 1;
  }
  for (; i < <usize>n; i++) {
    if (!load<u8>(seen + i) && load<u8>(wanted + i)) return 1;
  }
  return 0;
}
