import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { threadCompressor } from '../../query/engine/block-compressor.js';
import { pageCodecs } from './parquet-codecs.js';

describe('pages of parquet files', () => {
  const page = Buffer.alloc(100_000, 'page ');
  const packed = Buffer.from(threadCompressor.compress(page) ?? []);
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32BE(page.length);
  sizes.writeUInt32BE(packed.length, 4);
  const codecs = pageCodecs((from, to) => to.set(from.subarray(0, to.length)));
  const packedBy = {
    SNAPPY: page,
    GZIP: gzipSync(page),
    BROTLI: brotliCompressSync(page),
    LZ4_RAW: packed,
    LZ4: Buffer.concat([sizes, packed]),
  };
  for (const [name, bytes] of Object.entries(packedBy)) {
    const codec = codecs[name as keyof typeof packedBy];
    it(`${name}: as large as the file says`, () =>
      expect(page.equals(codec(bytes, page.length))).to.equal(true));
    it(`${name}: neither larger nor beyond what a page may have`, () => {
      // The copy that stands for snappy stops at its target's end.
      if (name !== 'SNAPPY') expect(() => codec(bytes, 1_000)).to.throw();
      expect(() => codec(bytes, 2 ** 31)).to.throw('a page of 2147483648 bytes is too large');
    });
  }

  it('LZ4: without the sizes', () => expect(page.equals(codecs.LZ4(packed, page.length))).to.equal(true));
});
