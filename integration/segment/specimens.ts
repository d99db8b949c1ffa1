/** Segments to try things on: small ones written here, of every kind and option, and recorded ones where they lie. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { defaultUnzipLimits, unzip } from '../../segment/store/zip.js';
import type { JsonValue, SegmentSource, WriteOptions } from '../../segment/write/source.js';
import { writeSegment } from '../../segment/write/writer.js';
import { root } from '../launch.js';
import { asOldJson } from './old-json.js';
import { partsOf, withParts } from './rebuilt.js';

/** A segment directory's files in memory. */
export type Directory = ReadonlyMap<string, Buffer>;

export interface Specimen {
  readonly name: string;
  readonly directory: Directory;
  readonly bytes: number;
}

const words = [null, '', 'Oslo', 'Rome', 'Zürich', '\u{1F600}', '\uE000', 'x'.repeat(70)];

function ordered(texts: readonly (string | null)[]): (string | null)[] {
  return [...texts].sort((a, b) => (a === null ? -1 : b === null ? 1 : a < b ? -1 : 1));
}

function nullsEvery(step: number, rows: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row += step) bits[row >>> 3] = (bits[row >>> 3] as number) | (1 << (row & 7));
  return bits;
}

const documentAt = (row: number): JsonValue =>
  row % 7 === 0
    ? null
    : row % 7 === 1
      ? {}
      : {
          a: row,
          b: { c: `t${row % 5}`, d: [1, row, null], e: [{ f: 'deep' }] },
          g: row % 2 === 0 ? row / 4 : 'mixed',
          h: row % 3 === 0,
          i: 1.5 * row,
        };

/** Every kind of column. Rows sorted by time. */
export function everyKind(rows: number): SegmentSource {
  const texts = ordered(words);
  const wide = Array.from({ length: 300 }, (_, i) => `w${String(i).padStart(4, '0')}`);
  const each = <T>(make: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => make(row));
  const isNull = (row: number, step: number): boolean => row % step === 0;
  return {
    rowCount: rows,
    interval: { startMs: 0, endMs: 86_400_000 },
    time: BigInt64Array.from(each((row) => BigInt(row * 3))),
    dimensions: [
      {
        kind: 'string',
        name: 'text',
        dictionary: texts,
        ids: Uint32Array.from(each((r) => r % texts.length)),
      },
      { kind: 'string', name: 'wide', dictionary: wide, ids: Uint32Array.from(each((r) => (r * 7) % 300)) },
      { kind: 'string', name: 'nothing', dictionary: [null], ids: new Uint32Array(rows) },
      {
        kind: 'multiString',
        name: 'tags',
        dictionary: texts,
        offsets: Uint32Array.from({ length: rows + 1 }, (_, r) => 2 * r),
        ids: Uint32Array.from({ length: 2 * rows }, (_, i) => (i * 5) % texts.length),
      },
      {
        kind: 'long',
        name: 'code',
        values: BigInt64Array.from(each((r) => (isNull(r, 9) ? 0n : 2n ** 53n + BigInt(r % 13)))),
        nulls: nullsEvery(9, rows),
      },
      { kind: 'json', name: 'doc', values: each(documentAt) },
      { kind: 'auto', name: 'autoText', values: each((r) => (isNull(r, 4) ? null : `v${r % 6}`)) },
      { kind: 'auto', name: 'autoLong', values: each((r) => (isNull(r, 3) ? null : r)) },
      { kind: 'auto', name: 'autoDouble', values: each((r) => r + 0.25) },
      { kind: 'auto', name: 'autoList', values: each((r) => (isNull(r, 5) ? null : [r, r + 1])) },
      { kind: 'auto', name: 'castLong', values: each(() => null), castTo: 'LONG' },
      {
        kind: 'auto',
        name: 'castTexts',
        values: each((r) => (isNull(r, 2) ? null : [null])),
        castTo: 'ARRAY<STRING>',
      },
      { kind: 'auto', name: 'castDouble', values: each((r) => r + 0.5), castTo: 'DOUBLE' },
      { kind: 'auto', name: 'autoMixed', values: each((r) => [[r], 'q', 1.5, null][r % 4] as JsonValue) },
    ],
    metrics: [
      { kind: 'long', name: 'count', values: BigInt64Array.from(each((r) => BigInt(r % 3))) },
      { kind: 'long', name: 'sum', values: BigInt64Array.from(each((r) => BigInt(r) ** 9n)) },
      {
        kind: 'double',
        name: 'price',
        values: Float64Array.from(each((r) => (isNull(r, 8) ? 0 : [NaN, -0, Infinity, r / 3][r % 4]!))),
        nulls: nullsEvery(8, rows),
      },
      { kind: 'float', name: 'share', values: Float32Array.from(each((r) => r / 7)) },
      {
        kind: 'complex',
        name: 'sketch',
        typeName: 'opaque',
        values: each((r) => (isNull(r, 6) ? null : Uint8Array.of(r, r, 7))),
      },
    ],
    metadata: {
      aggregators: [{ type: 'longSum', name: 'sum', fieldName: 'sum' }],
      queryGranularity: { type: 'none' },
      rollup: false,
    },
  };
}

export const everyOption: Readonly<Record<string, WriteOptions>> = {
  default: {},
  'high compression': { highCompression: true },
  uncompressed: { dimensionCompression: 'uncompressed', metricCompression: 'uncompressed' },
  'numbers without blocks': { metricCompression: 'none', longEncoding: 'auto' },
  zstd: { dimensionCompression: 'zstd', metricCompression: 'zstd', highCompression: true },
  'auto longs': { longEncoding: 'auto' },
  concise: { bitmap: 'concise', longEncoding: 'auto' },
  'front-coded 1': { frontCodedBucketSize: 4 },
  'front-coded 0': { frontCodedBucketSize: 16, frontCodedVersion: 0 },
  'no bitmaps': { withoutBitmaps: ['text', 'wide', 'tags'] },
  'no bitmaps, uncompressed': {
    withoutBitmaps: ['text', 'wide', 'tags'],
    dimensionCompression: 'uncompressed',
  },
  'several files': { smooshLimitBytes: 20_000 },
  'complex lz4, json plain': { complexCompression: 'lz4', jsonCompression: 'uncompressed' },
  'complex and json zstd': { complexCompression: 'zstd', jsonCompression: 'zstd', bitmap: 'concise' },
};

export function filesIn(dir: string): Directory {
  return new Map(fs.readdirSync(dir).map((file) => [file, fs.readFileSync(path.join(dir, file))]));
}

function specimen(name: string, directory: Directory): Specimen {
  return { name, directory, bytes: [...directory.values()].reduce((sum, file) => sum + file.length, 0) };
}

export function writtenSpecimens(rows: number): Specimen[] {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-specimens-'));
  try {
    const today = Object.entries(everyOption).map(([name, options], i) => {
      const target = path.join(dir, String(i));
      writeSegment(target, everyKind(rows), options);
      return specimen(`written: ${name}`, filesIn(target));
    });
    const [plain] = today as [Specimen];
    const old = ([3, 4, 5] as const).map((form) => {
      const parts = partsOf(plain.directory);
      asOldJson(form, parts, 'doc');
      return specimen(`old: json ${form}`, withParts(plain.directory, parts));
    });
    return [...today, ...old];
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** The folder of recorded segments, when there is one; else why not. */
export function fixtureFolder(): { readonly folder: string } | { readonly missing: string } {
  const recordings = path.resolve(root, process.env['GROVE_RECORDINGS'] ?? '../shared');
  const folder = process.env['GROVE_SEGMENT_FIXTURES'] ?? path.join(recordings, 'fixtures/segments');
  if (fs.existsSync(folder)) return { folder };
  return { missing: 'no recorded segments (GROVE_SEGMENT_FIXTURES) beside the checkout' };
}

/** Recorded segments no larger than `bytesMax`; those in an index.zip are unpacked. */
export async function recordedSpecimens(folder: string, bytesMax: number): Promise<Specimen[]> {
  const names = fs.readdirSync(folder).filter((name) => fs.statSync(path.join(folder, name)).isDirectory());
  const found: Specimen[] = [];
  for (const name of names.sort()) {
    const dir = path.join(folder, name);
    const zip = path.join(dir, 'index.zip');
    if (fs.existsSync(zip)) {
      const target = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-specimens-'));
      await unzip(zip, target, defaultUnzipLimits);
      found.push(specimen(name, filesIn(target)));
      fs.rmSync(target, { recursive: true });
    } else if (fs.existsSync(path.join(dir, 'meta.smoosh'))) found.push(specimen(name, filesIn(dir)));
  }
  return found.filter((one) => one.bytes <= bytesMax);
}
