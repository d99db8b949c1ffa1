/**
 * The metadata store's named reads and transactions: name → input and output, all plain JSON.
 *
 * Conventions: `payload` and `…Payload` fields are Druid's own JSON as text, byte for byte as it stands in the table;
 * `start`, `end` and `…Date` are ISO instants with milliseconds and `Z`; intervals are half-open; lists are paged by
 * `limit` (at most 1,000) and `after` (the `next` of the page before, null at the end). Every read answers from one
 * consistent snapshot. Failures arrive as CodedError: InvalidInput (a field, named), MetadataUnavailable (nothing was
 * done), Unknown (a transaction whose reply was lost: re-read), StaleEpoch (context `seen`), Conflict, LockRevoked,
 * NotFound.
 */

/** The most rows one page holds. */
export const pageRowsMax = 1_000;

export interface Interval {
  readonly start: string;
  readonly end: string;
}
export interface PageInput {
  readonly after?: string | null;
  /** 1 … 1,000; default 1,000. */
  readonly limit?: number;
}

// ---- cluster and leadership

export interface EpochRow {
  /** 0 when no leader of this role ever was. */
  readonly epoch: number;
  readonly holder: string;
}

// ---- segments

export interface SegmentRow {
  readonly id: string;
  readonly dataSource: string;
  readonly createdDate: string;
  readonly start: string;
  readonly end: string;
  readonly version: string;
  readonly used: boolean;
  readonly usedStatusLastUpdated: string;
  /** DataSegment JSON. */
  readonly payload: string;
}
/** A segment as a task publishes it. */
export interface NewSegment {
  readonly id: string;
  readonly start: string;
  readonly end: string;
  readonly version: string;
  readonly partitionNum: number;
  readonly payload: string;
}
export interface PublishInput {
  readonly taskId: string;
  readonly dataSource: string;
  /** At most 1,000; all rows or none. */
  readonly segments: readonly NewSegment[];
  readonly nowDate: string;
  /**
   * Stream offsets, compared and swapped on `start`: both are Druid's `DataSourceMetadata` JSON in the `…Payload`
   * form; `start` null = nothing stored yet.
   */
  readonly offsets?: { readonly start: string | null; readonly end: string };
}
export interface PublishOutput {
  /** Ids new in this call; empty when all of them had been published by this very task before (a repeated call). */
  readonly published: readonly string[];
}
export interface AllocateInput {
  readonly taskId: string;
  readonly dataSource: string;
  readonly sequenceName: string;
  /** '' for the first of a sequence. */
  readonly previousSegmentId: string;
  readonly start: string;
  readonly end: string;
  /** Used when the chunk has no segment yet; else the newest existing version is appended to. */
  readonly versionIfNew: string;
  /** Ignore the previous id: the same (sequence, interval, version) is the same segment. */
  readonly skipLineageCheck: boolean;
  readonly nowDate: string;
}
export interface AllocatedSegment {
  readonly id: string;
  readonly dataSource: string;
  readonly interval: Interval;
  readonly version: string;
  readonly partitionNum: number;
  /** corePartitions of the version being appended to, 0 for a new one. */
  readonly corePartitions: number;
}
/** Which segments to mark: ids, or everything inside `interval`, or (neither given) all of the datasource. */
export interface MarkInput {
  readonly dataSource: string;
  readonly segmentIds?: readonly string[];
  readonly interval?: Interval;
  readonly versions?: readonly string[];
  readonly nowDate: string;
}

// ---- tasks and locks

export type TaskStatusCode = 'RUNNING' | 'SUCCESS' | 'FAILED';
/** Druid's TaskStatus, the JSON of `druid_tasks.status_payload`. */
export interface TaskStatus {
  readonly id: string;
  readonly status: TaskStatusCode;
  /** Milliseconds; -1 while running. */
  readonly duration: number;
  readonly errorMsg: string | null;
  readonly location: TaskLocation;
}
export interface TaskLocation {
  readonly host: string | null;
  readonly port: number;
  readonly tlsPort: number;
}
export interface TaskRow {
  readonly taskId: string;
  readonly createdDate: string;
  readonly dataSource: string;
  readonly type: string;
  readonly groupId: string;
  readonly active: boolean;
  readonly status: TaskStatus;
  /** The run this task was handed to; null while it waits for a slot. */
  readonly run: TaskRun | null;
}
export interface TaskRun {
  readonly node: string;
  /** Of the peon process; '' until it was heard. Another incarnation of the same task is refused. */
  readonly incarnation: string;
  readonly assignedAtMs: number;
}
export interface NewTask {
  readonly taskId: string;
  readonly createdDate: string;
  readonly dataSource: string;
  readonly type: string;
  readonly groupId: string;
  readonly payload: string;
  readonly status: TaskStatus;
}
export interface TaskFilter extends PageInput {
  readonly active?: boolean;
  readonly dataSource?: string;
  readonly type?: string;
  /** By creation time. */
  readonly createdFrom?: string;
  readonly createdTo?: string;
  /** Newest first (default: oldest first). */
  readonly newestFirst?: boolean;
}
export type LockType = 'EXCLUSIVE' | 'SHARED' | 'APPEND' | 'REPLACE';
/** Druid's TimeChunkLock, the JSON of `druid_tasklocks.lock_payload`. */
export interface TaskLock {
  readonly granularity: 'timeChunk';
  readonly type: LockType;
  readonly groupId: string;
  readonly dataSource: string;
  /** `start/end`. */
  readonly interval: string;
  readonly version: string;
  readonly priority: number;
  readonly revoked: boolean;
}
export interface LockRow {
  readonly lockId: number;
  readonly taskId: string;
  readonly lock: TaskLock;
}

// ---- rules, configuration, audit

export interface AuditInput {
  readonly author: string;
  readonly comment: string;
  /** The caller's address. */
  readonly ip: string;
  readonly nowDate: string;
}
export interface AuditRow {
  readonly key: string;
  readonly type: string;
  readonly author: string;
  readonly comment: string;
  readonly ip: string;
  readonly payload: string;
  readonly auditTime: string;
}

type Op<Input, Output> = { readonly input: Input; readonly output: Output };

export interface MetadataReads {
  /** Made with the store at its first start: 32 hex characters. */
  readClusterId: Op<Record<string, never>, { readonly clusterId: string }>;
  readEpoch: Op<{ readonly role: string }, EpochRow>;

  /**
   * Used segments in the order of their ids; `intervals`: those that overlap one of them. `revision` grows with every
   * change of any segment row or queryable mark: a caller that pages sees the same one on all its pages, or starts
   * again.
   */
  readUsedSegments: Op<
    PageInput & { readonly dataSource?: string; readonly intervals?: readonly Interval[] },
    { readonly segments: readonly SegmentRow[]; readonly next: string | null; readonly revision: number }
  >;
  /** Unused segments wholly inside `interval`, in the order of their ids. */
  readUnusedSegments: Op<
    PageInput & {
      readonly dataSource: string;
      readonly interval?: Interval;
      readonly versions?: readonly string[];
      /** Only those marked unused at or before this instant. */
      readonly usedStatusLastUpdatedMax?: string;
      readonly newestFirst?: boolean;
    },
    { readonly segments: readonly SegmentRow[]; readonly next: string | null }
  >;
  /** By id, used or not; ids without a row are left out. At most 1,000 ids. */
  readSegments: Op<{ readonly segmentIds: readonly string[] }, { readonly segments: readonly SegmentRow[] }>;
  readSegmentsRevision: Op<Record<string, never>, { readonly revision: number }>;
  /** Names in order; those with a used segment, or (includeUnused) with any. */
  listDataSources: Op<{ readonly includeUnused?: boolean }, { readonly dataSources: readonly string[] }>;
  /** Highest version among used segments that overlap the interval; null without any. */
  readNewestVersion: Op<
    { readonly dataSource: string; readonly interval: Interval },
    { readonly version: string | null }
  >;
  /** Which of these were loaded once. At most 1,000 ids. */
  filterQueryable: Op<{ readonly segmentIds: readonly string[] }, { readonly segmentIds: readonly string[] }>;
  /** Segments that were loaded once since they became used (sticky). */
  readQueryable: Op<PageInput, { readonly segmentIds: readonly string[]; readonly next: string | null }>;

  readTask: Op<{ readonly taskId: string }, { readonly task: TaskRow | null }>;
  readTaskPayload: Op<{ readonly taskId: string }, { readonly payload: string | null }>;
  /** Ids without a row are left out. At most 1,000. */
  readTasks: Op<{ readonly taskIds: readonly string[] }, { readonly tasks: readonly TaskRow[] }>;
  listTasks: Op<TaskFilter, { readonly tasks: readonly TaskRow[]; readonly next: string | null }>;
  listLocks: Op<
    PageInput & { readonly taskId?: string },
    { readonly locks: readonly LockRow[]; readonly next: string | null }
  >;

  /** Newest rule list of each datasource (or the one asked for); `_default` among them; payload = JSON array. */
  readRules: Op<
    { readonly dataSource?: string },
    { readonly rules: readonly { readonly dataSource: string; readonly payload: string }[] }
  >;
  readConfig: Op<{ readonly name: string }, { readonly payload: string | null }>;
  /** Newest first with `count`, oldest first without. Bounded by 1,000. */
  readAudit: Op<
    { readonly type: string; readonly key?: string; readonly interval?: Interval; readonly count?: number },
    { readonly entries: readonly AuditRow[] }
  >;
}

export interface MetadataTransactions {
  /** Raises the row above both its own value and `atLeast`. Not itself a leader transaction. */
  bumpEpoch: Op<
    { readonly role: string; readonly holder: string; readonly atLeast: number },
    { readonly epoch: number }
  >;

  /**
   * One transaction: the task is active, each segment lies under one of its locks that is not revoked (LockRevoked
   * else), offsets match (Conflict else), then all rows. A repeated call of the same task is a success.
   */
  publishSegments: Op<PublishInput, PublishOutput>;
  /**
   * The next partition of a chunk, idempotent by (sequence, previous id) or (sequence, interval, version). Numbers
   * are never reused: used, unused and pending rows count. Conflict when the chunk's segments have other intervals.
   */
  allocateSegment: Op<AllocateInput, { readonly segment: AllocatedSegment }>;
  deletePendingSegments: Op<
    { readonly dataSource: string; readonly interval?: Interval },
    { readonly deleted: number }
  >;
  /** At most 1,000 rows a call when ids are given; intervals are not bounded. */
  markSegmentsUsed: Op<MarkInput, { readonly changed: number }>;
  markSegmentsUnused: Op<MarkInput, { readonly changed: number }>;
  /**
   * Deletes rows that are unused; used ones are left and not counted. Their partition numbers stay taken. `sharing`:
   * those of the deleted whose files another row still stands on (upgraded segments): the files must stay.
   */
  deleteUnusedSegments: Op<
    { readonly dataSource: string; readonly segmentIds: readonly string[] },
    { readonly deleted: readonly string[]; readonly sharing: readonly string[] }
  >;
  markQueryable: Op<{ readonly segmentIds: readonly string[] }, { readonly added: number }>;

  /** `same`: the id exists with the same payload; `exists`: with another one. Neither changes anything. */
  insertTask: Op<NewTask, { readonly outcome: 'inserted' | 'same' | 'exists' }>;
  /** Binds a waiting task to a node; the run that is there wins. `run` null = the task is not active. */
  assignTask: Op<
    { readonly taskId: string; readonly node: string; readonly nowMs: number },
    { readonly run: TaskRun | null }
  >;
  /** Takes an assignment back that the node refused; only before a peon was heard. */
  unassignTask: Op<{ readonly taskId: string; readonly node: string }, { readonly changed: boolean }>;
  /** The peon process that runs the task: the first one stays. `run` null = the task is not active or has no run. */
  bindTaskRun: Op<
    { readonly taskId: string; readonly node: string; readonly incarnation: string; readonly nowMs: number },
    { readonly run: TaskRun | null }
  >;
  /** Location of an active task. */
  updateTaskStatus: Op<
    { readonly taskId: string; readonly status: TaskStatus },
    { readonly changed: boolean }
  >;
  /**
   * Ends an active task: status, locks and run, in one transaction. `changed` false = it had ended before; `status`
   * is what stands in the table afterwards (null: unknown id). Its allocated ids stay taken. A task whose publish
   * (without stream offsets: a batch task's only one) has committed is a SUCCESS, whatever it is said to be.
   */
  finishTask: Op<
    { readonly taskId: string; readonly status: TaskStatus },
    { readonly changed: boolean; readonly status: TaskStatus | null }
  >;
  /** One lock decision: revoked rows first, then the new row. `lockId` null when nothing was to be inserted. */
  applyLocks: Op<
    {
      readonly taskId: string;
      readonly revoke: readonly number[];
      readonly insert: TaskLock | null;
    },
    { readonly lockId: number | null }
  >;
  deleteLocks: Op<{ readonly lockIds: readonly number[] }, { readonly deleted: number }>;

  setRules: Op<
    { readonly dataSource: string; readonly payload: string; readonly audit: AuditInput },
    Record<string, never>
  >;
  /**
   * `expected`: compare first (undefined = don't); `changed` false when another value stands there. Payload null
   * removes. `auditType` is Druid's, e.g. `coordinator.config`; default the name.
   */
  setConfig: Op<
    {
      readonly name: string;
      readonly payload: string | null;
      readonly expected?: string | null;
      readonly audit: AuditInput;
      readonly auditType?: string;
    },
    { readonly changed: boolean }
  >;
}

export type MetadataOps = MetadataReads & MetadataTransactions;
export type ReadName = keyof MetadataReads;
export type TransactionName = keyof MetadataTransactions;
export type OpInput<Name extends keyof MetadataOps> = MetadataOps[Name]['input'];
export type OpOutput<Name extends keyof MetadataOps> = MetadataOps[Name]['output'];

const reads: Readonly<Record<ReadName, true>> = {
  readClusterId: true,
  readEpoch: true,
  readUsedSegments: true,
  readUnusedSegments: true,
  readSegments: true,
  readSegmentsRevision: true,
  listDataSources: true,
  readQueryable: true,
  readNewestVersion: true,
  filterQueryable: true,
  readTask: true,
  readTaskPayload: true,
  readTasks: true,
  listTasks: true,
  listLocks: true,
  readRules: true,
  readConfig: true,
  readAudit: true,
};
const transactions: Readonly<Record<TransactionName, true>> = {
  bumpEpoch: true,
  publishSegments: true,
  allocateSegment: true,
  deletePendingSegments: true,
  markSegmentsUsed: true,
  markSegmentsUnused: true,
  deleteUnusedSegments: true,
  markQueryable: true,
  insertTask: true,
  assignTask: true,
  unassignTask: true,
  bindTaskRun: true,
  updateTaskStatus: true,
  finishTask: true,
  applyLocks: true,
  deleteLocks: true,
  setRules: true,
  setConfig: true,
};

export function isReadName(name: string): name is ReadName {
  return Object.hasOwn(reads, name);
}
export function isTransactionName(name: string): name is TransactionName {
  return Object.hasOwn(transactions, name);
}

/** The leader whose epoch row a transaction locks and compares first. */
export interface LeaderClaim {
  readonly role: string;
  readonly epoch: number;
}
