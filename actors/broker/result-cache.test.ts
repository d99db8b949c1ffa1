import { expect } from 'chai';
import { parseNativeQuery } from '../../query/native/parse.js';
import { createLocalStore } from '../caches.js';
import { cachedResult, chunksOf, ResultCopy } from './result-cache.js';
import type { Slice } from './route.js';

const store = createLocalStore({ bytesMax: 1 << 20, entryBytesMax: 1 << 20 });
const caching = { store, use: true, populate: true, entryBytesMax: 1_000 };
const slice = (segmentId: string, endMs = 10, realtime = false): Slice =>
  ({ segmentId, intervals: [{ startMs: 0, endMs }], segment: { realtime } }) as unknown as Slice;
const query = (change: object = {}) =>
  parseNativeQuery(
    {
      queryType: 'timeseries',
      dataSource: 'shop',
      intervals: '1970/1971',
      granularity: 'all',
      aggregations: [{ type: 'count', name: 'n' }],
      ...change,
    },
    { queryId: 'q', timeoutMs: 0 },
  );

describe('cache of whole answers', () => {
  const keyOf = (change: object, slices: readonly Slice[], pretty = false): string | undefined =>
    cachedResult(caching, query(change), pretty, slices)?.key;

  it('the key names the question, its form and every segment asked', () => {
    const key = keyOf({}, [slice('a')]);
    expect(keyOf({ context: { queryId: 'x' } }, [slice('a')])).to.equal(key);
    for (const other of [
      keyOf({}, [slice('a')], true),
      keyOf({}, [slice('b')]),
      keyOf({}, [slice('a'), slice('b')]),
      keyOf({}, [slice('a', 11)]),
      keyOf({ descending: true }, [slice('a')]),
      keyOf({ intervals: '1970/1972' }, [slice('a')]),
      keyOf({ context: { grandTotal: true } }, [slice('a')]),
    ]) {
      expect(other).to.be.a('string').that.does.not.equal(key);
    }
  });

  it('nothing is kept of growing rows, of scans, of nothing, nor against the wish of a query', () => {
    expect(keyOf({}, [slice('a'), slice('live', 10, true)])).to.equal(undefined);
    expect(keyOf({ queryType: 'scan' }, [slice('a')])).to.equal(undefined);
    expect(keyOf({}, [])).to.equal(undefined);
    const no = { useResultLevelCache: false, populateResultLevelCache: false };
    expect(keyOf({ context: no }, [slice('a')])).to.equal(undefined);
    const without = { ...caching, uncacheable: new Set(['timeseries']) };
    expect(cachedResult(without, query(), false, [slice('a')])).to.equal(undefined);
  });

  it('an answer is copied on its way out unless it is too long', () => {
    const copy = new ResultCopy(5);
    copy.add(new Uint8Array([1, 2, 3]));
    copy.add(new Uint8Array([4, 5]));
    expect([...(copy.whole() ?? [])]).to.deep.equal([1, 2, 3, 4, 5]);
    copy.add(new Uint8Array([6]));
    expect(copy.whole()).to.equal(undefined);
  });

  it('a kept answer goes out in pieces', () => {
    const bytes = new Uint8Array(600_000).map((_, i) => i % 251);
    const chunks = [...chunksOf(bytes)];
    expect(chunks.length).to.be.greaterThan(1);
    expect(Buffer.concat(chunks).equals(bytes)).to.equal(true);
  });
});
