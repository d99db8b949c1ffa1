import { expect } from 'chai';
import { parseDataSegment } from '../../segment/timeline/data-segment.js';
import { expectedDelta, judgeSegments, type Standing, type UsedSegment } from './expected.js';
import { parseRules, RuleBook } from './rules.js';

function used(id: string, interval: string, version: string, partition = 0, partitions = 1): UsedSegment {
  const segment = parseDataSegment({
    dataSource: 'ds',
    interval,
    version,
    loadSpec: { type: 'local', path: '/x' },
    dimensions: '',
    metrics: '',
    shardSpec: { type: 'numbered', partitionNum: partition, partitions },
    binaryVersion: 9,
    size: 10,
  });
  return { id, segment, json: id };
}

function judge(
  segments: readonly UsedSegment[],
  loaded: readonly string[],
  served: readonly string[] = [],
  rules: readonly object[] = [{ type: 'loadForever' }],
): Standing {
  return judgeSegments({
    used: segments,
    loadedOnce: new Set(loaded),
    served: new Set(served),
    rules: new RuleBook(new Map([['_default', parseRules(rules)]])),
    nowMs: Date.UTC(2024, 6, 1),
  });
}
const shown = (standing: Standing): string[] =>
  [...standing.expected].map(([id, entry]) => `${id}${entry.queryable ? '' : ' (not yet)'}`);
const shadows = (standing: Standing): string[] =>
  standing.segments.map((segment) => `${segment.id} ${segment.overshadowed}`);

const day1 = '2024-01-01/2024-01-02';

describe('expected segments', () => {
  it('a fresh one is known but not queryable; once served it is to be remembered', () => {
    const fresh = judge([used('a', day1, 'v1')], []);
    expect(shown(fresh)).to.deep.equal(['a (not yet)']);
    expect(fresh.newlyLoaded).to.deep.equal([]);
    const served = judge([used('a', day1, 'v1')], [], ['a']);
    expect(served.newlyLoaded).to.deep.equal(['a']);
    expect(shown(served)).to.deep.equal(['a (not yet)']);
    expect(shown(judge([used('a', day1, 'v1')], ['a']))).to.deep.equal(['a']);
  });

  it('an old version stays expected until the whole core set of the new one is queryable', () => {
    const segments = [used('old', day1, 'v1'), used('n0', day1, 'v2', 0, 2), used('n1', day1, 'v2', 1, 2)];
    const half = judge(segments, ['old', 'n0']);
    expect(shown(half)).to.deep.equal(['old', 'n0', 'n1 (not yet)']);
    expect(shadows(half)).to.deep.equal(['old published', 'n0 no', 'n1 no']);
    const whole = judge(segments, ['old', 'n0', 'n1']);
    expect(shown(whole)).to.deep.equal(['n0', 'n1']);
    expect([...whole.hidden]).to.deep.equal([['ds', ['old']]]);
  });

  it('what no rule asks for is not expected, though loaded', () => {
    const zero = judge(
      [used('a', day1, 'v1')],
      ['a'],
      ['a'],
      [{ type: 'loadForever', tieredReplicants: { t: 0 } }],
    );
    expect(shown(zero)).to.deep.equal([]);
    const dropped = judge([used('a', day1, 'v1')], ['a'], ['a'], [{ type: 'dropForever' }]);
    expect(shown(dropped)).to.deep.equal([]);
    expect([...dropped.ruledOut]).to.deep.equal([['ds', ['a']]]);
  });

  it('a new version that no rule asks for hides nothing', () => {
    const rules = [{ type: 'loadByInterval', interval: '2024-01-01/2024-01-02', tieredReplicants: { t: 1 } }];
    const standing = judge(
      [used('old', day1, 'v1'), used('wide', '2023-12-01/2024-02-01', 'v2')],
      ['old'],
      [],
      rules,
    );
    expect(shadows(standing)).to.deep.equal(['old published', 'wide no']);
    expect(shown(standing)).to.deep.equal(['old', 'wide (not yet)']);
  });

  it('tells only what changed', () => {
    const before = judge([used('a', day1, 'v1'), used('b', '2024-01-02/P1D', 'v1')], ['b']).expected;
    const next = judge([used('a', day1, 'v1'), used('c', '2024-01-03/P1D', 'v1')], ['a']).expected;
    expect(expectedDelta(before, next)).to.deep.equal({
      changed: [
        { id: 'a', json: 'a', queryable: true },
        { id: 'c', json: 'c', queryable: false },
      ],
      removed: ['b'],
    });
  });
});
