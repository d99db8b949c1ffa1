import { expect } from 'chai';
import fc from 'fast-check';
import { createRequire } from 'node:module';
import { ByteWriter } from '../format/bytes.js';
import { writeConcise } from '../format/concise.js';
import { writeRoaring } from '../format/roaring.js';
import { createArena } from './arena.js';
import { compileKernels, instantiateKernels } from './load.js';

const arena = createArena({ maximumBytes: 8 << 20 });
const kernels = instantiateKernels(compileKernels(), arena).segment;
const rowsMax = 300_000;
const bitBytes = Math.ceil(rowsMax / 64) * 8;
const bits = arena.alloc(bitBytes);
const source = arena.alloc(400_000);

interface RoaringClass {
  deserialize(bytes: Buffer, format: 'portable'): { toUint32Array(): Uint32Array };
  new (rows: Uint32Array): { runOptimize(): boolean; serialize(format: 'portable'): Buffer };
}

function loadRoaring(): RoaringClass | undefined {
  try {
    return (createRequire(import.meta.url)('roaring') as { RoaringBitmap32: RoaringClass }).RoaringBitmap32;
  } catch {
    return undefined;
  }
}

/** Runs, scattered rows, dense parts, over several containers. */
const rowSets = fc
  .array(
    fc.oneof(
      fc.tuple(fc.nat({ max: rowsMax - 1 }), fc.constant(1), fc.constant(1)),
      fc.tuple(fc.nat({ max: rowsMax - 1 }), fc.nat({ max: 9000 }), fc.constant(1)),
      fc.tuple(fc.nat({ max: rowsMax - 1 }), fc.nat({ max: 9000 }), fc.integer({ min: 2, max: 40 })),
    ),
    { maxLength: 12 },
  )
  .map((parts) => {
    const rows = new Set<number>();
    for (const [from, count, step] of parts) {
      for (let i = 0; i < count && from + i * step < rowsMax; i++) rows.add(from + i * step);
    }
    return Uint32Array.from(rows).sort();
  });

type Or = 'roaring_or' | 'concise_or';

/** The rows a kernel finds, or undefined when it calls the bytes corrupt. */
function rowsIn(bytes: Buffer, or: Or, rows = rowsMax, from = 0, to = rows): Uint32Array | undefined {
  arena.bytes(source, bytes.length).set(bytes);
  const set = arena.bytes(bits, bitBytes).fill(0);
  const failed =
    or === 'roaring_or'
      ? kernels.roaring_or(source, bytes.length, bits, rows, from, to)
      : kernels.concise_or(source, bytes.length, bits, rows);
  if (failed !== 0) return undefined;
  const found: number[] = [];
  set.forEach((byte, at) => {
    for (let bit = 0; byte >>> bit !== 0; bit++) if ((byte >>> bit) & 1) found.push(at * 8 + bit);
  });
  return Uint32Array.from(found);
}

function equal(a: Uint32Array | undefined, b: Uint32Array): boolean {
  return a !== undefined && Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;
}

const kinds = [
  { name: 'roaring', or: 'roaring_or', write: writeRoaring },
  { name: 'concise', or: 'concise_or', write: writeConcise },
] as const;

for (const { name, or, write } of kinds) {
  const written = (rows: Uint32Array): Buffer => {
    const out = new ByteWriter(1024);
    write(out, rows, 0, rows.length);
    return Buffer.from(out.written());
  };

  describe(`${name} bitmaps`, () => {
    it('are read back, whatever they hold', () => {
      fc.assert(
        fc.property(rowSets, (rows) => {
          expect(equal(rowsIn(written(rows), or), rows)).to.equal(true);
        }),
        { numRuns: 120, seed: 21 },
      );
    });

    it('are empty without bytes', () => {
      expect(written(new Uint32Array()).length).to.equal(0);
      expect(rowsIn(Buffer.alloc(0), or)?.length).to.equal(0);
    });

    it('are refused when they name a row that is not there', () => {
      const rows = Uint32Array.of(0, 5, 99_999);
      expect(rowsIn(written(rows), or, 100_000)?.length).to.equal(3);
      expect(rowsIn(written(rows), or, 99_999)).to.equal(undefined);
      const run = Uint32Array.from({ length: 5000 }, (_, i) => i);
      expect(rowsIn(written(run), or, 4999)).to.equal(undefined);
    });

    it('never set a bit outside, whatever the damage', () => {
      fc.assert(
        fc.property(rowSets, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (rows, at, byte, cut) => {
          const bytes = written(rows);
          if (bytes.length === 0) return;
          bytes[at % bytes.length] = byte;
          for (const part of [bytes, bytes.subarray(0, cut % bytes.length)]) {
            rowsIn(part, or, 150_000);
            const beyond = arena.bytes(bits + 150_016 / 8, bitBytes - 150_016 / 8);
            expect(beyond.every((one) => one === 0)).to.equal(true);
          }
        }),
        { numRuns: 150, seed: 22 },
      );
    });
  });
}

describe('roaring bitmaps of some rows', () => {
  it('hold those rows, and of others only what stands beside them', () => {
    fc.assert(
      fc.property(rowSets, fc.nat({ max: rowsMax }), fc.nat({ max: rowsMax }), (rows, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const out = new ByteWriter(1024);
        writeRoaring(out, rows, 0, rows.length);
        const found = rowsIn(Buffer.from(out.written()), 'roaring_or', rowsMax, from, to);
        const first = from - (from % 65_536);
        const last = Math.ceil(to / 65_536) * 65_536;
        expect(
          equal(found, from === to ? (found ?? rows) : rows.filter((row) => row >= first && row < last)),
        ).to.equal(true);
        if (from === to) expect(found?.every((row) => row >= first && row < last)).to.equal(true);
      }),
      { numRuns: 150, seed: 24 },
    );
  });

  it('are refused when they are cut short before those rows', () => {
    const rows = Uint32Array.from({ length: 9000 }, (_, i) => i * 33);
    const out = new ByteWriter(1024);
    writeRoaring(out, rows, 0, rows.length);
    const bytes = Buffer.from(out.written());
    const half = bytes.subarray(0, bytes.length >> 1);
    expect(rowsIn(half, 'roaring_or', rowsMax, 290_000, 290_001)).to.equal(undefined);
    expect(rowsIn(bytes, 'roaring_or', rowsMax, 290_000, 290_001)?.length).to.be.greaterThan(0);
  });

  it('are refused when their containers are not in order, however few are asked for', () => {
    const out = new ByteWriter(1024);
    writeRoaring(out, Uint32Array.of(1, 70_000, 140_000), 0, 3);
    const bytes = Buffer.from(out.written());
    expect(rowsIn(bytes, 'roaring_or', rowsMax, 0, 10)).to.deep.equal(Uint32Array.of(1));
    // Keys stand behind the cookie and the count, 4 bytes each.
    bytes.writeUInt16LE(2, 12);
    bytes.writeUInt16LE(1, 16);
    expect(rowsIn(bytes, 'roaring_or', rowsMax, 0, 10)).to.equal(undefined);
  });
});

describe('roaring writer', () => {
  it('writes the bytes of the reference implementation', function () {
    const Roaring = loadRoaring();
    if (Roaring === undefined) return this.skip();
    fc.assert(
      fc.property(rowSets, (rows) => {
        if (rows.length === 0) return;
        const out = new ByteWriter(1024);
        writeRoaring(out, rows, 0, rows.length);
        const bitmap = new Roaring(rows);
        bitmap.runOptimize();
        expect(Buffer.compare(out.written(), bitmap.serialize('portable'))).to.equal(0);
      }),
      { numRuns: 100, seed: 23 },
    );
  });
});
