/** MurmurHash3, the variants that Druid uses. */

/** x86, 32 bits, signed. */
export function murmur32(bytes: Uint8Array, seed = 0): number {
  const blocks = bytes.length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < blocks; at += 4) {
    hash ^= scrambled(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = bytes.length - 1; at >= blocks; at--) rest = (rest << 8) | bytes[at]!;
  hash ^= scrambled(rest) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

const MASK = 0xffff_ffff_ffff_ffffn;
const C1 = 0x87c37b91114253d5n;
const C2 = 0x4cf5ad432745937fn;

const rotated = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & MASK;
const times = (a: bigint, b: bigint): bigint => (a * b) & MASK;

function finished(value: bigint): bigint {
  let mixed = times(value ^ (value >> 33n), 0xff51afd7ed558ccdn);
  mixed = times(mixed ^ (mixed >> 33n), 0xc4ceb9fe1a85ec53n);
  return mixed ^ (mixed >> 33n);
}

/** x64, 128 bits: the two halves, unsigned. */
export function murmur128(bytes: Uint8Array, seed = 0n): readonly [bigint, bigint] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = bytes.length & ~15;
  let h1 = seed;
  let h2 = seed;
  for (let at = 0; at < blocks; at += 16) {
    h1 ^= times(rotated(times(view.getBigUint64(at, true), C1), 31n), C2);
    h1 = (times((rotated(h1, 27n) + h2) & MASK, 5n) + 0x52dce729n) & MASK;
    h2 ^= times(rotated(times(view.getBigUint64(at + 8, true), C2), 33n), C1);
    h2 = (times((rotated(h2, 31n) + h1) & MASK, 5n) + 0x38495ab5n) & MASK;
  }
  let k1 = 0n;
  let k2 = 0n;
  for (let at = bytes.length - 1; at >= blocks + 8; at--) k2 = (k2 << 8n) | BigInt(bytes[at]!);
  for (let at = Math.min(bytes.length, blocks + 8) - 1; at >= blocks; at--) {
    k1 = (k1 << 8n) | BigInt(bytes[at]!);
  }
  h2 ^= times(rotated(times(k2, C2), 33n), C1);
  h1 ^= times(rotated(times(k1, C1), 31n), C2);
  const length = BigInt(bytes.length);
  h1 = ((h1 ^ length) + (h2 ^ length)) & MASK;
  h2 = ((h2 ^ length) + h1) & MASK;
  h1 = finished(h1);
  h2 = finished(h2);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  return [h1, h2];
}
