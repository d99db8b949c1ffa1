/** What the broker does itself and what it leaves to a worker. */
import { expect } from 'chai';
import type { Frame } from '../../query/frame.js';
import type { NativeQuery } from '../../query/native/model.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { createBrokerWork } from './work.js';

const options = { signal: new AbortController().signal, deadlineMs: 60_000, priority: 0 };

const topN = parseNativeQuery(
  {
    queryType: 'topN',
    dataSource: 't',
    intervals: ['2020/2021'],
    granularity: 'minute',
    dimension: 'd',
    metric: 'n',
    threshold: 5,
    aggregations: [{ type: 'count', name: 'n' }],
  },
  { queryId: 'q', timeoutMs: 0 },
);

/** The jobs that an answer with so many buckets, none with rows, is made by. */
async function jobsOf(buckets: number): Promise<string[]> {
  const jobs: string[] = [];
  const work = createBrokerWork({
    run(name) {
      jobs.push(name);
      return Promise.resolve(name === 'answer' || name === 'result' ? { rows: 0, columns: [] } : []);
    },
    scanSegments() {
      throw new Error('not asked');
    },
  });
  const hints = { buckets: new Map(Array.from({ length: buckets }, (_, i) => [i * 60_000, 1])) };
  const partials = { frames: [] };
  for await (const _ of work.finish(topN, partials, hints, options));
  for await (const _ of work.finishFrames(topN, partials, hints, options));
  await work.result(topN, partials, hints, true, options);
  return jobs;
}

function query(json: object): NativeQuery {
  const common = { dataSource: 'x', intervals: ['2000-01-01/2020-01-01'], granularity: 'day' };
  const aggregations = [{ type: 'longSum', name: 'n', fieldName: 'n' }];
  const defaults = { queryId: 'q', timeoutMs: 1000, context: {} };
  return parseNativeQuery({ ...common, aggregations, ...json }, defaults);
}

function frame(rows: number): Frame {
  const values = BigInt64Array.from({ length: rows }, (_, i) => BigInt(i) * 86_400_000n);
  return {
    rows,
    columns: ['__bucket', '__rows', 'd', 'n'].map((name) => ({ name, type: 'LONG', values })),
  };
}

/** The pieces of an answer; 'pool' where it was not written by the caller's thread. */
async function finished(asked: NativeQuery, rows: number): Promise<string[]> {
  const work = createBrokerWork({
    run: () => Promise.resolve([Buffer.from('pool')]),
    scanSegments: () => {
      throw new Error('nothing is scanned');
    },
  });
  const pieces: string[] = [];
  for await (const piece of work.finish(asked, { frames: [frame(rows)] }, {}, options))
    pieces.push(Buffer.from(piece).toString());
  return pieces;
}

describe('work of the broker', () => {
  it('is done by a worker when many buckets are answered, with rows or without', async () => {
    expect(await jobsOf(1_000)).to.deep.equal([]);
    expect(await jobsOf(1_001)).to.deep.equal(['finish', 'answer', 'result']);
  });

  it('writes short answers itself, in one piece', async () => {
    const groups = {
      queryType: 'groupBy',
      dimensions: [{ type: 'default', dimension: 'd', outputType: 'LONG' }],
    };
    for (const [json, rows] of [
      [{ queryType: 'timeseries' }, 1],
      [{ queryType: 'timeseries' }, 4000],
      [groups, 900],
    ] as const) {
      const pieces = await finished(query(json), rows);
      expect(pieces.length).to.equal(1);
      expect((JSON.parse(pieces[0] ?? '') as unknown[]).length).to.equal(rows);
    }
  });

  it('leaves others to the pool: longer ones, and those that take more than writing numbers', async () => {
    const estimate = { type: 'hyperUniqueCardinality', name: 'e', fieldName: 'n' };
    for (const json of [
      { queryType: 'groupBy', dimensions: ['d'] },
      { queryType: 'timeseries', postAggregations: [estimate] },
    ])
      expect(await finished(query(json), 2000)).to.deep.equal(['pool']);
    expect(await finished(query({ queryType: 'timeseries' }), 4001)).to.deep.equal(['pool']);
  });
});
