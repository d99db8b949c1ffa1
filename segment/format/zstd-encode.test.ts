import { expect } from 'chai';
import fc from 'fast-check';
import { createLz4Encoder } from './lz4.js';
import { createZstdEncoder } from './zstd-encode.js';
import { decodeZstd } from './zstd.js';

/** Numbers in [0, 1) from a seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

const blocks = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  // Few distinct bytes: many matches.
  fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4000 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 1600 }))
    .map(([piece, times]) => Buffer.concat(Array<Uint8Array>(times).fill(piece))),
  fc.integer({ min: 1, max: 8192 }).map((n) => {
    const values = BigInt64Array.from({ length: n }, (_, i) => BigInt(i * 1000 + (i % 7)));
    return Buffer.from(values.buffer);
  }),
  fc.integer({ min: 0, max: 255 }).map((byte) => Buffer.alloc(65536, byte)),
  // Some bytes far more often than others, hardly a match: Huffman codes, of one stream and of four.
  fc
    .record({
      length: fc.integer({ min: 2, max: 65536 }),
      kinds: fc.integer({ min: 2, max: 256 }),
      skew: fc.double({ min: 1, max: 12, noNaN: true }),
      seed: fc.integer({ min: 1 }),
    })
    .map(({ length, kinds, skew, seed }) => {
      const random = randomOf(seed);
      return Uint8Array.from({ length }, () => 255 - Math.floor(random() ** skew * kinds));
    }),
  // Distances that come again.
  fc.record({ step: fc.integer({ min: 5, max: 40 }), seed: fc.integer({ min: 1 }) }).map(({ step, seed }) => {
    const random = randomOf(seed);
    const record = Uint8Array.from({ length: step }, () => random() * 256);
    return Uint8Array.from({ length: 9000 }, (_, i) =>
      i % step < 2 ? random() * 256 : (record[i % step] as number),
    );
  }),
);

describe('zstd frames written here', () => {
  for (const high of [false, true]) {
    const encode = createZstdEncoder(createLz4Encoder({ high }));

    it(`are read back (${high ? 'high' : 'fast'} matches)`, () => {
      fc.assert(
        fc.property(blocks, (bytes) => {
          const plain = Buffer.from(bytes).subarray(0, 65536);
          const frame = encode(plain);
          expect(frame.length).to.be.at.most(plain.length + 16);
          const back = Buffer.alloc(plain.length);
          expect(decodeZstd(frame, back)).to.equal(plain.length);
          expect(back.equals(plain)).to.equal(true);
        }),
        { numRuns: 150, seed: 3 },
      );
    });

    it(`are smaller than LZ4 where there are matches (${high ? 'high' : 'fast'})`, () => {
      const text = 'the quick brown fox; the lazy dog; '.repeat(3).split('');
      const plain = Buffer.from(
        Array.from({ length: 60_000 }, (_, i) => text[(i * i) % 101]?.charCodeAt(0) ?? 0),
      );
      const lz4 = createLz4Encoder({ high });
      expect(encode(plain).length).to.be.below(lz4.encode(plain, Buffer.alloc(70_000)));
    });
  }
});
