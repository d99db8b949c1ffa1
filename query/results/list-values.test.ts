import { expect } from 'chai';
import { askOf } from '../engine/test-answers.js';
import type { Value } from '../expression/value.js';
import { columnOutput, type Output } from './output.js';
import { outputFrame } from './output-frame.js';

const ask = askOf({
  __time: { kind: 'long', values: [0n, 1n, 2n, 3n] },
  text: { kind: 'string', values: ['a', 'a', 'b', 'c'] },
  number: { kind: 'long', values: [2n, 1n, 3n, 9n] },
});

const fold = {
  type: 'expression',
  name: 'l',
  fields: ['number'],
  initialValue: 'ARRAY<LONG>[]',
  fold: 'array_set_add(__acc, number)',
  combine: 'array_set_add_all(__acc, l)',
};
const context = { resultAsArray: true };

async function names(body: object): Promise<unknown> {
  const topN = { queryType: 'topN', dimension: 'text', threshold: 3, aggregations: [fold] };
  const [bucket] = (await ask({ ...topN, ...body })) as { result: { text: string }[] }[];
  return bucket?.result.map(({ text }) => text);
}

describe('lists as values of aggregators', () => {
  it('are lists to post-aggregators', async () => {
    const postAggregations = [
      ['length', 'array_length(l)'],
      ['second', 'array_offset(l, 1)'],
      ['more', 'map((x) -> x + 1, l)'],
      ['after', "array_to_string(more, '+')"],
    ].map(([name, expression]) => ({ type: 'expression', name, expression }));
    const [bucket] = (await ask({ queryType: 'timeseries', aggregations: [fold], postAggregations })) as {
      result: unknown;
    }[];
    const [l, more] = [
      [1, 2, 3, 9],
      [2, 3, 4, 10],
    ];
    expect(bucket?.result).to.deep.equal({ l, length: 4, second: 2, more, after: '2+3+4+10' });
  });

  for (const [filter, kept] of [
    [{ type: 'expression', expression: 'array_length(l) > 1' }, ['a']],
    [
      { type: 'arrayContainsElement', column: 'l', elementMatchValueType: 'LONG', elementMatchValue: 3 },
      ['b'],
    ],
    [{ type: 'equals', column: 'l', matchValueType: 'ARRAY<LONG>', matchValue: [9] }, ['c']],
    [{ type: 'range', column: 'l', matchValueType: 'ARRAY<LONG>', lower: [2] }, ['b', 'c']],
  ] as const) {
    it(`are lists to having filters: ${filter.type}`, async () => {
      const having = { type: 'filter', filter };
      const query = { queryType: 'groupBy', dimensions: ['text'], aggregations: [fold], having, context };
      expect(((await ask(query)) as unknown[][]).map(([text]) => text)).to.deep.equal(kept);
    });
  }

  it('are in order element by element, or as the aggregator compares, before they are finished', async () => {
    expect(await names({ metric: 'l' })).to.deep.equal(['c', 'b', 'a']);
    expect(await names({ metric: { type: 'inverted', metric: 'l' } })).to.deep.equal(['a', 'b', 'c']);
    const byLength = { ...fold, compare: 'array_length(o1) - array_length(o2)' };
    expect(await names({ metric: 'l', aggregations: [byLength] })).to.deep.equal(['a', 'b', 'c']);
    const finished = { ...fold, finalize: '0 - array_offset(o, 0)' };
    expect(await names({ metric: 'l', aggregations: [finished] })).to.deep.equal(['c', 'b', 'a']);
  });

  it('are columns of their type to the query around', () => {
    const values: Value[] = [
      { type: 'ARRAY<LONG>', value: [1n, null] },
      { type: 'ARRAY<STRING>', value: null },
    ];
    const at = (row: number): Value => values[row] ?? { type: 'STRING', value: null };
    const list: Output = {
      name: 'l',
      type: 'COMPLEX',
      at: () => null,
      json: () => '',
      exprType: 'ARRAY<DOUBLE>',
      value: at,
    };
    const [column] = outputFrame({ rows: 2, columns: [] }, Uint32Array.of(0, 1), undefined, [list]).columns;
    if (column === undefined) throw new Error('no column');
    const read = columnOutput(column);
    expect([read.exprType, read.json(0), read.json(1)]).to.deep.equal([
      'ARRAY<DOUBLE>',
      '[1.0,null]',
      'null',
    ]);
    expect(read.value?.(0)).to.deep.equal({ type: 'ARRAY<DOUBLE>', value: [1, null] });
  });
});
