/** gzip (RFC 1952) around bytes that are not packed: one stored block. Far quicker than setting up a compressor. */
const header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] as const;
/** A block, the last, stored. */
const lastStored = 1;
const storedBytesMax = 65_535;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

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
