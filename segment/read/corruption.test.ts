import { expect } from 'chai';
import fc from 'fast-check';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { createArena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import type { Files } from '../ports.js';
import type { JsonValue, SegmentSource, WriteOptions } from '../write/source.js';
import { encodeTimed, timedTypeName } from '../format/timed-values.js';
import { writeSegment } from '../write/writer.js';
import { verifySegment } from '../dump.js';
import { createResidency } from './residency.js';
import { registerSegment, SegmentReader, unregisterSegment } from './segment.js';

const arena = createArena({ maximumBytes: 64 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 16 << 20, hotBytesMax: 8 << 20 });

/** A directory's files in memory. */
type Directory = ReadonlyMap<string, Buffer>;

function filesOf(directory: Directory): Files {
  const find = (file: string): Buffer => {
    const bytes = directory.get(path.basename(file));
    if (bytes === undefined) throw new Error(`no file ${file}`);
    return bytes;
  };
  return {
    sizeSync: (file) => find(file).length,
    readSync: (file, into, position) => {
      const part = find(file).subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}

const words = [null, '', 'a', 'Rome', '\u{1F600}', 'z'];

function sample(): SegmentSource {
  const rows = 90;
  const texts = words.toSorted((a, b) => (a === null ? -1 : b === null ? 1 : a < b ? -1 : 1));
  const documents: JsonValue[] = Array.from({ length: rows }, (_, r) =>
    r % 7 === 0 ? null : { a: r, b: { c: `t${r % 5}`, d: [1, r] }, e: r % 2 === 0 ? r / 4 : 'x' },
  );
  return {
    rowCount: rows,
    interval: { startMs: 0, endMs: 1000 },
    time: BigInt64Array.from({ length: rows }, (_, r) => BigInt(r)),
    dimensions: [
      {
        kind: 'string',
        name: 's',
        dictionary: texts,
        ids: Uint32Array.from({ length: rows }, (_, r) => r % texts.length),
      },
      {
        kind: 'multiString',
        name: 'm',
        dictionary: texts,
        offsets: Uint32Array.from({ length: rows + 1 }, (_, r) => 2 * r),
        ids: Uint32Array.from({ length: 2 * rows }, (_, i) => (i * 5) % texts.length),
      },
      { kind: 'json', name: 'j', values: documents },
      {
        kind: 'auto',
        name: 'v',
        values: Array.from({ length: rows }, (_, r) => [[r], 'q', 1.5, null][r % 4] as JsonValue),
      },
      { kind: 'auto', name: 'l', values: Array.from({ length: rows }, (_, r) => (r % 3 === 0 ? null : r)) },
    ],
    metrics: [
      {
        kind: 'long',
        name: 'n',
        values: BigInt64Array.from({ length: rows }, (_, r) => BigInt(r * r)),
        nulls: Uint8Array.of(3),
      },
      {
        kind: 'complex',
        name: 'c',
        typeName: 't',
        values: Array.from({ length: rows }, (_, r) => Uint8Array.of(r)),
      },
      {
        kind: 'complex',
        name: 'p',
        typeName: timedTypeName('string'),
        values: Array.from({ length: rows }, (_, r) =>
          r === 1 ? null : encodeTimed('string', BigInt(r), 'x'.repeat(r)),
        ),
      },
    ],
    metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
  };
}

function written(options: WriteOptions): Directory {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'corrupt-'));
  try {
    writeSegment(path.join(dir, 's'), sample(), options);
    return new Map(
      fs.readdirSync(path.join(dir, 's')).map((file) => [file, fs.readFileSync(path.join(dir, 's', file))]),
    );
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** Reads everything; the code of the error that stopped the opening, or the problems found. */
function readAll(directory: Directory): string | string[] {
  const files = filesOf(directory);
  let handle;
  try {
    handle = registerSegment(residency, { id: 'x', dir: '/none' }, files);
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  const reader = new SegmentReader({ kernels, residency, files });
  const view = reader.openView(handle);
  try {
    return verifySegment(view, arena);
  } finally {
    view.close();
    reader.close();
    unregisterSegment(residency, handle);
  }
}

const variants: readonly WriteOptions[] = [
  {},
  { dimensionCompression: 'uncompressed', metricCompression: 'none', longEncoding: 'auto' },
  { bitmap: 'concise', frontCodedBucketSize: 4, longEncoding: 'auto', metricCompression: 'uncompressed' },
];

describe('a damaged segment', () => {
  for (const [i, options] of variants.entries()) {
    const whole = written(options);

    it(`is whole to begin with (form ${i})`, () => {
      expect(readAll(whole)).to.deep.equal([]);
    });

    it(`is refused or read within its bounds, whatever byte changes (form ${i})`, () => {
      const change = fc.record({
        file: fc.constantFrom('00000.smoosh', '00000.smoosh', '00000.smoosh', 'meta.smoosh', 'version.bin'),
        at: fc.nat(),
        bytes: fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 1 }),
          fc.uint8Array({ minLength: 1, maxLength: 12 }),
          fc.constantFrom(
            Buffer.from('7fffffff', 'hex'),
            Buffer.from('ffffffff', 'hex'),
            Buffer.from('00000000', 'hex'),
          ),
        ),
        cut: fc.boolean(),
      });
      fc.assert(
        fc.property(change, ({ file, at, bytes, cut }) => {
          const damaged = Buffer.from(whole.get(file) as Buffer);
          const from = at % damaged.length;
          damaged.set(bytes.subarray(0, damaged.length - from), from);
          const result = readAll(
            new Map([...whole, [file, cut && at % 5 === 0 ? damaged.subarray(0, from) : damaged]]),
          );
          if (typeof result === 'string') expect(result).to.equal('CorruptSegment');
        }),
        { numRuns: 250, seed: 11 + i },
      );
      const { coldBytes, hotBytes } = residency.stats();
      expect(coldBytes + hotBytes + arena.usedBytes).to.equal(0);
    });
  }

  it('names file, column and offset', () => {
    const whole = written({});
    const smoosh = Buffer.from(whole.get('00000.smoosh') as Buffer);
    const entry = /^n,0,(\d+),/m.exec((whole.get('meta.smoosh') as Buffer).toString());
    smoosh[Number(entry?.[1])] = 0x7f;
    const problems = readAll(new Map([...whole, ['00000.smoosh', smoosh]]));
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(
      /^column\[n\]: corrupt segment: .*file\[.*00000\.smoosh\] column\[n\] offset\[\d+\]$/,
    );
  });

  it('is not believed about a length that the next value does not confirm', () => {
    const whole = written({ complexCompression: 'uncompressed' });
    expect(readAll(whole)).to.deep.equal([]);
    const smoosh = Buffer.from(whole.get('00000.smoosh') as Buffer);
    const meta = (whole.get('meta.smoosh') as Buffer).toString();
    const offsets = Number(/^c\.__complexColumn_offsets,0,(\d+),/m.exec(meta)?.[1]);
    // Behind version, compression, block size, block count and the end of the only block: where each value ends.
    const end = offsets + 14 + 8 * 5;
    expect(smoosh.readBigInt64LE(end)).equal(6n);
    for (const told of [80n, 200_000n]) {
      smoosh.writeBigInt64LE(told, end);
      const problems = readAll(new Map([...whole, ['00000.smoosh', smoosh]]));
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(
        /^column\[c\]: corrupt segment: .*blob\[5\] has no sensible length.*column\[c/,
      );
    }
    // Nothing follows the last value: it ends with the blocks at the latest.
    smoosh.writeBigInt64LE(6n, end);
    smoosh.writeBigInt64LE(200_000n, offsets + 14 + 8 * 89);
    expect(readAll(new Map([...whole, ['00000.smoosh', smoosh]]))[0]).to.match(
      /a blob ends behind its blocks/,
    );
  });

  it('is refused when a file is missing or cut short', () => {
    const whole = written({});
    for (const file of ['version.bin', 'meta.smoosh', '00000.smoosh']) {
      expect(readAll(new Map([...whole].filter(([name]) => name !== file)))).to.equal('CorruptSegment');
      const half = (whole.get(file) as Buffer).subarray(0, 3);
      expect(readAll(new Map([...whole, [file, half]]))).to.equal('CorruptSegment');
    }
  });
});
