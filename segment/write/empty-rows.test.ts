import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createArena } from '../kernels/arena.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import { createResidency } from '../read/residency.js';
import { registerSegment, SegmentReader, type StoredSegment } from '../read/segment.js';
import { mergeSegments } from './merge.js';
import type { MultiStringSource, SegmentSource } from './source.js';
import { writeSegment } from './writer.js';

const arena = createArena({ maximumBytes: 64 << 20 });
const kernels = instantiateKernels(compileKernels(), arena);
const residency = createResidency({ arena, coldBytesMax: 16 << 20, hotBytesMax: 0 });
const reader = new SegmentReader({ kernels, residency });
const metadata = { aggregators: [], queryGranularity: { type: 'none' } };

/** One column `s`; a row is a list of ids into [null, 'a', 'b']. */
function source(rows: readonly (readonly number[])[], firstTime: number): SegmentSource {
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach((ids, row) => (offsets[row + 1] = (offsets[row] as number) + ids.length));
  const dimension: MultiStringSource = {
    kind: 'multiString',
    name: 's',
    dictionary: [null, 'a', 'b'],
    offsets,
    ids: Uint32Array.from(rows.flat()),
  };
  return {
    rowCount: rows.length,
    interval: { startMs: 0, endMs: 1000 },
    time: BigInt64Array.from(rows, (_, row) => BigInt(firstTime + row)),
    dimensions: [dimension],
    metrics: [],
    metadata: { ...metadata, rollup: false },
  };
}

function look(view: StoredSegment): { rows: number[][]; nulls: number[] } {
  const column = view.column('s');
  if (column?.kind !== 'string') throw new Error('no strings');
  const at = column.multiBatch(0);
  const offsets = arena.u32(at.offsets, view.rowCount + 1).slice();
  const ids = arena.u32(at.ids, offsets[view.rowCount] as number);
  const rows = Array.from({ length: view.rowCount }, (_, r) => [...ids.subarray(offsets[r], offsets[r + 1])]);
  const bits = arena.alloc(8);
  arena.bytes(bits, 8).fill(0);
  column.orBitmap(0, bits);
  const set = arena.bytes(bits, 8);
  const nulls = rows.flatMap((_, r) => (((set[r >> 3] as number) >> (r & 7)) & 1 ? [r] : []));
  arena.free(bits);
  return { rows, nulls };
}

describe('rows without values', () => {
  it('count as null in the bitmaps, have no value, and stay so when segments are merged', () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'empty-rows-'));
    const opened: StoredSegment[] = [];
    const open = (name: string): StoredSegment => {
      const view = reader.openView(registerSegment(residency, { id: name, dir: path.join(dir, name) }));
      opened.push(view);
      return view;
    };
    try {
      writeSegment(path.join(dir, 'a'), source([[], [1, 2], [0], [0, 2]], 0));
      writeSegment(path.join(dir, 'b'), source([[2, 1], []], 100));
      const a = open('a');
      expect(look(a)).deep.equal({ rows: [[], [1, 2], [0], [0, 2]], nulls: [0, 2, 3] });
      mergeSegments(path.join(dir, 'm'), [a, open('b')], arena, { rollup: false, metadata });
      expect(look(open('m'))).deep.equal({
        rows: [[], [1, 2], [0], [0, 2], [2, 1], []],
        nulls: [0, 2, 3, 5],
      });
    } finally {
      for (const view of opened) view.close();
      fs.rmSync(dir, { recursive: true });
    }
  });
});
