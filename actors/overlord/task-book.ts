/** The active tasks of a leader's term, as SQL has them, with what was heard of them since. */
import type { TaskLocation, TaskRow } from '../../proto/metadata.js';
import type { RunningTask, WaitingTask, Worker } from './runner-plan.js';
import type { TaskTraits } from './task-payload.js';

export interface ActiveTask {
  readonly taskId: string;
  readonly groupId: string;
  readonly type: string;
  readonly dataSource: string;
  readonly createdDate: string;
  readonly queuedDate: string;
  readonly traits: TaskTraits;
  /** '' while it waits for a slot. */
  node: string;
  /** Of the peon; '' until it was heard. */
  incarnation: string;
  assignedAtMs: number;
  /** Monotonic. */
  heardAtMs: number;
  location: TaskLocation;
  /** Latest live report, '' before the first. */
  reportJson: string;
}

const nowhere: TaskLocation = { host: null, port: -1, tlsPort: -1 };

export class TaskBook {
  readonly #tasks = new Map<string, ActiveTask>();

  get size(): number {
    return this.#tasks.size;
  }
  get(taskId: string): ActiveTask | undefined {
    return this.#tasks.get(taskId);
  }
  all(): IterableIterator<ActiveTask> {
    return this.#tasks.values();
  }
  remove(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  add(
    row: Pick<TaskRow, 'taskId' | 'groupId' | 'type' | 'dataSource' | 'createdDate' | 'run'>,
    traits: TaskTraits,
    now: { readonly queuedDate: string; readonly monotonicMs: number },
  ): ActiveTask {
    const task: ActiveTask = {
      taskId: row.taskId,
      groupId: row.groupId,
      type: row.type,
      dataSource: row.dataSource,
      createdDate: row.createdDate,
      queuedDate: now.queuedDate,
      traits,
      node: row.run?.node ?? '',
      incarnation: row.run?.incarnation ?? '',
      assignedAtMs: row.run?.assignedAtMs ?? 0,
      heardAtMs: now.monotonicMs,
      location: nowhere,
      reportJson: '',
    };
    this.#tasks.set(task.taskId, task);
    return task;
  }

  waiting(): WaitingTask[] {
    return [...this.#tasks.values()]
      .filter((task) => task.node === '')
      .map((task) => ({
        taskId: task.taskId,
        groupId: task.groupId,
        priority: task.traits.priority,
        createdDate: task.createdDate,
        isParent: task.traits.isParent,
        isSubTask: task.traits.supervisorTaskId !== '',
      }));
  }

  /** Sub-tasks of this task. */
  subTasksOf(taskId: string): ActiveTask[] {
    return [...this.#tasks.values()].filter((task) => task.traits.supervisorTaskId === taskId);
  }

  /** Sub-tasks whose supervisor has ended. */
  orphans(): ActiveTask[] {
    return [...this.#tasks.values()].filter(
      ({ traits }) => traits.supervisorTaskId !== '' && !this.#tasks.has(traits.supervisorTaskId),
    );
  }

  running(): RunningTask[] {
    return [...this.#tasks.values()].filter((task) => task.node !== '');
  }

  on(node: string): Worker['running'] {
    return [...this.#tasks.values()]
      .filter((task) => task.node === node)
      .map((task) => ({ taskId: task.taskId, isParent: task.traits.isParent }));
  }
}

/** `host:port` as Druid's location. */
export function toLocation(address: string): TaskLocation {
  const at = address.lastIndexOf(':');
  const port = Number(address.slice(at + 1));
  return at <= 0 || !Number.isInteger(port) ? nowhere : { host: address.slice(0, at), port, tlsPort: -1 };
}
