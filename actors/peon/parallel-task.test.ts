import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createRowsReader } from '../../ingest/segment-rows.js';
import { scalarText } from '../../ingest/values.js';
import { CodedError } from '../../proto/errors.js';
import type { SubTaskState, TaskAction } from '../../proto/task-actions.js';
import { silentLog } from '../../runtime/log.js';
import { createVirtualClock, filesAreDone } from '../../runtime/virtual-clock.js';
import { parseDataSegmentText, type DataSegment } from '../../segment/timeline/data-segment.js';
import type { PeonConfig } from '../peon-config.js';
import { runBatchTask, type BatchTaskResult } from './batch-task.js';
import type { OverlordClient } from './overlord-client.js';
import { removeShuffle, removeShuffleOf } from '../shuffle-folders.js';
import { runSubTask } from './sub-task.js';

const files = 3;
const rowsPerFile = 100;

describe('peon: parallel task', () => {
  const reader = createRowsReader();
  const clock = createVirtualClock();
  let base = '';
  /** Sub-tasks handed to workers, by id; run as the test says. */
  let given: Map<string, { readonly json: Record<string, unknown>; state: SubTaskState }>;
  let published: DataSegment[];
  let versions = 0;

  beforeEach(() => {
    base = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-parallel-'));
    fs.mkdirSync(path.join(base, 'in'));
    for (let file = 0; file < files; file++) {
      const rows = Array.from({ length: rowsPerFile }, (_, i) => {
        const k = file * rowsPerFile + i;
        return JSON.stringify({ t: Date.UTC(2024, 0, 1 + (k % 2)), a: k % 7 === 0 ? null : `a${k % 13}`, k });
      });
      fs.writeFileSync(path.join(base, 'in', `f${file}.json`), [...rows, '{bad'].join('\n'));
    }
    given = new Map();
    published = [];
  });
  afterEach(() => fs.rmSync(base, { recursive: true }));

  const task = (tuning: object = {}, io: object = {}): Record<string, unknown> => ({
    type: 'index_parallel',
    spec: {
      dataSchema: {
        dataSource: 'd',
        timestampSpec: { column: 't', format: 'millis' },
        dimensionsSpec: { dimensions: ['a'] },
        metricsSpec: [
          { type: 'count', name: 'n' },
          { type: 'longSum', name: 'k', fieldName: 'k' },
        ],
        granularitySpec: { segmentGranularity: 'day', queryGranularity: 'day', rollup: true },
      },
      ioConfig: {
        type: 'index_parallel',
        inputSource: { type: 'local', baseDir: path.join(base, 'in'), filter: '*.json' },
        inputFormat: { type: 'json' },
        ...io,
      },
      tuningConfig: {
        maxNumConcurrentSubTasks: 2,
        splitHintSpec: { type: 'maxSize', maxNumFiles: 1 },
        maxSavedParseExceptions: 2,
        ...tuning,
      },
    },
  });

  type Hit = (name: string) => void;
  const quiet: Hit = () => undefined;

  function depsOf(taskId: string, slots: number, hit: Hit) {
    const overlord = {
      action: async (action: TaskAction): Promise<unknown> => {
        switch (action.type) {
          case 'lockAcquire':
            return { interval: action.interval, version: `v${versions}`, type: 'EXCLUSIVE' };
          case 'segmentTransactionalInsert':
            published.push(...action.segments.map((text) => parseDataSegmentText(text)));
            return { success: true, published: [] };
          case 'subTaskSubmit': {
            const json = JSON.parse(action.taskJson) as Record<string, unknown>;
            const id = String(json['id']);
            const state: SubTaskState = { taskId: id, state: 'PENDING', errorMessage: '', reportJson: '' };
            given.set(id, { json, state });
            return { taskId: id };
          }
          case 'subTaskStatus':
            return { slots, tasks: action.taskIds.flatMap((id) => given.get(id)?.state ?? []) };
          case 'subTaskStop':
            return { state: 'stopped' };
          default:
            throw new CodedError('Bug', `unexpected action ${action.type}`);
        }
      },
    } as unknown as OverlordClient;
    const config = {
      taskId,
      groupId: 'p',
      folder: path.join(base, taskId),
      inputDirs: [base],
      inputHosts: [],
      lookupTier: '__default',
      deepStorage: { type: 'local', root: path.join(base, 'deep'), zip: false },
    } as unknown as PeonConfig;
    const { signal } = new AbortController();
    const progress = (): void => undefined;
    return { config, overlord, clock, log: silentLog(), hit, signal, progress };
  }

  /** Files are real here, time is not: it goes on whenever somebody waits for it. */
  async function run(
    json: Record<string, unknown>,
    slots = 1,
    hit: Hit = quiet,
    meanwhile: () => Promise<void> = () => Promise.resolve(),
  ): Promise<BatchTaskResult> {
    let result: BatchTaskResult | undefined;
    void runBatchTask(json, depsOf('p', slots, hit)).then((ended) => (result = ended));
    while (result === undefined) {
      await filesAreDone();
      await meanwhile();
      if (clock.pending > 0) await clock.advance(100);
    }
    return result;
  }

  const rowsOf = (segment: DataSegment) =>
    reader
      .rows(String(segment.loadSpec?.['path']))
      .map((row) => ['__time', 'a', 'n', 'k'].map((name) => scalarText(row[name])).join(' '));
  const payloadOf = ({ reportJson }: BatchTaskResult) =>
    (JSON.parse(reportJson) as { ingestionStatsAndErrors: { payload: Record<string, unknown> } })
      .ingestionStatsAndErrors.payload;
  /** Rows of all segments, rolled up: what one process alone would have published. */
  function totals(): Record<string, [n: number, k: number]> {
    const sums: Record<string, [number, number]> = {};
    for (const [time = '', a = '', n, k] of published.flatMap(rowsOf).map((row) => row.split(' '))) {
      const sum = (sums[`${time} ${a}`] ??= [0, 0]);
      sum[0] += Number(n);
      sum[1] += Number(k);
    }
    return sums;
  }
  const left = (): string[] => {
    const folder = path.join(base, 'deep', 'shuffle-data');
    return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  };

  /** Segment files in deep storage, whole or half. */
  const filesLeft = (): number => {
    const entries = fs.readdirSync(path.join(base, 'deep'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).length;
  };

  const forced = { forceGuaranteedRollup: true };
  const ways: Record<string, object> = {
    dynamic: {},
    'hashed by a target': { ...forced, partitionsSpec: { type: 'hashed', targetRowsPerSegment: 5 } },
    'hashed in a number of shards': {
      ...forced,
      partitionsSpec: { type: 'hashed', numShards: 3, partitionDimensions: ['a'] },
    },
    ranges: {
      ...forced,
      partitionsSpec: { type: 'range', partitionDimensions: ['a'], targetRowsPerSegment: 15 },
    },
  };
  for (const [name, tuning] of Object.entries(ways)) {
    it(`makes of many splits what one process makes of all: ${name}`, async () => {
      await run(task({ ...tuning, maxNumConcurrentSubTasks: 1 }));
      const alone = totals();
      const specs = published.map(({ interval, shardSpec }) => ({ interval, shardSpec }));
      published = [];
      const result = await run(task(tuning));
      expect(result.error).to.equal(undefined);
      expect(totals()).to.deep.equal(alone);
      expect(Object.values(alone).reduce((sum, [n]) => sum + n, 0)).to.equal(files * rowsPerFile);
      if (name !== 'dynamic' && name !== 'ranges') {
        expect(published.map(({ interval, shardSpec }) => ({ interval, shardSpec }))).to.deep.equal(specs);
        // Rollup is complete: no key in two places.
        expect(published.flatMap(rowsOf)).to.have.length(Object.keys(alone).length);
      }
      expect(payloadOf(result))
        .to.have.nested.property('rowStats.totals.buildSegments')
        .that.deep.includes({
          processed: files * rowsPerFile,
          unparseable: files,
        });
      expect(payloadOf(result)).to.have.nested.property('unparseableEvents.buildSegments').with.length(2);
      expect(left()).to.deep.equal([]);
    });
  }

  it('repeats what failed, and gives up in the end', async () => {
    let pushes = 0;
    const failing = (times: number) => (name: string) => {
      if (name === 'ingest.segment_pushed' && pushes++ < times)
        throw new CodedError('StorageFailure', 'lost');
    };
    expect((await run(task(), 1, failing(2))).error).to.equal(undefined);
    expect(Object.values(totals()).reduce((sum, [n]) => sum + n, 0)).to.equal(files * rowsPerFile);
    published = [];
    pushes = 0;
    const { error } = await run(task({ maxRetry: 2 }), 1, failing(2));
    expect(error?.message).to.match(/^Failed in phase\[segment generation\]: .* failed 2 times, .*: lost$/);
    expect(published).to.deep.equal([]);
    expect(left()).to.deep.equal([]);
  });

  it('leaves no file of what will never be published', async () => {
    let pushes = 0;
    const full = (name: string): void => {
      if (name !== 'store.push.staged' || ++pushes < 4) return;
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    for (const tuning of [ways['dynamic'], ways['ranges']]) {
      pushes = 0;
      const { error } = await run(task({ ...tuning, maxRetry: 1 }), 1, full);
      expect(error?.message).to.include('ENOSPC');
      expect(published).to.deep.equal([]);
      expect(filesLeft()).to.equal(0);
    }
  });

  it('hands splits to workers, at most so many at a time, and counts only runs that succeeded', async () => {
    let most = 0;
    const work = async (): Promise<void> => {
      const waiting = [...given.values()].filter(({ state }) => state.state === 'PENDING');
      most = Math.max(most, waiting.length);
      for (const one of waiting) {
        const { json, state } = one;
        const deps = depsOf(state.taskId, 2, quiet);
        const { taskId } = state;
        const { error } = await runSubTask(json, {
          ...deps,
          taskId,
          workDir: path.join(base, taskId, 'work'),
        });
        // Every first run did its work to the end, and then its worker was lost.
        const isLost = json['numAttempts'] === 0 || error !== undefined;
        one.state = { ...state, state: isLost ? 'FAILED' : 'SUCCESS', errorMessage: 'worker lost' };
      }
    };
    const { error } = await run(task(), 2, quiet, work);
    expect(error).to.equal(undefined);
    expect(most).to.equal(2);
    expect(
      [...given.values()].map(({ json }) => Number(json['numAttempts'])).toSorted((a, b) => a - b),
    ).to.deep.equal([0, 0, 0, 1, 1, 1]);
    expect(Object.values(totals()).reduce((sum, [n]) => sum + n, 0)).to.equal(files * rowsPerFile);
    // Of the lost runs, which cleaned up nothing, no file is left.
    const wanted = published.map((segment) => fs.readdirSync(String(segment.loadSpec?.['path'])).length);
    expect(filesLeft()).to.equal(wanted.reduce((sum, n) => sum + n, 0));
    expect(left()).to.deep.equal([]);
  });

  it('leaves files that others find when it dies with its workers', async () => {
    const deaths = new Set<string>();
    const work = async (): Promise<void> => {
      for (const one of [...given.values()].filter(({ state }) => state.state === 'PENDING')) {
        const { taskId } = one.state;
        if (deaths.size > 0) return;
        await runSubTask(one.json, {
          ...depsOf(taskId, 2, quiet),
          taskId,
          workDir: path.join(base, taskId, 'work'),
        });
        deaths.add(taskId);
      }
    };
    let isOver = false;
    const dying = depsOf('p', 2, quiet);
    const stop = new AbortController();
    void runBatchTask(task(), { ...dying, signal: stop.signal }).then(() => (isOver = true));
    while (deaths.size === 0) {
      await filesAreDone();
      await work();
      if (clock.pending > 0) await clock.advance(100);
    }
    const root = path.join(base, 'deep');
    expect(filesLeft()).to.be.above(2);
    // As the middle manager of a sub-task that failed does it, and then that of the supervisor.
    await removeShuffleOf(root, [...deaths][0] ?? '');
    expect(filesLeft()).to.equal(0);
    await removeShuffle(root, 'p');
    expect(left()).to.deep.equal([]);
    stop.abort();
    while (!isOver) {
      await filesAreDone();
      if (clock.pending > 0) await clock.advance(100);
    }
  });

  it('does the work itself when slots are promised and none comes', async () => {
    const { error } = await run(task(), 2);
    expect(error).to.equal(undefined);
    expect(Object.values(totals()).reduce((sum, [n]) => sum + n, 0)).to.equal(files * rowsPerFile);
  });

  it('publishes nothing when a lock was lost between two sub-tasks', async () => {
    const { error } = await run(task(), 1, (name) => void (name === 'subtask.result_written' && versions++));
    expect(error).to.deep.include({ code: 'LockRevoked' });
    expect(published).to.deep.equal([]);
  });
});
