/** Merging the parts of one segment that were written while it was read; nothing is set up before the first merge. */
import { createArena, type Arena } from '../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../segment/kernels/load.js';
import { createResidency, type Residency } from '../segment/read/residency.js';
import { registerSegment, SegmentReader, unregisterSegment } from '../segment/read/segment.js';
import { mergeSegments, type MergedSegment, type MergeSpec } from '../segment/write/merge.js';

/** What a merge may hold of its inputs' files; the address space is taken as it is needed. */
const ARENA_BYTES_MAX = 2 * 1024 ** 3;
const COLD_BYTES_MAX = 32 * 1024 ** 2;

interface Machinery {
  readonly arena: Arena;
  readonly residency: Residency;
  readonly reader: SegmentReader;
}

export class PartMerger {
  #machinery: Machinery | undefined;

  /** Merges the segments in `parts` into the folder `dir`. Throws what reading and writing segments throw. */
  merge(dir: string, parts: readonly string[], spec: MergeSpec): MergedSegment {
    const { arena, residency, reader } = (this.#machinery ??= machinery());
    const handles = parts.map((part) => registerSegment(residency, { id: part, dir: part }));
    const views = handles.map((handle) => reader.openView(handle));
    try {
      return mergeSegments(dir, views, arena, spec);
    } finally {
      for (const view of views) view.close();
      for (const handle of handles) unregisterSegment(residency, handle);
    }
  }

  close(): void {
    this.#machinery?.reader.close();
    this.#machinery = undefined;
  }
}

function machinery(): Machinery {
  const arena = createArena({ maximumBytes: ARENA_BYTES_MAX });
  const residency = createResidency({ arena, coldBytesMax: COLD_BYTES_MAX, hotBytesMax: 0 });
  const kernels = instantiateKernels(compileKernels(), arena);
  return { arena, residency, reader: new SegmentReader({ kernels, residency }) };
}
