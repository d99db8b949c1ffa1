/** Entry of a worker thread: runs tasks one after the other until its port closes. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { CodedError, stackOf, toErrorInfo } from '../../proto/errors.js';
import { attachArena } from '../../segment/kernels/arena.js';
import { instantiateKernels } from '../../segment/kernels/load.js';
import { attachResidency } from '../../segment/read/residency.js';
import { SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import { checkFlag, createExecutor, executeTask, movedBuffers, type Executor } from './execute.js';
import { isSteps, startJob, type JobOutput, type JobSteps } from './jobs.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';

/** One work may interrupt another, no third the second: memory is that of so many. */
const depthMax = 2;

type Work = Exclude<ToWorker, { kind: 'drop' }>;

class WorkerThread {
  readonly #port: NonNullable<typeof parentPort>;
  readonly #executor: Executor;
  readonly #flags: Int32Array;
  readonly #urgent: Int32Array;
  readonly #resting = new Map<number, JobSteps>();
  /** Works inside each other. */
  #depth = 0;

  constructor(port: NonNullable<typeof parentPort>, start: WorkerStart) {
    const arena = attachArena(start.arenaHandle, start.owner);
    const kernels = instantiateKernels(start.kernelsModule, arena);
    const reader = new SegmentReader({ kernels, residency: attachResidency(start.residencyHandle, arena) });
    const waiting = new Int32Array(start.waiting);
    this.#port = port;
    this.#executor = createExecutor({
      kernels,
      open: (handle, token) => reader.openView(handle as SegmentHandle, token),
      scratchBytes: start.scratchBytes,
      isWanted: () => Atomics.load(waiting, 0) !== 0,
    });
    this.#flags = new Int32Array(start.flags);
    this.#urgent = new Int32Array(start.urgent);
  }

  async answer(message: ToWorker): Promise<void> {
    if (message.kind === 'drop') {
      // It may hold files open.
      this.#resting.get(message.id)?.return({ output: undefined, transfer: [] });
      this.#resting.delete(message.id);
      return;
    }
    if (message.isUrgent === true) Atomics.sub(this.#urgent, 0, 1);
    this.#depth++;
    try {
      const later = this.#begin(message);
      if (later !== undefined) await this.#finishLater(message.id, later);
    } catch (thrown) {
      const failed = { kind: 'failed', id: message.id, error: toErrorInfo(thrown) } as const;
      const stack = stackOf(thrown);
      this.#send(stack === undefined ? failed : { ...failed, stack });
    } finally {
      this.#depth--;
    }
  }

  /** Answers a job that has to wait for something. */
  #begin(message: Work): Promise<JobOutput> | undefined {
    const { id } = message;
    if (message.kind === 'resume') {
      const steps = this.#resting.get(id);
      if (steps === undefined) throw new CodedError('Bug', 'no job rests under this number');
      this.#advance(id, steps);
      return undefined;
    }
    const check = (): void => checkFlag(Atomics.load(this.#flags, message.flag));
    const pause = (): void => {
      this.#takeUrgent();
      check();
    };
    check();
    if (message.kind === 'scan') {
      const outcome = executeTask(this.#executor, message.task, check, pause);
      this.#send({ kind: 'scanned', id, outcome }, movedBuffers(outcome.frames));
      return undefined;
    }
    const started = startJob(message.name, message.input, { check, pause, inPieces: message.inPieces });
    if (started instanceof Promise) return started;
    if (isSteps(started)) this.#advance(id, started);
    else this.#done(id, started);
    return undefined;
  }

  /** Between two batches: what is urgent is done first, unless that was what this was itself. */
  #takeUrgent(): void {
    while (this.#depth < depthMax && Atomics.load(this.#urgent, 0) > 0) {
      const received = receiveMessageOnPort(this.#port) as { readonly message: ToWorker } | undefined;
      if (received === undefined) return;
      void this.answer(received.message);
    }
  }

  async #finishLater(id: number, later: Promise<JobOutput>): Promise<void> {
    // It is nothing to be inside of while it waits.
    this.#depth--;
    try {
      this.#done(id, await later);
    } finally {
      this.#depth++;
    }
  }

  #advance(id: number, steps: JobSteps): void {
    this.#resting.delete(id);
    const next = steps.next();
    if (next.done === true) {
      this.#done(id, next.value);
      return;
    }
    this.#resting.set(id, steps);
    this.#send({ kind: 'piece', id, piece: next.value.piece }, next.value.transfer);
  }

  #done(id: number, { output, transfer }: JobOutput): void {
    this.#send({ kind: 'done', id, output }, transfer);
  }

  #send(reply: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(reply, [...transfer]);
  }
}

function serve(port: NonNullable<typeof parentPort>, start: WorkerStart): void {
  const thread = new WorkerThread(port, start);
  port.on('message', (message: ToWorker) => void thread.answer(message));
  const ready: FromWorker = { kind: 'ready' };
  port.postMessage(ready);
}

if (parentPort !== null) serve(parentPort, workerData as WorkerStart);
