import { expect } from 'chai';
import { createLocalPartials } from '../../query/cache/partial-cache.js';
import { cellColumn } from '../../query/frame-build.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { keptPartials } from './kept-partials.js';
import type { Slice } from './route.js';

const slice = (segmentId: string, realtime = false): Slice =>
  ({ segmentId, intervals: [{ startMs: 0, endMs: 9 }], segment: { realtime } }) as unknown as Slice;
const frame = { rows: 1, columns: [cellColumn('n', 'LONG', [5n])] };
const query = (context: object = {}) =>
  parseNativeQuery(
    {
      queryType: 'timeseries',
      dataSource: 'shop',
      intervals: '1970/1971',
      granularity: 'all',
      aggregations: [{ type: 'count', name: 'n' }],
      context,
    },
    { queryId: 'q', timeoutMs: 0 },
  );

describe('partial results kept at the broker', () => {
  const caching = {
    partials: createLocalPartials({ bytesMax: 1 << 20, entryBytesMax: 1 << 20 }),
    use: true,
    populate: true,
  };
  const slices = [slice('a'), slice('b'), slice('live', true)];

  it('come back with where their segment has rows; the others are asked', async () => {
    const first = await keptPartials(caching, query(), slices);
    expect(first.rest).to.deep.equal(slices);
    first.keep?.({ segmentId: 'a', frames: [frame, frame], times: [{ startMs: 3, endMs: 2 ** 42 }] });
    first.keep?.({ segmentId: 'b', frames: [frame], times: [] });
    first.keep?.({ segmentId: 'live', frames: [frame], times: [] });
    const again = await keptPartials(caching, query(), slices);
    expect(again.frames).to.deep.equal([frame, frame, frame]);
    expect(again.times).to.deep.equal([{ startMs: 3, endMs: 2 ** 42 }]);
    expect(again.rest).to.deep.equal([slices[2]]);
    const some = await keptPartials({ ...caching, lookupsMax: 1 }, query(), slices);
    expect(some.rest).to.deep.equal([slices[1], slices[2]]);
    const none = await keptPartials({ ...caching, uncacheable: new Set(['timeseries']) }, query(), slices);
    expect(none).to.deep.equal({ frames: [], times: [], rest: slices });
  });

  it('are neither looked for nor kept when the query, or nobody, wants it', async () => {
    const no = await keptPartials(caching, query({ useCache: false, populateCache: false }), slices);
    expect(no).to.deep.equal({ frames: [], times: [], rest: slices });
    expect(await keptPartials(undefined, query(), slices)).to.deep.include({ rest: slices });
  });
});
