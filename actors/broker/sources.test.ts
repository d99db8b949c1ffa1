import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../../query/frame.js';
import { cellColumn } from '../../query/frame-build.js';
import { lookupTable } from '../../query/lookup/table.js';
import type { LookupFinder } from '../../query/native/context.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { pendingSources } from '../../query/native/source.js';
import type { Slice } from './route.js';
import { fetchSources, wantedSlices } from './sources.js';

const counts = [{ type: 'count', name: 'rows' }];
const common = { intervals: '2024-01-01/2024-01-02', granularity: 'all', aggregations: counts };
const inner = { queryType: 'groupBy', dataSource: 't', dimensions: ['d'], ...common };
const rowsOf = (rows: number): Frame => ({
  rows,
  columns: [
    cellColumn(
      'd',
      'STRING',
      Array.from({ length: rows }, (_, i) => `d${i}`),
    ),
  ],
});

async function fetched(
  body: object,
  rows: number,
  lookups?: LookupFinder,
): Promise<readonly Frame[] | string> {
  const query = parseNativeQuery({ ...common, ...body }, { queryId: 'q', timeoutMs: 0 });
  try {
    return await fetchSources(query, pendingSources(query.source), lookups, () =>
      Promise.resolve(rowsOf(rows)),
    );
  } catch (thrown) {
    return thrown instanceof CodedError ? thrown.code : String(thrown);
  }
}

const over = { type: 'query', query: inner };

describe('what stands inside a data source', () => {
  it('inner queries share one limit of rows', async () => {
    const body = { queryType: 'timeseries', dataSource: over, context: { maxSubqueryRows: 10 } };
    expect(await fetched(body, 10)).to.be.an('array');
    expect(await fetched(body, 11)).to.equal('LimitExceeded');
    const join = {
      type: 'join',
      left: over,
      right: over,
      rightPrefix: 'r.',
      condition: 'd == "r.d"',
      joinType: 'INNER',
    };
    expect(await fetched({ ...body, dataSource: join }, 5)).to.be.an('array');
    expect(await fetched({ ...body, dataSource: join }, 6)).to.equal('LimitExceeded');
  });

  it('a limit of bytes goes before that of rows', async () => {
    const body = { queryType: 'timeseries', dataSource: over };
    expect(
      await fetched({ ...body, context: { maxSubqueryRows: 1, maxSubqueryBytes: 1_000_000 } }, 11),
    ).to.be.an('array');
    expect(await fetched({ ...body, context: { maxSubqueryBytes: '20' } }, 11)).to.equal('LimitExceeded');
  });

  it('less than no row is no limit, and a limit of bytes of our own goes before that of rows', async () => {
    const body = { queryType: 'timeseries', dataSource: over };
    expect(await fetched({ ...body, context: { maxSubqueryRows: -1 } }, 11)).to.be.an('array');
    expect(await fetched({ ...body, context: { maxSubqueryRows: 0 } }, 11)).to.equal('LimitExceeded');
    const auto = { maxSubqueryRows: 1, maxSubqueryBytes: 'auto' };
    expect(await fetched({ ...body, context: auto }, 11)).to.be.an('array');
  });

  it('groups of groups are not limited', async () => {
    const body = { queryType: 'groupBy', dataSource: over, context: { maxSubqueryRows: 10 } };
    expect(await fetched(body, 11)).to.be.an('array');
  });

  it('lookups are rows of k and v; an unknown one is empty, but nothing can be joined with it', async () => {
    const lookup = { type: 'lookup', lookup: 'names' };
    const entries = [
      ['a', 'Anna'],
      ['b', null],
    ] as const;
    const names = lookupTable({ name: 'names', version: '1', isOneToOne: false }, entries);
    const known: LookupFinder = (name) => (name === 'names' ? names : undefined);
    const streamed = await fetched({ queryType: 'timeseries', dataSource: lookup }, 0, known);
    expect(streamed).to.have.nested.property('[0].rows', 2);
    expect(await fetched({ queryType: 'timeseries', dataSource: lookup }, 0)).to.deep.equal([
      { rows: 0, columns: [] },
    ]);
    const join = {
      type: 'join',
      left: 't',
      right: lookup,
      rightPrefix: 'r.',
      condition: 'd == "r.k"',
      joinType: 'LEFT',
    };
    expect(await fetched({ queryType: 'timeseries', dataSource: join }, 0)).to.equal('QueryFailed');
    // A key without a value matches nothing.
    const joined = await fetched({ queryType: 'timeseries', dataSource: join }, 0, known);
    expect(joined).to.have.nested.property('[0].rows', 1);
    const byValue = { ...join, condition: 'd == "r.v"' };
    expect(await fetched({ queryType: 'timeseries', dataSource: byValue }, 0, known)).to.equal('QueryFailed');
  });
});

describe('rows that are still growing', () => {
  it('are asked too, not, or alone', () => {
    const slices = [true, false].map(
      (realtime) => ({ dataSource: 't', segment: { realtime } }) as unknown as Slice,
    );
    const asked = (context: object): string => {
      const body = { queryType: 'timeBoundary', dataSource: 't', context };
      const query = parseNativeQuery(body, { queryId: 'q', timeoutMs: 0 });
      return wantedSlices(query, slices)
        .map(({ segment }) => (segment.realtime ? 'growing' : 'stored'))
        .join(' ');
    };
    expect(asked({})).to.equal('growing stored');
    expect(asked({ realtimeSegmentsMode: 'exclude' })).to.equal('stored');
    expect(asked({ realtimeSegmentsMode: 'exclusive' })).to.equal('growing');
    expect(asked({ realtimeSegmentsOnly: 'true' })).to.equal('growing');
  });
});

describe('metadata of a union', () => {
  it('looks at the last segments of each of its tables', () => {
    const day = 86_400_000;
    const slice = (dataSource: string, at: number): Slice =>
      ({
        dataSource,
        segment: { interval: { startMs: at * day, endMs: (at + 1) * day } },
      }) as unknown as Slice;
    const slices = [slice('old', 0), slice('old', 1), slice('new', 400), slice('new', 401)];
    const asked = (queryType: string): string =>
      wantedSlices(parseNativeQuery({ queryType, dataSource: 't' }, { queryId: 'q', timeoutMs: 0 }), slices)
        .map(({ dataSource, segment }) => `${dataSource}${segment.interval.startMs / day}`)
        .join(' ');
    expect(asked('segmentMetadata')).to.equal('old0 old1 new400 new401');
    expect(asked('dataSourceMetadata')).to.equal('old1 new401');
  });

  it('looks at as many segments as there are', () => {
    const interval = { startMs: 0, endMs: 1 };
    const slices = Array.from({ length: 200_000 }, () => ({ dataSource: 't', segment: { interval } }));
    for (const queryType of ['segmentMetadata', 'dataSourceMetadata']) {
      const query = parseNativeQuery({ queryType, dataSource: 't' }, { queryId: 'q', timeoutMs: 0 });
      expect(wantedSlices(query, slices as unknown as Slice[])).to.have.length(200_000);
    }
  });
});
