import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { TaskAction } from '../../proto/task-actions.js';
import { silentLog } from '../../runtime/log.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import { runKillTask } from './kill-task.js';

const interval = '2024-01-01T00:00:00.000Z/2024-02-01T00:00:00.000Z';
const spec = {
  dataSource: 'd',
  interval,
  versions: null,
  batchSize: 2,
  limit: null,
  maxUsedStatusLastUpdatedTime: null,
};

function segment(partitionNum: number): string {
  return JSON.stringify({
    dataSource: 'd',
    interval: '2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z',
    version: 'v',
    loadSpec: { type: 'local', path: `/p/${partitionNum}` },
    shardSpec: { type: 'numbered', partitionNum, partitions: 1 },
  });
}
const idOf = (text: string): string => {
  const { shardSpec } = JSON.parse(text) as { shardSpec: { partitionNum: number } };
  const base = 'd_2024-01-01T00:00:00.000Z_2024-01-02T00:00:00.000Z_v';
  return shardSpec.partitionNum === 0 ? base : `${base}_${shardSpec.partitionNum}`;
};

describe('peon: kill task', () => {
  let unused: string[];
  let removed: unknown[];
  let order: string[];
  let sharing: string[];
  let used: Set<string>;

  beforeEach(() => {
    unused = [0, 1, 2].map(segment);
    removed = [];
    order = [];
    sharing = [];
    used = new Set();
  });

  const perform = (action: TaskAction): unknown => {
    order.push(action.type);
    switch (action.type) {
      case 'lockAcquire':
        return { version: 'v' };
      case 'retrieveUnusedSegments':
        return { segments: unused.slice(0, action.limit) };
      case 'segmentNuke': {
        const deleted = action.segments.map(idOf).filter((id) => !used.has(id));
        unused = unused.filter((text) => !action.segments.includes(text));
        return { deleted, sharing };
      }
      default:
        throw new CodedError('Bug', action.type);
    }
  };
  const run = async (more: object = {}, kill = (loadSpec: unknown): void => void removed.push(loadSpec)) => {
    const report = await runKillTask(
      { ...spec, ...more },
      {
        taskId: 'k',
        overlord: { action: ((action: TaskAction) => Promise.resolve(perform(action))) as never },
        store: {
          kill: async (loadSpec) => {
            order.push('file');
            kill(loadSpec);
          },
        },
        clock: createVirtualClock(),
        log: silentLog(),
        signal: new AbortController().signal,
      },
    );
    return (JSON.parse(report) as { killUnusedSegments: { payload: unknown } }).killUnusedSegments.payload;
  };

  it('deletes rows batch by batch, each before its files', async () => {
    expect(await run()).to.deep.equal({ numSegmentsKilled: 3, numBatchesProcessed: 2 });
    expect(removed).to.have.length(3);
    expect(order.slice(0, 5)).to.deep.equal([
      'lockAcquire',
      'retrieveUnusedSegments',
      'segmentNuke',
      'file',
      'file',
    ]);
  });

  it('keeps to its limit', async () => {
    expect(await run({ limit: 1 })).to.deep.include({ numSegmentsKilled: 1 });
    expect(removed).to.have.length(1);
  });

  it('leaves files that other segments stand on, or whose row was not deleted', async () => {
    sharing = [idOf(segment(0))];
    used = new Set([idOf(segment(1))]);
    await run();
    expect(removed).to.deep.equal([{ type: 'local', path: '/p/2' }]);
  });

  it('goes on when a file can not be removed', async () => {
    const kill = (): never => {
      throw new CodedError('StorageFailure', 'no');
    };
    expect(await run({}, kill)).to.deep.include({ numSegmentsKilled: 3 });
  });
});
