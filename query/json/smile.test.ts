import { expect } from 'chai';
import { jsonText } from './write.js';
import { readSmile } from './smile-read.js';
import { SmileWriter, writeSmile } from './smile-write.js';

const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  15,
  -16,
  16,
  -17,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 31,
  9007199254740993n,
  -(2n ** 63n),
  2n ** 63n - 1n,
  2n ** 63n,
  -(2n ** 70n),
  0.5,
  -1.25e-300,
  '',
  'a',
  'x'.repeat(32),
  'x'.repeat(33),
  'x'.repeat(64),
  'x'.repeat(65),
  'ü',
  'ü'.repeat(16),
  'ü'.repeat(17),
  'ü'.repeat(32),
  'ü'.repeat(40),
  '😀 "quoted" \\ \n',
  [],
  {},
  [[], [{}], { a: [1, 'b', null] }],
  { '': 1, ['k'.repeat(64)]: 2, ['k'.repeat(65)]: 3, ['ü'.repeat(28)]: 4, ['ü'.repeat(29)]: 5, 'a"b': 6 },
];

describe('Smile', () => {
  it('gives back what was written', () => {
    for (const value of values) expect(readSmile(writeSmile(jsonText(value)))).to.deep.equal(value);
    expect(readSmile(writeSmile(jsonText(values)))).to.deep.equal(values);
    expect(readSmile(writeSmile(' [ { "a" : 1 } , 2 ] \n'))).to.deep.equal([{ a: 1 }, 2]);
  });

  it('is written the same in pieces of any size', () => {
    const whole = Buffer.from(jsonText(values));
    const expected = writeSmile(whole.toString());
    for (const size of [1, 2, 7, 100]) {
      const writer = new SmileWriter();
      const parts: Uint8Array[] = [];
      for (let at = 0; at < whole.length; at += size) parts.push(writer.push(whole.subarray(at, at + size)));
      parts.push(writer.end());
      expect(Buffer.concat(parts).equals(expected), `pieces of ${size}`).to.equal(true);
    }
  });

  it('is read as Jackson writes it, with names and texts that refer back', () => {
    const head = [0x3a, 0x29, 0x0a, 0x03];
    const a = [0x80, 0x61];
    const x = [0x40, 0x78];
    const bytes = [...head, 0xf8, 0xfa, ...a, ...x, 0xfb, 0xfa, 0x40, 0x01, 0xfb, 0xf9, 0xff];
    expect(readSmile(Uint8Array.from(bytes))).to.deep.equal([{ a: 'x' }, { a: 'x' }]);
    // 32-bit float 1.5
    expect(readSmile(Uint8Array.from([0x3a, 0x29, 0x0a, 0x00, 0x28, 0x03, 0x7e, 0, 0, 0]))).to.equal(1.5);
  });

  it('that is damaged is refused, whatever the damage', () => {
    const refused = (bytes: Uint8Array): boolean => {
      try {
        readSmile(bytes);
        return false;
      } catch (thrown) {
        expect((thrown as { code?: string }).code).to.equal('InvalidInput');
        return true;
      }
    };
    const whole = writeSmile(jsonText(values));
    for (let length = 0; length < whole.length; length++)
      expect(refused(whole.subarray(0, length))).to.equal(true);
    for (let at = 4; at < whole.length; at++) {
      const bytes = new Uint8Array(whole);
      for (const damage of [0x00, 0x34, 0x7f, 0xf8, 0xfa, 0xff]) {
        bytes[at] = damage;
        refused(bytes);
      }
    }
    const deep = Uint8Array.from([0x3a, 0x29, 0x0a, 0x00, ...Array.from({ length: 10_000 }, () => 0xf8)]);
    expect(refused(deep)).to.equal(true);
  });
});
