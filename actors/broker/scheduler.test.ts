import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { errorEnvelope } from '../../query/native/errors.js';
import { laneOf, QueryScheduler, schedulerDefaults, schedulerSettings } from './scheduler.js';

const query = (priority = 0, lane?: string) => ({ priority, ...(lane === undefined ? {} : { lane }) });
const given = { queriesMax: 0, laning: 'none', lowPercentMax: 20, lanes: [] as string[] };

describe('query scheduler', () => {
  const refusal = (scheduler: QueryScheduler, ...one: Parameters<typeof query>): string => {
    try {
      scheduler.admit(query(...one));
      return 'taken';
    } catch (thrown) {
      return thrown instanceof CodedError ? thrown.message : 'thrown';
    }
  };

  it('takes any number when nothing is set', () => {
    const scheduler = new QueryScheduler(schedulerDefaults);
    for (let i = 0; i < 1_000; i++) scheduler.admit(query(-i, 'x'));
  });

  it('refuses one more than there is room for, in the words of Druid', () => {
    const scheduler = new QueryScheduler(schedulerSettings({ ...given, queriesMax: 2 }));
    const release = scheduler.admit(query());
    scheduler.admit(query());
    expect(refusal(scheduler)).to.equal(
      'Too many concurrent queries, total query capacity of 2 exceeded. Please try your query again later.',
    );
    release();
    release();
    expect(refusal(scheduler)).to.equal('taken');
    expect(refusal(scheduler)).to.contain('total query capacity');
    const { status, body } = errorEnvelope(new CodedError('MailboxFull', 'full'));
    expect([status, (JSON.parse(body) as { error: string }).error]).to.deep.equal([
      429,
      'Query capacity exceeded',
    ]);
  });

  it('hilo keeps queries of low priority to their share', () => {
    const settings = schedulerSettings({ ...given, queriesMax: 10, laning: 'hilo' });
    const scheduler = new QueryScheduler(settings);
    scheduler.admit(query(-1));
    const release = scheduler.admit(query(0, 'low'));
    expect(refusal(scheduler, -5)).to.contain("lane 'low', query capacity of 2");
    expect(refusal(scheduler, 5)).to.equal('taken');
    release();
    expect(refusal(scheduler, -5)).to.equal('taken');
    expect(laneOf(settings, query(-1, 'high'))).to.equal('high');
  });

  it('manual lanes hold as many as they say', () => {
    const settings = schedulerSettings({
      ...given,
      queriesMax: 10,
      laning: 'manual',
      lanes: ['one=1', 'half=50%'],
    });
    expect([...settings.lanes]).to.deep.equal([
      ['one', 1],
      ['half', 5],
    ]);
    const scheduler = new QueryScheduler(settings);
    scheduler.admit(query(0, 'one'));
    expect(refusal(scheduler, 0, 'one')).to.contain("lane 'one', query capacity of 1");
    for (let i = 0; i < 8; i++) expect(refusal(scheduler, -1, 'other')).to.equal('taken');
    expect(refusal(scheduler)).to.equal('taken');
    expect(refusal(scheduler)).to.contain('total query capacity of 10');
  });

  it('lanes that queries name for themselves are forgotten with them', () => {
    const scheduler = new QueryScheduler(schedulerSettings({ ...given, queriesMax: 10, laning: 'manual' }));
    const releases = ['a', 'b', 'b'].map((lane) => scheduler.admit(query(0, lane)));
    expect(scheduler.lanesInUse).to.equal(2);
    for (const release of releases) release();
    expect(scheduler.lanesInUse).to.equal(0);
  });

  it('names settings that are none', () => {
    expect(() => schedulerSettings({ ...given, laning: 'fast' })).to.throw('queryLaning');
    expect(() => schedulerSettings({ ...given, laning: 'hilo' })).to.throw('queriesMax');
    const shared = { ...given, queriesMax: 10 };
    for (const lane of ['x', 'x=0', 'x=-1', 'x=5%', '=5', 'total=5', 'default=5'])
      expect(() => schedulerSettings({ ...given, laning: 'manual', lanes: [lane] })).to.throw('queryLanes');
    for (const lane of ['x=0%', 'x=101%'])
      expect(() => schedulerSettings({ ...shared, laning: 'manual', lanes: [lane] })).to.throw('queryLanes');
  });
});
