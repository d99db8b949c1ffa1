/** When the arena has no room just then: an error, and nothing that was not taken is given back. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { createArena, reservedBytes, type Arena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import { writeSegment } from '../write/writer.js';
import { createResidency } from './residency.js';
import { registerSegment, SegmentReader } from './segment.js';
import { Windows } from './window.js';

const MiB = 2 ** 20;

/** Takes all there is; the answer gives it back. */
function fill(arena: Arena): () => void {
  const taken: number[] = [];
  for (let bytes = 64 * MiB; bytes > 1024; bytes = Math.floor(bytes / 2)) {
    try {
      for (;;) taken.push(arena.alloc(bytes));
    } catch (error) {
      if (
        codeOf(() => {
          throw error;
        }) !== 'LimitExceeded'
      )
        throw error;
    }
  }
  return () => taken.forEach((pointer) => arena.free(pointer));
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'none';
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error);
  }
}

describe('an arena without room', () => {
  it('a range buffer that could not be had is none', () => {
    const arena = createArena({ maximumBytes: 4 * MiB });
    const windows = new Windows(arena);
    for (const length of [100, 200_000]) {
      const empty = fill(arena);
      expect(codeOf(() => windows.range(length))).to.equal('LimitExceeded');
      expect(codeOf(() => windows.range(length))).to.equal('LimitExceeded');
      windows.close();
      empty();
      expect(windows.range(length)).to.be.at.least(reservedBytes);
    }
    windows.close();
    expect(arena.usedBytes).to.equal(0);
  });

  it('values of several a row that could not be read leave a view that can be closed', () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-full-'));
    try {
      const rows = 20_000;
      const perRow = (row: number): number => (row < 8192 ? 1 : 6);
      const offsets = new Uint32Array(rows + 1);
      for (let row = 0; row < rows; row++) offsets[row + 1] = (offsets[row] ?? 0) + perRow(row);
      writeSegment(dir, {
        rowCount: rows,
        interval: { startMs: 0, endMs: rows },
        time: BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)),
        dimensions: [
          {
            kind: 'multiString',
            name: 'tags',
            dictionary: ['a', 'b'],
            offsets,
            ids: Uint32Array.from({ length: offsets[rows] ?? 0 }, (_, i) => i % 2),
          },
        ],
        metrics: [],
        metadata: { aggregators: [], queryGranularity: { type: 'none' }, rollup: false },
      });
      const arena = createArena({ maximumBytes: 8 * MiB });
      const residency = createResidency({ arena, coldBytesMax: MiB, hotBytesMax: 0 });
      const kernels = instantiateKernels(compileKernels(), arena);
      const reader = new SegmentReader({ kernels, residency });
      const view = reader.openView(registerSegment(residency, { id: 's', dir }));
      const column = view.column('tags');
      if (column?.kind !== 'string') throw new Error('no column of texts');
      column.multiBatch(0);
      const before = arena.usedBytes;
      const empty = fill(arena);
      expect(codeOf(() => column.multiBatch(8192))).to.equal('LimitExceeded');
      empty();
      expect(arena.usedBytes).to.be.below(before);
      view.close();
      reader.close();
      expect(arena.usedBytes).to.equal(residency.stats().coldBytes);
    } finally {
      fs.rmSync(dir, { recursive: true, force: true });
    }
  });
});
