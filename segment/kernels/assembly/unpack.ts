// Packed integers: widening, byte order, bit-packed longs, range checks.

/** 3-byte little-endian ids to u32. Reads up to 4 bytes past the last id. */
function unpack3(source: usize, count: u32, target: usize): void {
  let i: u32 = 0;
  let s = source;
  let t = target;
  for (; i + 6 <= count; i += 4) {
    const v = v128.load(s);
    v128.store(t, i8x16.swizzle(v, i8x16(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1)));
    s += 12;
    t += 16;
  }
  for (; i < count; i++) {
    store<u32>(t, <u32>load<u8>(s) | (<u32>load<u8>(s, 1) << 8) | (<u32>load<u8>(s, 2) << 16));
    s += 3;
    t += 4;
  }
}

/** Little-endian ids of 1, 2, 3 or 4 bytes to u32. */
export function unpack_le(source: usize, count: u32, width: u32, target: usize): void {
  let t = target;
  const e = target + ((<usize>count) << 2);
  let s = source;
  if (width === 1) {
    for (; t < e; t += 4) store<u32>(t, <u32>load<u8>(s++));
  } else if (width === 2) {
    for (; t < e; t += 4) {
      store<u32>(t, <u32>load<u16>(s));
      s += 2;
    }
  } else if (width === 3) {
    unpack3(source, count, target);
  } else {
    memory.copy(target, source, (<usize>count) << 2);
  }
}

/** Big-endian ids of 1, 2, 3 or 4 bytes to little-endian ones of `targetWidth` (1, 2 or 4) bytes. */
export function unpack_be(source: usize, count: u32, width: u32, target: usize, targetWidth: u32): void {
  let s = source;
  let t = target;
  for (let i: u32 = 0; i < count; i++) {
    let v: u32 = 0;
    for (let k: u32 = 0; k < width; k++) v = (v << 8) | <u32>load<u8>(s++);
    if (targetWidth === 1) store<u8>(t, <u8>v);
    else if (targetWidth === 2) store<u16>(t, <u16>v);
    else store<u32>(t, v);
    t += targetWidth;
  }
}

/** The largest of `count` ids of 1, 2 or 4 bytes (0 when there are none). */
export function max_id(source: usize, count: u32, width: u32): u32 {
  let s = source;
  const e = source + <usize>count * <usize>width;
  let m: u32 = 0;
  let v = i32x4.splat(0);
  if (width === 1) {
    for (; e - s >= 16; s += 16) v = i8x16.max_u(v, v128.load(s));
    for (; s < e; s++) m = max<u32>(m, <u32>load<u8>(s));
    let lanes = i16x8.max_u(i16x8.extend_low_i8x16_u(v), i16x8.extend_high_i8x16_u(v));
    lanes = i32x4.max_u(i32x4.extend_low_i16x8_u(lanes), i32x4.extend_high_i16x8_u(lanes));
    return max<u32>(m, top(lanes));
  }
  if (width === 2) {
    for (; e - s >= 16; s += 16) v = i16x8.max_u(v, v128.load(s));
    for (; s < e; s += 2) m = max<u32>(m, <u32>load<u16>(s));
    return max<u32>(m, top(i32x4.max_u(i32x4.extend_low_i16x8_u(v), i32x4.extend_high_i16x8_u(v))));
  }
  for (; e - s >= 16; s += 16) v = i32x4.max_u(v, v128.load(s));
  for (; s < e; s += 4) m = max<u32>(m, load<u32>(s));
  return max<u32>(m, top(v));
}

// @ts-ignore: decorator
@inline
function top(v: v128): u32 {
  const a = max<u32>(<u32>i32x4.extract_lane(v, 0), <u32>i32x4.extract_lane(v, 1));
  const b = max<u32>(<u32>i32x4.extract_lane(v, 2), <u32>i32x4.extract_lane(v, 3));
  return max<u32>(a, b);
}

/** 1 when `count` u32 never descend and none exceeds `limit`. */
export function ascending(source: usize, count: u32, limit: u32): u32 {
  let last: u32 = 0;
  const e = source + ((<usize>count) << 2);
  for (let s = source; s < e; s += 4) {
    const v = load<u32>(s);
    if (v < last) return 0;
    last = v;
  }
  return last <= limit ? 1 : 0;
}

/** The packed number at `index`: big-endian, most significant bit first. Reads up to 8 bytes from its first byte, 9 for 64 bits. */
// @ts-ignore: decorator
@inline
function packedAt(source: usize, index: u32, bits: u32): u64 {
  const bit = <u64>index * <u64>bits;
  const at = source + <usize>(bit >>> 3);
  const skip = <u32>(bit & 7);
  // Every width is at most 8 bits, or a multiple of 4 bits: at most 60 bits from a byte border, or whole bytes.
  const word = bswap<u64>(load<u64>(at));
  return (word << <u64>skip) >>> <u64>(64 - bits);
}

/** Numbers first … first + count - 1 of a packed block, plus `base`, as i64. */
export function unpack_delta(source: usize, first: u32, count: u32, bits: u32, base: i64, target: usize): void {
  let t = target;
  const e = first + count;
  for (let i = first; i < e; i++) {
    store<i64>(t, base + <i64>packedAt(source, i, bits));
    t += 8;
  }
}

/** The same through a table of i64. Answers 0 when a number is no index of the table. */
export function unpack_table(source: usize, first: u32, count: u32, bits: u32, table: usize, size: u32, target: usize): u32 {
  let t = target;
  const e = first + count;
  for (let i = first; i < e; i++) {
    const index = <u32>packedAt(source, i, bits);
    if (index >= size) return 0;
    store<i64>(t, load<i64>(table + ((<usize>index) << 3)));
    t += 8;
  }
  return 1;
}
