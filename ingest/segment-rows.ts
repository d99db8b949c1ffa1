/** Reading segments back as plain rows, for tests. */
import { createArena, type Arena } from '../segment/kernels/arena.js';
import { compileKernels, instantiateKernels, type Kernels } from '../segment/kernels/load.js';
import { createResidency } from '../segment/read/residency.js';
import { readRows, type PlainRow } from '../segment/read/rows.js';
import { registerSegment, SegmentReader, unregisterSegment } from '../segment/read/segment.js';

export interface RowsReader {
  readonly arena: Arena;
  readonly kernels: Kernels;
  /** All rows of the segment in a folder. */
  rows(dir: string): PlainRow[];
}

export function createRowsReader(): RowsReader {
  const arena = createArena({ maximumBytes: 128 << 20 });
  const kernels = instantiateKernels(compileKernels(), arena);
  const residency = createResidency({ arena, coldBytesMax: 32 << 20, hotBytesMax: 0 });
  const reader = new SegmentReader({ kernels, residency });
  return {
    arena,
    kernels,
    rows(dir) {
      const handle = registerSegment(residency, { id: dir, dir });
      const view = reader.openView(handle);
      try {
        return [...readRows(view, arena)];
      } finally {
        view.close();
        unregisterSegment(residency, handle);
      }
    },
  };
}
