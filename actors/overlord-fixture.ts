/** For tests: an overlord on a real SQLite file, a memory bus, an inline transport and virtual time. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { asCoded, CodedError, fromErrorInfo, toErrorInfo } from '../proto/errors.js';
import { codecs, MetadataService, RestService, TaskService, type grove } from '../proto/services.js';
import type { TaskAction, TaskActionResultOf } from '../proto/task-actions.js';
import { createActorSystem } from '../runtime/actor-system.js';
import { eventLoopTurn, seededRandom } from '../runtime/clock.js';
import { deadlineAfter } from '../runtime/deadline.js';
import { createInlineHub } from '../runtime/inline-transport.js';
import { silentLog } from '../runtime/log.js';
import { createMemoryHub } from '../runtime/memory-bus.js';
import { createMetrics } from '../runtime/metrics.js';
import type {
  Client,
  Deadline,
  LeaderCallbacks,
  Node,
  NodeInfo,
  Presence,
  RoleInfo,
} from '../runtime/types.js';
import { createVirtualClock } from '../runtime/virtual-clock.js';
import { createMetadataClient } from './metadata-client.js';
import { createLocalTaskLogs } from './task-logs.js';
import { createOverlord } from './overlord/actor.js';
import { overlordDefaults } from './overlord/term.js';

/** Runs metadata requests; handed in, so that this file needs no other role's folder. */
export interface TestStore {
  execute(request: {
    readonly kind: 'read' | 'transact';
    readonly name: string;
    readonly inputJson: string;
    readonly leader?: { readonly role: string; readonly epoch: number };
  }): Promise<string>;
}

const turnsMax = 5_000;

export class OverlordFixture {
  readonly clock = createVirtualClock({ startMs: Date.UTC(2024, 4, 1) });
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-overlord-'));
  readonly commands: { readonly verb: string; readonly taskId: string; readonly reason: string }[] = [];
  readonly superseded: number[] = [];
  /** Refuse the next `run` commands. */
  refusals = 0;
  /** Called before a metadata request; may throw. */
  before: (name: string) => void = () => undefined;
  /** Called after one was done; may throw, as when the reply is lost. */
  after: (name: string) => void = () => undefined;
  workers: NodeInfo[] = [];
  epoch = 0;
  /** What presence says of the leader. */
  leaderElsewhere: NodeInfo | undefined;
  readonly #store: TestStore;
  readonly #log = silentLog();
  readonly #bus = createMemoryHub({ clock: this.clock, log: this.#log }).connect();
  readonly #hub = createInlineHub({ clock: this.clock, strict: true });
  readonly #transport = this.#hub.transport('here:1');
  readonly #system = createActorSystem({
    clock: this.clock,
    random: seededRandom(1),
    log: this.#log,
    metrics: createMetrics(),
  });
  #callbacks: LeaderCallbacks | undefined;
  #leading = false;

  constructor(store: TestStore) {
    this.#store = store;
    this.workers.push(this.#workerInfo('w1'));
    this.#serveMetadata();
    this.#serveWorker('w1');
  }

  get node(): Node {
    const { clock } = this;
    return {
      name: 'n1',
      cluster: 'main',
      incarnation: 'i1',
      clusterId: () => 'c1',
      clock,
      random: seededRandom(2),
      log: this.#log,
      metrics: createMetrics(),
      bus: this.#bus,
      transport: this.#transport,
      presence: this.#presence(),
      hit: () => undefined,
      deadline: (ms) => deadlineAfter(clock, ms),
    };
  }

  async start(): Promise<void> {
    const { node } = this;
    const overlord = createOverlord({
      node,
      metadata: createMetadataClient({ node, address: () => 'here:1' }),
      taskLogs: createLocalTaskLogs(this.folder),
      checkTask: () => undefined,
      settings: overlordDefaults,
      lead: (callbacks) => {
        this.#callbacks = callbacks;
        return {
          epoch: () => (this.#leading ? this.epoch : 0),
          isLeader: () => this.#leading,
          superseded: (seen) => void this.superseded.push(seen),
          stop: () => Promise.resolve(),
        };
      },
    });
    await this.#system.start({ name: 'grove', strategy: 'one_for_one', children: [overlord as never] });
  }

  async elect(): Promise<void> {
    const { epoch } = JSON.parse(
      await this.transact('bumpEpoch', { role: 'overlord', holder: 'n1', atLeast: 0 }),
    ) as {
      epoch: number;
    };
    this.epoch = epoch;
    this.#leading = true;
    this.#callbacks?.elected(epoch);
    await this.until(async () => (await this.rest('GET', '/tasks')).status === 200);
  }

  async stop(): Promise<void> {
    const stopped = this.#system.stop(1_000);
    await this.clock.advance(2_000);
    await stopped;
    fs.rmSync(this.folder, { recursive: true });
  }

  /** Event loop turns until it is true; time stands still. */
  async until(check: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < turnsMax; turn++) {
      if (await check()) return;
      await eventLoopTurn();
    }
    throw new Error('it never became true');
  }

  // ---- as clients and peons call it

  async rest(
    method: string,
    at: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly text: string; readonly json: unknown }> {
    const [route = '', search = ''] = at.split('?');
    const query = [...new URLSearchParams(search)].map(([key, value]) => ({ key, value }));
    const response = await this.#transport.client('here:1').unary(
      RestService.Call,
      {
        method,
        path: route.startsWith('/druid/') ? route : `/druid/indexer/v1${route}`,
        query,
        headers: [],
        body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
      },
      { deadline: deadlineAfter(this.clock, 60_000), metadata: { scope: 'overlord' } },
    );
    const text = Buffer.from(response.body ?? new Uint8Array()).toString('utf8');
    return { status: response.status ?? 0, text, json: tryJson(text) };
  }

  async service(
    taskJson: string,
  ): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly text: string }> {
    const reply = await this.#bus.request('task.submit', Buffer.from(taskJson), {
      deadline: deadlineAfter(this.clock, 60_000),
    });
    return { headers: reply.headers, text: Buffer.from(reply.data).toString('utf8') };
  }

  queue(taskJson: string, id: string): Promise<void> {
    return this.#bus.enqueue('task.queue', Buffer.from(taskJson), id, deadlineAfter(this.clock, 60_000));
  }

  get #tasks(): Client {
    return this.#transport.client('here:1');
  }

  beat(
    taskId: string,
    incarnation: string,
    reportJson = '',
  ): Promise<grove.task.v1.PeonBeatResult.$Properties> {
    return this.#tasks.unary(TaskService.Beat, { taskId, incarnation, pid: 1, reportJson }, this.#options());
  }
  done(
    taskId: string,
    incarnation: string,
    status: string,
  ): Promise<grove.task.v1.TaskDoneResult.$Properties> {
    const message = {
      taskId,
      incarnation,
      status,
      durationMs: 7,
      errorMessage: status === 'FAILED' ? 'why' : '',
      reportJson: '{"r":1}',
    };
    return this.#tasks.unary(TaskService.Done, message, this.#options());
  }
  report(
    tasks: grove.task.v1.WorkerTaskState.$Properties[],
  ): Promise<grove.task.v1.WorkerReportResult.$Properties> {
    return this.#tasks.unary(
      TaskService.Report,
      { node: 'w1', slots: 2, enabled: true, tasks },
      this.#options(),
    );
  }
  async action<Action extends TaskAction>(
    taskId: string,
    incarnation: string,
    action: Action,
  ): Promise<TaskActionResultOf<Action['type']>> {
    const request = { taskId, incarnation, actionJson: JSON.stringify(action) };
    const result = await this.#tasks.unary(TaskService.Action, request, this.#options());
    if (result.error !== undefined && result.error !== null) throw fromErrorInfo(result.error);
    return JSON.parse(result.resultJson ?? 'null') as TaskActionResultOf<Action['type']>;
  }
  #options(): { readonly deadline: Deadline } {
    return { deadline: deadlineAfter(this.clock, 600_000) };
  }

  transact(name: string, input: unknown): Promise<string> {
    return this.#store.execute({ kind: 'transact', name, inputJson: JSON.stringify(input) });
  }
  async read<T>(name: string, input: unknown): Promise<T> {
    return JSON.parse(
      await this.#store.execute({ kind: 'read', name, inputJson: JSON.stringify(input) }),
    ) as T;
  }

  /** Another overlord leads and takes every task. */
  serveOther(address: string): string[] {
    const taken: string[] = [];
    this.#hub.transport(address).serve(TaskService, {
      Submit: async (request: grove.task.v1.SubmitRequest.$Properties) => {
        taken.push(request.taskJson ?? '');
        return { taskId: 'elsewhere' };
      },
    } as never);
    this.leaderElsewhere = { ...this.#workerInfo('n2'), grpcAddress: address };
    return taken;
  }
  stepDown(): void {
    this.#leading = false;
    this.#callbacks?.steppedDown('test');
  }

  /** The bus goes and comes back. */
  loseBus(): void {
    this.#bus.disconnect();
  }
  regainBus(): void {
    this.#bus.reconnect();
  }

  // ---- what stands around it

  #serveMetadata(): void {
    const serve = async (
      kind: 'read' | 'transact',
      request: grove.metadata.v1.MetadataRequest.$Properties,
    ): Promise<grove.metadata.v1.MetadataResult.$Properties> => {
      const name = request.name ?? '';
      try {
        this.before(name);
        const role = request.leaderRole ?? '';
        const leader = { role, epoch: request.leaderEpoch ?? 0 };
        const inputJson = request.inputJson ?? '';
        const outputJson = await this.#store.execute({
          kind,
          name,
          inputJson,
          ...(role === '' ? {} : { leader }),
        });
        this.after(name);
        return { outputJson };
      } catch (thrown) {
        const info = toErrorInfo(asCoded(thrown));
        return { error: { ...info, context: [...info.context] } };
      }
    };
    this.#transport.serve(MetadataService, {
      Read: (request) => serve('read', request),
      Transact: (request) => serve('transact', request),
    });
  }

  #serveWorker(name: string): void {
    this.#bus.respond(`cmd.middlemanager.${name}.run`, async (message) => {
      const { taskId = '' } = codecs.RunTask.decode(message.data);
      this.commands.push({ verb: 'run', taskId: taskId ?? '', reason: '' });
      if (this.refusals === 0) return codecs.CommandResult.encode({ ok: true });
      this.refusals -= 1;
      const info = toErrorInfo(new CodedError('Unavailable', 'no slot'));
      return codecs.CommandResult.encode({ ok: false, error: { ...info, context: [...info.context] } });
    });
    this.#bus.respond(`cmd.middlemanager.${name}.stop`, async (message) => {
      const { taskId, reason } = codecs.StopTask.decode(message.data);
      this.commands.push({ verb: 'stop', taskId: taskId ?? '', reason: reason ?? '' });
      return codecs.CommandResult.encode({ ok: true });
    });
  }

  #workerInfo(node: string): NodeInfo {
    const role: RoleInfo = {
      role: 'middlemanager',
      state: 'RUNNING',
      leaderEpoch: 0,
      load: 0,
      capacity: 2,
      used: 0,
      inventoryDigest: '',
      tier: '',
    };
    return {
      node,
      incarnation: 'wi',
      clusterId: 'c1',
      state: 'RUNNING',
      roles: [role],
      grpcAddress: 'worker:1',
      httpAddress: '',
      startedAtMs: 0,
      suspect: false,
    };
  }

  #presence(): Presence {
    return {
      self: this.#workerInfo('n1'),
      nodes: (role) => (role === 'middlemanager' ? this.workers : []),
      all: () => this.workers,
      find: (node) => this.workers.find((info) => info.node === node),
      leader: () => this.leaderElsewhere,
      onChange: () => ({ stop: () => undefined }),
      setRole: () => undefined,
    };
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
