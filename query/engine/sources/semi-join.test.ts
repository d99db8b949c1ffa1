import { expect } from 'chai';
import { parseInline } from '../../native/inline.js';
import { askOf, objectColumn } from '../test-answers.js';
import { parseJoinCondition } from './join-condition.js';
import { mentions, semiJoinFilter } from './semi-join.js';

const right = (columnTypes: string[], rows: unknown[][]): Readonly<Record<string, unknown>> => {
  const columnNames = ['k', 'w'].slice(0, columnTypes.length);
  return { type: 'inline', columnNames, columnTypes, rows };
};

describe('inner joins that only keep rows', () => {
  const filterOf = (condition: string, type: string, values: unknown[]): unknown => {
    const { frame } = parseInline(
      right(
        [type],
        values.map((value) => [value]),
      ),
      'right',
    );
    return semiJoinFilter(parseJoinCondition(condition, 'r.', 'right'), frame);
  };

  it('ask for the values of the right side, each of which it has once', () => {
    const onTags = 'tags == "r.k"';
    const among = (...values: (string | null)[]): object => ({ type: 'in', dimension: 'tags', values });
    for (const [condition, type, values, wanted] of [
      [onTags, 'STRING', ['a', null, 'b'], among('a', 'b')],
      ['notdistinctfrom(tags, "r.k")', 'STRING', ['a', null], among('a', null)],
      [onTags, 'LONG', [1, 20], among('1', '20')],
      [onTags, 'STRING', [null], { type: 'false' }],
      [onTags, 'STRING', ['a', 'a'], undefined],
      [onTags, 'DOUBLE', [1.5], undefined],
      ['upper(tags) == "r.k"', 'STRING', ['A'], undefined],
      ['tags == "r.k" && city == "r.k"', 'STRING', ['A'], undefined],
    ] as const)
      expect(filterOf(condition, type, [...values]), `${condition} ${type}`).to.deep.equal(wanted);
  });

  it('are those of queries that name no column of the right side', () => {
    for (const [query, wanted] of [
      [{ dimensions: [{ dimension: 'city' }], source: 'r.k', context: { a: 'r.k' } }, false],
      [{ dimensions: [{ dimension: 'r.k' }] }, true],
      [{ virtualColumns: [{ expression: 'concat("r.k", 1)' }] }, true],
      [{ filter: { type: 'packed', bytes: new SharedArrayBuffer(1) } }, true],
      [{ limit: 5n, having: null }, false],
    ] as const)
      expect(mentions(query, 'r.')).to.equal(wanted);
  });
});

const ask = askOf({
  __time: { kind: 'long', values: [0n, 1n, 2n] },
  doc: objectColumn('json', [{ a: 1 }, true, null]),
  tags: { kind: 'strings', values: [['a', 'b'], ['b'], []] },
});

describe('what rows have beside single values', () => {
  it('documents equal nothing', async () => {
    const join = { type: 'join', left: 't', rightPrefix: 'r.', right: right(['STRING'], [['a'], ['true']]) };
    for (const [joinType, n] of [
      ['INNER', 0],
      ['LEFT', 3],
    ] as const) {
      const dataSource = { ...join, joinType, condition: 'doc == "r.k" && tags == "r.k"' };
      const query = { queryType: 'timeseries', dataSource, aggregations: [{ type: 'count', name: 'n' }] };
      expect(await ask(query)).to.have.deep.nested.property('[0].result', { n });
    }
  });

  it('rows without values, filtered or not, are in no group of a topN', async () => {
    const vt = { type: 'mv-filtered', name: 'v', delegate: 'tags', values: ['a'], isAllowList: false };
    const query = { queryType: 'topN', dimension: 'v', metric: 'n', threshold: 5, virtualColumns: [vt] };
    expect(
      await ask({ ...query, aggregations: [{ type: 'count', name: 'n' }] }),
    ).to.have.deep.nested.property('[0].result', [{ v: 'b', n: 2 }]);
  });
});
