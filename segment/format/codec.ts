/** Compression ids, block sizes and the other constants that reading and writing share. */

export const codecIds = { lzf: 0x00, lz4: 0x01, zstd: 0x02, uncompressed: 0xff, none: 0xfe } as const;
export type Codec = keyof typeof codecIds;

export function codecOf(id: number): Codec | undefined {
  for (const [name, value] of Object.entries(codecIds)) if (value === id) return name as Codec;
  return undefined;
}

/** Every block unpacks to at most this many bytes. */
export const blockBytesMax = 65536;

/** Bytes an id needs when the largest is `largest`. */
export function idWidth(largest: number): 1 | 2 | 3 | 4 {
  if (largest <= 0xff) return 1;
  if (largest <= 0xffff) return 2;
  return largest <= 0xffffff ? 3 : 4;
}

/** Ids in a block of a compressed id column. */
export const idsPerBlock: Readonly<Record<1 | 2 | 3 | 4, number>> = {
  1: 65536,
  2: 32768,
  3: 16384,
  4: 16384,
};

export const longsPerBlock = 8192;
export const doublesPerBlock = 8192;
export const floatsPerBlock = 16384;
export const intsPerBlock = 16384;

/** Widths of packed longs, bits. */
export const packedWidths = [1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64] as const;

/** Packed longs of `bits` bits in a block: a power of two that leaves room for the four zero bytes. */
export function packedPerBlock(bits: number): number {
  let count = 262144;
  while (Math.ceil((bits * count) / 8) + 4 > blockBytesMax) count /= 2;
  return count;
}
