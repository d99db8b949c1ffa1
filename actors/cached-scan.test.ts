import { expect } from 'chai';
import { createLocalPartials } from '../query/cache/partial-cache.js';
import type { Pool, ScanOptions, SegmentRef, SegmentsPart } from '../query/engine/pool-api.js';
import { cellColumn } from '../query/frame-build.js';
import type { Frame } from '../query/frame.js';
import { parseNativeQuery } from '../query/native/parse.js';
import { cachedScan } from './cached-scan.js';

const frameOf = (n: bigint): Frame => ({ rows: 1, columns: [cellColumn('n', 'LONG', [n])] });
const ref = (segmentId: string): SegmentRef => ({
  segmentId,
  handle: undefined,
  intervals: [{ startMs: 0, endMs: 10 }],
});
const query = (context: object = {}, queryType = 'timeseries') =>
  parseNativeQuery(
    {
      queryType,
      dataSource: 'shop',
      intervals: '1970/1971',
      granularity: 'all',
      aggregations: [{ type: 'count', name: 'n' }],
      context,
    },
    { queryId: 'q', timeoutMs: 0 },
  );

/** Two parts a segment; tells what it was asked. */
function fakePool(): Pick<Pool, 'scanSegments'> & { readonly asked: string[][]; failAt: string | undefined } {
  const pool = {
    asked: [] as string[][],
    failAt: undefined as string | undefined,
    async *scanSegments(
      _query: unknown,
      refs: readonly SegmentRef[],
      options: ScanOptions = {},
    ): AsyncIterable<SegmentsPart> {
      pool.asked.push(refs.map(({ segmentId }) => segmentId));
      for (const { segmentId } of refs) {
        const of = options.bySegment === true ? { ofSegment: segmentId } : {};
        yield { segmentIds: [], frame: frameOf(1n), ...of };
        await Promise.resolve();
        if (segmentId === pool.failAt) throw new Error('gone');
        yield { segmentIds: [segmentId], frame: frameOf(BigInt(segmentId.length)), ...of };
      }
    },
  };
  return pool;
}

describe('scan with a cache in front', () => {
  const partials = () => createLocalPartials({ bytesMax: 1 << 20, entryBytesMax: 1 << 20 });
  const isStored = (id: string): boolean => id !== 'live';
  async function run(
    pool: Pick<Pool, 'scanSegments'>,
    caching: Parameters<typeof cachedScan>[1],
    ids: readonly string[],
    asked = query(),
  ): Promise<{ total: bigint; ids: string[] }> {
    let total = 0n;
    const answered: string[] = [];
    for await (const part of cachedScan(pool, caching, asked, ids.map(ref), isStored, {})) {
      total += part.frame.columns[0]?.values[0] as bigint;
      answered.push(...part.segmentIds);
    }
    return { total, ids: answered };
  }

  it('asks the pool only for what is not there, with the same answer', async () => {
    const pool = fakePool();
    const caching = { partials: partials(), use: true, populate: true };
    const first = await run(pool, caching, ['a', 'bb', 'live']);
    const again = await run(pool, caching, ['a', 'ccc', 'bb', 'live']);
    expect(pool.asked).to.deep.equal([
      ['a', 'bb', 'live'],
      ['ccc', 'live'],
    ]);
    expect(first).to.deep.equal({ total: 10n, ids: ['a', 'bb', 'live'] });
    expect(again.total).to.equal(14n);
    expect(again.ids.toSorted()).to.deep.equal(['a', 'bb', 'ccc', 'live']);
  });

  it('a segment that was not answered to its end is not kept', async () => {
    const pool = fakePool();
    const caching = { partials: partials(), use: true, populate: true };
    pool.failAt = 'bb';
    let error: unknown;
    await run(pool, caching, ['a', 'bb']).catch((thrown: unknown) => (error = thrown));
    expect(error).to.be.instanceOf(Error);
    pool.failAt = undefined;
    await run(pool, caching, ['a', 'bb']);
    expect(pool.asked[1]).to.deep.equal(['bb']);
  });

  it('a query, a role or the kind of query may say no', async () => {
    const pool = fakePool();
    const caching = { partials: partials(), use: true, populate: true };
    await run(pool, caching, ['a'], query({ populateCache: false }));
    await run(pool, caching, ['a']);
    await run(pool, caching, ['a'], query({ useCache: false }));
    await run(pool, { ...caching, use: false }, ['a']);
    await run(pool, { ...caching, uncacheable: new Set(['timeseries']) }, ['a', 'b']);
    expect(pool.asked).to.have.length(5);
    await run(pool, caching, ['a'], query({}, 'dataSourceMetadata'));
    expect(pool.asked).to.have.length(6);
    await run(pool, { ...caching, uncacheable: new Set(['topN']) }, ['a']);
    expect(pool.asked).to.have.length(6);
    await run(pool, caching, ['b']);
    expect(pool.asked[6]).to.deep.equal(['b']);
  });

  it('what is too large is not kept, and told of', async () => {
    const pool = fakePool();
    const small = createLocalPartials({ bytesMax: 1 << 20, entryBytesMax: 10 });
    const caching = { partials: small, use: true, populate: true };
    await run(pool, caching, ['a']);
    await run(pool, caching, ['a']);
    expect(pool.asked).to.have.length(2);
    expect(small.figures).to.deep.include({ oversized: 2, puts: 0 });
  });
});
