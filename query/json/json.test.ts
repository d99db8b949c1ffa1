import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../../proto/errors.js';
import { exactDoubleText, exactFloatText } from '../../segment/format/java-digits.js';
import { doubleText, doubleToLong, floatText } from './java-number.js';
import { parseJson } from './parse.js';
import { ChunkSink, jsonString, jsonText } from './write.js';

describe('JSON reader', () => {
  it('keeps integers of 16 digits and more exact', () => {
    expect(
      parseJson('[9007199254740993, -9223372036854775808, 123456789012345, 1234567890123456.5]'),
    ).to.deep.equal([9007199254740993n, -9223372036854775808n, 123456789012345, 1234567890123456.5]);
  });

  it('treats __proto__ as a name', () => {
    for (const text of ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1},"n":1234567890123456789}']) {
      const value = parseJson(text) as Record<string, unknown>;
      expect(Object.keys(value)).to.include('__proto__');
      expect(value['a']).to.equal(undefined);
      expect(({} as Record<string, unknown>)['a']).to.equal(undefined);
    }
  });

  it('says where a text breaks', () => {
    const cases: [string, string, RegExp][] = [
      ['', 'empty', /end-of-input/],
      ['{"a":1', 'syntax', /end-of-input.*column 7/],
      ['{\n "a": nope}', 'syntax', /'nope'.*line 2, column 7/],
      ['[1,]', 'syntax', /column 4/],
      ['{bad', 'syntax', /^Unexpected character \('b' \(code 98\)\): .*field name/],
      ['01', 'syntax', /number/],
      ['"a\u0001"', 'syntax', /control character/],
      ['{"a":1} {', 'syntax', /end of the text/],
      ['['.repeat(100_000), 'depth', /deeper than 500/],
      [`${'{"a":'.repeat(501)}1${'}'.repeat(501)}`, 'depth', /deeper than 500/],
    ];
    for (const [text, kind, message] of cases) {
      expect(() => parseJson(text), text.slice(0, 30))
        .to.throw(CodedError, message)
        .with.nested.property('context.json', kind);
    }
  });

  it('agrees with the built-in parser', () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 4 }), (text, blanks) => {
        const exact = parseJson(`{"big":1234567890123456789,${' '.repeat(blanks)}"value":${text}}`);
        expect((exact as Record<string, unknown>)['big']).to.equal(1234567890123456789n);
        const plain = (exact as Record<string, unknown>)['value'];
        const asNumbers = JSON.stringify(plain, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v));
        expect(asNumbers).to.equal(JSON.stringify(JSON.parse(text)));
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

describe('JSON writer', () => {
  it('prints doubles as Java does', () => {
    const cases: [number, string][] = [
      [1, '1.0'],
      [0.001, '0.001'],
      [0.0009, '9.0E-4'],
      [9999999, '9999999.0'],
      [1e7, '1.0E7'],
      [1.2345e21, '1.2345E21'],
      [-0, '-0.0'],
      [NaN, 'NaN'],
      [-Infinity, '-Infinity'],
      [Number.MAX_VALUE, '1.7976931348623157E308'],
    ];
    for (const [value, text] of cases) expect(doubleText(value)).to.equal(text);
    expect(floatText(Math.fround(0.1))).to.equal('0.1');
    expect(floatText(Math.fround(16777216))).to.equal('1.6777216E7');
    // Java 17 leaves more digits to large whole floats than they need.
    expect(floatText(Math.fround(1709942400000))).to.equal('1.70994237E12');
    expect(floatText(Math.fround(2 ** 53))).to.equal('9.0071993E15');
    expect(floatText(Math.fround(-100000000))).to.equal('-1.0E8');
    expect(floatText(Math.fround(123456.789))).to.equal('123456.79');
    expect(floatText(12)).to.equal('12.0');
  });

  it('knows the digits of Java where they are not the shortest', () => {
    expect(exactDoubleText(8.41e21)).to.equal('8.409999999999999E21');
    expect(exactDoubleText(2 ** -25)).to.equal('2.9802322387695312E-8');
    expect(exactDoubleText(Number.MIN_VALUE)).to.equal('4.9E-324');
    expect(exactFloatText(Math.fround(0.1))).to.equal('0.1');
    for (const value of [1, -0, 0.1, 0.001, 1e7, 123456.789, 1 / 3, Number.MAX_VALUE, NaN, -Infinity]) {
      expect(exactDoubleText(value)).to.equal(doubleText(value));
    }
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(Number(exactDoubleText(value))).to.equal(value);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('casts doubles to longs as Java does', () => {
    expect(doubleToLong(-1.9)).to.equal(-1n);
    expect(doubleToLong(1e30)).to.equal(9223372036854775807n);
    expect(doubleToLong(NaN)).to.equal(0n);
  });

  it('escapes control characters, quotes and backslashes only', () => {
    expect(jsonString('a"\\/\n\u001f\u2028é')).to.equal('"a\\"\\\\/\\n\\u001F\u2028é"');
    expect(jsonText({ a: [1n, 2, 2.5, NaN, null, undefined, true], b: undefined })).to.equal(
      '{"a":[1,2,2.5,"NaN",null,null,true]}',
    );
  });

  it('hands out chunks that join to the text', () => {
    const chunks: Uint8Array[] = [];
    const sink = new ChunkSink((chunk) => chunks.push(chunk));
    for (let i = 0; i < 20_000; i++) sink.raw('é\u{1f600},');
    sink.end();
    expect(chunks.length).to.be.above(1);
    expect(Buffer.concat(chunks).toString('utf8')).to.equal('é\u{1f600},'.repeat(20_000));
  });
});
