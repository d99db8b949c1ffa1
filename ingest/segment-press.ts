/** Who does the heavy part of a build: threads, so that reading goes on and signs of life are given meanwhile. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { CodedError, fromErrorInfo } from '../proto/errors.js';
import { collectGarbage } from './garbage.js';
import { transferOf } from './index/index-data.js';
import { PartMerger } from './part-merger.js';
import type { SegmentReply } from './segment-thread.js';
import { doSegmentWork, type SegmentWork } from './segment-work.js';

/** Fewer rows are written at once: starting a thread takes longer. */
const ROWS_FOR_THREAD = 10_000;
const THREADS_MAX = 2;
const YOUNG_MIB = 8;

interface Job {
  readonly work: SegmentWork;
  resolve(rowCount: number): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
}

export class SegmentPress {
  readonly #threadUrl: URL | undefined;
  readonly #rowsForThread: number;
  readonly #threads: Thread[] = [];
  readonly #waiting: Job[] = [];
  readonly #merger = new PartMerger();
  #isClosed = false;

  /** `threadUrl`: segment-thread.js; without it everything is done on the caller's thread. */
  constructor(threadUrl: URL | undefined, rowsForThread = ROWS_FOR_THREAD) {
    this.#threadUrl = threadUrl;
    this.#rowsForThread = rowsForThread;
  }

  /** Pieces of work that are done side by side. */
  get lanes(): number {
    return this.#threadUrl === undefined ? 1 : Math.min(THREADS_MAX, availableParallelism());
  }

  /**
   * Does it; answers the rows written. Data to be written is used up, whatever comes of it. Rejects with what the work
   * throws (StorageFailure, …), with Unavailable when a thread ended by itself and with Canceled after {@link close}.
   */
  async run(work: SegmentWork): Promise<number> {
    const isSmall = work.kind === 'write' && work.data.rowCount < this.#rowsForThread;
    if (this.#isClosed) throw givenUp();
    if (this.#threadUrl === undefined || (isSmall && this.#threads.length === 0)) {
      return doSegmentWork(work, this.#merger);
    }
    // A merge is what takes the most memory, and it begins when the rows' own is of no more use.
    if (work.kind === 'merge') collectGarbage();
    return await new Promise<number>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#threads.find(({ job }) => job === undefined) ?? this.#start();
      if (thread === undefined) return;
      const job = this.#waiting.shift()!;
      thread.job = job;
      try {
        thread.worker.postMessage(job.work, job.work.kind === 'write' ? transferOf(job.work.data) : []);
      } catch (thrown) {
        thread.job = undefined;
        job.reject(new CodedError('Bug', 'a segment can not be handed to its thread', {}, thrown));
      }
    }
  }

  #start(): Thread | undefined {
    if (this.#threadUrl === undefined || this.#threads.length >= this.lanes || this.#isClosed)
      return undefined;
    const worker = new Worker(this.#threadUrl, {
      name: `segments-${this.#threads.length}`,
      // What a thread makes lives long or not at all.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    const thread: Thread = { worker, job: undefined };
    worker.on('message', (reply: SegmentReply) => {
      const { job } = thread;
      thread.job = undefined;
      if ('error' in reply) job?.reject(fromErrorInfo(reply.error));
      else job?.resolve(reply.rowCount);
      this.#dispatch();
    });
    worker.on('error', (error) => this.#ended(thread, error.message));
    worker.on('exit', (code) => this.#ended(thread, `exit code ${code}`));
    this.#threads.push(thread);
    return thread;
  }

  #ended(thread: Thread, reason: string): void {
    const at = this.#threads.indexOf(thread);
    if (at < 0) return;
    this.#threads.splice(at, 1);
    thread.job?.reject(new CodedError('Unavailable', `the thread that writes segments ended: ${reason}`));
    thread.job = undefined;
    if (!this.#isClosed) this.#dispatch();
  }

  /** Ends the threads, whatever they are at. */
  close(): void {
    this.#isClosed = true;
    this.#merger.close();
    const closed = givenUp();
    for (const job of this.#waiting.splice(0)) job.reject(closed);
    for (const { worker, job } of this.#threads.splice(0)) {
      job?.reject(closed);
      void worker.terminate();
    }
  }
}

function givenUp(): CodedError {
  return new CodedError('Canceled', 'the build was given up');
}
