// Positions of set bits, eight at a time.

/** Of each byte its set bits' positions, a byte each. */
const positions = memory.data(256 * 8);
for (let byte: u32 = 0; byte < 256; byte++) {
  let at = positions + (<usize>byte << 3);
  for (let bit: u32 = 0; bit < 8; bit++) if ((byte >>> bit) & 1) store<u8>(at++, <u8>bit);
}

/**
 * `row` (four times the same) plus the position of each bit of a byte, into `out`. Answers the end of what it wrote, after
 * which up to eight entries more are overwritten: eight in all.
 */
// @ts-ignore: decorator
@inline export function positionsOf(byte: usize, row: v128, out: usize): usize {
  const at = i16x8.extend_low_i8x16_u(v128.load64_zero(positions + (byte << 3)));
  v128.store(out, i32x4.add(row, i32x4.extend_low_i16x8_u(at)));
  v128.store(out, i32x4.add(row, i32x4.extend_high_i16x8_u(at)), 16);
  return out + (<usize>popcnt<u32>(<u32>byte) << 2);
}
