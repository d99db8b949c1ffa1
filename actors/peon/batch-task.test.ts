import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { TaskAction } from '../../proto/task-actions.js';
import { silentLog } from '../../runtime/log.js';
import { createVirtualClock, filesAreDone } from '../../runtime/virtual-clock.js';
import type { PeonConfig } from '../peon-config.js';
import { runBatchTask } from './batch-task.js';
import type { OverlordClient } from './overlord-client.js';

const rows = [
  { t: '2024-01-01T00:10:00Z', page: 'a' },
  { t: '2024-01-02T00:10:00Z', page: 'b' },
  { t: '2024-01-02T05:10:00Z', page: 'c' },
];
const day2 = '2024-01-02T00:00:00.000Z/2024-01-03T00:00:00.000Z';

function task(io: object = {}, granularity: object = {}, tuning: object = {}): Record<string, unknown> {
  return {
    type: 'index_parallel',
    context: { taskLockTimeout: 1_000 },
    spec: {
      dataSchema: {
        dataSource: 'd',
        timestampSpec: { column: 't', format: 'iso' },
        dimensionsSpec: { dimensions: ['page'] },
        metricsSpec: [{ type: 'count', name: 'n' }],
        granularitySpec: {
          segmentGranularity: 'DAY',
          queryGranularity: 'NONE',
          rollup: false,
          ...granularity,
        },
      },
      ioConfig: {
        type: 'index_parallel',
        inputSource: { type: 'inline', data: rows.map((row) => JSON.stringify(row)).join('\n') },
        inputFormat: { type: 'json' },
        ...io,
      },
      tuningConfig: { type: 'index_parallel', ...tuning },
    },
  };
}

describe('peon: batch task', () => {
  let folder = '';
  let actions: TaskAction[];
  let answers: Partial<Record<TaskAction['type'], (action: never) => unknown>>;
  const clock = createVirtualClock();

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-batch-'));
    actions = [];
    answers = {
      lockAcquire: ({ interval }: { interval: string }) => ({ interval, version: 'v1', type: 'EXCLUSIVE' }),
      segmentTransactionalInsert: () => ({ success: true, published: [] }),
    };
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const run = (
    json: Record<string, unknown>,
    stop = new AbortController(),
    onHit: (name: string) => void = () => undefined,
  ) => {
    const overlord = {
      action: async (action: TaskAction) => {
        actions.push(action);
        const make = answers[action.type];
        if (make === undefined) throw new CodedError('Bug', `unexpected action ${action.type}`);
        return make(action as never);
      },
    } as unknown as OverlordClient;
    const config = {
      taskId: 't',
      folder,
      inputDirs: [],
      inputHosts: [],
      lookupTier: '__default',
      deepStorage: { type: 'local', root: path.join(folder, 'deep'), zip: false },
    } as unknown as PeonConfig;
    const progress = (): void => undefined;
    return runBatchTask(json, {
      config,
      overlord,
      clock,
      log: silentLog(),
      hit: onHit,
      signal: stop.signal,
      progress,
    });
  };
  /** Files are real here, time is not: it goes on whenever somebody waits for it. */
  const passing = async (work: Promise<unknown>): Promise<void> => {
    let isOver = false;
    void work.then(() => (isOver = true));
    while (!isOver) {
      await filesAreDone();
      if (clock.pending > 0) await clock.advance(100);
    }
  };
  const sent = (): string[] =>
    actions.map((action) => ('interval' in action ? `${action.type} ${action.interval}` : action.type));
  const payloadOf = (reportJson: string) =>
    (JSON.parse(reportJson) as { ingestionStatsAndErrors: { payload: Record<string, unknown> } })
      .ingestionStatsAndErrors.payload;

  it('locks each day it meets, publishes once, reports', async () => {
    const { error, reportJson } = await run(task());
    expect(error).to.equal(undefined);
    expect(sent()).to.deep.equal([
      'lockAcquire 2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z',
      `lockAcquire ${day2}`,
      'segmentTransactionalInsert',
    ]);
    const publish = actions.at(-1) as TaskAction & { segments: string[] };
    expect(publish.segments.map((text) => (JSON.parse(text) as { version: string }).version)).to.deep.equal([
      'v1',
      'v1',
    ]);
    expect(payloadOf(reportJson)).to.deep.include({
      ingestionState: 'COMPLETED',
      segmentsPublished: 2,
      errorMsg: null,
    });
  });

  it('fetches the lookups that its spec names, and no others', async () => {
    const factoryJson = JSON.stringify({ type: 'map', map: { a: 'kept', c: 'kept' } });
    answers.registeredLookups = ({ names }: { names: string[] }) => ({
      lookups: names.filter((name) => name === 'l').map((name) => ({ name, version: 'v', factoryJson })),
    });
    const withFilter = (expression: string): Record<string, unknown> => {
      const json = task();
      const { dataSchema } = json['spec'] as { dataSchema: Record<string, unknown> };
      dataSchema['transformSpec'] = { filter: { type: 'expression', expression } };
      return json;
    };
    const { error, reportJson } = await run(withFilter("lookup(page, 'l') == 'kept'"));
    expect(error).to.equal(undefined);
    expect(actions[0]).to.deep.equal({ type: 'registeredLookups', tier: '__default', names: ['l'] });
    const { rowStats } = payloadOf(reportJson) as { rowStats: { buildSegments: object } };
    expect(rowStats.buildSegments).to.deep.include({ processed: 2, thrownAway: 1, unparseable: 0 });

    const failed = await run(withFilter("lookup(page, 'm') == 'kept'"));
    expect(failed.error).to.include({ code: 'InvalidInput' });
    expect(failed.error?.message).to.contain('Lookup [m] not found');
  });

  it('locks given intervals before it reads', async () => {
    await run(task({}, { intervals: ['2024-01-01/2024-01-02', '2024-01-02/2024-01-03'] }));
    expect(sent()).to.deep.equal([
      'lockAcquire 2024-01-01T00:00:00.000Z/2024-01-03T00:00:00.000Z',
      'segmentTransactionalInsert',
    ]);
  });

  it('appends under the ids it is given', async () => {
    answers.segmentAllocate = ({ interval, sequenceName }: { interval: string; sequenceName: string }) => {
      const [start = '', end = ''] = interval.split('/');
      return {
        id: sequenceName,
        dataSource: 'd',
        interval: { start, end },
        version: 'v0',
        partitionNum: 7,
        corePartitions: 3,
      };
    };
    const { error } = await run(task({ appendToExisting: true }));
    expect(error).to.equal(undefined);
    const publish = actions.at(-1) as TaskAction & { segments: string[] };
    const shards = publish.segments.map((text) => (JSON.parse(text) as { shardSpec: unknown }).shardSpec);
    expect(shards).to.deep.equal([0, 1].map(() => ({ type: 'numbered', partitionNum: 7, partitions: 3 })));
  });

  it('appends to segments that are cut otherwise', async () => {
    const month = '2024-01-01T00:00:00.000Z/2024-02-01T00:00:00.000Z';
    answers.segmentAllocate = ({ interval }: { interval: string }) => {
      if (interval !== month) throw new CodedError('Conflict', 'cut otherwise', { interval: month });
      const [start = '', end = ''] = month.split('/');
      return {
        id: 'x',
        dataSource: 'd',
        interval: { start, end },
        version: 'v0',
        partitionNum: 1,
        corePartitions: 1,
      };
    };
    const { error } = await run(
      task({ appendToExisting: true, inputSource: { type: 'inline', data: JSON.stringify(rows[0]) } }),
    );
    expect(error).to.equal(undefined);
    expect(sent().filter((text) => text.includes(month))).to.deep.equal([
      `lockAcquire ${month}`,
      `segmentAllocate ${month}`,
    ]);
  });

  it('fails when it gets no lock in its time, with nothing published', async () => {
    answers.lockAcquire = () => null;
    const result = run(task());
    await passing(result);
    const { error, reportJson } = await result;
    expect(error?.code).to.equal('Conflict');
    expect(payloadOf(reportJson)['errorMsg']).to.include('No lock of interval');
    expect(sent().some((text) => text.startsWith('segmentTransactional'))).to.equal(false);
  });

  it('stops before the publish, never after', async () => {
    const before = new AbortController();
    const stopped = await run(task(), before, (name) => name === 'ingest.all_pushed' && before.abort());
    expect(stopped.error).to.not.equal(undefined);
    expect(sent().some((text) => text.startsWith('segmentTransactional'))).to.equal(false);
    actions = [];
    const after = new AbortController();
    const done = await run(task(), after, (name) => name === 'publish.before' && after.abort());
    expect(done.error).to.equal(undefined);
    expect(sent().at(-1)).to.equal('segmentTransactionalInsert');
  });

  it('says that the disk is full, publishes nothing and leaves nothing half done', async () => {
    const full = (): never => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    const onHit = (name: string): void => (name === 'store.push.staged' ? full() : undefined);
    const { error, reportJson } = await run(task(), new AbortController(), onHit);
    expect(error).to.deep.include({ code: 'StorageFailure', context: { reason: 'ENOSPC' } });
    expect(payloadOf(reportJson)['errorMsg']).to.include('ENOSPC');
    expect(sent().some((text) => text.startsWith('segmentTransactional'))).to.equal(false);
    const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile())).to.deep.equal([]);
  });

  it('waits until its segments are loaded, when asked to', async () => {
    let asked = 0;
    answers.segmentsLoaded = () => ++asked === 3;
    const result = run(task({}, {}, { awaitSegmentAvailabilityTimeoutMillis: 60_000 }));
    await passing(result);
    expect(payloadOf((await result).reportJson)).to.deep.include({ segmentAvailabilityConfirmed: true });
    expect(asked).to.equal(3);
  });

  it('ends well without rows', async () => {
    const { error, reportJson } = await run(task({ inputSource: { type: 'inline', data: '\n' } }));
    expect(error).to.equal(undefined);
    expect(actions).to.deep.equal([]);
    expect(payloadOf(reportJson)['segmentsPublished']).to.equal(0);
  });
});
