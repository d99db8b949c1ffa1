// Words of bitsets that begin at any row.

/** 64 bits from a row on, set where entries count, of which there are `left`. */
// @ts-ignore: decorator
@inline export function wordFrom(bits: usize, row: u32, flip: u32, left: u32): u64 {
  const at = bits + <usize>(row >>> 3);
  const shift = <u64>(row & 7);
  const x = (load<u64>(at) >>> shift) | ((<u64>load<u8>(at, 8) << 1) << (63 - shift));
  const kept = x ^ (flip ? ~<u64>0 : 0);
  return left < 64 ? kept & ((<u64>1 << <u64>left) - 1) : kept;
}
