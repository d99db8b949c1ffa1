/** Tasks, workers and locks in the JSON shapes of Druid's overlord API. Pure. */
import type { TaskLocation, TaskLock, TaskRow } from '../../proto/metadata.js';
import type { NodeInfo } from '../../runtime/types.js';
import type { HeldLock } from './lock-box.js';
import type { ActiveTask } from './task-book.js';
import type { WorkerNote } from './worker-reports.js';

/** One row of the task lists, also the `status` of one task. */
export interface TaskView {
  readonly id: string;
  readonly groupId: string;
  readonly type: string;
  readonly createdTime: string;
  readonly queueInsertionTime: string;
  readonly statusCode: string;
  readonly status: string;
  readonly runnerStatusCode: string;
  readonly duration: number;
  readonly location: TaskLocation;
  readonly dataSource: string;
  readonly errorMsg: string | null;
}

const epochDate = '1970-01-01T00:00:00.000Z';

export type RunnerState = 'pending' | 'running';
export function runnerState(task: ActiveTask): RunnerState {
  return task.incarnation === '' ? 'pending' : 'running';
}

export function activeView(task: ActiveTask): TaskView {
  return {
    id: task.taskId,
    groupId: task.groupId,
    type: task.type,
    createdTime: task.createdDate,
    queueInsertionTime: task.queuedDate,
    statusCode: 'RUNNING',
    status: 'RUNNING',
    runnerStatusCode: runnerState(task).toUpperCase(),
    duration: -1,
    location: task.location,
    dataSource: task.dataSource,
    errorMsg: null,
  };
}

/** A stored task; one that is active but not in this term's book yet is waiting. */
export function storedView(row: TaskRow): TaskView {
  return {
    id: row.taskId,
    groupId: row.groupId,
    type: row.type,
    createdTime: row.createdDate,
    queueInsertionTime: epochDate,
    statusCode: row.status.status,
    status: row.status.status,
    runnerStatusCode: row.active ? 'WAITING' : 'NONE',
    duration: row.status.duration,
    location: row.status.location,
    dataSource: row.dataSource,
    errorMsg: row.status.errorMsg,
  };
}

export function workerView(
  info: NodeInfo,
  tasks: readonly ActiveTask[],
  note: WorkerNote | undefined,
): unknown {
  const role = info.roles.find((r) => r.role === 'middlemanager');
  const host = info.httpAddress === '' ? info.grpcAddress : info.httpAddress;
  const byType: Record<string, number> = {};
  for (const task of tasks) byType[task.type] = (byType[task.type] ?? 0) + 1;
  return {
    worker: {
      scheme: 'http',
      host,
      ip: host.slice(0, Math.max(0, host.lastIndexOf(':'))),
      capacity: role?.capacity ?? 0,
      version: '0',
      category: '_default_worker_category',
    },
    currCapacityUsed: tasks.length,
    currParallelIndexCapacityUsed: tasks.filter((task) => task.type === 'index_parallel').length,
    currCapacityUsedByTaskType: byType,
    availabilityGroups: tasks.map((task) => task.groupId),
    runningTasks: tasks.map((task) => task.taskId),
    lastCompletedTaskTime: note?.lastCompletedDate ?? epochDate,
    ...(note?.enabled === false ? { blacklistedUntil: null } : {}),
  };
}

/** Per datasource the locks at this priority or above that are in force. */
export function activeLocks(
  held: readonly HeldLock[],
  filters: readonly { readonly datasource: string; readonly priority: number }[],
): Readonly<Record<string, readonly TaskLock[]>> {
  const found: Record<string, TaskLock[]> = {};
  for (const { datasource, priority } of filters) {
    const locks = held
      .filter(({ lock }) => lock.dataSource === datasource && !lock.revoked && lock.priority >= priority)
      .map(({ lock }) => lock);
    if (locks.length > 0) found[datasource] = [...(found[datasource] ?? []), ...locks];
  }
  return found;
}
