import { expect } from 'chai';
import fs from 'node:fs';
import path from 'node:path';
import { mergePartials } from '../../query/merge.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { TextSink } from '../../query/json/write.js';
import { renderResult } from '../../query/results/render.js';
import { createPool } from '../../query/engine/pool.js';
import type { Frame } from '../../query/frame.js';
import { exactJsonText } from '../../segment/format/json.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader } from '../../segment/read/segment.js';
import { readRows, type PlainValue } from '../../segment/read/rows.js';
import type { SegmentSource } from '../../segment/write/source.js';
import { writeSegment } from '../../segment/write/writer.js';
import { temporaryFolder } from '../launch.js';

const rows = 700_000;
const hours = 24;
const start = Date.UTC(2024, 0, 1);
const end = start + 86_400_000;

/** Bytes that no compression shrinks: the same numbers in every run. */
function noise(seed: number): () => number {
  let state = BigInt(seed) * 2n + 1n;
  const words = new BigUint64Array(1024);
  let at = words.length;
  return () => {
    if (at === words.length) {
      for (let i = 0; i < words.length; i++) {
        state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
        words[i] = state;
      }
      at = 0;
    }
    return Number((words[at++] as bigint) >> 32n);
  };
}

function source(): SegmentSource {
  const doubles = (seed: number): Float64Array => {
    const next = noise(seed);
    return Float64Array.from({ length: rows }, () => next() * 1.000001);
  };
  const longs = (seed: number): BigInt64Array => {
    const next = noise(seed);
    return BigInt64Array.from({ length: rows }, () => (BigInt(next()) << 31n) | BigInt(next() >>> 1));
  };
  const names = Array.from(
    { length: 60_000 },
    (_, i) => `name ${String(i).padStart(8, '0')} ${(i * 7919) % 1013}`,
  );
  const pick = noise(3);
  const tag = noise(4);
  const nulls = new Uint8Array(Math.ceil(rows / 8)).fill(0b0001_0000);
  const price = doubles(5);
  for (let row = 4; row < rows; row += 8) price[row] = 0;
  return {
    rowCount: rows,
    interval: { startMs: start, endMs: end },
    time: BigInt64Array.from({ length: rows }, (_, row) =>
      BigInt(start + Math.floor((row * 86_400_000) / rows)),
    ),
    dimensions: [
      {
        kind: 'string',
        name: 'name',
        dictionary: names,
        ids: Uint32Array.from({ length: rows }, () => pick() % names.length),
      },
      {
        kind: 'multiString',
        name: 'tags',
        dictionary: ['a', 'b', 'c', 'd'],
        offsets: Uint32Array.from({ length: rows + 1 }, (_, row) => row * 2),
        ids: Uint32Array.from({ length: rows * 2 }, () => tag() % 4),
      },
    ],
    metrics: [
      ...[10, 11, 12, 13, 14].map((seed) => ({
        kind: 'double' as const,
        name: `d${seed}`,
        values: doubles(seed),
      })),
      ...[20, 21, 22].map((seed) => ({ kind: 'long' as const, name: `l${seed}`, values: longs(seed) })),
      { kind: 'double', name: 'price', values: price, nulls },
    ],
    metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
  };
}

const queries: readonly object[] = [
  {
    queryType: 'timeseries',
    granularity: 'hour',
    filter: { type: 'bound', dimension: 'name', lower: 'name 00001', upper: 'name 00004' },
    aggregations: [
      { type: 'count', name: 'rows' },
      ...[20, 21, 22].map((n) => ({ type: 'longSum', name: `l${n}`, fieldName: `l${n}` })),
      ...[10, 11, 12, 13, 14].map((n) => ({ type: 'doubleMax', name: `d${n}`, fieldName: `d${n}` })),
      { type: 'doubleMin', name: 'price', fieldName: 'price' },
    ],
  },
  {
    queryType: 'groupBy',
    granularity: 'all',
    dimensions: ['tags'],
    filter: { type: 'not', field: { type: 'selector', dimension: 'price', value: null } },
    aggregations: [
      { type: 'count', name: 'rows' },
      { type: 'longMax', name: 'l20', fieldName: 'l20' },
    ],
  },
  {
    queryType: 'topN',
    granularity: 'all',
    dimension: 'name',
    threshold: 20,
    metric: 'l21',
    aggregations: [{ type: 'longSum', name: 'l21', fieldName: 'l21' }],
  },
  {
    queryType: 'scan',
    filter: { type: 'selector', dimension: 'name', value: 'name 00031415 589' },
    columns: ['__time', 'name', 'tags', 'd10', 'l22', 'price'],
  },
];

const plainText = (value: PlainValue): string => (value instanceof Uint8Array ? '' : exactJsonText(value));

describe('a segment of many times the memory for columns', function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  const dir = path.join(folder, 'large');
  const module = compileKernels();
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** Answers as JSON, and how many column files were read through a window. */
  async function answers(
    arenaBytes: number,
  ): Promise<{ readonly texts: string[]; readonly windowed: number }> {
    const arena = createArena({ maximumBytes: arenaBytes });
    const kernels = instantiateKernels(module, arena);
    const residency = createResidency({ arena, coldBytesMax: arenaBytes / 2, hotBytesMax: arenaBytes / 4 });
    const handle = registerSegment(residency, { id: 'large', dir });
    const pool = createPool({
      workerUrl: new URL('../../query/engine/worker.js', import.meta.url),
      threads: 2,
      kernelsModule: module,
      arenaHandle: arena.handle,
      residencyHandle: residency.handle,
      clock: { monotonic: () => 0, setTimer: () => ({ cancel: () => undefined }) },
    });
    try {
      const texts: string[] = [];
      // Twice: the second time columns count as hot.
      for (const body of [...queries, ...queries]) {
        const query = parseNativeQuery(
          { dataSource: 't', intervals: ['2024-01-01/2024-01-02'], ...body },
          { queryId: 'q', timeoutMs: 0 },
        );
        const frames: Frame[] = [];
        const refs = [{ segmentId: 'large', handle, intervals: [{ startMs: start, endMs: end }] }];
        for await (const part of pool.scanSegments(query, refs)) frames.push(part.frame);
        const sink = new TextSink();
        renderResult(query, mergePartials(query, frames), sink);
        texts.push(sink.text);
      }
      expect(kernels.arena.usedBytes).to.be.at.most(arenaBytes);
      return { texts, windowed: residency.stats().windowed };
    } finally {
      await pool.close();
    }
  }

  it('is queried with the same answers', async () => {
    writeSegment(dir, source());
    const bytes = fs.readdirSync(dir).reduce((sum, file) => sum + fs.statSync(path.join(dir, file)).size, 0);
    const small = 5 << 20;
    expect(bytes).to.be.above(10 * small);
    const wanted = await answers(512 << 20);
    expect(wanted.windowed).to.equal(0);
    const found = await answers(small);
    expect(found.windowed).to.be.above(10);
    expect(found.texts).to.deep.equal(wanted.texts);
    expect(found.texts[0]).to.have.length.above(hours * 100);
  });

  it('gives all of its rows', () => {
    const read = (arenaBytes: number): number => {
      const arena = createArena({ maximumBytes: arenaBytes });
      const kernels = instantiateKernels(module, arena);
      const residency = createResidency({ arena, coldBytesMax: arenaBytes / 2, hotBytesMax: 0 });
      const view = new SegmentReader({ kernels, residency }).openView(
        registerSegment(residency, { id: 'large', dir }),
      );
      let hash = 0;
      let count = 0;
      for (const row of readRows(view, arena)) {
        if (count++ % 97 === 0)
          for (const char of Object.values(row).map(plainText).join())
            hash = (hash * 31 + char.charCodeAt(0)) | 0;
      }
      view.close();
      expect(count).to.equal(rows);
      return hash;
    };
    expect(read(4 << 20)).to.equal(read(256 << 20));
  });
});
