import { expect } from 'chai';
import type { Frame } from '../frame.js';
import { cellColumn, type FrameCell, type PlainType } from '../frame-build.js';
import { TextSink } from '../json/write.js';
import { parseNativeQuery } from '../native/parse.js';
import { answerFrame } from './answer-frame.js';
import { columnOutput } from './output.js';
import { renderResult } from './render.js';

type Row = Record<string, unknown>;

const day = 86_400_000n;
const frame = (...columns: (readonly [string, PlainType, readonly FrameCell[]])[]): Frame => ({
  rows: columns[0]?.[2].length ?? 0,
  columns: columns.map(([name, type, cells]) => cellColumn(name, type, cells)),
});
const parsed = (body: Row) =>
  parseNativeQuery(
    { dataSource: 't', intervals: '1970-01-01/1970-02-01', granularity: 'day', ...body },
    { queryId: 'q', timeoutMs: 0 },
  );

/** The JSON answer, flattened to rows. */
function jsonRows(body: Row, merged: Frame): Row[] {
  const sink = new TextSink();
  renderResult(parsed(body), merged, sink);
  const ms = (timestamp: unknown): unknown =>
    typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp;
  const answer = JSON.parse(sink.text) as Row[];
  return answer.flatMap(({ timestamp, result, event }) => {
    const rows = (Array.isArray(result) ? result : [result ?? event]) as Row[];
    return rows.map((row) => ({ __time: ms(timestamp), ...row }));
  });
}

/** The frame's rows as JSON would have them. */
function frameRows(body: Row, merged: Frame): Row[] {
  const answer = answerFrame(parsed(body), merged);
  return Array.from({ length: answer.rows }, (_, row) =>
    Object.fromEntries(
      answer.columns.map((column) => [column.name, JSON.parse(columnOutput(column).json(row)) as unknown]),
    ),
  );
}

describe('answers as frames', () => {
  const same = (body: Row, merged: Frame): Row[] => {
    const rows = frameRows(body, merged);
    expect(rows).to.deep.equal(jsonRows(body, merged));
    return rows;
  };
  const values = {
    aggregations: [
      { type: 'count', name: 'n' },
      { type: 'doubleSum', name: 's', fieldName: 'x' },
    ],
    postAggregations: [
      {
        type: 'arithmetic',
        name: 'avg',
        fn: '/',
        fields: [
          { type: 'fieldAccess', fieldName: 's' },
          { type: 'fieldAccess', fieldName: 'n' },
        ],
      },
    ],
  };
  const buckets = frame(
    ['__bucket', 'LONG', [0n, day, 2n * day]],
    ['__rows', 'LONG', [1n, 0n, 3n]],
    ['n', 'LONG', [1n, 0n, 3n]],
    ['s', 'DOUBLE', [1.5, null, 4.5]],
  );
  const groups = frame(
    ['__bucket', 'LONG', [0n, 0n, 0n, day]],
    ['d', 'STRING', ['a', 'b', null, 'a']],
    ['n', 'LONG', [3n, 1n, 2n, 9n]],
    ['s', 'DOUBLE', [3, 2, 1, 9]],
  );

  it('timeseries: shaped, with a grand total at the end', () => {
    const timeseries = { queryType: 'timeseries', ...values };
    expect(same(timeseries, buckets)).to.have.length(3);
    same({ ...timeseries, descending: true, limit: 2 }, buckets);
    same({ ...timeseries, context: { skipEmptyBuckets: true } }, buckets);
    const rows = same({ ...timeseries, context: { grandTotal: true } }, buckets);
    expect(rows.at(-1)).to.deep.equal({ __time: null, n: 4, s: 6, avg: 1.5 });
    same({ ...timeseries, granularity: 'all' }, frame(['__bucket', 'LONG', []]));
  });

  it('topN: the best of each bucket', () => {
    const topN = { queryType: 'topN', dimension: 'd', metric: 'n', threshold: 2, ...values };
    expect(same(topN, groups).map(({ n }) => n)).to.deep.equal([3, 2, 9]);
    same({ ...topN, metric: { type: 'dimension' } }, groups);
  });

  it('groupBy: having, order, limit, and the time of a single bucket', () => {
    const groupBy = { queryType: 'groupBy', dimensions: ['d'], ...values };
    expect(same(groupBy, groups)).to.have.length(4);
    const having = { type: 'greaterThan', aggregation: 'n', value: 1 };
    const limitSpec = { type: 'default', limit: 2, columns: [{ dimension: 'avg', direction: 'descending' }] };
    expect(same({ ...groupBy, having, limitSpec }, groups)).to.have.length(2);
    const lookup = { type: 'lookup', lookup: { type: 'map', map: { a: 'A' }, isOneToOne: true } };
    const dimensions = [{ ...lookup, dimension: 'd', outputName: 'd' }];
    expect(same({ ...groupBy, dimensions }, groups).map(({ d }) => d)).to.deep.equal([null, 'A', null, 'A']);
    const all = { ...groups, columns: groups.columns.filter(({ name }) => name !== '__bucket') };
    same({ ...groupBy, granularity: 'all' }, all);
  });

  it('search, bounds and metadata', () => {
    const hits = frame(
      ['__bucket', 'LONG', [0n, 0n, 0n]],
      ['__start', 'LONG', [0n, 0n, 0n]],
      ['__segments', 'LONG', [1n, null, null]],
      ['dimension', 'STRING', [null, 'd', 'd']],
      ['value', 'STRING', [null, 'b', 'a']],
      ['count', 'LONG', [null, 2n, 1n]],
    );
    const search = { queryType: 'search', query: { type: 'all' }, granularity: 'all' };
    expect(same(search, hits)).to.have.length(2);
    expect(same({ ...search, limit: 1 }, hits)).to.have.length(1);
    const bounds = frame(['minTime', 'LONG', [5n, 3n]], ['maxTime', 'LONG', [8n, 9n]]);
    expect(frameRows({ queryType: 'timeBoundary' }, bounds)).to.deep.equal([{ maxTime: 9, minTime: 3 }]);
    expect(frameRows({ queryType: 'timeBoundary', bound: 'minTime' }, bounds)).to.deep.equal([
      { minTime: 3 },
    ]);
    expect(frameRows({ queryType: 'timeBoundary' }, frame(['minTime', 'LONG', []]))).to.deep.equal([]);
    expect(frameRows({ queryType: 'dataSourceMetadata' }, frame(['maxTime', 'LONG', [7n]]))).to.deep.equal([
      { maxIngestedEventTime: 7 },
    ]);
  });

  it('scan: offset and limit', () => {
    const rows = frame(['__time', 'LONG', [1n, 2n, 3n]], ['a', 'STRING', ['x', 'y', null]]);
    const scan = { queryType: 'scan', columns: ['a', '__time'], order: 'ascending', offset: 1, limit: 1 };
    expect(frameRows(scan, rows)).to.deep.equal([{ a: 'y', __time: 2 }]);
  });
});
