/** The same rows answer the same, wherever they are: in growing indexes, in one stored segment, in several, in both. */
import { expect } from 'chai';
import fs from 'node:fs';
import path from 'node:path';
import type { InputRow } from '../../ingest/formats/row-reader.js';
import { IncrementalIndex } from '../../ingest/index/incremental-index.js';
import { isRealtimeHandle, openRealtimeView, realtimeHandle } from '../../ingest/index/realtime-view.js';
import type { DimensionSpec } from '../../ingest/spec/model.js';
import { createInlinePool } from '../../query/engine/inline-pool.js';
import { parseGranularity } from '../../query/granularity.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import { writeSegment } from '../../segment/write/writer.js';
import { temporaryFolder } from '../launch.js';

const dayMs = 86_400_000;
const interval = { startMs: 0, endMs: 3 * dayMs };
const arena = createArena({ maximumBytes: 1 << 28 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 1 << 26, hotBytesMax: 0 });
const reader = new SegmentReader({ kernels, residency });
const pool = createInlinePool({
  kernels,
  open: (handle) =>
    isRealtimeHandle(handle) ? openRealtimeView(handle, arena) : reader.openView(handle as SegmentHandle),
  clock: { now: () => 0, monotonic: () => 0 },
});

const text = (name: string): DimensionSpec => ({
  type: 'string',
  name,
  multiValueHandling: 'SORTED_ARRAY',
  createBitmapIndex: true,
});

function indexOf(rows: readonly number[]): IncrementalIndex {
  const index = new IncrementalIndex(
    {
      dimensions: [
        text('city'),
        text('tags'),
        { type: 'long', name: 'n' },
        { type: 'double', name: 'x' },
        { type: 'float', name: 'f' },
        { type: 'auto', name: 'list', castToType: undefined },
        { type: 'json', name: 'doc', castToType: undefined },
        { type: 'auto', name: 'mixed', castToType: undefined },
      ],
      discoverDimensions: 'none',
      dimensionExclusions: [],
      metrics: [],
      queryGranularity: parseGranularity('none', 'g'),
      queryGranularityJson: 'NONE',
      rollup: false,
    },
    interval,
  );
  for (const i of rows) expect(index.add((i * 104_729) % interval.endMs, rowOf(i))).to.deep.equal([]);
  return index;
}

function rowOf(i: number): InputRow {
  const pick = (...values: readonly unknown[]): unknown => values[(i * 7 + (i >> 4)) % values.length];
  const fields = {
    city: pick('Ulm', 'Bonn', null, '', 'Köln', '10', '9'),
    tags: pick('a', ['a', 'b'], null, ['c'], ['b', null, 'a', 'd'], []),
    n: pick(1, 2, null, -9_007_199_254_740_993n, 5),
    x: pick(1.5, -0.25, null, 1e6),
    f: pick(0.5, null, 3),
    list: pick([1, 2], null, [3], [1, null]),
    mixed: pick('z', 1, 2.5, null, '1', 9_007_199_254_740_993n),
    doc: pick({ k: 'u', l: ['x', 2] }, null, { k: 'v' }),
  };
  return { fields, doubleText: () => undefined };
}

const base = { dataSource: 't', intervals: '1970-01-01/1970-01-04', granularity: 'all' };
const aggregations = [
  { type: 'count', name: 'rows' },
  { type: 'longSum', name: 'sum', fieldName: 'n' },
  { type: 'longMin', name: 'least', fieldName: 'n' },
  { type: 'doubleMax', name: 'most', fieldName: 'x' },
  { type: 'floatMin', name: 'low', fieldName: 'f' },
  { type: 'doubleMean', name: 'mean', fieldName: 'f' },
  { type: 'longFirst', name: 'first', fieldName: 'n' },
  { type: 'stringLast', name: 'last', fieldName: 'city' },
  { type: 'cardinality', name: 'cities', fields: ['city'] },
  {
    type: 'filtered',
    filter: { type: 'selector', dimension: 'tags', value: 'a' },
    aggregator: { type: 'count', name: 'as' },
  },
];
const virtualColumns = [
  { type: 'expression', name: 'v', expression: "concat(city, '-', n)", outputType: 'STRING' },
  { type: 'nested-field', columnName: 'doc', outputName: 'k', path: '$.k', expectedType: 'STRING' },
];
const extraction = {
  type: 'extraction',
  dimension: 'tags',
  outputName: 'up',
  extractionFn: { type: 'upper' },
};
const topN = { ...base, queryType: 'topN', threshold: 4, aggregations, virtualColumns };
const groupBy = { ...base, queryType: 'groupBy', aggregations, virtualColumns };
const scan = { ...base, queryType: 'scan', order: 'ascending', virtualColumns };
const questions: readonly object[] = [
  { ...base, queryType: 'timeseries', aggregations },
  { ...base, queryType: 'timeseries', aggregations, granularity: 'hour', descending: true },
  { ...base, queryType: 'timeseries', aggregations, granularity: 'day', context: { grandTotal: true } },
  { ...topN, dimension: 'city', metric: 'rows' },
  { ...topN, dimension: 'tags', metric: { type: 'dimension', ordering: 'lexicographic' } },
  { ...topN, dimension: extraction, metric: { type: 'inverted', metric: 'sum' }, granularity: 'day' },
  { ...groupBy, dimensions: ['city', 'tags'], granularity: 'day' },
  {
    ...groupBy,
    dimensions: [extraction, 'v', 'k'],
    having: { type: 'greaterThan', aggregation: 'rows', value: 3 },
  },
  {
    ...groupBy,
    dimensions: ['city', { type: 'default', dimension: 'n', outputName: 'n', outputType: 'LONG' }],
    subtotalsSpec: [['city', 'n'], ['n'], []],
  },
  {
    ...groupBy,
    dimensions: [{ type: 'default', dimension: 'list', outputName: 'list', outputType: 'ARRAY<LONG>' }],
  },
  {
    ...scan,
    columns: ['__time', 'city', 'tags', 'n', 'x', 'f', 'list', 'doc', 'mixed', 'v', 'k'],
    limit: 100,
    offset: 3,
  },
  { ...scan, order: 'descending', resultFormat: 'compactedList', columns: ['__time', 'v', 'tags'] },
  {
    ...base,
    queryType: 'search',
    searchDimensions: ['city', 'tags', 'n', 'x', 'f', 'mixed'],
    query: { type: 'insensitive_contains', value: 'b' },
  },
  { ...base, queryType: 'search', searchDimensions: ['city'], sort: { type: 'strlen' } },
  { ...base, queryType: 'timeBoundary' },
];
const metadata = {
  ...base,
  queryType: 'segmentMetadata',
  merge: true,
  analysisTypes: [
    'cardinality',
    'minmax',
    'aggregators',
    'timestampSpec',
    'queryGranularity',
    'rollup',
    'size',
  ],
};
const filters: readonly (object | undefined)[] = [
  undefined,
  { type: 'selector', dimension: 'tags', value: null },
  { type: 'not', field: { type: 'bound', dimension: 'city', lower: '1', upper: 'C', ordering: 'numeric' } },
  { type: 'in', dimension: 'city', values: ['Ulm', null, '9'] },
  { type: 'range', column: 'x', matchValueType: 'DOUBLE', lower: 0 },
  { type: 'expression', expression: "array_contains(tags, 'a') || n > 1" },
  { type: 'interval', dimension: '__time', intervals: ['1970-01-01T03/1970-01-02T05'] },
  { type: 'false' },
];

async function answer(json: object, handles: readonly unknown[]): Promise<unknown> {
  const query = parseNativeQuery(json, { queryId: 'q', timeoutMs: 0 });
  const frames = [];
  const refs = handles.map((handle, i) => ({ segmentId: `s${i}`, handle, intervals: query.intervals }));
  for await (const part of pool.scanSegments(query, refs)) frames.push(part.frame);
  const chunks = (await pool.run('finish', { query, frames })) as Uint8Array[];
  return withoutPlaces(JSON.parse(Buffer.concat(chunks).toString('utf8')));
}

/** How scanned rows are cut into entries is no part of the answer. */
function withoutPlaces(result: unknown): unknown {
  if (!Array.isArray(result)) return result;
  const entries = result as readonly { events?: unknown[] }[];
  return entries.some(({ events }) => events !== undefined)
    ? entries.flatMap(({ events }) => events ?? [])
    : result;
}

/** Long answers: only where they part is shown. */
function same(found: string, wanted: string, what: string): void {
  if (found === wanted) return;
  let at = 0;
  while (found[at] === wanted[at]) at++;
  const around = (all: string): string => all.slice(Math.max(0, at - 80), at + 80);
  expect.fail(`${what}: ${around(found)} instead of ${around(wanted)}`);
}

/** Of one segment, whose name is no part of the answer. */
function withoutId(result: unknown): unknown {
  const [entry] = result as readonly [Record<string, unknown>];
  return { ...entry, id: '' };
}

describe('rows in every shape', function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('answer the same: growing, stored, in parts, mixed', async () => {
    const all = Array.from({ length: 2000 }, (_, i) => i);
    const part = (of: number, at: number): number[] => all.filter((i) => i % of === at);
    const stored = (name: string, rows: readonly number[]): unknown => {
      const dir = path.join(folder, name);
      writeSegment(dir, indexOf(rows).snapshot());
      return registerSegment(residency, { id: name, dir });
    };
    const one = [stored('one', all)];
    const shapes: Readonly<Record<string, readonly unknown[]>> = {
      growing: [realtimeHandle('growing', indexOf(all))],
      parts: [0, 1, 2, 3, 4].map((at) => stored(`part-${at}`, part(5, at))),
      mixed: [stored('even', part(2, 0)), realtimeHandle('odd', indexOf(part(2, 1)))],
      'with an empty one': [realtimeHandle('none', indexOf([])), ...one],
    };
    for (const question of questions) {
      for (const filter of filters) {
        const asked = { ...question, ...(filter !== undefined && { filter }) };
        const wanted = JSON.stringify(await answer(asked, one));
        for (const [name, handles] of Object.entries(shapes))
          same(JSON.stringify(await answer(asked, handles)), wanted, `${name} ${JSON.stringify(asked)}`);
      }
    }
  });

  it('show elements of documents as they stand there, those counted from the end too', async () => {
    const some = [0, 1, 2, 3, 4, 5];
    const dir = path.join(folder, 'elements');
    writeSegment(dir, indexOf(some).snapshot());
    const field = (outputName: string, given: object): object => ({
      type: 'nested-field',
      columnName: 'doc',
      outputName,
      ...given,
    });
    const fields = [
      field('first', { path: '$.l[0]' }),
      field('second', { path: '$.l[1]' }),
      field('last', { path: '$.l[-1]', expectedType: 'STRING' }),
      field('before', { path: '$.l[-2]', expectedType: 'LONG' }),
      field('none', { path: '$.l[-3]' }),
      field('raw', { path: '$.k', processFromRaw: true }),
    ];
    const columns = ['doc', 'first', 'second', 'last', 'before', 'none', 'raw'];
    const asked = { ...scan, virtualColumns: fields, order: 'none', columns, resultFormat: 'compactedList' };
    for (const handle of [
      registerSegment(residency, { id: 'elements', dir }),
      realtimeHandle('growing elements', indexOf(some)),
    ]) {
      const rows = (await answer(asked, [handle])) as unknown[][];
      expect(rows.length).to.equal(some.length);
      expect(rows.some(([doc]) => doc !== null && 'l' in (doc as object))).to.equal(true);
      for (const [doc, ...shown] of rows) {
        const { k, l } = (doc ?? {}) as { k?: string; l?: unknown[] };
        expect(shown).to.deep.equal([
          ...(l === undefined ? [null, null, null, null] : [l[0], l[1], l[1], l[0]]),
          null,
          k ?? null,
        ]);
      }
    }
    const grouped = { ...groupBy, virtualColumns: fields, aggregations: [], dimensions: ['last'] };
    const groups = (await answer(grouped, [registerSegment(residency, { id: 'elements', dir })])) as {
      event: { last: string | null };
    }[];
    expect(groups.map(({ event }) => event.last)).to.deep.equal([null, '2']);
  });

  it('are told of the same: growing, stored', async () => {
    const some = [0, 1, 3, 4, 6, 9, 12];
    const dir = path.join(folder, 'told');
    writeSegment(dir, indexOf(some).snapshot());
    const stored = await answer(metadata, [registerSegment(residency, { id: 'told', dir })]);
    const growing = await answer(metadata, [realtimeHandle('growing', indexOf(some))]);
    expect(withoutId(growing)).to.deep.equal(withoutId(stored));
  });
});
