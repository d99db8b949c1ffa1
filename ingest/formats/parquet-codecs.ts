/** How pages of parquet files are unpacked: none to more bytes than its file says, nor to more than a page may have. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { threadCompressor } from '../../query/engine/block-compressor.js';
import { decodeZstd } from '../../segment/format/zstd.js';

/** Answers exactly `size` bytes, or throws. */
type PageCodec = (bytes: Uint8Array, size: number) => Uint8Array;

const pageBytesMax = 256 * 2 ** 20;

/** By the names that parquet has for them; `unsnap` fills the second with what the first unpacks to. */
export function pageCodecs(unsnap: (from: Uint8Array, to: Uint8Array) => unknown) {
  return {
    SNAPPY: checked((bytes, size) => {
      const page = new Uint8Array(size);
      unsnap(bytes, page);
      return page;
    }),
    GZIP: checked((bytes, size) => gunzipSync(bytes, { maxOutputLength: Math.max(1, size) })),
    BROTLI: checked((bytes, size) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) })),
    ZSTD: checked((bytes, size) => {
      const page = new Uint8Array(size);
      return page.subarray(0, decodeZstd(bytes, page));
    }),
    LZ4_RAW: checked(unpackLz4),
    LZ4: checked(unpackHadoopLz4),
  };
}

function checked(codec: PageCodec): PageCodec {
  return (bytes, size) => {
    if (!(size >= 0 && size <= pageBytesMax)) throw new Error(`a page of ${size} bytes is too large`);
    const page = codec(bytes, size);
    if (page.length !== size) throw new Error(`a page of ${size} bytes is damaged`);
    return page;
  };
}

const unpackLz4: PageCodec = (bytes, size) => threadCompressor.decompress(bytes, size);

/** As Hadoop writes it: blocks with their sizes in front, unpacked and packed; some writers leave the sizes out. */
function unpackHadoopLz4(bytes: Uint8Array, size: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length;) {
    const unpacked = at + 8 <= bytes.length ? view.getUint32(at) : Infinity;
    const packed = at + 8 <= bytes.length ? view.getUint32(at + 4) : Infinity;
    if (total + unpacked > size || at + 8 + packed > bytes.length) return unpackLz4(bytes, size);
    parts.push(unpackLz4(bytes.subarray(at + 8, at + 8 + packed), unpacked));
    total += unpacked;
    at += 8 + packed;
  }
  return Buffer.concat(parts);
}
