/**
 * One running query as the pool sees it: which tasks are still to be handed out, which parts wait to be taken, and how
 * it ends. Pure bookkeeping; whoever owns the threads drives it.
 */
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../frame.js';
import type { NativeQuery } from '../native/model.js';
import type { ScanOutcome, ScanTask } from './execute.js';
import type { SegmentRef, SegmentsPart } from './pool-api.js';

/** Segments of one task: their partials are merged on the thread that made them. */
const segmentsPerTaskMax = 16;

/** Parts of a segment that are worth a task of their own. */
const sliceRowsMin = 500_000;

/**
 * Tasks for `threads` threads: scans one segment each, others a few, so that every thread gets several tasks. Few
 * large segments are cut by rows.
 */
export function planTasks(
  query: NativeQuery,
  refs: readonly SegmentRef[],
  threads: number,
  bySegment = false,
): ScanTask[] {
  const even = Math.ceil(refs.length / (threads * 4));
  const size = bySegment || query.queryType === 'scan' ? 1 : Math.max(1, Math.min(segmentsPerTaskMax, even));
  const tasks: ScanTask[] = [];
  for (let at = 0; at < refs.length; at += size) {
    const task = { query, refs: refs.slice(at, at + size) };
    const [only] = task.refs;
    const count = refs.length < threads * 2 && only !== undefined ? slicesOf(query, only, threads) : 1;
    if (count < 2) tasks.push(task);
    else for (let index = 0; index < count; index++) tasks.push({ ...task, slice: { index, count } });
  }
  return tasks;
}

function slicesOf(query: NativeQuery, { rows }: SegmentRef, threads: number): number {
  const isCut = ['timeseries', 'topN', 'groupBy'].includes(query.queryType) && query.source === undefined;
  return isCut ? Math.min(threads, Math.floor((rows ?? 0) / sliceRowsMin)) : 1;
}

export class RunningQuery {
  readonly #todo: ScanTask[];
  readonly #partsMax: number;
  /** Rows after which an unordered scan has enough. */
  readonly #rowsMax: number;
  readonly #parts: SegmentsPart[] = [];
  /** What the slices of a segment answered, until the last has. */
  readonly #slices = new Map<SegmentRef, { left: number; frames: Frame[] }>();
  #inFlight = 0;
  #rows = 0;
  #error: CodedError | undefined;
  #wake: (() => void) | undefined;

  constructor(query: NativeQuery, tasks: readonly ScanTask[], partsMax: number) {
    this.#todo = [...tasks];
    this.#partsMax = partsMax;
    const unordered = query.queryType === 'scan' && query.order === 'none' && query.limit !== undefined;
    this.#rowsMax = unordered ? (query.limit ?? 0) + query.offset : Infinity;
  }

  /** Nothing more will be answered. */
  get isOver(): boolean {
    return this.#error !== undefined || (this.#todo.length === 0 && this.#inFlight === 0);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The next task to run, unless the consumer lags behind. */
  take(): ScanTask | undefined {
    if (this.#error !== undefined || this.#parts.length + this.#inFlight >= this.#partsMax) return undefined;
    const task = this.#todo.shift();
    if (task !== undefined) this.#inFlight++;
    return task;
  }

  finished(task: ScanTask, part: ScanOutcome): void {
    this.#inFlight--;
    if (this.#error !== undefined) return;
    const outcome = this.#whole(task, part);
    if (outcome === undefined) return;
    for (const frame of outcome.frames) this.#rows += frame.rows;
    const isEnough = this.#rows >= this.#rowsMax;
    const { resume } = outcome;
    if (resume !== undefined && !isEnough) this.#todo.unshift({ ...task, resume });
    let { segmentIds } = outcome;
    if (isEnough) {
      // Segments not looked at any further are answered: the rows asked for are there.
      const left = this.#todo.splice(0).flatMap((rest) => rest.refs);
      const own = resume === undefined ? [] : task.refs;
      segmentIds = [...segmentIds, ...[...own, ...left].map((ref) => ref.segmentId)];
    }
    const last = outcome.frames.length - 1;
    const [first] = task.refs;
    const own = task.refs.length === 1 && first !== undefined ? { ofSegment: first.segmentId } : {};
    outcome.frames.forEach((frame, i) =>
      this.#parts.push({ segmentIds: i === last ? segmentIds : [], frame, ...own }),
    );
    this.#notify();
  }

  /** Undefined while other slices of the segment are still scanned. */
  #whole({ slice, refs }: ScanTask, outcome: ScanOutcome): ScanOutcome | undefined {
    const [ref] = refs;
    if (slice === undefined || ref === undefined) return outcome;
    const held = this.#slices.get(ref) ?? { left: slice.count, frames: [] };
    this.#slices.set(ref, held);
    held.frames.push(...outcome.frames);
    if (--held.left > 0) return undefined;
    const filled = held.frames.filter(({ rows }) => rows > 0);
    return { ...outcome, frames: filled.length === 0 ? held.frames.slice(0, 1) : filled };
  }

  /** The first error counts; tasks in flight end by themselves. */
  fail(error: CodedError, taskEnded = false): void {
    if (taskEnded) this.#inFlight--;
    if (this.#error === undefined) {
      this.#error = error;
      this.#todo.length = 0;
      this.#parts.length = 0;
    }
    this.#notify();
  }

  /** The next part, or undefined at the end. Rejects with the query's error. */
  async next(): Promise<SegmentsPart | undefined> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const part = this.#parts.shift();
      if (part !== undefined) return part;
      if (this.isOver) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
