import { expect } from 'chai';
import { parseNativeQuery } from '../../query/native/parse.js';
import { allTime, renderHints } from './render-hints.js';

describe('what rows do not tell', () => {
  const hour = 3_600_000;
  const hintsOf = (body: object) =>
    renderHints(
      parseNativeQuery(
        {
          dataSource: 't',
          intervals: '1970-01-01/1970-01-03',
          aggregations: [{ type: 'count', name: 'n' }],
          ...body,
        },
        { queryId: 'q', timeoutMs: 0 },
      ),
      [
        { startMs: 5, endMs: hour },
        { startMs: 2 * hour, endMs: 3 * hour - 1 },
      ],
    );
  const top = { queryType: 'topN', dimension: 'd', metric: 'n', threshold: 1 };

  it('one bucket begins with the first of the times, of a descending series with the last', () => {
    expect(hintsOf({ ...top, granularity: 'all' })).to.deep.equal({ allStartMs: 5 });
    const series = { queryType: 'timeseries', granularity: 'all', descending: true };
    expect(hintsOf(series)).to.deep.equal({ allStartMs: 2 * hour });
  });

  it('the buckets of a topN are those of the times, the last millisecond included', () => {
    const { buckets } = hintsOf({ ...top, granularity: 'hour' });
    expect([...(buckets ?? [])]).to.deep.equal([
      [0, 1],
      [hour, 1],
      [2 * hour, 1],
    ]);
    expect(hintsOf({ ...top, granularity: 'none' })).to.deep.equal({});
  });

  it('times that overlap are counted, a bucket is looked at once for all of them', () => {
    const query = parseNativeQuery(
      {
        ...top,
        granularity: 'second',
        dataSource: 't',
        intervals: '1970/1971',
        aggregations: [{ type: 'count', name: 'n' }],
      },
      { queryId: 'q', timeoutMs: 0 },
    );
    const few = [
      { startMs: 0, endMs: 2_000 },
      { startMs: 1_500, endMs: 1_999 },
      { startMs: 5_000, endMs: 5_000 },
    ];
    expect([...(renderHints(query, few).buckets ?? [])]).to.deep.equal([
      [0, 1],
      [1_000, 2],
      [2_000, 1],
      [5_000, 1],
    ]);
    // One at a time these would be hundreds of millions.
    const many = Array.from({ length: 5_000 }, (_, i) => ({ startMs: i, endMs: 24 * hour + i }));
    const { buckets } = renderHints(query, many);
    expect([1_000, 6_000].map((at) => buckets?.get(at))).to.deep.equal([2_000, 5_000]);
    expect(buckets?.size).to.equal(86_405);
  });

  it('rows in memory have the buckets of the intervals of a topN', () => {
    const timesOf = (granularity: string, queryType = 'topN') =>
      allTime(
        parseNativeQuery(
          {
            ...top,
            queryType,
            granularity,
            dataSource: 't',
            intervals: ['1970/1971', '1972/1972'],
            aggregations: [{ type: 'count', name: 'n' }],
          },
          { queryId: 'q', timeoutMs: 0 },
        ),
      );
    const year = { startMs: 0, endMs: 365 * 24 * hour };
    expect(timesOf('all')).to.deep.equal([year]);
    expect(timesOf('month')).to.deep.equal([{ ...year, endMs: year.endMs - 1 }]);
    expect(timesOf('month', 'timeseries')).to.deep.equal([]);
  });
});
