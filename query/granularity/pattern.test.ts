import { expect } from 'chai';
import { formatPattern, parsePattern } from './pattern.js';
import { parseByPattern } from './pattern-parse.js';
import { utcZone, zoneOrUtc } from './zone.js';

const tokensOf = (pattern: string): NonNullable<ReturnType<typeof parsePattern>> => {
  const tokens = parsePattern(pattern);
  if (tokens === undefined) throw new Error(`no pattern: ${pattern}`);
  return tokens;
};
const format = (pattern: string, ms: number, zone = 'UTC'): string =>
  formatPattern(tokensOf(pattern), ms, zoneOrUtc(zone));
const parse = (pattern: string, text: string, zone = 'UTC'): number | undefined =>
  parseByPattern(tokensOf(pattern), text, zoneOrUtc(zone));

describe('date patterns', () => {
  const ms = Date.UTC(2021, 2, 7, 14, 5, 9, 78);

  it('print the letters of Joda-Time', () => {
    expect(format("EEE, d MMM yyyy 'at' hh:mm a", ms)).to.equal('Sun, 7 Mar 2021 at 02:05 PM');
    expect(format("xxxx-'W'ww-e DDD yy SS k ''", ms)).to.equal("2021-W09-7 066 21 07 14 '");
    expect(format('yyyy-MM-dd HH:mm:ss Z ZZ ZZZ', ms, 'Asia/Kolkata')).to.equal(
      '2021-03-07 19:35:09 +0530 +05:30 Asia/Kolkata',
    );
    expect(format('YYYY G', Date.UTC(-1, 0, 1))).to.equal('0002 BC');
  });

  it('refuse letters without a meaning and empty patterns', () => {
    for (const pattern of ['', 'bogus', 'Q', "yyyy 'x' L"])
      expect(parsePattern(pattern), pattern).to.equal(undefined);
  });

  it('read what they print', () => {
    for (const pattern of [
      'yyyyMMddHHmmssSSS',
      'EEE, dd MMM yyyy HH:mm:ss.SSS ZZ',
      "xxxx-'W'ww-e'T'hh:mm:ss.SSS a",
      'yyyy-DDD kk:mm:ss.SSS',
    ]) {
      expect(parse(pattern, format(pattern, ms)), pattern).to.equal(ms);
    }
  });

  it('take names of any length and case, one-digit numbers, two-digit years around 2000', () => {
    expect(parse('MMMM d, yyyy', 'mar 7, 2021')).to.equal(Date.UTC(2021, 2, 7));
    expect(parse('MM/dd/yy', '3/7/51')).to.equal(Date.UTC(1951, 2, 7));
    expect(parse('HH:mm', '12:34')).to.equal(45_240_000);
    expect(parse('MM-dd', '02-29')).to.equal(Date.UTC(2000, 1, 29));
  });

  it('know years of eras, centuries and days of week-years', () => {
    const beforeChrist = Date.UTC(-1, 0, 1);
    // Two digits are those of the year itself, whatever the letter.
    expect(format('YY yy YYYY', beforeChrist)).to.equal('01 01 0002');
    expect(parse('YY', '-1')).to.equal(beforeChrist);
    expect(parse('CC', '24')).to.equal(Date.UTC(2400, 0, 1));
    expect(parse('CCYY', '2024')).to.equal(Date.UTC(2024, 0, 1));
    expect(parse('xxxx-DDD', '2024-10')).to.equal(Date.UTC(2024, 0, 10));
    // A week or weekday without a year is one of 2000, its first week's Monday its last week's.
    expect(parse('ww', '7')).to.equal(Date.UTC(2000, 1, 14));
    expect(parse('e', '7')).to.equal(Date.UTC(2000, 0, 2));
    expect(parse('EEE', 'Mon')).to.equal(Date.UTC(2000, 11, 25));
    // The week-year 2020 begins in 2019.
    expect(parse('xxxx-DDD', '2020-365')).to.equal(Date.UTC(2019, 11, 31));
    expect(parse('xxxx-DDD', '2020-366')).to.equal(undefined);
  });

  it('refuse what does not fit, and local times in a gap', () => {
    const bad: [string, string][] = [
      ['yyyy-MM-dd', '2021-02-30'],
      ['HH:mm', '24:00'],
      ['hh a', '13 PM'],
      ['yyyy', '2021x'],
      ['yyyyMM', '2021'],
    ];
    for (const [pattern, text] of bad) expect(parse(pattern, text), text).to.equal(undefined);
    expect(parse('yyyy-MM-dd HH:mm', '2021-03-28 02:30', 'Europe/Berlin')).to.equal(undefined);
    expect(parse('yyyy-MM-dd HH:mm', '2021-10-31 02:30', 'Europe/Berlin')).to.equal(
      Date.UTC(2021, 9, 31, 0, 30),
    );
    expect(parsePattern('yyyy')?.length).to.equal(1);
    expect(formatPattern(tokensOf('z'), 0, utcZone)).to.equal('UTC');
  });
});
