import { expect } from 'chai';
import { createArena } from '../../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../../segment/kernels/load.js';
import { queryKernels } from '../../kernels/exports.js';
import { ByteMarks } from './byte-marks.js';

const arena = createArena({ maximumBytes: 2 ** 24 });
const kernels = queryKernels(instantiateKernels(compileKernels(), arena).exports);

let state = 5;
const below = (limit: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};

/** What an aggregator does with a batch; `isListed`: it has all groups of its entries at hand. */
function enter(marks: ByteMarks, groups: readonly number[], isListed: boolean): boolean {
  const pointer = arena.alloc(groups.length * 4);
  arena.u32(pointer, groups.length).set(groups);
  const at = isListed ? marks.pending(pointer, groups.length) : marks.pending();
  if (at !== 0) kernels.markGroup(pointer, groups.length, at);
  arena.free(pointer);
  return at !== 0;
}

describe('bytes that say which groups there are', () => {
  it('are set for every group that was met, and for no other', () => {
    for (const size of [1, 2, 3, 4, 5, 6, 7, 20, 100]) {
      for (let round = 0; round < 8; round++) {
        const address = arena.alloc(size + 4);
        arena.bytes(address, size + 4).fill(0);
        const marks = new ByteMarks(kernels, address, size);
        const met = new Set<number>();
        // Some are never met; groups behind the last are spare ones.
        const most = 1 + below(size);
        for (let batch = 0; batch < 30; batch++) {
          if (batch === 20 && round % 3 === 0) {
            arena.bytes(address, size).fill(0);
            marks.cleared();
            met.clear();
          }
          const groups = Array.from({ length: below(40) }, () =>
            below(9) === 0 ? size + below(4) : below(most),
          );
          enter(marks, groups, below(2) === 0);
          for (const group of groups) if (group < size) met.add(group);
          const set = [...arena.bytes(address, size)].flatMap((byte, i) => (byte === 1 ? [i] : []));
          expect(set).to.deep.equal([...met].toSorted((a, b) => a - b));
        }
        arena.free(address);
      }
    }
  });

  it('are not asked for once all are set, or few are left to look for', () => {
    const address = arena.alloc(10);
    arena.bytes(address, 10).fill(0);
    const marks = new ByteMarks(kernels, address, 10);
    expect(enter(marks, [0, 1, 2, 3, 4], true)).to.equal(true);
    expect(enter(marks, [5], true)).to.equal(true);
    expect(enter(marks, [7, 7, 0], true)).to.equal(false);
    expect(enter(marks, [0], false)).to.equal(true);
    expect(enter(marks, [9, 8, 6], false)).to.equal(true);
    expect(enter(marks, [1], false)).to.equal(false);
    expect([...arena.bytes(address, 10)].every((byte) => byte === 1)).to.equal(true);
  });

  it('may be none', () => {
    expect(new ByteMarks(kernels, 0, 0).pending()).to.equal(0);
  });
});
