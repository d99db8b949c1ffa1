/**
 * Little memory, threads that are ended at any moment, queries that are given up: what is answered is answered whole
 * and as with plenty of memory, budgets are never passed, and nothing is left behind.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import threads from 'node:worker_threads';
import { expect } from 'chai';
import { asCoded } from '../../proto/errors.js';
import { createInlinePool } from '../../query/engine/inline-pool.js';
import type { Pool, SegmentRef } from '../../query/engine/pool-api.js';
import { Chance } from '../../query/engine/random-queries.js';
import type { Frame } from '../../query/frame.js';
import { TextSink } from '../../query/json/write.js';
import { mergePartials } from '../../query/merge.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { renderResult } from '../../query/results/render.js';
import { createArena, ownersMax } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency, type Residency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader, unregisterSegment } from '../../segment/read/segment.js';
import type { RegisteredSegment, SegmentHandle } from '../../segment/read/segment.js';
import { writeSegment } from '../../segment/write/writer.js';
import { temporaryFolder } from '../launch.js';

const MiB = 2 ** 20;
const start = Date.UTC(2024, 0, 1);
const rowCount = 24_000;
const segments = 4;
const parts = 4000;
const everyEighth = new Uint8Array(rowCount / 8).fill(0b0001_0000);
const isNull = (row: number): boolean => row % 8 === 4;

function write(dir: string, chance: Chance): void {
  const longs = (limit: number, nulls = false): BigInt64Array =>
    BigInt64Array.from({ length: rowCount }, (_, row) =>
      nulls && isNull(row) ? 0n : BigInt(chance.below(limit)) - 40n,
    );
  const eighths = (nulls: boolean): Float64Array =>
    Float64Array.from({ length: rowCount }, (_, row) => (nulls && isNull(row) ? 0 : chance.below(8_000) / 8));
  const ids = (limit: number): Uint32Array =>
    Uint32Array.from({ length: rowCount }, () => chance.below(limit));
  writeSegment(dir, {
    rowCount,
    interval: { startMs: start, endMs: start + 86_400_000 },
    time: BigInt64Array.from({ length: rowCount }, (_, i) => BigInt(start + i * 3500)),
    dimensions: [
      { kind: 'string', name: 'flag', dictionary: [null, 'A', 'N', 'R'], ids: ids(4) },
      {
        kind: 'string',
        name: 'part',
        dictionary: Array.from({ length: parts }, (_, i) => `part ${String(i).padStart(6, '0')}`),
        ids: ids(parts),
      },
      {
        kind: 'multiString',
        name: 'tags',
        dictionary: ['a', 'b', 'c', 'd', 'e'],
        offsets: Uint32Array.from({ length: rowCount + 1 }, (_, row) => row * 2),
        ids: Uint32Array.from({ length: rowCount * 2 }, () => chance.below(5)),
      },
    ],
    metrics: [
      { kind: 'long', name: 'quantity', values: longs(100, true), nulls: everyEighth },
      { kind: 'long', name: 'noise', values: longs(2 ** 32) },
      { kind: 'double', name: 'price', values: eighths(true), nulls: everyEighth },
      { kind: 'double', name: 'tax', values: eighths(false) },
    ],
    metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
  });
}

function randomBody(chance: Chance): object {
  const from = start + chance.below(20_000) * 1000;
  const sums = ['quantity', 'noise', 'price', 'tax'].filter(() => chance.next() < 0.5);
  const aggregations = [
    { type: 'count', name: 'n' },
    ...sums.map((name) => ({
      type: `${name === 'quantity' || name === 'noise' ? 'long' : 'double'}${chance.pick(['Sum', 'Max'])}`,
      name: `x_${name}`,
      fieldName: name,
    })),
  ];
  const filters = [
    { type: 'selector', dimension: 'flag', value: chance.pick(['A', 'R', null]) },
    { type: 'like', dimension: 'part', pattern: '%7%' },
    { type: 'range', column: 'price', matchValueType: 'DOUBLE', lower: 200, upper: 900 },
    { type: 'null', column: 'quantity' },
    { type: 'in', dimension: 'tags', values: ['a', 'c'] },
  ];
  const base = {
    dataSource: 't',
    intervals: [`${new Date(from).toISOString()}/${new Date(from + 50_000_000).toISOString()}`],
    granularity: chance.pick(['all', 'all', 'hour']),
    aggregations,
    ...(chance.next() < 0.6 ? { filter: chance.pick(filters) } : {}),
    context: { dropHotColumns: chance.next() < 0.1 },
  };
  const dimensions = chance.pick([
    ['part'],
    ['flag'],
    ['flag', 'tags'],
    ['part', 'flag'],
    ['quantity', 'flag'],
    ['price'],
  ]);
  switch (chance.below(5)) {
    case 0:
      return { ...base, queryType: 'timeseries' };
    case 1:
      return { ...base, queryType: 'topN', dimension: 'part', metric: 'n', threshold: 2 * parts };
    case 2:
      return { ...base, queryType: 'scan', columns: ['__time', 'part', 'price', 'tags'], limit: 3000 };
    default:
      return { ...base, queryType: 'groupBy', dimensions };
  }
}

interface Node {
  readonly pool: Pool;
  readonly refs: readonly SegmentRef<SegmentHandle>[];
}

async function answer(node: Node, body: object, options = {}): Promise<string> {
  const query = parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
  const { intervals } = query;
  const refs = node.refs.map((ref) => ({ ...ref, intervals }));
  const frames: Frame[] = [];
  const order = new Map(refs.map(({ segmentId }, i) => [segmentId, i]));
  const named: { at: number; frame: Frame }[] = [];
  const isScan = query.queryType === 'scan';
  for await (const { frame, ofSegment } of node.pool.scanSegments(query, refs, {
    ...options,
    bySegment: isScan,
  })) {
    named.push({ at: order.get(ofSegment ?? '') ?? 0, frame });
  }
  if (isScan) named.sort((a, b) => a.at - b.at);
  frames.push(...named.map(({ frame }) => frame));
  const sink = new TextSink();
  renderResult(query, mergePartials(query, frames), sink);
  return createHash('sha1').update(sink.text).digest('base64');
}

/** Every worker thread that is begun from now on. */
function watchThreads(): { readonly alive: Set<threads.Worker>; stop(): void } {
  const alive = new Set<threads.Worker>();
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      let answers = 0;
      this.on('message', () => ++answers > 2 && alive.add(this));
      this.on('exit', () => alive.delete(this));
    }
  };
  syncBuiltinESMExports();
  return {
    alive,
    stop: () => {
      threads.Worker = Worker;
      syncBuiltinESMExports();
    },
  };
}

describe('little memory and threads that die', function () {
  this.timeout(900_000);
  const top = temporaryFolder('hammer');
  const dirs = Array.from({ length: segments }, (_, i) => path.join(top, String(i)));
  const kernelsModule = compileKernels();
  before(() => {
    const chance = new Chance(3);
    for (const dir of dirs) write(dir, chance);
  });
  after(() => fs.rmSync(top, { recursive: true, force: true }));

  const memory = (arenaBytes: number, coldBytesMax: number, hotBytesMax: number) => {
    const arena = createArena({ maximumBytes: arenaBytes });
    const residency = createResidency({ arena, coldBytesMax, hotBytesMax });
    const handles = dirs.map((dir, i) => registerSegment(residency, { id: String(i), dir }));
    const refs = handles.map((handle, i) => ({
      segmentId: String(i),
      handle: handle as SegmentHandle,
      rows: rowCount,
      intervals: [],
    }));
    return { arena, residency, handles, refs };
  };

  const plenty = (): Node => {
    const { arena, residency, refs } = memory(512 * MiB, 200 * MiB, 200 * MiB);
    const kernels = instantiateKernels(kernelsModule, arena);
    const reader = new SegmentReader({ kernels, residency });
    const pool = createInlinePool({
      kernels,
      open: (handle, token) => reader.openView(handle as SegmentHandle, token),
      scratchBytes: 64 * MiB,
      clock: { now: () => 0, monotonic: () => 0 },
    });
    return { pool, refs };
  };

  const pinsOf = (residency: Residency): number =>
    new Uint16Array(residency.handle.pins).reduce((sum, count) => sum + count, 0);

  it('answers whole or not at all, within its budgets, and leaves nothing', async () => {
    const seed = Number(process.env['SEED'] ?? 11);
    const killsWanted = Number(process.env['KILLS'] ?? 60);
    const chance = new Chance(seed);
    const large = plenty();
    const asked: { readonly body: object; readonly text: string }[] = [];
    for (let i = 0; i < Number(process.env['BODIES'] ?? 40); i++) {
      const body = randomBody(chance);
      asked.push({ body, text: await answer(large, body) });
    }
    const limits = { arena: 40 * MiB, cold: MiB, hot: MiB / 2, scratch: MiB };
    const { arena, residency, handles, refs } = memory(limits.arena, limits.cold, limits.hot);
    const watched = watchThreads();
    const { createPool } = await import('../../query/engine/pool.js');
    const pool = createPool({
      workerUrl: new URL('../../query/engine/worker.js', import.meta.url),
      threads: 3,
      kernelsModule,
      arenaHandle: arena.handle,
      residencyHandle: residency.handle,
      clock: {
        monotonic: () => performance.now(),
        setTimer: (ms, action) => {
          const timer = setTimeout(action, ms);
          return { cancel: () => clearTimeout(timer) };
        },
      },
      scratchBytes: limits.scratch,
    });
    const most = { cold: 0, hot: 0, arena: 0 };
    const look = (): void => {
      const { coldBytes, hotBytes } = residency.stats();
      most.cold = Math.max(most.cold, coldBytes);
      most.hot = Math.max(most.hot, hotBytes);
      most.arena = Math.max(most.arena, arena.committedBytes);
    };
    const ends: Record<string, number> = {};
    let kills = 0;
    const wrong: string[] = [];
    const one = async (own: Chance): Promise<void> => {
      while (kills < killsWanted && wrong.length === 0) {
        const { body, text } = own.pick(asked);
        const way = own.next();
        const options =
          way < 0.1
            ? { signal: AbortSignal.timeout(own.below(30)) }
            : way < 0.2
              ? { deadlineMs: own.below(30) }
              : {};
        try {
          const got = await answer({ pool, refs }, body, options);
          ends['answered'] = (ends['answered'] ?? 0) + 1;
          if (got !== text) wrong.push(`another answer: ${JSON.stringify(body)}`);
        } catch (thrown) {
          const { code, message } = asCoded(thrown);
          const name = `${code}: ${message.replace(/\d+/g, '#').slice(0, 80)}`;
          ends[name] = (ends[name] ?? 0) + 1;
          if (!['Unavailable', 'Canceled', 'Timeout'].includes(code))
            wrong.push(String((thrown as Error).stack));
        }
        look();
        // Refusals come at once: whoever kills must have a turn, too.
        await turn();
      }
    };
    const killer = (async () => {
      const own = new Chance(seed + 1);
      while (kills < killsWanted && wrong.length === 0) {
        await sleep(5 + own.below(200));
        const victims = [...watched.alive];
        if (victims.length === 0) continue;
        kills++;
        const victim = own.pick(victims);
        watched.alive.delete(victim);
        void victim.terminate();
      }
    })();
    await Promise.all([killer, ...Array.from({ length: 8 }, (_, i) => one(new Chance(seed + 100 + i)))]);
    console.log('     ', JSON.stringify({ kills, ends, most, stats: residency.stats() }));
    expect(wrong).to.deep.equal([]);
    // It goes on as before.
    for (const { body, text } of asked.slice(0, 10))
      expect(await answer({ pool, refs }, body)).to.equal(text);
    watched.stop();
    await pool.close();
    expect(most.cold).to.be.at.most(limits.cold);
    expect(most.hot).to.be.at.most(limits.hot);
    expect(most.arena).to.be.at.most(limits.arena);
    expect(pinsOf(residency)).to.equal(0);
    for (const handle of handles as RegisteredSegment[]) unregisterSegment(residency, handle);
    for (let owner = 1; owner <= ownersMax; owner++) residency.reap(owner);
    expect(residency.stats()).to.include({ coldBytes: 0, hotBytes: 0, slots: 0 });
    expect(arena.usedBytes).to.equal(0);
  });
});
