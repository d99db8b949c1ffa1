/** 64-bit numbers as two 32-bit words, and rows without a value as bits. */

const LOW_32 = 0x1_0000_0000;
const toBigint = new BigInt64Array(1);
const toWords = new Int32Array(toBigint.buffer);

/** The low word of a long given as a safe number or a bigint. */
export function lowWord(value: number | bigint): number {
  if (typeof value === 'number') return value | 0;
  toBigint[0] = value;
  return toWords[0]!;
}

export function highWord(value: number | bigint): number {
  if (typeof value === 'number') return Math.floor(value / LOW_32) | 0;
  toBigint[0] = value;
  return toWords[1]!;
}

/** Bits of the rows that hold no value (0 in `isThere`); undefined when there are none. */
export function nullBits(isThere: Uint8Array): Uint8Array | undefined {
  if (!isThere.includes(0)) return undefined;
  const bits = new Uint8Array(Math.ceil(isThere.length / 8));
  for (let i = 0; i < isThere.length; i++) if (isThere[i] === 0) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}
