import { expect } from 'chai';
import { parseInterval } from '../../segment/timeline/interval.js';
import { parseRules, RuleBook, ruleApplies, ruleToJson } from './rules.js';

const now = Date.UTC(2024, 5, 15);
const applies = (rule: object, interval: string): boolean => {
  const [parsed] = parseRules([rule]);
  if (parsed === undefined) throw new Error('no rule');
  return ruleApplies(parsed, parseInterval(interval), now);
};
const P1M = { period: 'P1M' };

describe('retention rules', () => {
  const cases: readonly (readonly [string, object, string, boolean])[] = [
    ['forever', { type: 'loadForever' }, '1900-01-01/P1D', true],
    [
      'load by interval touches',
      { type: 'loadByInterval', interval: '2024-01-01/2024-02-01' },
      '2024-01-31/2024-02-02',
      true,
    ],
    [
      'load by interval beside',
      { type: 'loadByInterval', interval: '2024-01-01/2024-02-01' },
      '2024-02-01/2024-02-02',
      false,
    ],
    [
      'drop by interval only whole',
      { type: 'dropByInterval', interval: '2024-01-01/2024-02-01' },
      '2024-01-31/2024-02-02',
      false,
    ],
    [
      'drop by interval whole',
      { type: 'dropByInterval', interval: '2024-01-01/2024-02-01' },
      '2024-01-31/2024-02-01',
      true,
    ],
    ['load by period, inside', { type: 'loadByPeriod', ...P1M }, '2024-05-20/P1D', true],
    ['load by period, before', { type: 'loadByPeriod', ...P1M }, '2024-05-01/P1D', false],
    ['load by period, future', { type: 'loadByPeriod', ...P1M }, '2024-07-01/P1D', true],
    [
      'load by period, future not wanted',
      { type: 'loadByPeriod', ...P1M, includeFuture: false },
      '2024-07-01/P1D',
      false,
    ],
    [
      'drop by period only whole',
      { type: 'dropByPeriod', ...P1M, includeFuture: false },
      '2024-05-14/P2D',
      false,
    ],
    ['drop before a period', { type: 'dropBeforeByPeriod', ...P1M }, '2024-05-14/P1D', true],
    ['drop before a period, not yet', { type: 'dropBeforeByPeriod', ...P1M }, '2024-05-15/P1D', false],
  ];
  for (const [name, rule, interval, want] of cases) {
    it(name, () => expect(applies(rule, interval)).to.equal(want));
  }

  it('fills in defaults and writes them back in order', () => {
    const rules = parseRules([
      { type: 'loadByPeriod', period: 'P1M', tieredReplicants: { _default_tier: 1 } },
      { type: 'loadByInterval', interval: '2024-01-01/2025-01-01', tieredReplicants: { cold: 0 } },
      { type: 'dropBeforeByPeriod', period: 'P10Y' },
      { type: 'broadcastForever' },
      { type: 'loadForever' },
    ]);
    expect(rules.map((rule) => JSON.stringify(ruleToJson(rule)))).to.deep.equal([
      '{"period":"P1M","includeFuture":true,"tieredReplicants":{"_default_tier":1},"useDefaultTierForNull":true,"type":"loadByPeriod"}',
      '{"interval":"2024-01-01T00:00:00.000Z/2025-01-01T00:00:00.000Z","tieredReplicants":{"cold":0},"useDefaultTierForNull":true,"type":"loadByInterval"}',
      '{"period":"P10Y","type":"dropBeforeByPeriod"}',
      '{"type":"broadcastForever"}',
      '{"tieredReplicants":{"_default_tier":2},"useDefaultTierForNull":true,"type":"loadForever"}',
    ]);
  });

  it('refuses what it does not know, naming it', () => {
    expect(() => parseRules([{ type: 'bogus' }])).to.throw(/type id 'bogus'/);
    expect(() => parseRules({})).to.throw(/list of rules/);
    expect(() => parseRules([{ type: 'loadByPeriod', period: 'soon' }])).to.throw(/rules\[0\]\.period/);
    expect(() => parseRules([{ type: 'loadForever', tieredReplicants: { a: -1 } }])).to.throw(
      /tieredReplicants\[a\]/,
    );
  });

  it('first match wins; the cluster list follows the own one', () => {
    const interval = parseInterval('2020-01-01/P1D');
    const own = parseRules([{ type: 'dropBeforeByPeriod', period: 'P1Y' }]);
    const book = new RuleBook(new Map([['ds', own]]));
    expect(book.judge('ds', interval, now)).to.deep.equal({ kind: 'drop' });
    expect(book.judge('other', interval, now)).to.deep.equal({
      kind: 'load',
      replicants: { _default_tier: 2 },
    });
    const none = new RuleBook(new Map([['_default', []]]));
    expect(none.judge('ds', interval, now)).to.deep.equal({ kind: 'none' });
  });
});
