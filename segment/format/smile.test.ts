import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../../proto/errors.js';
import type { JsonValue } from '../write/source.js';
import { ByteWriter, Cursor } from './bytes.js';
import { decodeSmile, encodeSmile } from './smile.js';

const place = { file: 'f', column: 'c' };

function encode(value: JsonValue): Buffer {
  const out = new ByteWriter(64);
  encodeSmile(out, value);
  return Buffer.from(out.written());
}

function decode(bytes: Buffer): JsonValue {
  return decodeSmile(new Cursor(bytes, place));
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 90 }),
  fc.string({ minLength: 60, maxLength: 70 }),
);
const { document } = fc.letrec<{ document: JsonValue }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.integer({ min: -40, max: 40 }).map(BigInt),
    fc.double(),
    text,
    fc.array(tie('document'), { maxLength: 4 }),
    fc.dictionary(text, tie('document'), { maxKeys: 4 }),
  ),
}));

describe('SMILE', () => {
  it('reads back any document', () => {
    fc.assert(
      fc.property(document, (value) => {
        expect(decode(encode(value))).to.deep.equal(value);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  it('reads shared names and values as other writers put them', () => {
    // {"a":1,"b":{"a":2.5}} with "a" shared as name 0.
    const double = encode(2.5).subarray(4);
    const bytes = Buffer.concat([
      Buffer.from([0x3a, 0x29, 0x0a, 0x05, 0xfa, 0x80, 0x61, 0xc2, 0x80, 0x62, 0xfa, 0x40]),
      double,
      Buffer.from([0xfb, 0xfb]),
    ]);
    expect(decode(bytes)).to.deep.equal({ a: 1n, b: { a: 2.5 } });
  });

  it('keeps members named like built-in ones', () => {
    const value = JSON.parse('{"__proto__":{"x":"y"},"constructor":null}') as JsonValue;
    expect(Object.keys(decode(encode(value)) as object)).to.deep.equal(['__proto__', 'constructor']);
  });

  it('refuses what is cut short and survives any damage', () => {
    const whole = encode({
      name: 'Zoë',
      list: [1n, -70000n, 1.5, null, true],
      nested: { deep: [['x'.repeat(100)]] },
    });
    const attempt = (bytes: Buffer) => {
      try {
        decode(bytes);
      } catch (error) {
        expect((error as CodedError).code).to.equal('CorruptSegment');
        return true;
      }
      return false;
    };
    for (let length = 0; length < whole.length; length++)
      expect(attempt(whole.subarray(0, length))).to.equal(true);
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        attempt(damaged);
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  it('refuses documents without an end to their depth', () => {
    const deep = Buffer.concat([Buffer.from([0x3a, 0x29, 0x0a, 0]), Buffer.alloc(100_000, 0xf8)]);
    expect(() => decode(deep))
      .to.throw()
      .with.property('code', 'CorruptSegment');
  });
});
