import { expect } from 'chai';
import { askOf, objectColumn } from '../test-answers.js';

const ask = askOf({
  __time: { kind: 'long', values: [0n, 1n, 2n, 3n, 4n] },
  number: { kind: 'long', values: [2n, 1n, null, 1n, 10n] },
  text: { kind: 'string', values: ['b', 'a', null, 'a', 'b'] },
  doc: objectColumn('json', [{ a: 1 }, 'x', null, 'x', 2.5]),
});

const aggregations = [{ type: 'count', name: 'n' }];
const context = { resultAsArray: true };
const virtualColumns = [
  { type: 'expression', name: 'v', expression: "json_object('a', number)", outputType: 'COMPLEX<json>' },
];
const objects = [10, 1, 2, null].map((a) => [{ a }, a === 1 ? 2 : 1] as const);
const texts = objects.map(([{ a }, n]) => [`{a=${a}}`, n] as const);

async function groups(dimension: string, outputType: string | undefined): Promise<unknown> {
  const spec = { type: 'default', dimension, outputName: 'd', outputType };
  return await ask({ queryType: 'groupBy', dimensions: [spec], aggregations, virtualColumns, context });
}

describe('documents as dimensions', () => {
  for (const [name, dimension, outputType, wanted] of [
    ['that are made have Java texts', 'v', undefined, texts],
    ['are groups as such: objects', 'v', 'COMPLEX<json>', objects],
    ['that are stored have no texts', 'doc', undefined, [[null, 5]]],
    [
      'are groups as such: nothing, texts, numbers, objects',
      'doc',
      'COMPLEX<json>',
      [
        [null, 1],
        ['x', 2],
        [2.5, 1],
        [{ a: 1 }, 1],
      ],
    ],
    [
      'are values of other columns, too',
      'number',
      'complex<json>',
      [
        [null, 1],
        [1, 2],
        [2, 1],
        [10, 1],
      ],
    ],
  ] as const) {
    it(name, async () => {
      expect(await groups(dimension, outputType)).to.deep.equal(wanted);
    });
  }

  it('that are made are texts to topN and to filters of texts', async () => {
    const topN = { queryType: 'topN', dimension: 'v', metric: 'n', threshold: 2 };
    expect(await ask({ ...topN, aggregations, virtualColumns })).to.have.deep.nested.property('[0].result', [
      { v: '{a=1}', n: 2 },
      { v: '{a=10}', n: 1 },
    ]);
    for (const [filter, n] of [
      [{ type: 'selector', dimension: 'v', value: '{a=1}' }, 2],
      [{ type: 'like', dimension: 'v', pattern: '%=1%' }, 3],
      [{ type: 'not', field: { type: 'in', dimension: 'v', values: ['{a=1}'] } }, 3],
    ] as const) {
      const series = { queryType: 'timeseries', filter, aggregations, virtualColumns };
      expect(await ask(series)).to.have.deep.nested.property('[0].result', { n });
    }
  });

  it('are documents to post-aggregators', async () => {
    const spec = { type: 'default', dimension: 'v', outputName: 'd', outputType: 'COMPLEX<json>' };
    const postAggregations = [{ type: 'expression', name: 'p', expression: "json_value(d, '$.a')" }];
    const query = {
      queryType: 'groupBy',
      dimensions: [spec],
      aggregations,
      virtualColumns,
      postAggregations,
    };
    const rows = (await ask({ ...query, context })) as unknown[][];
    expect(rows.map((row) => row[2])).to.deep.equal([10, 1, 2, null]);
  });
});
