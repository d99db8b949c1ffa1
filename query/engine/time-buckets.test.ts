import { expect } from 'chai';
import { parseInterval } from '../../segment/timeline/interval.js';
import type { Granularity } from '../native/model.js';
import { parseGranularity } from '../granularity.js';
import type { Environment } from './environment.js';
import { timeBuckets } from './time-buckets.js';

const hour = 3_600_000;

describe('time buckets of a segment', () => {
  // Rows from 02:30 to 05:10.
  const times = { minMs: 2.5 * hour, maxMs: 5 * hour + 600_000 };
  const environment = { segment: { rowCount: 1000, timeRange: () => times } } as unknown as Environment;
  const starts = (granularity: Granularity, ...intervals: string[]): number[] => {
    const asked = intervals.map((text) => parseInterval(text));
    return [...timeBuckets(environment, granularity, asked, false)].map((ms) => ms / hour);
  };
  const hours: readonly (readonly [why: string, intervals: string[], found: number[]])[] = [
    ['all there are', ['1970-01-01/P1D'], [2, 3, 4, 5]],
    ['none before the first row', ['1970-01-01/1970-01-01T02:20'], []],
    ['that of an interval behind the last row, in its bucket', ['1970-01-01T05:20/1970-01-01T05:30'], [5]],
    ['none behind that bucket', ['1970-01-01T06:00/1970-01-01T07:00'], []],
    [
      'one of two intervals in it, once',
      ['1970-01-01T03:10/1970-01-01T03:20', '1970-01-01T03:40/1970-01-01T04:00'],
      [3],
    ],
  ];
  for (const [why, intervals, found] of hours)
    it(why, () => expect(starts(parseGranularity('hour', 'granularity'), ...intervals)).to.deep.equal(found));

  it('the one of all time, unless the interval ends before the first row', () => {
    const all: Granularity = { type: 'all' };
    expect(starts(all, '1970-01-01T07:00/1970-01-01T08:00')).to.deep.equal([0]);
    expect(starts(all, '1970-01-01/1970-01-01T02:00')).to.deep.equal([]);
  });
});
