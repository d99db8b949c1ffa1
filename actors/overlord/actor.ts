/**
 * The overlord: takes tasks in by its doors (gRPC, REST, NATS service, NATS queue), hands them to workers, decides
 * their locks and commits what they publish. Only the leader acts; everything a term knows comes from SQL.
 */
import { createHash } from 'node:crypto';
import { asCoded, CodedError, invalidInput, toErrorInfo } from '../../proto/errors.js';
import type { TaskAction } from '../../proto/task-actions.js';
import { RestService, TaskService, type grove } from '../../proto/services.js';
import type {
  ActorContext,
  Behavior,
  BusMessage,
  ChildSpec,
  LeaderCallbacks,
  LeaderHandle,
  Node,
  QueueMessage,
} from '../../runtime/types.js';
import type { MetadataClient } from '../metadata-client.js';
import { checkNesting } from '../json-nesting.js';
import { createTaskSubmitter } from '../task-client.js';
import type { TaskLogs } from '../task-logs.js';
import { hear, performAction } from './actions.js';
import { createRestHandler } from './rest.js';
import { idSuffix, makeTask } from './task-payload.js';
import { submitEnvelope } from './submit-error.js';
import { Term, type OverlordSettings } from './term.js';
import { WorkerReports } from './worker-reports.js';
import type { ActiveTask } from './task-book.js';

export interface OverlordDeps {
  readonly node: Node;
  readonly metadata: MetadataClient;
  readonly taskLogs: TaskLogs;
  /** Starts standing for election as `overlord`. */
  readonly lead: (callbacks: LeaderCallbacks) => LeaderHandle;
  /** ingest's compileTask: throws InvalidInput or Unsupported naming the field. */
  readonly checkTask: (json: unknown) => unknown;
  readonly settings: OverlordSettings;
}
export type OverlordMessage =
  | { readonly type: 'elected'; readonly epoch: number }
  | { readonly type: 'steppedDown'; readonly reason: string }
  | { readonly type: 'recover' }
  | { readonly type: 'careOver' }
  | { readonly type: 'assign' }
  | { readonly type: 'sweep' };

const sweepMs = 1_000;
const retryMs = 250;
/** Once the bus is back a leader is elected well within this time. */
const careMs = 5_000;

export function createOverlord(deps: OverlordDeps): ChildSpec<OverlordMessage> {
  return { name: 'overlord', behavior: () => new Overlord(deps), shutdownMs: 10_000 };
}

type PeonBeat = grove.task.v1.PeonBeat.$Properties;
type TaskDone = grove.task.v1.TaskDone.$Properties;
type WorkerReport = grove.task.v1.WorkerReport.$Properties;

export class Overlord implements Behavior<OverlordMessage> {
  readonly #deps: OverlordDeps;
  readonly #reports = new WorkerReports();
  readonly #stops: (() => void)[] = [];
  #leader: LeaderHandle | undefined;
  /** Set while it is being recovered; `#term` when it may be used. */
  #coming: Term | undefined;
  #term: Term | undefined;
  /** The lease is lost, and with it the bus: see `#stepDown`. */
  #isCaretaker = false;
  #assignSoon: () => void = () => undefined;

  constructor(deps: OverlordDeps) {
    this.#deps = deps;
  }

  async started(context: ActorContext<OverlordMessage>): Promise<void> {
    const { node, lead } = this.#deps;
    const { self } = context;
    node.presence.setRole('overlord', { state: 'STARTING', leaderEpoch: 0 });
    this.#assignSoon = () => void self.tell({ type: 'assign' });
    this.#serveTransport();
    await this.#serveBus();
    const watched = node.presence.onChange((change) => {
      if (change.info.roles.some((role) => role.role === 'middlemanager')) this.#assignSoon();
    });
    this.#stops.push(() => watched.stop());
    context.every('sweep', sweepMs, { type: 'sweep' });
    this.#leader = lead({
      elected: (epoch) => void self.tell({ type: 'elected', epoch }),
      steppedDown: (reason) => void self.tell({ type: 'steppedDown', reason }),
    });
    node.presence.setRole('overlord', { state: 'RUNNING' });
  }

  async receive(message: OverlordMessage, context: ActorContext<OverlordMessage>): Promise<void> {
    switch (message.type) {
      case 'elected':
        this.#endTerm();
        this.#coming = this.#newTerm(message.epoch, context);
        await this.#recover(context);
        break;
      case 'steppedDown':
        context.log.warn('no longer the leader', { reason: message.reason });
        this.#stepDown(context);
        break;
      case 'careOver':
        if (!this.#isCaretaker) break;
        // The bus may be gone again: then nobody can have been elected.
        if (this.#deps.node.bus.state === 'CONNECTED') this.#endTerm();
        else this.#careUntilBus(context);
        break;
      case 'recover':
        await this.#recover(context);
        break;
      case 'assign':
        await this.#guarded(context, 'assign', (term) => term.assign());
        break;
      case 'sweep':
        await this.#guarded(context, 'sweep', async (term) => {
          await term.sweep();
          await term.assign();
        });
        break;
    }
  }

  draining(): void {
    this.#deps.node.presence.setRole('overlord', { state: 'DRAINING' });
  }

  async stopping(): Promise<void> {
    this.#endTerm();
    for (const stop of this.#stops.splice(0)) stop();
    await this.#leader?.stop();
    this.#deps.node.presence.setRole('overlord', { state: 'STOPPED', leaderEpoch: 0 });
  }

  // ---- leading

  #newTerm(epoch: number, context: ActorContext<OverlordMessage>): Term | undefined {
    const { node, metadata, taskLogs, settings } = this.#deps;
    const leader = this.#leader;
    if (leader === undefined) return undefined;
    return new Term({ node, metadata, taskLogs, settings, log: context.log, leader, epoch });
  }

  async #recover(context: ActorContext<OverlordMessage>): Promise<void> {
    const term = this.#coming;
    if (term === undefined) return;
    try {
      await term.recover();
    } catch (thrown) {
      context.log.warn('tasks can not be read yet', { reason: asCoded(thrown).message });
      if (this.#coming === term) this.#coming = this.#newTerm(term.deps.epoch, context);
      context.timer('recover', retryMs, { type: 'recover' });
      return;
    }
    if (this.#coming !== term || this.#leader?.epoch() !== term.deps.epoch) return;
    this.#coming = undefined;
    this.#term = term;
    context.log.info('leading', { epoch: term.deps.epoch, activeTasks: term.tasks.size });
    this.#deps.node.presence.setRole('overlord', { leaderEpoch: term.deps.epoch });
    this.#assignSoon();
  }

  /**
   * Without the bus nobody can be elected, and running tasks must still be able to publish: the term goes on for them
   * alone, commands nobody and is fenced by its epoch in SQL, until a leader is found again.
   */
  #stepDown(context: ActorContext<OverlordMessage>): void {
    const { bus } = this.#deps.node;
    if (this.#term === undefined || bus.state === 'CONNECTED') {
      this.#endTerm();
      return;
    }
    context.log.warn('no bus: running tasks are served on, under the epoch in SQL');
    this.#isCaretaker = true;
    // One of an earlier outage may still be on its way.
    context.cancelTimer('careOver');
    this.#careUntilBus(context);
  }

  #careUntilBus(context: ActorContext<OverlordMessage>): void {
    const watched = this.#deps.node.bus.onState((state) => {
      if (state !== 'CONNECTED') return;
      watched.stop();
      context.timer('careOver', careMs, { type: 'careOver' });
    });
  }

  #endTerm(): void {
    this.#isCaretaker = false;
    this.#coming = undefined;
    if (this.#term === undefined) return;
    this.#term.end();
    this.#term = undefined;
    this.#deps.node.presence.setRole('overlord', { leaderEpoch: 0 });
  }

  /** What fails here is tried again at the next tick: the state is in SQL. */
  async #guarded(
    context: ActorContext<OverlordMessage>,
    what: string,
    work: (term: Term) => Promise<void>,
  ): Promise<void> {
    const term = this.#term;
    if (term === undefined || this.#isCaretaker) return;
    try {
      await work(term);
    } catch (thrown) {
      context.log.warn(`${what} failed`, { reason: asCoded(thrown).message });
    }
  }

  #leading(): Term {
    const mayAct = this.#isCaretaker ? this.#term?.ended !== true : this.#leader?.isLeader() === true;
    if (this.#term === undefined || !mayAct) {
      throw new CodedError('Unavailable', 'This overlord is not the leader, or is still taking over');
    }
    return this.#term;
  }

  // ---- submission

  /** Errors: InvalidInput, Unsupported, Conflict (context exists: the id is taken), Unavailable, MetadataUnavailable. */
  async #submit(taskJson: string, sameIsFine: boolean): Promise<string> {
    const { node, checkTask } = this.#deps;
    const term = this.#leading();
    const payload = makeTask(parseTask(taskJson), {
      check: checkTask,
      nowDate: term.nowDate(),
      suffix: idSuffix(node.random.hex(4)),
    });
    const outcome = await term.submit(payload);
    if (outcome === 'exists' || (outcome === 'same' && !sameIsFine)) {
      throw new CodedError('Conflict', `Task[${payload.taskId}] already exists`, {
        exists: true,
        taskId: payload.taskId,
      });
    }
    this.#assignSoon();
    return payload.taskId;
  }

  /** From the bus, where every overlord listens: the leader's own, the others' for the leader. */
  #submitAnywhere(taskJson: string, sameIsFine: boolean): Promise<string> {
    const leader = this.#deps.node.presence.leader('overlord');
    const isElsewhere = leader !== undefined && leader.node !== this.#deps.node.name;
    return this.#term === undefined && isElsewhere
      ? createTaskSubmitter(this.#deps.node)(taskJson)
      : this.#submit(taskJson, sameIsFine);
  }

  async #serveBus(): Promise<void> {
    const { bus } = this.#deps.node;
    const endpoint = await bus.serveEndpoint({
      service: 'grove-tasks',
      version: '1.0.0',
      description: 'Task submission: the payload is the JSON a REST client would POST; replies {"task": id}',
      endpoint: 'submit',
      subject: 'task.submit',
      handler: (message) => this.#fromService(message),
    });
    const queue = await bus.workQueue({
      name: 'tasks',
      subject: 'task.queue',
      ackWaitMs: 30_000,
      messagesMax: 100_000,
      handler: (message) => this.#fromQueue(message),
    });
    this.#stops.push(
      () => endpoint.stop(),
      () => queue.stop(),
    );
  }

  async #fromService(message: BusMessage): Promise<{
    readonly data: Uint8Array;
    readonly error?: { readonly status: number; readonly description: string };
  }> {
    try {
      const task = await this.#submitAnywhere(Buffer.from(message.data).toString('utf8'), false);
      return { data: Buffer.from(JSON.stringify({ task })) };
    } catch (thrown) {
      const error = asCoded(thrown);
      const { status, json } = submitEnvelope(error);
      return { data: Buffer.from(JSON.stringify(json)), error: { status, description: error.message } };
    }
  }

  /** Acknowledged once the task stands in SQL; what can never be taken is rejected, everything else comes again. */
  async #fromQueue(message: QueueMessage): Promise<void> {
    try {
      await this.#submitAnywhere(this.#withId(message), true);
      await message.ack();
    } catch (thrown) {
      const error = asCoded(thrown);
      const isHopeless = ['InvalidInput', 'Unsupported', 'Conflict', 'LimitExceeded'].includes(error.code);
      const log = this.#deps.node.log;
      if (isHopeless) {
        log.warn('a queued task was rejected', { reason: error.message });
        message.reject();
      } else message.retry(1_000);
    }
  }

  /** Delivered twice it must not become two tasks: an id that is not given is made of the message. */
  #withId(message: QueueMessage): string {
    const taskJson = Buffer.from(message.data).toString('utf8');
    const body = parseTask(taskJson);
    const { taskId } = makeTask(body, {
      check: this.#deps.checkTask,
      nowDate: new Date(message.queuedAtMs).toISOString(),
      suffix: idSuffix(createHash('sha256').update(message.identity).digest('hex')),
    });
    return JSON.stringify({ ...(body as object), id: taskId });
  }

  // ---- transport

  #serveTransport(): void {
    const { transport } = this.#deps.node;
    const tasks = transport.serve(TaskService, {
      Submit: (request) =>
        answer(async () => ({ taskId: await this.#submit(request.taskJson ?? '', false) })),
      GetTask: (request) => answer(() => this.#getTask(request.taskId ?? '')),
      Action: (request) => answer(() => this.#action(request)),
      Beat: (request) => this.#beat(request),
      Done: (request) => this.#done(request),
      Report: (request) => this.#report(request),
    });
    const call = createRestHandler({
      ...this.#deps,
      term: () => this.#leading(),
      isLeader: () => this.#leader?.isLeader() === true,
      reports: this.#reports,
      submit: (taskJson) => this.#submit(taskJson, false),
    });
    const rest = transport.serve(RestService, { Call: call }, { scope: 'overlord' });
    this.#stops.push(
      () => tasks.stop(),
      () => rest.stop(),
    );
  }

  async #getTask(taskId: string): Promise<{ readonly taskJson: string }> {
    const { payload } = await this.#leading().read('readTaskPayload', { taskId });
    if (payload === null) throw new CodedError('NotFound', `Cannot find any task with id: [${taskId}]`);
    return { taskJson: payload };
  }

  /** The task of a run that may act: the first process that was heard, and only while the task is active. */
  async #runOf(term: Term, taskId: string, incarnation: string): Promise<ActiveTask | string> {
    const task = term.tasks.get(taskId);
    if (task === undefined) return 'the task has ended';
    if (incarnation === '') throw invalidInput('incarnation is missing', 'incarnation');
    if (task.incarnation === '') {
      const { node } = this.#deps;
      const bound = { taskId, node: task.node, incarnation, nowMs: node.clock.now() };
      const { run } = await term.transact('bindTaskRun', bound);
      if (run === null) return 'the task was not handed to this worker';
      task.incarnation = run.incarnation;
    }
    return task.incarnation === incarnation ? task : 'another run of this task is at work';
  }

  async #action(
    request: grove.task.v1.TaskActionRequest.$Properties,
  ): Promise<{ readonly resultJson: string }> {
    const term = this.#leading();
    const task = await this.#runOf(term, request.taskId ?? '', request.incarnation ?? '');
    if (typeof task === 'string') {
      throw new CodedError('NotFound', `Task[${request.taskId ?? ''}] may not act: ${task}`);
    }
    task.heardAtMs = this.#deps.node.clock.monotonic();
    let action: TaskAction;
    try {
      action = JSON.parse(request.actionJson ?? '') as TaskAction;
    } catch {
      throw invalidInput('action_json is not JSON', 'action_json');
    }
    const result = await performAction(term, task, action);
    if (action.type === 'subTaskSubmit' || action.type === 'subTaskStop') this.#assignSoon();
    return { resultJson: JSON.stringify(result) };
  }

  async #beat(request: PeonBeat): Promise<grove.task.v1.PeonBeatResult.$Properties> {
    const term = this.#leading();
    const task = await this.#runOf(term, request.taskId ?? '', request.incarnation ?? '');
    if (typeof task === 'string') return { known: false, stop: true, reason: task };
    hear(task, this.#deps.node.clock.monotonic(), request.reportJson ?? '');
    return { known: true, stop: false };
  }

  async #done(request: TaskDone): Promise<grove.task.v1.TaskDoneResult.$Properties> {
    const term = this.#leading();
    const task = await this.#runOf(term, request.taskId ?? '', request.incarnation ?? '');
    if (typeof task === 'string') return { ok: true };
    const isSuccess = request.status === 'SUCCESS';
    await term.finish(task.taskId, {
      status: isSuccess ? 'SUCCESS' : 'FAILED',
      errorMsg: isSuccess ? null : request.errorMessage || 'The task failed without a reason',
      durationMs: request.durationMs ?? 0,
      reportJson: request.reportJson ?? '',
    });
    this.#reports.completed(task.node, term.nowDate());
    this.#assignSoon();
    return { ok: true };
  }

  async #report(report: WorkerReport): Promise<grove.task.v1.WorkerReportResult.$Properties> {
    const term = this.#leading();
    const node = report.node ?? '';
    this.#reports.heard(node, { enabled: report.enabled ?? true, slots: report.slots ?? 0 });
    const acknowledged: string[] = [];
    const stop: string[] = [];
    for (const state of report.tasks ?? []) {
      const taskId = state.taskId ?? '';
      const task = term.tasks.get(taskId);
      const isMine =
        task?.node === node && (task.incarnation === '' || task.incarnation === state.incarnation);
      if (task === undefined || !isMine) {
        (state.state === 'RUNNING' ? stop : acknowledged).push(taskId);
      } else if (state.state === 'RUNNING') {
        const sign = task.incarnation === '' ? this.#deps.node.clock.monotonic() : task.heardAtMs;
        hear(task, sign, '');
      } else {
        const isSuccess = state.state === 'SUCCESS';
        const errorMsg = isSuccess ? null : state.errorMessage || 'The task process ended without a word';
        await term.finish(taskId, { status: isSuccess ? 'SUCCESS' : 'FAILED', errorMsg });
        this.#reports.completed(node, term.nowDate());
        this.#assignSoon();
        acknowledged.push(taskId);
      }
    }
    return { acknowledged, stop };
  }
}

function parseTask(taskJson: string): unknown {
  checkNesting(taskJson, 'task');
  try {
    return JSON.parse(taskJson) as unknown;
  } catch (thrown) {
    throw invalidInput(`The task is not JSON: ${asCoded(thrown).message}`, 'task');
  }
}

/** Errors travel inside the answer: the caller then knows that nothing else happened. */
async function answer<T extends object>(
  work: () => Promise<T>,
): Promise<T | { readonly error: grove.cluster.v1.ErrorInfo.$Properties }> {
  try {
    return await work();
  } catch (thrown) {
    const info = toErrorInfo(thrown);
    return { error: { ...info, context: [...info.context] } };
  }
}
