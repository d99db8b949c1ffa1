// Sums, minima and maxima over numbers that are kept in fewer bytes (see NarrowBatch in segment/read/view.ts): U8, U16 and
// U32 = unsigned offsets of so many bits from the i64 at `base`; Code = bytes that number the f64 of a table there. Every
// sum of doubles is made in the order in which the kernels over whole values make it, so that an answer does not tell
// how its values were kept. Each is a function of its own: loops side by side in one are compiled to slower code.

import { marked, update, updatePlain } from './_cells';
import { foldF64, lanes64 } from './_lanes';
import { wordFrom } from './_words';

// @ts-ignore: decorator
@inline function coded(p: usize, table: usize): usize {
  return table + (<usize>load<u8>(p) << 3);
}
/** Two values side by side. */
// @ts-ignore: decorator
@inline function codedPair(p: usize, table: usize): v128 {
  return v128.load64_lane(coded(p + 1, table), v128.load64_zero(coded(p, table)), 1);
}
/** T = i64: an offset S; T = f64: a code. */
// @ts-ignore: decorator
@inline function valueOf<T, S>(p: usize, base: usize, low: i64): T {
  if (isFloat<T>()) return load<T>(coded(p, base));
  return <T>(<i64>load<S>(p) + low);
}
// @ts-ignore: decorator
@inline function lowOf<T>(base: usize): i64 {
  return isFloat<T>() ? 0 : load<i64>(base);
}
// @ts-ignore: decorator
@inline function step<T>(a: T, v: T, op: i32): T {
  if (op == 0) return <T>(a + v);
  if (isFloat<T>()) {
    // The instructions are slow, and needed only for what a comparison can't tell apart.
    if (op == 1 ? v < a : v > a) return v;
    return v != v || v == 0 ? (op == 1 ? min<T>(a, v) : max<T>(a, v)) : a;
  }
  return op == 1 ? min<T>(a, v) : max<T>(a, v);
}

// @ts-ignore: decorator
@inline function lanesOf32(v: v128): u64 {
  return <u64><u32>i32x4.extract_lane(v, 0) + <u64><u32>i32x4.extract_lane(v, 1)
    + <u64><u32>i32x4.extract_lane(v, 2) + <u64><u32>i32x4.extract_lane(v, 3);
}
/** Offsets of at most 2^20 rows, added up. */
// @ts-ignore: decorator
@inline function sumOffsets<S>(p: usize, n: u32): u64 {
  const perVector: u32 = 16 / sizeof<S>();
  const end = p + <usize>(n - n % perVector) * sizeof<S>();
  let a = i64x2.splat(0), b = a;
  let q = p;
  for (; q < end; q += 16) {
    const v = v128.load(q);
    if (sizeof<S>() == 1) a = i32x4.add(a, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v)));
    else {
      const halves = sizeof<S>() == 2 ? i32x4.extadd_pairwise_i16x8_u(v) : v;
      a = i64x2.add(a, i64x2.extend_low_i32x4_u(halves));
      b = i64x2.add(b, i64x2.extend_high_i32x4_u(halves));
    }
  }
  a = i64x2.add(a, b);
  let t = sizeof<S>() == 1 ? lanesOf32(a) : <u64>i64x2.extract_lane(a, 0) + <u64>i64x2.extract_lane(a, 1);
  for (const last = p + <usize>n * sizeof<S>(); q < last; q += sizeof<S>()) t += <u64>load<S>(q);
  return t;
}
/** The least or greatest of `n` > 0 offsets. */
// @ts-ignore: decorator
@inline function extremeOffset<S>(p: usize, n: u32, isMin: bool): u64 {
  const perVector: u32 = 16 / sizeof<S>();
  const end = p + <usize>(n - n % perVector) * sizeof<S>();
  let found = <u64>load<S>(p);
  let q = p;
  if (q < end) {
    let a = v128.load(q);
    for (q += 16; q < end; q += 16) {
      const v = v128.load(q);
      if (sizeof<S>() == 1) a = isMin ? i8x16.min_u(a, v) : i8x16.max_u(a, v);
      else if (sizeof<S>() == 2) a = isMin ? i16x8.min_u(a, v) : i16x8.max_u(a, v);
      else a = isMin ? i32x4.min_u(a, v) : i32x4.max_u(a, v);
    }
    const low = i64x2.extract_lane(a, 0), high = i64x2.extract_lane(a, 1);
    for (let shift: u64 = 0; shift < 64; shift += sizeof<S>() * 8) {
      const x = <u64><S>(<u64>low >>> shift), y = <u64><S>(<u64>high >>> shift);
      found = isMin ? min<u64>(found, min<u64>(x, y)) : max<u64>(found, max<u64>(x, y));
    }
  }
  for (const last = p + <usize>n * sizeof<S>(); q < last; q += sizeof<S>()) {
    found = isMin ? min<u64>(found, <u64>load<S>(q)) : max<u64>(found, <u64>load<S>(q));
  }
  return found;
}
// @ts-ignore: decorator
@inline function runOffsets<S>(op: i32, p: usize, base: usize, n: u32, cell: usize): void {
  if (n == 0) return;
  const low = load<i64>(base), a = load<i64>(cell);
  if (op == 0) store<i64>(cell, a + <i64>sumOffsets<S>(p, n) + low * <i64>n);
  else if (op == 1) store<i64>(cell, min<i64>(a, low + <i64>extremeOffset<S>(p, n, true)));
  else store<i64>(cell, max<i64>(a, low + <i64>extremeOffset<S>(p, n, false)));
}
// @ts-ignore: decorator
@inline function sumCodes(p: usize, table: usize, n: u32, cell: usize): void {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  const end = p + <usize>(n & ~7);
  let q = p;
  for (; q < end; q += 8) {
    a = f64x2.add(a, codedPair(q, table));
    b = f64x2.add(b, codedPair(q + 2, table));
    c = f64x2.add(c, codedPair(q + 4, table));
    d = f64x2.add(d, codedPair(q + 6, table));
  }
  a = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  let t = load<f64>(cell) + (f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1));
  for (const last = p + <usize>n; q < last; q++) t += load<f64>(coded(q, table));
  store<f64>(cell, t);
}
// @ts-ignore: decorator
@inline function extremeCodes(p: usize, table: usize, n: u32, cell: usize, isMin: bool): void {
  let a = f64x2.splat(load<f64>(cell)), b = a;
  const end = p + <usize>(n & ~3);
  let q = p;
  for (; q < end; q += 4) {
    a = foldF64(a, codedPair(q, table), isMin);
    b = foldF64(b, codedPair(q + 2, table), isMin);
  }
  a = foldF64(a, b, isMin);
  let t = isMin
    ? min<f64>(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1))
    : max<f64>(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1));
  for (const last = p + <usize>n; q < last; q++) {
    const v = load<f64>(coded(q, table));
    t = isMin ? min<f64>(t, v) : max<f64>(t, v);
  }
  store<f64>(cell, t);
}
// @ts-ignore: decorator
@inline function runSel<T, S>(p: usize, base: usize, sel: usize, n: u32, cell: usize, op: i32): void {
  const low = lowOf<T>(base);
  let a = load<T>(cell);
  const end = sel + (<usize>n << 2);
  for (let q = sel; q < end; q += 4) {
    a = step<T>(a, valueOf<T, S>(p + <usize>load<u32>(q) * sizeof<S>(), base, low), op);
  }
  store<T>(cell, a);
}
// @ts-ignore: decorator
@inline function sumCodesSel(p: usize, table: usize, sel: usize, n: u32, cell: usize): void {
  let a: f64 = 0, b: f64 = 0;
  const end = sel + (<usize>(n & ~1) << 2);
  let q = sel;
  for (; q < end; q += 8) {
    a += load<f64>(coded(p + <usize>load<u32>(q), table));
    b += load<f64>(coded(p + <usize>load<u32>(q, 4), table));
  }
  if (n & 1) a += load<f64>(coded(p + <usize>load<u32>(q), table));
  store<f64>(cell, load<f64>(cell) + (a + b));
}
/** Entry by entry. */
// @ts-ignore: decorator
@inline function maskBits<T, S>(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize, op: i32): void {
  const low = lowOf<T>(base);
  let a = load<T>(cell);
  for (let i: u32 = 0; i < n; i += 64) {
    const q = p + <usize>i * sizeof<S>();
    for (let x = wordFrom(bits, first + i, flip, n - i); x != 0; x &= x - 1) {
      a = step<T>(a, valueOf<T, S>(q + <usize>ctz<u64>(x) * sizeof<S>(), base, low), op);
    }
  }
  store<T>(cell, a);
}
/** Bytes that are all ones where one of eight bits is set. */
// @ts-ignore: decorator
@inline function bytesOf(x: u64): v128 {
  const each = v128.and(i8x16.swizzle(i64x2.splat(x), i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)), i64x2.splat(0x8040201008040201));
  return i8x16.eq(each, i64x2.splat(0x8040201008040201));
}
/** As in masks.ts, whose order of additions sums of doubles have: so few bits of 64 are visited one by one, */
const fewBits: u64 = 6;
/** and sums look whether they are few over so many rows. */
const sumRows: u32 = 256;
// @ts-ignore: decorator
@inline function sumMaskBytes(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void {
  let a = i64x2.splat(0);
  let t: u64 = 0;
  let kept: u64 = 0;
  const none: u64 = flip ? ~<u64>0 : 0;
  for (let i: u32 = 0; i < n; i += 64) {
    // Of 256 rows none that counts, whatever bits stand before and behind them in their bytes.
    while (i + 264 <= n) {
      const at = bits + <usize>((first + i) >>> 3);
      const rest = (<u64>load<u8>(at, 32)) ^ (none & 255);
      const some = (load<u64>(at) ^ none) | (load<u64>(at, 8) ^ none) | (load<u64>(at, 16) ^ none) | (load<u64>(at, 24) ^ none);
      if ((some | rest) != 0) break;
      i += 256;
    }
    let x = wordFrom(bits, first + i, flip, n - i);
    const counted = popcnt<u64>(x);
    kept += counted;
    const q = p + <usize>i;
    if (counted <= fewBits || n - i < 64) {
      for (; x != 0; x &= x - 1) t += <u64>load<u8>(q + <usize>ctz<u64>(x));
      continue;
    }
    for (let k: usize = 0; k < 64; k += 16) {
      const v = v128.and(v128.load(q + k), bytesOf(x >>> <u64>k));
      a = i32x4.add(a, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v)));
    }
  }
  store<i64>(cell, load<i64>(cell) + <i64>(t + lanesOf32(a)) + load<i64>(base) * <i64>kept);
}
// @ts-ignore: decorator
@inline function sumOfCodes(p: usize, table: usize, from: u32, to: u32, bits: usize, first: u32, flip: u32): f64 {
  let t: f64 = 0;
  for (let i = from; i < to; i++) {
    const bit = ((<u32>load<u8>(bits + <usize>((first + i) >>> 3)) >>> ((first + i) & 7)) & 1) ^ flip;
    if (bit) t += load<f64>(coded(p + <usize>i, table));
  }
  return t;
}
/** The values of 256 rows whose bit is set, word by word. */
function sumOfFewCodes(p: usize, table: usize, bits: usize, flip: u32): f64 {
  let t: f64 = 0;
  for (let q = p, at = bits, end = bits + 32; at < end; at += 8) {
    let few: f64 = 0;
    for (let x = load<u64>(at) ^ (flip ? ~<u64>0 : 0); x != 0; x &= x - 1) {
      few += load<f64>(coded(q + <usize>ctz<u64>(x), table));
    }
    t += few;
    q += 64;
  }
  return t;
}
// @ts-ignore: decorator
@inline function sumMaskCodes(p: usize, table: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void {
  let i = min<u32>(n, (8 - (first & 7)) & 7);
  let t = sumOfCodes(p, table, 0, i, bits, first, flip);
  const bytesEnd = i + ((n - i) & ~7);
  const invert: usize = flip ? 255 << 6 : 0;
  let a = f64x2.splat(0), b = a, c = a, d = a;
  while (i < bytesEnd) {
    const rows = min<u32>(bytesEnd - i, sumRows);
    if (rows == sumRows) {
      const at = bits + <usize>((first + i) >>> 3);
      let ones: u64 = 0;
      for (let k: usize = 0; k < 32; k += 8) ones += popcnt<u64>(load<u64>(at + k) ^ (flip ? ~<u64>0 : 0));
      if (ones <= fewBits * 4) {
        t += sumOfFewCodes(p + <usize>i, table, at, flip);
        i += rows;
        continue;
      }
    }
    for (const end = i + rows; i < end; i += 8) {
      const m = lanes64 + ((<usize>load<u8>(bits + <usize>((first + i) >>> 3)) << 6) ^ invert);
      const q = p + <usize>i;
      a = f64x2.add(a, v128.and(codedPair(q, table), v128.load(m)));
      b = f64x2.add(b, v128.and(codedPair(q + 2, table), v128.load(m, 16)));
      c = f64x2.add(c, v128.and(codedPair(q + 4, table), v128.load(m, 32)));
      d = f64x2.add(d, v128.and(codedPair(q + 6, table), v128.load(m, 48)));
    }
  }
  t += sumOfCodes(p, table, i, n, bits, first, flip);
  a = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  t += f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
  store<f64>(cell, load<f64>(cell) + t);
}
/** An entry at `g` whose value stands at `p`, into its cell. */
// @ts-ignore: decorator
@inline function enter<T, S>(g: usize, p: usize, base: usize, low: i64, cells: usize, stride: usize, copy: usize, seen: usize, op: i32): void {
  if (op < 3) {
    // Before anything is stored: the value's loads need not wait for it then.
    const v = valueOf<T, S>(p, base, low);
    update<T>(marked(cells, g, stride, seen) + copy, v, op);
  } else {
    const v = coded(p, base);
    updatePlain(marked(cells, g, stride, seen) + copy, v, op == 3);
  }
}
/** `sel` = 0: rows 0, 1, ...; in turn to four copies of the cells, as in aggregate.ts. */
// @ts-ignore: decorator
@inline function group<T, S>(groups: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize, op: i32, isSel: bool): void {
  const low = lowOf<T>(base);
  let g = groups, s = sel, q = p;
  // Counting down takes a register less than addresses of ends.
  let left = n;
  for (; left >= 4; left -= 4) {
    enter<T, S>(g, isSel ? p + <usize>load<u32>(s) * sizeof<S>() : q, base, low, cells, stride, 0, seen, op);
    enter<T, S>(g + 4, isSel ? p + <usize>load<u32>(s, 4) * sizeof<S>() : q + sizeof<S>(), base, low, cells, stride, copy, seen, op);
    enter<T, S>(g + 8, isSel ? p + <usize>load<u32>(s, 8) * sizeof<S>() : q + sizeof<S>() * 2, base, low, cells, stride, copy * 2, seen, op);
    enter<T, S>(g + 12, isSel ? p + <usize>load<u32>(s, 12) * sizeof<S>() : q + sizeof<S>() * 3, base, low, cells, stride, copy * 3, seen, op);
    g += 16;
    if (isSel) s += 16;
    else q += sizeof<S>() << 2;
  }
  for (; left != 0; left--) {
    enter<T, S>(g, isSel ? p + <usize>load<u32>(s) * sizeof<S>() : q, base, low, cells, stride, 0, seen, op);
    g += 4;
    if (isSel) s += 4;
    else q += sizeof<S>();
  }
}
// @ts-ignore: decorator
@inline function groupMask<T, S>(groups: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize, op: i32): void {
  const low = lowOf<T>(base);
  for (let i: u32 = 0; i < n; i += 64) {
    let x = wordFrom(bits, first + i, flip, n - i);
    const g = groups + (<usize>i << 2), q = p + <usize>i * sizeof<S>();
    for (let fours = <u32>popcnt<u64>(x) >>> 2; fours != 0; fours--) {
      for (let k: usize = 0; k < 4; k++) {
        const e = <usize>ctz<u64>(x);
        x &= x - 1;
        enter<T, S>(g + (e << 2), q + e * sizeof<S>(), base, low, cells, stride, copy * k, seen, op);
      }
    }
    for (; x != 0; x &= x - 1) {
      const e = <usize>ctz<u64>(x);
      enter<T, S>(g + (e << 2), q + e * sizeof<S>(), base, low, cells, stride, 0, seen, op);
    }
  }
}
/** Every one of `n` rows to one cell. */
export function sumU8Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u8>(0, p, base, n, cell); }
export function minU8Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u8>(1, p, base, n, cell); }
export function maxU8Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u8>(2, p, base, n, cell); }
export function sumU16Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u16>(0, p, base, n, cell); }
export function minU16Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u16>(1, p, base, n, cell); }
export function maxU16Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u16>(2, p, base, n, cell); }
export function sumU32Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u32>(0, p, base, n, cell); }
export function minU32Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u32>(1, p, base, n, cell); }
export function maxU32Run(p: usize, base: usize, n: u32, cell: usize): void { runOffsets<u32>(2, p, base, n, cell); }
export function sumCodeRun(p: usize, base: usize, n: u32, cell: usize): void { sumCodes(p, base, n, cell); }
export function minCodeRun(p: usize, base: usize, n: u32, cell: usize): void { extremeCodes(p, base, n, cell, true); }
export function maxCodeRun(p: usize, base: usize, n: u32, cell: usize): void { extremeCodes(p, base, n, cell, false); }
/** The rows of `sel` to one cell. */
export function sumU8RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u8>(p, base, sel, n, cell, 0); }
export function minU8RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u8>(p, base, sel, n, cell, 1); }
export function maxU8RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u8>(p, base, sel, n, cell, 2); }
export function sumU16RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u16>(p, base, sel, n, cell, 0); }
export function minU16RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u16>(p, base, sel, n, cell, 1); }
export function maxU16RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u16>(p, base, sel, n, cell, 2); }
export function sumU32RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u32>(p, base, sel, n, cell, 0); }
export function minU32RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u32>(p, base, sel, n, cell, 1); }
export function maxU32RunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<i64, u32>(p, base, sel, n, cell, 2); }
export function sumCodeRunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { sumCodesSel(p, base, sel, n, cell); }
export function minCodeRunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<f64, u8>(p, base, sel, n, cell, 1); }
export function maxCodeRunSel(p: usize, base: usize, sel: usize, n: u32, cell: usize): void { runSel<f64, u8>(p, base, sel, n, cell, 2); }
/** Of entries that are rows first, first + 1, ... of a bitset those whose bit differs from `flip`, to one cell. */
export function sumU8Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { sumMaskBytes(p, base, n, bits, first, flip, cell); }
export function minU8Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<i64, u8>(p, base, n, bits, first, flip, cell, 1); }
export function maxU8Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<i64, u8>(p, base, n, bits, first, flip, cell, 2); }
export function sumU16Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<i64, u16>(p, base, n, bits, first, flip, cell, 0); }
export function minU16Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<i64, u16>(p, base, n, bits, first, flip, cell, 1); }
export function maxU16Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<i64, u16>(p, base, n, bits, first, flip, cell, 2); }
export function sumU32Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<i64, u32>(p, base, n, bits, first, flip, cell, 0); }
export function minU32Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<i64, u32>(p, base, n, bits, first, flip, cell, 1); }
export function maxU32Mask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<i64, u32>(p, base, n, bits, first, flip, cell, 2); }
export function sumCodeMask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { sumMaskCodes(p, base, n, bits, first, flip, cell); }
export function minCodeMask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<f64, u8>(p, base, n, bits, first, flip, cell, 1); }
export function maxCodeMask(p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { maskBits<f64, u8>(p, base, n, bits, first, flip, cell, 2); }
/** Entry i, of row i, to group groups[i]; Plain: no double is NaN or minus zero, nor is what a cell holds. */
export function sumU8Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u8>(g, p, base, 0, n, cells, stride, copy, seen, 0, false); }
export function minU8Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u8>(g, p, base, 0, n, cells, stride, copy, seen, 1, false); }
export function maxU8Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u8>(g, p, base, 0, n, cells, stride, copy, seen, 2, false); }
export function sumU16Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u16>(g, p, base, 0, n, cells, stride, copy, seen, 0, false); }
export function minU16Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u16>(g, p, base, 0, n, cells, stride, copy, seen, 1, false); }
export function maxU16Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u16>(g, p, base, 0, n, cells, stride, copy, seen, 2, false); }
export function sumU32Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u32>(g, p, base, 0, n, cells, stride, copy, seen, 0, false); }
export function minU32Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u32>(g, p, base, 0, n, cells, stride, copy, seen, 1, false); }
export function maxU32Group(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u32>(g, p, base, 0, n, cells, stride, copy, seen, 2, false); }
export function sumCodeGroup(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, 0, n, cells, stride, copy, seen, 0, false); }
export function minCodeGroup(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, 0, n, cells, stride, copy, seen, 1, false); }
export function maxCodeGroup(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, 0, n, cells, stride, copy, seen, 2, false); }
export function minPlainCodeGroup(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, 0, n, cells, stride, copy, seen, 3, false); }
export function maxPlainCodeGroup(g: usize, p: usize, base: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, 0, n, cells, stride, copy, seen, 4, false); }
/** Entry i, of row sel[i], to group groups[i]. */
export function sumU8GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u8>(g, p, base, sel, n, cells, stride, copy, seen, 0, true); }
export function minU8GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u8>(g, p, base, sel, n, cells, stride, copy, seen, 1, true); }
export function maxU8GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u8>(g, p, base, sel, n, cells, stride, copy, seen, 2, true); }
export function sumU16GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u16>(g, p, base, sel, n, cells, stride, copy, seen, 0, true); }
export function minU16GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u16>(g, p, base, sel, n, cells, stride, copy, seen, 1, true); }
export function maxU16GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u16>(g, p, base, sel, n, cells, stride, copy, seen, 2, true); }
export function sumU32GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u32>(g, p, base, sel, n, cells, stride, copy, seen, 0, true); }
export function minU32GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u32>(g, p, base, sel, n, cells, stride, copy, seen, 1, true); }
export function maxU32GroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64, u32>(g, p, base, sel, n, cells, stride, copy, seen, 2, true); }
export function sumCodeGroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, sel, n, cells, stride, copy, seen, 0, true); }
export function minCodeGroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, sel, n, cells, stride, copy, seen, 1, true); }
export function maxCodeGroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, sel, n, cells, stride, copy, seen, 2, true); }
export function minPlainCodeGroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, sel, n, cells, stride, copy, seen, 3, true); }
export function maxPlainCodeGroupSel(g: usize, p: usize, base: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64, u8>(g, p, base, sel, n, cells, stride, copy, seen, 4, true); }
/** Of entries that are rows first, first + 1, ... of a bitset those whose bit differs from `flip`, to their groups. */
export function sumU8GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u8>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 0); }
export function minU8GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u8>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 1); }
export function maxU8GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u8>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 2); }
export function sumU16GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u16>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 0); }
export function minU16GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u16>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 1); }
export function maxU16GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u16>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 2); }
export function sumU32GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u32>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 0); }
export function minU32GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u32>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 1); }
export function maxU32GroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<i64, u32>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 2); }
export function sumCodeGroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64, u8>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 0); }
export function minCodeGroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64, u8>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 1); }
export function maxCodeGroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64, u8>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 2); }
export function minPlainCodeGroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64, u8>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 3); }
export function maxPlainCodeGroupMask(g: usize, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupMask<f64, u8>(g, p, base, n, bits, first, flip, cells, stride, copy, seen, 4); }

// @ts-ignore: decorator
@inline function gatherOffsets<S>(p: usize, base: usize, sel: usize, n: u32, out: usize): void {
  const low = load<i64>(base);
  for (let i: usize = 0; i < <usize>n; i++) {
    store<i64>(out + (i << 3), valueOf<i64, S>(p + <usize>load<u32>(sel + (i << 2)) * sizeof<S>(), base, low));
  }
}
/** The values of the rows in `sel` as they are; those of a table have `width` bytes, others 8. */
export function narrowGather(form: u32, p: usize, base: usize, width: u32, sel: usize, n: u32, out: usize): void {
  if (form == 1) gatherOffsets<u8>(p, base, sel, n, out);
  else if (form == 2) gatherOffsets<u16>(p, base, sel, n, out);
  else if (form == 4) gatherOffsets<u32>(p, base, sel, n, out);
  else if (width == 8) {
    for (let i: usize = 0; i < <usize>n; i++) {
      store<u64>(out + (i << 3), load<u64>(coded(p + <usize>load<u32>(sel + (i << 2)), base)));
    }
  } else {
    for (let i: usize = 0; i < <usize>n; i++) {
      const code = <usize>load<u8>(p + <usize>load<u32>(sel + (i << 2)));
      store<u32>(out + (i << 2), load<u32>(base + (code << 2)));
    }
  }
}

/** The 256 longs that offsets of a byte stand for. */
export function offsetTable(base: usize, out: usize): void {
  const low = load<i64>(base);
  for (let i: usize = 0; i < 256; i++) store<i64>(out + (i << 3), low + <i64>i);
}
/** Bits of a bitset to bytes of 0 and 1. */
export function bitsToBytes(bits: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<u8>(out + i, (load<u8>(bits + (i >>> 3)) >>> <u8>(i & 7)) & 1);
}
