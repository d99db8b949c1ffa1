// Steps of minima and maxima over several lanes, and masks of lanes by four bits of a bitset.

/** Of each byte of bits: eight lanes of 64 bits, and of 32, that are all ones where the bit is set. */
export const lanes64 = memory.data(256 * 64, 16);
export const lanes32 = memory.data(256 * 32, 16);
for (let byte: u32 = 0; byte < 256; byte++) {
  for (let lane: u32 = 0; lane < 8; lane++) {
    const all: i64 = -<i64>((byte >>> lane) & 1);
    store<i64>(lanes64 + (<usize>byte << 6) + (<usize>lane << 3), all);
    store<i32>(lanes32 + (<usize>byte << 5) + (<usize>lane << 2), <i32>all);
  }
}

// @ts-ignore: decorator
@inline export function foldF64(a: v128, v: v128, isMin: bool): v128 {
  return isMin ? f64x2.min(a, v) : f64x2.max(a, v);
}
// @ts-ignore: decorator
@inline export function foldF32(a: v128, v: v128, isMin: bool): v128 {
  return isMin ? f32x4.min(a, v) : f32x4.max(a, v);
}
// @ts-ignore: decorator
@inline export function foldI64(a: v128, v: v128, isMin: bool): v128 {
  return v128.bitselect(v, a, isMin ? i64x2.gt_s(a, v) : i64x2.gt_s(v, a));
}
/** The minimum or maximum of four lanes. */
// @ts-ignore: decorator
@inline export function storeF32(a: v128, cell: usize, isMin: bool): void {
  const b = foldF32(a, i32x4.shuffle(a, a, 2, 3, 0, 1), isMin);
  const low = f32x4.extract_lane(b, 0), high = f32x4.extract_lane(b, 1);
  store<f32>(cell, isMin ? min<f32>(low, high) : max<f32>(low, high));
}
