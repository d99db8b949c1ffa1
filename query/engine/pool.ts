/**
 * The process's worker threads. The main thread only hands out tasks and passes results on: nothing here is O(rows).
 * Queries go in the order of turns.ts, so that a long one does not starve a short one; jobs go before scans, as they
 * finish queries that are otherwise done. When all threads are busy, a task may be interrupted between two batches,
 * by one of a higher priority at once, by one of its own after a while.
 */
import { Worker } from 'node:worker_threads';
import { asCoded, CodedError, fromErrorInfo } from '../../proto/errors.js';
import { attachArena, ownersMax, type Arena, type ArenaHandle } from '../../segment/kernels/arena.js';
import type { WasmModule } from '../../segment/kernels/wasm.js';
import type { Log } from '../../segment/ports.js';
import type { ResidencyHandle } from '../../segment/read/residency-table.js';
import { attachResidency, type Residency } from '../../segment/read/residency.js';
import { flag } from '../native/context.js';
import { segmentTimeoutMs } from '../native/context-keys.js';
import type { NativeQuery } from '../native/model.js';
import { flags, type ScanTask } from './execute.js';
import { freeGroupTable, shareGroupTable } from './group-slices.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import type { JobOptions, Pool, RunOptions, ScanOptions, SegmentRef, SegmentsPart } from './pool-api.js';
import { planTasks, RunningQuery } from './running.js';
import { expectedMs, firstOf, Turns, type Turn } from './turns.js';

/** runtime's Clock fits. */
export interface TimerSource {
  /** Milliseconds since whenever. */
  monotonic(): number;
  setTimer(delayMs: number, action: () => void, keepAlive?: boolean): { cancel(): void };
}

export interface PoolOptions {
  /** dist/bin/engine-worker.js, or the compiled worker.js. */
  readonly workerUrl: URL;
  readonly threads: number;
  readonly kernelsModule: WasmModule;
  readonly arenaHandle: ArenaHandle;
  readonly residencyHandle: ResidencyHandle;
  readonly clock: TimerSource;
  readonly log?: Log;
  /** Per task; see Scratch. */
  readonly scratchBytes?: number;
  /** Queries running and waiting; further ones are refused with LimitExceeded. */
  readonly queriesMax?: number;
  /** Jobs waiting. */
  readonly jobsMax?: number;
}

const queriesMaxDefault = 1000;
const jobsMaxDefault = 1000;
const scratchBytesDefault = 256 * 1024 * 1024;
/** Threads that die this often in a row before they have started are not replaced any more. */
const startFailuresMax = 5;
/** Another that ended may have a lock: it is given back first. */
const reapAgainMs = 20;
/** A task may keep others of its priority waiting for once or twice as long. */
const longMs = 50;

interface Job {
  readonly name: string;
  readonly input: unknown;
  readonly transfer: readonly ArrayBuffer[];
  readonly flag: number;
  readonly priority: number;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: CodedError) => void;
  readonly onPiece: JobOptions['onPiece'];
  /** Rests on this thread, after a piece, under this number. */
  resting: { readonly worker: Worker; readonly id: number } | undefined;
}

type Work =
  | { readonly kind: 'scan'; readonly query: QueryEntry; readonly task: ScanTask }
  | { readonly kind: 'job'; readonly job: Job };

interface QueryEntry extends Turn {
  readonly running: RunningQuery;
  readonly flag: number;
  /** For a segment; undefined: any. */
  readonly segmentMs: number | undefined;
}

/** What a thread is at, by the message it was sent. */
interface Started {
  readonly work: Work;
  /** For some time without a break: others of its priority may interrupt it. */
  isLong: boolean;
  /** How often it was interrupted. */
  breaks: number;
  /** Ends its query, where a segment has a time of its own. */
  readonly timer: { cancel(): void } | undefined;
}

interface Thread {
  worker: Worker;
  /** Number in column memory, 0 = none: what it leaves behind when it dies is taken back by it. */
  owner: number;
  /** Two at most, the second inside the first. */
  readonly works: Map<number, Started>;
  /** Until when its time is put down to what it was at. */
  countedMs: number;
  /** Urgent messages it has not taken yet. */
  readonly urgent: Int32Array<SharedArrayBuffer>;
  /** What it does with its work is no matter of starting any more. */
  hasStarted: boolean;
}

export function createPool(options: PoolOptions): Pool {
  return new ThreadPool(options);
}

type Waiting = Pick<Job, 'priority'> & { readonly name?: string };

/** Jobs that wait for something themselves would keep what they interrupt waiting, too. */
const neverInside: ReadonlySet<string> = new Set(['unzip']);

function mayInterrupt(waiting: Waiting, { work, isLong }: Started): boolean {
  if (waiting.name !== undefined && neverInside.has(waiting.name)) return false;
  const { priority } = work.kind === 'scan' ? work.query : work.job;
  return waiting.priority === priority ? isLong : waiting.priority > priority;
}

class ThreadPool implements Pool {
  readonly threads: number;
  readonly #options: PoolOptions;
  readonly #arena: Arena;
  readonly #residency: Residency;
  readonly #flagBytes: SharedArrayBuffer;
  readonly #flags: Int32Array;
  readonly #freeFlags: number[];
  /** See WorkerStart. */
  readonly #waiting = new Int32Array(new SharedArrayBuffer(4));
  readonly #all: Thread[] = [];
  readonly #queries: QueryEntry[] = [];
  readonly #jobs: Job[] = [];
  /** Those that rest, waiting for their reader or for their thread. */
  readonly #resting = new Set<Job>();
  /** Numbers of threads that are no more, or soon will be, until their leavings are taken back. */
  readonly #unreaped = new Set<number>();
  readonly #ending = new Set<Promise<unknown>>();
  readonly #turns = new Turns();
  #nextId = 1;
  #failedStarts = 0;
  #isClosed = false;
  /** Looks after tasks that take long, while others wait. */
  #watchTimer: { cancel(): void } | undefined;

  constructor(options: PoolOptions) {
    this.threads = options.threads;
    this.#options = options;
    this.#arena = attachArena(options.arenaHandle);
    this.#residency = attachResidency(options.residencyHandle, this.#arena);
    const slots =
      (options.queriesMax ?? queriesMaxDefault) + (options.jobsMax ?? jobsMaxDefault) + options.threads;
    this.#flagBytes = new SharedArrayBuffer(slots * 4);
    this.#flags = new Int32Array(this.#flagBytes);
    this.#freeFlags = Array.from({ length: slots }, (_, i) => i);
    for (let i = 0; i < options.threads; i++) {
      const owner = this.#freeOwner();
      const urgent = new Int32Array(new SharedArrayBuffer(4));
      const worker = this.#start(i, owner, urgent);
      this.#all.push({ worker, owner, works: new Map(), countedMs: 0, urgent, hasStarted: false });
    }
  }

  async *scanSegments(
    query: NativeQuery,
    refs: readonly SegmentRef[],
    options: ScanOptions = {},
  ): AsyncIterable<SegmentsPart> {
    this.#admit(this.#queries.length, this.#options.queriesMax ?? queriesMaxDefault, 'queries');
    if (flag(query.context.given, 'dropHotColumns', false)) this.#residency.dropHot();
    const token = this.#residency.nextToken();
    const segmentMs = segmentTimeoutMs(query.context.given);
    const tasks = planTasks(query, refs, this.threads, segmentMs !== undefined || options.bySegment);
    const running = new RunningQuery(
      query,
      tasks.map((task) => ({ ...task, token })),
      this.threads * 2 + 2,
      (table) => freeGroupTable(this.#arena, table),
    );
    const { priority } = query.context;
    const sinceMs = this.#options.clock.monotonic();
    const turn = { priority, sinceMs, expectedMs: expectedMs(query, refs), takenMs: 0, lastTurn: 0 };
    const entry: QueryEntry = { ...turn, running, flag: this.#takeFlag(), segmentMs };
    const unlink = this.#watch(options, entry.flag, (error) => running.fail(error));
    this.#queries.push(entry);
    this.#dispatch();
    try {
      for (;;) {
        const part = await running.next();
        if (part === undefined) return;
        this.#dispatch();
        yield part;
      }
    } finally {
      unlink();
      if (!running.isOver || running.inFlight > 0) {
        // A consumer that left early, or an error: what still runs stops at its next batch.
        Atomics.compareExchange(this.#flags, entry.flag, flags.run, flags.canceled);
        running.fail(new CodedError('Canceled', 'the query was canceled'));
      }
      this.#queries.splice(this.#queries.indexOf(entry), 1);
      this.#turns.ended(entry);
      if (running.inFlight === 0) this.#giveFlag(entry.flag);
      this.#watchLong();
    }
  }

  async run(
    name: string,
    input: unknown,
    transfer: readonly ArrayBuffer[] = [],
    options: JobOptions = {},
  ): Promise<unknown> {
    this.#admit(this.#jobs.length, this.#options.jobsMax ?? jobsMaxDefault, 'jobs');
    const flag = this.#takeFlag();
    let unlink = (): void => {};
    try {
      return await new Promise<unknown>((resolve, reject) => {
        const priority = options.priority ?? 0;
        const { onPiece } = options;
        const own = { flag, priority, resolve, reject, onPiece };
        const job: Job = { name, input, transfer, ...own, resting: undefined };
        unlink = this.#watch(options, flag, (error) => this.#drop(job, error));
        this.#jobs.push(job);
        this.#dispatch();
      });
    } finally {
      unlink();
      this.#giveFlag(flag);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watchTimer?.cancel();
    const error = new CodedError('Canceled', 'the worker pool is closing');
    for (const { running, flag } of this.#queries) {
      Atomics.store(this.#flags, flag, flags.canceled);
      running.fail(error);
    }
    this.#rejectJobs(error);
    for (const { owner, worker } of this.#all) this.#end(owner, worker);
    await Promise.all(this.#ending);
    // Wherever they were stopped: whoever stays must not wait for a lock that one of them had.
    let before = Infinity;
    while (this.#unreaped.size < before) {
      before = this.#unreaped.size;
      for (const owner of this.#unreaped) this.#reap(owner);
    }
  }

  /** Its last steps, if any, are over by the time its process resources are. */
  #end(owner: number, worker: Worker): void {
    this.#unreaped.add(owner);
    const ending = worker.terminate().finally(() => {
      this.#ending.delete(ending);
      if (!this.#isClosed) this.#reap(owner);
    });
    this.#ending.add(ending);
  }

  /** Sets the flag and tells the owner when the caller aborts or its time is up. */
  #watch(options: RunOptions, flag: number, fail: (error: CodedError) => void): () => void {
    const { signal, deadlineMs } = options;
    const stop = (value: number, error: CodedError): void => {
      Atomics.compareExchange(this.#flags, flag, flags.run, value);
      fail(error);
    };
    const onAbort = (): void => stop(flags.canceled, new CodedError('Canceled', 'the query was canceled'));
    const onTime = (): void =>
      stop(flags.expired, new CodedError('Timeout', 'the query did not finish within its timeout'));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    const timer =
      deadlineMs === undefined ? undefined : this.#options.clock.setTimer(Math.max(0, deadlineMs), onTime);
    return () => {
      signal?.removeEventListener('abort', onAbort);
      timer?.cancel();
    };
  }

  #admit(waiting: number, most: number, what: string): void {
    if (this.#isClosed) throw new CodedError('Unavailable', 'the worker pool is closed');
    if (this.#failedStarts >= startFailuresMax) {
      throw new CodedError('Unavailable', 'the worker threads do not start; see the log');
    }
    if (waiting >= most)
      throw new CodedError('LimitExceeded', `too many ${what} are running: at most ${most}`);
  }

  #takeFlag(): number {
    const flag = this.#freeFlags.pop();
    if (flag === undefined) throw new CodedError('LimitExceeded', 'too many queries and jobs are running');
    Atomics.store(this.#flags, flag, flags.run);
    return flag;
  }

  #giveFlag(flag: number): void {
    this.#freeFlags.push(flag);
  }

  #dispatch(): void {
    for (const thread of this.#all) {
      if (thread.works.size > 0) continue;
      const work = this.#nextWork(thread.worker);
      if (work !== undefined) this.#post(thread, work, false);
    }
    for (const thread of this.#all) {
      const [started, ...more] = thread.works.values();
      if (started === undefined || more.length > 0) continue;
      const work = this.#nextWork(thread.worker, started);
      if (work !== undefined) this.#post(thread, work, true);
    }
    this.#watchLong();
  }

  #post(thread: Thread, work: Work, isUrgent: boolean): void {
    const [message, transfer] = this.#messageOf(work, isUrgent);
    const timer = this.#segmentTimer(work);
    this.#count(thread);
    thread.works.set(message.id, { work, isLong: false, breaks: 0, timer });
    // Only a thread with work keeps the process alive.
    thread.worker.ref();
    try {
      thread.worker.postMessage(message, [...transfer]);
      if (isUrgent) Atomics.add(thread.urgent, 0, 1);
    } catch (thrown) {
      this.#forget(thread, message.id, timer);
      this.#fail(work, asCoded(thrown));
    }
  }

  #forget(thread: Thread, id: number, timer: Started['timer']): void {
    timer?.cancel();
    this.#count(thread);
    thread.works.delete(id);
    if (thread.works.size === 0) thread.worker.unref();
  }

  /** What a thread is at is what interrupted the rest of its works. */
  #count(thread: Thread): void {
    const nowMs = this.#options.clock.monotonic();
    const work = [...thread.works.values()].at(-1)?.work;
    if (work?.kind === 'scan') this.#turns.took(work.query, nowMs - thread.countedMs);
    thread.countedMs = nowMs;
  }

  #segmentTimer(work: Work): { cancel(): void } | undefined {
    if (work.kind === 'job' || work.query.segmentMs === undefined) return undefined;
    const { query, task } = work;
    const { segmentMs, running, flag } = query;
    return this.#options.clock.setTimer(segmentMs ?? 0, () => {
      Atomics.compareExchange(this.#flags, flag, flags.run, flags.expired);
      const { queryId } = task.query.context;
      const text = `Query [${queryId}] took more than its perSegmentTimeout[${segmentMs} ms] for a segment`;
      running.fail(new CodedError('Timeout', text));
    });
  }

  /** Marks what takes long, for as long as anything waits. */
  #watchLong(): void {
    const isWaiting = this.#jobs.length > 0 || this.#queries.some(({ running }) => running.hasTask);
    Atomics.store(this.#waiting, 0, isWaiting ? 1 : 0);
    if (!isWaiting || this.#isClosed) {
      this.#watchTimer?.cancel();
      this.#watchTimer = undefined;
      return;
    }
    if (this.#watchTimer !== undefined) return;
    const seen = this.#all.flatMap((thread) =>
      [...thread.works.values()].map((started) => ({ started, breaks: started.breaks })),
    );
    this.#watchTimer = this.#options.clock.setTimer(longMs, () => {
      this.#watchTimer = undefined;
      for (const thread of this.#all) this.#count(thread);
      for (const { started, breaks } of seen) if (started.breaks === breaks) started.isLong = true;
      this.#dispatch();
    });
  }

  #messageOf(work: Work, isUrgent: boolean): [ToWorker, readonly ArrayBuffer[]] {
    const id = this.#nextId++;
    if (work.kind === 'scan')
      return [{ kind: 'scan', id, flag: work.query.flag, task: work.task, isUrgent }, []];
    const { job } = work;
    if (job.resting !== undefined) {
      const resumed: ToWorker = { kind: 'resume', id: job.resting.id, isUrgent };
      this.#resting.delete(job);
      job.resting = undefined;
      return [resumed, []];
    }
    const { flag, name, input, onPiece } = job;
    return [{ kind: 'job', id, flag, name, input, inPieces: onPiece !== undefined, isUrgent }, job.transfer];
  }

  /** Inside of what the thread is at, or when it is free. */
  #nextWork(worker: Worker, outer?: Started): Work | undefined {
    const isWanted = (waiting: Waiting): boolean => outer === undefined || mayInterrupt(waiting, outer);
    const able = this.#jobs.filter(
      (job) => (job.resting === undefined || job.resting.worker === worker) && isWanted(job),
    );
    const job = able[firstOf(able.map(({ priority }) => priority))];
    if (job !== undefined) {
      this.#jobs.splice(this.#jobs.indexOf(job), 1);
      return { kind: 'job', job };
    }
    // What is running goes on before those behind it, and of one query no task can wait for another.
    const within = outer?.work.kind === 'scan' ? outer.work.query : undefined;
    const query = this.#turns.first(
      this.#queries.filter((one) => one === within || (one.running.hasTask && isWanted(one))),
      within,
    );
    const task = query === within ? undefined : query?.running.take();
    if (query === undefined || task === undefined) return undefined;
    this.#turns.began(query);
    return { kind: 'scan', query, task };
  }

  /** A number no living thread has, nor one whose leavings are still there; 0 when there are more threads than numbers. */
  #freeOwner(): number {
    const taken = new Set([...this.#unreaped, ...this.#all.map((thread) => thread.owner)]);
    for (let owner = 1; owner <= ownersMax; owner++) if (!taken.has(owner)) return owner;
    return 0;
  }

  #reap(owner: number): void {
    const { arenaHandle, residencyHandle, clock } = this.#options;
    try {
      if (owner !== 0 && !attachResidency(residencyHandle, attachArena(arenaHandle)).reap(owner)) {
        if (!this.#isClosed) clock.setTimer(reapAgainMs, () => this.#reap(owner));
        return;
      }
      this.#unreaped.delete(owner);
    } catch (thrown) {
      this.#unreaped.delete(owner);
      this.#options.log?.error('column memory of a stopped thread was not taken back', {
        reason: asCoded(thrown).message,
      });
    }
  }

  #start(index: number, owner: number, urgent: Int32Array<SharedArrayBuffer>): Worker {
    const { kernelsModule, arenaHandle, residencyHandle, scratchBytes, workerUrl } = this.#options;
    const start: WorkerStart = {
      kernelsModule,
      arenaHandle,
      residencyHandle,
      flags: this.#flagBytes,
      scratchBytes: scratchBytes ?? scratchBytesDefault,
      owner,
      urgent: urgent.buffer,
      waiting: this.#waiting.buffer,
    };
    const worker = new Worker(workerUrl, { workerData: start, name: `engine-${index}` });
    worker.on('message', (message: FromWorker) => {
      this.#failedStarts = 0;
      const thread = this.#all[index];
      if (thread?.worker === worker) thread.hasStarted = true;
      if (message.kind !== 'ready') this.#answered(index, message);
    });
    worker.on('error', (error) => this.#died(index, worker, error.message));
    worker.on('exit', (code) => this.#died(index, worker, `exit code ${code}`));
    worker.unref();
    return worker;
  }

  #answered(index: number, message: Exclude<FromWorker, { kind: 'ready' }>): void {
    const thread = this.#all[index];
    const started = thread?.works.get(message.id);
    if (thread === undefined || started === undefined) return;
    const { work, timer } = started;
    this.#forget(thread, message.id, timer);
    for (const outer of thread.works.values()) {
      // What goes on now is not interrupted again at once: a row of short queries would keep it from ever ending.
      outer.isLong = false;
      outer.breaks++;
    }
    if (message.kind === 'piece') {
      if (work.kind === 'job') this.#rest(work.job, { worker: thread.worker, id: message.id }, message.piece);
    } else if (message.kind === 'failed') {
      this.#noteBug(work, message.stack);
      this.#fail(work, fromErrorInfo(message.error));
    } else if (message.kind === 'scanned' && work.kind === 'scan') {
      const { table } = message.outcome;
      if (table !== undefined) shareGroupTable(this.#arena, table);
      work.query.running.finished(work.task, message.outcome);
      this.#release(work.query);
    } else if (message.kind === 'done' && work.kind === 'job') work.job.resolve(message.output);
    this.#dispatch();
  }

  /** What nobody foresaw is told with the place where it happened, which no answer does. */
  #noteBug(work: Work, stack: string | undefined): void {
    if (stack === undefined) return;
    const of =
      work.kind === 'job'
        ? { job: work.job.name }
        : { queryId: work.task.query.context.queryId.slice(0, 200) };
    this.#options.log?.error('work on a thread failed by a bug', { ...of, stack });
  }

  /** Until whoever takes the piece has room for another. */
  #rest(job: Job, at: { readonly worker: Worker; readonly id: number }, piece: unknown): void {
    job.resting = at;
    this.#resting.add(job);
    const resume = (): void => {
      if (!this.#resting.has(job)) return;
      this.#jobs.push(job);
      this.#dispatch();
    };
    const flag = Atomics.load(this.#flags, job.flag);
    if (flag !== flags.run) {
      // Stopped while it ran: its next step says so.
      resume();
      return;
    }
    Promise.resolve(job.onPiece?.(piece)).then(resume, (thrown: unknown) => this.#drop(job, asCoded(thrown)));
  }

  /** A job that has not started yet never does; one that rests is forgotten. One that runs sees its flag. */
  #drop(job: Job, error: CodedError): void {
    const at = this.#jobs.indexOf(job);
    if (at >= 0) this.#jobs.splice(at, 1);
    const { resting } = job;
    if (this.#resting.delete(job) && resting !== undefined) {
      const message: ToWorker = { kind: 'drop', id: resting.id };
      resting.worker.postMessage(message);
    } else if (at < 0) return;
    job.reject(error);
  }

  #fail(work: Work, error: CodedError): void {
    if (work.kind === 'job') {
      work.job.reject(error);
      return;
    }
    Atomics.compareExchange(this.#flags, work.query.flag, flags.run, flags.canceled);
    work.query.running.fail(error, true);
    this.#release(work.query);
  }

  /** The flag of a query nobody waits for is free again when its last task has ended. */
  #release(query: QueryEntry): void {
    if (query.running.inFlight === 0 && !this.#queries.includes(query)) this.#giveFlag(query.flag);
  }

  /** A thread that ends by itself has failed its query; another takes its place. */
  #died(index: number, worker: Worker, reason: string): void {
    const thread = this.#all[index];
    if (thread === undefined || thread.worker !== worker || this.#isClosed) return;
    this.#options.log?.error('a worker thread stopped', { thread: index, reason });
    const works = [...thread.works.values()];
    thread.works.clear();
    Atomics.store(thread.urgent, 0, 0);
    if (!thread.hasStarted) this.#failedStarts++;
    const { owner } = thread;
    this.#unreaped.add(owner);
    if (this.#failedStarts < startFailuresMax) {
      thread.owner = this.#freeOwner();
      thread.hasStarted = false;
      thread.worker = this.#start(index, thread.owner, thread.urgent);
    }
    this.#end(owner, worker);
    const error = new CodedError('Unavailable', `a worker thread stopped while it worked on this: ${reason}`);
    for (const { work, timer } of works) {
      timer?.cancel();
      this.#fail(work, error);
    }
    for (const job of this.#resting) if (job.resting?.worker === worker) this.#drop(job, error);
    if (this.#failedStarts >= startFailuresMax) this.#giveUp(error);
    this.#dispatch();
  }

  #rejectJobs(error: CodedError): void {
    for (const job of this.#jobs.splice(0)) job.reject(error);
    for (const job of this.#resting) job.reject(error);
  }

  #giveUp(error: CodedError): void {
    for (const { running } of this.#queries) running.fail(error);
    this.#rejectJobs(error);
  }
}
