/** The actions of running tasks: locks, allocation, publish. One lane per datasource decides and commits in turn. */
import { asCoded, CodedError, invalidInput } from '../../proto/errors.js';
import type { AllocatedSegment, LockType, NewSegment, TaskLock } from '../../proto/metadata.js';
import type {
  PublishResult,
  RetrieveUnusedSegments,
  SegmentAllocate,
  SegmentNuke,
  SegmentPublish,
  TaskAction,
  TaskActionResults,
} from '../../proto/task-actions.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import { contains, formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { identifierOf, parseDataSegmentText } from '../../segment/timeline/data-segment.js';
import { partitionNumOf } from '../../segment/timeline/shard-spec.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { decideLock } from './lock-box.js';
import { registeredLookups } from './registered-lookups.js';
import { stopSubTask, submitSubTask, subTaskStatus } from './sub-tasks.js';
import type { ActiveTask } from './task-book.js';
import type { Term } from './term.js';

const segmentsMax = 1_000;
/** Longest wait for a lock inside one call; the task asks again. */
const lockWaitMsMax = 20_000;

type AnyResult = TaskActionResults[keyof TaskActionResults];

export async function performAction(term: Term, from: ActiveTask, action: TaskAction): Promise<AnyResult> {
  const task = actingFor(term, from, action);
  const own = task.traits.lockType;
  switch (action.type) {
    case 'lockAcquire':
    case 'timeChunkLockAcquire':
      return acquire(term, task, parseInterval(action.interval), action.lockType ?? own, action.timeoutMs);
    case 'lockTryAcquire':
    case 'timeChunkLockTryAcquire':
      return acquire(term, task, parseInterval(action.interval), action.lockType ?? own, 0);
    case 'lockRelease':
      return release(term, task, parseInterval(action.interval));
    case 'lockList':
      return term.locksOf(task.taskId).map((held) => held.lock);
    case 'segmentAllocate':
      return allocate(term, task, action);
    case 'segmentTransactionalInsert':
    case 'segmentTransactionalAppend':
    case 'segmentTransactionalReplace':
      return term.lanes.run(action.dataSource, () => publish(term, task, action));
    case 'retrieveUsedSegments':
      return usedSegments(term, action);
    case 'retrieveUnusedSegments':
      return unusedSegments(term, action);
    case 'segmentNuke':
      return term.lanes.run(action.dataSource, () => nuke(term, task, action));
    case 'segmentsLoaded': {
      const { segmentIds } = await term.read('filterQueryable', { segmentIds: action.segmentIds });
      return segmentIds.length === new Set(action.segmentIds).size;
    }
    case 'subTaskSubmit':
      return submitSubTask(term, task, action.taskJson);
    case 'subTaskStatus':
      return subTaskStatus(term, task, action.taskIds);
    case 'subTaskStop':
      return stopSubTask(term, task, action.taskId, action.reason);
    case 'registeredLookups':
      return registeredLookups(term.deps.node, action);
    case 'updateLocation':
      task.location = action.location;
      return null;
    default:
      throw invalidInput(`Unknown task action[${(action as { type?: unknown }).type as string}]`, 'type');
  }
}

/** Locks and ids of a sub-task are its supervisor's: they outlive it, and all sub-tasks write one version. */
function actingFor(term: Term, from: ActiveTask, action: TaskAction): ActiveTask {
  const { supervisorTaskId } = from.traits;
  if (supervisorTaskId === '' || action.type === 'updateLocation') return from;
  requireActive(term, from);
  const supervisor = term.tasks.get(supervisorTaskId);
  if (supervisor === undefined) {
    throw new CodedError('NotFound', `Task[${from.taskId}] may not act: its supervisor has ended`);
  }
  if (/^(segmentTransactional|segmentNuke|lockRelease|subTask)/.test(action.type)) {
    throw new CodedError('Forbidden', `Action[${action.type}] is the supervisor's, not a sub-task's`);
  }
  return supervisor;
}

/** The lock, or null when it can't be had in time. LockRevoked when the task had it and lost it. */
async function acquire(
  term: Term,
  task: ActiveTask,
  interval: IntervalMs,
  type: LockType,
  timeoutMs: number,
): Promise<TaskLock | null> {
  const { clock } = term.deps.node;
  const until = clock.monotonic() + Math.min(timeoutMs, lockWaitMsMax);
  for (;;) {
    const seen = term.lockFreed.times;
    const found = await term.lanes.run(task.dataSource, () => tryAcquire(term, task, interval, type));
    if (!('blockers' in found)) return found;
    const leftMs = until - clock.monotonic();
    if (leftMs <= 0) return null;
    term.waits.add(task.taskId, found.blockers);
    try {
      await term.lockFreed.wait(seen, leftMs, (ms, action) => clock.setTimer(ms, action));
    } finally {
      term.waits.remove(task.taskId);
    }
    requireActive(term, task);
  }
}

function requireActive(term: Term, task: ActiveTask): void {
  if (term.ended) throw new CodedError('Unavailable', 'This overlord is not the leader any more');
  if (term.tasks.get(task.taskId) !== task) {
    throw new CodedError('NotFound', `Task[${task.taskId}] is not active`, { taskId: task.taskId });
  }
}

async function tryAcquire(
  term: Term,
  task: ActiveTask,
  interval: IntervalMs,
  type: LockType,
): Promise<TaskLock | { readonly blockers: readonly string[] }> {
  requireActive(term, task);
  const { taskId, groupId, dataSource } = task;
  const request = { taskId, groupId, dataSource, interval, type, priority: task.traits.priority };
  const versionAbove = await newestVersion(term, dataSource, interval);
  for (;;) {
    const nowMs = term.deps.node.clock.now();
    const around = { held: term.locks(), publishing: term.publishing, nowMs, versionAbove };
    const decision = decideLock(request, around);
    switch (decision.kind) {
      case 'held':
        return decision.lock;
      case 'wait':
        return { blockers: decision.blockers };
      case 'revoked':
        throw new CodedError(
          'LockRevoked',
          `Task[${taskId}] lost its lock of interval[${formatInterval(interval)}] to a higher priority`,
          { taskId },
        );
      case 'grant': {
        const written = await term.applyLock(taskId, decision.lock, decision.revoke);
        if (!written) continue;
        const newest = term.newestVersions.get(dataSource);
        if (newest === undefined || newest < decision.lock.version) {
          term.newestVersions.set(dataSource, decision.lock.version);
        }
        return decision.lock;
      }
    }
  }
}

/** Of what is published there, and of locks given in this term: versions rise even when the clock falls back. */
async function newestVersion(term: Term, dataSource: string, interval: IntervalMs): Promise<string | null> {
  const { version } = await term.read('readNewestVersion', {
    dataSource,
    interval: { start: formatInstant(interval.startMs), end: formatInstant(interval.endMs) },
  });
  const given = term.newestVersions.get(dataSource) ?? null;
  if (version === null || given === null) return version ?? given;
  return version > given ? version : given;
}

async function release(term: Term, task: ActiveTask, interval: IntervalMs): Promise<null> {
  const mine = term.locksOf(task.taskId).filter((held) => contains(interval, held.interval));
  await term.releaseLocks(mine);
  return null;
}

async function allocate(
  term: Term,
  task: ActiveTask,
  action: SegmentAllocate,
): Promise<AllocatedSegment | null> {
  checkDataSource(task, action.dataSource);
  const interval = parseInterval(action.interval);
  const lock = await acquire(term, task, interval, action.taskLockType ?? task.traits.lockType, 0);
  if (lock === null) return null;
  const { segment } = await term.lanes.run(task.dataSource, () =>
    term.transact('allocateSegment', {
      taskId: task.taskId,
      dataSource: task.dataSource,
      sequenceName: action.sequenceName,
      previousSegmentId: action.previousSegmentId ?? '',
      start: formatInstant(interval.startMs),
      end: formatInstant(interval.endMs),
      versionIfNew: lock.version,
      skipLineageCheck: action.skipSegmentLineageCheck,
      nowDate: term.nowDate(),
    }),
  );
  return segment;
}

function checkDataSource(task: ActiveTask, dataSource: string): void {
  if (dataSource === task.dataSource) return;
  throw invalidInput(`Task[${task.taskId}] may not write to datasource[${dataSource}]`, 'dataSource');
}

function toNewSegment(dataSource: string, payload: string): NewSegment {
  const segment = parseDataSegmentText(payload, 'segments');
  if (segment.dataSource !== dataSource) {
    throw invalidInput(`segments holds one of datasource[${segment.dataSource}]`, 'segments');
  }
  return {
    id: identifierOf(segment),
    start: formatInstant(segment.interval.startMs),
    end: formatInstant(segment.interval.endMs),
    version: segment.version,
    partitionNum: partitionNumOf(segment.shardSpec),
    payload,
  };
}

async function publish(term: Term, task: ActiveTask, action: SegmentPublish): Promise<PublishResult> {
  requireActive(term, task);
  checkDataSource(task, action.dataSource);
  if (action.segments.length > segmentsMax) {
    throw new CodedError(
      'LimitExceeded',
      `A task may publish ${segmentsMax} segments at once, this one has ${action.segments.length}`,
    );
  }
  const { dataSource } = task;
  const segments = action.segments.map((payload) => toNewSegment(dataSource, payload));
  const input = {
    taskId: task.taskId,
    dataSource,
    segments,
    nowDate: term.nowDate(),
    ...(action.endMetadata === undefined || action.endMetadata === null
      ? {}
      : { offsets: { start: action.startMetadata ?? null, end: action.endMetadata } }),
  };
  term.publishing.add(task.taskId);
  try {
    term.deps.node.hit('overlord.publish.before');
    const { published } = await term.transact('publishSegments', input).catch(async (thrown: unknown) => {
      if (asCoded(thrown).code !== 'Unknown') throw thrown;
      return rereadPublish(term, segments, thrown);
    });
    term.deps.node.hit('overlord.publish.after');
    tellPublished(term, dataSource, published.length);
    return { success: true, published };
  } finally {
    term.publishing.delete(task.taskId);
  }
}

/** The reply was lost: the rows say what happened. Rows that are not there leave it unknown, for the task to repeat. */
async function rereadPublish(
  term: Term,
  segments: readonly NewSegment[],
  lost: unknown,
): Promise<{ readonly published: readonly string[] }> {
  const ids = segments.map((segment) => segment.id);
  const { segments: rows } = await term.read('readSegments', { segmentIds: ids });
  const stored = new Map(rows.map((row) => [row.id, row.payload]));
  if (segments.length > 0 && segments.every((segment) => stored.get(segment.id) === segment.payload)) {
    return { published: ids };
  }
  throw lost;
}

/** For speed only: the coordinator finds the rows by itself as well. */
function tellPublished(term: Term, dataSource: string, count: number): void {
  if (count === 0) return;
  try {
    const data = Buffer.from(JSON.stringify({ dataSource, count }));
    term.deps.node.bus.publish('evt.overlord.published', data);
  } catch {
    term.deps.log.debug('the bus is away; the coordinator will find the new segments by itself', {
      dataSource,
    });
  }
}

async function unusedSegments(
  term: Term,
  action: RetrieveUnusedSegments,
): Promise<TaskActionResults['retrieveUnusedSegments']> {
  const { startMs, endMs } = parseInterval(action.interval);
  const page = await term.read('readUnusedSegments', {
    dataSource: action.dataSource,
    interval: { start: formatInstant(startMs), end: formatInstant(endMs) },
    ...(action.versions === undefined ? {} : { versions: action.versions }),
    ...(action.maxUsedStatusLastUpdatedTime === undefined
      ? {}
      : { usedStatusLastUpdatedMax: action.maxUsedStatusLastUpdatedTime }),
    limit: action.limit,
  });
  return { segments: page.segments.map((row) => row.payload) };
}

async function nuke(
  term: Term,
  task: ActiveTask,
  action: SegmentNuke,
): Promise<TaskActionResults['segmentNuke']> {
  requireActive(term, task);
  checkDataSource(task, action.dataSource);
  const locks = term
    .locksOf(task.taskId)
    .filter(
      ({ lock }) => lock.type === 'EXCLUSIVE' && !lock.revoked && lock.dataSource === action.dataSource,
    );
  const segments = action.segments.map((text) => parseDataSegmentText(text, 'segments'));
  for (const segment of segments) {
    if (locks.some((held) => contains(held.interval, segment.interval))) continue;
    const interval = formatInterval(segment.interval);
    throw new CodedError(
      'LockRevoked',
      `Task[${task.taskId}] holds no exclusive lock over interval[${interval}]`,
    );
  }
  return term.transact('deleteUnusedSegments', {
    dataSource: action.dataSource,
    segmentIds: segments.map(identifierOf),
  });
}

async function usedSegments(
  term: Term,
  action: TaskAction & { readonly type: 'retrieveUsedSegments' },
): Promise<TaskActionResults['retrieveUsedSegments']> {
  const intervals = action.intervals.map((text) => {
    const { startMs, endMs } = parseInterval(text, 'intervals');
    return { start: formatInstant(startMs), end: formatInstant(endMs) };
  });
  const page = await term.read('readUsedSegments', {
    dataSource: action.dataSource,
    ...(intervals.length === 0 ? {} : { intervals }),
    after: action.after ?? null,
  });
  return { segments: page.segments.map((row) => row.payload), next: page.next };
}

/** A sign of life; the live report is kept for the views. */
export function hear(task: ActiveTask, monotonicMs: number, reportJson: string): void {
  task.heardAtMs = monotonicMs;
  if (reportJson !== '') task.reportJson = reportJson;
}
