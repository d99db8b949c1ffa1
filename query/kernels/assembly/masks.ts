// Masks: entries are rows first, first + 1, … of a bitset; those whose bit differs from `flip` count. `p` is the first
// one's value. Values of the others are blanked out bit by bit, so that NaN among them does no harm.

import { foldF32, foldF64, foldI64, storeF32 } from './_lanes';

/** Of each four bits: four lanes of 64 bits, and of 32, that are all ones where the bit is set. */
const lanes64 = memory.data(16 * 32);
const lanes32 = memory.data(16 * 16);
for (let four: u32 = 0; four < 16; four++) {
  for (let lane: u32 = 0; lane < 4; lane++) {
    const all: i64 = -<i64>((four >>> lane) & 1);
    store<i64>(lanes64 + (<usize>four << 5) + (<usize>lane << 3), all);
    store<i32>(lanes32 + (<usize>four << 4) + (<usize>lane << 2), <i32>all);
  }
}

// @ts-ignore: decorator
@inline function bitAt(bits: usize, row: u32, flip: u32): u32 {
  return ((<u32>load<u8>(bits + <usize>(row >>> 3)) >>> (row & 7)) & 1) ^ flip;
}
/** Entries before the first whole byte of bits. */
// @ts-ignore: decorator
@inline function headOf(n: u32, first: u32): u32 {
  return min<u32>(n, (8 - (first & 7)) & 7);
}
// @ts-ignore: decorator
@inline function byteAt(bits: usize, row: u32, flip: u32): usize {
  return <usize>(<u32>load<u8>(bits + <usize>(row >>> 3)) ^ (flip ? 0xff : 0));
}
/** Address of the masks of bits 0 to 3 of a byte, four lanes of 64 bits each. */
// @ts-ignore: decorator
@inline function low64(byte: usize): usize {
  return lanes64 + ((byte & 15) << 5);
}
/** Of bits 4 to 7. */
// @ts-ignore: decorator
@inline function high64(byte: usize): usize {
  return lanes64 + ((byte & 0xf0) << 1);
}
// @ts-ignore: decorator
@inline function low32(byte: usize): v128 {
  return v128.load(lanes32 + ((byte & 15) << 4));
}
// @ts-ignore: decorator
@inline function high32(byte: usize): v128 {
  return v128.load(lanes32 + (byte & 0xf0));
}

// @ts-ignore: decorator
@inline function addLanes<T>(a: v128, p: usize, mask: v128): v128 {
  const kept = v128.and(v128.load(p), mask);
  return isFloat<T>() ? (sizeof<T>() == 8 ? f64x2.add(a, kept) : f32x4.add(a, kept)) : i64x2.add(a, kept);
}
// @ts-ignore: decorator
@inline function sumMask<T>(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void {
  let t: T = 0;
  let i: u32 = 0;
  for (const head = headOf(n, first); i < head; i++) {
    if (bitAt(bits, first + i, flip)) t += load<T>(p + <usize>i * sizeof<T>());
  }
  let a = i64x2.splat(0), b = a, c = a, d = a;
  for (; i + 8 <= n; i += 8) {
    const q = p + <usize>i * sizeof<T>();
    const byte = byteAt(bits, first + i, flip);
    if (sizeof<T>() == 8) {
      const low = low64(byte), high = high64(byte);
      a = addLanes<T>(a, q, v128.load(low));
      b = addLanes<T>(b, q + 16, v128.load(low, 16));
      c = addLanes<T>(c, q + 32, v128.load(high));
      d = addLanes<T>(d, q + 48, v128.load(high, 16));
    } else {
      a = addLanes<T>(a, q, low32(byte));
      b = addLanes<T>(b, q + 16, high32(byte));
    }
  }
  for (; i < n; i++) {
    if (bitAt(bits, first + i, flip)) t += load<T>(p + <usize>i * sizeof<T>());
  }
  if (!isFloat<T>()) {
    a = i64x2.add(i64x2.add(a, b), i64x2.add(c, d));
    t += <T>(i64x2.extract_lane(a, 0) + i64x2.extract_lane(a, 1));
  } else if (sizeof<T>() == 8) {
    a = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
    t += <T>(f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1));
  } else {
    a = f32x4.add(a, b);
    const low = f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1);
    t += <T>(low + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3)));
  }
  store<T>(cell, load<T>(cell) + t);
}
export function sumI64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { sumMask<i64>(p, n, bits, first, flip, cell); }
export function sumF64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { sumMask<f64>(p, n, bits, first, flip, cell); }
export function sumF32Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { sumMask<f32>(p, n, bits, first, flip, cell); }

/** Minima and maxima: what is left out counts as the cell was at first, which changes nothing. */
// @ts-ignore: decorator
@inline function extremeOf<T>(p: usize, from: u32, to: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  let a = load<T>(cell);
  for (let i = from; i < to; i++) {
    if (!bitAt(bits, first + i, flip)) continue;
    const v = load<T>(p + <usize>i * sizeof<T>());
    a = isMin ? min<T>(a, v) : max<T>(a, v);
  }
  store<T>(cell, a);
}
// @ts-ignore: decorator
@inline function keepF64(a: v128, p: usize, mask: v128, other: v128, isMin: bool): v128 {
  return foldF64(a, v128.bitselect(v128.load(p), other, mask), isMin);
}
// @ts-ignore: decorator
@inline function extremeMaskF64(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  const head = headOf(n, first);
  extremeOf<f64>(p, 0, head, bits, first, flip, cell, isMin);
  const other = f64x2.splat(load<f64>(cell));
  let a = other, b = a, c = a, d = a;
  let i = head;
  for (; i + 8 <= n; i += 8) {
    const q = p + (<usize>i << 3);
    const byte = byteAt(bits, first + i, flip);
    const low = low64(byte), high = high64(byte);
    a = keepF64(a, q, v128.load(low), other, isMin);
    b = keepF64(b, q + 16, v128.load(low, 16), other, isMin);
    c = keepF64(c, q + 32, v128.load(high), other, isMin);
    d = keepF64(d, q + 48, v128.load(high, 16), other, isMin);
  }
  a = foldF64(foldF64(a, b, isMin), foldF64(c, d, isMin), isMin);
  const low = f64x2.extract_lane(a, 0), high = f64x2.extract_lane(a, 1);
  store<f64>(cell, isMin ? min<f64>(low, high) : max<f64>(low, high));
  extremeOf<f64>(p, i, n, bits, first, flip, cell, isMin);
}
// @ts-ignore: decorator
@inline function extremeMaskF32(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  const head = headOf(n, first);
  extremeOf<f32>(p, 0, head, bits, first, flip, cell, isMin);
  const other = f32x4.splat(load<f32>(cell));
  let a = other, b = a;
  let i = head;
  for (; i + 8 <= n; i += 8) {
    const q = p + (<usize>i << 2);
    const byte = byteAt(bits, first + i, flip);
    a = foldF32(a, v128.bitselect(v128.load(q), other, low32(byte)), isMin);
    b = foldF32(b, v128.bitselect(v128.load(q, 16), other, high32(byte)), isMin);
  }
  storeF32(foldF32(a, b, isMin), cell, isMin);
  extremeOf<f32>(p, i, n, bits, first, flip, cell, isMin);
}
// @ts-ignore: decorator
@inline function keepI64(a: v128, p: usize, mask: v128, isMin: bool): v128 {
  const v = v128.load(p);
  return v128.bitselect(v, a, v128.and(isMin ? i64x2.gt_s(a, v) : i64x2.gt_s(v, a), mask));
}
// @ts-ignore: decorator
@inline function extremeMaskI64(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize, isMin: bool): void {
  const head = headOf(n, first);
  extremeOf<i64>(p, 0, head, bits, first, flip, cell, isMin);
  let a = i64x2.splat(load<i64>(cell)), b = a;
  let i = head;
  for (; i + 8 <= n; i += 8) {
    const q = p + (<usize>i << 3);
    const byte = byteAt(bits, first + i, flip);
    const low = low64(byte), high = high64(byte);
    a = keepI64(a, q, v128.load(low), isMin);
    b = keepI64(b, q + 16, v128.load(low, 16), isMin);
    a = keepI64(a, q + 32, v128.load(high), isMin);
    b = keepI64(b, q + 48, v128.load(high, 16), isMin);
  }
  a = foldI64(a, b, isMin);
  const low = i64x2.extract_lane(a, 0), high = i64x2.extract_lane(a, 1);
  store<i64>(cell, isMin ? min<i64>(low, high) : max<i64>(low, high));
  extremeOf<i64>(p, i, n, bits, first, flip, cell, isMin);
}
export function minI64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskI64(p, n, bits, first, flip, cell, true); }
export function maxI64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskI64(p, n, bits, first, flip, cell, false); }
export function minF64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskF64(p, n, bits, first, flip, cell, true); }
export function maxF64Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskF64(p, n, bits, first, flip, cell, false); }
export function minF32Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskF32(p, n, bits, first, flip, cell, true); }
export function maxF32Mask(p: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void { extremeMaskF32(p, n, bits, first, flip, cell, false); }

/** Values of a block, `other` in place of those of rows whose bit is set; `first` is a multiple of 8. */
export function blend64(p: usize, n: u32, bits: usize, first: u32, other: u64, out: usize): void {
  const others = i64x2.splat(other);
  for (let i: u32 = 0; i < n; i += 8) {
    const q = p + (<usize>i << 3), o = out + (<usize>i << 3);
    const byte = byteAt(bits, first + i, 0);
    const low = low64(byte), high = high64(byte);
    v128.store(o, v128.bitselect(others, v128.load(q), v128.load(low)));
    v128.store(o, v128.bitselect(others, v128.load(q, 16), v128.load(low, 16)), 16);
    v128.store(o, v128.bitselect(others, v128.load(q, 32), v128.load(high)), 32);
    v128.store(o, v128.bitselect(others, v128.load(q, 48), v128.load(high, 16)), 48);
  }
}
export function blend32(p: usize, n: u32, bits: usize, first: u32, other: u64, out: usize): void {
  const others = i32x4.splat(<u32>other);
  for (let i: u32 = 0; i < n; i += 8) {
    const q = p + (<usize>i << 2), o = out + (<usize>i << 2);
    const byte = byteAt(bits, first + i, 0);
    v128.store(o, v128.bitselect(others, v128.load(q), low32(byte)));
    v128.store(o, v128.bitselect(others, v128.load(q, 16), high32(byte)), 16);
  }
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
  for (; i + 8 <= n; i += 8) {
    const g = groups + (<usize>i << 2), o = out + (<usize>i << 2);
    const byte = byteAt(bits, first + i, flip);
    v128.store(o, v128.bitselect(v128.load(g), others, low32(byte)));
    v128.store(o, v128.bitselect(v128.load(g, 16), others, high32(byte)), 16);
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
/** 1 when a byte of `wanted` (0 = all of them are) is set and that of `seen` is not. */
export function marksMissing(wanted: usize, seen: usize, n: u32): u32 {
  let i: usize = 0;
  const zero = i64x2.splat(0);
  for (const end = <usize>(n & ~15); i < end; i += 16) {
    let missing = i8x16.eq(v128.load(seen + i), zero);
    if (wanted) missing = v128.and(missing, v128.load(wanted + i));
    if (v128.any_true(missing)) return 1;
  }
  for (; i < <usize>n; i++) {
    if (!load<u8>(seen + i) && (!wanted || load<u8>(wanted + i))) return 1;
  }
  return 0;
}
