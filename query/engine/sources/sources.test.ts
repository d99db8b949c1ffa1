import { expect } from 'chai';
import { createArena } from '../../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../../segment/kernels/load.js';
import type { SegmentView } from '../../../segment/read/view.js';
import type { Frame } from '../../frame.js';
import { TextSink } from '../../json/write.js';
import { mergePartials } from '../../merge.js';
import { parseNativeQuery } from '../../native/parse.js';
import { pendingSources } from '../../native/source.js';
import { renderResult } from '../../results/render.js';
import { resultFrame } from '../../results/result-frame.js';
import { createInlinePool } from '../inline-pool.js';
import { testSegment } from '../test-segment.js';
import { inlineHandle } from './apply.js';

const arena = createArena({ maximumBytes: 1 << 28 });
const kernels = instantiateKernels(compileKernels(), arena);
const startMs = Date.UTC(2024, 0, 1);
const interval = { startMs, endMs: startMs + 86_400_000 };

/** More rows than a batch holds, so that gathered rows cross blocks. */
const count = 20_000;
const city = (i: number): string | null => (i % 7 === 0 ? null : `c${i % 5}`);
const tags = (i: number): (string | null)[] => (i % 3 === 0 ? [] : i % 3 === 1 ? ['x'] : ['x', `t${i % 4}`]);

function segment(id: string, from: number): SegmentView {
  const rows = Array.from({ length: count }, (_, i) => from + i);
  return testSegment(arena, {
    id,
    interval,
    metrics: ['n'],
    columns: {
      __time: { kind: 'long', values: rows.map((i) => BigInt(startMs + i)) },
      city: { kind: 'string', values: rows.map(city) },
      tags: { kind: 'strings', values: rows.map(tags) },
      k: { kind: 'long', values: rows.map((i) => (i % 11 === 0 ? null : BigInt(i % 4))) },
      n: { kind: 'double', values: rows.map((i) => i / 2) },
    },
  });
}

const segments = [segment('s1', 0), segment('s2', count)];
const all = Array.from({ length: 2 * count }, (_, i) => i);

const pool = createInlinePool({
  kernels,
  open: (handle) => {
    const found = segments.find(({ id }) => id === handle);
    if (found === undefined) throw new Error(`no segment ${String(handle)}`);
    return found;
  },
  clock: { now: () => 0, monotonic: () => 0 },
});

async function merged(body: unknown, frames?: readonly Frame[]) {
  const query = parseNativeQuery(body, {
    queryId: 'q',
    timeoutMs: 0,
    ...(frames === undefined ? {} : { frames }),
  });
  const refs =
    query.dataSources.length === 0
      ? [{ segmentId: '', handle: inlineHandle, intervals: query.intervals }]
      : segments.map(({ id }) => ({ segmentId: id, handle: id, intervals: query.intervals }));
  const parts: Frame[] = [];
  for await (const { frame } of pool.scanSegments(query, refs)) parts.push(frame);
  return { query, frame: mergePartials(query, parts) };
}

async function answer(body: unknown, frames?: readonly Frame[]): Promise<unknown> {
  const { query, frame } = await merged(body, frames);
  const sink = new TextSink();
  renderResult(query, frame, sink);
  return JSON.parse(sink.text);
}

const eternity = '-146136543-09-08T08:23:32.096Z/146140482-04-24T15:36:27.903Z';
const counts = [{ type: 'count', name: 'rows' }];
const table = { type: 'table', name: 't' };

async function total(dataSource: unknown, more: object = {}): Promise<unknown> {
  const body = {
    queryType: 'timeseries',
    dataSource,
    intervals: eternity,
    granularity: 'all',
    aggregations: [...counts, { type: 'doubleSum', name: 'sum', fieldName: 'n' }],
    ...more,
  };
  return ((await answer(body)) as { result: unknown }[])[0]?.result;
}

const failure = (asked: Promise<unknown>): Promise<unknown> => asked.catch((error: unknown) => error);

const naive = (rows: readonly number[]) => ({
  rows: rows.length,
  sum: rows.length === 0 ? null : rows.reduce((sum, i) => sum + i / 2, 0),
});

const cities = {
  type: 'inline',
  columnNames: ['code', 'w'],
  columnTypes: ['STRING', 'LONG'],
  rows: [
    ['c1', 10],
    ['c1', 20],
    ['c3', 30],
    ['zz', 40],
    [null, 50],
  ],
};

const join = (joinType: string, more: object = {}) => ({
  type: 'join',
  left: table,
  right: cities,
  rightPrefix: 'r.',
  condition: 'city == "r.code"',
  joinType,
  ...more,
});

/** Pairs of a left row and a right row (or undefined), as a nested loop finds them. */
function nested(keepLeft: boolean): [number, number | undefined][] {
  return all.flatMap((i): [number, number | undefined][] => {
    const found = cities.rows.flatMap(([code], r) => (code !== null && code === city(i) ? [r] : []));
    if (found.length === 0) return keepLeft ? [[i, undefined]] : [];
    return found.map((r) => [i, r]);
  });
}

describe('data sources: join', () => {
  for (const joinType of ['INNER', 'LEFT']) {
    it(`${joinType}: rows, sums of both sides, filters on both`, async () => {
      const pairs = nested(joinType === 'LEFT');
      expect(await total(join(joinType))).to.deep.equal(naive(pairs.map(([i]) => i)));
      const filter = { type: 'selector', dimension: 'r.w', value: '20' };
      expect(await total(join(joinType), { filter })).to.deep.equal(
        naive(pairs.filter(([, r]) => r === 1).map(([i]) => i)),
      );
      const rows = (await answer({
        queryType: 'groupBy',
        dataSource: join(joinType),
        intervals: eternity,
        granularity: 'all',
        dimensions: ['city', 'r.code'],
        aggregations: [...counts, { type: 'longSum', name: 'w', fieldName: 'r.w' }],
      })) as { event: { city: string | null; rows: number; w: number | null } }[];
      for (const { event } of rows) {
        const own = pairs.filter(([i]) => city(i) === event.city);
        expect(event.rows).to.equal(own.length);
        const weights = own.flatMap(([, r]) => (r === undefined ? [] : [Number(cities.rows[r]?.[1])]));
        expect(event.w).to.equal(weights.length === 0 ? null : weights.reduce((a, b) => a + b));
      }
    });
  }

  it('conditions that the left side can answer alone change nothing', async () => {
    const pairs = nested(true);
    const is = (dimension: string, value: string) => ({ type: 'selector', dimension, value });
    const or = { type: 'or', fields: [is('r.w', '10'), is('k', '2')] };
    const filter = { type: 'and', fields: [is('city', 'c1'), { type: 'not', field: is('k', '3') }, or] };
    const expected = pairs.filter(
      ([i, r]) => city(i) === 'c1' && i % 11 !== 0 && i % 4 !== 3 && (r === 0 || i % 4 === 2),
    );
    expect(await total(join('LEFT'), { filter })).to.deep.equal(naive(expected.map(([i]) => i)));
    const virtualColumns = [{ type: 'expression', name: 'city', expression: "'c1'", outputType: 'STRING' }];
    expect(await total(join('INNER'), { virtualColumns, filter: is('city', 'c1') })).to.deep.equal(
      naive(nested(false).map(([i]) => i)),
    );
  });

  it('leftFilter thins out the left side before it is joined', async () => {
    const leftFilter = { type: 'selector', dimension: 'city', value: 'c3' };
    expect(await total(join('LEFT', { leftFilter }))).to.deep.equal(
      naive(all.filter((i) => city(i) === 'c3')),
    );
  });

  it('several conditions, other types and expressions', async () => {
    const right = {
      ...cities,
      rows: [
        ['c1', 1],
        ['c1', 2],
        ['c3', 3],
      ],
    };
    const on = (condition: string) => total(join('INNER', { right, condition }));
    const matches = (keys: (i: number) => (string | number | null)[]) =>
      naive(
        all.flatMap((i) =>
          right.rows
            .filter((row) => keys(i).every((key, at) => key !== null && String(key) === String(row[at])))
            .map(() => i),
        ),
      );
    const k = (i: number) => (i % 11 === 0 ? null : i % 4);
    expect(await on('city == "r.code" && "r.w" == k')).to.deep.equal(matches((i) => [city(i), k(i)]));
    expect(await on('lower(upper(city)) == "r.code"')).to.deep.equal(matches((i) => [city(i)]));
    expect(await on('1')).to.deep.equal(naive(all.flatMap((i) => [i, i, i])));
    expect(await on('0 && city == "r.code"')).to.deep.equal(naive([]));
    expect(await total(join('INNER', { condition: 'notdistinctfrom(city, "r.code")' }))).to.deep.equal(
      naive([...nested(false).map(([i]) => i), ...all.filter((i) => city(i) === null)]),
    );
  });

  it('RIGHT and FULL keep what met nothing', async () => {
    const left = {
      type: 'inline',
      columnNames: ['city', 'n'],
      rows: [
        ['c1', 1.5],
        ['q', 2.5],
        [null, 3.5],
      ],
    };
    const rows = async (joinType: string) =>
      (
        (await answer({
          queryType: 'scan',
          dataSource: join(joinType, { left }),
          intervals: eternity,
          columns: ['city', 'n', 'r.code', 'r.w'],
          resultFormat: 'compactedList',
        })) as { events: unknown[] }[]
      )[0]?.events;
    const right = [
      ['c1', 1.5, 'c1', 10],
      ['c1', 1.5, 'c1', 20],
    ];
    const rest = [
      [null, null, 'c3', 30],
      [null, null, 'zz', 40],
      [null, null, null, 50],
    ];
    expect(await rows('RIGHT')).to.deep.equal([...right, ...rest]);
    expect(await rows('FULL')).to.deep.equal([
      ...right,
      ['q', 2.5, null, null],
      [null, 3.5, null, null],
      ...rest,
    ]);
  });

  it('right rows alone count in a single bucket, and are lost among several', async () => {
    const on = async (granularity: unknown, intervals: string) =>
      (
        (await answer({
          queryType: 'timeseries',
          dataSource: { ...(join('RIGHT') as object), condition: 'city == "r.code" && 0' },
          intervals,
          granularity,
          aggregations: counts,
        })) as { result: { rows: number } }[]
      ).reduce((sum, { result }) => sum + result.rows, 0);
    // Five rows for each of two segments; the second has nothing in the shorter interval.
    expect(await on('all', eternity)).to.equal(10);
    expect(await on('day', eternity)).to.equal(10);
    expect(await on('second', eternity)).to.equal(0);
    const short = '2024-01-01/2024-01-01T00:00:00.500';
    expect(await on('all', short)).to.equal(5);
    expect(await on('second', short)).to.equal(5);
  });

  it('a left row that is not there has null for several texts, which is a value of a topN', async () => {
    const [bucket] = (await answer({
      queryType: 'topN',
      dataSource: { ...(join('RIGHT') as object), condition: 'city == "r.code" && 0' },
      intervals: eternity,
      granularity: 'all',
      dimension: 'tags',
      metric: 'rows',
      threshold: 3,
      aggregations: counts,
    })) as { result: unknown }[];
    expect(bucket?.result).to.deep.equal([{ tags: null, rows: 10 }]);
  });

  it('a scan shows no time where there is no left row', async () => {
    const answered = (await answer({
      queryType: 'scan',
      dataSource: {
        type: 'filter',
        base: { ...(join('RIGHT') as object), condition: 'city == "r.code" && 0' },
        filter: { type: 'not', field: { type: 'null', column: 'r.code' } },
      },
      intervals: eternity,
      columns: ['__time', 'r.w'],
      resultFormat: 'compactedList',
    })) as { events: unknown[][] }[];
    const events = answered.flatMap((part) => part.events);
    // What is joined by is asked of the left side: the right row without it is answered too.
    expect(events.length).to.equal(10);
    expect(events.every(([time]) => time === null)).to.equal(true);
    const [bounds] = (await answer({ queryType: 'timeBoundary', dataSource: join('FULL') })) as {
      result: { minTime: string };
    }[];
    expect(bounds?.result.minTime).to.equal('2024-01-01T00:00:00.000Z');
  });

  it('refuses conditions that are no equalities', async () => {
    for (const condition of ['k > "r.w"', 'city == "r.code" || k == 1'])
      expect(await failure(total(join('INNER', { condition }))), condition).to.include({
        code: 'QueryFailed',
      });
  });

  const byTags = (joinType: string, ...codes: string[]): object =>
    join(joinType, {
      condition: 'tags == "r.code"',
      right: { ...cities, columnNames: ['code'], columnTypes: ['STRING'], rows: codes.map((code) => [code]) },
    });

  it('an inner join whose right side is not asked for keeps rows of which one value is there', async () => {
    const having = (...codes: string[]): number[] =>
      Array.from({ length: count * 2 }, (_, i) => i).filter((i) =>
        tags(i).some((tag) => codes.includes(tag ?? '')),
      );
    for (const codes of [['x'], ['t1', 't2'], []])
      expect(await total(byTags('INNER', ...codes))).to.deep.equal(naive(having(...codes)));
    const twice = { ...byTags('INNER', 't1'), left: byTags('INNER', 'x'), rightPrefix: 'r.' };
    expect(await total({ ...twice, rightPrefix: 's.', condition: 'tags == "s.code"' })).to.deep.equal(
      naive(having('t1')),
    );
  });

  it('refuses several values a row, but for rows an inner join does not look at', async () => {
    expect(await total(byTags('INNER', 'none of them'))).to.deep.equal(naive([]));
    const context = { enableRewriteJoinToFilter: false };
    for (const refused of [
      total(byTags('LEFT', 'none of them')),
      total(byTags('INNER', 'none of them'), { context }),
      total(byTags('INNER', 'x', 'x')),
      total(byTags('INNER', 'x'), { filter: { type: 'selector', dimension: 'r.code', value: 'x' } }),
    ]) {
      const error = await failure(refused);
      expect(error).to.include({ code: 'Unsupported' });
      expect(error).to.have.nested.property('context.legacyCode', 'Unsupported query');
    }
    const grouped = { queryType: 'groupBy', dataSource: byTags('LEFT', 'x'), intervals: eternity };
    expect(
      await failure(answer({ ...grouped, granularity: 'all', dimensions: [], aggregations: counts })),
    ).to.include({ code: 'QueryFailed' });
  });

  it('joins what was joined', async () => {
    const second = {
      type: 'join',
      left: join('INNER'),
      right: {
        type: 'inline',
        columnNames: ['w', 'size'],
        rows: [
          [10, 'small'],
          [30, 'big'],
        ],
      },
      rightPrefix: 's.',
      condition: '"r.w" == "s.w"',
      joinType: 'LEFT',
    };
    const filter = { type: 'selector', dimension: 's.size', value: null };
    expect(await total(second, { filter })).to.deep.equal(
      naive(
        nested(false)
          .filter(([, r]) => r === 1)
          .map(([i]) => i),
      ),
    );
  });
});

describe('data sources: unnest and filter', () => {
  const unnest = (expression: string, more: object = {}) => ({
    type: 'unnest',
    base: table,
    virtualColumn: { type: 'expression', name: 'u', expression, outputType: 'STRING' },
    ...more,
  });

  it('a row for each value; rows without one keep theirs', async () => {
    const rows = all.flatMap((i) => (tags(i).length === 0 ? [i] : tags(i).map(() => i)));
    expect(await total(unnest('tags'))).to.deep.equal(naive(rows));
    const unnestFilter = { type: 'selector', dimension: 'u', value: 't2' };
    expect(await total(unnest('tags', { unnestFilter }))).to.deep.equal(
      naive(
        all.flatMap((i) =>
          tags(i)
            .filter((tag) => tag === 't2')
            .map(() => i),
        ),
      ),
    );
  });

  it('arrays that an expression makes; null and empty ones give nothing', async () => {
    expect(await total(unnest('array(1, 2, 3)'))).to.deep.equal(naive(all.flatMap((i) => [i, i, i])));
    const base = {
      type: 'inline',
      columnNames: ['k', 'v'],
      columnTypes: ['STRING', 'ARRAY<LONG>'],
      rows: [
        ['a', [7, 2]],
        ['b', []],
        ['c', null],
        ['d', [null]],
      ],
    };
    const events = (
      (await answer({
        queryType: 'scan',
        dataSource: {
          ...unnest('v'),
          base,
          virtualColumn: { type: 'expression', name: 'u', expression: 'v', outputType: 'ARRAY<LONG>' },
        },
        intervals: eternity,
        columns: ['k', 'u'],
        filter: {
          type: 'not',
          field: { type: 'equals', column: 'u', matchValueType: 'LONG', matchValue: 2 },
        },
        resultFormat: 'compactedList',
      })) as { events: unknown[] }[]
    )[0]?.events;
    expect(events).to.deep.equal([['a', 7]]);
  });

  it('an asked type says what null is: of an array as text an only null is none, of texts as an array no text', async () => {
    const rowsOf = async (base: unknown, expression: string, outputType?: string): Promise<unknown> => {
      const virtualColumn = { type: 'expression', name: 'u', expression, outputType };
      const scan = { queryType: 'scan', intervals: eternity, columns: ['u'], resultFormat: 'compactedList' };
      const dataSource = { type: 'unnest', base, virtualColumn };
      const parts = (await answer({ ...scan, dataSource })) as { events: unknown[][] }[];
      return parts.flatMap(({ events }) => events.map(([u]) => u));
    };
    const arrays = {
      type: 'inline',
      columnNames: ['v'],
      columnTypes: ['ARRAY<DOUBLE>'],
      rows: [[[4, 2.5]], [[null]], [[null, null]], [[]], [null]],
    };
    expect(await rowsOf(arrays, 'v', 'ARRAY<DOUBLE>')).to.deep.equal([4, 2.5, null, null, null]);
    // Rows show the elements as they are.
    expect(await rowsOf(arrays, 'v', 'STRING')).to.deep.equal([4, 2.5, null, null]);
    const texts = all.flatMap((i) => tags(i)).length;
    expect(((await rowsOf(table, 'tags', 'ARRAY<STRING>')) as unknown[]).length).to.equal(texts);
  });

  it('a scan of rows in memory shows their columns in their order', async () => {
    const inline = {
      type: 'inline',
      columnNames: ['b', '__time', 'a'],
      columnTypes: ['LONG', 'LONG', 'STRING'],
      rows: [[1, 5, 'x']],
    };
    const [entry] = (await answer({
      queryType: 'scan',
      dataSource: inline,
      intervals: eternity,
      resultFormat: 'compactedList',
    })) as { columns: string[]; events: unknown[] }[];
    expect([entry?.columns, entry?.events]).to.deep.equal([['b', '__time', 'a'], [[1, 5, 'x']]]);
  });

  it('filters of data sources are conditions, below unnesting and at the top', async () => {
    const filter = { type: 'selector', dimension: 'city', value: 'c2' };
    const filteredTable = { type: 'filter', base: table, filter };
    expect(await total(filteredTable)).to.deep.equal(naive(all.filter((i) => city(i) === 'c2')));
    expect(await total(unnest('array(1, 2)', { base: filteredTable }))).to.deep.equal(
      naive(all.filter((i) => city(i) === 'c2').flatMap((i) => [i, i])),
    );
  });
});

describe('data sources: queries inside queries', () => {
  const inner = {
    queryType: 'groupBy',
    dataSource: 't',
    intervals: eternity,
    granularity: 'all',
    dimensions: ['city'],
    aggregations: [...counts, { type: 'doubleSum', name: 'n', fieldName: 'n' }],
    postAggregations: [
      {
        type: 'arithmetic',
        name: 'mean',
        fn: '/',
        fields: [
          { type: 'fieldAccess', fieldName: 'n' },
          { type: 'fieldAccess', fieldName: 'rows' },
        ],
      },
    ],
    limitSpec: { type: 'default', limit: 3, columns: ['city'] },
  };

  async function outer(innerBody: unknown, body: object): Promise<unknown> {
    const first = await merged(innerBody);
    const frame = resultFrame(first.query, first.frame);
    return answer({ ...body, dataSource: { type: 'query', query: innerBody } }, [frame]);
  }

  it('an inner answer is what the outer query reads: limited, with post-aggregators', async () => {
    const events = (
      (await outer(inner, {
        queryType: 'scan',
        intervals: eternity,
        columns: ['city', 'rows', 'mean'],
        resultFormat: 'compactedList',
      })) as { events: unknown[] }[]
    )[0]?.events;
    const expected = [null, 'c0', 'c1'].map((name) => {
      const own = naive(all.filter((i) => city(i) === name));
      return [name, own.rows, (own.sum ?? 0) / own.rows];
    });
    expect(events).to.deep.equal(expected);
  });

  it('times of inner buckets are times of rows', async () => {
    const hours = (await outer(
      {
        queryType: 'timeseries',
        dataSource: 't',
        intervals: eternity,
        granularity: { type: 'duration', duration: 1000 },
        aggregations: counts,
      },
      {
        queryType: 'timeseries',
        intervals: eternity,
        granularity: { type: 'duration', duration: 20_000 },
        aggregations: [{ type: 'longSum', name: 'rows', fieldName: 'rows' }],
      },
    )) as unknown[];
    expect(hours).to.deep.equal([
      { timestamp: '2024-01-01T00:00:00.000Z', result: { rows: 20_000 } },
      { timestamp: '2024-01-01T00:00:20.000Z', result: { rows: 20_000 } },
    ]);
  });

  it('buckets without rows are those of the interval, where rows in memory are asked', async () => {
    const rows = await answer({
      queryType: 'timeseries',
      dataSource: { type: 'inline', columnNames: ['__time', 'n'], rows: [[startMs + 86_400_000, 1]] },
      intervals: '2024-01-01/2024-01-04',
      granularity: 'day',
      aggregations: counts,
    });
    expect(rows).to.deep.equal(
      [0, 1, 0].map((count, i) => ({
        timestamp: `2024-01-0${i + 1}T00:00:00.000Z`,
        result: { rows: count },
      })),
    );
  });

  it('names what has to be fetched, left before right', () => {
    const query = parseNativeQuery(
      {
        ...inner,
        dimensions: [],
        limitSpec: null,
        dataSource: join('LEFT', {
          left: { type: 'query', query: inner },
          right: { type: 'lookup', lookup: 'names' },
          condition: 'city == "r.k"',
        }),
      },
      { queryId: 'q', timeoutMs: 0 },
    );
    expect(pendingSources(query.source).map(({ type }) => type)).to.deep.equal(['query', 'lookup']);
    expect(query.dataSources).to.deep.equal([]);
  });
});
