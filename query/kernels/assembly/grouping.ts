// Group numbers: id vectors, their combination into 64-bit keys, and an open-addressing table from key to number.
// A table has `capacity` (power of two) entries of 16 bytes {key, number + 1 as u32, unused}; 0 = free.

import { positionsOf } from './_positions';

/** Ids of `width` bytes to u32. */
export function idsWiden(ids: usize, width: u32, n: u32, out: usize): void {
  if (width == 1) {
    const wide = ids + <usize>(n & ~15);
    let p = ids, o = out;
    for (; p < wide; p += 16) {
      const v = v128.load(p);
      const low = i16x8.extend_low_i8x16_u(v), high = i16x8.extend_high_i8x16_u(v);
      v128.store(o, i32x4.extend_low_i16x8_u(low));
      v128.store(o, i32x4.extend_high_i16x8_u(low), 16);
      v128.store(o, i32x4.extend_low_i16x8_u(high), 32);
      v128.store(o, i32x4.extend_high_i16x8_u(high), 48);
      o += 64;
    }
    for (const end = ids + <usize>n; p < end; p++) {
      store<u32>(o, <u32>load<u8>(p));
      o += 4;
    }
  } else if (width == 2) {
    const wide = ids + (<usize>(n & ~7) << 1);
    let p = ids, o = out;
    for (; p < wide; p += 16) {
      const v = v128.load(p);
      v128.store(o, i32x4.extend_low_i16x8_u(v));
      v128.store(o, i32x4.extend_high_i16x8_u(v), 16);
      o += 32;
    }
    for (const end = ids + (<usize>n << 1); p < end; p += 2) {
      store<u32>(o, <u32>load<u16>(p));
      o += 4;
    }
  } else memory.copy(out, ids, <usize>n << 2);
}
/** Ids of the rows in `sel` to u32. */
export function idsGather(ids: usize, width: u32, sel: usize, n: u32, out: usize): void {
  if (width == 1) for (let i: usize = 0; i < <usize>n; i++) store<u32>(out + (i << 2), <u32>load<u8>(ids + <usize>load<u32>(sel + (i << 2))));
  else if (width == 2) for (let i: usize = 0; i < <usize>n; i++) store<u32>(out + (i << 2), <u32>load<u16>(ids + (<usize>load<u32>(sel + (i << 2)) << 1)));
  else for (let i: usize = 0; i < <usize>n; i++) store<u32>(out + (i << 2), load<u32>(ids + (<usize>load<u32>(sel + (i << 2)) << 2)));
}
export function gather32(p: usize, sel: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<u32>(out + (i << 2), load<u32>(p + (<usize>load<u32>(sel + (i << 2)) << 2)));
}
export function gather64(p: usize, sel: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<u64>(out + (i << 3), load<u64>(p + (<usize>load<u32>(sel + (i << 2)) << 3)));
}
/** 4-byte values of the rows in `sel` as 64-bit keys. */
export function gather32To64(p: usize, sel: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<u64>(out + (i << 3), <u64>load<u32>(p + (<usize>load<u32>(sel + (i << 2)) << 2)));
}
export function fill32(p: usize, n: u32, value: u32): void {
  const v = i32x4.splat(value);
  const wide = p + (<usize>(n & ~3) << 2);
  let q = p;
  for (; q < wide; q += 16) v128.store(q, v);
  for (const end = p + (<usize>n << 2); q < end; q += 4) store<u32>(q, value);
}
/** out = a * multiplier + b, 32 bits. */
export function combine32(a: usize, multiplier: u32, b: usize, n: u32, out: usize): void {
  const m = i32x4.splat(multiplier);
  const wide = <usize>(n & ~3) << 2;
  let i: usize = 0;
  for (; i < wide; i += 16) v128.store(out + i, i32x4.add(i32x4.mul(v128.load(a + i), m), v128.load(b + i)));
  for (const end = <usize>n << 2; i < end; i += 4) store<u32>(out + i, load<u32>(a + i) * multiplier + load<u32>(b + i));
}

// @ts-ignore: decorator
@inline function slotOf(key: u64): u64 {
  let h = key ^ (key >>> 32);
  h *= 0x9e3779b97f4a7c15;
  return h ^ (h >>> 29);
}
/**
 * Numbers for `n` keys into `out`; new keys get count, count + 1, … and are appended to `list`. Answers the new count.
 * The caller keeps count + n below the capacity, so that a free entry always ends the search.
 */
export function hashNumber(keys: usize, n: u32, table: usize, capacity: u32, list: usize, count: u32, out: usize): u32 {
  const mask = <u64>(capacity - 1);
  for (let i: usize = 0; i < <usize>n; i++) {
    const key = load<u64>(keys + (i << 3));
    let at = slotOf(key) & mask;
    while (true) {
      const entry = table + (<usize>at << 4);
      const number = load<u32>(entry, 8);
      if (number == 0) {
        store<u64>(entry, key);
        store<u32>(entry, count + 1, 8);
        store<u64>(list + (<usize>count << 3), key);
        store<u32>(out + (i << 2), count);
        count++;
        break;
      }
      if (load<u64>(entry) == key) {
        store<u32>(out + (i << 2), number - 1);
        break;
      }
      at = (at + 1) & mask;
    }
  }
  return count;
}
/** Clears the table to `capacity` entries and enters the `count` keys of `list` again. */
export function hashRebuild(table: usize, capacity: u32, list: usize, count: u32): void {
  memory.fill(table, 0, <usize>capacity << 4);
  const mask = <u64>(capacity - 1);
  for (let i: u32 = 0; i < count; i++) {
    const key = load<u64>(list + (<usize>i << 3));
    let at = slotOf(key) & mask;
    while (load<u32>(table + (<usize>at << 4), 8) != 0) at = (at + 1) & mask;
    store<u64>(table + (<usize>at << 4), key);
    store<u32>(table + (<usize>at << 4), i + 1, 8);
  }
}
/** Adds 1 to each number, and sets it to 0 where the row's bit is set (0 = null). */
export function numbersWithNull(numbers: usize, sel: usize, n: u32, bits: usize, base: u32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const at = load<u32>(sel + (i << 2)) + base;
    const bit = <u32>(load<u8>(bits + <usize>(at >>> 3)) >>> <u8>(at & 7)) & 1;
    store<u32>(numbers + (i << 2), bit ? 0 : load<u32>(numbers + (i << 2)) + 1);
  }
}

/** Entries that `n` rows become when each of their values is one (a row without values is one). May saturate. */
export function explodedCount(offsets: usize, sel: usize, n: u32): u32 {
  let total: u64 = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const at = offsets + (<usize>load<u32>(sel + (i << 2)) << 2);
    const values = load<u32>(at, 4) - load<u32>(at);
    total += <u64>(values == 0 ? 1 : values);
  }
  return total > <u64>u32.MAX_VALUE ? u32.MAX_VALUE : <u32>total;
}
/**
 * For each value of each entry: `source[i]` of its entry (0: the entry's index) into `sources`, the value's id into
 * `out`. Both have room for three more than the answer. Four values are copied at a time, so that what follows does not
 * depend on a branch as long as rows have no more.
 */
export function explode(
  offsets: usize, ids: usize, sel: usize, n: u32, nullId: u32, source: usize, sources: usize, out: usize,
): u32 {
  const none = i32x4.splat(nullId);
  let k: usize = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const at = offsets + (<usize>load<u32>(sel + (i << 2)) << 2);
    let from = ids + (<usize>load<u32>(at) << 2);
    const to = ids + (<usize>load<u32>(at, 4) << 2);
    const row = i32x4.splat(source ? load<u32>(source + (i << 2)) : <u32>i);
    const bytes = to - from;
    v128.store(sources + k, row);
    v128.store(out + k, v128.bitselect(v128.load(from), none, i32x4.splat(-<i32>(bytes != 0))));
    if (bytes > 16) {
      for (let done: usize = 16; done < bytes; done += 16) {
        v128.store(sources + k + done, row);
        v128.store(out + k + done, v128.load(from + done));
      }
    }
    k += max<usize>(bytes, 4);
  }
  return <u32>(k >>> 2);
}
/** 1 when a row of [from, from + n) has no value. */
export function anyEmpty(offsets: usize, from: u32, n: u32): u32 {
  let p = offsets + (<usize>from << 2);
  const end = p + (<usize>n << 2);
  let empty = i32x4.splat(0);
  for (; p + 16 <= end; p += 16) empty = v128.or(empty, i32x4.eq(v128.load(p), v128.load(p, 4)));
  if (v128.any_true(empty)) return 1;
  for (; p < end; p += 4) if (load<u32>(p) == load<u32>(p, 4)) return 1;
  return 0;
}
/** Those of rows [from, from + n) that have no value, into `out`, which has room for n. Answers how many. */
export function emptyRows(offsets: usize, from: u32, n: u32, out: usize): u32 {
  let p = offsets + (<usize>from << 2);
  let o = out;
  let row = from;
  const end = from + n;
  let rows = i32x4.splat(from);
  const eight = i32x4.splat(8);
  // Eight entries are written for eight rows; those that are not answered are room for rows behind.
  for (const wide = from + (n & ~7); row < wide; row += 8) {
    const low = i32x4.eq(v128.load(p), v128.load(p, 4)), high = i32x4.eq(v128.load(p, 16), v128.load(p, 20));
    o = positionsOf(<usize>i16x8.bitmask(i16x8.narrow_i32x4_s(low, high)), rows, o);
    rows = i32x4.add(rows, eight);
    p += 32;
  }
  let at = load<u32>(p);
  for (; row < end; row++) {
    const next = load<u32>(p, 4);
    store<u32>(o, row);
    o += <usize>(next == at) << 2;
    at = next;
    p += 4;
  }
  return <u32>((o - out) >>> 2);
}
/** Copies of `v` from p on, for `bytes` bytes or a little more. */
// @ts-ignore: decorator
@inline function fillBehind(p: usize, bytes: usize, v: v128): void {
  for (let done: usize = 16; done < bytes; done += 16) v128.store(p + done, v);
}
/**
 * The row of each value of rows [from, from + n); room for four more. Answers how many. Four rows of up to four values
 * take no branch between them.
 */
export function rowsOfValues(offsets: usize, from: u32, n: u32, out: usize): u32 {
  let p = offsets + (<usize>from << 2);
  const last = p + (<usize>n << 2);
  const o = out - (<usize>load<u32>(p) << 2);
  const one = i32x4.splat(1), four = i32x4.splat(4);
  let row = i32x4.splat(from);
  for (; p + 16 <= last; p += 16) {
    const starts = v128.load(p);
    if (v128.any_true(i32x4.gt_u(i32x4.sub(v128.load(p, 4), starts), four))) {
      for (let k: usize = 0; k < 16; k += 4) {
        const at = load<u32>(p + k), to = o + (<usize>at << 2);
        v128.store(to, row);
        fillBehind(to, <usize>(load<u32>(p + k, 4) - at) << 2, row);
        row = i32x4.add(row, one);
      }
      continue;
    }
    v128.store(o + (<usize>load<u32>(p) << 2), row);
    row = i32x4.add(row, one);
    v128.store(o + (<usize>load<u32>(p, 4) << 2), row);
    row = i32x4.add(row, one);
    v128.store(o + (<usize>load<u32>(p, 8) << 2), row);
    row = i32x4.add(row, one);
    v128.store(o + (<usize>load<u32>(p, 12) << 2), row);
    row = i32x4.add(row, one);
  }
  for (; p < last; p += 4) {
    const at = load<u32>(p), to = o + (<usize>at << 2);
    v128.store(to, row);
    fillBehind(to, <usize>(load<u32>(p, 4) - at) << 2, row);
    row = i32x4.add(row, one);
  }
  return load<u32>(last) - load<u32>(offsets + (<usize>from << 2));
}
/** `explode` of rows from, from + 1, ...: the rows themselves into `sources`. */
export function explodeRange(
  offsets: usize, ids: usize, from: u32, n: u32, nullId: u32, sources: usize, out: usize,
): u32 {
  let p = offsets + (<usize>from << 2);
  const last = p + (<usize>n << 2);
  const one = i32x4.splat(1);
  let row = i32x4.splat(from);
  let k: usize = 0;
  let at = <usize>load<u32>(p) << 2;
  for (; p < last; p += 4) {
    const end = <usize>load<u32>(p, 4) << 2;
    const bytes = end - at;
    const first = ids + at;
    v128.store(sources + k, row);
    v128.store(out + k, v128.load(first));
    store<u32>(out + k, select<u32>(nullId, load<u32>(first), bytes == 0));
    if (bytes > 16) {
      fillBehind(sources + k, bytes, row);
      for (let done: usize = 16; done < bytes; done += 16) v128.store(out + k + done, v128.load(first + done));
    }
    k += max<usize>(bytes, 4);
    at = end;
    row = i32x4.add(row, one);
  }
  return <u32>(k >>> 2);
}
/** Rows of [0, n) of a batch that have any value, into words of a bitset; bits behind the last row are 0. */
export function filledRows(offsets: usize, n: u32, bits: usize): void {
  for (let i: u32 = 0; i < n; i += 64) {
    let x: u64 = 0;
    const m = min<u32>(64, n - i);
    let at = load<u32>(offsets + (<usize>i << 2));
    for (let k: u32 = 0; k < m; k++) {
      const end = load<u32>(offsets + (<usize>(i + k + 1) << 2));
      x |= <u64>(end != at) << <u64>k;
      at = end;
    }
    store<u64>(bits + (<usize>(i >>> 6) << 3), x);
  }
}

/**
 * Bucket of each row in `sel`: the last of `count` ascending edges (i64) that is <= its time. The caller made sure
 * that no time lies before the first edge. Rows near each other mostly share a bucket, which is looked at first.
 */
export function bucketNumbers(times: usize, sel: usize, n: u32, edges: usize, count: u32, out: usize): void {
  let at: u32 = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const t = load<i64>(times + (<usize>load<u32>(sel + (i << 2)) << 3));
    const here = edges + (<usize>at << 3);
    if (t < load<i64>(here) || (at + 1 < count && t >= load<i64>(here, 8))) {
      let lo: u32 = 0, hi = count;
      while (lo < hi) {
        const mid = (lo + hi) >>> 1;
        if (load<i64>(edges + (<usize>mid << 3)) <= t) lo = mid + 1;
        else hi = mid;
      }
      at = lo == 0 ? 0 : lo - 1;
    }
    store<u32>(out + (i << 2), at);
  }
}
/** Index of the first selected entry that is >= row. */
export function selectionLowerBound(sel: usize, n: u32, row: u32): u32 {
  let lo: u32 = 0, hi = n;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (load<u32>(sel + (<usize>mid << 2)) < row) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
/** Indexes of the non-zero bytes of [p, p + n) into `out` (u32). Answers how many. */
export function markedNumbers(p: usize, n: u32, out: usize): u32 {
  let k: usize = 0;
  let i: u32 = 0;
  for (; i + 8 <= n; i += 8) {
    let x = load<u64>(p + <usize>i);
    while (x != 0) {
      store<u32>(out + (k << 2), i + <u32>(ctz<u64>(x) >>> 3));
      k++;
      x &= x - 1;
    }
  }
  for (; i < n; i++) {
    if (load<u8>(p + <usize>i)) {
      store<u32>(out + (k << 2), i);
      k++;
    }
  }
  return <u32>k;
}
/** One flag byte a number to a bitset, bit i = flag of numbers[i]. */
export function lookupBits(numbers: usize, n: u32, table: usize, bits: usize): void {
  for (let i: u32 = 0; i < n; i += 64) {
    let x: u64 = 0;
    const m = min<u32>(64, n - i);
    for (let k: u32 = 0; k < m; k++) x |= <u64>load<u8>(table + <usize>load<u32>(numbers + (<usize>(i + k) << 2))) << <u64>k;
    store<u64>(bits + (<usize>(i >>> 6) << 3), x);
  }
}
/** out = a << 32 | b. */
export function pair64(a: usize, b: usize, n: u32, out: usize): void {
  const wide = <usize>(n & ~3) << 2;
  let i: usize = 0;
  for (; i < wide; i += 16) {
    const high = v128.load(a + i), low = v128.load(b + i);
    v128.store(out + (i << 1), i8x16.shuffle(low, high, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23));
    v128.store(out + (i << 1), i8x16.shuffle(low, high, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31), 16);
  }
  for (const end = <usize>n << 2; i < end; i += 4) {
    store<u32>(out + (i << 1), load<u32>(b + i));
    store<u32>(out + (i << 1), load<u32>(a + i), 4);
  }
}
/** Index of the first of `n` ascending i64 that is >= value. */
export function lowerBoundI64(p: usize, n: u32, value: i64): u32 {
  let lo: u32 = 0, hi = n;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (load<i64>(p + (<usize>mid << 3)) < value) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
