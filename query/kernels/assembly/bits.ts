// Bitsets over the rows of a segment: bit r of 64-bit little-endian words. Set rows of a batch become a selection
// vector (u32 row numbers relative to the batch's first row), made once and used by every aggregator.

import { positionsOf } from './_positions';

// @ts-ignore: decorator
@inline function combined(a: v128, b: v128, op: i32): v128 {
  return op == 0 ? v128.and(a, b) : op == 1 ? v128.or(a, b) : v128.andnot(a, b);
}
// @ts-ignore: decorator
@inline function combine(a: usize, b: usize, out: usize, words: u32, op: i32): void {
  const n = <usize>words << 3;
  let i: usize = 0;
  for (; i + 32 <= n; i += 32) {
    v128.store(out + i, combined(v128.load(a + i), v128.load(b + i), op));
    v128.store(out + i, combined(v128.load(a + i, 16), v128.load(b + i, 16), op), 16);
  }
  for (; i < n; i += 8) {
    const x = load<u64>(a + i), y = load<u64>(b + i);
    store<u64>(out + i, op == 0 ? x & y : op == 1 ? x | y : x & ~y);
  }
}
export function bitsAnd(a: usize, b: usize, out: usize, words: u32): void { combine(a, b, out, words, 0); }
export function bitsOr(a: usize, b: usize, out: usize, words: u32): void { combine(a, b, out, words, 1); }
export function bitsAndNot(a: usize, b: usize, out: usize, words: u32): void { combine(a, b, out, words, 2); }
export function bitsNot(a: usize, out: usize, words: u32): void {
  const n = <usize>words << 3;
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) v128.store(out + i, v128.not(v128.load(a + i)));
  if (i < n) store<u64>(out + i, ~load<u64>(a + i));
}
export function bitsCopy(a: usize, out: usize, words: u32): void {
  memory.copy(out, a, <usize>words << 3);
}
export function clearBytes(p: usize, n: usize): void {
  memory.fill(p, 0, n);
}
export function bitsClear(p: usize, words: u32): void {
  memory.fill(p, 0, <usize>words << 3);
}
/** Sets (on = 1) or clears (on = 0) rows [from, to). */
export function bitsFillRange(p: usize, from: u32, to: u32, on: u32): void {
  if (from >= to) return;
  const first = p + (<usize>(from >>> 6) << 3);
  const last = p + (<usize>((to - 1) >>> 6) << 3);
  const head = ~<u64>0 << <u64>(from & 63);
  const tail = ~<u64>0 >> <u64>(63 - ((to - 1) & 63));
  if (first == last) {
    const mask = head & tail;
    store<u64>(first, on ? load<u64>(first) | mask : load<u64>(first) & ~mask);
    return;
  }
  store<u64>(first, on ? load<u64>(first) | head : load<u64>(first) & ~head);
  memory.fill(first + 8, on ? 0xff : 0, last - first - 8);
  store<u64>(last, on ? load<u64>(last) | tail : load<u64>(last) & ~tail);
}
/** Set rows in [from, to). */
export function bitsCount(p: usize, from: u32, to: u32): u32 {
  if (from >= to) return 0;
  const head = ~<u64>0 << <u64>(from & 63);
  const tail = ~<u64>0 >> <u64>(63 - ((to - 1) & 63));
  let q = p + (<usize>(from >>> 6) << 3);
  const last = p + (<usize>((to - 1) >>> 6) << 3);
  if (q == last) return <u32>popcnt<u64>(load<u64>(q) & head & tail);
  let a = popcnt<u64>(load<u64>(q) & head), b = popcnt<u64>(load<u64>(last) & tail), c: u64 = 0, d: u64 = 0;
  q += 8;
  for (; q + 32 <= last; q += 32) {
    a += popcnt<u64>(load<u64>(q));
    b += popcnt<u64>(load<u64>(q, 8));
    c += popcnt<u64>(load<u64>(q, 16));
    d += popcnt<u64>(load<u64>(q, 24));
  }
  for (; q < last; q += 8) a += popcnt<u64>(load<u64>(q));
  return <u32>(a + b + c + d);
}
/** First set row in [from, to), or 0xffffffff. */
export function bitsFirst(p: usize, from: u32, to: u32): u32 {
  if (from >= to) return u32.MAX_VALUE;
  let mask = ~<u64>0 << <u64>(from & 63);
  for (let w = from >>> 6; w <= (to - 1) >>> 6; w++) {
    const x = load<u64>(p + (<usize>w << 3)) & mask;
    mask = ~<u64>0;
    if (x != 0) {
      const row = (w << 6) + <u32>ctz<u64>(x);
      return row < to ? row : u32.MAX_VALUE;
    }
  }
  return u32.MAX_VALUE;
}
/** Last set row in [from, to), or 0xffffffff. */
export function bitsLast(p: usize, from: u32, to: u32): u32 {
  if (from >= to) return u32.MAX_VALUE;
  let mask = ~<u64>0 >> <u64>(63 - ((to - 1) & 63));
  const least = from >>> 6;
  let w = (to - 1) >>> 6;
  while (true) {
    const x = load<u64>(p + (<usize>w << 3)) & mask;
    mask = ~<u64>0;
    if (x != 0) {
      const row = (w << 6) + 63 - <u32>clz<u64>(x);
      return row >= from ? row : u32.MAX_VALUE;
    }
    if (w == least) return u32.MAX_VALUE;
    w--;
  }
}

/** From so many set bits of 64 on, positions are looked up a byte at a time; fewer are found one by one. */
const denseBits: u64 = 10;

/**
 * Rows of [from, to) whose bit differs from `flip`, less `base`, into `sel`, which has room for all of them. Answers
 * how many.
 */
export function bitsToSelection(bits: usize, base: u32, from: u32, to: u32, flip: u32, sel: usize): u32 {
  if (from >= to) return 0;
  const invert: u64 = flip ? ~<u64>0 : 0;
  const last = (to - 1) >>> 6;
  let mask = ~<u64>0 << <u64>(from & 63);
  let o = sel;
  for (let w = from >>> 6; w <= last; w++) {
    let x = (load<u64>(bits + (<usize>w << 3)) ^ invert) & mask;
    mask = ~<u64>0;
    if (w == last) x &= ~<u64>0 >> <u64>(63 - ((to - 1) & 63));
    const row = (w << 6) - base;
    const count = popcnt<u64>(x);
    if (count == 64) {
      let v = i32x4.add(i32x4.splat(row), i32x4(0, 1, 2, 3));
      const four = i32x4.splat(4);
      for (let k = 0; k < 16; k++) {
        v128.store(o, v);
        o += 16;
        v = i32x4.add(v, four);
      }
    } else if (count >= denseBits) {
      o = positionsInto(x, row, o);
    } else {
      while (x != 0) {
        store<u32>(o, row + <u32>ctz<u64>(x));
        o += 4;
        x &= x - 1;
      }
    }
  }
  return <u32>((o - sel) >>> 2);
}
/** Writes up to 32 bytes more than it answers; they are room for rows that are not taken. */
// @ts-ignore: decorator
@inline function positionsInto(bits: u64, row: u32, out: usize): usize {
  let x = bits;
  let o = out;
  let v = i32x4.splat(row);
  const eight = i32x4.splat(8);
  for (let k = 0; k < 8; k++) {
    o = positionsOf(<usize>x & 0xff, v, o);
    v = i32x4.add(v, eight);
    x >>>= 8;
  }
  return o;
}

/** from, from + 1, … (n of them). */
export function selectRange(from: u32, n: u32, sel: usize): void {
  let v = i32x4.add(i32x4.splat(from), i32x4(0, 1, 2, 3));
  const four = i32x4.splat(4);
  let i: u32 = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(sel + (<usize>i << 2), v);
    v = i32x4.add(v, four);
  }
  for (; i < n; i++) store<u32>(sel + (<usize>i << 2), from + i);
}

/**
 * Keeps the entries whose row's bit differs from `flip`; `groups` (0 = none) goes along. In and out may be the same.
 * Branch-free: every entry is written, only kept ones advance.
 */
export function selectionRefine(
  sel: usize, groups: usize, n: u32, bits: usize, base: u32, flip: u32, outSel: usize, outGroups: usize,
): u32 {
  let k: usize = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const row = load<u32>(sel + (i << 2));
    const at = row + base;
    const bit = <u32>(load<u8>(bits + <usize>(at >>> 3)) >>> <u8>(at & 7)) & 1;
    store<u32>(outSel + (k << 2), row);
    if (groups) store<u32>(outGroups + (k << 2), load<u32>(groups + (i << 2)));
    k += <usize>(bit ^ flip);
  }
  return <u32>k;
}
