import { expect } from 'chai';
import fc from 'fast-check';
import { decodeLzf } from './lzf.js';
import { decodeZstd } from './zstd.js';

function text(): Buffer {
  const names = ['alpha', 'beta', 'gamma'];
  return Buffer.from(
    Array.from({ length: 60 }, (_, i) => `row ${(i * 7919) % 1000} of ${names[i % 3]};`).join(''),
  );
}

function noise(): Buffer {
  let x = 1;
  return Buffer.from(
    Array.from({ length: 300 }, () => {
      x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
      const value = x >>> 24;
      return value < 200 ? value % 11 : value;
    }),
  );
}

const plain: Readonly<Record<string, Buffer>> = {
  text: text(),
  noise: noise(),
  zeros: Buffer.alloc(5000),
  longs: Buffer.from(BigInt64Array.from({ length: 60 }, (_, i) => BigInt(i * i * 37)).buffer),
  three: Buffer.from([1, 2, 3]),
};

/** Made by the reference encoders from the data above. */
const zstdFrames: readonly (readonly [string, string])[] = [
  [
    'text',
    'KLUv/QBILQcAAowfGJAnaQOAKJNKDyGv6P/VKTdtruxzmhkzAWZ0eoloS7o+1XtVWzffYXn9zKPaqrMS7XZKuIp0l9PuV4qr/qZ/pWW7RnqVaOizRLr1mXpcXSraqpv57hDLXufz/hSkCIMgRsAMZPR0ClKEUQAwmIHM1k5BijAECAbGDGRoClICOSCwM6wDBpZxh3W4Mp7vsA7LuMPaobzMurZrcuuark1u813TNbl1TbuWj2z0Oya7w5Wd7A4nO7Lr4arsyE6Ho3Iju8PJjuwOJzvZ8eGq7GR3h6Oy6MZjyEMexygPefgYV2ULBQ==',
  ],
  [
    'text',
    'KLUv/QBoNQUAUkoaE6AbGyBny95PqPp775Qpsun1dxhUVYEZnnsuPzhiOihZEVnSvVqz3amYvf3DysPa9zIMLjE4tcwIL3v3hlSZAZLrrHzBi/YPM6AgiV5VM7ujNuv7vaIMBxo6BZGUwoAwyQAYCxAAz9IEPqggxHv2M6CXZjgQGAERFJF5D8WWGxuceWTHu/x48nLc73SM+/AH26qVEnHhhtB1jdcdeMgTARJAUg==',
  ],
  [
    'noise',
    'KLUv/QBI7QYAxlI2KZClSQcNGvlmvXWbH4v922/gW/vqt36D3N3d3d3d3d3dnqWUUsq0ZZIBLAApACkAVDlfQACsyKFuCiLaW5w5PpIsF2+BcgcXTWrSEbOe0fF0PUdjjFTVL52fZwHK8JWdt6JOpBn9OaKTlYAk1y4t6+YHF0n1pmvc+a2IJAknnTjLLI9wfL+YfsfgvuHEnHEJcqR+3s4CG+ZzVB8CIyyIO2u9V7lgz9lj9A/NakXZflk9EqjqxQ4cQOVx0JYCoptIeKxxB2S8Xx/VnSQak13ureaSwaaIqJCvpQA=',
  ],
  [
    'noise',
    'KLUv/QBoxQYAxhI1IpArHUBRbTRb/rxA8ceb+P/5//////////9/ASmllDKRnWQrACoAKgCVOd/gg6kSSLdCVe0dHh0fWZaLp8EcxKNZnHTFrGd1fF2PwbFEquq3zs+zmvAlO29GTUhHeuiqXpYMlly77Kw5h3CxVO86xUG/pSrL5KUXZzLLR44P97h+kOM+4BWdcUtypX7eoAMqzNBRDS0s6AgOWus9JTcWghYy+odmtYTZfrL0IKCqD4v4JiXEqE0FiW5iIWSKC2Dk/RpS3QuB47LLvdXcAtgUESn5tBUA',
  ],
  ['zeros', 'KLUv/QBITQAAEAAAAQCD0wMs'],
  ['zeros', 'KLUv/QBoRQAACAABAITTAyE='],
  [
    'longs',
    'KLUv/QBIxQcAYgsqM0BPNBzOFtg54uG3z1vSdCuScXIJAm7e/TWs/dsvdrh29jAekSbsfwOS5lp/PvJ/8v6XKf83pqAsVEWuoOzH0BGtnExBZjdcmmGlgG5l3YXwHpRcgXkjh2fGX2BukaeIT29Q5ZNrE88k0t3F2yEre0hziJxxnVVs4T0hcYT8QWNrvEK5YU4lrBCOAD5t8DEB9gDG0hyg44929N2RcwKGqDfdmutCvD19OyDg9wwybrQh40YbMm60ocSwJWiyZMmSRWTcaEPGjW3IuNGGjItn3GhDxo02ZNxoQ8aNNmTc0IbAM260IeNGGzJutCHjRhtiDDzwgLE=',
  ],
  [
    'longs',
    'KLUv/QBoZQQA5AcAACUAlABNAVACnQM0BRUHQAm1C3QOfRHQFG0YVByFIAAlxSnULi000Dm9P/RFdUxAU1VatGFdaVBxjXkUguWKAJRlnRSnDbFQu93FtNDV20Dn9fL0/j0L0BetJNQxRT8ATQVbVGntd9CG/ZV0pTW1QMWV1TTmHfcBAAAAAAA7ZALw2Q4DCUnUoA8=',
  ],
];

const lzfChunks: readonly (readonly [string, string])[] = [
  [
    'text',
    'WlYBAfUD4A5yb3cgMCBvZiBhbHBoYTtADgI5MTlAEAJiZXSADwI4MzhADwNnYW1tgBACNzU3QBDgATECNjc2QBDgADECNTk1QA/gATECNTE0QBDgATECNDMzQBDgADECMzUyQA/gATECMjcxQBDgATEBMTlgpuAAMQExMGCl4AIxYKXgATACOTQ3QEHgADABODZgpOABMAE3OGCl4AExATcwYKXgADEBNjJgpOABMQE1NGCl4AExATQ2YKXgADEBMzhgpOABMQEyOWCl4AExATIxYKbgADECMTM3QKXgATEANWCl4AEwATk3YKXgADABODlgpOABMAE4MWCl4AExATczYKXgADEBNjVgpOABMQE1N2Cl4AExATQ4YKXgADEBNDBgpOABMQIzMjdApeABMQEyNGCm4AAxATE2YKXgATEAOGCl4AEwYKPgAC4BOTJgouADLmCj4AEvATc2YKPgADEBNjdgouABMQE1OWCj4AExAjUxN0Cj4AAxATQzYKLgATEBMzVgo+ABMQEyN2Ck4AAxATE5YKXgATEBMTFgpuABMQAzYKXgADABOTVgpOABMAE4NmCl4AEwATc4YKXgADECNzA3QKTgATEBNjJgpeABMQE1NGCl4AAxATQ2YKTgATEBMzhgpeABMQEzMGCl4AAxATIyYKVAMQFhOw==',
  ],
  ['zeros', 'WlYBAD4TiAAA4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4P8A4OwAAQAA'],
  ['three', 'WlYAAAMBAgM='],
];

const codecs = [
  { name: 'zstd', decode: decodeZstd, samples: zstdFrames },
  { name: 'lzf', decode: decodeLzf, samples: lzfChunks },
];

for (const { name, decode, samples } of codecs) {
  describe(`${name} decoder`, () => {
    samples.forEach(([what, base64], i) => {
      const block = Buffer.from(base64, 'base64');
      const wanted = plain[what] as Buffer;

      it(`reads ${what} (${i})`, () => {
        const target = Buffer.alloc(wanted.length);
        expect(decode(block, target)).to.equal(wanted.length);
        expect(target.equals(wanted)).to.equal(true);
      });

      it(`refuses ${what} cut short or too long for its target (${i})`, () => {
        for (let length = 0; length < block.length; length += 3) {
          const got = decode(block.subarray(0, length), Buffer.alloc(wanted.length));
          expect(got < wanted.length).to.equal(true);
        }
        expect(decode(block, Buffer.alloc(wanted.length - 1))).to.equal(-1);
      });

      it(`survives any damage to ${what} (${i})`, () => {
        const target = Buffer.alloc(wanted.length);
        const damage = fc.tuple(fc.nat({ max: block.length - 1 }), fc.nat({ max: 255 }));
        fc.assert(
          fc.property(damage, ([at, byte]) => {
            const damaged = Buffer.from(block);
            damaged[at] = byte;
            const got = decode(damaged, target);
            expect(got >= -1 && got <= target.length).to.equal(true);
          }),
          { numRuns: 200, seed: 5 },
        );
      });
    });
  });
}

describe('lzf decoder', () => {
  it('joins chunks, raw ones too', () => {
    const raw = Buffer.from([0x5a, 0x56, 0, 0, 2, 7, 8]);
    const target = Buffer.alloc(4);
    expect(decodeLzf(Buffer.concat([raw, raw]), target)).to.equal(4);
    expect([...target]).to.deep.equal([7, 8, 7, 8]);
  });
});
