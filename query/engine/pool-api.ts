/** The worker pool as its users see it: data nodes scan segments through it, others hand it CPU work. */
import type { IntervalMs } from '../../segment/read/view.js';
import type { Frame } from '../frame.js';
import type { NativeQuery } from '../native/model.js';

/** A segment to scan. `handle` is what segment/read gives out for opening a view on another thread. */
export interface SegmentRef<Handle = unknown> {
  readonly segmentId: string;
  readonly handle: Handle;
  /** Rows of the segment, where they are known: large ones are cut into several tasks. */
  readonly rows?: number;
  /** Sorted, not overlapping: the query's intervals to be answered from this segment. */
  readonly intervals: readonly IntervalMs[];
}

export interface RunOptions {
  /** Aborted = the work stops within one batch and the result is CodedError Canceled. */
  readonly signal?: AbortSignal;
  /** Milliseconds from now; then CodedError Timeout. */
  readonly deadlineMs?: number;
  /** Of jobs; a query has its own. Higher ones go first; absent: 0. */
  readonly priority?: number;
}

export interface JobOptions extends RunOptions {
  /**
   * Takes parts of the output as they are made, in order; the rest is what `run` answers. Absent: all in one. The job
   * rests until the promise resolves, and its thread does other work meanwhile.
   */
  readonly onPiece?: (piece: unknown) => void | Promise<void>;
}

export interface ScanOptions extends RunOptions {
  /** Parts of several segments are not merged: each names its own in `ofSegment`. */
  readonly bySegment?: boolean;
}

/** The partial result of the segments named; each segment is named once, by the last part that holds rows of it. */
export interface SegmentsPart {
  readonly segmentIds: readonly string[];
  /** Set when all of the part is of this one segment. */
  readonly ofSegment?: string;
  readonly frame: Frame;
}

export interface Pool {
  readonly threads: number;
  /**
   * Runs the query over the segments and yields partial frames as they are done; merge them with mergePartials.
   * Errors: Canceled, Timeout, LimitExceeded (queue full), CorruptSegment, Unavailable (a worker died), InvalidInput.
   * Leaving the loop early stops the scans.
   */
  scanSegments(
    query: NativeQuery,
    refs: readonly SegmentRef[],
    options?: ScanOptions,
  ): AsyncIterable<SegmentsPart>;
  /** Runs a job of the worker's table; `transfer` moves buffers instead of copying them. */
  run(
    name: string,
    input: unknown,
    transfer?: readonly ArrayBuffer[],
    options?: JobOptions,
  ): Promise<unknown>;
  close(): Promise<void>;
}
