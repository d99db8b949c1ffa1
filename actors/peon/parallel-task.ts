/**
 * The supervisor's part of a parallel batch: cuts the input, has sub-tasks read it (and merge what they made), repeats
 * those that fail, adds up their reports. What is to be published comes back in one list.
 */
import path from 'node:path';
import { asCoded, CodedError } from '../../proto/errors.js';
import type { SubTaskState } from '../../proto/task-actions.js';
import type { BatchDeps } from '../../ingest/batch.js';
import { fixedPlan, PlanMaker, type ChunkCut } from '../../ingest/partition/partition-plan.js';
import { addRows, noRows, type IngestReport, type RowCounts } from '../../ingest/report.js';
import { SegmentOutput } from '../../ingest/segment-output.js';
import type { InputEntity } from '../../ingest/sources/input-entity.js';
import type { IngestSpec } from '../../ingest/spec/model.js';
import { joinSources } from '../../ingest/splits.js';
import { pause } from '../../runtime/deadline.js';
import {
  dataSegmentToJson,
  parseDataSegment,
  type DataSegment,
} from '../../segment/timeline/data-segment.js';
import { formatInterval } from '../../segment/timeline/interval.js';
import { readResult, removeShuffle, shuffleFolder } from '../shuffle-folders.js';
import type { BatchTaskDeps } from './batch-task.js';
import {
  gatherPartitions,
  numberSegments,
  planPhase,
  spread,
  type PhaseLimits,
  type PieceState,
} from './parallel-plan.js';
import { runSubTask, type PartitionToMerge, type SubTaskResult, type SubTaskType } from './sub-task.js';
import { timeChunks } from '../../ingest/spec/time-chunks.js';

export interface ParallelDeps extends BatchTaskDeps {
  /** For what the supervisor itself writes: tombstones. */
  readonly batch: BatchDeps;
  readonly onReport: (report: IngestReport) => void;
}
type Json = Readonly<Record<string, unknown>>;

const pollMs = 200;
/** So long a sub-task may wait for a slot while none of its siblings runs. */
const slotPatienceMs = 10_000;

/** Druid's names of the phases, for messages. */
const phaseNames: Readonly<Record<SubTaskType, string>> = {
  single_phase_sub_task: 'segment generation',
  partial_dimension_cardinality: 'partial dimension cardinality',
  partial_dimension_distribution: 'partial dimension distribution',
  partial_index_generate: 'partial segment generation',
  partial_range_index_generate: 'partial segment generation',
  partial_index_generic_merge: 'partial segment merge',
};

interface Piece {
  readonly specId: string;
  readonly work: Json;
  state: PieceState;
  sinceMs: number;
  failures: number;
  /** Of the run that counts now. */
  taskId: string;
  errorMessage: string;
  live: RowCounts;
  result: SubTaskResult | undefined;
}

export class ParallelRun {
  readonly #json: Json;
  readonly #spec: IngestSpec;
  readonly #splits: readonly (readonly InputEntity[])[];
  readonly #deps: ParallelDeps;
  readonly #limits: PhaseLimits;
  #runs = 0;
  #state: IngestReport['ingestionState'] = 'NOT_STARTED';
  /** Of the phase whose sub-tasks read the rows that are kept. */
  #reading: readonly Piece[] = [];
  #segmentsBuilt = 0;

  constructor(json: Json, spec: IngestSpec, splits: readonly (readonly InputEntity[])[], deps: ParallelDeps) {
    const { subTasksMax, triesMax } = spec.tuning.parallel;
    this.#json = json;
    this.#spec = spec;
    this.#splits = splits;
    this.#deps = deps;
    this.#limits = { subTasksMax, triesMax, slotPatienceMs };
  }

  /** What to publish. Throws what made a sub-task fail for good, LockRevoked, Canceled. */
  async segments(): Promise<readonly DataSegment[]> {
    try {
      const built =
        this.#spec.tuning.partitioning.type === 'dynamic' ? await this.#simple() : await this.#shuffled();
      this.#state = 'COMPLETED';
      this.#segmentsBuilt = built.length;
      this.#report();
      const all = await this.#withTombstones(built);
      await this.#removeAllBut(built);
      return all;
    } catch (thrown) {
      // Nothing will be published.
      await this.#removeAllBut([]).catch((failure: unknown) => {
        this.#deps.log.warn('files of sub-tasks are still there', { reason: asCoded(failure).message });
      });
      throw thrown;
    }
  }

  /** Whatever else sub-tasks left, those too that died without a word. */
  #removeAllBut(segments: readonly DataSegment[]): Promise<void> {
    const { taskId, deepStorage } = this.#deps.config;
    const root = path.resolve(deepStorage.root);
    const kept = segments.map(({ loadSpec }) =>
      path.relative(root, path.dirname(String(loadSpec?.['path']))).replaceAll(path.sep, '/'),
    );
    return removeShuffle(root, taskId, new Set(kept));
  }

  async #simple(): Promise<DataSegment[]> {
    this.#state = 'BUILD_SEGMENTS';
    const results = await this.#phase('single_phase_sub_task', this.#inputs());
    const built = results.map(segmentsOf);
    return this.#spec.appendToExisting ? built.flat() : numberSegments(built);
  }

  async #shuffled(): Promise<DataSegment[]> {
    const isHashed = this.#spec.tuning.partitioning.type === 'hashed';
    const cuts = await this.#cuts();
    this.#state = 'BUILD_SEGMENTS';
    const generate = isHashed ? 'partial_index_generate' : 'partial_range_index_generate';
    const pieces = await this.#phase(
      generate,
      this.#inputs().map((work) => ({ ...work, ...this.#cutsToJson(cuts) })),
    );
    const partitions = gatherPartitions(pieces.map(segmentsOf)).map(
      ({ segment, pieces: parts }): PartitionToMerge => ({
        segment: dataSegmentToJson(segment),
        pieces: parts.map(dataSegmentToJson),
      }),
    );
    const works = spread(partitions, this.#spec.tuning.parallel.mergeTasksMax).map((some) => ({
      spec: { ...this.#specJson(), ioConfig: { type: 'partial_index_generic_merge', partitions: some } },
    }));
    const merged = await this.#phase('partial_index_generic_merge', works);
    return merged.flatMap(segmentsOf);
  }

  /** Undefined: the number of buckets was given. */
  async #cuts(): Promise<readonly ChunkCut[] | undefined> {
    const { partitioning } = this.#spec.tuning;
    if (partitioning.type === 'dynamic' || fixedPlan(this.#spec) !== undefined) return undefined;
    this.#state = 'DETERMINE_PARTITIONS';
    const type =
      partitioning.type === 'hashed' ? 'partial_dimension_cardinality' : 'partial_dimension_distribution';
    const maker = new PlanMaker(this.#spec, partitioning);
    for (const { survey } of await this.#phase(type, this.#inputs())) maker.merge(survey);
    return maker.cuts();
  }

  #cutsToJson(cuts: readonly ChunkCut[] | undefined): Json {
    if (cuts === undefined) return {};
    const buckets = timeChunks(this.#spec);
    const entries = cuts.map((cut): readonly [string, unknown] => {
      const interval = formatInterval({ startMs: cut.startMs, endMs: buckets.next(cut.startMs) });
      return [interval, 'cuts' in cut ? cut.cuts : cut.numBuckets];
    });
    const isHashed = this.#spec.tuning.partitioning.type === 'hashed';
    return {
      [isHashed ? 'intervalToNumShardsOverride' : 'intervalToPartitions']: Object.fromEntries(entries),
    };
  }

  async #withTombstones(segments: readonly DataSegment[]): Promise<readonly DataSegment[]> {
    if (!this.#spec.dropExisting) return segments;
    const output = new SegmentOutput(this.#spec, this.#deps.batch, () => undefined);
    const filled = segments.map((segment) => segment.interval);
    return [...segments, ...(await output.tombstones(filled))];
  }

  // ---- what sub-tasks are told

  #specJson(): Json {
    return this.#json['spec'] as Json;
  }

  #inputs(): Json[] {
    const spec = this.#specJson();
    const io = spec['ioConfig'] as Json;
    return this.#splits.map((entities) => {
      const inputSource = joinSources(entities.map((entity) => entity.alone));
      return { spec: { ...spec, ioConfig: { ...io, inputSource, dropExisting: false } } };
    });
  }

  #subTask(type: SubTaskType, piece: Piece): Record<string, unknown> {
    const { config } = this.#deps;
    const { dataSource } = this.#spec;
    return {
      type,
      id: piece.taskId,
      groupId: config.groupId,
      resource: { availabilityGroup: piece.taskId, requiredCapacity: 1 },
      supervisorTaskId: config.taskId,
      subtaskSpecId: piece.specId,
      numAttempts: piece.failures,
      ...piece.work,
      context: this.#json['context'] ?? {},
      dataSource,
    };
  }

  // ---- a phase: every piece of work done once

  async #phase(type: SubTaskType, works: readonly Json[]): Promise<SubTaskResult[]> {
    const { clock, log, signal, config } = this.#deps;
    const pieces = works.map((work, i): Piece => ({
      specId: `${config.groupId}_${i}`,
      work,
      state: 'waiting',
      sinceMs: clock.monotonic(),
      failures: 0,
      taskId: '',
      errorMessage: '',
      live: noRows,
      result: undefined,
    }));
    if (type !== 'partial_index_generic_merge') this.#reading = pieces;
    log.info('phase begins', { phase: phaseNames[type], pieces: pieces.length });
    for (;;) {
      signal.throwIfAborted();
      const slots = await this.#look(pieces);
      const steps = planPhase(pieces, this.#limits, slots, clock.monotonic());
      for (const step of steps) {
        if (step.kind === 'done') return pieces.map((piece) => piece.result!);
        const piece = pieces[step.index]!;
        if (step.kind === 'giveUp') throw this.#givenUp(type, piece);
        if (step.kind === 'start') await this.#start(type, piece);
        else await this.#doHere(type, piece);
      }
      this.#report();
      await pause(clock, pollMs, signal);
    }
  }

  #givenUp(type: SubTaskType, { failures, taskId, errorMessage }: Piece): CodedError {
    const times = failures === 1 ? 'once' : `${failures} times`;
    return new CodedError(
      'InvalidInput',
      `Failed in phase[${phaseNames[type]}]: a sub-task failed ${times}, last was task[${taskId}]: ${errorMessage}`,
      { subTask: taskId },
    );
  }

  /** Hears of the sub-tasks at work; answers the slots of all workers. */
  async #look(pieces: readonly Piece[]): Promise<number> {
    const { overlord, signal } = this.#deps;
    const watched = new Map(
      pieces
        .filter(({ state }) => state === 'pending' || state === 'running')
        .map((piece) => [piece.taskId, piece]),
    );
    const { slots, tasks } = await overlord.action(
      { type: 'subTaskStatus', taskIds: [...watched.keys()] },
      { signal },
    );
    for (const told of tasks) {
      const piece = watched.get(told.taskId);
      if (piece !== undefined) await this.#hear(piece, told);
    }
    return slots;
  }

  async #hear(piece: Piece, told: SubTaskState): Promise<void> {
    switch (told.state) {
      case 'PENDING':
        break;
      case 'RUNNING':
        if (piece.state === 'pending') this.#turn(piece, 'running');
        piece.live = liveRows(told.reportJson) ?? piece.live;
        break;
      case 'FAILED':
        this.#failed(piece, told.errorMessage);
        break;
      case 'SUCCESS':
        await this.#collect(piece);
        break;
    }
  }

  async #collect(piece: Piece): Promise<void> {
    const { config } = this.#deps;
    const text = await readResult(shuffleFolder(config.deepStorage.root, config.taskId, piece.taskId));
    if (text === undefined) {
      this.#failed(piece, 'it left no result');
      return;
    }
    piece.result = JSON.parse(text) as SubTaskResult;
    this.#turn(piece, 'done');
  }

  #failed(piece: Piece, errorMessage: string): void {
    piece.failures += 1;
    piece.errorMessage = errorMessage;
    piece.live = noRows;
    this.#turn(piece, 'failed');
    this.#deps.log.warn('a sub-task failed', {
      subTask: piece.taskId,
      failures: piece.failures,
      errorMessage,
    });
  }

  #turn(piece: Piece, state: PieceState): void {
    piece.state = state;
    piece.sinceMs = this.#deps.clock.monotonic();
  }

  /** An id of its own for every run: what a lost one still writes is in nobody's way. */
  #nameRun(type: SubTaskType, piece: Piece): void {
    const { config } = this.#deps;
    const supervisor = config.taskId.slice(-180);
    piece.taskId = `${type}_${supervisor.replace(/^\.+/, '')}_${this.#runs++}`;
  }

  async #start(type: SubTaskType, piece: Piece): Promise<void> {
    const { overlord, signal } = this.#deps;
    this.#nameRun(type, piece);
    const taskJson = JSON.stringify(this.#subTask(type, piece));
    await overlord.action({ type: 'subTaskSubmit', taskJson }, { signal });
    this.#deps.hit('subtask.submitted');
    this.#turn(piece, 'pending');
  }

  async #doHere(type: SubTaskType, piece: Piece): Promise<void> {
    const { overlord, signal, log, batch } = this.#deps;
    if (piece.state === 'pending') {
      const reason = 'No slot was free: its supervisor does the work itself';
      const { state } = await overlord.action(
        { type: 'subTaskStop', taskId: piece.taskId, reason },
        { signal },
      );
      // It got its slot just now, or has ended: the next look tells.
      if (state !== 'stopped') return;
    }
    this.#nameRun(type, piece);
    log.info('no slot for a sub-task: its work is done here', { subTask: piece.taskId });
    this.#turn(piece, 'here');
    const { taskId } = piece;
    const progress = (_phase: string, reportJson: string): void => {
      piece.live = liveRows(reportJson) ?? piece.live;
    };
    const deps = { ...this.#deps, taskId, workDir: path.join(batch.workDir, `run-${this.#runs}`), progress };
    void runSubTask(this.#subTask(type, piece), deps)
      .then(({ error }) => (error === undefined ? this.#collect(piece) : this.#failed(piece, error.message)))
      .catch((thrown: unknown) => this.#failed(piece, asCoded(thrown).message));
  }

  // ---- report

  #report(): void {
    const { maxSavedParseExceptions } = this.#spec.tuning;
    const results = this.#reading.flatMap((piece) => piece.result ?? []);
    const isSurvey = this.#state === 'DETERMINE_PARTITIONS';
    const rows = this.#reading
      .map((piece) => piece.result?.report.rows ?? piece.live)
      .reduce(addRows, noRows);
    this.#deps.onReport({
      ingestionState: this.#state,
      rows: isSurvey ? noRows : rows,
      unparseableEvents: results
        .flatMap(({ report }) => report.unparseableEvents)
        .toSorted((a, b) => b.timeOfExceptionMillis - a.timeOfExceptionMillis)
        .slice(0, maxSavedParseExceptions),
      segmentsBuilt: this.#segmentsBuilt,
    });
  }
}

function segmentsOf(result: SubTaskResult): DataSegment[] {
  return result.segments.map((json) => parseDataSegment(json));
}

/** Rows of a running sub-task, from its live report. */
function liveRows(reportJson: string): RowCounts | undefined {
  if (reportJson === '') return undefined;
  const report = JSON.parse(reportJson) as {
    ingestionStatsAndErrors?: { payload?: { rowStats?: { totals?: { buildSegments?: RowCounts } } } };
  };
  return report.ingestionStatsAndErrors?.payload?.rowStats?.totals?.buildSegments;
}
