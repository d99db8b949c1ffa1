import { expect } from 'chai';
import fc from 'fast-check';
import { createLz4Encoder, lz4Bound } from '../format/lz4.js';
import { createArena } from './arena.js';
import { compileKernels, instantiateKernels } from './load.js';
import { loadNativeLz4 } from './lz4-native.js';

const arena = createArena({ maximumBytes: 4 << 20 });
const kernels = instantiateKernels(compileKernels(), arena).segment;
const source = arena.alloc(140_000);
const target = arena.alloc(70_000);
const corruptResult = 0xffffffff;
const guard = 0xa5;

/** Decodes with a guard behind the target; throws when anything outside was written. */
function decode(block: Uint8Array, capacity: number): Buffer | undefined {
  arena.bytes(source, block.length).set(block);
  const room = arena.bytes(target, capacity + 64);
  room.fill(guard);
  const got = kernels.lz4_decode(source, block.length, target, capacity) >>> 0;
  for (let i = capacity; i < capacity + 64; i++) {
    if (room[i] !== guard) throw new Error(`wrote past the end at ${i - capacity}`);
  }
  return got === corruptResult ? undefined : Buffer.from(arena.bytes(target, got));
}

/** Texts with repeats of every short distance, long runs, noise. */
const sample = fc
  .array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => [Buffer.from(bytes), 1] as const),
      fc.tuple(
        fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
        fc.integer({ min: 1, max: 900 }),
      ),
    ),
    { maxLength: 40 },
  )
  .map((parts) =>
    Buffer.concat(
      parts.map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes))),
    ).subarray(0, 65536),
  );

const encoders = [
  createLz4Encoder({ native: false }),
  createLz4Encoder({ native: false, high: true }),
  ...(loadNativeLz4() === undefined ? [] : [createLz4Encoder(), createLz4Encoder({ high: true })]),
];

describe('LZ4 kernels', () => {
  for (const encoder of encoders) {
    it(`decodes what the ${encoder.name} encoder writes`, () => {
      const output = Buffer.alloc(lz4Bound(65536));
      fc.assert(
        fc.property(sample, (plain) => {
          const size = encoder.encode(plain.length === 0 ? Buffer.from([1]) : plain, output);
          const block = output.subarray(0, size);
          const wanted = plain.length === 0 ? Buffer.from([1]) : plain;
          expect(decode(block, wanted.length)?.equals(wanted)).to.equal(true);
          expect(decode(block, 65536)?.equals(wanted)).to.equal(true);
        }),
        { numRuns: 150, seed: 7 },
      );
    });
  }

  it('encodes blocks the native decoder reads', function () {
    const native = loadNativeLz4();
    if (native === undefined) return this.skip();
    const output = Buffer.alloc(lz4Bound(65536));
    for (const high of [false, true]) {
      const encoder = createLz4Encoder({ native: false, high });
      fc.assert(
        fc.property(sample, (plain) => {
          if (plain.length === 0) return;
          const size = encoder.encode(plain, output);
          const back = Buffer.alloc(plain.length);
          expect(native.decodeBlock(output.subarray(0, size), back)).to.equal(plain.length);
          expect(back.equals(plain)).to.equal(true);
        }),
        { numRuns: 100, seed: 8 },
      );
    }
  });

  it('copies overlapping matches of every short distance', () => {
    for (let distance = 1; distance <= 40; distance++) {
      const seed = Buffer.from(Array.from({ length: distance }, (_, i) => i * 37 + distance));
      const plain = Buffer.concat(Array.from({ length: Math.ceil(3000 / distance) }, () => seed)).subarray(
        0,
        3000,
      );
      const extra = plain.length - distance - 4 - 15 - 5;
      const block = [...literalHead(seed, 15), ...seed, distance & 0xff, distance >>> 8];
      let rest = extra;
      for (; rest >= 255; rest -= 255) block.push(255);
      block.push(rest, 0x50, ...plain.subarray(plain.length - 5));
      expect(decode(Buffer.from(block), 3000)?.equals(plain), `distance ${distance}`).to.equal(true);
    }
  });

  it('refuses or survives any damage without writing outside', () => {
    const encoder = createLz4Encoder({ native: false });
    const output = Buffer.alloc(lz4Bound(65536));
    fc.assert(
      fc.property(sample, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (plain, at, value, cut) => {
        if (plain.length === 0) return;
        const size = encoder.encode(plain, output);
        const damaged = Buffer.from(output.subarray(0, size));
        damaged[at % size] = value;
        const got = decode(damaged, plain.length);
        expect((got?.length ?? 0) <= plain.length).to.equal(true);
        decode(damaged.subarray(0, cut % (size + 1)), plain.length);
        decode(damaged, Math.floor(plain.length / 2));
      }),
      { numRuns: 400, seed: 9 },
    );
  });

  it('refuses an empty block, a distance of 0 and one before the start', () => {
    expect(decode(Buffer.alloc(0), 10)).to.equal(undefined);
    expect(decode(Buffer.from([0x10, 1, 0, 0, 0]), 100)).to.equal(undefined);
    expect(decode(Buffer.from([0x10, 1, 2, 0, 0]), 100)).to.equal(undefined);
  });
});

function literalHead(literals: Uint8Array, matchNibble: number): number[] {
  if (literals.length < 15) return [(literals.length << 4) | matchNibble];
  return [0xf0 | matchNibble, literals.length - 15];
}
