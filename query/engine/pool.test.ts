import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { head } from '../../segment/read/residency-table.js';
import { createResidency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import { writeSegment } from '../../segment/write/writer.js';
import type { Frame } from '../frame.js';
import { mergePartials } from '../merge.js';
import type { NativeQuery, QueryContext, TimeseriesQuery } from '../native/model.js';
import { createInlinePool } from './inline-pool.js';
import type { Pool, RunOptions, SegmentRef } from './pool-api.js';
import { createPool, type PoolOptions } from './pool.js';

const context: QueryContext = {
  queryId: 'q',
  timeoutMs: 0,
  priority: 0,
  skipEmptyBuckets: false,
  grandTotal: false,
  resultAsArray: false,
  allowPartialResults: false,
  minTopNThreshold: 1000,
  given: {},
};
const start = Date.UTC(2024, 0, 1);
const intervals = [{ startMs: start, endMs: start + 86_400_000 }];
const query: TimeseriesQuery = {
  queryType: 'timeseries',
  dataSources: ['t'],
  intervals,
  filter: { type: 'selector', dimension: 'city', value: 'Ulm' },
  context,
  granularity: { type: 'period', period: 'PT1H', timeZone: 'UTC', originMs: undefined },
  descending: false,
  aggregations: [
    { type: 'count', name: 'n' },
    { type: 'longSum', name: 'sum', fieldName: 'size' },
  ],
  postAggregations: [],
  limit: 0,
};

const groupBy: NativeQuery = {
  queryType: 'groupBy',
  dataSources: ['t'],
  intervals,
  filter: undefined,
  context,
  granularity: { type: 'all' },
  dimensions: [{ dimension: 'size', outputName: 'size', outputType: 'LONG' }],
  aggregations: [{ type: 'count', name: 'n' }],
  postAggregations: [],
  having: undefined,
  orderBy: [],
  limit: undefined,
  offset: 0,
};

function manyGroups(rows: number): Frame {
  const values = BigInt64Array.from({ length: rows }, (_, i) => BigInt(i));
  return {
    rows,
    columns: [
      { name: '__bucket', type: 'LONG', values: new BigInt64Array(rows) },
      { name: 'size', type: 'LONG', values },
      { name: 'n', type: 'LONG', values: values.slice() },
    ],
  };
}

/** Timers that fire when the test says so. */
class HandClock {
  readonly actions = new Set<() => void>();
  #nowMs = 0;
  monotonic(): number {
    return this.#nowMs;
  }
  setTimer(_delayMs: number, action: () => void): { cancel(): void } {
    this.actions.add(action);
    return { cancel: () => this.actions.delete(action) };
  }
  fire(): void {
    this.#nowMs += 600;
    const due = [...this.actions];
    this.actions.clear();
    for (const action of due) action();
  }
}

const kernelsModule = compileKernels();
const arena = createArena({ maximumBytes: 1 << 28 });
const residency = createResidency({ arena, coldBytesMax: 1 << 26, hotBytesMax: 1 << 26 });
const kernels = instantiateKernels(kernelsModule, arena);

/** A worker thread that does `body` with each message, and `first` before. */
function fakeWorker(body: string, first = ''): URL {
  const source = `import { parentPort } from 'node:worker_threads'; ${first} parentPort.on('message', (message) => { ${body} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

async function gather(pool: Pool, asked: NativeQuery, refs: readonly SegmentRef[], options?: RunOptions) {
  const frames: Frame[] = [];
  const ids: string[] = [];
  for await (const part of pool.scanSegments(asked, refs, options)) {
    frames.push(part.frame);
    ids.push(...part.segmentIds);
  }
  return { frame: mergePartials(asked, frames), ids: ids.sort() };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown.code;
    throw thrown;
  }
  return 'none';
}

describe('the worker pool', function () {
  this.timeout(300_000);
  const pools: Pool[] = [];
  const refs: SegmentRef<SegmentHandle>[] = [];
  let dir = '';

  const poolWith = (options: Partial<PoolOptions> = {}, clock = new HandClock()): Pool => {
    const pool = createPool({
      workerUrl: new URL('./worker.js', import.meta.url),
      threads: 2,
      kernelsModule,
      arenaHandle: arena.handle,
      residencyHandle: residency.handle,
      clock,
      ...options,
    });
    pools.push(pool);
    return pool;
  };

  before(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-pool-'));
    for (let s = 0; s < 5; s++) {
      const rowCount = 9000 + s;
      const segmentDir = path.join(dir, String(s));
      writeSegment(segmentDir, {
        rowCount,
        interval: { startMs: start, endMs: start + 86_400_000 },
        time: BigInt64Array.from({ length: rowCount }, (_, i) => BigInt(start + i * 9000)),
        dimensions: [
          {
            kind: 'string',
            name: 'city',
            dictionary: [null, 'Köln', 'Ulm'],
            ids: Uint32Array.from({ length: rowCount }, (_, i) => (i * 7) % 3),
          },
        ],
        metrics: [
          {
            kind: 'long',
            name: 'size',
            values: BigInt64Array.from({ length: rowCount }, (_, i) => BigInt(i)),
          },
        ],
        metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
      });
      const id = `segment-${s}`;
      refs.push({ segmentId: id, handle: registerSegment(residency, { id, dir: segmentDir }), intervals });
    }
  });

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });
  after(() => {
    fs.rmSync(dir, { recursive: true, force: true });
  });

  it('answers the same on threads as inline', async () => {
    const reader = new SegmentReader({ kernels, residency });
    const inline = createInlinePool({
      kernels,
      open: (handle) => reader.openView(handle as SegmentHandle),
      clock: { now: () => 0, monotonic: () => 0 },
    });
    const wanted = await gather(inline, query, refs);
    expect(wanted.frame.rows).to.equal(23);
    const pool = poolWith();
    const found = await gather(pool, query, refs);
    expect(found.frame).to.deep.equal(wanted.frame);
    expect(found.ids).to.deep.equal(refs.map((ref) => ref.segmentId));
    expect((await gather(pool, query, [])).frame.rows).to.equal(0);
  });

  it('streams a scan, goes on where a part ended, and stops when there is enough', async () => {
    const scan: NativeQuery = {
      queryType: 'scan',
      dataSources: ['t'],
      intervals,
      filter: undefined,
      context,
      columns: ['__time', 'size'],
      limit: 10_000,
      offset: 0,
      batchSize: 100,
      order: 'none',
      resultFormat: 'list',
    };
    const { frame, ids } = await gather(poolWith({ threads: 1 }), scan, refs);
    expect(frame.rows).to.equal(10_000);
    expect(ids).to.deep.equal(refs.map((ref) => ref.segmentId));
  });

  it('runs jobs', async () => {
    const pool = poolWith();
    const { frame } = await gather(pool, query, refs);
    const chunks = (await pool.run('finish', { query, frames: [frame] })) as Uint8Array[];
    expect(Buffer.concat(chunks).toString()).to.contain('"timestamp":"2024-01-01T00:00:00.000Z"');
    expect(((await pool.run('merge', { query, frames: [frame, frame] })) as Frame).rows).to.equal(frame.rows);
    expect(await codeOf(pool.run('no such job', {}))).to.equal('Bug');
  });

  it('lets a job rest while nobody takes its pieces, and does other work meanwhile', async () => {
    const pool = poolWith({ threads: 1 });
    const { frame } = await gather(pool, query, refs);
    const input = { query: groupBy, frames: [manyGroups(40_000)] };
    const whole = (await pool.run('finish', input)) as Uint8Array[];
    const pieces: Uint8Array[] = [];
    let most = 0;
    let open = 0;
    const onPiece = async (piece: unknown): Promise<void> => {
      most = Math.max(most, ++open);
      pieces.push(...(piece as Uint8Array[]));
      expect(((await pool.run('merge', { query, frames: [frame] })) as Frame).rows).to.equal(frame.rows);
      open--;
    };
    const rest = (await pool.run('finish', input, [], { onPiece })) as Uint8Array[];
    expect(most).to.equal(1);
    expect(Buffer.concat([...pieces, ...rest]).equals(Buffer.concat(whole))).to.equal(true);
  });

  it('forgets a resting job that is aborted, out of time, given up by its reader, or closed over', async () => {
    const clock = new HandClock();
    const pool = poolWith({ threads: 1 }, clock);
    const input = { query: groupBy, frames: [manyGroups(20_000)] };
    const never = new Promise<void>(() => {});
    const stopped = (end: (abort: AbortController) => void, deadlineMs: number): Promise<string> => {
      const abort = new AbortController();
      const onPiece = (): Promise<void> => {
        queueMicrotask(() => end(abort));
        return never;
      };
      return codeOf(pool.run('finish', input, [], { onPiece, deadlineMs, signal: abort.signal }));
    };
    expect(await stopped((abort) => abort.abort(), 5)).to.equal('Canceled');
    expect(await stopped(() => clock.fire(), 5)).to.equal('Timeout');
    const refusing = pool.run('finish', input, [], {
      onPiece: () => Promise.reject(new CodedError('LimitExceeded', 'enough')),
    });
    expect(await codeOf(refusing)).to.equal('LimitExceeded');
    expect(await stopped(() => void pool.close(), 5)).to.equal('Canceled');
  });

  it('fails a job that rests on a thread that dies', async () => {
    const rests = fakeWorker(
      `if (message.name === 'die') process.exit(3); parentPort.postMessage({ kind: 'piece', id: 1, piece: [] });`,
    );
    const pool = poolWith({ workerUrl: rests, threads: 1 });
    const resting = pool.run('finish', {}, [], { onPiece: () => new Promise<void>(() => {}) });
    const died = pool.run('die', {});
    expect(await codeOf(resting)).to.equal('Unavailable');
    expect(await codeOf(died)).to.equal('Unavailable');
  });

  /** Takes many seconds, a batch some hundredths of one. */
  const endless: TimeseriesQuery = {
    ...query,
    filter: undefined,
    virtualColumns: [
      {
        type: 'expression',
        name: 'v',
        expression: 'strlen(repeat(concat(city, size), 3000))',
        outputType: 'LONG',
      },
    ],
    aggregations: [{ type: 'longSum', name: 'n', fieldName: 'v' }],
  };
  const manyRefs = (): SegmentRef[] => Array.from({ length: 80 }, (_, i) => refs[i % refs.length]!);
  const asked = (priority: number, of: TimeseriesQuery): TimeseriesQuery => ({
    ...of,
    context: { ...context, priority },
  });

  it('interrupts a task of a lower priority between two batches', async () => {
    const pool = poolWith({ threads: 1 });
    const abort = new AbortController();
    let isOver = false;
    const low = codeOf(
      gather(pool, asked(-1, endless), manyRefs(), { signal: abort.signal }).finally(() => (isOver = true)),
    );
    const wanted = await gather(pool, asked(0, query), refs);
    expect(wanted.frame.rows).to.equal(23);
    expect(((await pool.run('merge', { query, frames: [wanted.frame] })) as Frame).rows).to.equal(23);
    expect(isOver).to.equal(false);
    abort.abort();
    expect(await low).to.equal('Canceled');
  });

  it('interrupts a task of the same priority that takes long', async () => {
    const clock = new HandClock();
    const pool = poolWith({ threads: 1 }, clock);
    const abort = new AbortController();
    const long = codeOf(gather(pool, endless, manyRefs(), { signal: abort.signal }));
    let rows = 0;
    void gather(pool, query, refs).then(({ frame }) => (rows = frame.rows));
    while (rows === 0) {
      clock.fire();
      await setImmediate();
    }
    expect(rows).to.equal(23);
    abort.abort();
    expect(await long).to.equal('Canceled');
  });

  it('does not interrupt a task again before it has gone on for a while', async () => {
    const answers = `const { id, task } = message; if (task.query.context.queryId !== 'long')
      parentPort.postMessage({ kind: 'failed', id, error: { code: 'NotFound', message: '', context: [] } });`;
    const clock = new HandClock();
    const pool = poolWith({ workerUrl: fakeWorker(answers), threads: 1 }, clock);
    const abort = new AbortController();
    const long = { ...query, context: { ...context, queryId: 'long' } };
    const never = codeOf(gather(pool, long, refs.slice(0, 1), { signal: abort.signal }));
    const ended: string[] = [];
    const short = async (name: string): Promise<void> => {
      ended.push(name + (await codeOf(gather(pool, query, refs.slice(0, 1)))));
    };
    const both = Promise.all([short('a'), short('b')]);
    clock.fire();
    while (ended.length === 0) await setImmediate();
    // The time it had run before the interruption counts no more.
    clock.fire();
    for (let turn = 0; turn < 100; turn++) await setImmediate();
    expect(ended.length).to.equal(1);
    clock.fire();
    await both;
    expect(ended.toSorted()).to.deep.equal(['aNotFound', 'bNotFound']);
    abort.abort();
    expect(await never).to.equal('Canceled');
  });

  it('ends a query when a segment has taken its time', async () => {
    const clock = new HandClock();
    const pool = poolWith({ threads: 1 }, clock);
    const given = { perSegmentTimeout: 5 };
    const timed = codeOf(gather(pool, { ...endless, context: { ...context, given } }, manyRefs()));
    const plenty = gather(pool, { ...query, context: { ...context, given } }, refs);
    clock.fire();
    expect(await timed).to.equal('Timeout');
    expect((await plenty).frame.rows).to.equal(23);
    expect(clock.actions.size).to.equal(0);
  });

  it('lets go of the time of a segment that can not be sent to a thread', async () => {
    const clock = new HandClock();
    const pool = poolWith({ threads: 1 }, clock);
    const given = { perSegmentTimeout: 5, unsendable: () => 1 };
    expect(await codeOf(gather(pool, { ...query, context: { ...context, given } }, refs))).to.equal('Bug');
    expect(clock.actions.size).to.equal(0);
  });

  it('answers the same with interruptions as without', async () => {
    const clock = new HandClock();
    const pool = poolWith({ threads: 1 }, clock);
    const wanted = await gather(pool, query, manyRefs());
    const all = [0, 1, 2, 0, 1].map((priority) => gather(pool, asked(priority, query), manyRefs()));
    for (const { frame, ids } of await Promise.all(all)) {
      expect(frame).to.deep.equal(wanted.frame);
      expect(ids).to.deep.equal(wanted.ids);
    }
  });

  it('tells the place of a bug', async () => {
    const told: (object | undefined)[] = [];
    const log = {
      debug() {},
      info() {},
      warn() {},
      error: (_: string, more?: object) => void told.push(more),
    };
    const pool = poolWith({ log });
    const broken = { ...query, granularity: undefined } as unknown as NativeQuery;
    expect(await codeOf(gather(pool, broken, refs))).to.equal('Bug');
    expect(told.length).to.be.at.least(1);
    expect(told[0]).to.have.property('queryId', 'q');
    expect(told[0]).to.have.property('stack').that.includes('TypeError').and.includes('.js:');
  });

  it('answers NotFound and CorruptSegment as the reader does', async () => {
    const pool = poolWith();
    const lost = {
      ...refs[0]!,
      handle: { ...refs[0]!.handle, dir: path.join(dir, 'nowhere'), slotBase: 60_000 },
    };
    expect(await codeOf(gather(pool, query, [lost]))).to.not.equal('none');
    expect((await gather(pool, query, refs)).frame.rows).to.equal(23);
  });

  it('stops on abort, on its deadline and when closed', async () => {
    const clock = new HandClock();
    const pool = poolWith({ workerUrl: fakeWorker('') }, clock);
    const abort = new AbortController();
    const aborted = codeOf(gather(pool, query, refs, { signal: abort.signal }));
    abort.abort();
    expect(await aborted).to.equal('Canceled');
    const expired = codeOf(gather(pool, query, refs, { deadlineMs: 5 }));
    clock.fire();
    expect(await expired).to.equal('Timeout');
    expect(clock.actions.size).to.equal(0);
    const open = codeOf(gather(pool, query, refs));
    await Promise.resolve();
    await pool.close();
    expect(await open).to.equal('Canceled');
    expect(await codeOf(pool.run('merge', {}))).to.equal('Unavailable');
  });

  it('closes with threads that are at the tables all share: nobody waits for them', async () => {
    const lock = JSON.stringify(new URL('../../segment/kernels/shared-lock.js', import.meta.url).href);
    const holds = fakeWorker(
      '',
      `import { workerData } from 'node:worker_threads'; import { SharedLock } from ${lock};
      const { residencyHandle, owner } = workerData;
      new SharedLock(new Int32Array(residencyHandle.table), ${head.lock}, owner).take(0);
      parentPort.postMessage({ kind: 'ready' });`,
    );
    const table = new Int32Array(residency.handle.table);
    const pool = poolWith({ workerUrl: holds, threads: 1 });
    while (Atomics.load(table, head.lock) === 0) await setImmediate();
    await pool.close();
    expect(Atomics.load(table, head.lock)).to.equal(0);
  });

  it('fails the query of a thread that dies and replaces the thread', async () => {
    const dies = fakeWorker(
      `if (message.kind === 'job') process.exit(3); parentPort.postMessage({ kind: 'failed', id: message.id, error: { code: 'NotFound', message: '', context: [] } });`,
    );
    const pool = poolWith({ workerUrl: dies, threads: 1 });
    expect(await codeOf(pool.run('merge', {}))).to.equal('Unavailable');
    expect(await codeOf(gather(pool, query, refs))).to.equal('NotFound');
    expect(await codeOf(pool.run('merge', {}))).to.equal('Unavailable');
  });

  it('replaces threads that have started, however often work ends them', async () => {
    const workerUrl = fakeWorker(
      `if (message.name === 'die') process.exit(3); parentPort.postMessage({ kind: 'done', id: message.id, output: 1 });`,
      `parentPort.postMessage({ kind: 'ready' });`,
    );
    const pool = poolWith({ workerUrl, threads: 1 });
    for (let i = 0; i < 7; i++) expect(await codeOf(pool.run('die', undefined))).to.equal('Unavailable');
    expect(await pool.run('echo', undefined)).to.equal(1);
  });

  it('gives up on threads that never start', async () => {
    const pool = poolWith({ workerUrl: new URL('data:text/javascript,process.exit(1)'), threads: 1 });
    for (let i = 0; i < 6; i++) expect(await codeOf(pool.run('merge', {}))).to.equal('Unavailable');
  });

  it('refuses more queries than it may run', async () => {
    const pool = poolWith({ workerUrl: fakeWorker(''), queriesMax: 1 });
    const abort = new AbortController();
    const first = codeOf(gather(pool, query, refs, { signal: abort.signal }));
    await Promise.resolve();
    expect(await codeOf(gather(pool, query, refs))).to.equal('LimitExceeded');
    abort.abort();
    expect(await first).to.equal('Canceled');
  });
});
