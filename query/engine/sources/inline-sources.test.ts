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
      ['1', 'true', 0],
      ['2.5', '5', null],
      ['t', 'q', 2.5],
    ]);
    const filter = { type: 'in', dimension: 'a', values: ['1', 't'] };
    expect(await answer({ ...query, dataSource: mixed, dimensions: ['a'], filter })).to.deep.equal([
      ['1', 0],
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
});
