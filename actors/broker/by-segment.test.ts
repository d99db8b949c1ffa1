import { expect } from 'chai';
import type { GroupByQuery, NativeQuery } from '../../query/native/model.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import { queryOfSegment, segmentEntries } from './by-segment.js';
import { askingRounds, type Slice } from './route.js';

const dayMs = 86_400_000;
const parse = (body: object): NativeQuery =>
  parseNativeQuery(
    { dataSource: 't', intervals: '1970-01-01/1980-01-01', ...body },
    { queryId: 'q', timeoutMs: 0 },
  );

function slice(dataSource: string, day: number, partition = 0): Slice {
  const interval = { startMs: day * dayMs, endMs: (day + 1) * dayMs };
  const segmentId = `${dataSource}${day}.${partition}`;
  const segment = { interval } as Slice['segment'];
  return { dataSource, segmentId, chunk: interval, version: 'v', intervals: [interval], segment };
}
const names = (slices: readonly Slice[]): string => slices.map(({ segmentId }) => segmentId).join(' ');

describe('answers by segment', () => {
  it('groups as the segment has them, nothing that comes after merging', () => {
    const body = {
      queryType: 'groupBy',
      granularity: 'all',
      dimensions: ['a', 'b'],
      aggregations: [{ type: 'count', name: 'n' }],
      postAggregations: [{ type: 'constant', name: 'p', value: 1 }],
      subtotalsSpec: [['a'], []],
      having: { type: 'greaterThan', aggregation: 'n', value: 2 },
      limitSpec: { type: 'default', limit: 3, offset: 1, columns: ['n'] },
    };
    const query = queryOfSegment(parse(body)) as GroupByQuery;
    expect(query).to.deep.include({ having: undefined, orderBy: [], limit: undefined, offset: 0 });
    expect(query.subtotals).to.equal(undefined);
    expect(query.postAggregations).to.have.nested.property('[0].expression', 'null');
    const arrays = queryOfSegment(parse({ ...body, context: { resultAsArray: true } })) as GroupByQuery;
    expect(arrays.postAggregations).to.deep.equal([]);
    const other = parse({ queryType: 'timeBoundary' });
    expect(queryOfSegment(other)).to.equal(other);
  });

  it("stand in the order of the segments' starts, tables of a union mixed, each interval for itself", () => {
    const slices = [slice('t', 0), slice('t', 1), slice('u', 0), slice('t', 1)];
    const series = { queryType: 'timeseries', granularity: 'day', aggregations: [] };
    expect(names(segmentEntries(parse(series), slices))).to.equal('t0.0 u0.0 t1.0 t1.0');
    const descending = parse({ ...series, descending: true });
    expect(names(segmentEntries(descending, slices))).to.equal('t1.0 t1.0 t0.0 u0.0');
    const halves = [
      { startMs: 0, endMs: 10 },
      { startMs: 20, endMs: 30 },
    ];
    const cut = segmentEntries(parse(series), [{ ...slice('t', 0), intervals: halves }]);
    expect(cut.map(({ intervals }) => intervals)).to.deep.equal(halves.map((one) => [one]));
  });

  it('bounds are told of the first and last segments of each table, unless there is a filter', () => {
    const slices = [0, 1, 2].flatMap((day) => [slice('t', day), slice('t', day, 1)]).concat(slice('u', 1));
    const told = (body: object): string =>
      names(segmentEntries(parse({ queryType: 'timeBoundary', ...body }), slices));
    expect(told({})).to.equal('t0.0 t0.1 u1.0 t2.0 t2.1');
    expect(told({ bound: 'minTime' })).to.equal('t0.0 t0.1 u1.0');
    expect(told({ bound: 'maxTime' })).to.equal('u1.0 t2.0 t2.1');
    const filter = { type: 'selector', dimension: 'a', value: 'x' };
    expect(told({ filter }).split(' ')).to.have.length(7);
  });
});

describe('a segment that is asked for twice', () => {
  it('is asked in a round of its own', () => {
    const a = slice('t', 0);
    const b = slice('t', 1);
    expect(askingRounds([a, b, a, b, a]).map(names)).to.deep.equal(['t0.0 t1.0', 't0.0 t1.0', 't0.0']);
    expect(askingRounds([])).to.deep.equal([]);
  });
});
