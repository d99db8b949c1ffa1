import { expect } from 'chai';
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Frame } from '../frame.js';
import { mergePartials } from '../merge.js';
import type { QueryContext, ScanQuery } from '../native/model.js';
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
