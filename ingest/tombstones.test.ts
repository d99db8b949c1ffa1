import { expect } from 'chai';
import { bucketer } from '../query/granularity/buckets.js';
import { parseGranularity } from '../query/granularity.js';
import { formatInterval, parseInterval } from '../segment/timeline/interval.js';
import { planTombstones } from './tombstones.js';

function plan(granularity: string, intervals: string[], used: string[], filled: string[]): string[] {
  const read = (texts: string[]) => texts.map((text) => parseInterval(text));
  return planTombstones({
    intervals: read(intervals),
    used: read(used),
    filled: read(filled),
    buckets: bucketer(parseGranularity(granularity, 'g')),
  }).map((interval) => formatInterval(interval).replaceAll(':00:00.000Z', ''));
}

describe('tombstones', () => {
  it('stand only where old segments are and new rows are not', () => {
    const used = ['2020-01-01/2020-01-02', '2020-01-03/2020-01-05', '2020-01-03/2020-01-04'];
    expect(plan('day', ['2020-01-01/2020-01-05'], used, ['2020-01-03/2020-01-04'])).deep.equal([
      '2020-01-01T00/2020-01-02T00',
      '2020-01-04T00/2020-01-05T00',
    ]);
    expect(plan('day', ['2020-01-01/2020-01-05'], [], [])).deep.equal([]);
  });

  it('never reach beyond the replaced intervals', () => {
    expect(plan('day', ['2020-01-01T06/2020-01-02T03'], ['2019/2021'], [])).deep.equal([
      '2020-01-01T06/2020-01-02T00',
      '2020-01-02T00/2020-01-02T03',
    ]);
    expect(
      plan('hour', ['2020-01-01T06/2020-01-01T08'], ['2020-01-01/P1D'], ['2020-01-01T07/PT1H']),
    ).deep.equal(['2020-01-01T06/2020-01-01T07']);
  });

  it('are limited in number', () => {
    expect(() => plan('hour', ['1000/3000'], ['1000/3000'], [])).throw('dropExisting');
  });
});
