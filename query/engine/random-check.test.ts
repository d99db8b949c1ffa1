import { expect } from 'chai';
import { checkRandom } from './random-check.js';
import { judge } from './reference/judge.js';
import type { AskedGroupBy, AskedScan } from './reference/asked.js';
import { answerTable } from './reference/answer-table.js';
import type { World } from './reference/table.js';

describe('random schemas, rows and queries against a row-at-a-time evaluation', function () {
  this.timeout(300_000);
  it('answers the same (the seed of a failure stands in its message)', async () => {
    for (let seed = 1; seed <= 100; seed++) await checkRandom(seed, 4);
  });
});

describe('the judge of answers', () => {
  const rows = [
    { __time: 1n, c: 'a', n: 1n },
    { __time: 2n, c: 'b', n: 1n },
    { __time: 3n, c: 'b', n: 5n },
    { __time: 4n, c: null, n: 1n },
  ];
  const kinds = { __time: 'long', c: 'string', n: 'long' } as const;
  const world: World = {
    tables: new Map([['t', { kinds, rows }]]),
    answerOf: (query) => answerTable(query, world),
  };
  const base = { dataSource: 't', intervals: ['1970-01-01T00:00:00Z/1970-01-02T00:00:00Z'] };
  const groupBy: AskedGroupBy = {
    queryType: 'groupBy',
    ...base,
    granularity: 'all',
    dimensions: [{ type: 'default', dimension: 'c', outputName: 'c', outputType: 'STRING' }],
    aggregations: [
      { type: 'longSum', name: 's', fieldName: 'n' },
      { type: 'longAny', name: 'x', fieldName: 'n', maxStringBytes: 0, aggregateMultipleValues: true },
    ],
    postAggregations: [],
    limitSpec: {
      type: 'default',
      columns: [{ dimension: 's', direction: 'ascending', dimensionOrder: 'numeric' }],
      limit: 2,
      offset: 0,
    },
  };
  const group = (c: string | null, s: number, x: number) => ({ event: { c, s, x } });

  it('takes any of equal rows, in any order, once each', () => {
    judge(groupBy, [group('a', 1, 1), group(null, 1, 1)], world);
    judge(groupBy, [group(null, 1, 1), group('a', 1, 1)], world);
    const wrong = (answer: unknown, words: string): void => {
      expect(() => judge(groupBy, answer, world)).to.throw(words);
    };
    wrong([group('a', 1, 1), group('a', 1, 1)], 'should not be there');
    wrong([group('a', 1, 1), group('b', 6, 1)], 'not in its place');
    wrong([group('a', 1, 1)], '1 instead of 2');
    wrong([group('a', 1, 1), group(null, 1, 2)], '.x: 2 instead of one of 1');
    wrong([group('a', 1, 1), group(null, 2, 1)], '.s: 2 instead of 1');
  });

  it('takes any rows that a limit may leave, in the order asked', () => {
    const scan: AskedScan = {
      queryType: 'scan',
      ...base,
      columns: ['c', 'n'],
      limit: 2,
      offset: 0,
      order: 'none',
      resultFormat: 'compactedList',
    };
    const entry = (...events: readonly unknown[]) => [{ columns: ['c', 'n'], events }];
    judge(scan, entry(['b', 5], ['a', 1]), world);
    expect(() => judge(scan, entry(['b', 5], ['b', 5]), world)).to.throw('should not be there');
    const ordered: AskedScan = { ...scan, columns: ['__time', 'c'], order: 'descending' };
    judge(
      ordered,
      [
        {
          columns: ['__time', 'c'],
          events: [
            [4, null],
            [3, 'b'],
          ],
        },
      ],
      world,
    );
    expect(() =>
      judge(
        ordered,
        [
          {
            columns: ['__time', 'c'],
            events: [
              [3, 'b'],
              [4, null],
            ],
          },
        ],
        world,
      ),
    ).to.throw('not in its place');
  });
});
