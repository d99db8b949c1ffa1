/** Column memory, decoded columns and group tables stay within what they are given, whatever is asked. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { ResidencyStats } from '../../segment/read/residency-table.js';
import { createResidency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import { BATCH_ROWS } from '../../segment/read/view.js';
import { writeSegment } from '../../segment/write/writer.js';
import { TextSink } from '../json/write.js';
import type { Frame } from '../frame.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import { renderResult } from '../results/render.js';
import { createInlinePool } from './inline-pool.js';
import { Chance } from './random-queries.js';

const MiB = 2 ** 20;
const start = Date.UTC(2024, 0, 1);
const day = 86_400_000;
const segments = 3;
const rowCount = 20_000;
const users = 8000;
/** Of a batch: a number for each key, the bucket and the group. */
const numbersBytes = 4 * BATCH_ROWS * 4;

const everyEighth = new Uint8Array(rowCount / 8).fill(0b0001_0000);

interface Limits {
  readonly arena: number;
  readonly cold: number;
  readonly hot: number;
  readonly scratch: number;
}

function write(dir: string, chance: Chance): void {
  const text = (i: number): string => `user ${String(i).padStart(8, '0')}`;
  writeSegment(dir, {
    rowCount,
    interval: { startMs: start, endMs: start + day },
    time: BigInt64Array.from({ length: rowCount }, (_, i) => BigInt(start + i * 1000)),
    dimensions: [
      {
        kind: 'string',
        name: 'user',
        dictionary: Array.from({ length: users }, (_, i) => text(i)),
        ids: Uint32Array.from({ length: rowCount }, () => chance.below(users)),
      },
      {
        kind: 'string',
        name: 'city',
        dictionary: [null, 'Lima', 'Oslo', 'Rome'],
        ids: Uint32Array.from({ length: rowCount }, () => chance.below(4)),
      },
    ],
    metrics: ['a', 'b', 'c', 'd'].map((name) => ({
      kind: 'long',
      name,
      values: BigInt64Array.from({ length: rowCount }, (_, row) =>
        row % 8 === 4 ? 0n : BigInt(chance.below(2 ** 31)),
      ),
      nulls: everyEighth,
    })),
    metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
  });
}

function randomBody(chance: Chance): object {
  const metric = (name: string): object => ({ type: 'longSum', name: `sum_${name}`, fieldName: name });
  const aggregations = [
    { type: 'count', name: 'n' },
    ...['a', 'b', 'c', 'd'].filter(() => chance.next() < 0.5).map(metric),
  ];
  const from = start + chance.below(7000) * 1000;
  const base = {
    dataSource: 't',
    intervals: [`${new Date(from).toISOString()}/${new Date(from + 13_000_000).toISOString()}`],
    granularity: chance.pick(['all', 'hour', 'minute']),
    aggregations,
    ...(chance.next() < 0.5
      ? { filter: { type: 'selector', dimension: 'city', value: chance.pick(['Oslo', 'Rome', null]) } }
      : {}),
  };
  const dimensions = chance.pick([['user'], ['city'], ['city', 'user'], ['user', 'a']]);
  switch (chance.below(4)) {
    case 0:
      return { ...base, queryType: 'timeseries' };
    case 1:
      return { ...base, queryType: 'topN', dimension: 'user', metric: 'n', threshold: 2 * users };
    case 2:
      return { ...base, queryType: 'scan', columns: ['__time', 'user', 'b', 'd'], limit: 2000 };
    default:
      return { ...base, queryType: 'groupBy', dimensions };
  }
}

describe('bounds of memory', function () {
  this.timeout(300_000);
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-bounds-'));
  const dirs = Array.from({ length: segments }, (_, i) => path.join(top, String(i)));
  before(() => {
    const chance = new Chance(1);
    for (const dir of dirs) write(dir, chance);
  });
  after(() => fs.rmSync(top, { recursive: true, force: true }));

  /** Answers a query, looking at the counters with every batch. */
  function nodeWith(limits: Limits) {
    const arena = createArena({ maximumBytes: limits.arena });
    const residency = createResidency({ arena, coldBytesMax: limits.cold, hotBytesMax: limits.hot });
    const kernels = instantiateKernels(compileKernels(), arena);
    const reader = new SegmentReader({ kernels, residency });
    const handles = dirs.map((dir, i) => registerSegment(residency, { id: String(i), dir }));
    const most = { arena: 0, cold: 0, hot: 0, scratch: 0, groups: 0 };
    const idle = (): number => {
      const { coldBytes, hotBytes } = residency.stats();
      return arena.usedBytes - coldBytes - hotBytes;
    };
    let resting = 0;
    let isGrouping = false;
    const look = (): void => {
      const stats: ResidencyStats = residency.stats();
      most.arena = Math.max(most.arena, arena.committedBytes);
      most.cold = Math.max(most.cold, stats.coldBytes);
      most.hot = Math.max(most.hot, stats.hotBytes);
      const used = idle() - resting;
      if (isGrouping) most.groups = Math.max(most.groups, used);
      else most.scratch = Math.max(most.scratch, used);
    };
    const pool = createInlinePool({
      kernels,
      open: (handle) => reader.openView(handle as SegmentHandle),
      scratchBytes: limits.scratch,
      clock: {
        now: () => 0,
        monotonic: () => {
          look();
          return 0;
        },
      },
    });
    const ask = async (body: object): Promise<string> => {
      const query = parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
      const { intervals } = query;
      const refs = handles.map((handle, i) => ({ segmentId: String(i), handle, intervals }));
      const frames: Frame[] = [];
      resting = idle();
      isGrouping = query.queryType === 'groupBy' || query.queryType === 'topN';
      for await (const { frame } of pool.scanSegments(query, refs, { deadlineMs: 1 })) frames.push(frame);
      look();
      const sink = new TextSink();
      renderResult(query, mergePartials(query, frames), sink);
      return sink.text;
    };
    return { ask, most, residency, idle, atRest: idle() };
  }

  it('are kept by a random mix of queries, which are answered as with plenty of memory', async () => {
    const limits = { arena: 12 * MiB, cold: MiB / 2, hot: MiB / 4, scratch: MiB };
    const small = nodeWith(limits);
    const large = nodeWith({ arena: 256 * MiB, cold: 64 * MiB, hot: 64 * MiB, scratch: 64 * MiB });
    const chance = new Chance(7);
    for (let i = 0; i < 14; i++) {
      const body = randomBody(chance);
      expect((await small.ask(body)) === (await large.ask(body)), JSON.stringify(body)).to.equal(true);
    }
    const { most } = small;
    expect(most.arena).to.be.at.most(limits.arena);
    expect(most.cold).to.be.at.most(limits.cold);
    expect(most.hot).to.be.at.most(limits.hot);
    // Batches and columns being decoded take what any scan takes; the rest is the table of groups.
    expect(most.groups).to.be.at.most(limits.scratch + most.scratch + numbersBytes);
    const { loads, evictions } = small.residency.stats();
    expect(Math.min(loads, evictions)).to.be.greaterThan(30);
    expect(small.idle(), 'what is left behind').to.be.at.most(small.atRest + limits.scratch);
  });
});
