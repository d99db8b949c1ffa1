// Sums, minima and maxima over value columns. Results are added into 8-byte cells (a 4-byte float uses the low half),
// so that 64-bit longs never leave the module as numbers. Minima and maxima follow Java: NaN wins, -0.0 < 0.0, which
// is what the wasm instructions do.
// run = every row goes to one cell; group = cell number per entry. Sel = row numbers of the entries, else rows 0 … n-1.

import { bitsCount } from './bits';
import { cellOf, increment, marked, update, updatePlain } from './_cells';
import { foldF32, foldF64, foldI64, storeF32 } from './_lanes';
import {
  maxF32Mask, maxF64Mask, maxI64Mask, minF32Mask, minF64Mask, minI64Mask, sumF32Mask, sumF64Mask, sumI64Mask,
} from './masks';
import {
  maxCodeMask, maxCodeRun, maxCodeRunSel, maxU16Mask, maxU16Run, maxU16RunSel, maxU32Mask, maxU32Run, maxU32RunSel,
  maxU8Mask, maxU8Run, maxU8RunSel, minCodeMask, minCodeRun, minCodeRunSel, minU16Mask, minU16Run, minU16RunSel,
  minU32Mask, minU32Run, minU32RunSel, minU8Mask, minU8Run, minU8RunSel, sumCodeMask, sumCodeRun, sumCodeRunSel,
  sumU16Mask, sumU16Run, sumU16RunSel, sumU32Mask, sumU32Run, sumU32RunSel, sumU8Mask, sumU8Run, sumU8RunSel,
} from './narrow';

// @ts-ignore: decorator
@inline function run<T>(p: usize, n: u32, cell: usize, op: i32): void {
  let a = load<T>(cell);
  const end = p + <usize>n * sizeof<T>();
  for (let q = p; q < end; q += sizeof<T>()) {
    const v = load<T>(q);
    a = op == 0 ? <T>(a + v) : op == 1 ? min<T>(a, v) : max<T>(a, v);
  }
  store<T>(cell, a);
}

// @ts-ignore: decorator
@inline function runSel<T>(p: usize, sel: usize, n: u32, cell: usize, op: i32): void {
  let a = load<T>(cell);
  const end = sel + (<usize>n << 2);
  for (let q = sel; q < end; q += 4) {
    const v = load<T>(p + <usize>load<u32>(q) * sizeof<T>());
    a = op == 0 ? <T>(a + v) : op == 1 ? min<T>(a, v) : max<T>(a, v);
  }
  store<T>(cell, a);
}

/** The value is loaded before anything is stored, and so does not wait for that. */
// @ts-ignore: decorator
@inline function enter<T>(value: T, cells: usize, g: usize, stride: usize, copy: usize, seen: usize, op: i32): void {
  update<T>(marked(cells, g, stride, seen) + copy, value, op);
}

// @ts-ignore: decorator
@inline function group<T>(groups: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize, op: i32): void {
  // Counting down takes a register less than an address of the end.
  let g = groups, q = p, left = n;
  for (; left >= 4; left -= 4) {
    enter<T>(load<T>(q), cells, g, stride, 0, seen, op);
    enter<T>(load<T>(q + sizeof<T>()), cells, g + 4, stride, copy, seen, op);
    enter<T>(load<T>(q + sizeof<T>() * 2), cells, g + 8, stride, copy * 2, seen, op);
    enter<T>(load<T>(q + sizeof<T>() * 3), cells, g + 12, stride, copy * 3, seen, op);
    g += 16;
    q += sizeof<T>() << 2;
  }
  for (; left != 0; left--) {
    enter<T>(load<T>(q), cells, g, stride, 0, seen, op);
    g += 4;
    q += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline function rowOf<T>(p: usize, sel: usize): T {
  return load<T>(p + <usize>load<u32>(sel) * sizeof<T>());
}

// @ts-ignore: decorator
@inline function groupSel<T>(groups: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize, op: i32): void {
  let g = groups, s = sel, left = n;
  for (; left >= 4; left -= 4) {
    enter<T>(rowOf<T>(p, s), cells, g, stride, 0, seen, op);
    enter<T>(rowOf<T>(p, s + 4), cells, g + 4, stride, copy, seen, op);
    enter<T>(rowOf<T>(p, s + 8), cells, g + 8, stride, copy * 2, seen, op);
    enter<T>(rowOf<T>(p, s + 12), cells, g + 12, stride, copy * 3, seen, op);
    g += 16;
    s += 16;
  }
  for (; left != 0; left--) {
    enter<T>(rowOf<T>(p, s), cells, g, stride, 0, seen, op);
    g += 4;
    s += 4;
  }
}

/** Minima and maxima of plain doubles, as long as no cell holds anything else: without branches. */
// @ts-ignore: decorator
@inline function groupPlain(groups: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize, isMin: bool): void {
  const four = groups + (<usize>(n & ~3) << 2);
  let g = groups, q = p;
  for (; g < four; g += 16) {
    updatePlain(marked(cells, g, stride, seen), q, isMin);
    updatePlain(marked(cells, g + 4, stride, seen) + copy, q + 8, isMin);
    updatePlain(marked(cells, g + 8, stride, seen) + copy * 2, q + 16, isMin);
    updatePlain(marked(cells, g + 12, stride, seen) + copy * 3, q + 24, isMin);
    q += 32;
  }
  for (const end = groups + (<usize>n << 2); g < end; g += 4) {
    updatePlain(marked(cells, g, stride, seen), q, isMin);
    q += 8;
  }
}
// @ts-ignore: decorator
@inline function groupPlainSel(groups: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize, isMin: bool): void {
  const four = groups + (<usize>(n & ~3) << 2);
  let g = groups, s = sel;
  for (; g < four; g += 16) {
    updatePlain(marked(cells, g, stride, seen), p + (<usize>load<u32>(s) << 3), isMin);
    updatePlain(marked(cells, g + 4, stride, seen) + copy, p + (<usize>load<u32>(s, 4) << 3), isMin);
    updatePlain(marked(cells, g + 8, stride, seen) + copy * 2, p + (<usize>load<u32>(s, 8) << 3), isMin);
    updatePlain(marked(cells, g + 12, stride, seen) + copy * 3, p + (<usize>load<u32>(s, 12) << 3), isMin);
    s += 16;
  }
  for (const end = groups + (<usize>n << 2); g < end; g += 4) {
    updatePlain(marked(cells, g, stride, seen), p + (<usize>load<u32>(s) << 3), isMin);
    s += 4;
  }
}
export function minPlainGroup(groups: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void {
  groupPlain(groups, p, n, cells, stride, copy, seen, true);
}
export function maxPlainGroup(groups: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void {
  groupPlain(groups, p, n, cells, stride, copy, seen, false);
}
export function minPlainGroupSel(groups: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void {
  groupPlainSel(groups, p, sel, n, cells, stride, copy, seen, true);
}
export function maxPlainGroupSel(groups: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void {
  groupPlainSel(groups, p, sel, n, cells, stride, copy, seen, false);
}

export function sumI64Run(p: usize, n: u32, cell: usize): void {
  let a = i64x2.splat(0), b = a, c = a, d = a;
  const end = p + (<usize>(n & ~7) << 3);
  let q = p;
  for (; q < end; q += 64) {
    a = i64x2.add(a, v128.load(q));
    b = i64x2.add(b, v128.load(q, 16));
    c = i64x2.add(c, v128.load(q, 32));
    d = i64x2.add(d, v128.load(q, 48));
  }
  a = i64x2.add(i64x2.add(a, b), i64x2.add(c, d));
  store<i64>(cell, load<i64>(cell) + i64x2.extract_lane(a, 0) + i64x2.extract_lane(a, 1));
  run<i64>(q, n & 7, cell, 0);
}
export function sumF64Run(p: usize, n: u32, cell: usize): void {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  const end = p + (<usize>(n & ~7) << 3);
  let q = p;
  for (; q < end; q += 64) {
    a = f64x2.add(a, v128.load(q));
    b = f64x2.add(b, v128.load(q, 16));
    c = f64x2.add(c, v128.load(q, 32));
    d = f64x2.add(d, v128.load(q, 48));
  }
  a = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  store<f64>(cell, load<f64>(cell) + (f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1)));
  run<f64>(q, n & 7, cell, 0);
}
export function sumF32Run(p: usize, n: u32, cell: usize): void {
  let a = f32x4.splat(0), b = a;
  const end = p + (<usize>(n & ~7) << 2);
  let q = p;
  for (; q < end; q += 32) {
    a = f32x4.add(a, v128.load(q));
    b = f32x4.add(b, v128.load(q, 16));
  }
  a = f32x4.add(a, b);
  const low = f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1);
  store<f32>(cell, load<f32>(cell) + (low + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))));
  run<f32>(q, n & 7, cell, 0);
}
// @ts-ignore: decorator
@inline function extremeF64(p: usize, n: u32, cell: usize, isMin: bool): void {
  let a = f64x2.splat(load<f64>(cell)), b = a, c = a, d = a;
  const end = p + (<usize>(n & ~7) << 3);
  let q = p;
  for (; q < end; q += 64) {
    a = foldF64(a, v128.load(q), isMin);
    b = foldF64(b, v128.load(q, 16), isMin);
    c = foldF64(c, v128.load(q, 32), isMin);
    d = foldF64(d, v128.load(q, 48), isMin);
  }
  a = foldF64(foldF64(a, b, isMin), foldF64(c, d, isMin), isMin);
  const low = f64x2.extract_lane(a, 0), high = f64x2.extract_lane(a, 1);
  store<f64>(cell, isMin ? min<f64>(low, high) : max<f64>(low, high));
  run<f64>(q, n & 7, cell, isMin ? 1 : 2);
}
// @ts-ignore: decorator
@inline function extremeF32(p: usize, n: u32, cell: usize, isMin: bool): void {
  let a = f32x4.splat(load<f32>(cell)), b = a;
  const end = p + (<usize>(n & ~7) << 2);
  let q = p;
  for (; q < end; q += 32) {
    a = foldF32(a, v128.load(q), isMin);
    b = foldF32(b, v128.load(q, 16), isMin);
  }
  storeF32(foldF32(a, b, isMin), cell, isMin);
  run<f32>(q, n & 7, cell, isMin ? 1 : 2);
}
// @ts-ignore: decorator
@inline function extremeI64(p: usize, n: u32, cell: usize, isMin: bool): void {
  let a = i64x2.splat(load<i64>(cell)), b = a;
  const end = p + (<usize>(n & ~3) << 3);
  let q = p;
  for (; q < end; q += 32) {
    a = foldI64(a, v128.load(q), isMin);
    b = foldI64(b, v128.load(q, 16), isMin);
  }
  a = foldI64(a, b, isMin);
  const low = i64x2.extract_lane(a, 0), high = i64x2.extract_lane(a, 1);
  store<i64>(cell, isMin ? min<i64>(low, high) : max<i64>(low, high));
  run<i64>(q, n & 3, cell, isMin ? 1 : 2);
}
export function minF64Run(p: usize, n: u32, cell: usize): void { extremeF64(p, n, cell, true); }
export function maxF64Run(p: usize, n: u32, cell: usize): void { extremeF64(p, n, cell, false); }
export function minI64Run(p: usize, n: u32, cell: usize): void { extremeI64(p, n, cell, true); }
export function maxI64Run(p: usize, n: u32, cell: usize): void { extremeI64(p, n, cell, false); }
export function minF32Run(p: usize, n: u32, cell: usize): void { extremeF32(p, n, cell, true); }
export function maxF32Run(p: usize, n: u32, cell: usize): void { extremeF32(p, n, cell, false); }

export function sumI64RunSel(p: usize, sel: usize, n: u32, cell: usize): void { runSel<i64>(p, sel, n, cell, 0); }
export function minI64RunSel(p: usize, sel: usize, n: u32, cell: usize): void { runSel<i64>(p, sel, n, cell, 1); }
export function maxI64RunSel(p: usize, sel: usize, n: u32, cell: usize): void { runSel<i64>(p, sel, n, cell, 2); }
export function minF64RunSel(p: usize, sel: usize, n: u32, cell: usize): void { runSel<f64>(p, sel, n, cell, 1); }
export function maxF64RunSel(p: usize, sel: usize, n: u32, cell: usize): void { runSel<f64>(p, sel, n, cell, 2); }
export function minF32RunSel(p: usize, sel: usize, n: u32, cell: usize): void { runSel<f32>(p, sel, n, cell, 1); }
export function maxF32RunSel(p: usize, sel: usize, n: u32, cell: usize): void { runSel<f32>(p, sel, n, cell, 2); }
export function sumF32RunSel(p: usize, sel: usize, n: u32, cell: usize): void { runSel<f32>(p, sel, n, cell, 0); }
/** Two accumulators: one chain of dependent additions would take twice as long. */
export function sumF64RunSel(p: usize, sel: usize, n: u32, cell: usize): void {
  let a: f64 = 0, b: f64 = 0;
  const end = sel + (<usize>(n & ~1) << 2);
  let q = sel;
  for (; q < end; q += 8) {
    a += load<f64>(p + (<usize>load<u32>(q) << 3));
    b += load<f64>(p + (<usize>load<u32>(q, 4) << 3));
  }
  if (n & 1) a += load<f64>(p + (<usize>load<u32>(q) << 3));
  store<f64>(cell, load<f64>(cell) + (a + b));
}

export function sumI64Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64>(g, p, n, cells, stride, copy, seen, 0); }
export function minI64Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64>(g, p, n, cells, stride, copy, seen, 1); }
export function maxI64Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<i64>(g, p, n, cells, stride, copy, seen, 2); }
export function sumF64Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64>(g, p, n, cells, stride, copy, seen, 0); }
export function minF64Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64>(g, p, n, cells, stride, copy, seen, 1); }
export function maxF64Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f64>(g, p, n, cells, stride, copy, seen, 2); }
export function sumF32Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f32>(g, p, n, cells, stride, copy, seen, 0); }
export function minF32Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f32>(g, p, n, cells, stride, copy, seen, 1); }
export function maxF32Group(g: usize, p: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { group<f32>(g, p, n, cells, stride, copy, seen, 2); }

export function sumI64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<i64>(g, p, sel, n, cells, stride, copy, seen, 0); }
export function minI64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<i64>(g, p, sel, n, cells, stride, copy, seen, 1); }
export function maxI64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<i64>(g, p, sel, n, cells, stride, copy, seen, 2); }
export function sumF64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<f64>(g, p, sel, n, cells, stride, copy, seen, 0); }
export function minF64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<f64>(g, p, sel, n, cells, stride, copy, seen, 1); }
export function maxF64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<f64>(g, p, sel, n, cells, stride, copy, seen, 2); }
export function sumF32GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<f32>(g, p, sel, n, cells, stride, copy, seen, 0); }
export function minF32GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<f32>(g, p, sel, n, cells, stride, copy, seen, 1); }
export function maxF32GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void { groupSel<f32>(g, p, sel, n, cells, stride, copy, seen, 2); }

export function countRun(n: u32, cell: usize): void { store<i64>(cell, load<i64>(cell) + <i64>n); }
export function countGroup(groups: usize, n: u32, cells: usize, stride: usize, copy: usize, seen: usize): void {
  const four = groups + (<usize>(n & ~3) << 2);
  let g = groups;
  for (; g < four; g += 16) {
    increment(marked(cells, g, stride, seen));
    increment(marked(cells, g + 4, stride, seen) + copy);
    increment(marked(cells, g + 8, stride, seen) + copy * 2);
    increment(marked(cells, g + 12, stride, seen) + copy * 3);
  }
  const end = groups + (<usize>n << 2);
  for (; g < end; g += 4) increment(marked(cells, g, stride, seen));
}

/**
 * Entries that ascend with their rows, each bucket a range of rows: `ends` holds the row behind each bucket's last
 * (u32). `op` = 0 sum, 1 min, 2 max of i64, +3 of f64, +6 of f32; 9 counts. `form` = 8: values as they are, else that of
 * NarrowBatch, `base` with it. `seen` (0 = none): a byte a bucket is set.
 * `bits` (0 = none): rows whose bit there equals bit 0 of `flags` are left out; only for entries without `sel`. With
 * bit 1 of `flags` their values are 0 anyway. Bucket `bucket` or a later one holds the first entry. Answers the bucket
 * of the last one.
 */
export function runBuckets(
  op: u32, form: u32, p: usize, base: usize, sel: usize, start: u32, from: u32, n: u32,
  ends: usize, bucket: u32, cells: usize, stride: usize, seen: usize, bits: usize, flags: u32,
): u32 {
  const flip = flags & 1;
  const width: usize = form != 8 ? <usize>max<u32>(form, 1) : op >= 6 ? 4 : 8;
  let at: u32 = 0;
  let b = bucket;
  while (at < n) {
    const row = start + (sel ? load<u32>(sel + (<usize>at << 2)) : from + at);
    while (load<u32>(ends + (<usize>b << 2)) <= row) b++;
    const end = load<u32>(ends + (<usize>b << 2)) - start;
    const left = n - at;
    const cell = cells + <usize>b * stride;
    let m: u32;
    if (sel) {
      const s = sel + (<usize>at << 2);
      m = load<u32>(s + (<usize>(left - 1) << 2)) < end ? left : firstFrom(s, left, end);
      if (form == 8) accumulateSel(op, p, s, m, cell);
      else narrowRunSel(op % 3, form, p, base, s, m, cell);
    } else {
      m = min<u32>(left, end - from - at);
      const q = p + <usize>(from + at) * width;
      if (bits) {
        const set = bitsCount(bits, row, row + m);
        const kept = flip ? m - set : set;
        if (kept == m || (kept && flags & 2)) accumulateRun(op, form, q, base, m, cell);
        else if (kept) {
          if (form == 8) accumulateMask(op, q, m, bits, row, flip, kept, cell);
          else narrowMask(op % 3, form, q, base, m, bits, row, flip, cell);
        }
        if (seen && kept) store<u8>(seen + <usize>b, 1);
        at += m;
        continue;
      }
      accumulateRun(op, form, q, base, m, cell);
    }
    if (seen) store<u8>(seen + <usize>b, 1);
    at += m;
  }
  return b;
}
function firstFrom(sel: usize, n: u32, row: u32): u32 {
  let lo: u32 = 0, hi = n;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (load<u32>(sel + (<usize>mid << 2)) < row) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
function accumulateRun(op: u32, form: u32, p: usize, base: usize, n: u32, cell: usize): void {
  if (form != 8) {
    narrowRun(op % 3, form, p, base, n, cell);
    return;
  }
  switch (op) {
    case 0: sumI64Run(p, n, cell); return;
    case 1: minI64Run(p, n, cell); return;
    case 2: maxI64Run(p, n, cell); return;
    case 3: sumF64Run(p, n, cell); return;
    case 4: minF64Run(p, n, cell); return;
    case 5: maxF64Run(p, n, cell); return;
    case 6: sumF32Run(p, n, cell); return;
    case 7: minF32Run(p, n, cell); return;
    case 8: maxF32Run(p, n, cell); return;
    default: countRun(n, cell);
  }
}
function accumulateMask(op: u32, p: usize, n: u32, bits: usize, first: u32, flip: u32, kept: u32, cell: usize): void {
  switch (op) {
    case 0: sumI64Mask(p, n, bits, first, flip, cell); return;
    case 1: minI64Mask(p, n, bits, first, flip, cell); return;
    case 2: maxI64Mask(p, n, bits, first, flip, cell); return;
    case 3: sumF64Mask(p, n, bits, first, flip, cell); return;
    case 4: minF64Mask(p, n, bits, first, flip, cell); return;
    case 5: maxF64Mask(p, n, bits, first, flip, cell); return;
    case 6: sumF32Mask(p, n, bits, first, flip, cell); return;
    case 7: minF32Mask(p, n, bits, first, flip, cell); return;
    case 8: maxF32Mask(p, n, bits, first, flip, cell); return;
    default: countRun(kept, cell);
  }
}
function accumulateSel(op: u32, p: usize, sel: usize, n: u32, cell: usize): void {
  switch (op) {
    case 0: sumI64RunSel(p, sel, n, cell); return;
    case 1: minI64RunSel(p, sel, n, cell); return;
    case 2: maxI64RunSel(p, sel, n, cell); return;
    case 3: sumF64RunSel(p, sel, n, cell); return;
    case 4: minF64RunSel(p, sel, n, cell); return;
    case 5: maxF64RunSel(p, sel, n, cell); return;
    case 6: sumF32RunSel(p, sel, n, cell); return;
    case 7: minF32RunSel(p, sel, n, cell); return;
    case 8: maxF32RunSel(p, sel, n, cell); return;
    default: countRun(n, cell);
  }
}
function narrowRun(op: u32, form: u32, p: usize, base: usize, n: u32, cell: usize): void {
  switch (form * 3 + op) {
    case 0: sumCodeRun(p, base, n, cell); return;
    case 1: minCodeRun(p, base, n, cell); return;
    case 2: maxCodeRun(p, base, n, cell); return;
    case 3: sumU8Run(p, base, n, cell); return;
    case 4: minU8Run(p, base, n, cell); return;
    case 5: maxU8Run(p, base, n, cell); return;
    case 6: sumU16Run(p, base, n, cell); return;
    case 7: minU16Run(p, base, n, cell); return;
    case 8: maxU16Run(p, base, n, cell); return;
    case 12: sumU32Run(p, base, n, cell); return;
    case 13: minU32Run(p, base, n, cell); return;
    default: maxU32Run(p, base, n, cell);
  }
}
function narrowRunSel(op: u32, form: u32, p: usize, base: usize, sel: usize, n: u32, cell: usize): void {
  switch (form * 3 + op) {
    case 0: sumCodeRunSel(p, base, sel, n, cell); return;
    case 1: minCodeRunSel(p, base, sel, n, cell); return;
    case 2: maxCodeRunSel(p, base, sel, n, cell); return;
    case 3: sumU8RunSel(p, base, sel, n, cell); return;
    case 4: minU8RunSel(p, base, sel, n, cell); return;
    case 5: maxU8RunSel(p, base, sel, n, cell); return;
    case 6: sumU16RunSel(p, base, sel, n, cell); return;
    case 7: minU16RunSel(p, base, sel, n, cell); return;
    case 8: maxU16RunSel(p, base, sel, n, cell); return;
    case 12: sumU32RunSel(p, base, sel, n, cell); return;
    case 13: minU32RunSel(p, base, sel, n, cell); return;
    default: maxU32RunSel(p, base, sel, n, cell);
  }
}
function narrowMask(op: u32, form: u32, p: usize, base: usize, n: u32, bits: usize, first: u32, flip: u32, cell: usize): void {
  switch (form * 3 + op) {
    case 0: sumCodeMask(p, base, n, bits, first, flip, cell); return;
    case 1: minCodeMask(p, base, n, bits, first, flip, cell); return;
    case 2: maxCodeMask(p, base, n, bits, first, flip, cell); return;
    case 3: sumU8Mask(p, base, n, bits, first, flip, cell); return;
    case 4: minU8Mask(p, base, n, bits, first, flip, cell); return;
    case 5: maxU8Mask(p, base, n, bits, first, flip, cell); return;
    case 6: sumU16Mask(p, base, n, bits, first, flip, cell); return;
    case 7: minU16Mask(p, base, n, bits, first, flip, cell); return;
    case 8: maxU16Mask(p, base, n, bits, first, flip, cell); return;
    case 12: sumU32Mask(p, base, n, bits, first, flip, cell); return;
    case 13: minU32Mask(p, base, n, bits, first, flip, cell); return;
    default: maxU32Mask(p, base, n, bits, first, flip, cell);
  }
}
/** One byte per group is set to 1: something was aggregated there. */
export function markGroup(groups: usize, n: u32, seen: usize): void {
  const end = groups + (<usize>n << 2);
  for (let q = groups; q < end; q += 4) store<u8>(seen + <usize>load<u32>(q), 1);
}
export function fill8(p: usize, value: u32): void { store<u8>(p, value); }
/** The cells of `n` groups, `stride` bytes apart. */
export function fillCells(p: usize, n: u32, stride: usize, value: u64): void {
  const end = p + <usize>n * stride;
  for (let q = p; q < end; q += stride) store<u64>(q, value);
}
/** The cells of groups[0 … n - 1] one after the other. */
export function gatherCells(cells: usize, stride: usize, groups: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<u64>(out + (i << 3), load<u64>(cellOf(cells, groups + (i << 2), stride)));
}
