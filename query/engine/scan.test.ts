import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Frame } from '../frame.js';
import { TextSink } from '../json/write.js';
import { mergePartials } from '../merge.js';
import type { QueryContext, ScanQuery } from '../native/model.js';
import { parseNativeQuery } from '../native/parse.js';
import { renderResult } from '../results/render.js';
import { createInlinePool } from './inline-pool.js';
import { testSegment } from './test-segment.js';

const context: QueryContext = {
  queryId: 'q',
  timeoutMs: 0,
  priority: 0,
  skipEmptyBuckets: false,
  grandTotal: false,
  resultAsArray: false,
  allowPartialResults: false,
  minTopNThreshold: 1000,
  given: {},
};
const rows = 150_000;
const intervals = [{ startMs: 0, endMs: rows }];
const arena = createArena({ maximumBytes: 1 << 28 });
const kernels = instantiateKernels(compileKernels(), arena);

/** Times 0 … rows - 1, ascending or mixed up; `id` is the row. */
function segmentWith(timeSorted: boolean) {
  const times = Array.from({ length: rows }, (_, i) => BigInt(timeSorted ? i : (i * 7919) % rows));
  return testSegment(arena, {
    id: 's',
    interval: { startMs: 0, endMs: rows },
    timeSorted,
    columns: {
      __time: { kind: 'long', values: times },
      id: { kind: 'long', values: times.map((_, i) => BigInt(i)) },
    },
  });
}

describe('scan in parts', () => {
  for (const timeSorted of [true, false]) {
    const segment = segmentWith(timeSorted);
    const times = Array.from({ length: rows }, (_, i) => (timeSorted ? i : (i * 7919) % rows));
    for (const order of ['none', 'ascending', 'descending'] as const) {
      for (const limit of [undefined, 70_000, 10]) {
        it(`${timeSorted ? 'sorted' : 'mixed'} ${order} limit ${limit}`, async () => {
          const pool = createInlinePool({
            kernels,
            open: () => segment,
            clock: { now: () => 0, monotonic: () => 0 },
          });
          const query: ScanQuery = {
            queryType: 'scan',
            dataSources: ['t'],
            intervals,
            context,
            filter: {
              type: 'bound',
              dimension: 'id',
              lower: '100',
              upper: undefined,
              lowerStrict: false,
              upperStrict: false,
              ordering: 'numeric',
            },
            columns: ['__time', 'id'],
            limit,
            offset: 5,
            batchSize: 100,
            order,
            resultFormat: 'list',
          };
          const frames: Frame[] = [];
          for await (const part of pool.scanSegments(query, [{ segmentId: 's', handle: 0, intervals }])) {
            frames.push(part.frame);
          }
          const most = limit === undefined ? rows : limit + 5;
          expect(frames.length).to.equal(Math.ceil(Math.min(rows - 100, most) / 65_536));
          const found = mergePartials(query, frames).columns[0];
          const wanted = times.slice(100);
          if (order !== 'none') wanted.sort((a, b) => (order === 'ascending' ? a - b : b - a));
          expect(Array.from(found?.values ?? [], Number)).to.deep.equal(wanted.slice(0, most));
        });
      }
    }
  }
});

describe('scan ordered by columns', () => {
  const texts = ['b', null, 'a', 'b', 'ü', null];
  const part = (id: string, from: number) =>
    testSegment(arena, {
      id,
      interval: { startMs: 0, endMs: 100 },
      columns: {
        __time: { kind: 'long', values: texts.map((_, i) => BigInt(from + i)) },
        text: { kind: 'string', values: texts },
        half: { kind: 'double', values: texts.map((_, i) => (i === 3 ? null : 0 - i / 2)) },
      },
    });
  const parts = [part('s0', 0), part('s1', 50)];

  async function events(orderBy: readonly object[], limit?: number): Promise<unknown> {
    const pool = createInlinePool({
      kernels,
      open: (handle) => parts[Number(handle)] as (typeof parts)[0],
      clock: { now: () => 0, monotonic: () => 0 },
    });
    const query = parseNativeQuery(
      {
        queryType: 'scan',
        dataSource: 't',
        intervals: '1970-01-01/P1D',
        columns: ['__time', 'text', 'half'],
        resultFormat: 'compactedList',
        orderBy,
        limit,
      },
      { queryId: 'q', timeoutMs: 0 },
    );
    const frames: Frame[] = [];
    const refs = parts.map(({ id }, i) => ({ segmentId: id, handle: i, intervals: query.intervals }));
    for await (const { frame } of pool.scanSegments(query, refs)) frames.push(frame);
    const sink = new TextSink();
    renderResult(query, mergePartials(query, frames), sink);
    return (JSON.parse(sink.text) as { events: unknown }[])[0]?.events;
  }

  it('of several types, either way, over segments, cut at the limit', async () => {
    const orderBy = [
      { columnName: 'text', order: 'descending' },
      { columnName: 'half' },
      { columnName: '__time', order: 'descending' },
    ];
    const expected = [
      [54, 'ü', -2],
      [4, 'ü', -2],
      [53, 'b', null],
      [3, 'b', null],
      [50, 'b', 0],
      [0, 'b', 0],
      [52, 'a', -1],
      [2, 'a', -1],
      [55, null, -2.5],
      [5, null, -2.5],
      [51, null, -0.5],
      [1, null, -0.5],
    ];
    expect(await events(orderBy)).to.deep.equal(expected);
    expect(await events(orderBy, 3)).to.deep.equal(expected.slice(0, 3));
  });
});
