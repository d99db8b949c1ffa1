/**
 * Figures of segments, as ratios within one run: writing lineitem-like rows, decoding each kind of column against a
 * memory copy of the same bytes, opening, sizes beside recorded segments of Druid. Not a test: machines are noisy.
 * `--rows N` (default: scale factor 0.1).
 */
import fs from 'node:fs';
import path from 'node:path';
import { IncrementalIndex } from '../../../ingest/index/incremental-index.js';
import { parseGranularity } from '../../../query/granularity.js';
import { createArena } from '../../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../../segment/kernels/load.js';
import { createResidency } from '../../../segment/read/residency.js';
import {
  registerSegment,
  SegmentReader,
  unregisterSegment,
  type SegmentHandle,
} from '../../../segment/read/segment.js';
import { BATCH_ROWS, type ColumnView } from '../../../segment/read/view.js';
import type { WriteOptions } from '../../../segment/write/source.js';
import { writeSegment } from '../../../segment/write/writer.js';
import { temporaryFolder } from '../../launch.js';
import { rewritten } from '../../segment/round-trip.js';
import { everyKind, fixtureFolder, recordedSpecimens } from '../../segment/specimens.js';
import { lineitem, lineitemDays, lineitemDimensions, lineitemRows, lineitemStartMs } from './lineitem.js';

const dayMs = 86_400_000;
/** Machines are noisy: the best of these counts, all are shown. */
const writeRounds = 5;
const folder = temporaryFolder('grove-perf-');
const arena = createArena({ maximumBytes: 1024 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
// No decoded form: what is measured is decoding.
const residency = createResidency({ arena, coldBytesMax: 512 << 20, hotBytesMax: 0 });
const reader = new SegmentReader({ kernels, residency });

function line(what: string, value: string, aim: string): void {
  console.log(`${what.padEnd(46)} ${value.padStart(24)}   ${aim}`);
}

/** Best of several, seconds. */
function best(times: number, action: () => void): number {
  let least = Infinity;
  for (let i = 0; i < times; i++) {
    const from = performance.now();
    action();
    least = Math.min(least, performance.now() - from);
  }
  return least / 1000;
}

interface Written {
  readonly dir: string;
  readonly bytes: number;
  /** Taking in, sorting, columns to disk. */
  readonly shares: readonly number[];
  readonly seconds: number;
  readonly cpuSeconds: number;
}

function writing(rows: number): string {
  const times = Array.from({ length: writeRounds }, () => writtenOnce(rows));
  const least = times.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  const rates = times.map(({ seconds }) => Math.round(rows / seconds));
  const cpuRate = Math.round(rows / Math.min(...times.map(({ cpuSeconds }) => cpuSeconds)));
  const rate = String(Math.max(...rates));
  line('write, rows/s from parsed rows (fast lz4)', rate, `aim ≥ 250000; all rounds: ${rates.join(', ')}`);
  line('  the same per second of processor time', String(cpuRate), 'on a busy machine');
  const shares = least.shares.map((s) => s.toFixed(2)).join(' + ');
  line('  seconds', shares, `taking in, sorting, columns to disk: ${rows} rows, ${least.bytes} bytes`);
  return least.dir;
}

function writtenOnce(rows: number): Written {
  const index = new IncrementalIndex(
    {
      dimensions: lineitemDimensions,
      discoverDimensions: 'none',
      dimensionExclusions: [],
      metrics: [],
      queryGranularity: parseGranularity('none', 'queryGranularity'),
      queryGranularityJson: { type: 'none' },
      rollup: false,
    },
    { startMs: lineitemStartMs, endMs: lineitemStartMs + lineitemDays * dayMs },
  );
  let seconds = 0;
  let cpuSeconds = 0;
  const cpuSince = (start: NodeJS.CpuUsage): number => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  const chunk: { timeMs: number; row: Parameters<IncrementalIndex['add']>[1] }[] = [];
  const flush = (): void => {
    const from = performance.now();
    const cpu = process.cpuUsage();
    for (const { timeMs, row } of chunk) index.add(timeMs, row);
    cpuSeconds += cpuSince(cpu);
    seconds += (performance.now() - from) / 1000;
    chunk.length = 0;
  };
  for (const one of lineitem(rows)) {
    chunk.push(one);
    // About as many as a reader hands over at once.
    if (chunk.length === 500) flush();
  }
  flush();
  const added = seconds;
  const dir = path.join(folder, 'lineitem');
  fs.rmSync(dir, { recursive: true, force: true });
  const from = performance.now();
  const cpu = process.cpuUsage();
  const source = index.snapshot();
  const sorted = performance.now();
  const { bytes } = writeSegment(dir, source);
  const written = performance.now();
  cpuSeconds += cpuSince(cpu);
  seconds += (written - from) / 1000;
  const shares = [added, (sorted - from) / 1000, (written - sorted) / 1000];
  return { dir, bytes, shares, seconds, cpuSeconds };
}

/** Touches every batch of a column; answers the plain bytes. */
function scan(column: ColumnView | undefined, rowCount: number): number {
  if (column === undefined) return 0;
  let bytes = 0;
  if (column.kind === 'complex') {
    for (let row = 0; row < rowCount; row++) bytes += column.bytes(row)?.length ?? 0;
    return bytes;
  }
  const isMulti = column.kind === 'string' && column.hasMultipleValues;
  const width = column.kind === 'string' ? column.idWidth : column.kind === 'float' ? 4 : 8;
  for (let start = 0; start < rowCount; start += BATCH_ROWS) {
    const n = Math.min(BATCH_ROWS, rowCount - start);
    if (isMulti) bytes += 4 * (arena.u32(column.multiBatch(start).offsets, n + 1)[n] ?? 0) + 4 * n;
    else {
      column.batch(start);
      bytes += n * width;
    }
  }
  return bytes;
}

function decoding(what: string, dir: string): void {
  const handle = registerSegment(residency, { id: what, dir });
  const names = listColumns(handle);
  for (const name of names) {
    let bytes = 0;
    const seconds = best(7, () => {
      const view = reader.openView(handle);
      bytes = scan(view.column(name), view.rowCount);
      view.close();
    });
    if (bytes < 65_536) continue;
    const from = Buffer.alloc(bytes, 1);
    const to = Buffer.alloc(bytes);
    const copy = best(15, () => void from.copy(to));
    const rate = `${(bytes / seconds / 1e9).toFixed(2)} GB/s`;
    line(`decode ${what} ${name}`, rate, `${(seconds / copy).toFixed(1)} × a memory copy`);
  }
  unregisterSegment(residency, handle);
}

function listColumns(handle: SegmentHandle): string[] {
  const view = reader.openView(handle);
  const names = ['__time', ...view.dimensions, ...view.metrics];
  view.close();
  return names;
}

/** The lineitem segment made to 500 MB by a file nobody asks for: opening may not depend on it. */
function opening(dir: string): void {
  const big = path.join(folder, 'big');
  fs.cpSync(dir, big, { recursive: true });
  const chunk = path.join(big, '00000.smoosh');
  const meta = path.join(big, 'meta.smoosh');
  const size = fs.statSync(chunk).size;
  const total = 500_000_000;
  fs.truncateSync(chunk, total);
  fs.appendFileSync(meta, `zz_more,0,${size},${total}\n`);
  const open = best(20, () => {
    const handle = registerSegment(residency, { id: 'big', dir: big });
    reader.openView(handle).close();
    unregisterSegment(residency, handle);
  });
  line('open a segment of 500 MB', `${(open * 1000).toFixed(2)} ms`, 'aim < 20 ms');
  const range = best(20, () => {
    const handle = registerSegment(residency, { id: 'big', dir: big });
    const view = reader.openView(handle);
    view.timeRange();
    view.close();
    unregisterSegment(residency, handle);
  });
  line('open, and its first and last time', `${(range * 1000).toFixed(2)} ms`, '');
  fs.rmSync(big, { recursive: true });
}

interface IndexSpec {
  readonly bitmap?: { readonly type?: string };
  readonly dimensionCompression?: string;
  readonly metricCompression?: string;
  readonly complexMetricCompression?: string;
  readonly jsonCompression?: string;
  readonly longEncoding?: string;
  readonly stringDictionaryEncoding?: {
    readonly type?: string;
    readonly bucketSize?: number;
    readonly formatVersion?: number;
  };
}

/** Equal settings, or undefined when we don't write the same. */
function optionsOf(spec: IndexSpec): WriteOptions | undefined {
  const known = new Set([undefined, 'lz4', 'zstd', 'uncompressed', 'none']);
  const { complexMetricCompression: complex, jsonCompression: json } = spec;
  const asked = [spec.dimensionCompression, spec.metricCompression, complex, json];
  if (!asked.every((codec) => known.has(codec))) return undefined;
  const { stringDictionaryEncoding: dictionary } = spec;
  const options = {
    highCompression: true,
    ...(spec.bitmap?.type === 'concise' ? { bitmap: 'concise' } : {}),
    ...(spec.dimensionCompression === undefined ? {} : { dimensionCompression: spec.dimensionCompression }),
    ...(spec.metricCompression === undefined ? {} : { metricCompression: spec.metricCompression }),
    ...(complex === undefined ? {} : { complexCompression: complex }),
    ...(json === undefined ? {} : { jsonCompression: json }),
    ...(spec.longEncoding === undefined ? {} : { longEncoding: spec.longEncoding }),
    ...(dictionary?.type === 'frontCoded'
      ? { frontCodedBucketSize: dictionary.bucketSize ?? 4, frontCodedVersion: dictionary.formatVersion ?? 1 }
      : {}),
  };
  return options as WriteOptions;
}

function columnsWithoutBitmaps(dir: string): string[] {
  const handle = registerSegment(residency, { id: dir, dir });
  const view = reader.openView(handle);
  const names = view.dimensions.filter((name) => {
    const column = view.column(name);
    return column?.kind === 'string' && !column.hasBitmaps;
  });
  view.close();
  unregisterSegment(residency, handle);
  return names;
}

async function sizes(): Promise<void> {
  const fixtures = fixtureFolder();
  if ('missing' in fixtures) {
    console.log(`sizes left out: ${fixtures.missing}`);
    return;
  }
  let ours = 0;
  let theirs = 0;
  let worst = ['', 0] as [string, number];
  for (const specimen of await recordedSpecimens(fixtures.folder, Infinity)) {
    const specFile = path.join(fixtures.folder, `${specimen.name}.spec.json`);
    if (!fs.existsSync(specFile)) continue;
    const text = fs.readFileSync(specFile, 'utf8');
    const spec = JSON.parse(text) as { indexSpec?: IndexSpec };
    // Indexes of nested fields by choice are read, not written.
    const options = text.includes('"columnFormatSpec"') ? undefined : optionsOf(spec.indexSpec ?? {});
    if (options === undefined) {
      line(`size of ${specimen.name}`, 'left out', 'its settings are not among those written here');
      continue;
    }
    const from = path.join(folder, `size-${specimen.name}`);
    fs.mkdirSync(from);
    for (const [name, bytes] of specimen.directory) fs.writeFileSync(path.join(from, name), bytes);
    const to = `${from}-ours`;
    rewritten(from, to, { ...options, withoutBitmaps: columnsWithoutBitmaps(from) });
    const size = (dir: string) =>
      fs.readdirSync(dir).reduce((sum, file) => sum + fs.statSync(path.join(dir, file)).size, 0);
    const ratio = size(to) / size(from);
    if (ratio > worst[1]) worst = [specimen.name, ratio];
    ours += size(to);
    theirs += size(from);
    line(`size of ${specimen.name}`, ratio.toFixed(3), `${size(to)} : ${size(from)}`);
  }
  line('size of all, high compression', (ours / theirs).toFixed(3), 'aim ≤ 1.02');
  line('  the largest', worst[1].toFixed(3), worst[0]);
}

const at = process.argv.indexOf('--rows');
const dir = writing(at < 0 ? lineitemRows : Number(process.argv[at + 1]));
opening(dir);
decoding('lineitem', dir);
for (const [name, options] of Object.entries({
  lz4: {},
  'auto longs': { longEncoding: 'auto' },
  zstd: { dimensionCompression: 'zstd', metricCompression: 'zstd' },
  uncompressed: { dimensionCompression: 'uncompressed', metricCompression: 'uncompressed' },
} satisfies Record<string, WriteOptions>)) {
  const kinds = path.join(folder, `kinds-${name}`);
  writeSegment(kinds, everyKind(100_000), options);
  decoding(name, kinds);
}
await sizes();
fs.rmSync(folder, { recursive: true });
