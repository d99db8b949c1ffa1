// Numbers of one type to another, as Java casts them.

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
