import { expect } from 'chai';
import { askOf } from '../test-answers.js';

/** The earlier of two segments lacks `number`. */
const ask = askOf(
  {
    __time: { kind: 'long', values: [0n, 1n] },
    text: { kind: 'string', values: ['a', 'b'] },
  },
  {
    __time: { kind: 'long', values: [2n, 3n] },
    text: { kind: 'string', values: ['a', 'b'] },
    number: { kind: 'long', values: [7n, 8n] },
  },
);

const aggregations = [
  { type: 'longFirst', name: 'first', fieldName: 'number' },
  { type: 'longLast', name: 'last', fieldName: 'number' },
  { type: 'longAny', name: 'any', fieldName: 'number' },
  { type: 'stringAny', name: 'text', fieldName: 'text' },
];

async function series(body: object, handles: readonly number[]): Promise<unknown> {
  const [bucket] = (await ask({ queryType: 'timeseries', aggregations, ...body }, handles)) as {
    result: unknown;
  }[];
  return bucket?.result;
}

describe('aggregators of a column that a segment lacks', () => {
  const nullFirst = { first: null, last: 8, any: null, text: 'a' };
  for (const [name, body, result] of [
    ['count its rows as nulls on vectors', {}, nullFirst],
    [
      'pass over its rows one by one, but for any',
      { context: { vectorize: false } },
      { ...nullFirst, first: 7 },
    ],
    [
      'begin at the end of a descending query',
      { descending: true },
      { first: 7, last: 8, any: 8, text: 'b' },
    ],
  ] as const) {
    it(`${name}, whichever segment is done first`, async () => {
      expect(await series(body, [0, 1])).to.deep.equal(result);
      expect(await series(body, [1, 0])).to.deep.equal(result);
    });
  }

  it('have no sketch where no segment has one, but for groups', async () => {
    const sketch = { type: 'hyperUnique', name: 'h', fieldName: 'nosuch' };
    const unfinished = { aggregations: [sketch], context: { finalize: false, resultAsArray: true } };
    expect(await series(unfinished, [0, 1])).to.deep.equal({ h: null });
    expect(await series({ aggregations: [sketch] }, [0, 1])).to.deep.equal({ h: 0 });
    const grouped = await ask({ queryType: 'groupBy', dimensions: ['text'], ...unfinished });
    expect(grouped).to.deep.equal([
      ['a', 'AQAAAAAAAA=='],
      ['b', 'AQAAAAAAAA=='],
    ]);
  });
});
