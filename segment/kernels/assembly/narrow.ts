// Numbers in fewer bytes than they have: longs as unsigned offsets of 1, 2 or 4 bytes from the smallest of them, and
// 4- or 8-byte numbers, bit for bit, as codes of one byte that number the entries of a table.

/** The smallest of `n` (at least one) i64 goes to `base`. Answers the bytes that offsets from it take; 0 = eight. */
export function narrow_offsets(source: usize, n: u32, base: usize): u32 {
  let low = load<i64>(source), high = low;
  let lows = i64x2.splat(low), highs = lows;
  const pairs = source + (<usize>(n & ~1) << 3);
  let p = source;
  for (; p < pairs; p += 16) {
    const v = v128.load(p);
    lows = v128.bitselect(v, lows, i64x2.gt_s(lows, v));
    highs = v128.bitselect(v, highs, i64x2.gt_s(v, highs));
  }
  if (n & 1) low = high = load<i64>(p);
  low = min<i64>(low, min<i64>(i64x2.extract_lane(lows, 0), i64x2.extract_lane(lows, 1)));
  high = max<i64>(high, max<i64>(i64x2.extract_lane(highs, 0), i64x2.extract_lane(highs, 1)));
  store<i64>(base, low);
  const range = <u64>high - <u64>low;
  return range < 0x100 ? 1 : range < 0x10000 ? 2 : range < 0x100000000 ? 4 : 0;
}
// @ts-ignore: decorator
@inline function packOffsets<S>(source: usize, n: u32, base: i64, target: usize): void {
  let t = target;
  for (let s = source, end = source + (<usize>n << 3); s < end; s += 8) {
    store<S>(t, <S>(load<i64>(s) - base));
    t += sizeof<S>();
  }
}
/** Offsets of `width` bytes from the i64 at `base`, which none of the `n` values is further away from. */
export function pack_offsets(source: usize, n: u32, base: usize, width: u32, target: usize): void {
  const from = load<i64>(base);
  if (width == 1) packOffsets<u8>(source, n, from, target);
  else if (width == 2) packOffsets<u16>(source, n, from, target);
  else packOffsets<u32>(source, n, from, target);
}
/** The i64 that offsets of `width` bytes from the one at `base` stand for. */
export function unpack_offsets(source: usize, n: u32, width: u32, base: usize, target: usize): void {
  const from = load<i64>(base);
  const all = i64x2.splat(from);
  const eights = n & ~7;
  let s = source, t = target;
  for (const end = source + <usize>eights * <usize>width; s < end; s += <usize>width << 3) {
    let a: v128, b: v128;
    if (width == 4) {
      a = v128.load(s);
      b = v128.load(s, 16);
    } else {
      const v = width == 1 ? v128.load8x8_u(s) : v128.load(s);
      a = i32x4.extend_low_i16x8_u(v);
      b = i32x4.extend_high_i16x8_u(v);
    }
    v128.store(t, i64x2.add(i64x2.extend_low_i32x4_u(a), all));
    v128.store(t, i64x2.add(i64x2.extend_high_i32x4_u(a), all), 16);
    v128.store(t, i64x2.add(i64x2.extend_low_i32x4_u(b), all), 32);
    v128.store(t, i64x2.add(i64x2.extend_high_i32x4_u(b), all), 48);
    t += 64;
  }
  for (let i = eights; i < n; i++) {
    const offset = width == 1 ? <u64>load<u8>(s) : width == 2 ? <u64>load<u16>(s) : <u64>load<u32>(s);
    store<i64>(t, from + <i64>offset);
    s += <usize>width;
    t += 8;
  }
}

const slotBits: u64 = 10;
// @ts-ignore: decorator
@inline function packCodes<T>(source: usize, n: u32, slots: usize, table: usize, target: usize): u32 {
  memory.fill(slots, 0, <usize>2 << <usize>slotBits);
  let count: u32 = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<T>(source + i * sizeof<T>());
    let slot = (<u64>value * 0x9e3779b97f4a7c15) >>> (64 - slotBits);
    while (true) {
      const at = slots + (<usize>slot << 1);
      const code = <u32>load<u16>(at);
      if (code == 0) {
        if (count == 256) return 0;
        store<T>(table + <usize>count * sizeof<T>(), value);
        store<u8>(target + i, <u8>count);
        count++;
        store<u16>(at, <u16>count);
        break;
      }
      if (load<T>(table + <usize>(code - 1) * sizeof<T>()) == value) {
        store<u8>(target + i, <u8>(code - 1));
        break;
      }
      slot = (slot + 1) & ((<u64>1 << slotBits) - 1);
    }
  }
  return count;
}
/**
 * Codes of `n` numbers of 4 or 8 bytes, and the table they are in, in the order they come first; `table` has room for
 * 256 of them, `slots` is scratch of 2,048 bytes. Answers how many entries the table has; 0 = more than 256 would be
 * needed, and what was written means nothing. Numbers are the same when their bits are.
 */
export function pack_codes(source: usize, n: u32, width: u32, slots: usize, table: usize, target: usize): u32 {
  return width == 8 ? packCodes<u64>(source, n, slots, table, target) : packCodes<u32>(source, n, slots, table, target);
}
// @ts-ignore: decorator
@inline function unpackCodes<T>(source: usize, n: u32, table: usize, target: usize): void {
  const fours = n & ~3;
  let t = target;
  let i: u32 = 0;
  for (; i < fours; i += 4) {
    const codes = load<u32>(source + <usize>i);
    store<T>(t, load<T>(table + <usize>(codes & 255) * sizeof<T>()));
    store<T>(t + sizeof<T>(), load<T>(table + <usize>((codes >>> 8) & 255) * sizeof<T>()));
    store<T>(t + sizeof<T>() * 2, load<T>(table + <usize>((codes >>> 16) & 255) * sizeof<T>()));
    store<T>(t + sizeof<T>() * 3, load<T>(table + <usize>(codes >>> 24) * sizeof<T>()));
    t += sizeof<T>() << 2;
  }
  for (; i < n; i++) {
    store<T>(t, load<T>(table + <usize>load<u8>(source + <usize>i) * sizeof<T>()));
    t += sizeof<T>();
  }
}
/** The numbers of `width` bytes that codes stand for. */
export function unpack_codes(source: usize, n: u32, table: usize, width: u32, target: usize): void {
  if (width == 8) unpackCodes<u64>(source, n, table, target);
  else unpackCodes<u32>(source, n, table, target);
}
