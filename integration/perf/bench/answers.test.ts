import { expect } from 'chai';
import { difference } from './answers.js';
import type { BenchQuery } from './queries.js';

const query = { keys: 1 } as BenchQuery;
const right = [
  ['a', 10, 0.1],
  ['b', 20, null],
  ['c', 30, 1e12],
] as const;
const rows = (): (string | number | null)[][] => right.map((row) => [...row]);

describe('answers of two engines', () => {
  it('are the same in any order, sums but for their rounding', () => {
    expect(difference(query, rows(), rows().reverse())).to.equal(undefined);
    const rounded = rows();
    rounded[2] = ['c', 30, 1e12 + 1e-3];
    expect(difference(query, rounded, rows())).to.equal(undefined);
  });

  for (const [what, change] of Object.entries<(own: (string | number | null)[][]) => void>({
    'a row too few': (own) => own.pop(),
    'a row too many': (own) => own.push(['d', 1, 1]),
    'a row twice in the place of another': (own) => (own[1] = [...(own[0] ?? [])]),
    'another key': (own) => (own[1] = ['x', 20, null]),
    'a count off by one': (own) => (own[1] = ['b', 21, null]),
    'a sum a little off': (own) => (own[2] = ['c', 30, 1e12 + 1e5]),
    'null where there is a number': (own) => (own[0] = ['a', 10, null]),
    'a number where there is null': (own) => (own[1] = ['b', 20, 0]),
  })) {
    it(`differ by ${what}`, () => {
      const own = rows();
      change(own);
      expect(difference(query, own, rows())).to.be.a('string');
    });
  }

  it('of the best may end with others that are as good as the last', () => {
    const best: BenchQuery = { ...query, isTop: true };
    const other = [['a', 30], ['b', 20], ['c', 20]]; // prettier-ignore
    expect(
      difference(
        best,
        [
          ['a', 30],
          ['b', 20],
          ['d', 20],
        ],
        other,
      ),
    ).to.equal(undefined);
    expect(
      difference(
        best,
        [
          ['a', 30],
          ['e', 25],
          ['d', 20],
        ],
        other,
      ),
    ).to.be.a('string');
  });
});
