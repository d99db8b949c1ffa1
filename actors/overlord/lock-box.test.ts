import { expect } from 'chai';
import type { LockType, TaskLock } from '../../proto/metadata.js';
import { formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import {
  decideLock,
  lockedIntervals,
  LockWaits,
  toHeldLock,
  versionAfter,
  type HeldLock,
  type LockRequest,
  type LockSurroundings,
} from './lock-box.js';

const now = Date.UTC(2024, 4, 1);
const nowText = '2024-05-01T00:00:00.000Z';
let nextId = 1;

interface Given {
  readonly task?: string;
  readonly group?: string;
  readonly ds?: string;
  readonly days?: string;
  readonly type?: LockType;
  readonly priority?: number;
  readonly version?: string;
  readonly revoked?: boolean;
}
const day = (days: string): string => `2024-01-${days.split('-')[0]}/2024-01-${days.split('-')[1]}`;

function held(given: Given): HeldLock {
  const { task = 'a', group = task, ds = 'd', days = '01-02', type = 'EXCLUSIVE', priority = 50 } = given;
  const lock: TaskLock = {
    granularity: 'timeChunk',
    type,
    groupId: group,
    dataSource: ds,
    interval: formatInterval(parseInterval(day(days))),
    version: given.version ?? '2024-04-01T00:00:00.000Z',
    priority,
    revoked: given.revoked ?? false,
  };
  const row = toHeldLock({ lockId: nextId++, taskId: task, lock });
  if (row === undefined) throw new Error('bad interval');
  return row;
}
function request(given: Given = {}): LockRequest {
  const { task = 'b', group = task, ds = 'd', days = '01-02', type = 'EXCLUSIVE', priority = 50 } = given;
  return { taskId: task, groupId: group, dataSource: ds, interval: parseInterval(day(days)), type, priority };
}
function around(locks: readonly HeldLock[], more: Partial<LockSurroundings> = {}): LockSurroundings {
  return { held: locks, publishing: new Set(), nowMs: now, versionAbove: null, ...more };
}

describe('lock-box', () => {
  it('grants a free chunk with the time as version', () => {
    const decision = decideLock(request(), around([held({ days: '02-03' }), held({ ds: 'other' })]));
    expect(decision).to.deep.equal({
      kind: 'grant',
      revoke: [],
      lock: {
        granularity: 'timeChunk',
        type: 'EXCLUSIVE',
        groupId: 'b',
        dataSource: 'd',
        interval: '2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z',
        version: nowText,
        priority: 50,
        revoked: false,
      },
    });
  });

  const table: readonly (readonly [string, Given, Given, string])[] = [
    ['exclusive waits for exclusive', {}, {}, 'wait'],
    ['a wider one waits for a narrower', { days: '01-02' }, { days: '01-05' }, 'wait'],
    ['a narrower one waits for a wider', { days: '01-05' }, { days: '03-04' }, 'wait'],
    ['shared goes with shared', { type: 'SHARED' }, { type: 'SHARED' }, 'grant'],
    ['append goes with append', { type: 'APPEND' }, { type: 'APPEND' }, 'grant'],
    ['append waits for replace', { type: 'REPLACE' }, { type: 'APPEND' }, 'wait'],
    ['replace waits for append', { type: 'APPEND' }, { type: 'REPLACE' }, 'wait'],
    ['shared waits for append', { type: 'APPEND' }, { type: 'SHARED' }, 'wait'],
    ['a revoked lock is in nobody’s way', { revoked: true }, {}, 'grant'],
    ['a higher priority takes over', { priority: 25 }, { priority: 50 }, 'grant'],
    ['a lower priority waits', { priority: 75 }, { priority: 50 }, 'wait'],
    ['the same group does not stand in its own way', { group: 'g' }, { group: 'g', days: '01-03' }, 'grant'],
  ];
  for (const [title, there, wanted, kind] of table) {
    it(title, () => expect(decideLock(request(wanted), around([held(there)])).kind).to.equal(kind));
  }

  it('names who is in the way, once', () => {
    const locks = [
      held({ task: 'a', days: '01-02' }),
      held({ task: 'a', days: '02-03' }),
      held({ task: 'c', days: '03-04' }),
    ];
    expect(decideLock(request({ days: '01-09' }), around(locks))).to.deep.equal({
      kind: 'wait',
      blockers: ['a', 'c'],
    });
  });

  it('revokes lower priorities, but none that is publishing', () => {
    const low = held({ task: 'a', priority: 25 });
    const decision = decideLock(request(), around([low]));
    expect(decision.kind === 'grant' && decision.revoke).to.deep.equal([low]);
    const busy = around([low], { publishing: new Set(['a']) });
    expect(decideLock(request(), busy)).to.deep.equal({ kind: 'wait', blockers: ['a'] });
  });

  it('answers a repeated request with the lock that is held', () => {
    const mine = held({ task: 'b', days: '01-05' });
    expect(decideLock(request({ days: '02-03' }), around([mine]))).to.deep.equal({
      kind: 'held',
      lock: mine.lock,
    });
  });

  it('shares the version within a group', () => {
    const first = held({ task: 'a', group: 'g', days: '01-05' });
    const decision = decideLock(request({ task: 'b', group: 'g', days: '02-03' }), around([first]));
    expect(decision.kind === 'grant' && decision.lock).to.deep.include({
      version: first.lock.version,
      interval: '2024-01-02T00:00:00.000Z/2024-01-03T00:00:00.000Z',
    });
  });

  it('tells a task that its lock was taken away', () => {
    expect(decideLock(request(), around([held({ task: 'b', revoked: true })]))).to.deep.equal({
      kind: 'revoked',
    });
  });

  it('gives sharers one version and appends the oldest of all', () => {
    const shared = held({ type: 'SHARED', version: '2024-02-02T00:00:00.000Z' });
    const second = decideLock(request({ type: 'SHARED' }), around([shared]));
    expect(second.kind === 'grant' && second.lock.version).to.equal('2024-02-02T00:00:00.000Z');
    const append = decideLock(request({ type: 'APPEND' }), around([]));
    expect(append.kind === 'grant' && append.lock.version).to.equal('1970-01-01T00:00:00.000Z');
  });

  it('lets versions rise though the clock fell back', () => {
    expect(versionAfter(now, null)).to.equal(nowText);
    expect(versionAfter(now, '2024-04-30T23:59:59.999Z')).to.equal(nowText);
    expect(versionAfter(now, nowText)).to.equal('2024-05-01T00:00:00.001Z');
    expect(versionAfter(now, '2030-01-01T00:00:00.000Z')).to.equal('2030-01-01T00:00:00.001Z');
    expect(versionAfter(now, 'v9') > 'v9').to.equal(true);
  });

  it('takes a row it can not read for no lock', () => {
    const { lock } = held({});
    expect(toHeldLock({ lockId: 1, taskId: 'a', lock: { ...lock, interval: 'x' } })).to.equal(undefined);
  });

  it('joins locked intervals at a priority or above', () => {
    const locks = [
      held({ days: '01-02' }),
      held({ days: '02-04' }),
      held({ days: '06-07', priority: 10 }),
      held({ days: '09-10', revoked: true }),
    ];
    const of = (priority: number) => lockedIntervals(locks, [{ datasource: 'd', priority }]);
    expect(of(50)).to.deep.equal({ d: ['2024-01-01T00:00:00.000Z/2024-01-04T00:00:00.000Z'] });
    expect(of(0)['d']).to.have.length(2);
    expect(of(51)).to.deep.equal({});
    expect(lockedIntervals(locks, [{ datasource: 'none', priority: 0 }])).to.deep.equal({});
  });

  it('refuses a wait that would never end', () => {
    const waits = new LockWaits();
    waits.add('a', ['b']);
    waits.add('b', ['c', 'd']);
    expect(() => waits.add('d', ['x', 'a'])).to.throw('wait for each other');
    waits.remove('b');
    waits.add('d', ['x', 'a']);
  });
});
