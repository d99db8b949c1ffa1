/** Sources whose rows stand in the query: no segment is needed. */
import { expect } from 'chai';
import { createArena } from '../../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../../segment/kernels/load.js';
import type { Frame } from '../../frame.js';
import { TextSink } from '../../json/write.js';
import { mergePartials } from '../../merge.js';
import { parseNativeQuery } from '../../native/parse.js';
import { renderResult } from '../../results/render.js';
import { createInlinePool } from '../inline-pool.js';
import { inlineHandle } from './apply.js';

const pool = createInlinePool({
  kernels: instantiateKernels(compileKernels(), createArena({ maximumBytes: 1 << 26 })),
  open: () => {
    throw new Error('there are no segments');
  },
  clock: { now: () => 0, monotonic: () => 0 },
});

async function answer(body: unknown): Promise<unknown> {
  const query = parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
  const refs = [{ segmentId: '', handle: inlineHandle, intervals: query.intervals }];
  const parts: Frame[] = [];
  for await (const { frame } of pool.scanSegments(query, refs)) parts.push(frame);
  const sink = new TextSink();
  renderResult(query, mergePartials(query, parts), sink);
  return JSON.parse(sink.text);
}

const eternity = '-146136543-09-08T08:23:32.096Z/146140482-04-24T15:36:27.903Z';
const counts = [{ type: 'count', name: 'rows' }];

describe('data sources: rows in memory', () => {
  const mixed = {
    type: 'inline',
    columnNames: ['a', 'b', 'c', 'd', 'l'],
    rows: [
      [1, 'x', true, [1, 'a'], [1, 2]],
      ['t', 2.5, 'q', 3, null],
      [2.5, null, 5, { k: 1 }, [3]],
      [null, 7, null, null, null],
    ],
  };

  it('without types values of several kinds stay what they are, and a column nobody has is of no type', async () => {
    const answered = (await answer({
      queryType: 'scan',
      dataSource: mixed,
      intervals: eternity,
      columns: [...mixed.columnNames, 'nope'],
      resultFormat: 'compactedList',
    })) as { events: unknown[]; rowSignature: unknown[] }[];
    expect(answered[0]?.events).to.deep.equal(mixed.rows.map((row) => [...row, null]));
    const names = [...mixed.columnNames, 'nope'].map((name) => ({ name }));
    expect(answered[0]?.rowSignature).to.deep.equal(names);
  });

  it('values of several kinds are grouped and filtered as texts, summed as numbers, and joined by', async () => {
    const query = {
      queryType: 'groupBy',
      intervals: eternity,
      granularity: 'all',
      aggregations: [{ type: 'doubleSum', name: 's', fieldName: 'b' }],
      context: { resultAsArray: true },
    };
    expect(await answer({ ...query, dataSource: mixed, dimensions: ['a', 'c'] })).to.deep.equal([
      [null, null, 7],
      // Text that is no number is null where nobody tells the type.
      ['1', 'true', null],
      ['2.5', '5', null],
      ['t', 'q', 2.5],
    ]);
    const filter = { type: 'in', dimension: 'a', values: ['1', 't'] };
    expect(await answer({ ...query, dataSource: mixed, dimensions: ['a'], filter })).to.deep.equal([
      ['1', null],
      ['t', 2.5],
    ]);
    const dataSource = {
      type: 'join',
      left: { type: 'inline', columnNames: ['k'], rows: [['1'], ['t'], ['u']] },
      right: mixed,
      rightPrefix: 'r.',
      condition: 'k == "r.a"',
      joinType: 'INNER',
    };
    expect(await answer({ ...query, dataSource, dimensions: ['k', 'r.c'], aggregations: [] })).to.deep.equal([
      ['1', 'true'],
      ['t', 'q'],
    ]);
  });

  it('what is asked of the left side, and made of it, leaves right rows that meet nothing as they are', async () => {
    const answered = (await answer({
      queryType: 'groupBy',
      dataSource: {
        type: 'join',
        left: { type: 'inline', columnNames: ['city'], rows: [['c1'], ['c3']] },
        right: { type: 'inline', columnNames: ['code'], rows: [['c1'], ['c3'], ['zz'], [null]] },
        rightPrefix: 'r.',
        condition: 'city == "r.code"',
        joinType: 'RIGHT',
      },
      intervals: eternity,
      granularity: 'all',
      filter: { type: 'selector', dimension: 'city', value: 'c1' },
      virtualColumns: [{ type: 'expression', name: 'v', expression: `nvl(city, 'none')` }],
      dimensions: [
        'r.code',
        'v',
        {
          type: 'extraction',
          dimension: 'city',
          outputName: 'x',
          extractionFn: { type: 'stringFormat', format: '[%s]' },
        },
      ],
      aggregations: [],
      context: { resultAsArray: true },
    })) as unknown[][];
    expect(answered).to.deep.equal([
      [null, null, null],
      ['c1', 'c1', '[c1]'],
      ['c3', null, null],
      ['zz', null, null],
    ]);
  });

  it('elements stay as they are, whatever a dimension asks for; null among rows in memory is none', async () => {
    const base = {
      type: 'inline',
      columnNames: ['s', 'a'],
      columnTypes: ['STRING', 'ARRAY<STRING>'],
      rows: [
        ['xx', ['pq', 'rs']],
        [null, ['pq', null]],
        ['', []],
      ],
    };
    const groups = (expression: string, dimension: unknown): Promise<unknown> =>
      answer({
        queryType: 'groupBy',
        dataSource: { type: 'unnest', base, virtualColumn: { type: 'expression', name: 'u', expression } },
        intervals: eternity,
        granularity: 'all',
        dimensions: [dimension],
        aggregations: counts,
        context: { resultAsArray: true },
      });
    const first = (dimension: string) => ({
      type: 'extraction',
      dimension,
      outputName: 'x',
      extractionFn: { type: 'substring', index: 0, length: 1 },
    });
    const whole = [
      [null, 1],
      ['pq', 2],
      ['rs', 1],
    ];
    expect(await groups('a', first('u'))).to.deep.equal(whole);
    expect(await groups('a', { type: 'listFiltered', delegate: 'u', values: ['pq'] })).to.deep.equal(whole);
    expect(await groups('a', first('s'))).to.deep.equal([
      [null, 2],
      ['x', 2],
    ]);
    expect(await groups('s', first('u'))).to.deep.equal([
      ['', 1],
      ['xx', 1],
    ]);
  });

  it('have no index: a bound that null fails is not unknown, so its negation holds', async () => {
    const rows = {
      type: 'inline',
      columnNames: ['k'],
      columnTypes: ['STRING'],
      rows: [['a'], [null], ['5']],
    };
    const other = { ...rows, columnNames: ['j'], rows: [['a'], ['5'], ['q']] };
    const filter = (dimension: string): object => ({
      type: 'not',
      field: { type: 'bound', dimension, lower: '1', upper: '9' },
    });
    const groups = { queryType: 'groupBy', intervals: eternity, granularity: 'all', aggregations: [] };
    const arrays = { context: { resultAsArray: true } };
    const plain = { ...groups, ...arrays, dataSource: rows, dimensions: ['k'], filter: filter('k') };
    expect(await answer(plain)).to.deep.equal([[null], ['a']]);
    const dataSource = {
      type: 'join',
      left: other,
      right: rows,
      rightPrefix: 'r.',
      condition: 'j == "r.k"',
      joinType: 'LEFT',
    };
    const joined = { ...groups, ...arrays, dataSource, dimensions: ['j'], filter: filter('r.k') };
    expect(await answer(joined)).to.deep.equal([['a'], ['q']]);
  });

  it('may be thinned out before they are joined, unions may not', async () => {
    const rows = { type: 'inline', columnNames: ['k'], rows: [['a'], ['b']] };
    const join = (left: unknown): object => ({
      queryType: 'groupBy',
      intervals: eternity,
      granularity: 'all',
      aggregations: [],
      dimensions: ['k'],
      context: { resultAsArray: true },
      dataSource: {
        type: 'join',
        left,
        right: rows,
        rightPrefix: 'r.',
        condition: 'k == "r.k"',
        joinType: 'LEFT',
        leftFilter: { type: 'selector', dimension: 'k', value: 'a' },
      },
    });
    expect(await answer(join(rows))).to.deep.equal([['a']]);
    const refused = await answer(join({ type: 'union', dataSources: ['t', 'u'] })).catch((e: unknown) => e);
    expect(refused).property('code', 'InvalidInput');
  });

  it('what is asked of joins is looked at where there are joins', async () => {
    const rows = { type: 'inline', columnNames: ['k'], rows: [['a']] };
    const scan = {
      queryType: 'scan',
      intervals: eternity,
      context: { enableJoinFilterPushDown: 1, enableJoinFilterRewrite: 'x', enableRewriteJoinToFilter: 2 },
    };
    expect(await answer({ ...scan, dataSource: rows })).to.have.lengthOf(1);
    const dataSource = {
      type: 'join',
      left: rows,
      right: rows,
      rightPrefix: 'r.',
      condition: 'k == "r.k"',
      joinType: 'INNER',
    };
    const refused = await answer({ ...scan, dataSource }).catch((error: unknown) => error);
    expect(refused).property('message').contains('enableJoinFilterPushDown');
  });

  it('texts that are no numbers, and whose type nobody tells, are null to sums', async () => {
    const aggregations = [
      { type: 'longSum', name: 's', fieldName: 'k' },
      { type: 'doubleMax', name: 'm', fieldName: 'k' },
    ];
    const sums = { queryType: 'timeseries', intervals: eternity, granularity: 'all', aggregations };
    const result = async (dataSource: object): Promise<unknown> =>
      ((await answer({ ...sums, dataSource })) as { result: unknown }[])[0]?.result;
    const texts = { type: 'inline', columnNames: ['k'], rows: [['x'], [null], ['y']] };
    expect(await result(texts)).to.deep.equal({ s: null, m: null });
    expect(await result({ ...texts, columnTypes: ['STRING'] })).to.deep.equal({ s: 0, m: '-Infinity' });
    expect(await result({ ...texts, rows: [['x'], ['7'], ['2.5']] })).to.deep.equal({ s: 9, m: 7 });
  });
});
