import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { execute } from './metadata/executor.js';
import { migrate } from './metadata/migrations.js';
import { openStore, type Knex } from './metadata/store.js';
import { OverlordFixture } from './overlord-fixture.js';

const day1 = '2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z';

/** A supervisor that appends, or replaces. */
function parent(id: string, appendToExisting = false): object {
  return {
    type: 'index_parallel',
    id,
    spec: {
      dataSchema: { dataSource: 'd' },
      ioConfig: { inputSource: { type: 'inline', data: '' }, appendToExisting },
      tuningConfig: { maxNumConcurrentSubTasks: 2 },
    },
  };
}
function subTask(id: string, more: object = {}): string {
  const type = 'single_phase_sub_task';
  return JSON.stringify({
    type,
    id,
    groupId: 'p',
    supervisorTaskId: 'p',
    dataSource: 'd',
    spec: {},
    ...more,
  });
}
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (thrown) {
    return thrown instanceof CodedError ? thrown.code : String(thrown);
  }
  return 'none';
}

describe('overlord: sub-tasks', () => {
  let store: Knex;
  let overlord: OverlordFixture;

  beforeEach(async () => {
    overlord = new OverlordFixture({ execute: (request) => execute(store, request) });
    const file = path.join(overlord.folder, 'metadata.db');
    store = await openStore({ kind: 'sqlite', file, busyTimeoutMs: 0 });
    await migrate(store, { clusterId: 'c1', nowDate: '2024-01-01T00:00:00.000Z' });
    await overlord.start();
    await overlord.elect();
  });
  afterEach(async () => {
    await overlord.stop();
    await store.destroy();
  });

  const handedOver = (id: string): Promise<void> =>
    overlord.until(() => overlord.commands.some(({ verb, taskId }) => verb === 'run' && taskId === id));
  const supervisor = async (appendToExisting = false): Promise<void> => {
    await overlord.rest('POST', '/task', parent('p', appendToExisting));
    await handedOver('p');
    await overlord.beat('p', 'ip');
  };
  const started = async (id: string): Promise<void> => {
    await overlord.action('p', 'ip', { type: 'subTaskSubmit', taskJson: subTask(id) });
    await handedOver(id);
    await overlord.beat(id, `i${id}`);
  };
  const statesOf = async (...taskIds: string[]) =>
    (await overlord.action('p', 'ip', { type: 'subTaskStatus', taskIds })).tasks.map(
      ({ taskId, state, errorMessage }) => `${taskId} ${state} ${errorMessage}`.trim(),
    );
  const lockBy = (id: string) =>
    overlord.action(id, `i${id}`, { type: 'lockAcquire', interval: day1, timeoutMs: 0 });
  const statusOf = async (id: string): Promise<string> => {
    const { json } = await overlord.rest('GET', `/task/${id}/status`);
    return (json as { status: { statusCode: string } }).status.statusCode;
  };

  it('are started once, however often they are asked for, and looked after', async () => {
    await supervisor();
    await started('s');
    await overlord.action('p', 'ip', { type: 'subTaskSubmit', taskJson: subTask('s') });
    await overlord.action('p', 'ip', { type: 'subTaskSubmit', taskJson: subTask('t') });
    expect(await statesOf('s', 't', 'unknown')).to.deep.equal(['s RUNNING', 't PENDING']);
    await overlord.done('s', 'is', 'FAILED');
    expect(await statesOf('s')).to.deep.equal(['s FAILED why']);
    const { slots } = await overlord.action('p', 'ip', { type: 'subTaskStatus', taskIds: [] });
    expect(slots).to.equal(2);
  });

  it('are taken back only while they wait', async () => {
    await supervisor();
    await started('s');
    await overlord.action('p', 'ip', { type: 'subTaskSubmit', taskJson: subTask('t') });
    const stop = (taskId: string) =>
      overlord.action('p', 'ip', { type: 'subTaskStop', taskId, reason: 'no slot' });
    expect(await stop('s')).to.deep.equal({ state: 'begun' });
    expect(await stop('t')).to.deep.equal({ state: 'stopped' });
    expect(await stop('t')).to.deep.equal({ state: 'begun' });
    expect(await statesOf('s', 't')).to.deep.equal(['s RUNNING', 't FAILED no slot']);
  });

  it('write under the locks of their supervisor, which outlive them', async () => {
    await supervisor();
    await started('s');
    const lock = await lockBy('s');
    await overlord.done('s', 'is', 'SUCCESS');
    await started('t');
    expect((await lockBy('t'))?.version).to.equal(lock?.version);
    const held = await overlord.action('p', 'ip', { type: 'lockList' });
    expect(held.map(({ version, groupId }) => `${version} ${groupId}`)).to.deep.equal([`${lock?.version} p`]);
  });

  it('publish nothing themselves', async () => {
    await supervisor();
    await started('s');
    const publish = { type: 'segmentTransactionalInsert', dataSource: 'd', segments: [] } as const;
    expect(await codeOf(overlord.action('s', 'is', publish))).to.equal('Forbidden');
  });

  it('end with their supervisor, and ids they were given are given up', async () => {
    await supervisor(true);
    await started('s');
    await lockBy('s');
    const allocated = await overlord.action('s', 'is', {
      type: 'segmentAllocate',
      dataSource: 'd',
      timestamp: '2024-01-01T00:00:00.000Z',
      queryGranularity: 'NONE',
      preferredSegmentGranularity: 'ALL',
      interval: day1,
      sequenceName: 's_0',
      previousSegmentId: null,
      skipSegmentLineageCheck: false,
      lockGranularity: 'TIME_CHUNK',
    });
    expect(allocated?.partitionNum).to.equal(0);
    expect(await store('druid_pendingSegments').select('task_allocator_id')).to.deep.equal([
      { task_allocator_id: 'p' },
    ]);
    await overlord.rest('POST', '/task/p/shutdown');
    expect([await statusOf('p'), await statusOf('s')]).to.deep.equal(['FAILED', 'FAILED']);
    expect(overlord.commands.filter(({ verb }) => verb === 'stop').map(({ taskId }) => taskId)).to.include(
      's',
    );
    expect(await store('druid_pendingSegments')).to.deep.equal([]);
    expect(await codeOf(lockBy('s'))).to.equal('NotFound');
  });

  it('whose supervisor ended unnoticed are ended by the sweep of the next leader', async () => {
    await supervisor();
    await started('s');
    let finished = 0;
    overlord.before = (name) => {
      if (name === 'finishTask' && finished++ > 0) throw new CodedError('MetadataUnavailable', 'away');
    };
    await overlord.done('p', 'ip', 'FAILED');
    expect(await statusOf('s')).to.equal('RUNNING');
    overlord.before = () => undefined;
    overlord.stepDown();
    await overlord.elect();
    await overlord.clock.advance(2_000);
    await overlord.until(async () => (await statusOf('s')) === 'FAILED');
  });

  it("and their supervisor tell their live report under the paths of Druid's task processes", async () => {
    await supervisor();
    const chat = (path: string) => overlord.rest('GET', `/druid/worker/v1/chat/p/${path}`);
    const before = await chat('rowStats');
    expect([before.status, before.json]).to.deep.equal([
      503,
      { error: "Can't find chatHandler for handler[p]" },
    ]);
    const rowStats = { totals: { buildSegments: { processed: 3 } } };
    const payload = { rowStats, unparseableEvents: { buildSegments: [] } };
    const report = { ingestionStatsAndErrors: { payload } };
    await overlord.beat('p', 'ip', JSON.stringify(report));
    expect((await chat('rowStats')).json).to.deep.equal(rowStats);
    expect((await chat('unparseableEvents')).json).to.deep.equal({ buildSegments: [] });
    expect((await chat('liveReports')).json).to.deep.equal(report);
    expect((await chat('mode')).json).to.equal('parallel');
    expect((await overlord.rest('GET', '/task/p/reports')).json).to.deep.equal(report);
  });

  it('belong to the task that asks, which has to be parallel', async () => {
    await supervisor();
    const submit = (taskJson: string) => overlord.action('p', 'ip', { type: 'subTaskSubmit', taskJson });
    for (const wrong of [
      { groupId: 'x' },
      { supervisorTaskId: 'x' },
      { dataSource: 'x' },
      { type: 'noop' },
    ]) {
      expect(await codeOf(submit(subTask('s', wrong)))).to.equal('InvalidInput');
    }
    const { status, text } = await overlord.rest('POST', '/task', JSON.parse(subTask('s')));
    expect(status).to.equal(400);
    expect(text).to.include('started by an index_parallel task only');
    await overlord.rest('POST', '/task', { type: 'noop', id: 'n' });
    await handedOver('n');
    await overlord.beat('n', 'in');
    const asked = overlord.action('n', 'in', { type: 'subTaskSubmit', taskJson: subTask('s') });
    expect(await codeOf(asked)).to.equal('Forbidden');
  });
});
