/** Stored segments opened for the worker pool: registered once, closed when the last query has gone. */
import type { Kernels } from '../../segment/kernels/load.js';
import type { Residency } from '../../segment/read/residency.js';
import { registerSegment, SegmentReader, unregisterSegment } from '../../segment/read/segment.js';
import type { OpenSegment } from '../segment-registry.js';

export type SegmentOpener = (dir: string, segmentId: string) => Promise<OpenSegment>;

/** Of a tombstone: it has no files and no rows, it only hides what is older. */
export function openTombstone(): OpenSegment {
  return { handle: undefined, parts: () => [], rows: 0, times: undefined, close: () => undefined };
}

/** Errors of the opener: CorruptSegment. Of the columns only the first and last times are read. */
export function createSegmentOpener(options: {
  readonly kernels: Kernels;
  readonly residency: Residency;
}): SegmentOpener {
  const { residency } = options;
  const reader = new SegmentReader(options);
  // A broken folder rejects, as everything else that can go wrong with one does.
  return async (dir, segmentId) => {
    const handle = await Promise.resolve(registerSegment(residency, { id: segmentId, dir }));
    try {
      const view = reader.openView(handle);
      const times = view.timeRange();
      view.close();
      return {
        handle,
        rows: handle.summary.rowCount,
        times,
        close: () => unregisterSegment(residency, handle),
      };
    } catch (error) {
      unregisterSegment(residency, handle);
      throw error;
    }
  };
}
