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
 * Rows beyond the memory limits are written to `deps.workDir` (an empty or absent folder of the task's own, emptied
 * behind each push) as parts and merged in the end. Segments are pushed through `deps.store` as they close. When runBatch rejects or is aborted, nothing was published; files already
 * pushed are unreferenced and may be removed (the error of an abort is `Canceled`).
 * Errors: InvalidInput (unreadable source, path outside the allow list, too many bad rows, time outside what can be
 * stored), LimitExceeded, Canceled, StorageFailure, and whatever the callbacks reject with.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../proto/errors.js';
import type { Clock, HitCrashPoint, Log } from '../segment/ports.js';
import type { IntervalMs } from '../segment/read/view.js';
import type { DeepStorage } from '../segment/store/deep-storage.js';
import type { DataSegment } from '../segment/timeline/data-segment.js';
import { formatInstant } from '../segment/timeline/instant.js';
import type { ShardSpec } from '../segment/timeline/shard-spec.js';
import { rowReader, type InputRow, type RowReader } from './formats/row-reader.js';
import { RowTally, type IngestReport } from './report.js';
import { SegmentBuilders } from './segment-builders.js';
import type { InputEntity } from './sources/input-entity.js';
import { linesOf } from './sources/lines.js';
import { openSource } from './sources/open-source.js';
import type { IngestSpec } from './spec/model.js';
import { timestampParser, type TimestampParser } from './timestamps/timestamp-parser.js';
import { scalarText } from './values.js';

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
  /** Rough bytes that open segments may take in memory, whatever the task allows; more is written to `workDir`. */
  readonly memoryBytesMax?: number;
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

/** See the head of this file. Deterministic: the same spec, input and answers of the callbacks give the same segments. */
export async function runBatch(spec: IngestSpec, deps: BatchDeps): Promise<BatchResult> {
  return await new BatchRun(spec, deps).run();
}

const PROGRESS_MS = 1000;

class BatchRun {
  readonly #spec: IngestSpec;
  readonly #deps: BatchDeps;
  readonly #tally: RowTally;
  readonly #builders: SegmentBuilders;
  readonly #timestamp: TimestampParser;
  #state: IngestReport['ingestionState'] = 'NOT_STARTED';
  #reportedAt = -Infinity;

  constructor(spec: IngestSpec, deps: BatchDeps) {
    const { clock, log } = deps;
    this.#spec = spec;
    this.#deps = deps;
    const logBadRow = (reason: string): void => {
      if (spec.tuning.logParseExceptions) log.warn('Unreadable row', { reason });
    };
    this.#tally = new RowTally(spec.tuning, () => formatInstant(clock.now()), logBadRow);
    this.#builders = new SegmentBuilders(spec, deps, (phase) => this.#progress(phase, true));
    const nowYear = Number(formatInstant(clock.now()).slice(0, 4));
    this.#timestamp = timestampParser(spec.timestamp.format, nowYear, 'spec.dataSchema.timestampSpec.format');
  }

  async run(): Promise<BatchResult> {
    const { inputDirs } = this.#deps;
    const entities = await openSource(this.#spec.inputSource, inputDirs);
    this.#state = 'BUILD_SEGMENTS';
    try {
      return await this.#build(entities);
    } finally {
      this.#builders.close();
    }
  }

  async #build(entities: readonly InputEntity[]): Promise<BatchResult> {
    const { signal, log } = this.#deps;
    for (const entity of entities) {
      log.info('Reading', { entity: entity.name });
      await this.#readEntity(entity);
    }
    throwIfCanceled(signal);
    const segments = await this.#builders.finish();
    this.#state = 'COMPLETED';
    this.#progress('DONE', true);
    return { segments, report: this.#report() };
  }

  async #readEntity(entity: InputEntity): Promise<void> {
    const { signal } = this.#deps;
    const reader = rowReader(this.#spec.inputFormat);
    let lineNumber = 0;
    const counted = this.#countBytes(entity.open(signal));
    for await (const lines of linesOf(counted)) {
      for (const line of lines) {
        lineNumber++;
        const pending = this.#takeLine(line, reader, entity, lineNumber);
        if (pending !== undefined) await pending;
      }
      this.#progress('READING', false);
      // Sources that never wait would keep heartbeats and cancellation from running.
      await nextTurn();
      throwIfCanceled(signal);
    }
  }

  async *#countBytes(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      this.#tally.processedBytes += piece.length;
      yield piece;
    }
  }

  /** A promise only when a segment has to be opened or closed for the row: nearly all rows need no waiting. */
  #takeLine(
    line: string,
    reader: RowReader,
    entity: InputEntity,
    lineNumber: number,
  ): Promise<void> | undefined {
    const row = reader.read(line);
    if (row === undefined) return undefined;
    const where = `${entity.name}, line ${lineNumber}`;
    if (typeof row === 'string') {
      this.#tally.badRow(`${row} (${where})`);
      return undefined;
    }
    const time = this.#timeOf(row);
    if (typeof time === 'string') {
      this.#tally.badRow(`${time} (${where})`);
      return undefined;
    }
    const place = this.#builders.place(time);
    if (place === 'outside') {
      this.#tally.thrownAway++;
      return undefined;
    }
    if (place === 'open needed') return this.#openAndAdd(time, row, where);
    return this.#added(place.add(time, row), where);
  }

  async #openAndAdd(time: number, row: InputRow, where: string): Promise<void> {
    throwIfCanceled(this.#deps.signal);
    const index = await this.#builders.open(time);
    await this.#added(index.add(time, row), where);
  }

  #added(errors: readonly string[], where: string): Promise<void> | undefined {
    if (errors.length === 0) this.#tally.processed++;
    else this.#tally.rowWithErrors(errors.map((error) => `${error} (${where})`));
    return this.#builders.closeFull();
  }

  /** Epoch ms, or why there is none. */
  #timeOf(row: InputRow): number | string {
    const { column, missingValueMs } = this.#spec.timestamp;
    const value = Object.hasOwn(row.fields, column) ? row.fields[column] : undefined;
    if (value === null || value === undefined) return missingValueMs ?? 'Timestamp[null] is unparseable';
    const time = this.#timestamp(value);
    if (time === undefined) return `Timestamp[${scalarText(value).slice(0, 60)}] is unparseable`;
    if (!Number.isSafeInteger(time)) return 'Timestamp is outside the years that can be stored';
    return time;
  }

  #report(): IngestReport {
    return {
      ingestionState: this.#state,
      rows: this.#tally.counts(),
      unparseableEvents: this.#tally.saved(),
      segmentsBuilt: this.#builders.pushed,
    };
  }

  #progress(phase: BatchProgress['phase'], isForced: boolean): void {
    const now = this.#deps.clock.monotonic();
    if (!isForced && now - this.#reportedAt < PROGRESS_MS) return;
    this.#reportedAt = now;
    this.#deps.onProgress?.({ phase, report: this.#report(), segmentsPushed: this.#builders.pushed });
  }
}

function throwIfCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw new CodedError('Canceled', 'The task was stopped before it had read its input');
}
