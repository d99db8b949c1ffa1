/**
 * One term of leadership: everything the overlord knows is re-derived from SQL when it begins and forgotten when it
 * ends. SQL first, memory second: a change stands when its transaction has committed under this term's epoch.
 */
import { asCoded, CodedError, fromErrorInfo } from '../../proto/errors.js';
import { pageRowsMax } from '../../proto/metadata.js';
import type {
  LockRow,
  OpInput,
  OpOutput,
  TaskLocation,
  TaskLock,
  TaskRow,
  TaskStatus,
  TransactionName,
} from '../../proto/metadata.js';
import { codecs } from '../../proto/services.js';
import { subjectToken } from '../../runtime/subject.js';
import type { LeaderHandle, Log, Node } from '../../runtime/types.js';
import { pagesOf, type MetadataClient } from '../metadata-client.js';
import type { TaskLogs } from '../task-logs.js';
import { Lanes, Wakeups } from './lanes.js';
import { LockWaits, toHeldLock, type HeldLock } from './lock-box.js';
import { planAssignments, planCare, type Worker } from './runner-plan.js';
import { TaskBook, toLocation, type ActiveTask } from './task-book.js';
import { taskTraits, type TaskPayload } from './task-payload.js';

export interface OverlordSettings {
  /** A running task that gives no sign of life for this long has failed. */
  readonly taskLeaseMs: number;
  /** A handed-over task that was not heard of is announced again after this. */
  readonly announceAfterMs: number;
  readonly commandMs: number;
  readonly metadataMs: number;
}
export const overlordDefaults: OverlordSettings = {
  taskLeaseMs: 60_000,
  announceAfterMs: 5_000,
  commandMs: 5_000,
  metadataMs: 10_000,
};

/** Inserts without an answer: so many are remembered, and looked for in so many sweeps. */
const uncertainMax = 1_000;
const uncertainLooks = 60;

export interface TermDeps {
  readonly node: Node;
  readonly metadata: MetadataClient;
  readonly taskLogs: TaskLogs;
  readonly settings: OverlordSettings;
  readonly log: Log;
  readonly leader: LeaderHandle;
  readonly epoch: number;
}

export class Term {
  readonly deps: TermDeps;
  readonly tasks = new TaskBook();
  readonly lanes = new Lanes();
  readonly lockFreed = new Wakeups();
  readonly waits = new LockWaits();
  /** Tasks inside their publish transaction. */
  readonly publishing = new Set<string>();
  /** Newest lock version given, per datasource. */
  readonly newestVersions = new Map<string, string>();
  readonly #locks = new Map<number, HeldLock>();
  /** Tasks whose insert was never answered, and how often they are still looked for. */
  readonly #uncertain = new Map<string, number>();
  #ended = false;

  constructor(deps: TermDeps) {
    this.deps = deps;
  }

  get ended(): boolean {
    return this.#ended;
  }
  end(): void {
    this.#ended = true;
    this.lockFreed.wake();
  }

  nowDate(): string {
    return new Date(this.deps.node.clock.now()).toISOString();
  }

  // ---- metadata

  async read<
    Name extends
      | 'readTask'
      | 'readTasks'
      | 'readTaskPayload'
      | 'readSegments'
      | 'readUsedSegments'
      | 'readUnusedSegments'
      | 'readNewestVersion'
      | 'filterQueryable',
  >(name: Name, input: OpInput<Name>): Promise<OpOutput<Name>> {
    const { metadata, node, settings } = this.deps;
    return metadata.read(name, input, { deadline: node.deadline(settings.metadataMs) });
  }

  /** A transaction under this term's epoch. */
  async transact<Name extends TransactionName>(name: Name, input: OpInput<Name>): Promise<OpOutput<Name>> {
    const { metadata, node, settings, epoch, leader } = this.deps;
    if (this.#ended) throw new CodedError('Unavailable', 'This overlord is not the leader any more');
    try {
      return await metadata.transact(name, input, {
        deadline: node.deadline(settings.metadataMs),
        leader: { role: 'overlord', epoch },
      });
    } catch (thrown) {
      const error = asCoded(thrown);
      if (error.code === 'StaleEpoch') {
        leader.superseded(Number(error.context['seen'] ?? 0));
        // Without a lease of its own it was only looking after running tasks; someone else does now.
        if (!leader.isLeader()) this.end();
      }
      throw error;
    }
  }

  /** Takes up all active tasks and their locks. A row that can't be understood fails its task, never the term. */
  async recover(): Promise<void> {
    const { metadata, node, settings } = this.deps;
    const options = () => ({ deadline: node.deadline(settings.metadataMs) });
    const pages = pagesOf((after) => metadata.read('listTasks', { active: true, after }, options()));
    for await (const page of pages) {
      for (const row of page.tasks) {
        const { payload } = await this.read('readTaskPayload', { taskId: row.taskId });
        const task = this.#take(row, payload ?? '');
        // Perhaps its worker was never told: the sweeper says it (again) at once.
        if (task.node !== '' && task.incarnation === '') task.heardAtMs -= settings.announceAfterMs;
      }
    }
    const orphans = await this.reloadLocks();
    for (let at = 0; at < orphans.length; at += pageRowsMax) {
      await this.transact('deleteLocks', { lockIds: orphans.slice(at, at + pageRowsMax) });
    }
  }

  #take(row: TaskRow, payload: string): ActiveTask {
    const now = { queuedDate: this.nowDate(), monotonicMs: this.deps.node.clock.monotonic() };
    const task = this.tasks.add(row, taskTraits(payload), now);
    if (task.node !== '') task.location = this.#locationOf(task.node);
    return task;
  }

  // ---- tasks

  async submit(payload: TaskPayload): Promise<'inserted' | 'same' | 'exists'> {
    const { taskId, groupId, type, dataSource } = payload;
    const createdDate = this.nowDate();
    const location = { host: null, port: -1, tlsPort: -1 };
    const status: TaskStatus = { id: taskId, status: 'RUNNING', duration: -1, errorMsg: null, location };
    const text = JSON.stringify(payload.json);
    const insert = (): Promise<OpOutput<'insertTask'>> =>
      this.transact('insertTask', { taskId, createdDate, dataSource, type, groupId, payload: text, status });
    let isSecond = false;
    const { outcome } = await insert()
      .catch((thrown: unknown) => {
        // The same insert again tells what became of the first.
        if (asCoded(thrown).code !== 'Unknown') throw thrown;
        isSecond = true;
        return insert();
      })
      .catch((thrown: unknown) => {
        if (asCoded(thrown).code === 'Unknown' || isSecond) this.#noteUncertain(taskId);
        throw thrown;
      });
    if (outcome === 'exists') return outcome;
    if (outcome === 'same') {
      // It stands there from an insert that was not answered, or it has long been at work.
      const taken = await this.#takeUp(taskId);
      return taken?.createdDate === createdDate ? 'inserted' : 'same';
    }
    const row = { taskId, groupId, type, dataSource, createdDate, active: true, status, run: null };
    if (this.tasks.get(taskId) === undefined) this.#take(row, text);
    return outcome;
  }

  #noteUncertain(taskId: string): void {
    if (this.#uncertain.size < uncertainMax) this.#uncertain.set(taskId, uncertainLooks);
  }

  /** Nobody knows whether they were inserted: what is found in SQL is taken up. */
  async #settleUncertain(): Promise<void> {
    for (const [taskId, looks] of this.#uncertain) {
      if (this.#ended) return;
      const found = await this.#takeUp(taskId);
      // The insert may be on its way still: looked for some more.
      if (found !== undefined || this.tasks.get(taskId) !== undefined || looks <= 1)
        this.#uncertain.delete(taskId);
      else this.#uncertain.set(taskId, looks - 1);
    }
  }

  /** An active task that this term has not heard of; undefined when there is none by that id. */
  async #takeUp(taskId: string): Promise<ActiveTask | undefined> {
    if (this.tasks.get(taskId) !== undefined) return undefined;
    const { task: row } = await this.read('readTask', { taskId });
    if (row?.active !== true) return undefined;
    const { payload } = await this.read('readTaskPayload', { taskId });
    // Somebody else may have taken it up meanwhile. One that has just ended is found out when it is handed over.
    if (this.tasks.get(taskId) !== undefined || this.#ended) return undefined;
    return this.#take(row, payload ?? '');
  }

  /** Ends a task; false when it had ended before. Said to have failed, it is a success when its publish committed. */
  async finish(
    taskId: string,
    end: {
      readonly status: 'SUCCESS' | 'FAILED';
      readonly errorMsg: string | null;
      readonly durationMs?: number;
      readonly reportJson?: string;
    },
  ): Promise<boolean> {
    const task = this.tasks.get(taskId);
    const since =
      task === undefined || task.assignedAtMs === 0 ? 0 : this.deps.node.clock.now() - task.assignedAtMs;
    const status: TaskStatus = {
      id: taskId,
      status: end.status,
      duration: Math.round(end.durationMs ?? since),
      errorMsg: end.errorMsg,
      location: task?.location ?? { host: null, port: -1, tlsPort: -1 },
    };
    const reportJson = end.reportJson ?? task?.reportJson ?? '';
    if (reportJson !== '') await this.#keepReport(taskId, reportJson);
    const { changed, status: stands } = await this.transact('finishTask', { taskId, status });
    this.tasks.remove(taskId);
    for (const lock of this.#locks.values()) if (lock.taskId === taskId) this.#locks.delete(lock.lockId);
    this.lockFreed.wake();
    if (changed) {
      const { log, node } = this.deps;
      const became = stands?.status ?? end.status;
      if (became !== end.status) {
        log.warn('a task was lost after its publish had committed', { taskId, reason: end.errorMsg ?? '' });
      }
      log.info('task ended', { taskId, status: became, reason: stands?.errorMsg ?? undefined });
      node.metrics.counter('grove_overlord_tasks_ended_total', { status: became }).add();
    }
    // What fails here is done by the next sweep.
    await this.#endOrphans(this.tasks.subTasksOf(taskId)).catch((thrown: unknown) => {
      this.deps.log.warn('sub-tasks could not be ended', { taskId, reason: asCoded(thrown).message });
    });
    return changed;
  }

  /** Whoever started sub-tasks and has ended can't use what they make. */
  async #endOrphans(orphans: readonly ActiveTask[]): Promise<void> {
    const errorMsg = 'Its supervisor task has ended';
    await Promise.all(
      orphans.map(async (task) => {
        await this.finish(task.taskId, { status: 'FAILED', errorMsg });
        await this.stopOnWorker(task, errorMsg);
      }),
    );
  }

  /** A lost report costs a look back, not the task. */
  async #keepReport(taskId: string, reportJson: string): Promise<void> {
    try {
      await this.deps.taskLogs.putReport(taskId, reportJson);
    } catch (thrown) {
      this.deps.log.warn('a task report could not be kept', { taskId, reason: asCoded(thrown).message });
    }
  }

  // ---- workers

  workers(): Worker[] {
    return this.deps.node.presence.nodes('middlemanager').map((info) => {
      const role = info.roles.find((r) => r.role === 'middlemanager');
      return {
        node: info.node,
        slots: role?.capacity ?? 0,
        enabled: role?.state === 'RUNNING' && !info.suspect,
        running: this.tasks.on(info.node),
      };
    });
  }

  /** Hands waiting tasks to free slots. Failures are left to the next round. */
  async assign(): Promise<void> {
    const assigned: ActiveTask[] = [];
    for (const { taskId, node } of planAssignments(this.tasks.waiting(), this.workers())) {
      if (this.#ended) return;
      const nowMs = this.deps.node.clock.now();
      const { run } = await this.transact('assignTask', { taskId, node, nowMs });
      const task = this.tasks.get(taskId);
      if (task === undefined) continue;
      if (run === null) {
        this.tasks.remove(taskId);
        continue;
      }
      task.node = run.node;
      task.assignedAtMs = run.assignedAtMs;
      task.heardAtMs = this.deps.node.clock.monotonic();
      task.location = this.#locationOf(task.node);
      assigned.push(task);
    }
    // Side by side: one worker that does not answer must not keep the others waiting.
    await Promise.all(assigned.map((task) => this.announce(task)));
  }

  /** The worker's door; task processes have none of their own. */
  #locationOf(worker: string): TaskLocation {
    const info = this.deps.node.presence.nodes('middlemanager').find((other) => other.node === worker);
    return toLocation(
      info === undefined || info.httpAddress === '' ? (info?.grpcAddress ?? '') : info.httpAddress,
    );
  }

  /** Tells the worker to run it. Only a clear refusal takes the assignment back; silence may mean that it runs. */
  async announce(task: ActiveTask): Promise<void> {
    const { node, settings, epoch, log } = this.deps;
    const header = this.#header();
    const data = codecs.RunTask.encode({ header, taskId: task.taskId, groupId: task.groupId });
    const subject = `cmd.middlemanager.${subjectToken(task.node)}.run`;
    try {
      const reply = await node.bus.request(subject, data, { deadline: node.deadline(settings.commandMs) });
      const result = codecs.CommandResult.decode(reply.data);
      if (result.ok === true) return;
      const error = fromErrorInfo(result.error ?? {});
      log.warn('a worker refused a task', { taskId: task.taskId, worker: task.node, reason: error.message });
      if (error.code === 'StaleEpoch') {
        this.deps.leader.superseded(Math.max(epoch, result.epochSeen ?? 0));
        return;
      }
    } catch (thrown) {
      const error = asCoded(thrown);
      log.warn('a worker did not answer', { taskId: task.taskId, worker: task.node, reason: error.message });
      // Nothing went out, or it is not known: the next sweep says it again.
      if (error.code === 'BusUnavailable') {
        task.heardAtMs = node.clock.monotonic() - settings.announceAfterMs;
      }
      if (error.code !== 'Unavailable') return;
    }
    const { changed } = await this.transact('unassignTask', { taskId: task.taskId, node: task.node });
    if (changed) task.node = '';
  }

  /** Best effort: the beat's answer and the lost right to publish end the task as well. */
  async stopOnWorker(task: ActiveTask, reason: string): Promise<void> {
    if (task.node === '') return;
    const { node, settings, log } = this.deps;
    const data = codecs.StopTask.encode({ header: this.#header(), taskId: task.taskId, reason });
    const subject = `cmd.middlemanager.${subjectToken(task.node)}.stop`;
    try {
      await node.bus.request(subject, data, { deadline: node.deadline(settings.commandMs) });
    } catch (thrown) {
      log.warn('a stop command got no answer', { taskId: task.taskId, reason: asCoded(thrown).message });
    }
  }

  #header(): { clusterId: string; role: string; epoch: number; commandId: string; trace: string } {
    const { node, epoch } = this.deps;
    return { clusterId: node.clusterId(), role: 'overlord', epoch, commandId: node.random.hex(8), trace: '' };
  }

  async sweep(): Promise<void> {
    const { node, settings } = this.deps;
    const live = new Set(node.presence.nodes('middlemanager').map((info) => info.node));
    const nowMs = node.clock.monotonic();
    const cares = planCare(this.tasks.running(), live, nowMs, settings.taskLeaseMs, settings.announceAfterMs);
    for (const care of cares) {
      const task = this.tasks.get(care.taskId);
      if (task === undefined || this.#ended) continue;
      if (care.kind === 'announce') await this.announce(task);
      else {
        await this.finish(care.taskId, { status: 'FAILED', errorMsg: care.reason });
        await this.stopOnWorker(task, care.reason);
      }
    }
    await this.#endOrphans(this.tasks.orphans());
    await this.#settleUncertain();
  }

  // ---- locks

  locks(): HeldLock[] {
    return [...this.#locks.values()];
  }
  locksOf(taskId: string): HeldLock[] {
    return this.locks().filter((lock) => lock.taskId === taskId);
  }

  /** Answers the locks of tasks that have ended: they bind no one. */
  async reloadLocks(): Promise<readonly number[]> {
    const { metadata, node, settings } = this.deps;
    const rows: LockRow[] = [];
    const pages = pagesOf((after) =>
      metadata.read('listLocks', { after }, { deadline: node.deadline(settings.metadataMs) }),
    );
    for await (const page of pages) rows.push(...page.locks);
    this.#locks.clear();
    const orphans: number[] = [];
    for (const row of rows) {
      const held = toHeldLock(row);
      if (this.tasks.get(row.taskId) === undefined) orphans.push(row.lockId);
      else if (held !== undefined) this.#locks.set(row.lockId, held);
    }
    return orphans;
  }

  /** Writes a decision. On an unknown outcome the locks are read again and the caller decides anew. */
  async applyLock(taskId: string, lock: TaskLock, revoke: readonly HeldLock[]): Promise<boolean> {
    const ids = revoke.map((held) => held.lockId);
    try {
      const { lockId } = await this.transact('applyLocks', { taskId, revoke: ids, insert: lock });
      for (const held of revoke) {
        this.#locks.set(held.lockId, { ...held, lock: { ...held.lock, revoked: true } });
        this.deps.log.warn('a lock was revoked', {
          taskId: held.taskId,
          by: taskId,
          interval: held.lock.interval,
        });
      }
      const held = lockId === null ? undefined : toHeldLock({ lockId, taskId, lock });
      if (held !== undefined) this.#locks.set(held.lockId, held);
      return true;
    } catch (thrown) {
      if (asCoded(thrown).code !== 'Unknown') throw thrown;
      await this.reloadLocks();
      return false;
    }
  }

  async releaseLocks(locks: readonly HeldLock[]): Promise<void> {
    if (locks.length === 0) return;
    await this.transact('deleteLocks', { lockIds: locks.map((lock) => lock.lockId) });
    for (const lock of locks) this.#locks.delete(lock.lockId);
    this.lockFreed.wake();
  }
}
