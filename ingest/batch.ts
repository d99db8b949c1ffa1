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
import { CodedError } from '../proto/errors.js';
import type { Clock, HitCrashPoint, Log } from '../segment/ports.js';
import type { IntervalMs } from '../segment/read/view.js';
import type { DeepStorage } from '../segment/store/deep-storage.js';
import type { DataSegment } from '../segment/timeline/data-segment.js';
import { formatInstant } from '../segment/timeline/instant.js';
import type { ShardSpec } from '../segment/timeline/shard-spec.js';
import type { InputRow } from './formats/row-reader.js';
import type { IncrementalIndex } from './index/incremental-index.js';
import { RowTally, type IngestReport } from './report.js';
import { RowStream, type RowPlace, type RowTaker } from './row-stream.js';
import { PartitionedBuilders } from './partitioned-builders.js';
import {
  fixedPlan,
  PlanMaker,
  type ChunkSurvey,
  type Hashed,
  type PartitionPlan,
  type Range,
} from './partition/partition-plan.js';
import type { RowSink } from './row-sink.js';
import { SegmentBuilders } from './segment-builders.js';
import type { InputEntity } from './sources/input-entity.js';
import type { SegmentLookup, SourceDeps } from './sources/source.js';
import type { IngestSpec } from './spec/model.js';
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
  /** Hosts, addresses and networks that http sources may reach although they are private; default none. */
  readonly httpAllow?: readonly string[];
  /** For druid input sources; without it they are refused. */
  readonly segmentLookup?: SegmentLookup;
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
  /** segment-thread.js: segments are written by threads of their own; without it on the caller's, between its rows. */
  readonly segmentThreadUrl?: URL;
  /** First part of sequence names: the task's id. */
  readonly sequencePrefix: string;
  /** Hashed and range partitions that were worked out before; without it the input is read once more, for them. */
  readonly plan?: PartitionPlan;
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

/** What the rows say about where to cut the time chunks: one pass over the input, which builds nothing. */
export async function surveyRows(
  spec: IngestSpec,
  deps: BatchDeps,
): Promise<{ readonly survey: readonly ChunkSurvey[]; readonly report: IngestReport }> {
  return await new BatchRun(spec, deps).survey();
}

/** The entities of the input, for splitting it; nothing of them is read. */
export function inputEntities(spec: IngestSpec, deps: BatchDeps): Promise<readonly InputEntity[]> {
  return spec.inputSource.open(sourceDepsOf(deps));
}

/** What input sources are handed. */
export function sourceDepsOf(deps: BatchDeps): SourceDeps {
  const { inputDirs, httpAllow = [], segmentLookup: segments, signal, workDir, clock, log } = deps;
  return { inputDirs, httpAllow, segments, workDir, clock, log, signal };
}

const PROGRESS_MS = 1000;

class BatchRun {
  readonly #spec: IngestSpec;
  readonly #deps: BatchDeps;
  readonly #tally: RowTally;
  readonly #streamOf: (tally: RowTally) => RowStream;
  /** Of the pass that determines partitions, when there is one. */
  #looking: RowTally | undefined;
  #sink: RowSink | undefined;
  #state: IngestReport['ingestionState'] = 'NOT_STARTED';
  #reportedAt = -Infinity;

  constructor(spec: IngestSpec, deps: BatchDeps) {
    const { clock, log } = deps;
    this.#spec = spec;
    this.#deps = deps;
    const logBadRow = (reason: string): void => {
      if (spec.tuning.logParseExceptions) log.warn('Unreadable row', { reason });
    };
    this.#tally = new RowTally(spec.tuning, () => clock.now(), logBadRow);
    const nowYear = Number(formatInstant(clock.now()).slice(0, 4));
    this.#streamOf = (tally) => new RowStream(spec, sourceDepsOf(deps), tally, nowYear, deps.workDir);
  }

  async run(): Promise<BatchResult> {
    const { partitioning } = this.#spec.tuning;
    const onPhase = (phase: BatchProgress['phase']): void => this.#progress(phase, true);
    const sink =
      partitioning.type === 'dynamic'
        ? new SegmentBuilders(this.#spec, this.#deps, partitioning, onPhase)
        : new PartitionedBuilders(this.#spec, this.#deps, await this.#plan(partitioning), onPhase);
    this.#sink = sink;
    try {
      return await this.#build(sink);
    } catch (thrown) {
      // The report of a failed task tells how far it came and which rows were bad.
      this.#progress('READING', true);
      throw thrown;
    } finally {
      sink.close();
    }
  }

  async survey(): Promise<{ readonly survey: readonly ChunkSurvey[]; readonly report: IngestReport }> {
    const { partitioning } = this.#spec.tuning;
    if (partitioning.type === 'dynamic') throw new CodedError('Bug', 'Dynamic partitions need no survey');
    const survey = (await this.#look(partitioning)).survey();
    return { survey, report: this.#report() };
  }

  async #plan(partitioning: Hashed | Range): Promise<PartitionPlan> {
    return this.#deps.plan ?? fixedPlan(this.#spec) ?? (await this.#look(partitioning)).plan();
  }

  /** A pass of its own over the rows, in which bad ones are counted apart; the next one judges them. */
  async #look(partitioning: Hashed | Range): Promise<PlanMaker> {
    this.#state = 'DETERMINE_PARTITIONS';
    this.#progress('READING', true);
    const maker = new PlanMaker(this.#spec, partitioning);
    const limits = { ...this.#spec.tuning, maxParseExceptions: Infinity };
    const tally = new RowTally(
      limits,
      () => this.#deps.clock.now(),
      () => undefined,
    );
    this.#looking = tally;
    await this.#streamOf(tally).readAll({
      take(time, row) {
        if (maker.add(time, row)) tally.processed++;
        else tally.thrownAway++;
        return undefined;
      },
      pause: () => this.#progress('READING', false),
    });
    return maker;
  }

  async #build(sink: RowSink): Promise<BatchResult> {
    this.#state = 'BUILD_SEGMENTS';
    const taker: RowTaker = {
      take: (time, row, place) => this.#take(sink, time, row, place),
      pause: () => this.#progress('READING', false),
    };
    await this.#streamOf(this.#tally).readAll(taker);
    const segments = await sink.finish();
    this.#state = 'COMPLETED';
    this.#progress('DONE', true);
    return { segments, report: this.#report() };
  }

  /** A promise only when a segment has to be opened or closed for the row: nearly all rows need no waiting. */
  #take(sink: RowSink, time: number, row: InputRow, place: RowPlace): Promise<void> | undefined {
    const index = sink.place(time, row);
    if (index === 'outside') {
      this.#tally.thrownAway++;
      return undefined;
    }
    if (index === 'open needed') return this.#openAndAdd(sink, time, row, place);
    return this.#added(sink, addTo(index, time, row), row, place);
  }

  async #openAndAdd(sink: RowSink, time: number, row: InputRow, place: RowPlace): Promise<void> {
    throwIfCanceled(this.#deps.signal);
    const index = await sink.open(time, row);
    await this.#added(sink, addTo(index, time, row), row, place);
  }

  #added(
    sink: RowSink,
    errors: readonly string[],
    row: InputRow,
    place: RowPlace,
  ): Promise<void> | undefined {
    if (errors.length === 0) this.#tally.processed++;
    else {
      const reasons = errors.map((error) => `${error} (${place.toString()})`);
      this.#tally.rowWithErrors(reasons, () => scalarText(row.fields));
    }
    return sink.added();
  }

  #report(): IngestReport {
    return {
      ingestionState: this.#state,
      rows: this.#tally.counts(),
      unparseableEvents: this.#tally.saved(),
      ...(this.#looking !== undefined && {
        determined: { rows: this.#looking.counts(), unparseableEvents: this.#looking.saved() },
      }),
      segmentsBuilt: this.#sink?.pushed ?? 0,
    };
  }

  #progress(phase: BatchProgress['phase'], isForced: boolean): void {
    const now = this.#deps.clock.monotonic();
    if (!isForced && now - this.#reportedAt < PROGRESS_MS) return;
    this.#reportedAt = now;
    this.#deps.onProgress?.({ phase, report: this.#report(), segmentsPushed: this.#sink?.pushed ?? 0 });
  }
}

function addTo(index: IncrementalIndex, time: number, row: InputRow): readonly string[] {
  return row.cells === undefined ? index.add(time, row) : index.addCells(time, row.cells, row);
}

function throwIfCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw new CodedError('Canceled', 'The task was stopped before it had read its input');
}
