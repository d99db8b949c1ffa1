import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import {
  bucketStart,
  formatTimestamp,
  granularityJson,
  nextBucket,
  parseGranularity,
} from './granularity.js';
import { parseInstant, parseInterval } from './granularity/instant.js';
import { parsePeriod } from './granularity/period.js';
import { findZone } from './granularity/zone.js';
import type { Granularity } from './native/model.js';

const at = (text: string): number => {
  const ms = parseInstant(text);
  if (ms === undefined) throw new Error(`no instant: ${text}`);
  return ms;
};
const period = (text: string, timeZone = 'UTC', origin?: string): Granularity =>
  parseGranularity({ type: 'period', period: text, timeZone, origin }, 'granularity');

/** The starts of the first buckets of an instant's bucket chain, printed in the granularity's zone. */
function chain(granularity: Granularity, from: string, count: number): string[] {
  const starts: string[] = [];
  let start = bucketStart(granularity, at(from));
  for (let i = 0; i < count; i++) {
    starts.push(formatTimestamp(start, granularity));
    start = nextBucket(granularity, start);
  }
  return starts;
}

describe('granularity', () => {
  it('reads simple names in any case', () => {
    expect(granularityJson(parseGranularity('Day', 'granularity'))).to.equal('DAY');
    expect(granularityJson(parseGranularity('fifteen_minute', 'granularity'))).to.equal('FIFTEEN_MINUTE');
    expect(parseGranularity('ALL', 'granularity')).to.deep.equal({ type: 'all' });
    expect(parseGranularity({ type: 'none' }, 'granularity')).to.deep.equal({ type: 'none' });
  });

  it('refuses what is no granularity and names the field', () => {
    const bad: unknown[] = ['fortnight', 7, null, {}, { type: 'period' }, { type: 'period', period: 'P0D' }];
    bad.push(
      { type: 'period', period: 'PT' },
      { type: 'duration', duration: 0 },
      { type: 'moon' },
      '__proto__',
    );
    for (const json of bad) {
      expect(() => parseGranularity(json, 'gran'), JSON.stringify(json)).to.throw(CodedError, /gran/);
    }
  });

  it('keeps the origin of a duration below its length', () => {
    const granularity = parseGranularity(
      { type: 'duration', duration: 7200000, origin: '2012-01-01T00:30:00Z' },
      'g',
    );
    expect(chain(granularity, '2020-05-05T04:10:00Z', 2)).to.deep.equal([
      '2020-05-05T02:30:00.000Z',
      '2020-05-05T04:30:00.000Z',
    ]);
  });

  it('gives days their 23 and 25 hours at clock changes', () => {
    expect(chain(period('P1D', 'Europe/Berlin'), '2021-03-27T12:00:00Z', 3)).to.deep.equal([
      '2021-03-27T00:00:00.000+01:00',
      '2021-03-28T00:00:00.000+01:00',
      '2021-03-29T00:00:00.000+02:00',
    ]);
    expect(bucketStart(period('PT1H', 'Europe/Berlin'), at('2021-10-31T01:30:00Z'))).to.equal(
      at('2021-10-31T01:00:00Z'),
    );
  });

  it('starts a day without a midnight at its first instant', () => {
    const day = period('P1D', 'America/Sao_Paulo');
    expect(chain(day, '2018-11-04T12:00:00Z', 2)).to.deep.equal([
      '2018-11-04T01:00:00.000-02:00',
      '2018-11-05T01:00:00.000-02:00',
    ]);
  });

  it('starts weeks on Mondays, multiples of weeks on Thursdays', () => {
    expect(chain(period('P1W'), '2021-06-03', 1)).to.deep.equal(['2021-05-31T00:00:00.000Z']);
    expect(chain(period('P2W'), '1970-01-20', 1)).to.deep.equal(['1970-01-15T00:00:00.000Z']);
  });

  it('counts months and years from the origin and clamps days', () => {
    const granularity = period('P1M', 'UTC', '2019-10-31T06:00:00Z');
    expect(chain(granularity, '2021-03-01', 1)).to.deep.equal(['2021-02-28T06:00:00.000Z']);
    expect(chain(period('P3M', 'Asia/Tokyo'), '2021-05-05', 2)).to.deep.equal([
      '2021-04-01T00:00:00.000+09:00',
      '2021-07-01T00:00:00.000+09:00',
    ]);
    expect(chain(period('P5Y'), '1969-05-05', 1)).to.deep.equal(['1965-01-01T00:00:00.000Z']);
  });

  it('chains compound periods from 1970 in local time', () => {
    expect(chain(period('P1DT12H', 'America/New_York'), '1970-01-03T00:00:00Z', 2)).to.deep.equal([
      '1970-01-02T12:00:00.000-05:00',
      '1970-01-04T00:00:00.000-05:00',
    ]);
    expect(bucketStart(period('P1M1D'), at('1969-12-31T00:00:00Z'))).to.equal(at('1969-11-30T00:00:00Z'));
  });

  it('takes an unknown zone for UTC and knows offsets', () => {
    expect(chain(period('P1D', 'Nowhere/Land'), '2021-05-05T23:00:00Z', 1)).to.deep.equal([
      '2021-05-05T00:00:00.000Z',
    ]);
    expect(chain(period('P1D', '+05:30'), '2021-05-05T23:00:00Z', 1)).to.deep.equal([
      '2021-05-06T00:00:00.000+05:30',
    ]);
    expect(findZone('europe/berlin')).to.equal(undefined);
    expect(findZone('+5')).to.equal(undefined);
    expect(findZone('PST')?.id).to.equal('America/Los_Angeles');
  });

  it('buckets every instant of random ones into a bucket that holds it', () => {
    let seed = 12345;
    const next = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney', '-03:00'];
    const periods = ['PT1S', 'PT5M', 'PT1H', 'PT3H', 'P1D', 'P3D', 'P1W', 'P1M', 'P3M', 'P1Y'];
    for (let i = 0; i < 2000; i++) {
      const g = period(
        periods[Math.floor(next() * periods.length)] ?? '',
        zones[Math.floor(next() * zones.length)],
      );
      const ms = Math.floor(next() * 1.9e12);
      const start = bucketStart(g, ms);
      expect(start, JSON.stringify([g, ms])).to.be.at.most(ms);
      expect(nextBucket(g, start), JSON.stringify([g, ms])).to.be.above(ms);
      expect(bucketStart(g, start), JSON.stringify([g, ms])).to.equal(start);
    }
  });
});

describe('ISO instants and intervals', () => {
  it('takes partial and one-digit forms', () => {
    expect(at('2021')).to.equal(Date.UTC(2021, 0, 1));
    expect(at('2021-3-4T5:6')).to.equal(Date.UTC(2021, 2, 4, 5, 6));
    expect(at('2021-W01')).to.equal(Date.UTC(2021, 0, 4));
    expect(at('2021-060')).to.equal(Date.UTC(2021, 2, 1));
    expect(at('2021-03-04T05:06:07.12345-02:30')).to.equal(Date.UTC(2021, 2, 4, 7, 36, 7, 123));
  });

  it('prints instants beyond doubles exactly', () => {
    const eternity = parseInterval('-146136543-09-08T08:23:32.096Z/146140482-04-24T15:36:27.903Z');
    if ('error' in eternity) throw new Error(eternity.error);
    expect(formatTimestamp(eternity.startMs, { type: 'all' })).to.equal('-146136543-09-08T08:23:32.096Z');
    expect(formatTimestamp(eternity.endMs, { type: 'all' })).to.equal('146140482-04-24T15:36:27.903Z');
    expect(formatTimestamp(-62_135_596_800_001, { type: 'all' })).to.equal('0000-12-31T23:59:59.999Z');
  });

  it('refuses what Joda-Time refuses', () => {
    for (const text of [
      '',
      'x',
      '2021-02-29',
      '2021-13',
      '2021-01-01 10:00',
      '2021-01-01T24:00',
      '2021-01-01T10:00:60',
    ]) {
      expect(parseInstant(text), text).to.equal(undefined);
    }
  });

  it('reads intervals with periods on either side', () => {
    expect(parseInterval('P1M/2021-03-31')).to.deep.equal({
      startMs: at('2021-02-28'),
      endMs: at('2021-03-31'),
    });
    expect(parseInterval('2021-01-01/PT36H')).to.deep.equal({
      startMs: at('2021-01-01'),
      endMs: at('2021-01-02T12'),
    });
    for (const text of ['2021', 'P1D/P1D', '2021/2020', '/2021', '2021/', '2021/2022/2023']) {
      expect(parseInterval(text), text).to.have.property('error');
    }
    expect(parsePeriod('P1D1M')).to.equal(undefined);
  });
});
