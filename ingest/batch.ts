/**
 * The batch build as one function. What a task runner has to bring along:
 *
 *   const spec = compileTask(json);                      // ingest/spec/task.ts; InvalidInput/Unsupported name the path
 *   const { segments, report } = await runBatch(spec, deps);
 *   publish(segments);                                   // one transaction; runBatch itself publishes nothing
 *
 * Overwrite (`spec.appendToExisting` false): `deps.lock(chunk)` is asked once per time chunk (a segment-granularity
 * bucket), when its first row appears, and answers the version of the lock held over it; partitions are numbered from
 * 0 and get their core size when all is read. A runner that locks `spec.intervals` beforehand answers from those locks.
 * Append: `deps.allocate(request)` is asked once per segment, when its first row appears, and answers the id.
 *
 * Segments are written to `deps.workDir` (an empty or absent folder of the task's own; emptied behind each push) and
 * pushed through `deps.store` as they close. When runBatch rejects or is aborted, nothing was published; files already
 * pushed are unreferenced and may be removed (the error of an abort is `Canceled`).
 * Errors: InvalidInput (unreadable source, path outside the allow list, too many bad rows, time outside what can be
 * stored), LimitExceeded, Canceled, StorageFailure, and whatever the callbacks reject with.
 */
import type { Clock, HitCrashPoint, Log } from '../segment/ports.js';
import type { IntervalMs } from '../segment/read/view.js';
import type { DeepStorage } from '../segment/store/deep-storage.js';
import type { DataSegment } from '../segment/timeline/data-segment.js';
import type { ShardSpec } from '../segment/timeline/shard-spec.js';
import type { IngestReport } from './report.js';

/** The identity of one segment to be appended. */
export interface SegmentAllocation {
  /** May differ from the requested chunk (existing segments of another granularity); holds the timestamp. */
  readonly interval: IntervalMs;
  readonly version: string;
  readonly shardSpec: ShardSpec;
}

export interface AllocationRequest {
  readonly chunk: IntervalMs;
  /** Epoch ms of the row that needs the segment. */
  readonly timestampMs: number;
  /** Same for every try of the same task: `<sequencePrefix>_<number of the chunk>_<n>`. */
  readonly sequenceName: string;
  /** Id of the segment of this chunk allocated just before, or null. */
  readonly previousSegmentId: string | null;
}

export interface BatchProgress {
  readonly phase: 'READING' | 'PERSISTING' | 'PUSHING' | 'DONE';
  readonly report: IngestReport;
  readonly segmentsPushed: number;
}

export interface BatchDeps {
  /** Folders (absolute) that local input sources may read. */
  readonly inputDirs: readonly string[];
  readonly workDir: string;
  readonly store: DeepStorage;
  /** Overwrite: the version of the lock over this chunk. */
  lock(chunk: IntervalMs): Promise<string>;
  /** Append: the next segment id of this chunk. */
  allocate(request: AllocationRequest): Promise<SegmentAllocation>;
  /**
   * `dropExisting` only: intervals of the used segments that overlap `intervals`; chunks without new rows get
   * tombstones where there is something to hide.
   */
  usedIntervals(intervals: readonly IntervalMs[]): Promise<readonly IntervalMs[]>;
  /** First part of sequence names: the task's id. */
  readonly sequencePrefix: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly hit: HitCrashPoint;
  onProgress?(progress: BatchProgress): void;
}

export interface BatchResult {
  /** In order of interval and partition: what to publish, all or nothing. Tombstones (dropExisting) included. */
  readonly segments: readonly DataSegment[];
  readonly report: IngestReport;
}
