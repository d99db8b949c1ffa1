import { expect } from 'chai';
import { timestampParser } from './timestamp-parser.js';

const at = (text: string): number => Date.parse(text);

function check(format: string, cases: readonly (readonly [unknown, number | undefined])[]): void {
  const parse = timestampParser(format, 2026, 'format');
  for (const [value, ms] of cases) expect(parse(value), `${format}: ${String(value)}`).equal(ms);
}

describe('timestampSpec', () => {
  it('auto: digits are millis, the rest is ISO', () => {
    check('auto', [
      ['1577934245000', 1_577_934_245_000],
      [1_577_934_245_000.7, 1_577_934_245_000],
      [-1, -1],
      ['-1', at('-000001-01-01T00:00:00Z')],
      ['2020-01-02 03:04:05', at('2020-01-02T03:04:05Z')],
      ['2020-01-02T03:04:05.123+05:30', at('2020-01-01T21:34:05.123Z')],
      ['2020-01-02 03:04:05 PST', at('2020-01-02T03:04:05Z')],
      ['"2020-01-02"', at('2020-01-02')],
      [' 2020-01-02 ', at('2020-01-02')],
      ['2020-01-02 03:04:05 +05:30', undefined],
      ['', undefined],
      [' ', undefined],
      ['null', undefined],
      [Number.NaN, 0],
    ]);
  });

  it('iso: years first, millis when that fails', () => {
    check('ISO', [
      [2020, at('2020-01-01')],
      [1_577_934_245_000, 1_577_934_245_000],
      ['2020-01-02T03:04:05,123Z', at('2020-01-02T03:04:05.123Z')],
      ['2020-01-02 03:04:05', undefined],
      [1.5, undefined],
      [true, undefined],
      [['2020'], undefined],
    ]);
  });

  it('numeric formats', () => {
    check('posix', [
      ['1577934245', 1_577_934_245_000],
      ['1577934245.5', undefined],
      [1.9, 1000],
      ['+1', 1000],
    ]);
    check('millis', [
      ['  7', 7],
      ['9223372036854775808', undefined],
      ['0x10', undefined],
      ['2020-01-02', undefined],
    ]);
    check('micro', [
      ['1577934245000999', 1_577_934_245_000],
      [-1, 0],
      [1_578_355_200_123_456n, 1_578_355_200_123],
    ]);
    check('nano', [
      ['1577934245123456789', 1_577_934_245_123],
      ['-1', 0],
    ]);
    check('ruby', [
      [1_578_614_400.25, 1_578_614_400_250],
      ['1e9', 1e12],
      ['1L', undefined],
      ['-1', -1000],
    ]);
  });

  it('Joda patterns', () => {
    check('dd/MMM/yyyy:HH:mm:ss Z', [
      ['05/Jan/2020:23:30:00 +0100', at('2020-01-05T22:30:00Z')],
      ['05/January/2020:23:30:00 -01:00', at('2020-01-06T00:30:00Z')],
      ['05/Jan/2020:24:30:00 +0100', undefined],
      ['05/Jan/2020:23:30:00', undefined],
    ]);
    check("yyyy-MM-dd'T'HH:mm:ss.SSS", [['2020-1-2T3:4:5.6', at('2020-01-02T03:04:05.600Z')]]);
    check('yyyyMMddHHmm', [
      ['202001020304', at('2020-01-02T03:04:00Z')],
      ['20200102030', at('2020-01-02T03:00:00Z')],
    ]);
    check('EEE, dd MMM yyyy hh:mm a z', [['Thu, 02 jan 2020 11:04 PM PST', at('2020-01-03T07:04:00Z')]]);
    check('MM/dd/yy', [
      ['1/2/20', at('2020-01-02')],
      ['1/2/99', at('1999-01-02')],
      ['2/29/2020', at('2020-02-29')],
    ]);
    check('xxxx-ww-e', [['2020-01-4', at('2020-01-02')]]);
    check('yyyy-MM-dd HH:mm ZZZ', [
      ['2024-03-10 02:30 America/New_York', undefined],
      ['2024-11-03 01:30 America/New_York', at('2024-11-03T05:30:00Z')],
    ]);
  });

  it('refuses bad patterns at once', () => {
    for (const format of ['', 'bogus']) {
      expect(() => timestampParser(format, 2026, 'spec.format')).throw('spec.format');
    }
  });
});
