import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createInlinePool } from '../../query/engine/inline-pool.js';
import { parseGranularity } from '../../query/granularity.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import { createResidency } from '../../segment/read/residency.js';
import { readRows } from '../../segment/read/rows.js';
import { registerSegment, SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import type { SegmentView } from '../../segment/read/view.js';
import { writeSegment } from '../../segment/write/writer.js';
import type { InputRow } from '../formats/row-reader.js';
import type { DimensionSpec } from '../spec/model.js';
import { IncrementalIndex } from './incremental-index.js';
import { isRealtimeHandle, openRealtimeView, realtimeHandle } from './realtime-view.js';

const interval = { startMs: 0, endMs: 86_400_000 };
const arena = createArena({ maximumBytes: 1 << 28 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 1 << 26, hotBytesMax: 0 });
const reader = new SegmentReader({ kernels, residency });
const open = (handle: unknown): SegmentView =>
  isRealtimeHandle(handle) ? openRealtimeView(handle, arena) : reader.openView(handle as SegmentHandle);
const pool = createInlinePool({ kernels, open, clock: { now: () => 0, monotonic: () => 0 } });

const text = (name: string): DimensionSpec => ({
  type: 'string',
  name,
  multiValueHandling: 'SORTED_ARRAY',
  createBitmapIndex: true,
});
const auto = (name: string): DimensionSpec => ({ type: 'auto', name, castToType: undefined });

function newIndex(rollup: boolean): IncrementalIndex {
  return new IncrementalIndex(
    {
      dimensions: [
        text('city'),
        text('tags'),
        { type: 'long', name: 'n' },
        { type: 'double', name: 'x' },
        { type: 'float', name: 'f' },
        auto('word'),
        auto('whole'),
        auto('mixed'),
        auto('list'),
        { type: 'json', name: 'doc', castToType: undefined },
      ],
      discoverDimensions: 'none',
      dimensionExclusions: [],
      metrics: [
        { type: 'count', name: 'count' },
        { type: 'longSum', name: 'sum', fieldName: 'm' },
        { type: 'doubleMax', name: 'max', fieldName: 'm' },
        { type: 'floatMin', name: 'min', fieldName: 'm' },
      ],
      queryGranularity: parseGranularity('hour', 'g'),
      queryGranularityJson: 'HOUR',
      rollup,
    },
    interval,
  );
}

/** Row `i` of a stream whose times go up and down. */
function rowOf(i: number): { time: number; row: InputRow } {
  const pick = (...values: readonly unknown[]): unknown => values[(i * 7 + (i >> 4)) % values.length];
  const fields: Record<string, unknown> = {
    city: pick('Ulm', 'Bonn', null, '', 'Köln', 'Ulm', 'Aachen'),
    tags: pick('a', ['a', 'b'], null, ['c'], ['b', null, 'a', 'd']),
    n: pick(1, 2, null, -9_007_199_254_740_993n, 5),
    x: pick(1.5, -0.25, null, 1e300),
    f: pick(0.5, null, 3),
    word: pick('p', 'q', null),
    whole: pick(3, null, 12, -4),
    mixed: pick('z', 1, 2.5, null, '1'),
    list: pick([1, 2], null, [3]),
    doc: pick({ k: 1, l: ['x', 2] }, null, 'plain'),
    m: pick(i % 10, null, 2.5),
  };
  return { time: (i * 104_729) % interval.endMs, row: { fields, doubleText: () => undefined } };
}

const bound = (dimension: string, more: object): object => ({ type: 'bound', dimension, ...more });
const selector = (dimension: string, value: string | null): object => ({
  type: 'selector',
  dimension,
  value,
});
const filters: readonly (object | undefined)[] = [
  undefined,
  selector('city', 'Ulm'),
  selector('city', null),
  selector('city', 'nowhere'),
  selector('tags', 'b'),
  selector('tags', null),
  selector('mixed', '1'),
  bound('city', { lower: 'B', upper: 'V' }),
  bound('n', { lower: '2', ordering: 'numeric' }),
  { type: 'not', field: selector('word', 'p') },
  { type: 'and', fields: [bound('x', { lower: '0', ordering: 'numeric' }), selector('whole', '12')] },
  { type: 'in', dimension: 'tags', values: ['a', 'd', null] },
];
const aggregations = [
  { type: 'count', name: 'rows' },
  { type: 'longSum', name: 'sum', fieldName: 'sum' },
  { type: 'doubleMax', name: 'max', fieldName: 'max' },
  { type: 'floatMin', name: 'min', fieldName: 'min' },
  { type: 'longMin', name: 'lowest', fieldName: 'n' },
  { type: 'doubleSum', name: 'total', fieldName: 'whole' },
];
const base = { dataSource: 't', intervals: ['1970-01-01T01:00/1970-01-01T22:30'], aggregations };
const questions: readonly object[] = [
  { ...base, queryType: 'timeseries', granularity: 'hour' },
  { ...base, queryType: 'timeseries', granularity: 'all', intervals: ['1970-01-01/1970-01-02'] },
  ...['city', 'tags', 'n', 'mixed'].map((dimension) => ({
    ...base,
    queryType: 'topN',
    granularity: 'all',
    dimension,
    metric: 'rows',
    threshold: 5,
  })),
  {
    ...base,
    queryType: 'topN',
    granularity: 'all',
    dimension: 'city',
    threshold: 3,
    metric: { type: 'dimension' },
  },
  ...[
    ['city', 'tags'],
    ['n', 'x', 'f'],
    ['word', 'whole', 'mixed'],
  ].map((dimensions) => ({
    ...base,
    queryType: 'groupBy',
    granularity: 'day',
    dimensions,
  })),
];

async function answer(json: object, handle: unknown): Promise<unknown> {
  const query = parseNativeQuery(json, { queryId: 'q' } as never);
  const frames = [];
  const refs = [{ segmentId: 's', handle, intervals: query.intervals }];
  for await (const part of pool.scanSegments(query, refs)) frames.push(part.frame);
  const chunks = (await pool.run('finish', { query, frames })) as Uint8Array[];
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

describe('realtime view', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'realtime-'))));
  after(() => rmSync(folder, { recursive: true }));

  for (const rollup of [true, false]) {
    it(`answers as the stored segment of the same rows does: rollup ${rollup}`, async () => {
      const index = newIndex(rollup);
      for (let i = 0; i < 20_000; i++) {
        const { time, row } = rowOf(i);
        expect(index.add(time, row)).deep.equal([]);
      }
      const dir = join(folder, String(rollup));
      writeSegment(dir, index.snapshot());
      const stored = registerSegment(residency, { id: 's', dir });
      const growing = realtimeHandle('s', index);
      expect(growing.snapshot).include({ timeSorted: false, rowCount: index.rowCount });
      const used = arena.usedBytes;
      for (const question of questions) {
        for (const filter of filters) {
          const asked = { ...question, ...(filter !== undefined && { filter }) };
          expect(await answer(asked, growing), JSON.stringify(asked)).deep.equal(await answer(asked, stored));
        }
      }
      const boundary = { queryType: 'timeBoundary', dataSource: 't' };
      expect(await answer(boundary, growing)).deep.equal(await answer(boundary, stored));
      expect(arena.usedBytes).least(used);
      const rows = (handle: unknown): string[] => {
        const view = open(handle);
        const shown = [...readRows(view, arena)].map((row) =>
          JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)),
        );
        view.close();
        return shown.toSorted();
      };
      expect(rows(growing)).deep.equal(rows(stored));
    });
  }

  it('shows what was there when it was opened, whatever comes later', async () => {
    const index = newIndex(true);
    const add = (time: number, fields: object): void => {
      const row = { fields: fields as Record<string, unknown>, doubleText: () => undefined };
      expect(index.add(time, row)).deep.equal([]);
    };
    add(0, { city: 'Ulm', m: 1 });
    add(3_600_000, { city: 'Bonn', m: 2 });
    const early = realtimeHandle('s', index);
    expect(early.snapshot.timeSorted).equal(true);
    add(0, { city: 'Ulm', m: 10 });
    add(0, { city: ['Ulm', 'Bonn'], m: 100, word: 'w' });
    for (let i = 0; i < 9000; i++) add(i, { city: `c${i}`, m: 1 });
    const question = { ...base, queryType: 'groupBy', granularity: 'all', dimensions: ['city', 'word'] };
    const sums = async (handle: unknown): Promise<unknown[]> => {
      const result = (await answer({ ...question, intervals: ['1970-01-01/1970-01-02'] }, handle)) as {
        event: Record<string, unknown>;
      }[];
      return result.map(({ event }) => [event['city'], event['word'], event['sum']]);
    };
    expect(await sums(early)).deep.equal([
      ['Bonn', null, 2],
      ['Ulm', null, 1],
    ]);
    expect((await sums(realtimeHandle('s', index))).slice(0, 4)).deep.equal([
      ['Bonn', null, 2],
      ['Bonn', 'w', 100],
      ['Ulm', null, 11],
      ['Ulm', 'w', 100],
    ]);
    const view = open(early);
    expect([view.lowerBound(0), view.lowerBound(1), view.lowerBound(3_600_001)]).deep.equal([0, 1, 2]);
    expect(view.column('city')).include({ hasBitmaps: false, dictionarySorted: false, hasNulls: false });
    expect(view.column('odd')).equal(undefined);
    view.close();
  });

  it('may be empty', async () => {
    const handle = realtimeHandle('s', newIndex(false));
    for (const question of questions) expect(await answer(question, handle)).an('array');
    const view = open(handle);
    expect(view.timeRange()).equal(undefined);
    expect(view.lowerBound(0)).equal(0);
    view.close();
  });
});
