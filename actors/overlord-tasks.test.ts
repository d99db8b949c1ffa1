import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import type { TaskRow } from '../proto/metadata.js';
import { execute } from './metadata/executor.js';
import { migrate } from './metadata/migrations.js';
import { openStore, type Knex } from './metadata/store.js';
import { OverlordFixture } from './overlord-fixture.js';

const days = '2024-01-01T00:00:00.000Z/2024-01-03T00:00:00.000Z';
const day1 = '2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z';

function task(id: string, more: object = {}): object {
  return {
    type: 'index_parallel',
    id,
    spec: { dataSchema: { dataSource: 'd' }, ioConfig: { inputSource: { type: 'inline', data: '' } } },
    ...more,
  };
}
function segment(version: string, partitionNum = 0): string {
  return JSON.stringify({
    dataSource: 'd',
    interval: day1,
    version,
    loadSpec: { type: 'local', path: 'x' },
    dimensions: '',
    metrics: '',
    shardSpec: { type: 'numbered', partitionNum, partitions: 1 },
    binaryVersion: 9,
    size: 1,
  });
}
async function failure(work: Promise<unknown>): Promise<CodedError> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown;
    throw thrown;
  }
  throw new Error('expected a failure');
}

describe('overlord', () => {
  let knex: Knex | undefined;
  let overlord: OverlordFixture;

  beforeEach(async () => {
    let opened: Promise<Knex> | undefined;
    overlord = new OverlordFixture({
      execute: async (request) => {
        opened ??= openStore({
          kind: 'sqlite',
          file: path.join(overlord.folder, 'metadata.db'),
          busyTimeoutMs: 0,
        });
        knex = await opened;
        return execute(knex, request);
      },
    });
    const store = await openStore({
      kind: 'sqlite',
      file: path.join(overlord.folder, 'metadata.db'),
      busyTimeoutMs: 0,
    });
    await migrate(store, { clusterId: 'c1', nowDate: '2024-01-01T00:00:00.000Z' });
    opened = Promise.resolve(store);
    await overlord.start();
    await overlord.elect();
  });
  afterEach(async () => {
    await overlord.stop();
    await knex?.destroy();
  });

  const statusOf = async (
    id: string,
  ): Promise<{ statusCode: string; runnerStatusCode: string; errorMsg: string | null }> => {
    const { json } = await overlord.rest('GET', `/task/${id}/status`);
    return (json as { status: { statusCode: string; runnerStatusCode: string; errorMsg: string | null } })
      .status;
  };
  const submit = async (id: string, more: object = {}): Promise<void> => {
    const answer = await overlord.rest('POST', '/task', task(id, more));
    expect(answer.json).to.deep.equal({ task: id });
  };
  const handedOver = (id: string): Promise<void> =>
    overlord.until(() => overlord.commands.some(({ verb, taskId }) => verb === 'run' && taskId === id));
  const running = async (id: string, more: object = {}): Promise<void> => {
    await submit(id, more);
    await handedOver(id);
    expect(await overlord.beat(id, 'p')).to.deep.include({ known: true, stop: false });
  };
  const lockOf = (id: string, interval = days, timeoutMs = 0) =>
    overlord.action(id, 'p', { type: 'lockAcquire', interval, timeoutMs });
  const publish = (id: string, version: string) =>
    overlord.action(id, 'p', {
      type: 'segmentTransactionalInsert',
      dataSource: 'd',
      segments: [segment(version)],
    });

  it('writes a task to SQL, hands it over, follows it to its end', async () => {
    await submit('t');
    await handedOver('t');
    expect(await statusOf('t')).to.deep.include({ statusCode: 'RUNNING', runnerStatusCode: 'PENDING' });
    await overlord.beat('t', 'p');
    expect(await statusOf('t')).to.deep.include({ statusCode: 'RUNNING', runnerStatusCode: 'RUNNING' });
    const lock = await lockOf('t');
    expect(lock?.version).to.equal('2024-05-01T00:00:00.000Z');
    expect((await publish('t', lock?.version ?? '')).published).to.have.length(1);
    await overlord.done('t', 'p', 'SUCCESS');
    expect(await statusOf('t')).to.deep.include({
      statusCode: 'SUCCESS',
      runnerStatusCode: 'NONE',
      errorMsg: null,
    });
    expect((await overlord.rest('GET', '/task/t/reports')).json).to.deep.equal({ r: 1 });
    expect(
      (await overlord.rest('POST', '/lockedIntervals/v2', [{ datasource: 'd', priority: 0 }])).json,
    ).to.deep.equal({});
    expect(await overlord.done('t', 'p', 'FAILED')).to.deep.include({ ok: true });
    expect((await statusOf('t')).statusCode).to.equal('SUCCESS');
  });

  describe('submission', () => {
    it('answers the same id again as Druid does', async () => {
      await submit('t');
      const again = await overlord.rest('POST', '/task', task('t'));
      expect(again.status).to.equal(400);
      expect(again.json).to.deep.equal({
        error: 'druidException',
        errorCode: 'entryAlreadyExists',
        persona: 'USER',
        category: 'INVALID_INPUT',
        errorMessage: 'Task[t] already exists',
        context: {},
      });
    });

    it('by the NATS service answers the id, or error headers', async () => {
      expect((await overlord.service(JSON.stringify(task('t')))).text).to.equal('{"task":"t"}');
      const bad = await overlord.service('{"type":"bogus"}');
      expect(bad.headers['Nats-Service-Error-Code']).to.equal('400');
      expect(JSON.parse(bad.text)).to.have.property('error').that.includes("type id 'bogus'");
      expect((await overlord.service('{bad')).headers['Nats-Service-Error-Code']).to.equal('400');
    });

    it('by the queue happens once, however often it is delivered', async () => {
      for (const id of ['1', '2']) await overlord.queue(JSON.stringify(task('t')), id);
      await overlord.queue('{bad', '3');
      await overlord.queue(JSON.stringify(task('u')), '4');
      await handedOver('t');
      await handedOver('u');
      const { tasks } = await overlord.read<{ tasks: TaskRow[] }>('listTasks', {});
      expect(tasks.map((row) => row.taskId)).to.deep.equal(['t', 'u']);
    });

    it('by the NATS service is passed on to the leader by an overlord that stands by', async () => {
      overlord.stepDown();
      await overlord.until(async () => (await overlord.rest('GET', '/tasks')).status === 503);
      const taken = overlord.serveOther('there:1');
      expect((await overlord.service('{"type":"noop"}')).text).to.equal('{"task":"elsewhere"}');
      expect(taken).to.deep.equal(['{"type":"noop"}']);
    });

    it('finds out what became of an insert whose reply was lost', async () => {
      let lost = 0;
      overlord.after = (name) => {
        if (name === 'insertTask' && lost++ === 0) throw new CodedError('Unknown', 'reply lost');
      };
      await submit('t');
      await handedOver('t');
      expect(lost).to.equal(2);
    });

    it('finds a task whose insert was never answered at all', async () => {
      let lost = 0;
      overlord.after = (name) => {
        if (name === 'insertTask' && lost++ < 2) throw new CodedError('Unknown', 'reply lost');
      };
      expect((await overlord.rest('POST', '/task', task('t'))).status).to.be.at.least(500);
      await overlord.clock.advance(1_500);
      await handedOver('t');
    });

    it('takes a task up that is sent again after an insert that was never answered', async () => {
      let lost = 0;
      overlord.after = (name) => {
        if (name === 'insertTask' && lost++ < 2) throw new CodedError('Unknown', 'reply lost');
      };
      await overlord.queue(JSON.stringify(task('t')), '1');
      await overlord.until(() => lost === 2);
      await overlord.clock.advance(1_500);
      await handedOver('t');
      expect(overlord.commands.filter(({ verb }) => verb === 'run')).to.have.length(1);
    });

    it('by the queue makes one task of a message without an id, however often it comes', async () => {
      let lost = 0;
      overlord.after = (name) => {
        if (name === 'insertTask' && lost++ < 2) throw new CodedError('Unknown', 'reply lost');
      };
      await overlord.queue('{"type":"noop"}', '1');
      await overlord.until(() => lost === 2);
      await overlord.clock.advance(1_500);
      await overlord.until(() => lost === 3);
      await overlord.queue('{"type":"noop"}', '2');
      await overlord.until(() => lost === 4);
      const { tasks } = await overlord.read<{ tasks: TaskRow[] }>('listTasks', {});
      expect(tasks).to.have.length(2);
    });

    it('fails as a whole while the store is away', async () => {
      overlord.before = (name) => {
        if (name === 'insertTask') throw new CodedError('MetadataUnavailable', 'away');
      };
      expect((await overlord.rest('POST', '/task', task('t'))).status).to.equal(503);
      overlord.before = () => undefined;
      expect((await overlord.rest('GET', '/task/t/status')).status).to.equal(404);
    });
  });

  describe('runs', () => {
    it('belong to the process that was heard first', async () => {
      await running('t');
      expect(await overlord.beat('t', 'other')).to.deep.include({ known: false, stop: true });
      const error = await failure(overlord.action('t', 'other', { type: 'lockList' }));
      expect(error.code).to.equal('NotFound');
      await overlord.done('t', 'other', 'FAILED');
      expect((await statusOf('t')).statusCode).to.equal('RUNNING');
    });

    it('wait for a slot', async () => {
      for (const id of ['a', 'b', 'c']) await submit(id);
      await handedOver('b');
      expect((await overlord.rest('GET', '/pendingTasks')).json).to.have.length(3);
      await overlord.beat('a', 'p');
      await overlord.done('a', 'p', 'SUCCESS');
      await handedOver('c');
    });

    it('are handed over again after a refusal', async () => {
      overlord.refusals = 1;
      await submit('t');
      await handedOver('t');
      await overlord.clock.advance(1_100);
      await overlord.until(() => overlord.commands.length === 2);
      expect(await overlord.beat('t', 'p')).to.deep.include({ known: true });
    });

    it('fail when they give no sign of life for a minute', async () => {
      await running('t');
      await overlord.clock.advance(59_000);
      expect((await statusOf('t')).statusCode).to.equal('RUNNING');
      await overlord.clock.advance(3_000);
      await overlord.until(async () => (await statusOf('t')).statusCode === 'FAILED');
      expect((await statusOf('t')).errorMsg).to.match(/gave no sign of life for \d+ s/);
      await overlord.until(() => overlord.commands.some(({ verb }) => verb === 'stop'));
      expect((await failure(publish('t', '2024-05-01T00:00:00.000Z'))).code).to.equal('NotFound');
    });

    it('fail when their worker says that the process ended', async () => {
      await running('t');
      const state = { taskId: 't', incarnation: 'p', state: 'FAILED', errorMessage: 'signal[SIGKILL]' };
      expect((await overlord.report([state])).acknowledged).to.deep.equal(['t']);
      expect(await statusOf('t')).to.deep.include({ statusCode: 'FAILED', errorMsg: 'signal[SIGKILL]' });
      expect((await overlord.report([{ ...state, state: 'RUNNING' }])).stop).to.deep.equal(['t']);
    });

    it('are a success when their publish had committed, however the process ended', async () => {
      await running('t');
      const lock = await lockOf('t');
      await publish('t', lock?.version ?? '');
      const state = { taskId: 't', incarnation: 'p', state: 'FAILED', errorMessage: 'signal[SIGKILL]' };
      expect((await overlord.report([state])).acknowledged).to.deep.equal(['t']);
      expect(await statusOf('t')).to.deep.include({ statusCode: 'SUCCESS', errorMsg: null });
    });

    it('are looked up when the reply to their publish was lost and the process died waiting', async () => {
      await running('t');
      const lock = await lockOf('t');
      overlord.after = (name) => {
        if (name === 'publishSegments') throw new CodedError('MetadataUnavailable', 'gone after the commit');
      };
      expect((await failure(publish('t', lock?.version ?? ''))).code).to.equal('MetadataUnavailable');
      overlord.after = () => undefined;
      await overlord.elect();
      const state = { taskId: 't', incarnation: 'p', state: 'FAILED', errorMessage: 'signal[SIGKILL]' };
      await overlord.report([state]);
      expect((await statusOf('t')).statusCode).to.equal('SUCCESS');
    });

    it('end by request of a user', async () => {
      await running('t');
      await lockOf('t');
      expect((await overlord.rest('POST', '/task/t/shutdown')).json).to.deep.equal({ task: 't' });
      expect(await statusOf('t')).to.deep.include({
        statusCode: 'FAILED',
        errorMsg: 'Shutdown request from user',
      });
      expect(overlord.commands.at(-1)).to.deep.equal({
        verb: 'stop',
        taskId: 't',
        reason: 'Shutdown request from user',
      });
      expect((await overlord.beat('t', 'p')).stop).to.equal(true);
    });

    it('are served on while the bus is away, however often it comes and goes', async () => {
      await running('t');
      overlord.loseBus();
      overlord.stepDown();
      const isServed = (): Promise<boolean> =>
        lockOf('t').then(
          (lock) => lock !== null,
          () => false,
        );
      await overlord.until(isServed);
      overlord.regainBus();
      await overlord.clock.advance(3_000);
      overlord.loseBus();
      await overlord.clock.advance(4_000);
      expect(await isServed()).to.equal(true);
      // Once it stays, somebody else leads.
      overlord.regainBus();
      await overlord.clock.advance(6_000);
      expect((await failure(lockOf('t'))).code).to.equal('Unavailable');
    });

    it('go on under the next leader, with their locks', async () => {
      await running('t');
      const lock = await lockOf('t');
      await overlord.elect();
      expect(await overlord.beat('t', 'other')).to.deep.include({ stop: true });
      expect(await overlord.beat('t', 'p')).to.deep.include({ known: true, stop: false });
      expect(await lockOf('t')).to.deep.equal(lock);
    });
  });

  describe('locks and publish', () => {
    it('a second task waits until the first is done, and gets a later version', async () => {
      await running('a');
      await running('b');
      const first = await lockOf('a');
      expect(await lockOf('b')).to.equal(null);
      const second = lockOf('b', day1, 10_000);
      await overlord.done('a', 'p', 'SUCCESS');
      const lock = await second;
      expect((lock?.version ?? '') > (first?.version ?? 'z')).to.equal(true);
    });

    it('a task that lost its lock publishes nothing', async () => {
      await running('low');
      await running('high', { context: { priority: 90 } });
      const lost = await lockOf('low');
      expect(await lockOf('high')).to.not.equal(null);
      expect((await failure(publish('low', lost?.version ?? ''))).code).to.equal('LockRevoked');
      expect((await failure(lockOf('low'))).code).to.equal('LockRevoked');
    });

    it('two that wait for each other are told so', async () => {
      const day2 = '2024-01-02T00:00:00.000Z/2024-01-03T00:00:00.000Z';
      await running('a');
      await running('b');
      await lockOf('a', day1);
      await lockOf('b', day2);
      const waiting = lockOf('a', day2, 5_000);
      await overlord.until(async () => (await failure(lockOf('b', day1, 5_000))).code === 'Conflict');
      await overlord.done('b', 'p', 'FAILED');
      expect(await waiting).to.not.equal(null);
    });

    it('finds out what became of a publish whose reply was lost', async () => {
      await running('t');
      const lock = await lockOf('t');
      let times = 0;
      overlord.after = (name) => {
        if (name === 'publishSegments' && times++ === 0) throw new CodedError('Unknown', 'reply lost');
      };
      expect((await publish('t', lock?.version ?? '')).published).to.have.length(1);
      expect((await publish('t', lock?.version ?? '')).published).to.deep.equal([]);
    });

    it('under a stale epoch nothing is written and the leader hears of it', async () => {
      await running('t');
      const lock = await lockOf('t');
      await overlord.transact('bumpEpoch', { role: 'overlord', holder: 'n2', atLeast: 0 });
      expect((await failure(publish('t', lock?.version ?? ''))).code).to.equal('StaleEpoch');
      expect(overlord.superseded).to.deep.equal([2]);
      expect((await overlord.read<{ segments: unknown[] }>('readUsedSegments', {})).segments).to.deep.equal(
        [],
      );
    });

    it('allocates under the task’s lock, the same for the same sequence', async () => {
      await running('t');
      const allocate = (sequenceName: string) =>
        overlord.action('t', 'p', {
          type: 'segmentAllocate',
          dataSource: 'd',
          timestamp: '2024-01-01T05:00:00.000Z',
          queryGranularity: 'NONE',
          preferredSegmentGranularity: 'DAY',
          interval: day1,
          sequenceName,
          previousSegmentId: null,
          skipSegmentLineageCheck: false,
          lockGranularity: 'TIME_CHUNK',
        });
      const first = await allocate('s');
      expect(first).to.deep.include({ partitionNum: 0, version: '2024-05-01T00:00:00.000Z' });
      expect(await allocate('s')).to.deep.equal(first);
      expect((await allocate('other'))?.partitionNum).to.equal(1);
    });

    it('refuses another datasource and an unknown action', async () => {
      await running('t');
      const other = overlord.action('t', 'p', {
        type: 'segmentTransactionalInsert',
        dataSource: 'x',
        segments: [],
      });
      expect((await failure(other)).code).to.equal('InvalidInput');
      expect((await failure(overlord.action('t', 'p', { type: 'bogus' } as never))).code).to.equal(
        'InvalidInput',
      );
    });
  });

  describe('kill', () => {
    it('deletes unused rows under its lock only', async () => {
      await running('t');
      const lock = await lockOf('t');
      await publish('t', lock?.version ?? '');
      await overlord.done('t', 'p', 'SUCCESS');
      await overlord.transact('markSegmentsUnused', { dataSource: 'd', nowDate: '2024-05-02T00:00:00.000Z' });
      const kill = { type: 'kill', id: 'k', dataSource: 'd', interval: days };
      expect((await overlord.rest('POST', '/task', kill)).json).to.deep.equal({ task: 'k' });
      await handedOver('k');
      await overlord.beat('k', 'p');
      const unused = { type: 'retrieveUnusedSegments', dataSource: 'd', interval: days, limit: 10 } as const;
      const { segments } = await overlord.action('k', 'p', unused);
      expect(segments).to.have.length(1);
      const nuke = () => overlord.action('k', 'p', { type: 'segmentNuke', dataSource: 'd', segments });
      expect((await failure(nuke())).code).to.equal('LockRevoked');
      await lockOf('k');
      expect((await nuke()).deleted).to.have.length(1);
      expect((await overlord.action('k', 'p', unused)).segments).to.deep.equal([]);
    });
  });

  describe('REST', () => {
    it('answers unknown tasks with Druid’s sentence', async () => {
      for (const [method, at] of [
        ['GET', ''],
        ['GET', '/status'],
        ['GET', '/reports'],
        ['GET', '/log'],
        ['GET', '/segments'],
        ['POST', '/shutdown'],
      ] as const) {
        const answer = await overlord.rest(method, `/task/nope${at}`);
        expect([answer.status, answer.text]).to.deep.equal([404, 'Cannot find any task with id: [nope]']);
      }
    });

    it('lists by state, datasource and type', async () => {
      await running('a');
      await submit('b');
      const ids = async (at: string) =>
        ((await overlord.rest('GET', at)).json as { id: string }[]).map(({ id }) => id);
      await overlord.done('a', 'p', 'SUCCESS');
      expect(await ids('/tasks')).to.deep.equal(['a', 'b']);
      expect(await ids('/tasks?max=0')).to.deep.equal(['b']);
      expect(await ids('/tasks?state=complete&datasource=d&type=index_parallel')).to.deep.equal(['a']);
      expect(await ids('/completeTasks?n=5')).to.deep.equal(['a']);
      expect(await ids('/tasks?datasource=other')).to.deep.equal([]);
      const bad = await overlord.rest('GET', '/tasks?state=bogus');
      expect(bad.text).to.equal(
        'Invalid task state[bogus]. Must be one of [pending, waiting, running, complete].',
      );
    });

    it('shows workers, capacity and locks', async () => {
      await running('t');
      await lockOf('t');
      const [worker] = (await overlord.rest('GET', '/workers')).json as {
        runningTasks: string[];
        currCapacityUsed: number;
      }[];
      expect(worker).to.deep.include({ runningTasks: ['t'], currCapacityUsed: 1 });
      expect((await overlord.rest('GET', '/totalWorkerCapacity')).json).to.deep.equal({
        currentClusterCapacity: 2,
        maximumCapacityWithAutoScale: -1,
        usedClusterCapacity: 1,
      });
      const locked = (priority: number) =>
        overlord.rest('POST', '/lockedIntervals/v2', [{ datasource: 'd', priority }]);
      expect((await locked(0)).json).to.deep.equal({ d: [days] });
      expect((await locked(99)).json).to.deep.equal({});
      const active = (await overlord.rest('POST', '/activeLocks', [{ datasource: 'd', priority: 0 }])).json;
      expect(active).to.have.nested.property('datasourceToLocks.d[0].groupId', 't');
      expect((await overlord.rest('POST', '/lockedIntervals/v2', [])).text).to.equal('No filter provided');
    });

    it('keeps the worker configuration, and refuses a strategy it does not have', async () => {
      expect((await overlord.rest('GET', '/worker')).json).to.have.nested.property(
        'selectStrategy.type',
        'equalDistribution',
      );
      const strategy = (type: string) =>
        overlord.rest('POST', '/worker', { type: 'default', selectStrategy: { type } });
      expect((await strategy('equalDistribution')).status).to.equal(200);
      expect((await strategy('javascript')).status).to.equal(400);
      expect((await overlord.rest('GET', '/worker/history?count=1')).json).to.have.length(1);
    });
  });
});
