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

const tuples = (start: (string | null)[] | null, end: (string | null)[] | null): ShardSpec => ({
  type: 'range',
  dimensions: ['d', 'e'],
  start,
  end,
  partitionNum: 0,
  numCorePartitions: 3,
});
const hashed = (
  bucketId: number,
  partitionDimensions = ['d'],
  partitionFunction: string | null = 'murmur3_32_abs',
): ShardSpec => ({
  type: 'hashed',
  partitionNum: 0,
  partitions: 3,
  bucketId,
  numBuckets: 3,
  partitionDimensions,
  partitionFunction,
});
const both = (d: string, e: string): Filter => ({ type: 'and', fields: [is(d), is(e, 'e')] });

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
    ['not leaves the rest', single('f', 'm'), { type: 'not', field: is('g') }, true],
    ['not of all it holds', single('f', 'm'), { type: 'not', field: bound('f', 'm') }, false],
    [
      'not of a filter that says more',
      single('f', 'm'),
      { type: 'not', field: { type: 'and', fields: [bound('f', 'm'), is('q', 'x')] } },
      true,
    ],
    ['false', single('f', 'm'), { type: 'false' }, false],
    ['second dimension: before the start', tuples(['c', 'k'], ['m', 'm']), both('c', 'a'), false],
    ['second dimension: behind the start', tuples(['c', 'k'], ['m', 'm']), both('c', 'z'), true],
    ['second dimension: behind the end', tuples(['c', 'k'], ['m', 'm']), both('m', 'n'), false],
    ['second dimension: between, nothing is said', tuples(['c', 'k'], ['m', 'm']), both('d', 'a'), true],
    ['second dimension: both ends alike', tuples(['c', 'a'], ['c', 'f']), both('c', 'g'), false],
    ['second dimension: null at the end', tuples(['c', null], ['c', null]), is('c'), true],
    ['second dimension alone', tuples(['c', 'k'], ['m', 'm']), is('a', 'e'), true],
    // The bucket of [["x"]] of three is 2.
    ['hashed: its bucket', hashed(2), is('x'), true],
    ['hashed: another bucket', hashed(0), is('x'), false],
    ['hashed: null may be anywhere', hashed(0), is(null), true],
    ['hashed: a range may be anywhere', hashed(0), bound('a', 'b'), true],
    ['hashed: one dimension of two is free', hashed(0, ['d', 'e']), is('x'), true],
    ['hashed: the whole row', hashed(0, []), is('x'), true],
    ['hashed: unknown function', hashed(0, ['d'], null), is('x'), true],
    [
      'hashed: nothing can pass, which no bucket tells',
      hashed(0),
      { type: 'in', dimension: 'd', values: [] },
      true,
    ],
    [
      'an extraction function says nothing',
      single('f', 'm'),
      { ...is('a'), extractionFn: { type: 'upper' } } as unknown as Filter,
      true,
    ],
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
    it(name, () => expect(mayMatch(filter)(spec)).to.equal(want));
  }

  it('reads a filter once, however many partitions there are', () => {
    let reads = 0;
    const values = Array.from({ length: 2000 }, (_, i) => `v${i}`);
    const filter: Filter = {
      type: 'in',
      dimension: 'd',
      get values() {
        reads++;
        return values;
      },
    };
    const isAsked = mayMatch(filter);
    const bounds = ['a', 'u', 'v', 'v1', 'v1000', 'v1999', 'v20', 'v9990', 'w', 'x'];
    const kept = bounds.filter((text, i) => isAsked(single(text, bounds[i + 1] ?? null)));
    expect(kept).to.deep.equal(['v', 'v1', 'v1000', 'v1999', 'v20']);
    for (let bucket = 0; bucket < 3; bucket++) expect(isAsked(hashed(bucket))).to.equal(true);
    expect(reads).to.be.at.most(2);
  });
});
