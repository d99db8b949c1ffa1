import { expect } from 'chai';
import type { Frame } from '../frame.js';
import { TextSink } from '../json/write.js';
import { DictionaryBuilder } from '../merge/dictionary.js';
import { parseNativeQuery } from '../native/parse.js';
import { renderResult } from './render.js';

function textColumn(name: string, texts: readonly string[]) {
  const builder = new DictionaryBuilder();
  const values = Uint32Array.from(texts, (text) => builder.addText(text));
  return { name, type: 'STRING', values, dictionary: builder.build() } as const;
}

const merged: Frame = {
  rows: 3,
  // As all of the query's dimensions group it: sets of them still have to be grouped.
  isMerged: true,
  columns: [
    { name: '__bucket', type: 'LONG', values: new BigInt64Array(3) },
    textColumn('a', ['x', 'x', 'y']),
    textColumn('b', ['1', '2', '2']),
    { name: 'n', type: 'LONG', values: BigInt64Array.of(1n, 2n, 4n) },
    { name: 'g', type: 'LONG', values: new BigInt64Array(3) },
  ],
};

function answer(more: object, frame: Frame): unknown[][] {
  const body = {
    queryType: 'groupBy',
    dataSource: 't',
    intervals: '2024/2025',
    granularity: 'all',
    dimensions: ['a', 'b'],
    aggregations: [
      { type: 'count', name: 'n' },
      { type: 'grouping', name: 'g', groupings: ['a', 'b'] },
    ],
    context: { resultAsArray: true },
    ...more,
  };
  const sink = new TextSink();
  renderResult(parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 }), frame, sink);
  return JSON.parse(sink.text) as unknown[][];
}

describe('subtotals', () => {
  it('groups by each set in turn', () => {
    expect(answer({ subtotalsSpec: [['a', 'b'], ['a'], []] }, merged)).to.deep.equal([
      ['x', '1', 1, 0],
      ['x', '2', 2, 0],
      ['y', '2', 4, 0],
      ['x', null, 3, 1],
      ['y', null, 4, 1],
      [null, null, 7, 3],
    ]);
    expect(answer({}, merged).map((row) => row[3])).to.deep.equal([0, 0, 0]);
  });

  it('orders and limits the rows of all sets together, sets in turn where they are equal', () => {
    const subtotalsSpec = [['a', 'b'], ['b'], ['a'], []];
    const byCount = { dimension: 'n', direction: 'descending' };
    const limitSpec = { type: 'default', columns: [byCount], limit: 4, offset: 1 };
    expect(answer({ subtotalsSpec, limitSpec }, merged)).to.deep.equal([
      [null, '2', 6, 2],
      ['y', '2', 4, 0],
      ['y', null, 4, 1],
      ['x', null, 3, 1],
    ]);
    const byName = { type: 'default', columns: ['b', 'a'] };
    expect(answer({ subtotalsSpec: [['a'], ['a', 'b']], limitSpec: byName }, merged)).to.deep.equal([
      ['x', null, 3, 1],
      ['y', null, 4, 1],
      ['x', '1', 1, 0],
      ['x', '2', 2, 0],
      ['y', '2', 4, 0],
    ]);
    const having = { type: 'greaterThan', aggregation: 'n', value: 3 };
    expect(answer({ subtotalsSpec, having, limitSpec: { type: 'default', limit: 3 } }, merged)).to.deep.equal(
      [
        ['y', '2', 4, 0],
        [null, '2', 6, 2],
        ['y', null, 4, 1],
      ],
    );
  });

  it('leaves dimensions null that a set does not have; what is made of groups is made of these nulls, too', () => {
    const last = (isOneToOne: boolean): unknown => {
      const extractionFn = {
        type: 'lookup',
        lookup: { type: 'map', map: { x: 'X' }, isOneToOne },
        replaceMissingValueWith: '?',
      };
      const a = { type: 'extraction', dimension: 'a', outputName: 'a', extractionFn };
      const more = { dimensions: [a, 'b'], aggregations: [{ type: 'count', name: 'n' }] };
      return answer({ ...more, subtotalsSpec: [['a'], []] }, merged).at(-1);
    };
    expect(last(false)).to.deep.equal([null, null, 7]);
    expect(last(true)).to.deep.equal(['?', null, 7]);
  });

  it('names columns, not outputs, in groupings; without subtotals everything is grouped by', () => {
    const dimensions = ['a', { type: 'default', dimension: 'b', outputName: 'c' }];
    const aggregations = [{ type: 'grouping', name: 'g', groupings: ['a', 'b', 'c'] }];
    const columns = merged.columns.map((column) => (column.name === 'b' ? { ...column, name: 'c' } : column));
    const frame = { ...merged, columns };
    const sets = { dimensions, aggregations, subtotalsSpec: [['a', 'c'], ['c']] };
    expect(new Set(answer(sets, frame).map((row) => row[2]))).to.deep.equal(new Set([1, 5]));
    expect(answer({ dimensions, aggregations }, frame).map((row) => row[2])).to.deep.equal([0, 0, 0]);
  });

  it('answers one group when nothing is grouped by and nothing matched', () => {
    const none: Frame = { rows: 0, columns: [] };
    const aggregations = [
      { type: 'count', name: 'n' },
      { type: 'longSum', name: 's', fieldName: 'x' },
    ];
    expect(answer({ dimensions: [], aggregations }, none)).to.deep.equal([[0, null]]);
    expect(answer({}, none)).to.deep.equal([]);
  });

  it('refuses sets that are no part of the dimensions', () => {
    expect(() => answer({ subtotalsSpec: [['c']] }, merged)).to.throw('subset of the dimensions');
  });

  it('groups by whole arrays, ordered element by element', () => {
    const builder = new DictionaryBuilder();
    const values = Uint32Array.from(['[10]', '[9,1]', '[9]', '[9]', '[]', '[null]'], (text) =>
      builder.addText(text),
    );
    const arrays: Frame = {
      rows: 6,
      columns: [
        { name: '__bucket', type: 'LONG', values: new BigInt64Array(6) },
        {
          name: 'a',
          type: 'COMPLEX',
          complexType: 'ARRAY<LONG>',
          values,
          dictionary: builder.build(),
          nulls: Uint8Array.of(0),
        },
        { name: 'n', type: 'LONG', values: new BigInt64Array(6).fill(1n) },
      ],
    };
    const more = {
      dimensions: [{ type: 'default', dimension: 'x', outputName: 'a', outputType: 'ARRAY<LONG>' }],
      aggregations: [{ type: 'count', name: 'n' }],
      subtotalsSpec: [['a']],
    };
    expect(answer(more, arrays)).to.deep.equal([
      [[], 1],
      [[null], 1],
      [[9], 2],
      [[9, 1], 1],
      [[10], 1],
    ]);
  });
});
