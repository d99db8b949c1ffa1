/** LZF chunks: decoding only. */

/**
 * Decodes all chunks of `source` into `target`; answers the bytes written, or -1 when the source is corrupt or does
 * not fit. Never writes outside `target`.
 */
export function decodeLzf(source: Uint8Array, target: Uint8Array): number {
  let ip = 0;
  let op = 0;
  while (ip < source.length) {
    if (source.length - ip < 5 || source[ip] !== 0x5a || source[ip + 1] !== 0x56) return -1;
    const type = source[ip + 2] as number;
    const length = ((source[ip + 3] as number) << 8) | (source[ip + 4] as number);
    ip += 5;
    if (type === 0) {
      if (length > source.length - ip || length > target.length - op) return -1;
      target.set(source.subarray(ip, ip + length), op);
      ip += length;
      op += length;
      continue;
    }
    if (type !== 1 || source.length - ip < 2) return -1;
    const plain = ((source[ip] as number) << 8) | (source[ip + 1] as number);
    ip += 2;
    if (length > source.length - ip || plain > target.length - op) return -1;
    if (!decodeChunk(source, ip, ip + length, target, op, op + plain)) return -1;
    ip += length;
    op += plain;
  }
  return op;
}

/** One compressed chunk that must fill target[from, to) exactly. */
function decodeChunk(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  from: number,
  to: number,
): boolean {
  let ip = start;
  let op = from;
  while (op < to) {
    if (ip >= end) return false;
    const control = source[ip++] as number;
    if (control < 32) {
      const literals = control + 1;
      if (literals > end - ip || literals > to - op) return false;
      for (let i = 0; i < literals; i++) target[op++] = source[ip++] as number;
      continue;
    }
    let length = control >>> 5;
    if (length === 7) {
      if (ip >= end) return false;
      length += source[ip++] as number;
    }
    length += 2;
    if (ip >= end) return false;
    const match = op - (((control & 31) << 8) | (source[ip++] as number)) - 1;
    if (match < from || length > to - op) return false;
    for (let i = 0; i < length; i++) target[op++] = target[match + i] as number;
  }
  return ip === end;
}
