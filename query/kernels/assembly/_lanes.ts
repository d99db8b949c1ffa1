// Steps of minima and maxima over several lanes, and masks of lanes by four bits of a bitset.

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
