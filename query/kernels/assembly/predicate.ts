// Predicates of one batch (n rows, first row a multiple of 64) into its words of a bitset. Words are overwritten;
// bits behind the last row are 0.

// @ts-ignore: decorator
@inline function matchIds<T>(ids: usize, n: u32, table: usize, bits: usize): void {
  for (let i: u32 = 0; i < n; i += 64) {
    let x: u64 = 0;
    const m = min<u32>(64, n - i);
    for (let k: u32 = 0; k < m; k++) {
      x |= <u64>load<u8>(table + <usize>load<T>(ids + <usize>(i + k) * sizeof<T>())) << <u64>k;
    }
    store<u64>(bits + (<usize>(i >>> 6) << 3), x);
  }
}
/** table: one byte (0 or 1) an id. */
export function matchIds1(ids: usize, n: u32, table: usize, bits: usize): void { matchIds<u8>(ids, n, table, bits); }
export function matchIds2(ids: usize, n: u32, table: usize, bits: usize): void { matchIds<u16>(ids, n, table, bits); }
export function matchIds4(ids: usize, n: u32, table: usize, bits: usize): void { matchIds<u32>(ids, n, table, bits); }

/** A row matches when any of its ids does; a row without ids has the value of `empty`. */
export function matchIdsMulti(offsets: usize, ids: usize, n: u32, table: usize, empty: u32, bits: usize): void {
  let at = load<u32>(offsets);
  for (let i: u32 = 0; i < n; i += 64) {
    let x: u64 = 0;
    const m = min<u32>(64, n - i);
    for (let k: u32 = 0; k < m; k++) {
      const end = load<u32>(offsets + (<usize>(i + k + 1) << 2));
      let hit: u32 = at == end ? empty : 0;
      for (; at < end; at++) hit |= <u32>load<u8>(table + <usize>load<u32>(ids + (<usize>at << 2)));
      x |= <u64>hit << <u64>k;
    }
    store<u64>(bits + (<usize>(i >>> 6) << 3), x);
  }
}

/**
 * Doubles as integers that ascend in the order of Java's Double.compare: -0.0 below 0.0, NaN above everything and
 * equal to itself. Floats widen to doubles first, which keeps their order.
 */
// @ts-ignore: decorator
@inline function orderKey(v: f64): i64 {
  const b: i64 = v == v ? reinterpret<i64>(v) : 0x7ff8000000000000;
  return b ^ ((b >> 63) & 0x7fffffffffffffff);
}

// @ts-ignore: decorator
@inline function keyOf<T>(p: usize): i64 {
  if (isInteger<T>()) return <i64>load<T>(p);
  return orderKey(<f64>load<T>(p));
}

// @ts-ignore: decorator
@inline function range<T>(p: usize, n: u32, low: i64, high: i64, bits: usize): void {
  for (let i: u32 = 0; i < n; i += 64) {
    let x: u64 = 0;
    const m = min<u32>(64, n - i);
    const q = p + <usize>i * sizeof<T>();
    for (let k: u32 = 0; k < m; k++) {
      const v = keyOf<T>(q + <usize>k * sizeof<T>());
      x |= <u64>(<u32>(v >= low) & <u32>(v <= high)) << <u64>k;
    }
    store<u64>(bits + (<usize>(i >>> 6) << 3), x);
  }
}
/** Both ends inclusive; doubles and floats by the keys of {@link orderKey}. */
export function rangeI64(p: usize, n: u32, low: i64, high: i64, bits: usize): void { range<i64>(p, n, low, high, bits); }
export function rangeF64(p: usize, n: u32, low: i64, high: i64, bits: usize): void { range<f64>(p, n, low, high, bits); }
export function rangeF32(p: usize, n: u32, low: i64, high: i64, bits: usize): void { range<f32>(p, n, low, high, bits); }

// @ts-ignore: decorator
@inline function inSet<T>(p: usize, n: u32, keys: usize, count: u32, bits: usize): void {
  for (let i: u32 = 0; i < n; i += 64) {
    let x: u64 = 0;
    const m = min<u32>(64, n - i);
    for (let k: u32 = 0; k < m; k++) {
      const v = keyOf<T>(p + <usize>(i + k) * sizeof<T>());
      let lo: u32 = 0, hi = count;
      while (lo < hi) {
        const mid = (lo + hi) >>> 1;
        if (load<i64>(keys + (<usize>mid << 3)) < v) lo = mid + 1;
        else hi = mid;
      }
      if (lo < count && load<i64>(keys + (<usize>lo << 3)) == v) x |= <u64>1 << <u64>k;
    }
    store<u64>(bits + (<usize>(i >>> 6) << 3), x);
  }
}
/** keys: `count` ascending i64 keys. */
export function inI64(p: usize, n: u32, keys: usize, count: u32, bits: usize): void { inSet<i64>(p, n, keys, count, bits); }
export function inF64(p: usize, n: u32, keys: usize, count: u32, bits: usize): void { inSet<f64>(p, n, keys, count, bits); }
export function inF32(p: usize, n: u32, keys: usize, count: u32, bits: usize): void { inSet<f32>(p, n, keys, count, bits); }
