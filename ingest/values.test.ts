import { expect } from 'chai';
import fc from 'fast-check';
import {
  ValueError,
  dimensionDouble,
  dimensionLong,
  isDecimalText,
  isTooDeep,
  metricNumber,
  numberToLong,
  parseExactLong,
  parseJavaDouble,
  scalarText,
} from './values.js';

const show = (value: unknown): unknown => (value instanceof ValueError ? 'bad' : value);

describe('row values', () => {
  it('are printed as Java prints them', () => {
    expect(scalarText(true)).equal('true');
    expect(scalarText(3)).equal('3');
    expect(scalarText(0.1)).equal('0.1');
    expect(scalarText(1.5e300)).equal('1.5E300');
    expect(scalarText(9_007_199_254_740_993n)).equal('9007199254740993');
    expect(scalarText(2n ** 64n)).equal('18446744073709551616');
    expect(scalarText([1, 'a', null, { k: [true] }])).equal('[1, a, null, {k=[true]}]');
  });

  it('may be nested deep without harm', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown;
    expect(isTooDeep(deep)).equal(true);
    expect(isTooDeep([[{ a: [1] }]])).equal(false);
    expect(scalarText(deep)).match(/^\[+…\]+$/);
  });

  it('become longs in dimensions only when they are whole', () => {
    const cases: [unknown, unknown][] = [
      ['1e3', 1000n],
      ['1.0', 1n],
      ['007', 7],
      ['-9223372036854775808', -(2n ** 63n)],
      ['9223372036854775808', 'bad'],
      ['1.5', 'bad'],
      ['', 'bad'],
      [' 1', 'bad'],
      [1.9, 1],
      [-1.9, -1],
      [1e30, 2n ** 63n - 1n],
      [2n ** 63n, -(2n ** 63n)],
      [true, 1],
      [null, null],
      [undefined, null],
      [[1], 'bad'],
      [{}, 'bad'],
    ];
    for (const [value, want] of cases) expect(show(dimensionLong(value, 'c')), String(value)).equal(want);
  });

  it('become doubles by the grammar of Java', () => {
    const cases: [unknown, unknown][] = [
      ['1d', 1],
      ['.5', 0.5],
      ['5.', 5],
      ['0x1p3', 8],
      ['NaN', Number.NaN],
      ['-Infinity', -Infinity],
      ['infinity', 'bad'],
      ['1,000', 'bad'],
      [' 1', 'bad'],
      [7n, 7],
    ];
    for (const [value, want] of cases)
      expect(show(dimensionDouble(value, 'c')), String(value)).deep.equal(want);
  });

  it('of any length are judged in one go', () => {
    const digits = '1'.repeat(200_000);
    expect(dimensionDouble(`${digits}x`, 'd')).instanceOf(ValueError);
    expect(dimensionLong(`${digits}x`, 'd')).instanceOf(ValueError);
    expect(metricNumber(`0x${digits}x`, 'd')).instanceOf(ValueError);
    expect(isDecimalText(`${digits}x`)).equal(false);
    expect(isDecimalText(`-${digits}.5e3d`)).equal(true);
  });

  it('are read more leniently for metrics', () => {
    const cases: [unknown, unknown][] = [
      [' 1,000 ', 1000],
      ['+9223372036854775807', 2n ** 63n - 1n],
      ['9223372036854775808', 2 ** 63],
      ['1.5', 1.5],
      ['', 'bad'],
      ['abc', 'bad'],
      ['\u00a01', 'bad'],
      [null, null],
    ];
    for (const [value, want] of cases) expect(show(metricNumber(value, 'c')), String(value)).equal(want);
    expect(numberToLong(Number.NaN)).equal(0);
    expect(numberToLong(-1e300)).equal(-(2n ** 63n));
  });

  it('are the same numbers however quickly they are read', () => {
    const digits = fc.string({ unit: fc.nat(9).map(String), maxLength: 12 });
    fc.assert(
      fc.property(
        fc.constantFrom('', '-', '+'),
        digits,
        fc.constantFrom('', '.'),
        digits,
        (sign, a, dot, b) => {
          const text = `${sign}${a}${dot}${b}`;
          const wanted = a === '' && b === '' ? undefined : Number(text);
          expect(parseJavaDouble(text)).equal(wanted);
          if (wanted !== undefined) expect(Number(metricNumber(text, 'm'))).equal(wanted);
          if (wanted !== undefined && dot === '' && text.length <= 15) {
            expect(Number(parseExactLong(text))).equal(wanted);
          }
        },
      ),
    );
    expect(parseJavaDouble('-0')).equal(-0);
  });
});
