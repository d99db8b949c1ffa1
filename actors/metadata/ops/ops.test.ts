import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../../../proto/errors.js';
import {
  isReadName,
  type LeaderClaim,
  type MetadataOps,
  type NewTask,
  type OpInput,
  type OpOutput,
  type TaskLock,
} from '../../../proto/metadata.js';
import { execute } from '../executor.js';
import { migrate } from '../migrations.js';
import { openStore, type Knex } from '../store.js';

const now = '2024-05-01T00:00:00.000Z';
const day1 = { start: '2024-01-01T00:00:00.000Z', end: '2024-01-02T00:00:00.000Z' };
const day2 = { start: '2024-01-02T00:00:00.000Z', end: '2024-01-03T00:00:00.000Z' };

function task(id: string, more: Partial<NewTask> = {}): NewTask {
  return {
    taskId: id,
    createdDate: now,
    dataSource: 'd',
    type: 'index_parallel',
    groupId: id,
    payload: `{"id":"${id}"}`,
    status: {
      id,
      status: 'RUNNING',
      duration: -1,
      errorMsg: null,
      location: { host: null, port: -1, tlsPort: -1 },
    },
    ...more,
  };
}
function lock(more: Partial<TaskLock> = {}): TaskLock {
  return {
    granularity: 'timeChunk',
    type: 'EXCLUSIVE',
    groupId: 't',
    dataSource: 'd',
    interval: `${day1.start}/${day2.end}`,
    version: now,
    priority: 50,
    revoked: false,
    ...more,
  };
}
function segment(
  interval: { start: string; end: string },
  version: string,
  partitionNum = 0,
  partitions = 1,
) {
  const base = `d_${interval.start}_${interval.end}_${version}`;
  return {
    id: partitionNum === 0 ? base : `${base}_${partitionNum}`,
    ...interval,
    version,
    partitionNum,
    payload: JSON.stringify({
      dataSource: 'd',
      interval: `${interval.start}/${interval.end}`,
      version,
      loadSpec: { type: 'local', path: 'x' },
      dimensions: '',
      metrics: '',
      shardSpec: { type: 'numbered', partitionNum, partitions },
      binaryVersion: 9,
      size: 10,
    }),
  };
}

describe('metadata operations on SQLite', () => {
  let folder = '';
  let knex: Knex;
  const open = (): Promise<Knex> =>
    openStore({ kind: 'sqlite', file: path.join(folder, 'metadata.db'), busyTimeoutMs: 0 });

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-metadata-'));
    knex = await open();
    await migrate(knex, { clusterId: 'c1', nowDate: now });
  });
  afterEach(async () => {
    await knex.destroy();
    fs.rmSync(folder, { recursive: true });
  });

  async function run<Name extends keyof MetadataOps>(
    name: Name,
    input: OpInput<Name>,
    leader?: LeaderClaim,
  ): Promise<OpOutput<Name>> {
    const kind = isReadName(name) ? 'read' : 'transact';
    const output = await execute(knex, {
      kind,
      name,
      inputJson: JSON.stringify(input),
      ...(leader === undefined ? {} : { leader }),
    });
    return JSON.parse(output) as OpOutput<Name>;
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
  async function lockedTask(id = 't', more: Partial<TaskLock> = {}): Promise<void> {
    await run('insertTask', task(id));
    await run('applyLocks', { taskId: id, revoke: [], insert: lock(more) });
  }
  const publish = (taskId: string, segments: ReturnType<typeof segment>[]) =>
    run('publishSegments', { taskId, dataSource: 'd', segments, nowDate: now });

  it('keeps its cluster id when it is brought up to date again, and refuses a second opener', async () => {
    await migrate(knex, { clusterId: 'other', nowDate: day1.start });
    expect(await run('readClusterId', {})).to.deep.equal({ clusterId: 'c1' });
    expect((await failure(open())).code).to.equal('MetadataUnavailable');
  });

  it('starts with the default rule of Druid', async () => {
    const { rules } = await run('readRules', {});
    expect(rules.map((rule) => rule.dataSource)).to.deep.equal(['_default']);
    expect(JSON.parse(rules[0]?.payload ?? '')).to.deep.equal([
      { type: 'loadForever', tieredReplicants: { _default_tier: 2 }, useDefaultTierForNull: true },
    ]);
  });

  it('refuses unknown names and a read that is asked as a transaction', async () => {
    const call = (kind: 'read' | 'transact', name: string) => execute(knex, { kind, name, inputJson: '{}' });
    expect((await failure(call('transact', 'readClusterId'))).code).to.equal('InvalidInput');
    expect((await failure(call('read', 'constructor'))).code).to.equal('InvalidInput');
  });

  describe('epochs', () => {
    it('rise above the row and above what was seen', async () => {
      expect(await run('bumpEpoch', { role: 'overlord', holder: 'a', atLeast: 0 })).to.deep.equal({
        epoch: 1,
      });
      expect(await run('bumpEpoch', { role: 'overlord', holder: 'b', atLeast: 7 })).to.deep.equal({
        epoch: 8,
      });
      expect(await run('readEpoch', { role: 'overlord' })).to.deep.equal({ epoch: 8, holder: 'b' });
      expect(await run('readEpoch', { role: 'coordinator' })).to.deep.equal({ epoch: 0, holder: '' });
    });

    it('a transaction of an older leader changes nothing', async () => {
      await run('bumpEpoch', { role: 'overlord', holder: 'a', atLeast: 4 });
      const error = await failure(run('insertTask', task('t'), { role: 'overlord', epoch: 4 }));
      expect([error.code, error.context['seen']]).to.deep.equal(['StaleEpoch', 5]);
      expect(await run('readTask', { taskId: 't' })).to.deep.equal({ task: null });
      await run('insertTask', task('t'), { role: 'overlord', epoch: 5 });
      expect((await run('readTask', { taskId: 't' })).task?.taskId).to.equal('t');
    });
  });

  describe('tasks', () => {
    it('are inserted once', async () => {
      expect(await run('insertTask', task('t'))).to.deep.equal({ outcome: 'inserted' });
      expect(await run('insertTask', task('t'))).to.deep.equal({ outcome: 'same' });
      expect(await run('insertTask', task('t', { payload: '{}' }))).to.deep.equal({ outcome: 'exists' });
    });

    it('have one run, bound to the first process that was heard', async () => {
      await run('insertTask', task('t'));
      const assigned = await run('assignTask', { taskId: 't', node: 'm1', nowMs: 5 });
      expect(assigned.run).to.deep.equal({ node: 'm1', incarnation: '', assignedAtMs: 5 });
      expect((await run('assignTask', { taskId: 't', node: 'm2', nowMs: 6 })).run?.node).to.equal('m1');
      const bind = (incarnation: string) =>
        run('bindTaskRun', { taskId: 't', node: 'm1', incarnation, nowMs: 7 });
      expect((await bind('p1')).run?.incarnation).to.equal('p1');
      expect((await bind('p2')).run?.incarnation).to.equal('p1');
      expect(await run('unassignTask', { taskId: 't', node: 'm1' })).to.deep.equal({ changed: false });
    });

    it('end once, and take locks and run with them', async () => {
      await lockedTask();
      await run('assignTask', { taskId: 't', node: 'm1', nowMs: 5 });
      const status = { ...task('t').status, status: 'SUCCESS' as const, duration: 3 };
      expect(await run('finishTask', { taskId: 't', status })).to.deep.equal({ changed: true, status });
      const late = { ...status, status: 'FAILED' as const };
      expect(await run('finishTask', { taskId: 't', status: late })).to.deep.equal({
        changed: false,
        status,
      });
      expect((await run('listLocks', {})).locks).to.deep.equal([]);
      expect((await run('assignTask', { taskId: 't', node: 'm1', nowMs: 5 })).run).to.equal(null);
      const row = (await run('readTask', { taskId: 't' })).task;
      expect([row?.active, row?.run]).to.deep.equal([false, null]);
    });

    it('are listed in pages, both ways round', async () => {
      const dates = ['2024-01-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z', '2024-01-02T00:00:00.000Z'];
      for (const [i, createdDate] of dates.entries()) await run('insertTask', task(`t${i}`, { createdDate }));
      for (const newestFirst of [false, true]) {
        const seen: string[] = [];
        let after: string | null = null;
        do {
          const page: OpOutput<'listTasks'> = await run('listTasks', { limit: 1, after, newestFirst });
          seen.push(...page.tasks.map((row) => row.taskId));
          after = page.next;
        } while (after !== null);
        expect(seen).to.deep.equal(newestFirst ? ['t2', 't1', 't0'] : ['t0', 't1', 't2']);
      }
      const few = await run('listTasks', {
        createdFrom: '2024-01-02T00:00:00.000Z',
        dataSource: 'd',
        active: true,
      });
      expect(few.tasks.map((row) => row.taskId)).to.deep.equal(['t2']);
      expect((await run('listTasks', { type: 'kill' })).tasks).to.deep.equal([]);
    });
  });

  describe('publish', () => {
    it('writes all rows, and is a success when repeated', async () => {
      await lockedTask();
      const both = [segment(day1, now), segment(day2, now)];
      expect((await publish('t', both)).published).to.have.length(2);
      expect(await publish('t', both)).to.deep.equal({ published: [] });
      const read = await run('readUsedSegments', { dataSource: 'd' });
      expect(read.segments.map((row) => [row.id, row.payload])).to.deep.equal(
        both.map((s) => [s.id, s.payload]),
      );
      const other = { ...both[0]!, payload: '{}' };
      expect((await failure(publish('t', [other]))).code).to.equal('Conflict');
    });

    const refused: readonly (readonly [string, Partial<TaskLock>])[] = [
      ['a revoked lock', { revoked: true }],
      ['an older lock', { version: '2024-01-01T00:00:00.000Z' }],
      ['a lock of another interval', { interval: `${day2.start}/${day2.end}` }],
      ['a lock of another datasource', { dataSource: 'other' }],
    ];
    for (const [title, more] of refused) {
      it(`is refused under ${title}, and nothing is written`, async () => {
        await lockedTask('t', more);
        const error = await failure(publish('t', [segment(day2, now), segment(day1, now)]));
        expect(error.code).to.equal('LockRevoked');
        expect((await run('readUsedSegments', {})).segments).to.deep.equal([]);
      });
    }

    it('is refused for a task that has ended', async () => {
      await lockedTask();
      await run('finishTask', { taskId: 't', status: { ...task('t').status, status: 'FAILED' } });
      expect((await failure(publish('t', [segment(day1, now)]))).code).to.equal('NotFound');
    });

    it('makes the task a success, whatever its process is said to have come to', async () => {
      await lockedTask();
      await publish('t', [segment(day1, now)]);
      const lost = { ...task('t').status, status: 'FAILED' as const, errorMsg: 'signal[SIGKILL]' };
      const status = { ...lost, status: 'SUCCESS' as const, errorMsg: null };
      expect(await run('finishTask', { taskId: 't', status: lost })).to.deep.equal({ changed: true, status });
      expect((await run('readTask', { taskId: 't' })).task?.status).to.deep.equal(status);
    });

    it('of a stream’s part does not: the task has more to do', async () => {
      await lockedTask();
      const offsets = { start: null, end: '{"o":1}' };
      const segments = [segment(day1, now)];
      await run('publishSegments', { taskId: 't', dataSource: 'd', segments, nowDate: now, offsets });
      const lost = { ...task('t').status, status: 'FAILED' as const, errorMsg: 'signal[SIGKILL]' };
      expect((await run('finishTask', { taskId: 't', status: lost })).status).to.deep.equal(lost);
    });

    it('moves stream offsets only from where they stand', async () => {
      await lockedTask();
      const move = (start: string | null, end: string, version: string) =>
        run('publishSegments', {
          taskId: 't',
          dataSource: 'd',
          segments: [segment(day1, version)],
          nowDate: now,
          offsets: { start, end },
        });
      await move(null, '{"o":1}', '2024-01-01T00:00:00.000Z');
      expect((await failure(move(null, '{"o":2}', '2024-01-02T00:00:00.000Z'))).code).to.equal('Conflict');
      await move('{"o":1}', '{"o":2}', '2024-01-03T00:00:00.000Z');
      expect((await run('readUsedSegments', {})).segments).to.have.length(2);
    });
  });

  describe('segments', () => {
    beforeEach(() => lockedTask());

    it('are read by interval, in pages, with a revision that grows', async () => {
      await publish('t', [segment(day1, now, 0, 2), segment(day1, now, 1, 2), segment(day2, now)]);
      const first = await run('readUsedSegments', { limit: 2 });
      expect([first.segments.length, first.next]).to.deep.equal([2, first.segments[1]?.id]);
      const rest = await run('readUsedSegments', { limit: 2, after: first.next });
      expect([rest.segments.length, rest.next, rest.revision]).to.deep.equal([1, null, first.revision]);
      const newest = (interval: typeof day1) => run('readNewestVersion', { dataSource: 'd', interval });
      expect(await newest(day2)).to.deep.equal({ version: now });
      expect(await newest({ start: day2.end, end: '2025-01-01T00:00:00.000Z' })).to.deep.equal({
        version: null,
      });
      const one = await run('readUsedSegments', {
        intervals: [{ ...day2, end: '2024-01-02T01:00:00.000Z' }],
      });
      expect(one.segments.map((row) => row.start)).to.deep.equal([day2.start]);
      await run('markSegmentsUnused', { dataSource: 'd', interval: day2, nowDate: now });
      expect((await run('readSegmentsRevision', {})).revision).to.be.greaterThan(first.revision);
    });

    it('of all time are found by any interval', async () => {
      const eternity = { start: '-146136543-09-08T08:23:32.096Z', end: '146140482-04-24T15:36:27.903Z' };
      await run('applyLocks', {
        taskId: 't',
        revoke: [],
        insert: lock({ interval: `${eternity.start}/${eternity.end}` }),
      });
      await publish('t', [segment(eternity, now)]);
      expect((await run('readUsedSegments', { intervals: [day1] })).segments).to.have.length(1);
    });

    it('are marked unused and used; what newer versions hide stays unused', async () => {
      const older = '2024-03-01T00:00:00.000Z';
      await publish('t', [segment(day1, older), segment(day2, older), segment(day1, now)]);
      const all = await run('markSegmentsUnused', { dataSource: 'd', nowDate: now });
      expect(all.changed).to.equal(3);
      expect((await run('listDataSources', {})).dataSources).to.deep.equal([]);
      expect((await run('listDataSources', { includeUnused: true })).dataSources).to.deep.equal(['d']);
      expect((await run('markSegmentsUsed', { dataSource: 'd', nowDate: now })).changed).to.equal(2);
      const ids = (await run('readUsedSegments', {})).segments.map((row) => [row.start, row.version]);
      expect(ids).to.deep.equal([
        [day1.start, now],
        [day2.start, older],
      ]);
      const unused = await run('readUnusedSegments', { dataSource: 'd', interval: day1 });
      expect(unused.segments.map((row) => row.version)).to.deep.equal([older]);
    });

    it('are deleted only when unused, with their queryable marks', async () => {
      const [a, b] = [segment(day1, now), segment(day2, now)];
      await publish('t', [a, b]);
      expect(await run('markQueryable', { segmentIds: [a.id, b.id, a.id] })).to.deep.equal({ added: 2 });
      expect(await run('markQueryable', { segmentIds: [a.id] })).to.deep.equal({ added: 0 });
      await run('markSegmentsUnused', { dataSource: 'd', segmentIds: [a.id], nowDate: now });
      expect((await run('readQueryable', {})).segmentIds).to.deep.equal([b.id]);
      expect(await run('markQueryable', { segmentIds: [a.id] })).to.deep.equal({ added: 0 });
      const gone = await run('deleteUnusedSegments', { dataSource: 'd', segmentIds: [a.id, b.id] });
      expect(gone).to.deep.equal({ deleted: [a.id], sharing: [] });
      expect((await run('readQueryable', {})).segmentIds).to.deep.equal([b.id]);
      expect((await run('filterQueryable', { segmentIds: [a.id, b.id] })).segmentIds).to.deep.equal([b.id]);
      expect(
        (await run('readSegments', { segmentIds: [a.id, b.id] })).segments.map((row) => row.id),
      ).to.deep.equal([b.id]);
    });
  });

  it('says of deleted segments whether others stand on their files', async () => {
    await lockedTask();
    const [a, b] = [segment(day1, now, 0, 2), segment(day1, now, 1, 2)];
    await publish('t', [a, b]);
    await knex('druid_segments').where({ id: b.id }).update({ upgraded_from_segment_id: a.id });
    await run('markSegmentsUnused', { dataSource: 'd', nowDate: now });
    const first = await run('deleteUnusedSegments', { dataSource: 'd', segmentIds: [a.id] });
    expect(first).to.deep.equal({ deleted: [a.id], sharing: [a.id] });
    const last = await run('deleteUnusedSegments', { dataSource: 'd', segmentIds: [b.id] });
    expect(last).to.deep.equal({ deleted: [b.id], sharing: [] });
  });

  describe('allocation', () => {
    const allocate = (sequenceName: string, more: Partial<OpInput<'allocateSegment'>> = {}) =>
      run('allocateSegment', {
        taskId: 't',
        dataSource: 'd',
        sequenceName,
        previousSegmentId: '',
        ...day1,
        versionIfNew: now,
        skipLineageCheck: false,
        nowDate: now,
        ...more,
      });
    beforeEach(() => lockedTask());

    it('numbers a new chunk from 0 and answers a repeated call alike', async () => {
      const first = (await allocate('s')).segment;
      expect(first).to.deep.equal({
        id: `d_${day1.start}_${day1.end}_${now}`,
        dataSource: 'd',
        interval: day1,
        version: now,
        partitionNum: 0,
        corePartitions: 0,
      });
      expect((await allocate('s')).segment).to.deep.equal(first);
      expect((await allocate('s', { previousSegmentId: first.id })).segment.partitionNum).to.equal(1);
      expect((await allocate('other')).segment.partitionNum).to.equal(2);
    });

    it('appends to the version that stands', async () => {
      const older = '2024-03-01T00:00:00.000Z';
      await publish('t', [segment(day1, older, 0, 2), segment(day1, older, 1, 2)]);
      const { segment: given } = await allocate('s');
      expect([given.version, given.partitionNum, given.corePartitions]).to.deep.equal([older, 2, 2]);
    });

    it('never gives a number again, though its rows were unused and deleted', async () => {
      const both = [segment(day1, now, 0, 1), segment(day1, now, 5, 1)];
      await publish('t', both);
      await run('markSegmentsUnused', { dataSource: 'd', nowDate: now });
      expect((await allocate('s')).segment.partitionNum).to.equal(6);
      await run('deleteUnusedSegments', { dataSource: 'd', segmentIds: both.map((s) => s.id) });
      expect((await run('deletePendingSegments', { dataSource: 'd' })).deleted).to.equal(1);
      expect((await allocate('s')).segment.partitionNum).to.equal(7);
    });

    it('refuses a chunk that used segments cut otherwise', async () => {
      await publish('t', [segment({ start: day1.start, end: day2.end }, now)]);
      expect((await failure(allocate('s'))).code).to.equal('Conflict');
    });
  });

  describe('rules and configuration', () => {
    const audit = { author: 'ann', comment: 'why', ip: '127.0.0.1', nowDate: now };

    it('keep the newest list, and who set it', async () => {
      await run('setRules', { dataSource: 'd', payload: '[1]', audit: { ...audit, nowDate: day1.start } });
      await run('setRules', { dataSource: 'd', payload: '[2]', audit });
      expect(await run('readRules', { dataSource: 'd' })).to.deep.equal({
        rules: [{ dataSource: 'd', payload: '[2]' }],
      });
      const both = await run('readAudit', { type: 'rules', key: 'd' });
      expect(both.entries.map((entry) => entry.payload)).to.deep.equal(['[1]', '[2]']);
      const newest = await run('readAudit', { type: 'rules', count: 1 });
      expect(newest.entries[0]).to.deep.include({ key: 'd', author: 'ann', comment: 'why', payload: '[2]' });
      expect((await failure(run('setRules', { dataSource: 'd', payload: '[', audit }))).code).to.equal(
        'InvalidInput',
      );
    });

    it('compare before they swap', async () => {
      const set = (payload: string | null, expected?: string | null) =>
        run('setConfig', { name: 'c', payload, audit, ...(expected === undefined ? {} : { expected }) });
      expect(await set('{"a":1}', null)).to.deep.equal({ changed: true });
      expect(await set('{"a":2}', null)).to.deep.equal({ changed: false });
      expect(await run('readConfig', { name: 'c' })).to.deep.equal({ payload: '{"a":1}' });
      expect(await set(null)).to.deep.equal({ changed: true });
      expect(await run('readConfig', { name: 'c' })).to.deep.equal({ payload: null });
    });
  });
});
