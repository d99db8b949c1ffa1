/** Where the rows of a batch go: which segment takes a row, and what becomes of the segments. */
import type { DataSegment } from '../segment/timeline/data-segment.js';
import type { InputRow } from './formats/row-reader.js';
import type { IncrementalIndex } from './index/incremental-index.js';

export interface RowSink {
  /** Segments pushed so far. */
  readonly pushed: number;
  /** The index that takes the row; `open needed`: {@link open} answers it. */
  place(timeMs: number, row: InputRow): IncrementalIndex | 'outside' | 'open needed';
  open(timeMs: number, row: InputRow): Promise<IncrementalIndex>;
  /** To be called after a row was added to the index placed last; a promise only when something has to be done. */
  added(): Promise<void> | undefined;
  /** Closes and pushes what is open; the records to publish, by interval and partition. */
  finish(): Promise<DataSegment[]>;
  /** Removes what lies on disk of unfinished segments. */
  close(): void;
}
