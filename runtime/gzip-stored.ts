/** gzip (RFC 1952) around bytes that are not packed: one stored block. Far quicker than setting up a compressor. */
import { crc32 } from 'node:zlib';

const header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] as const;
/** A block, the last, stored. */
const lastStored = 1;
const storedBytesMax = 65_535;

/** At most 65,535 bytes; RangeError beyond. */
export function gzipStored(bytes: Uint8Array): Buffer {
  const { length } = bytes;
  if (length > storedBytesMax) throw new RangeError(`a stored block holds no ${length} bytes`);
  const zip = Buffer.allocUnsafe(header.length + 5 + length + 8);
  zip.set(header);
  let at: number = header.length;
  at = zip.writeUInt8(lastStored, at);
  at = zip.writeUInt16LE(length, at);
  at = zip.writeUInt16LE(length ^ 0xffff, at);
  zip.set(bytes, at);
  at = zip.writeUInt32LE(crc32(bytes), at + length);
  zip.writeUInt32LE(length, at);
  return zip;
}
