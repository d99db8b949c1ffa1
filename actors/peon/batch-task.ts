/** Runs `index` and `index_parallel`: lock, build (alone or by sub-tasks), push, publish, wait until it is loaded. */
import { CodedError } from '../../proto/errors.js';
import { inputEntities, runBatch, sourceDepsOf, type BatchDeps } from '../../ingest/batch.js';
import { noRows, reportToJson, type IngestReport, type RowStatsShape } from '../../ingest/report.js';
import { RowMeter } from '../../ingest/row-meter.js';
import type { IngestSpec } from '../../ingest/spec/model.js';
import { compileTask } from '../../ingest/spec/task.js';
import { planSplits } from '../../ingest/splits.js';
import type { Clock, HitCrashPoint, Log } from '../../runtime/types.js';
import { condense } from '../../segment/timeline/interval.js';
import { LocalStorage } from '../../segment/store/local-storage.js';
import { peonFiles, type PeonConfig } from '../peon-config.js';
import type { OverlordClient } from './overlord-client.js';
import { ParallelRun } from './parallel-task.js';
import { withLookups } from './task-lookups.js';
import { noEnding, TaskGrounds, type Ending } from './task-grounds.js';

export interface BatchTaskDeps {
  readonly config: PeonConfig;
  readonly overlord: OverlordClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly hit: HitCrashPoint;
  readonly signal: AbortSignal;
  /** Phase and live report for the next beat. */
  readonly progress: (phase: string, reportJson: string) => void;
  /** See BatchDeps. */
  readonly segmentThreadUrl?: URL;
}

export interface BatchTaskResult {
  readonly reportJson: string;
  readonly error: CodedError | undefined;
}

/** Never rejects: what failed is in the result, with the report as far as it got. */
export async function runBatchTask(
  json: Record<string, unknown>,
  deps: BatchTaskDeps,
): Promise<BatchTaskResult> {
  const run = new BatchRun(json, deps);
  try {
    const ending = await run.toEnd();
    return { reportJson: run.report(null, ending), error: undefined };
  } catch (thrown) {
    const error = thrown instanceof CodedError ? thrown : new CodedError('Bug', String(thrown), {}, thrown);
    return { reportJson: run.report(error.message, noEnding), error };
  }
}

class BatchRun {
  readonly #json: Record<string, unknown>;
  readonly #deps: BatchTaskDeps;
  readonly #grounds: TaskGrounds;
  readonly #meter: RowMeter;
  #last: IngestReport | undefined;
  #hasSubTasks = false;

  constructor(json: Record<string, unknown>, deps: BatchTaskDeps) {
    this.#json = json;
    this.#deps = deps;
    this.#grounds = new TaskGrounds(json, deps);
    this.#meter = new RowMeter(deps.clock.monotonic());
  }

  async toEnd(): Promise<Ending> {
    const { type, spec: given } = compileTask(this.#json);
    const { overlord, config } = this.#deps;
    const source = sourceDepsOf(this.#batchDeps(given));
    const spec = await withLookups(given, { overlord, tier: config.lookupTier, source });
    if (spec.ignoredKeys.length > 0)
      this.#deps.log.warn('keys of the spec are ignored', { keys: spec.ignoredKeys.join(', ') });
    for (const interval of condense(spec.intervals ?? [])) await this.#grounds.lock(interval);
    const segments = await this.#build(type, spec);
    this.#progress('PUBLISHING');
    return this.#grounds.publish(spec.dataSource, segments);
  }

  async #build(type: string, spec: IngestSpec): ReturnType<ParallelRun['segments']> {
    const batch = this.#batchDeps(spec);
    if (type === 'index_parallel' && spec.tuning.parallel.subTasksMax > 1) {
      const splits = planSplits(await inputEntities(spec, batch), spec.tuning.parallel.splitHint);
      // A single split is no work to be shared.
      if (splits.length > 1) {
        this.#hasSubTasks = true;
        const onReport = (report: IngestReport): void => this.#note('READING', report);
        const run = new ParallelRun(this.#json, spec, splits, { ...this.#deps, batch, onReport });
        return await run.segments();
      }
    }
    const result = await runBatch(spec, batch);
    this.#last = result.report;
    return result.segments;
  }

  #batchDeps(spec: IngestSpec): BatchDeps {
    const { config, clock, log, signal, hit } = this.#deps;
    const { root, zip } = config.deepStorage;
    const store = new LocalStorage({ root, zip, hit });
    return {
      inputDirs: config.inputDirs,
      httpAllow: config.inputHosts,
      workDir: peonFiles.work(config.folder),
      store,
      segmentLookup: this.#grounds.segmentLookup(store),
      lock: async (chunk) => (await this.#grounds.lock(chunk)).version,
      allocate: (request) => this.#grounds.allocate(spec.dataSource, request),
      usedIntervals: (intervals) => this.#grounds.usedIntervals(spec.dataSource, intervals),
      sequencePrefix: config.taskId,
      ...(this.#deps.segmentThreadUrl !== undefined && { segmentThreadUrl: this.#deps.segmentThreadUrl }),
      clock,
      log,
      signal,
      hit,
      onProgress: ({ phase, report }) => this.#note(phase, report),
    };
  }

  #note(phase: string, report: IngestReport): void {
    this.#last = report;
    this.#meter.update(report.rows, this.#deps.clock.monotonic());
    this.#progress(phase);
  }

  #progress(phase: string): void {
    const shape: RowStatsShape = this.#hasSubTasks
      ? { kind: 'subTasks' }
      : { kind: 'live', averages: this.#meter.averages() };
    this.#deps.progress(phase, this.#report(null, noEnding, shape));
  }

  report(errorMessage: string | null, ending: Ending): string {
    return this.#report(errorMessage, ending, { kind: this.#hasSubTasks ? 'subTasks' : 'ended' });
  }

  #report(errorMessage: string | null, ending: Ending, shape: RowStatsShape): string {
    const { taskId } = this.#deps.config;
    const report: IngestReport = this.#last ?? {
      ingestionState: 'NOT_STARTED',
      rows: noRows,
      unparseableEvents: [],
      segmentsBuilt: 0,
    };
    const payload = {
      ...reportToJson(report, errorMessage, shape),
      segmentAvailabilityConfirmed: ending.availabilityConfirmed,
      segmentAvailabilityWaitTimeMs: ending.availabilityWaitMs,
      recordsProcessed: {},
      segmentsPublished: ending.segmentsPublished,
    };
    return JSON.stringify({
      ingestionStatsAndErrors: { type: 'ingestionStatsAndErrors', taskId, payload },
      taskContext: { type: 'taskContext', taskId, payload: this.#json['context'] ?? {} },
    });
  }
}
