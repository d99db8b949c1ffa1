import { expect } from 'chai';
import type { Filter } from '../../query/native/model.js';
import type { ShardSpec } from '../../segment/timeline/shard-spec.js';
import { mayMatch } from './prune.js';

const single = (start: string | null, end: string | null): ShardSpec => ({
  type: 'single',
  dimension: 'd',
  start,
  end,
  partitionNum: 0,
  numCorePartitions: 3,
});
const range = (start: string | null, end: string | null): ShardSpec => ({
  type: 'range',
  dimensions: ['d', 'e'],
  start: start === null ? null : [start, 'x'],
  end: end === null ? null : [end, 'x'],
  partitionNum: 0,
  numCorePartitions: 3,
});
const is = (value: string | null, dimension = 'd'): Filter => ({ type: 'selector', dimension, value });
const bound = (lower: string | undefined, upper: string | undefined): Filter => ({
  type: 'bound',
  dimension: 'd',
  lower,
  upper,
  lowerStrict: false,
  upperStrict: false,
  ordering: 'lexicographic',
});

describe('pruning partitions', () => {
  const cases: readonly (readonly [string, ShardSpec, Filter | undefined, boolean])[] = [
    ['no filter', single('f', 'm'), undefined, true],
    ['inside', single('f', 'm'), is('g'), true],
    ['before', single('f', 'm'), is('a'), false],
    ['behind', single('f', 'm'), is('z'), false],
    ['another dimension', single('f', 'm'), is('a', 'x'), true],
    ['null lies in the first', single(null, 'm'), is(null), true],
    ['null lies nowhere else', single('f', 'm'), is(null), false],
    ['several dimensions: both ends belong to it', range('f', 'm'), is('m'), true],
    ['in, one fits', single('f', 'm'), { type: 'in', dimension: 'd', values: ['a', 'k'] }, true],
    ['in, none fits', single('f', 'm'), { type: 'in', dimension: 'd', values: ['a', 'z', null] }, false],
    ['bound touches', single('f', 'm'), bound('a', 'f'), true],
    ['bound beside', single('f', 'm'), bound('n', undefined), false],
    ['bound without a lower limit takes null along', single(null, 'b'), bound(undefined, ''), true],
    [
      'and: one side is enough to exclude',
      single('f', 'm'),
      { type: 'and', fields: [is('a'), is('q', 'x')] },
      false,
    ],
    ['or: both sides must exclude', single('f', 'm'), { type: 'or', fields: [is('a'), is('g')] }, true],
    ['or with an unknown side', single('f', 'm'), { type: 'or', fields: [is('a'), is('q', 'x')] }, true],
    ['or of two that exclude', range('f', 'm'), { type: 'or', fields: [is('a'), is('z')] }, false],
    ['not says nothing', single('f', 'm'), { type: 'not', field: is('g') }, true],
    ['false', single('f', 'm'), { type: 'false' }, false],
    [
      'numbered partitions hold anything',
      { type: 'numbered', partitionNum: 0, partitions: 1 },
      is('a'),
      true,
    ],
    [
      'numbers in a string column say nothing',
      single('f', 'm'),
      { type: 'equals', column: 'd', matchValueType: 'LONG', matchValue: 1n },
      true,
    ],
  ];
  for (const [name, spec, filter, want] of cases) {
    it(name, () => expect(mayMatch(spec, filter)).to.equal(want));
  }
});
