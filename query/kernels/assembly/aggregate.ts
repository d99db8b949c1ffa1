// Sums, minima and maxima over value columns. Results are added into 8-byte cells (a 4-byte float uses the low half),
// so that 64-bit longs never leave the module as numbers. Minima and maxima follow Java: NaN wins, -0.0 < 0.0, which
// is what the wasm instructions do.
// run = every row goes to one cell; group = cell number per entry. Sel = row numbers of the entries, else rows 0 … n-1.

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

/**
 * A group's minimum soon stops changing, so a predictable comparison beats the min instruction, which is slow for equal
 * operands. Only NaN and zeros need its full rules; a NaN in the cell stays, as it is below and above nothing.
 */
// @ts-ignore: decorator
@inline function update<T>(cell: usize, v: T, op: i32): void {
  const a = load<T>(cell);
  if (op == 0) {
    store<T>(cell, <T>(a + v));
  } else if (op == 1) {
    if (v < a) store<T>(cell, v);
    else if (isFloat<T>() && (v != v || v == 0)) store<T>(cell, min<T>(a, v));
  } else {
    if (v > a) store<T>(cell, v);
    else if (isFloat<T>() && (v != v || v == 0)) store<T>(cell, max<T>(a, v));
  }
}

// @ts-ignore: decorator
@inline function group<T>(groups: usize, p: usize, n: u32, cells: usize, op: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const cell = cells + (<usize>load<u32>(groups + (i << 2)) << 3);
    update<T>(cell, load<T>(p + i * sizeof<T>()), op);
  }
}

// @ts-ignore: decorator
@inline function groupSel<T>(groups: usize, p: usize, sel: usize, n: u32, cells: usize, op: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    const cell = cells + (<usize>load<u32>(groups + (i << 2)) << 3);
    update<T>(cell, load<T>(p + <usize>load<u32>(sel + (i << 2)) * sizeof<T>()), op);
  }
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
export function minF64Run(p: usize, n: u32, cell: usize): void {
  let a = f64x2.splat(load<f64>(cell)), b = a;
  const end = p + (<usize>(n & ~3) << 3);
  let q = p;
  for (; q < end; q += 32) {
    a = f64x2.min(a, v128.load(q));
    b = f64x2.min(b, v128.load(q, 16));
  }
  a = f64x2.min(a, b);
  store<f64>(cell, min<f64>(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1)));
  run<f64>(q, n & 3, cell, 1);
}
export function maxF64Run(p: usize, n: u32, cell: usize): void {
  let a = f64x2.splat(load<f64>(cell)), b = a;
  const end = p + (<usize>(n & ~3) << 3);
  let q = p;
  for (; q < end; q += 32) {
    a = f64x2.max(a, v128.load(q));
    b = f64x2.max(b, v128.load(q, 16));
  }
  a = f64x2.max(a, b);
  store<f64>(cell, max<f64>(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1)));
  run<f64>(q, n & 3, cell, 2);
}
export function minI64Run(p: usize, n: u32, cell: usize): void { run<i64>(p, n, cell, 1); }
export function maxI64Run(p: usize, n: u32, cell: usize): void { run<i64>(p, n, cell, 2); }
export function minF32Run(p: usize, n: u32, cell: usize): void { run<f32>(p, n, cell, 1); }
export function maxF32Run(p: usize, n: u32, cell: usize): void { run<f32>(p, n, cell, 2); }

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

export function sumI64Group(g: usize, p: usize, n: u32, cells: usize): void { group<i64>(g, p, n, cells, 0); }
export function minI64Group(g: usize, p: usize, n: u32, cells: usize): void { group<i64>(g, p, n, cells, 1); }
export function maxI64Group(g: usize, p: usize, n: u32, cells: usize): void { group<i64>(g, p, n, cells, 2); }
export function sumF64Group(g: usize, p: usize, n: u32, cells: usize): void { group<f64>(g, p, n, cells, 0); }
export function minF64Group(g: usize, p: usize, n: u32, cells: usize): void { group<f64>(g, p, n, cells, 1); }
export function maxF64Group(g: usize, p: usize, n: u32, cells: usize): void { group<f64>(g, p, n, cells, 2); }
export function sumF32Group(g: usize, p: usize, n: u32, cells: usize): void { group<f32>(g, p, n, cells, 0); }
export function minF32Group(g: usize, p: usize, n: u32, cells: usize): void { group<f32>(g, p, n, cells, 1); }
export function maxF32Group(g: usize, p: usize, n: u32, cells: usize): void { group<f32>(g, p, n, cells, 2); }

export function sumI64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<i64>(g, p, sel, n, cells, 0); }
export function minI64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<i64>(g, p, sel, n, cells, 1); }
export function maxI64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<i64>(g, p, sel, n, cells, 2); }
export function sumF64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<f64>(g, p, sel, n, cells, 0); }
export function minF64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<f64>(g, p, sel, n, cells, 1); }
export function maxF64GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<f64>(g, p, sel, n, cells, 2); }
export function sumF32GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<f32>(g, p, sel, n, cells, 0); }
export function minF32GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<f32>(g, p, sel, n, cells, 1); }
export function maxF32GroupSel(g: usize, p: usize, sel: usize, n: u32, cells: usize): void { groupSel<f32>(g, p, sel, n, cells, 2); }

export function countRun(n: u32, cell: usize): void { store<i64>(cell, load<i64>(cell) + <i64>n); }
export function countGroup(groups: usize, n: u32, cells: usize): void {
  const end = groups + (<usize>n << 2);
  for (let q = groups; q < end; q += 4) {
    const cell = cells + (<usize>load<u32>(q) << 3);
    store<i64>(cell, load<i64>(cell) + 1);
  }
}
/** One byte per group is set to 1: something was aggregated there. */
export function markGroup(groups: usize, n: u32, seen: usize): void {
  const end = groups + (<usize>n << 2);
  for (let q = groups; q < end; q += 4) store<u8>(seen + <usize>load<u32>(q), 1);
}
export function fill8(p: usize, value: u32): void { store<u8>(p, value); }
export function fillCells(p: usize, n: u32, value: u64): void {
  const end = p + (<usize>n << 3);
  for (let q = p; q < end; q += 8) store<u64>(q, value);
}

export function convertI64ToF64(p: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<f64>(out + (i << 3), <f64>load<i64>(p + (i << 3)));
}
export function convertI64ToF32(p: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<f32>(out + (i << 2), <f32>load<i64>(p + (i << 3)));
}
/** Toward zero, saturating, NaN is 0: Java's cast. */
// @ts-ignore: decorator
@inline function javaLong(v: f64): i64 {
  if (v != v) return 0;
  if (v >= 9223372036854775808.0) return i64.MAX_VALUE;
  if (v < -9223372036854775808.0) return i64.MIN_VALUE;
  return <i64>v;
}
export function convertF64ToI64(p: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<i64>(out + (i << 3), javaLong(load<f64>(p + (i << 3))));
}
export function convertF64ToF32(p: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<f32>(out + (i << 2), <f32>load<f64>(p + (i << 3)));
}
export function convertF32ToF64(p: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<f64>(out + (i << 3), <f64>load<f32>(p + (i << 2)));
}
export function convertF32ToI64(p: usize, n: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<i64>(out + (i << 3), javaLong(<f64>load<f32>(p + (i << 2))));
}
