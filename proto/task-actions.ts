/**
 * What a running task asks the overlord for: the JSON of `TaskActionRequest.action_json` and of its result.
 * Names and fields are Druid's. Locks are time-chunk locks; intervals are `start/end`, instants ISO with milliseconds.
 * Locks and ids that a sub-task asks for are its supervisor's. Errors: LockRevoked, Conflict, InvalidInput, NotFound (unknown or ended task, replaced run), Unavailable.
 */
import type { AllocatedSegment, LockType, TaskLock, TaskLocation } from './metadata.js';

/** Waits until granted or `timeoutMs` (at most 20,000) is over. Conflict when waiting would be a deadlock. */
export interface LockAcquire {
  readonly type: 'lockAcquire' | 'timeChunkLockAcquire';
  /** Default: what the task's own context and mode ask for. */
  readonly lockType?: LockType;
  readonly interval: string;
  readonly timeoutMs: number;
}
/** Now or not at all. */
export interface LockTryAcquire {
  readonly type: 'lockTryAcquire' | 'timeChunkLockTryAcquire';
  readonly lockType?: LockType;
  readonly interval: string;
}
export interface LockRelease {
  readonly type: 'lockRelease';
  readonly interval: string;
}
export interface LockList {
  readonly type: 'lockList';
}
/** Next partition of the chunk that holds `timestamp`; takes the lock it needs. */
export interface SegmentAllocate {
  readonly type: 'segmentAllocate';
  readonly dataSource: string;
  readonly timestamp: string;
  readonly queryGranularity: string;
  /** Druid's granularity name, e.g. `DAY`; the caller names the chunk in `interval`. */
  readonly preferredSegmentGranularity: string;
  readonly interval: string;
  readonly sequenceName: string;
  readonly previousSegmentId: string | null;
  readonly skipSegmentLineageCheck: boolean;
  readonly lockGranularity: 'TIME_CHUNK';
  readonly taskLockType?: LockType;
}
/** All rows or none, in one transaction with the lock check. `segments` are DataSegment JSON objects as text. */
export interface SegmentPublish {
  readonly type: 'segmentTransactionalInsert' | 'segmentTransactionalAppend' | 'segmentTransactionalReplace';
  readonly dataSource: string;
  readonly segments: readonly string[];
  readonly startMetadata?: string | null;
  readonly endMetadata?: string | null;
}
/** Whole list, in pages: `after` is the `next` of the page before. */
export interface RetrieveUsedSegments {
  readonly type: 'retrieveUsedSegments';
  readonly dataSource: string;
  readonly intervals: readonly string[];
  readonly after?: string | null;
}
/** Unused segments wholly inside the interval, the first `limit` by id. */
export interface RetrieveUnusedSegments {
  readonly type: 'retrieveUnusedSegments';
  readonly dataSource: string;
  readonly interval: string;
  readonly versions?: readonly string[];
  readonly limit: number;
  /** Only those marked unused at or before this instant. */
  readonly maxUsedStatusLastUpdatedTime?: string;
}
/** Deletes the rows of unused segments. The task holds an exclusive lock over each of them (LockRevoked else). */
export interface SegmentNuke {
  readonly type: 'segmentNuke';
  readonly dataSource: string;
  /** DataSegment JSON. */
  readonly segments: readonly string[];
}
/** The task's place, once its server listens. */
export interface UpdateLocation {
  readonly type: 'updateLocation';
  readonly location: TaskLocation;
}

/** Were all of these loaded somewhere once? */
export interface SegmentsLoaded {
  readonly type: 'segmentsLoaded';
  readonly segmentIds: readonly string[];
}

/** Starts a sub-task of the asking task, in its group and for its datasource. Repeating it with the same id is fine. */
export interface SubTaskSubmit {
  readonly type: 'subTaskSubmit';
  readonly taskJson: string;
}
/** How the asking task's sub-tasks fare. Ids that are not its own are left out. */
export interface SubTaskStatus {
  readonly type: 'subTaskStatus';
  readonly taskIds: readonly string[];
}
/** Ends a sub-task that has not begun. */
export interface SubTaskStop {
  readonly type: 'subTaskStop';
  readonly taskId: string;
  readonly reason: string;
}
export interface SubTaskState {
  readonly taskId: string;
  readonly state: 'PENDING' | 'RUNNING' | 'SUCCESS' | 'FAILED';
  readonly errorMessage: string;
  /** Latest live report of a running one; '' when there is none. */
  readonly reportJson: string;
}

/** What the coordinator has registered under these names in a tier; names it does not know are left out. */
export interface RegisteredLookups {
  readonly type: 'registeredLookups';
  readonly tier: string;
  readonly names: readonly string[];
}
export interface RegisteredLookup {
  readonly name: string;
  readonly version: string;
  /** The `lookupExtractorFactory`. */
  readonly factoryJson: string;
}

export type TaskAction =
  | LockAcquire
  | LockTryAcquire
  | LockRelease
  | LockList
  | SegmentAllocate
  | SegmentPublish
  | RetrieveUsedSegments
  | RetrieveUnusedSegments
  | SegmentNuke
  | UpdateLocation
  | SegmentsLoaded
  | SubTaskSubmit
  | SubTaskStatus
  | SubTaskStop
  | RegisteredLookups;

export interface TaskActionResults {
  /** The lock held; null when it was not granted. */
  readonly lockAcquire: TaskLock | null;
  readonly timeChunkLockAcquire: TaskLock | null;
  readonly lockTryAcquire: TaskLock | null;
  readonly timeChunkLockTryAcquire: TaskLock | null;
  readonly lockRelease: null;
  readonly lockList: readonly TaskLock[];
  readonly segmentAllocate: AllocatedSegment | null;
  readonly segmentTransactionalInsert: PublishResult;
  readonly segmentTransactionalAppend: PublishResult;
  readonly segmentTransactionalReplace: PublishResult;
  readonly retrieveUsedSegments: { readonly segments: readonly string[]; readonly next: string | null };
  readonly retrieveUnusedSegments: { readonly segments: readonly string[] };
  /** Ids whose rows are gone, and those of them whose files must stay because other segments stand on them. */
  readonly segmentNuke: { readonly deleted: readonly string[]; readonly sharing: readonly string[] };
  readonly updateLocation: null;
  readonly segmentsLoaded: boolean;
  readonly subTaskSubmit: { readonly taskId: string };
  /** `slots`: of all enabled workers, busy ones too. */
  readonly subTaskStatus: { readonly slots: number; readonly tasks: readonly SubTaskState[] };
  /** `begun`: it was left alone, because it runs or has ended. */
  readonly registeredLookups: { readonly lookups: readonly RegisteredLookup[] };
  readonly subTaskStop: { readonly state: 'stopped' | 'begun' };
}
export interface PublishResult {
  readonly success: true;
  /** Ids; empty when this very call had been done before. */
  readonly published: readonly string[];
}
export type TaskActionType = TaskAction['type'];
export type TaskActionResultOf<Type extends TaskActionType> = TaskActionResults[Type];
