import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { SegmentView } from '../../segment/read/view.js';
import type { Frame } from '../frame.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import { parseNativeQuery } from '../native/parse.js';
import { renderResult } from '../results/render.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';

const arena = createArena({ maximumBytes: 1 << 26 });
const kernels = instantiateKernels(compileKernels(), arena);
const dayMs = 86_400_000;
const startMs = Date.UTC(2024, 0, 1);

interface Made {
  readonly day: number;
  readonly fruits: readonly (readonly (string | null)[])[];
  readonly n: readonly (bigint | null)[];
  readonly metadata?: object;
}

function made({ day, fruits, n, metadata }: Made): SegmentView {
  const from = startMs + day * dayMs;
  const view = testSegment(arena, {
    id: `s${day}`,
    interval: { startMs: from, endMs: from + dayMs },
    metrics: ['n'],
    columns: {
      __time: { kind: 'long', values: fruits.map((_, i) => BigInt(from + i * 3_600_000)) },
      colour: { kind: 'string', values: fruits.map((_, i) => (i % 2 === 0 ? 'red apple' : null)) },
      fruits: { kind: 'strings', values: fruits },
      n: { kind: 'long', values: n },
    },
  });
  return metadata === undefined ? view : { ...view, metadataText: JSON.stringify(metadata) };
}

const sum = { type: 'longSum', name: 'n', fieldName: 'n' };
const projection = { type: 'aggregate', schema: { type: 'aggregate', name: 'by colour' }, numRows: 2 };
const segments = [
  made({
    day: 0,
    fruits: [['Apple', 'Apple'], ['pear', 'Apple'], [], ['plum']],
    n: [1n, 12n, null, 12n],
    metadata: {
      aggregators: [sum],
      rollup: true,
      queryGranularity: 'HOUR',
      timestampSpec: { column: 't', format: 'iso' },
      projections: [projection],
    },
  }),
  made({
    day: 1,
    fruits: [['Apple'], ['grapefruit']],
    n: [2n, 1n],
    metadata: { aggregators: [sum, { type: 'count', name: 'c' }], rollup: false, queryGranularity: 'HOUR' },
  }),
];

async function answer(body: object): Promise<unknown> {
  const pool = createInlinePool({
    kernels,
    open: (handle) => segments[Number(handle)] as SegmentView,
    clock: { now: () => 0, monotonic: () => 0 },
  });
  const query = parseNativeQuery(
    { dataSource: 't', intervals: '2024-01-01/2024-01-03', ...body },
    { queryId: 'q', timeoutMs: 0 },
  );
  const refs = segments.map(({ id }, i) => ({ segmentId: id, handle: i, intervals: query.intervals }));
  const parts: Frame[] = [];
  for await (const { frame } of pool.scanSegments(query, refs)) parts.push(frame);
  const sink = new TextSink();
  renderResult(query, mergePartials(query, parts), sink);
  return JSON.parse(sink.text);
}

const hit = (dimension: string, value: string | null, count: number) => ({ dimension, value, count });

async function hits(body: object): Promise<unknown> {
  const answered = (await answer({ queryType: 'search', ...body })) as { result: unknown }[];
  expect(answered.length).to.equal(1);
  return answered[0]?.result;
}

describe('search', () => {
  it('counts rows by value, not how often a row holds it', async () => {
    const query = { type: 'insensitive_contains', value: 'APP' };
    expect(await hits({ query })).to.deep.equal([hit('fruits', 'Apple', 3), hit('colour', 'red apple', 3)]);
  });

  it('numbers by their text; sorts as asked; is limited', async () => {
    const query = { type: 'contains', value: '1', caseSensitive: true };
    const searchDimensions = ['n'];
    expect(await hits({ query, searchDimensions })).to.deep.equal([hit('n', '1', 2), hit('n', '12', 2)]);
    const all = { searchDimensions: ['fruits'], sort: { type: 'strlen' } };
    expect(await hits(all)).to.deep.equal([
      hit('fruits', null, 1),
      hit('fruits', 'pear', 1),
      hit('fruits', 'plum', 1),
      hit('fruits', 'Apple', 3),
      hit('fruits', 'grapefruit', 1),
    ]);
    expect(await hits({ ...all, limit: 2 })).to.have.length(2);
  });

  it('fragments, patterns, filters', async () => {
    const searchDimensions = ['fruits', 'colour'];
    expect(await hits({ searchDimensions, query: { type: 'fragment', values: ['P', 'l'] } })).to.deep.equal([
      hit('fruits', 'Apple', 3),
      hit('fruits', 'plum', 1),
      hit('colour', 'red apple', 3),
    ]);
    expect(await hits({ searchDimensions, query: { type: 'regex', pattern: '^p.*[rm]$' } })).to.deep.equal([
      hit('fruits', 'pear', 1),
      hit('fruits', 'plum', 1),
    ]);
    const filter = { type: 'selector', dimension: 'n', value: '12' };
    expect(await hits({ searchDimensions: ['fruits'], filter })).to.deep.equal([
      hit('fruits', 'Apple', 1),
      hit('fruits', 'pear', 1),
      hit('fruits', 'plum', 1),
    ]);
  });

  it('granularity sorts segments, not rows, into buckets', async () => {
    const body = {
      queryType: 'search',
      searchDimensions: ['fruits'],
      query: { type: 'contains', value: 'none' },
    };
    expect(await answer({ ...body, granularity: 'hour' })).to.deep.equal([
      { timestamp: '2024-01-01T00:00:00.000Z', result: [] },
      { timestamp: '2024-01-02T00:00:00.000Z', result: [] },
    ]);
    expect(await answer(body)).to.deep.equal([{ timestamp: '2024-01-01T00:00:00.000Z', result: [] }]);
  });
});

describe('dataSourceMetadata', () => {
  it('the latest time of all rows', async () => {
    const time = '2024-01-02T01:00:00.000Z';
    expect(await answer({ queryType: 'dataSourceMetadata' })).to.deep.equal([
      { timestamp: time, result: { maxIngestedEventTime: time } },
    ]);
  });

  it('is the least of all times where the source is more than tables', async () => {
    const least = '-146136543-09-08T08:23:32.096Z';
    const filter = { type: 'null', column: 'nothing' };
    expect(
      await answer({
        queryType: 'dataSourceMetadata',
        dataSource: { type: 'filter', base: { type: 'table', name: 't' }, filter },
      }),
    ).to.deep.equal([{ timestamp: least, result: { maxIngestedEventTime: least } }]);
  });
});

interface Analysis {
  readonly columns: Readonly<Record<string, Record<string, unknown>>>;
  readonly [name: string]: unknown;
}

async function analyses(body: object): Promise<Analysis[]> {
  return (await answer({ queryType: 'segmentMetadata', ...body })) as Analysis[];
}

describe('segmentMetadata', () => {
  it('merges columns, intervals and rows', async () => {
    const [one, ...more] = await analyses({
      merge: true,
      analysisTypes: ['cardinality', 'interval', 'minmax'],
    });
    expect(more).to.deep.equal([]);
    expect(one?.['numRows']).to.equal(6);
    expect(one?.['intervals']).to.deep.equal(['2024-01-01T00:00:00.000Z/2024-01-03T00:00:00.000Z']);
    expect(Object.keys(one?.columns ?? {})).to.deep.equal(['__time', 'colour', 'fruits', 'n']);
    expect(one?.columns['fruits']).to.deep.equal({
      typeSignature: 'STRING',
      type: 'STRING',
      hasMultipleValues: true,
      hasNulls: true,
      size: 0,
      cardinality: 3,
      minValue: 'Apple',
      maxValue: 'plum',
      errorMessage: null,
    });
    expect(one?.columns['colour']).to.include({ minValue: null, maxValue: 'red apple', hasNulls: true });
    expect(one?.columns['n']).to.include({ type: 'LONG', cardinality: null, minValue: null, hasNulls: true });
  });

  it('sizes as Druid counts them: text in bytes, times as ten, numbers as eight', async () => {
    const [one] = await analyses({
      merge: true,
      analysisTypes: ['size'],
      toInclude: { type: 'list', columns: ['n', 'fruits'] },
    });
    const fruits = 5 + 4 + 5 + 4 + 5 + 10;
    expect(one?.columns['fruits']).to.include({ size: fruits, cardinality: 0 });
    expect(one?.columns['n']).to.include({ size: 6 * 8 });
    expect(Object.keys(one?.columns ?? {})).to.have.members(['n', 'fruits']);
    expect(one?.['size']).to.equal(fruits + 6 * 8 + 6 * 10 + 3 * 9);
  });

  it('one a segment unless they are merged', async () => {
    const each = await analyses({ toInclude: { type: 'none' }, analysisTypes: ['rollup'] });
    expect(each.map(({ id, rollup, numRows }) => [id, rollup, numRows])).to.deep.equal([
      ['s0', true, 4],
      ['s1', false, 2],
    ]);
  });

  it('projections are told of as they are stored, when they are asked for', async () => {
    const each = await analyses({ toInclude: { type: 'none' }, analysisTypes: ['projections'] });
    expect(each.map(({ projections }) => projections)).to.deep.equal([{ 'by colour': projection }, null]);
    const [plain] = await analyses({ toInclude: { type: 'none' }, analysisTypes: [] });
    expect(plain).to.not.have.property('projections');
  });

  it('what segments disagree on is null; aggregators by strategy', async () => {
    const analysisTypes = ['aggregators', 'rollup', 'queryGranularity', 'timestampSpec'];
    const merged = async (aggregatorMergeStrategy?: string) =>
      (
        await analyses({ merge: true, toInclude: { type: 'none' }, analysisTypes, aggregatorMergeStrategy })
      )[0];
    const count = { type: 'count', name: 'c' };
    const strict = await merged();
    expect(strict).to.include({ rollup: null, queryGranularity: 'HOUR', timestampSpec: null });
    expect(strict?.['aggregators']).to.deep.equal({ n: sum, c: count });
    expect((await merged('earliest'))?.['aggregators']).to.deep.equal({ n: sum, c: count });
    expect((await merged('latest'))?.['aggregators']).to.deep.equal({ n: sum, c: count });
    expect((await merged('lenient'))?.['aggregators']).to.deep.equal({ n: sum, c: count });
  });
});
