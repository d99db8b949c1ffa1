import { expect } from 'chai';
import type { Frame } from '../frame.js';
import { noFigures } from './byte-lru.js';
import { bytesColumn, cellColumn } from '../frame-build.js';
import {
  createLocalPartials,
  createStoredPartials,
  packFrames,
  unpackFrames,
  type ByteStore,
} from './partial-cache.js';

const frame: Frame = {
  rows: 3,
  columns: [
    cellColumn('n', 'LONG', [1n, null, 2n ** 60n]),
    cellColumn('x', 'DOUBLE', [0.5, Number.NaN, null]),
    cellColumn('city', 'STRING', ['a', null, 'ü']),
    bytesColumn('u', 'hyperUnique', [new Uint8Array([1, 2]), null, new Uint8Array()]),
  ],
};
const limits = { bytesMax: 100_000, entryBytesMax: 50_000 };

describe('cache of partial results', () => {
  it('in memory: hands out frames that all threads share', async () => {
    const cache = createLocalPartials(limits);
    cache.put('a', [frame]);
    const found = await cache.get(['a', 'b']);
    expect([...found.keys()]).to.deep.equal(['a']);
    const [shared] = found.get('a') ?? [];
    expect(shared).to.deep.equal(frame);
    expect(shared?.columns.every(({ values }) => values.buffer instanceof SharedArrayBuffer)).to.equal(true);
    cache.put('large', [{ rows: 9_000, columns: [cellColumn('n', 'LONG', Array(9_000).fill(1n))] }]);
    expect(cache.figures).to.deep.include({ hits: 1, misses: 1, entries: 1, puts: 1, oversized: 1 });
  });

  it('in a store: comes back as it went', async () => {
    const bytes = new Map<string, Uint8Array>();
    let refused = 0;
    const store: ByteStore = {
      get: async (keys) => await Promise.resolve(new Map([...bytes].filter(([key]) => keys.includes(key)))),
      put: (key, value) => void bytes.set(key, value),
      tooLarge: () => void refused++,
      figures: noFigures,
    };
    const cache = createStoredPartials(store, limits.entryBytesMax);
    cache.put('a', [frame, frame]);
    cache.put('large', [{ rows: 9_000, columns: [cellColumn('n', 'LONG', Array(9_000).fill(1n))] }]);
    expect([...bytes.keys()]).to.deep.equal(['a']);
    expect(refused).to.equal(1);
    bytes.set('foreign', new Uint8Array([7, 7]));
    const found = await cache.get(['a', 'foreign', 'c']);
    expect([...found.keys()]).to.deep.equal(['a']);
    expect(found.get('a')).to.deep.equal([frame, frame]);
  });

  it('a damaged value is no hit', () => {
    const packed = packFrames([frame]);
    for (let length = 2; length < packed.length; length++) {
      expect(unpackFrames(packed.subarray(0, length)), `cut at ${length}`).to.equal(undefined);
    }
    expect(unpackFrames(new Uint8Array())).to.equal(undefined);
    expect(unpackFrames(packFrames([])), 'no frame at all').to.equal(undefined);
  });
});
