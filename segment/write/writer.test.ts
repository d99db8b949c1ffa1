import { expect } from 'chai';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { jsonText } from '../format/json.js';
import { createArena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import { createResidency } from '../read/residency.js';
import { readRows, type PlainRow, type PlainValue } from '../read/rows.js';
import { registerSegment, SegmentReader, unregisterSegment, type StoredSegment } from '../read/segment.js';
import type {
  MultiStringSource,
  SegmentSource,
  SourceDimension,
  StringSource,
  WriteOptions,
} from './source.js';
import { ETERNITY } from '../timeline/interval.js';
import { verifySegment } from '../dump.js';
import { writeSegment } from './writer.js';

const day = Date.UTC(2024, 2, 1);
const arena = createArena({ maximumBytes: 256 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 64 << 20, hotBytesMax: 64 << 20 });
const reader = new SegmentReader({ kernels, residency });

function inDirectory(action: (dir: string) => void): void {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'segment-'));
  try {
    action(path.join(dir, 'one'));
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

function withView(dir: string, action: (view: StoredSegment) => void): void {
  const handle = registerSegment(residency, { id: 'test', dir });
  const view = reader.openView(handle);
  try {
    action(view);
  } finally {
    view.close();
    unregisterSegment(residency, handle);
  }
}

function stringSource(name: string, values: readonly (string | null)[]): StringSource {
  const dictionary = dictionaryOf(values);
  return { kind: 'string', name, dictionary, ids: idsOf(dictionary, values) };
}

function idsOf(dictionary: readonly (string | null)[], values: readonly (string | null)[]): Uint32Array {
  const ids = new Map(dictionary.map((value, id) => [value, id]));
  return Uint32Array.from(values, (value) => ids.get(value) as number);
}

function dictionaryOf(values: Iterable<string | null>): (string | null)[] {
  const texts = new Set(values);
  const sorted = [...texts].filter((v) => v !== null).sort((a, b) => (a < b ? -1 : 1));
  return texts.has(null) ? [null, ...sorted] : sorted;
}

function multiSource(name: string, rows: readonly (readonly (string | null)[])[]): MultiStringSource {
  const dictionary = dictionaryOf(rows.flat());
  const ids = idsOf(dictionary, rows.flat());
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = (offsets[i] as number) + row.length));
  return { kind: 'multiString', name, dictionary, offsets, ids };
}

function nullBits(rows: number, isNull: (row: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (let r = 0; r < rows; r++) if (isNull(r)) bits[r >>> 3] = (bits[r >>> 3] as number) | (1 << (r & 7));
  return bits;
}

const words = [null, '', 'a', 'Rome', '\u{1F600}', '\uFB01', 'z', 'Zoë'];
const bigLongs = [0n, -1n, 9223372036854775807n, -9223372036854775808n, 9007199254740993n];
const oddDoubles = [0, -0, 1.5, NaN, Infinity, -Infinity, 4.9e-324, 1e308];

/** Every column kind, `rows` rows, values that follow from the row number. */
function sample(rows: number): { readonly source: SegmentSource; readonly row: (r: number) => PlainRow } {
  const isNull = (r: number) => r % 7 === 3;
  const texts = Array.from({ length: rows }, (_, r) => words[(r * 5) % words.length] as string | null);
  const wide = Array.from({ length: rows }, (_, r) => `v${String((r * 7919) % 70_000).padStart(5, '0')}`);
  const lists = Array.from({ length: rows }, (_, r) =>
    Array.from(
      { length: (r % 4) + (r % 3 === 0 ? 1 : 0) || 1 },
      (__, i) => words[(r + i * i) % words.length] as string | null,
    ),
  );
  const longs = BigInt64Array.from({ length: rows }, (_, r) =>
    isNull(r) ? 0n : (bigLongs[r % bigLongs.length] as bigint),
  );
  const floats = Float32Array.from({ length: rows }, (_, r) => r / 3);
  const doubles = Float64Array.from({ length: rows }, (_, r) =>
    isNull(r) ? 0 : (oddDoubles[r % oddDoubles.length] as number),
  );
  const sketches = Array.from({ length: rows }, (_, r) =>
    r % 5 === 0 ? null : Uint8Array.from([1, r & 255, 0]),
  );
  const nulls = nullBits(rows, isNull);
  const source: SegmentSource = {
    rowCount: rows,
    interval: { startMs: day, endMs: day + 86_400_000 },
    time: BigInt64Array.from({ length: rows }, (_, r) => BigInt(day + Math.floor(r / 2))),
    dimensions: [
      stringSource('text', texts),
      stringSource('wide', wide),
      { kind: 'string', name: 'nothing', dictionary: [null], ids: new Uint32Array(rows) },
      multiSource('list', lists),
      { kind: 'long', name: 'l', values: longs, nulls },
    ],
    metrics: [
      { kind: 'float', name: 'f', values: floats },
      { kind: 'double', name: 'd', values: doubles, nulls },
      { kind: 'complex', name: 'sketch', typeName: 'hyperUnique', values: sketches },
    ],
    metadata: {
      aggregators: [{ type: 'doubleSum', name: 'd', fieldName: 'd' }],
      queryGranularity: { type: 'none' },
      rollup: false,
    },
  };
  const row = (r: number): PlainRow => ({
    __time: BigInt(day + Math.floor(r / 2)),
    text: texts[r] as string | null,
    wide: wide[r] as string,
    nothing: null,
    list: listValue(lists[r] as (string | null)[]),
    l: isNull(r) ? null : (longs[r] as bigint),
    d: isNull(r) ? null : (doubles[r] as number),
    f: floats[r] as number,
    sketch: sketches[r] as Uint8Array | null,
  });
  return { source, row };
}

function listValue(values: (string | null)[]): PlainValue {
  return values.length > 1 ? values : (values[0] as string | null);
}

function same(a: PlainValue, b: PlainValue): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => x === b[i]);
  return Object.is(a, b);
}

function expectRows(view: StoredSegment, rows: number, row: (r: number) => PlainRow): void {
  let r = 0;
  for (const got of readRows(view, arena)) {
    const wanted = row(r);
    if (r === 0) expect(Object.keys(got)).to.have.members(Object.keys(wanted));
    for (const [name, value] of Object.entries(wanted)) {
      if (!same(got[name] as PlainValue, value)) {
        expect.fail(`row ${r} ${name}: ${jsonText(got[name])} instead of ${jsonText(value)}`);
      }
    }
    r++;
  }
  expect(r).to.equal(rows);
}

/** Every bitmap holds exactly the rows of its value. */
function expectBitmaps(view: StoredSegment, name: string, row: (r: number) => PlainRow): void {
  const column = view.column(name);
  if (column?.kind !== 'string') throw new Error(name);
  const bytes = Math.ceil(view.rowCount / 64) * 8;
  const bits = arena.alloc(bytes);
  const step = Math.ceil(column.cardinality / 200);
  for (let id = 0; id < column.cardinality; id += step) {
    const value = column.value(id);
    expect(column.idOf(value)).to.equal(id);
    const set = arena.bytes(bits, bytes).fill(0);
    column.orBitmap(id, bits);
    for (let r = 0; r < view.rowCount; r++) {
      const there = row(r)[name] as PlainValue;
      const holds = Array.isArray(there) ? there.includes(value) : there === value;
      if ((((set[r >>> 3] as number) >>> (r & 7)) & 1) !== (holds ? 1 : 0))
        expect.fail(`${name} ${value} row ${r}`);
    }
  }
  arena.free(bits);
}

const variants: Readonly<Record<string, WriteOptions>> = {
  default: {},
  'high compression': { highCompression: true },
  uncompressed: { dimensionCompression: 'uncompressed', metricCompression: 'uncompressed' },
  'no blocks': { metricCompression: 'none' },
  'auto longs': { longEncoding: 'auto' },
  'auto longs without blocks': { longEncoding: 'auto', metricCompression: 'none' },
  zstd: { dimensionCompression: 'zstd', metricCompression: 'zstd' },
  'zstd, auto longs': { metricCompression: 'zstd', longEncoding: 'auto', highCompression: true },
  concise: { bitmap: 'concise' },
  'front-coded 1': { frontCodedBucketSize: 4 },
  'front-coded 0': { frontCodedBucketSize: 16, frontCodedVersion: 0 },
  'no bitmaps': { withoutBitmaps: ['text', 'list'] },
  'no bitmaps, uncompressed': { withoutBitmaps: ['text', 'list'], dimensionCompression: 'uncompressed' },
  'small files': { smooshLimitBytes: 6000 },
};

describe('writeSegment', () => {
  for (const [name, options] of Object.entries(variants)) {
    it(`is read back: ${name}`, () => {
      const { source, row } = sample(100);
      inDirectory((dir) => {
        writeSegment(dir, source, options);
        withView(dir, (view) => {
          expectRows(view, 100, row);
          for (const column of ['text', 'wide', 'list', 'nothing']) {
            if (options.withoutBitmaps?.includes(column) !== true) expectBitmaps(view, column, row);
          }
        });
      });
    });
  }

  it('is read back over many blocks, cold and hot', () => {
    const rows = 70_000;
    const { source, row } = sample(rows);
    inDirectory((dir) => {
      writeSegment(dir, source);
      const handle = registerSegment(residency, { id: 'big', dir });
      for (let touch = 0; touch < 3; touch++) {
        const view = reader.openView(handle);
        expectRows(view, rows, row);
        if (touch === 1) expect(residency.stats().hotBytes).to.be.above(rows * 8);
        view.close();
      }
      unregisterSegment(residency, handle);
      expect(residency.stats().coldBytes + residency.stats().hotBytes).to.equal(0);
    });
  });

  it('reports the bytes on disk and writes the same bytes again', () => {
    const { source } = sample(500);
    inDirectory((dir) => {
      const first = writeSegment(dir, source);
      const files = fs.readdirSync(dir);
      expect(files.sort()).to.deep.equal(['00000.smoosh', 'factory.json', 'meta.smoosh', 'version.bin']);
      const size = files.reduce((sum, file) => sum + fs.statSync(path.join(dir, file)).size, 0);
      expect(first.bytes).to.equal(size);
      writeSegment(`${dir}-again`, source);
      for (const file of files) {
        const [a, b] = [dir, `${dir}-again`].map((d) => fs.readFileSync(path.join(d, file)));
        expect(Buffer.compare(a as Buffer, b as Buffer), file).to.equal(0);
      }
    });
  });

  it('tells its structure without reading a column', () => {
    const { source } = sample(50);
    inDirectory((dir) => {
      writeSegment(dir, source);
      const loads = residency.stats().loads;
      withView(dir, (view) => {
        expect(view.rowCount).to.equal(50);
        expect(view.interval).to.deep.equal({ startMs: day, endMs: day + 86_400_000 });
        expect(view.dimensions).to.deep.equal(['text', 'wide', 'nothing', 'list', 'l']);
        expect(view.metrics).to.deep.equal(['d', 'f', 'sketch']);
        expect(view.timeSorted).to.equal(true);
        expect(view.column('absent')).to.equal(undefined);
        expect(residency.stats().loads).to.equal(loads);
      });
    });
  });

  it('finds rows by time', () => {
    const { source } = sample(20_000);
    inDirectory((dir) => {
      writeSegment(dir, source);
      withView(dir, (view) => {
        expect(view.timeRange()).to.deep.equal({ minMs: day, maxMs: day + 9_999 });
        for (const [ms, row] of [
          [-1, 0],
          [0, 0],
          [1, 2],
          [4095, 8190],
          [4096, 8192],
          [4097, 8194],
          [9_999, 19_998],
          [10_000, 20_000],
        ] as const) {
          expect(view.lowerBound(day + ms), String(ms)).to.equal(row);
        }
      });
    });
  });

  for (const [name, options] of Object.entries({
    default: {},
    'auto longs': { longEncoding: 'auto' },
    uncompressed: { metricCompression: 'uncompressed' },
    'no blocks': { metricCompression: 'none' },
    'auto longs without blocks': { longEncoding: 'auto', metricCompression: 'none' },
  } satisfies Record<string, WriteOptions>)) {
    it(`tells its first and last time without loading the column: ${name}`, () => {
      for (const rows of [1, 20_001]) {
        const { source } = sample(rows);
        inDirectory((dir) => {
          writeSegment(dir, { ...source, dimensions: [], metrics: [] }, options);
          const { loads } = residency.stats();
          withView(dir, (view) => {
            const range = { minMs: day, maxMs: day + Math.floor((rows - 1) / 2) };
            expect(view.timeRange()).to.deep.equal(range);
            if (name !== 'auto longs without blocks') expect(residency.stats().loads).to.equal(loads);
            expect(view.timeRange()).to.deep.equal(range);
          });
        });
      }
    });
  }

  it('refuses sources that break their own rules', () => {
    const { source } = sample(10);
    const broken: readonly SegmentSource[] = [
      { ...source, rowCount: 9 },
      { ...source, interval: { startMs: day, endMs: day + 1 } },
      { ...source, time: source.time.toReversed() },
      { ...source, dimensions: [stringSource('text', ['a'])] },
      {
        ...source,
        dimensions: [{ kind: 'string', name: 'x', dictionary: ['b', 'a'], ids: new Uint32Array(10) }],
      },
      {
        ...source,
        dimensions: [{ kind: 'string', name: 'x', dictionary: ['a'], ids: new Uint32Array(10).fill(1) }],
      },
    ];
    for (const bad of broken) {
      inDirectory((dir) =>
        expect(() => writeSegment(dir, bad))
          .to.throw()
          .with.property('code', 'Bug'),
      );
    }
  });

  it('writes text that UTF-8 can hold', () => {
    const { source } = sample(4);
    const text: SourceDimension = {
      kind: 'string',
      name: 'text',
      // In order here, but not as U+FFFD; the first and the last become one.
      dictionary: ['a', '\uD800', '\uE000', '\uFFFD'],
      ids: Uint32Array.of(1, 0, 3, 2),
    };
    const document = { ['k\uDC00']: 'v\uD83D', l: ['\u{1F600}'] };
    inDirectory((dir) => {
      writeSegment(dir, {
        ...source,
        dimensions: [text, { kind: 'json', name: 'j', values: [document, null, null, null] }],
        metrics: [],
      });
      withView(dir, (view) => {
        const rows = [...readRows(view, arena)];
        expect(rows.map((row) => row['text'])).to.deep.equal(['\uFFFD', 'a', '\uFFFD', '\uE000']);
        expect(rows[0]?.['j']).to.deep.equal({ 'k\uFFFD': 'v\uFFFD', l: ['\u{1F600}'] });
        const column = view.column('text');
        expect(column?.kind === 'string' ? column.cardinality : 0).to.equal(3);
        expect(verifySegment(view, arena)).to.deep.equal([]);
      });
      expect(() => writeSegment(`${dir}-2`, { ...source, dimensions: [{ ...text, name: 'x\uD800' }] }))
        .to.throw()
        .with.property('code', 'InvalidInput');
    });
  });

  it('leaves out dictionary entries that no row uses', () => {
    const { source } = sample(4);
    const dictionary = [null, 'a', 'b', 'c', 'd'];
    inDirectory((dir) => {
      const ids = Uint32Array.of(3, 1, 3, 1);
      writeSegment(dir, {
        ...source,
        dimensions: [
          { kind: 'string', name: 's', dictionary, ids },
          { kind: 'multiString', name: 'm', dictionary, offsets: Uint32Array.of(0, 1, 2, 3, 4), ids },
        ],
        metrics: [],
      });
      withView(dir, (view) => {
        for (const name of ['s', 'm']) {
          const column = view.column(name);
          expect(column?.kind === 'string' ? column.cardinality : 0).to.equal(2);
          expect([...readRows(view, arena)].map((row) => row[name])).to.deep.equal(['c', 'a', 'c', 'a']);
        }
        expect(verifySegment(view, arena)).to.deep.equal([]);
      });
    });
  });

  it('writes the last instant as Druid has it', () => {
    const { source } = sample(4);
    inDirectory((dir) => {
      writeSegment(dir, { ...source, interval: ETERNITY });
      withView(dir, (view) => {
        expect(view.interval).to.deep.equal(ETERNITY);
        const ends = fs.readFileSync(path.join(dir, '00000.smoosh')).toString('hex');
        expect(ends).to.include('c0000000000000003fffffffffffffff');
      });
    });
  });
});
