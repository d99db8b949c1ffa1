/** What the supervisor of a parallel batch asks for: sub-tasks started, looked after, taken back. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import type { SubTaskState, TaskActionResults } from '../../proto/task-actions.js';
import type { ActiveTask } from './task-book.js';
import { runnerState } from './task-views.js';
import { makeSubTask } from './task-payload.js';
import type { Term } from './term.js';

const idsMax = 1_000;

export async function submitSubTask(
  term: Term,
  supervisor: ActiveTask,
  taskJson: string,
): Promise<TaskActionResults['subTaskSubmit']> {
  let json: unknown;
  try {
    json = JSON.parse(taskJson);
  } catch {
    throw invalidInput('taskJson is not JSON', 'taskJson');
  }
  if (!supervisor.traits.isParent) {
    throw new CodedError('Forbidden', `Task[${supervisor.taskId}] may have no sub-tasks`);
  }
  const payload = makeSubTask(json, supervisor);
  if ((await term.submit(payload)) === 'exists') {
    throw new CodedError('Conflict', `Task[${payload.taskId}] already exists`, { taskId: payload.taskId });
  }
  return { taskId: payload.taskId };
}

export async function subTaskStatus(
  term: Term,
  supervisor: ActiveTask,
  taskIds: readonly string[],
): Promise<TaskActionResults['subTaskStatus']> {
  const found = new Map<string, SubTaskState>();
  for (const task of term.tasks.subTasksOf(supervisor.taskId)) {
    const { taskId, reportJson } = task;
    const state = runnerState(task) === 'running' ? 'RUNNING' : 'PENDING';
    found.set(taskId, { taskId, state, errorMessage: '', reportJson });
  }
  const ended = taskIds.filter((taskId) => !found.has(taskId));
  for (let at = 0; at < ended.length; at += idsMax) {
    const { tasks } = await term.read('readTasks', { taskIds: ended.slice(at, at + idsMax) });
    for (const { taskId, groupId, status } of tasks) {
      if (groupId !== supervisor.groupId || status.status === 'RUNNING') continue;
      const errorMessage = status.errorMsg ?? '';
      found.set(taskId, { taskId, state: status.status, errorMessage, reportJson: '' });
    }
  }
  const slots = term
    .workers()
    .filter((worker) => worker.enabled)
    .reduce((sum, worker) => sum + worker.slots, 0);
  return { slots, tasks: taskIds.flatMap((taskId) => found.get(taskId) ?? []) };
}

export async function stopSubTask(
  term: Term,
  supervisor: ActiveTask,
  taskId: string,
  reason: string,
): Promise<TaskActionResults['subTaskStop']> {
  const task = term.tasks.get(taskId);
  if (task?.traits.supervisorTaskId !== supervisor.taskId || task.node !== '') return { state: 'begun' };
  const stopped = await term.finish(taskId, { status: 'FAILED', errorMsg: reason });
  return { state: stopped ? 'stopped' : 'begun' };
}
