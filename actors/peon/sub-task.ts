/**
 * Runs a sub-task of a parallel batch: reads its part of the input (or merges its part of the partitions) and leaves
 * what it made for its supervisor, who alone publishes. Locks and ids are taken in the supervisor's name.
 */
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { runBatch, sourceDepsOf, surveyRows, type BatchDeps } from '../../ingest/batch.js';
import { planOfCuts, type ChunkCut, type ChunkSurvey } from '../../ingest/partition/partition-plan.js';
import { noRows, reportToJson, type IngestReport } from '../../ingest/report.js';
import { RowMeter } from '../../ingest/row-meter.js';
import { mergeShuffled } from '../../ingest/shuffle-merge.js';
import type { IngestSpec } from '../../ingest/spec/model.js';
import { compileTask } from '../../ingest/spec/task.js';
import type { DeepStorage } from '../../segment/store/deep-storage.js';
import { LocalStorage } from '../../segment/store/local-storage.js';
import { storagePath } from '../../segment/store/paths.js';
import {
  dataSegmentToJson,
  parseDataSegment,
  segmentIdOf,
  type DataSegment,
} from '../../segment/timeline/data-segment.js';
import { parseInterval } from '../../segment/timeline/interval.js';
import type { RangeTuple } from '../../segment/timeline/range-bucket.js';
import { notePush, shuffleFolder, writeResult } from '../shuffle-folders.js';
import type { BatchTaskDeps, BatchTaskResult } from './batch-task.js';
import { TaskGrounds } from './task-grounds.js';
import { withLookups } from './task-lookups.js';
import { UnpublishedFiles } from './unpublished-files.js';

export const subTaskTypes = [
  'single_phase_sub_task',
  'partial_dimension_cardinality',
  'partial_dimension_distribution',
  'partial_index_generate',
  'partial_range_index_generate',
  'partial_index_generic_merge',
] as const;
export type SubTaskType = (typeof subTaskTypes)[number];

export function isSubTaskType(type: unknown): type is SubTaskType {
  return subTaskTypes.some((known) => known === type);
}

/** What a sub-task leaves for its supervisor, as JSON. */
export interface SubTaskResult {
  readonly report: IngestReport;
  /** Druid's JSON of segments: pushed ones, or pieces of partitions. */
  readonly segments: readonly Readonly<Record<string, unknown>>[];
  readonly survey: readonly ChunkSurvey[];
}

/** Of `partial_index_generic_merge`: one partition to make; segments are Druid's JSON. */
export interface PartitionToMerge {
  /** The segment to be: its interval, version and shard spec. */
  readonly segment: Readonly<Record<string, unknown>>;
  readonly pieces: readonly Readonly<Record<string, unknown>>[];
}

export interface SubTaskDeps extends BatchTaskDeps {
  /** The sub-task's own; the config may be its supervisor's. */
  readonly taskId: string;
  readonly workDir: string;
}

/** Never rejects: what failed is in the result, with the report as far as it got. */
export async function runSubTask(json: Record<string, unknown>, deps: SubTaskDeps): Promise<BatchTaskResult> {
  const { clock, taskId } = deps;
  const meter = new RowMeter(clock.monotonic());
  const rows = noRows;
  let last: IngestReport = { ingestionState: 'NOT_STARTED', rows, unparseableEvents: [], segmentsBuilt: 0 };
  const toReport = (payload: Record<string, unknown>): string =>
    JSON.stringify({
      ingestionStatsAndErrors: {
        type: 'ingestionStatsAndErrors',
        taskId,
        payload: { ...payload, recordsProcessed: {} },
      },
    });
  const note = (phase: string, report: IngestReport): void => {
    last = report;
    meter.update(report.rows, clock.monotonic());
    deps.progress(phase, toReport(reportToJson(report, null, { kind: 'live', averages: meter.averages() })));
  };
  const files: UnpublishedFiles[] = [];
  try {
    const result = await perform(json, deps, { note, files });
    last = { ...result.report, ingestionState: 'COMPLETED' };
    const { root } = deps.config.deepStorage;
    await writeResult(shuffleFolder(root, supervisorOf(json), taskId), JSON.stringify(result));
    deps.hit('subtask.result_written');
    return { reportJson: toReport(reportToJson(last, null)), error: undefined };
  } catch (thrown) {
    const error = thrown instanceof CodedError ? thrown : new CodedError('Bug', String(thrown), {}, thrown);
    // Nobody will hear of them: a disk that is full must not stay so.
    for (const store of files) await store.discard();
    return { reportJson: toReport(reportToJson(last, error.message)), error };
  }
}

function supervisorOf(json: Record<string, unknown>): string {
  const id = json['supervisorTaskId'];
  if (typeof id === 'string') return id;
  throw new CodedError('InvalidInput', 'supervisorTaskId is missing', { field: 'supervisorTaskId' });
}

interface Keeping {
  readonly note: (phase: string, report: IngestReport) => void;
  /** What is to be discarded when the run fails. */
  readonly files: UnpublishedFiles[];
}

async function perform(
  json: Record<string, unknown>,
  deps: SubTaskDeps,
  keeping: Keeping,
): Promise<SubTaskResult> {
  const type = json['type'] as SubTaskType;
  if (type === 'partial_index_generic_merge') return merge(json, deps, keeping);
  const task = compileTask({ type: 'index_parallel', spec: json['spec'], context: json['context'] });
  const batch = batchDeps(json, task.spec, deps, keeping);
  const { overlord, config } = deps;
  const lookups = { overlord, tier: config.lookupTier, source: sourceDepsOf(batch) };
  const spec = await withLookups(task.spec, lookups);
  switch (type) {
    case 'partial_dimension_cardinality':
    case 'partial_dimension_distribution': {
      const { survey, report } = await surveyRows(spec, batch);
      return { report, survey, segments: [] };
    }
    case 'single_phase_sub_task': {
      const { segments, report } = await runBatch(spec, batch);
      return { report, segments: segments.map(dataSegmentToJson), survey: [] };
    }
    case 'partial_index_generate':
    case 'partial_range_index_generate': {
      const { hit } = deps;
      const { root } = deps.config.deepStorage;
      const folder = shuffleFolder(root, supervisorOf(json), deps.taskId);
      const plan = planOf(json, spec);
      const store = new LocalStorage({ root: folder, hit });
      const { segments, report } = await runBatch(spec, { ...batch, store, ...(plan && { plan }) });
      return { report, segments: segments.map(dataSegmentToJson), survey: [] };
    }
  }
}

function planOf(json: Record<string, unknown>, spec: IngestSpec): BatchDeps['plan'] {
  const { partitioning } = spec.tuning;
  if (partitioning.type === 'dynamic') {
    throw new CodedError('InvalidInput', 'spec.tuningConfig.partitionsSpec must not be dynamic', {
      field: 'spec.tuningConfig.partitionsSpec',
    });
  }
  const cuts = cutsFromJson(json);
  // Without any the number of buckets was given.
  return cuts === undefined ? undefined : planOfCuts(spec, partitioning, cuts);
}

function cutsFromJson(json: Record<string, unknown>): ChunkCut[] | undefined {
  const buckets = json['intervalToNumShardsOverride'] as Readonly<Record<string, number>> | undefined;
  const ranges = json['intervalToPartitions'] as Readonly<Record<string, readonly RangeTuple[]>> | undefined;
  if (buckets !== undefined) {
    return Object.entries(buckets).map(([interval, numBuckets]) => ({
      startMs: parseInterval(interval).startMs,
      numBuckets,
    }));
  }
  if (ranges === undefined) return undefined;
  return Object.entries(ranges).map(([interval, cuts]) => ({
    startMs: parseInterval(interval).startMs,
    cuts,
  }));
}

function batchDeps(
  json: Record<string, unknown>,
  spec: IngestSpec,
  deps: SubTaskDeps,
  { note, files }: Keeping,
): BatchDeps {
  const { config, clock, log, signal, hit, taskId, workDir } = deps;
  const grounds = new TaskGrounds(json, deps);
  const store = storeOf(json, deps, spec.appendToExisting ? '' : taskId, files);
  return {
    inputDirs: config.inputDirs,
    httpAllow: config.inputHosts,
    workDir,
    store,
    segmentLookup: grounds.segmentLookup(store),
    lock: async (chunk) => (await grounds.lock(chunk)).version,
    allocate: (request) => grounds.allocate(spec.dataSource, request),
    usedIntervals: () => Promise.reject(new CodedError('Bug', 'A sub-task makes no tombstones')),
    sequencePrefix: taskId,
    ...threadsOf(deps),
    clock,
    log,
    signal,
    hit,
    onProgress: ({ phase, report }) => note(phase, report),
  };
}

function threadsOf({ segmentThreadUrl }: SubTaskDeps): Pick<BatchDeps, 'segmentThreadUrl'> {
  return segmentThreadUrl === undefined ? {} : { segmentThreadUrl };
}

/** Numbers of partitions are given in the end: until then each run writes to folders of its own. */
function storeOf(
  json: Record<string, unknown>,
  { config, hit, log, taskId }: SubTaskDeps,
  writer: string,
  files: UnpublishedFiles[],
): DeepStorage {
  const { root, zip } = config.deepStorage;
  const notes = shuffleFolder(root, supervisorOf(json), taskId);
  const store = new UnpublishedFiles(new LocalStorage({ root, zip, hit, writer }), log, (segment) =>
    notePush(notes, path.posix.join(storagePath(segmentIdOf(segment)), writer)),
  );
  files.push(store);
  return store;
}

async function merge(
  json: Record<string, unknown>,
  deps: SubTaskDeps,
  { files }: Keeping,
): Promise<SubTaskResult> {
  const given = json['spec'] as Readonly<Record<string, unknown>>;
  const io = given['ioConfig'] as { readonly partitions?: readonly PartitionToMerge[] } | undefined;
  const ioConfig = {
    inputSource: { type: 'inline', data: '' },
    inputFormat: { type: 'json' },
  };
  const { spec } = compileTask({ type: 'index_parallel', spec: { ...given, ioConfig } });
  const partitions = (io?.partitions ?? []).map(({ segment, pieces }) => ({
    ...identityOf(parseDataSegment(segment)),
    pieces: pieces.map((piece) => parseDataSegment(piece)),
  }));
  const { workDir, signal, hit, log, taskId } = deps;
  const store = storeOf(json, deps, taskId, files);
  deps.progress('PUSHING', '');
  const pushed = await mergeShuffled(spec, partitions, {
    workDir,
    store,
    signal,
    hit,
    log,
    ...threadsOf(deps),
  });
  const rows = noRows;
  const report: IngestReport = {
    ingestionState: 'COMPLETED',
    rows,
    unparseableEvents: [],
    segmentsBuilt: pushed.length,
  };
  return { report, segments: pushed.map(dataSegmentToJson), survey: [] };
}

function identityOf({
  interval,
  version,
  shardSpec,
}: DataSegment): Pick<DataSegment, 'interval' | 'version' | 'shardSpec'> {
  return { interval, version, shardSpec };
}
