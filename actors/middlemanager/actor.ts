/**
 * The middle manager: runs each task in a process of its own and tells the overlord what became of it. Processes are
 * detached and outlive this actor; a restarted one takes them up again by pid, start time and work folder.
 */
import { asCoded, CodedError, toErrorInfo } from '../../proto/errors.js';
import { codecs, TaskService, WorkerService, type grove } from '../../proto/services.js';
import type { ProcessExit, ProcessHandle, ProcessIdentity, ProcessSpec } from '../../runtime/place.js';
import { pause } from '../../runtime/deadline.js';
import { subjectToken } from '../../runtime/subject.js';
import type { ActorContext, Behavior, ChildSpec, Node } from '../../runtime/types.js';
import { admit, type SeenEpoch } from '../command-fence.js';
import { peonFiles, type DeepStorageConfig, type PeonConfig } from '../peon-config.js';
import { removeShuffle, removeShuffleOf } from '../shuffle-folders.js';
import { readFilePart, type TaskLogs } from '../task-logs.js';
import { endOfRun, reportState, type Run } from './run.js';
import { RunFolders } from './run-folders.js';

/** runtime/place.ts as this actor uses it. */
export interface Processes {
  spawn(spec: ProcessSpec): ProcessHandle;
  startTimeOf(pid: number): string;
  /** Alive, the same one, and with this in its command line? */
  isSame(identity: ProcessIdentity, commandLinePart: string): boolean;
  kill(identity: ProcessIdentity, signal: NodeJS.Signals): void;
}
export interface MiddleManagerSettings {
  readonly slots: number;
  /** Folder for the work folders of tasks. */
  readonly tasksDir: string;
  /** The peon's bundle or compiled entry. */
  readonly peonEntry: string;
  readonly token: string;
  readonly deepStorage: DeepStorageConfig;
  readonly inputDirs: readonly string[];
  readonly inputHosts: readonly string[];
  /** Of the lookups that tasks use. */
  readonly lookupTier: string;
  readonly unsafeFaults: boolean;
  readonly logLevel: string;
  readonly beatMs: number;
  readonly overlordPatienceMs: number;
  readonly reportMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopMs: number;
  /** While the process drains: how long tasks may go on before they are told to stop. */
  readonly drainMs: number;
}
export const middleManagerDefaults = {
  beatMs: 2_000,
  overlordPatienceMs: 60_000,
  reportMs: 1_000,
  stopMs: 5_000,
  drainMs: 6_000,
} as const;

export interface MiddleManagerDeps {
  readonly node: Node;
  readonly processes: Processes;
  readonly taskLogs: TaskLogs;
  readonly settings: MiddleManagerSettings;
}
export type MiddleManagerMessage =
  | { readonly type: 'tick' }
  | { readonly type: 'report' }
  | { readonly type: 'exited'; readonly run: Run; readonly exit: ProcessExit }
  | { readonly type: 'logKept'; readonly run: Run }
  | { readonly type: 'reported'; readonly acknowledged: readonly string[]; readonly stop: readonly string[] }
  | { readonly type: 'reportFailed'; readonly error: Error }
  | { readonly type: 'kill'; readonly run: Run };

const watchMs = 250;
const drainLookMs = 25;
const reportCallMs = 5_000;
const logChunkBytes = 256 * 1024;

export function createMiddleManager(deps: MiddleManagerDeps): ChildSpec<MiddleManagerMessage> {
  const { drainMs, stopMs } = deps.settings;
  return {
    name: 'middlemanager',
    behavior: () => new MiddleManager(deps),
    shutdownMs: drainMs + stopMs + 2_000,
  };
}

type Context = ActorContext<MiddleManagerMessage>;
type CommandResult = grove.cluster.v1.CommandResult.$Properties;

export class MiddleManager implements Behavior<MiddleManagerMessage> {
  readonly #deps: MiddleManagerDeps;
  readonly #folders: RunFolders;
  readonly #runs = new Map<string, Run>();
  readonly #stops: (() => void)[] = [];
  #seen: SeenEpoch = { clusterId: '', epoch: 0 };
  /** Handed over while the process before them is still on its way out. */
  readonly #queue: { readonly taskId: string; readonly groupId: string }[] = [];
  /** Logs on their way to where ended tasks' logs are, folders on their way out. */
  readonly #keeping = new Set<Promise<void>>();
  #overlord = '';
  #isReporting = false;
  #isDraining = false;

  constructor(deps: MiddleManagerDeps) {
    this.#deps = deps;
    this.#folders = new RunFolders(deps.settings.tasksDir);
  }

  started(context: Context): void {
    const { node, settings } = this.#deps;
    this.#announce('STARTING');
    this.#seen = this.#folders.readEpoch();
    this.#followOverlord(context);
    this.#clear(this.#folders.discardRest(), context);
    for (const record of this.#folders.found()) this.#adopt(record.config, record.pid, context);
    this.#serve(context);
    const watched = node.presence.onChange(() => this.#followOverlord(context));
    this.#stops.push(() => watched.stop());
    context.every('tick', watchMs, { type: 'tick' });
    context.every('report', settings.reportMs, { type: 'report' });
    this.#announce('RUNNING');
  }

  receive(message: MiddleManagerMessage, context: Context): void {
    switch (message.type) {
      case 'tick':
        this.#watchAdopted(context);
        break;
      case 'report':
        this.#report(context);
        break;
      case 'exited':
        this.#exited(message.run, message.exit, context);
        break;
      case 'logKept':
        message.run.logKept = true;
        this.#report(context);
        break;
      case 'reported':
        this.#isReporting = false;
        this.#forget(message.acknowledged, context);
        for (const taskId of message.stop) this.#stopRun(taskId, 'the overlord does not know it', context);
        break;
      case 'reportFailed':
        this.#isReporting = false;
        context.log.debug('the overlord did not take the report', { reason: message.error.message });
        break;
      case 'kill':
        if (message.run.end === undefined) this.#deps.processes.kill(message.run.identity, 'SIGKILL');
        break;
    }
  }

  /** Tasks may finish; what has not by then is told to stop, and says so to the overlord itself. */
  async draining(context: Context): Promise<void> {
    const { settings, processes } = this.#deps;
    this.#isDraining = true;
    this.#announce('DRAINING');
    await this.#untilGone(settings.drainMs);
    const left = this.#alive();
    if (left.length === 0) return;
    context.log.warn('tasks are stopped because this worker stops', { tasks: left.length });
    for (const run of left) processes.kill(run.identity, 'SIGTERM');
    await this.#untilGone(settings.stopMs);
    for (const run of this.#alive()) processes.kill(run.identity, 'SIGKILL');
  }

  /** Messages wait while an actor drains, so processes are looked at, not listened to. */
  async #untilGone(ms: number): Promise<void> {
    const { clock } = this.#deps.node;
    const until = clock.monotonic() + ms;
    while (this.#alive().length > 0 && clock.monotonic() < until) await pause(clock, drainLookMs);
  }

  #alive(): Run[] {
    return [...this.#runs.values()].filter(
      (run) => run.end === undefined && this.#deps.processes.isSame(run.identity, run.config.folder),
    );
  }

  async stopping(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await Promise.all(this.#keeping);
    this.#deps.node.presence.setRole('middlemanager', { state: 'STOPPED' });
  }

  #announce(state: 'STARTING' | 'RUNNING' | 'DRAINING'): void {
    const used = this.#busy();
    this.#deps.node.presence.setRole('middlemanager', {
      state,
      capacity: this.#deps.settings.slots,
      used,
      load: used,
    });
  }

  // ---- doors

  #serve(context: Context): void {
    const { node } = this.#deps;
    const base = `cmd.middlemanager.${subjectToken(node.name)}`;
    const run = node.bus.respond(`${base}.run`, async (message) => {
      const command = codecs.RunTask.decode(message.data);
      return codecs.CommandResult.encode(
        this.#obey(command.header ?? {}, () =>
          this.#run(command.taskId ?? '', command.groupId ?? '', context),
        ),
      );
    });
    const stop = node.bus.respond(`${base}.stop`, async (message) => {
      const command = codecs.StopTask.decode(message.data);
      return codecs.CommandResult.encode(
        this.#obey(command.header ?? {}, () =>
          this.#stopRun(command.taskId ?? '', command.reason ?? '', context),
        ),
      );
    });
    const log = node.transport.serve(WorkerService, {
      Log: (request) => this.#readLog(request.taskId ?? '', request.offset ?? 0),
    });
    this.#stops.push(
      () => run.stop(),
      () => stop.stop(),
      () => log.stop(),
    );
  }

  #obey(header: grove.cluster.v1.CommandHeader.$Properties, act: () => void): CommandResult {
    const claim = { clusterId: header.clusterId ?? '', epoch: header.epoch ?? 0 };
    const admission = admit(this.#seen, claim, 'tasks folder');
    try {
      if (admission.kind === 'refused') throw admission.error;
      if (admission.isNew) this.#folders.writeEpoch(admission.seen);
      this.#seen = admission.seen;
      act();
      return { ok: true };
    } catch (thrown) {
      const info = toErrorInfo(thrown);
      return { ok: false, error: { ...info, context: [...info.context] }, epochSeen: this.#seen.epoch };
    }
  }

  async *#readLog(taskId: string, offset: number): AsyncGenerator<grove.task.v1.TaskLogChunk.$Properties> {
    const file = peonFiles.log(this.#folders.folderOf(taskId));
    let part = await readFilePart(file, offset, logChunkBytes);
    if (part === undefined) {
      yield { found: false };
      return;
    }
    yield { found: true, data: part };
    if (offset < 0) return;
    for (let at = offset + part.length; part.length === logChunkBytes; at += part.length) {
      part = (await readFilePart(file, at, logChunkBytes)) ?? new Uint8Array();
      yield { found: true, data: part };
    }
  }

  // ---- processes

  /** Idempotent by task. Errors: Unavailable (no slot, draining, no process could be started). */
  #run(taskId: string, groupId: string, context: Context): void {
    const { node, settings } = this.#deps;
    if (this.#runs.has(taskId) || this.#queue.some((waiting) => waiting.taskId === taskId)) return;
    if (this.#isDraining) throw new CodedError('Unavailable', `Worker[${node.name}] is draining`);
    if (this.#busy() < settings.slots) {
      this.#start(taskId, groupId, context);
      return;
    }
    // The overlord counts a slot free when it hears of the task's end, a moment before the process is gone.
    if (this.#queue.length >= settings.slots) {
      throw new CodedError('Unavailable', `Worker[${node.name}] has no free slot`);
    }
    this.#queue.push({ taskId, groupId });
  }

  #busy(): number {
    return [...this.#runs.values()].filter((run) => run.end === undefined).length;
  }

  #startQueued(context: Context): void {
    while (!this.#isDraining && this.#busy() < this.#deps.settings.slots) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      try {
        this.#start(next.taskId, next.groupId, context);
      } catch (thrown) {
        // The overlord hands it over again: nobody was ever heard of.
        context.log.error('a task process could not be started', { reason: asCoded(thrown).message });
      }
    }
  }

  #start(taskId: string, groupId: string, context: Context): void {
    const { node, settings, processes } = this.#deps;
    const folder = this.#folders.folderOf(taskId);
    const config: PeonConfig = {
      taskId,
      groupId,
      incarnation: context.random.hex(8),
      node: node.name,
      token: settings.token,
      folder,
      overlordFile: this.#folders.overlordFile,
      deepStorage: settings.deepStorage,
      inputDirs: settings.inputDirs,
      inputHosts: settings.inputHosts,
      lookupTier: settings.lookupTier,
      unsafeFaults: settings.unsafeFaults,
      logLevel: settings.logLevel,
      beatMs: settings.beatMs,
      overlordPatienceMs: settings.overlordPatienceMs,
    };
    this.#folders.create(config);
    const handle = processes.spawn({
      entry: settings.peonEntry,
      args: [peonFiles.config(folder)],
      nodeArgs: ['--no-warnings', '--expose-gc'],
      cwd: folder,
      env: peonEnvironment(),
      detached: true,
      logFile: peonFiles.log(folder),
    });
    handle.unref();
    const run = this.#note(config, { pid: handle.pid, startTime: handle.startTime });
    context.log.info('task process started', { taskId, pid: handle.pid });
    context.pipeToSelf(
      handle.exited,
      (exit) => ({ type: 'exited', run, exit }),
      () => ({ type: 'exited', run, exit: { code: null, signal: null } }),
    );
    this.#announce('RUNNING');
  }

  #note(config: PeonConfig, identity: ProcessIdentity): Run {
    const run: Run = { config, identity, adopted: false, end: undefined, logKept: false };
    this.#runs.set(config.taskId, run);
    return run;
  }

  #adopt(config: PeonConfig, pid: number, context: Context): void {
    const { processes } = this.#deps;
    const identity = { pid, startTime: pid > 0 ? processes.startTimeOf(pid) : '' };
    const run = this.#note(config, identity);
    run.adopted = true;
    const isAlive = processes.isSame(identity, config.folder);
    context.log.info(isAlive ? 'task process adopted' : 'a task process ended while nobody watched', {
      taskId: config.taskId,
      pid,
    });
    if (!isAlive) this.#exited(run, { code: null, signal: null }, context);
  }

  /** Not our children: their end is seen by looking. */
  #watchAdopted(context: Context): void {
    for (const run of this.#runs.values()) {
      if (!run.adopted || run.end !== undefined) continue;
      if (!this.#deps.processes.isSame(run.identity, run.config.folder)) {
        this.#exited(run, { code: null, signal: null }, context);
      }
    }
  }

  #exited(run: Run, exit: ProcessExit, context: Context): void {
    if (run.end !== undefined) return;
    const { taskId, folder } = run.config;
    run.end = endOfRun(this.#readEnd(run), exit, run.stopReason);
    context.cancelTimer(`kill:${taskId}`);
    context.log.info('task process ended', { taskId, status: run.end.status });
    const keeping = Promise.all([
      this.#deps.taskLogs.putLog(taskId, peonFiles.log(folder)).catch((thrown: unknown) => {
        context.log.warn('a task log could not be kept', { taskId, reason: asCoded(thrown).message });
      }),
      this.#removeShuffle(run).catch((thrown: unknown) => {
        context.log.warn('what sub-tasks left is still there', { taskId, reason: asCoded(thrown).message });
      }),
    ]).then(() => undefined);
    this.#keeping.add(keeping);
    context.pipeToSelf(
      keeping.finally(() => this.#keeping.delete(keeping)),
      () => ({ type: 'logKept', run }),
      () => ({ type: 'logKept', run }),
    );
    this.#startQueued(context);
    if (!this.#isDraining) this.#announce('RUNNING');
  }

  /** A task that died could not clean up itself. What a sub-task made is its supervisor's when it went well. */
  async #removeShuffle({ config, end }: Run): Promise<void> {
    const { root } = config.deepStorage;
    await removeShuffle(root, config.taskId);
    if (end?.status === 'FAILED') await removeShuffleOf(root, config.taskId);
  }

  #readEnd(run: Run): ReturnType<RunFolders['readEnd']> {
    try {
      return this.#folders.readEnd(run.config.folder);
    } catch {
      return undefined;
    }
  }

  #stopRun(taskId: string, reason: string, context: Context): void {
    const queued = this.#queue.findIndex((waiting) => waiting.taskId === taskId);
    if (queued >= 0) this.#queue.splice(queued, 1);
    const run = this.#runs.get(taskId);
    if (run === undefined || run.end !== undefined || run.stopReason !== undefined) return;
    run.stopReason = reason;
    context.log.info('task process is stopped', { taskId, reason });
    this.#deps.processes.kill(run.identity, 'SIGTERM');
    context.timer(`kill:${taskId}`, this.#deps.settings.stopMs, { type: 'kill', run });
  }

  #forget(taskIds: readonly string[], context: Context): void {
    for (const taskId of taskIds) {
      const run = this.#runs.get(taskId);
      if (run?.end === undefined || !run.logKept) continue;
      this.#runs.delete(taskId);
      this.#clear(this.#folders.discard(run.config.folder), context);
    }
  }

  /** Waited for by whoever stops this actor. */
  #clear(work: Promise<void>, { log }: Context): void {
    const clearing = work.catch((thrown: unknown) => {
      log.warn('the folder of a task is still there', { reason: asCoded(thrown).message });
    });
    this.#keeping.add(clearing);
    void clearing.then(() => this.#keeping.delete(clearing));
  }

  // ---- overlord

  /** Task processes read the address from a file: they know neither the bus nor presence. */
  #followOverlord(context: Context): void {
    const address = this.#deps.node.presence.leader('overlord')?.grpcAddress ?? this.#overlord;
    if (address === this.#overlord) return;
    this.#overlord = address;
    try {
      this.#folders.writeOverlord(address);
    } catch (thrown) {
      this.#overlord = '';
      context.log.error('the overlord address could not be written', { reason: asCoded(thrown).message });
    }
  }

  #report(context: Context): void {
    const { node, settings } = this.#deps;
    this.#followOverlord(context);
    if (this.#isReporting || this.#overlord === '') return;
    this.#isReporting = true;
    const runs = [...this.#runs.values()].filter((run) => run.end === undefined || run.logKept);
    const tasks = runs.map((run) => reportState(run, node.transport.address));
    const call = node.transport.client(this.#overlord).unary(
      TaskService.Report,
      {
        node: node.name,
        incarnation: node.incarnation,
        slots: settings.slots,
        enabled: !this.#isDraining,
        tasks,
      },
      { deadline: node.deadline(reportCallMs) },
    );
    context.pipeToSelf(
      call,
      (result) => ({ type: 'reported', acknowledged: result.acknowledged ?? [], stop: result.stop ?? [] }),
      (error) => ({ type: 'reportFailed', error }),
    );
  }
}

/** What tasks see of the environment: nothing secret but the way to Google's credentials. */
const peonVariables = [
  'PATH',
  'HOME',
  'TZ',
  'LANG',
  'TMPDIR',
  'CRASH_AT',
  'LD_LIBRARY_PATH',
  'NODE_EXTRA_CA_CERTS',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_PROJECT',
  'CLOUDSDK_CONFIG',
  'GCE_METADATA_HOST',
  'STORAGE_EMULATOR_HOST',
] as const;

function peonEnvironment(): Record<string, string | undefined> {
  const passed = Object.fromEntries(peonVariables.map((name) => [name, process.env[name]]));
  // glibc raises its own threshold as large blocks come and go, and then keeps what was freed.
  return { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576', ...passed };
}
