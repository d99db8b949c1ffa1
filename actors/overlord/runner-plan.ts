/** Which waiting task goes to which worker. Pure. */

export interface WaitingTask {
  readonly taskId: string;
  readonly groupId: string;
  readonly priority: number;
  readonly createdDate: string;
  /** Starts sub-tasks and waits for them. */
  readonly isParent: boolean;
  readonly isSubTask: boolean;
}
export interface Worker {
  readonly node: string;
  readonly slots: number;
  readonly enabled: boolean;
  /** Tasks handed to it that have not ended. */
  readonly running: readonly { readonly taskId: string; readonly isParent: boolean }[];
}
export interface Assignment {
  readonly taskId: string;
  readonly node: string;
}

/**
 * Sub-tasks first (their parents wait for them), then by priority and age; each to the worker with most free slots.
 * Parents together leave one slot of the cluster free, so that the sub-tasks they wait for can run.
 */
export function planAssignments(waiting: readonly WaitingTask[], workers: readonly Worker[]): Assignment[] {
  const free = new Map(
    workers.filter((w) => w.enabled).map((w) => [w.node, Math.max(0, w.slots - w.running.length)]),
  );
  const slots = workers.filter((w) => w.enabled).reduce((sum, w) => sum + w.slots, 0);
  let parents = workers.reduce((sum, w) => sum + w.running.filter((task) => task.isParent).length, 0);
  const parentsMax = Math.max(1, slots - 1);
  const plan: Assignment[] = [];
  for (const task of waiting.toSorted(byTurn)) {
    if (task.isParent && parents >= parentsMax) continue;
    const node = roomiest(free);
    if (node === undefined) break;
    free.set(node, (free.get(node) ?? 0) - 1);
    if (task.isParent) parents += 1;
    plan.push({ taskId: task.taskId, node });
  }
  return plan;
}

function byTurn(a: WaitingTask, b: WaitingTask): number {
  const sub = Number(b.isSubTask) - Number(a.isSubTask);
  if (sub !== 0) return sub;
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.createdDate !== b.createdDate) return a.createdDate < b.createdDate ? -1 : 1;
  return a.taskId < b.taskId ? -1 : 1;
}

/** Ties go to the name that sorts first, so that a plan can be repeated. */
function roomiest(free: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined;
  for (const [node, slots] of free) {
    if (slots <= 0) continue;
    const most = best === undefined ? 0 : (free.get(best) ?? 0);
    if (best === undefined || slots > most || (slots === most && node < best)) best = node;
  }
  return best;
}

export interface RunningTask {
  readonly taskId: string;
  readonly node: string;
  readonly incarnation: string;
  /** Of its last sign of life, or when it was handed over; monotonic ms. */
  readonly heardAtMs: number;
}
export type Care =
  /** Say it again to the worker: the command may have been lost. */
  | { readonly kind: 'announce'; readonly taskId: string; readonly node: string }
  | { readonly kind: 'fail'; readonly taskId: string; readonly reason: string };

/**
 * What the sweeper does about handed-over tasks: those never heard of are announced again while their worker lives;
 * those silent for longer than the lease are over.
 */
export function planCare(
  running: readonly RunningTask[],
  liveNodes: ReadonlySet<string>,
  nowMs: number,
  leaseMs: number,
  announceAfterMs: number,
): Care[] {
  return running.flatMap((task): Care[] => {
    const silentMs = nowMs - task.heardAtMs;
    const isLive = liveNodes.has(task.node);
    if (silentMs > leaseMs) {
      const who = isLive ? `Task[${task.taskId}]` : `Worker[${task.node}] and its task[${task.taskId}]`;
      return [
        {
          kind: 'fail',
          taskId: task.taskId,
          reason: `${who} gave no sign of life for ${Math.round(silentMs / 1000)} s`,
        },
      ];
    }
    const isNew = task.incarnation === '';
    return isNew && isLive && silentMs > announceAfterMs
      ? [{ kind: 'announce', taskId: task.taskId, node: task.node }]
      : [];
  });
}
