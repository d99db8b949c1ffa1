import { expect } from 'chai';
import fc from 'fast-check';
import { ByteLru } from './byte-lru.js';

const lru = (bytesMax: number, entryBytesMax = bytesMax): ByteLru<string> =>
  new ByteLru({ bytesMax, entryBytesMax, sizeOf: (value) => value.length });

describe('cache bounded by bytes', () => {
  it('drops what was not asked for longest', () => {
    const cache = lru(700);
    for (const key of ['a', 'b', 'c']) cache.put(key, 'x'.repeat(10));
    expect(cache.get('a')).to.equal('x'.repeat(10));
    cache.put('d', 'y');
    expect(cache.get('b')).to.equal(undefined);
    expect(cache.get('a')).to.equal('x'.repeat(10));
    expect(cache.get('d')).to.equal('y');
    expect(cache.figures).to.deep.include({ hits: 3, misses: 1, evictions: 1, entries: 3 });
  });

  it('takes nothing larger than an entry may be, and forgets what stood there before', () => {
    const cache = lru(10_000, 300);
    expect(cache.put('a', 'small')).to.equal(true);
    expect(cache.put('a', 'x'.repeat(300))).to.equal(false);
    expect(cache.get('a')).to.equal(undefined);
    expect(cache.figures).to.deep.include({ oversized: 1, bytes: 0, entries: 0 });
  });

  it('is never over its limit and answers only what was put last', () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 20 }), size: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = lru(2_000, 1_000);
        const last = new Map<string, string>();
        for (const [i, { key, size }] of steps.entries()) {
          const name = String(key);
          const found = cache.get(name);
          if (found !== undefined) expect(found).to.equal(last.get(name));
          const value = String.fromCodePoint(97 + (i % 26)).repeat(size);
          if (cache.put(name, value)) last.set(name, value);
          else last.delete(name);
          expect(cache.figures.bytes).to.be.at.most(2_000);
        }
      }),
    );
  });
});
