import { expect } from 'chai';
import fc from 'fast-check';
import { createLz4Encoder, lz4Bound } from '../format/lz4.js';
import { createArena, type Arena } from './arena.js';
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

interface ColumnRun {
  readonly bytes: number;
  readonly rows: number;
  readonly pool: number;
  readonly seed: number;
  readonly cents: boolean;
}

/** Values of one width from pools of several sizes, so that sequences have each of the shapes the decoder tells apart. */
const columns: fc.Arbitrary<ColumnRun[]> = fc.array(
  fc.record({
    bytes: fc.constantFrom(1, 2, 8),
    rows: fc.integer({ min: 1, max: 3000 }),
    pool: fc.constantFrom(1, 7, 50, 1000, 100_000),
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    cents: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

function bytesOf(runs: readonly ColumnRun[]): Buffer {
  const parts = runs.map(({ bytes, rows, pool, seed, cents }) => {
    let state = seed;
    const values = Array.from({ length: rows }, () => (state = (state * 48_271) % 2_147_483_647) % pool);
    if (bytes === 1) return Buffer.from(values.map((value) => value % 256));
    if (bytes === 2) return Buffer.from(Uint16Array.from(values).buffer);
    return cents
      ? Buffer.from(Float64Array.from(values, (value) => value / 100).buffer)
      : Buffer.from(BigInt64Array.from(values, BigInt).buffer);
  });
  return Buffer.concat(parts).subarray(0, 65536);
}

/** One whose blocks lie at the very end of the memory, where reading on is a trap; one above 2 GiB. */
const [edge, far] = [0, 2 ** 31].map((below) => {
  const own = createArena({ maximumBytes: below + (4 << 20) });
  if (below > 0) own.alloc(below);
  own.free(own.alloc(1 << 20));
  return { arena: own, kernels: instantiateKernels(compileKernels(), own).segment };
}) as [Decoder, Decoder];

interface Decoder {
  readonly arena: Arena;
  readonly kernels: typeof kernels;
}

/** Decodes a block that ends where the memory ends, with guards on both sides of the target. */
function decodeAtEnd(memory: Arena, decoder: typeof kernels, block: Uint8Array, capacity: number) {
  const pointer = memory.alloc(capacity + 128);
  const whole = new Uint8Array(memory.memory.buffer);
  const at = whole.length - block.length;
  expect(at).to.be.greaterThan(pointer + capacity + 128);
  whole.set(block, at);
  const room = memory.bytes(pointer, capacity + 128).fill(guard);
  const got = decoder.lz4_decode(at, block.length, pointer + 64, capacity) >>> 0;
  const isWhole = (part: Uint8Array): boolean => part.every((byte) => byte === guard);
  expect(isWhole(room.subarray(0, 64)) && isWhole(room.subarray(64 + capacity)), 'the guards').to.equal(true);
  const bytes = got === corruptResult ? undefined : Buffer.from(room.subarray(64, 64 + got));
  memory.free(pointer);
  return bytes;
}

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

  it('decodes columns of every shape, changing within a block, as its twin does, at both ends of the memory', () => {
    for (const { arena: memory, kernels: decoder } of [edge, far]) {
      for (const encoder of encoders) {
        const output = Buffer.alloc(lz4Bound(65536));
        fc.assert(
          fc.property(columns, fc.nat(), fc.nat({ max: 255 }), (runs, at, value) => {
            const plain = bytesOf(runs);
            const block = Buffer.from(output.subarray(0, encoder.encode(plain, output)));
            expect(decodeAtEnd(memory, decoder, block, plain.length)?.equals(plain)).to.equal(true);
            // Damage in sequences that come late, too: the loops for them are others.
            for (const spot of [at % block.length, block.length - 1 - (at % Math.min(block.length, 3000))]) {
              const damaged = Buffer.from(block);
              damaged[spot] = value;
              for (const capacity of [plain.length, Math.max(0, plain.length - (at % 300))]) {
                const wanted = twin(damaged, capacity);
                const got = decodeAtEnd(memory, decoder, damaged, capacity);
                expect(got === undefined).to.equal(wanted === undefined);
                if (wanted !== undefined) expect(got?.equals(wanted)).to.equal(true);
              }
            }
          }),
          { numRuns: 12, seed: 10 },
        );
      }
    }
  });

  it('refuses an empty block, a distance of 0 and one before the start', () => {
    expect(decode(Buffer.alloc(0), 10)).to.equal(undefined);
    expect(decode(Buffer.from([0x10, 1, 0, 0, 0]), 100)).to.equal(undefined);
    expect(decode(Buffer.from([0x10, 1, 2, 0, 0]), 100)).to.equal(undefined);
  });

  it('refuses lengths that 32 bits do not hold, without writing outside', () => {
    const large = createArena({ maximumBytes: 64 << 20 });
    const { segment } = instantiateKernels(compileKernels(), large);
    // So many bytes of 255 add up to 2^32 - 1 - 255.
    const bytes = 16_843_008;
    const room = large.alloc(200_000);
    const target = room + 65_536;
    const block = large.alloc(bytes + 200);
    const decoded = (head: readonly number[], last: number, rest: readonly number[], capacity: number) => {
      const at = large.bytes(block, bytes + 200).fill(0);
      at.set(head);
      at.fill(255, head.length, head.length + bytes);
      at.set([last, ...rest], head.length + bytes);
      large.bytes(room, 200_000).fill(guard);
      const got = segment.lz4_decode(block, head.length + bytes + 1 + rest.length, target, capacity) >>> 0;
      const after = large.bytes(room, 200_000);
      const outside = [...after.subarray(0, 65_536), ...after.subarray(65_536 + capacity)];
      expect(outside.every((byte) => byte === guard)).to.equal(true);
      return got;
    };
    const literals = [...Array<number>(60).fill(7)];
    for (const last of [196, 204, 205, 212, 236, 237, 254]) {
      // A match at a distance of 1, so long that it would end before it begins; then some literals.
      const rest = [0xe0, ...Array<number>(14).fill(7), 1, 0, 0xf0, 45, ...literals];
      expect(decoded([0x1f, 7, 1, 0], last, rest, 1000), `match ${last}`).to.equal(corruptResult);
    }
    // Of literals as many as fit, and 2^32.
    for (const capacity of [20, 1000]) {
      expect(decoded([0xf0], 251, Array<number>(10).fill(7), capacity)).to.equal(corruptResult);
      expect(decoded([0x1f, 7, 1, 0], 246, [0x10, 7], capacity)).to.equal(corruptResult);
    }
  });
});

/** What the block unpacks to, one byte after another; undefined when it is corrupt. */
function twin(block: Uint8Array, capacity: number): Buffer | undefined {
  const out = Buffer.alloc(capacity);
  let at = 0;
  let from = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let more = 255; nibble === 15 && more === 255; length += more) more = block[from++] ?? Number.NaN;
    return length;
  };
  for (;;) {
    const token = block[from++] ?? Number.NaN;
    const literals = lengthFrom(token >>> 4);
    if (!(from <= block.length && literals <= block.length - from && literals <= capacity - at))
      return undefined;
    out.set(block.subarray(from, from + literals), at);
    from += literals;
    at += literals;
    if (from === block.length) return out.subarray(0, at);
    const distance = (block[from] ?? Number.NaN) + (block[from + 1] ?? Number.NaN) * 256;
    from += 2;
    const length = lengthFrom(token & 15) + 4;
    if (!(distance >= 1 && distance <= at && length <= capacity - at)) return undefined;
    for (let i = 0; i < length; i++, at++) out[at] = out[at - distance] as number;
  }
}

function literalHead(literals: Uint8Array, matchNibble: number): number[] {
  if (literals.length < 15) return [(literals.length << 4) | matchNibble];
  return [0xf0 | matchNibble, literals.length - 15];
}

describe('LZ4 lengths', () => {
  it('of millions of bytes do not pass the end of 32 bits', () => {
    const large = createArena({ maximumBytes: 32 << 20 });
    const { segment } = instantiateKernels(compileKernels(), large);
    // One literal, then a match of 2^32 - 16 bytes: 15 in the token, 4 always, the rest in bytes of 255.
    const rest = 2 ** 32 - 16 - 19;
    const ones = Math.floor(rest / 255);
    const block = Buffer.alloc(4 + ones + 1 + 200, 0);
    block.set([0x1f, 0x61, 1, 0]);
    block.fill(0xff, 4, 4 + ones);
    block[4 + ones] = rest % 255;
    const from = large.alloc(block.length);
    large.bytes(from, block.length).set(block);
    const before = 64;
    const to = large.alloc(before + 65_536);
    large.bytes(to, before).fill(guard);
    expect(segment.lz4_decode(from, block.length, to + before, 65_536) >>> 0).to.equal(corruptResult);
    expect([...large.bytes(to, before)].every((byte) => byte === guard)).to.equal(true);
  });
});
