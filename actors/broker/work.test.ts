/** What the broker does itself and what it leaves to a worker. */
import { expect } from 'chai';
import { parseNativeQuery } from '../../query/native/parse.js';
import { createBrokerWork } from './work.js';

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
  const options = { signal: new AbortController().signal, deadlineMs: 1_000, priority: 0 };
  const hints = { buckets: new Map(Array.from({ length: buckets }, (_, i) => [i * 60_000, 1])) };
  const partials = { frames: [] };
  for await (const _ of work.finish(topN, partials, hints, options));
  for await (const _ of work.finishFrames(topN, partials, hints, options));
  await work.result(topN, partials, hints, true, options);
  return jobs;
}

describe('work of the broker', () => {
  it('is done by a worker when many buckets are answered, with rows or without', async () => {
    expect(await jobsOf(1_000)).to.deep.equal([]);
    expect(await jobsOf(1_001)).to.deep.equal(['finish', 'answer', 'result']);
  });
});
