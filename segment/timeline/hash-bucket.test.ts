import { expect } from 'chai';
import { murmur128, murmur32 } from '../format/murmur.js';
import { hashBucket, rowKey, valuesKey } from './hash-bucket.js';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('hash partitions', () => {
  it('hash as MurmurHash3 does', () => {
    const known: [hex: string, hash: number][] = [
      ['', 0],
      ['05', 1405797717],
      ['052a', 1670164317],
      ['052a4f', 1175544366],
    ];
    for (const [hex, hash] of known) expect(murmur32(bytes(hex))).equal(hash);
    expect(murmur128(bytes(''))).deep.equal([0n, 0n]);
    expect(murmur128(bytes('05'))).deep.equal([0x3a7d969fbc368cf8n, 0xd070b9cd738a1b64n]);
    expect(murmur128(Buffer.from('user-1'))).deep.equal([0x61accd4b12ff3576n, 0x418d9d535e585052n]);
  });

  it('put rows into the buckets where Druid looks for them', () => {
    expect(valuesKey([['x']])).equal('[["x"]]');
    expect(hashBucket('[["x"]]', 3)).equal(2);
    expect(hashBucket(valuesKey([[]]), 3)).equal(0);
    const key = rowKey(1577836800000, [
      ['a', ['x']],
      ['b', ['y']],
    ]);
    expect(key).equal('[1577836800000,{"a":["x"],"b":["y"]}]');
    expect([hashBucket(key, 3), hashBucket(key, 16)]).deep.equal([2, 2]);
    expect(rowKey(1577836800000, [])).equal('[1577836800000,{}]');
  });

  it('write keys as Jackson does', () => {
    expect(valuesKey([['"\\\b\t\n\f\r\u0001\u007f\u2028/ä', '😀']])).equal(
      '[["\\"\\\\\\b\\t\\n\\f\\r\\u0001\u007f\u2028/ä","\\uD83D\\uDE00"]]',
    );
  });
});
