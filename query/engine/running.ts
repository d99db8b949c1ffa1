/**
 * One running query as the pool sees it: which tasks are still to be handed out, which parts wait to be taken, and how
 * it ends. Pure bookkeeping; whoever owns the threads drives it.
 */
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../frame.js';
import type { NativeQuery } from '../native/model.js';
import { takenBytes } from './claims.js';
import type { ScanOutcome, ScanTask } from './execute.js';
import type { GroupTable } from './group-slices.js';
import { isOfPieces, mergePartials, mergePieces } from '../merge.js';
import { isOrderless, sumsByPiece } from './piece-sums.js';
import { keepTop, topKept } from './top-groups.js';
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
    else {
      const shared = mayHelp(query) ? { taken: takenBytes(count) } : {};
      for (let index = 0; index < count; index++) tasks.push({ ...task, slice: { index, count, ...shared } });
    }
  }
  return tasks;
}

/**
 * Rows that another thread helps with are seen out of their order: no state may depend on it, nor may the last digits
 * of a sum of fractions, as one query twice shall be answered the same.
 */
function mayHelp(query: NativeQuery): boolean {
  if (!('aggregations' in query)) return false;
  const { aggregations } = query;
  return aggregations.every(isOrderless) || (query.queryType === 'timeseries' && sumsByPiece(aggregations));
}

function slicesOf(query: NativeQuery, { rows }: SegmentRef, threads: number): number {
  const isCut = ['timeseries', 'topN', 'groupBy'].includes(query.queryType) && query.source === undefined;
  return isCut ? Math.min(threads, Math.floor((rows ?? 0) / sliceRowsMin)) : 1;
}

/** Fewer groups are added up by one thread in less time than others need to begin. */
const rangedGroupsMin = 16_384;

/** So many groups a range are worth the time of the event loop. */
const rangedTopMax = 1_000;

interface Cut {
  left: number;
  /** By part. */
  readonly frames: (readonly Frame[])[];
  readonly tables: GroupTable[];
}

export class RunningQuery {
  readonly #todo: ScanTask[];
  readonly #partsMax: number;
  /** Rows after which an unordered scan has enough. */
  readonly #rowsMax: number;
  readonly #parts: SegmentsPart[] = [];
  /** What the slices of a segment answered, until the last has. */
  readonly #slices = new Map<SegmentRef, Cut>();
  /** Tables of groups that tasks may still read. */
  readonly #tables = new Set<GroupTable>();
  readonly #free: (table: GroupTable) => void;
  #inFlight = 0;
  #rows = 0;
  #error: CodedError | undefined;
  #wake: (() => void) | undefined;

  /** `free` takes back tables of groups that nobody reads any more. */
  constructor(
    query: NativeQuery,
    tasks: readonly ScanTask[],
    partsMax: number,
    free: (table: GroupTable) => void = () => undefined,
  ) {
    this.#free = free;
    this.#todo = [...tasks];
    this.#partsMax = partsMax;
    const unordered = query.queryType === 'scan' && query.order === 'none' && query.limit !== undefined;
    this.#rowsMax = unordered ? (query.limit ?? 0) + query.offset : Infinity;
  }

  /** Nothing more will be answered. */
  get isOver(): boolean {
    return this.#error !== undefined || (this.#todo.length === 0 && this.#inFlight === 0);
  }

  /** There is a task to be handed out now. */
  get hasTask(): boolean {
    const isRoom = this.#parts.length + this.#inFlight < this.#partsMax;
    return this.#error === undefined && isRoom && this.#todo.length > 0;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The next task to run, unless the consumer lags behind. */
  take(): ScanTask | undefined {
    if (!this.hasTask) return undefined;
    const task = this.#todo.shift();
    if (task !== undefined) this.#inFlight++;
    return task;
  }

  finished(task: ScanTask, part: ScanOutcome): void {
    this.#inFlight--;
    if (part.table !== undefined) this.#tables.add(part.table);
    if (this.#error !== undefined) {
      this.#freeTables();
      return;
    }
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

  /** Undefined while other slices of the segment, or other groups of them, are still to be answered. */
  #whole(task: ScanTask, outcome: ScanOutcome): ScanOutcome | undefined {
    const [ref] = task.refs;
    const part = task.range ?? task.slice;
    if (part === undefined || ref === undefined) return outcome;
    const held = this.#slices.get(ref) ?? { left: part.count, frames: [], tables: [] };
    this.#slices.set(ref, held);
    held.frames[part.index] = outcome.frames;
    if (outcome.table !== undefined) held.tables.push(outcome.table);
    if (--held.left > 0) return undefined;
    this.#slices.delete(ref);
    if (held.tables.length > 0 && held.tables.length < part.count) {
      this.fail(new CodedError('Bug', 'only some slices have handed over their groups'));
      return undefined;
    }
    if (held.tables.length > 0) {
      this.#addUp(task, held.tables, part.count);
      return undefined;
    }
    if (task.tables !== undefined) this.#freeTables(task.tables);
    const { query } = task;
    let frames = held.frames.flat();
    if (task.range !== undefined && query.queryType === 'topN' && frames.length > 1)
      frames = [keepTop(mergePartials(query, frames), query)];
    if (query.queryType === 'timeseries' && frames.some(isOfPieces)) frames = [mergePieces(query, frames)];
    const filled = frames.filter(({ rows }) => rows > 0);
    return { ...outcome, frames: filled.length === 0 ? frames.slice(0, 1) : filled };
  }

  /** Every slice has handed over its groups. */
  #addUp({ slice: _slice, ...task }: ScanTask, tables: readonly GroupTable[], threads: number): void {
    // The best of the best of each range are picked from those here: they must be few.
    const { query } = task;
    const isTopLong = query.queryType === 'topN' && topKept(query) > rangedTopMax;
    const isOne = isTopLong || (tables[0]?.groups ?? 0) <= rangedGroupsMin;
    const count = isOne ? 1 : threads;
    const parts = Array.from({ length: count }, (_, index) => ({ ...task, tables, range: { index, count } }));
    this.#todo.unshift(...parts);
  }

  /** What is read by a task in flight stays until it has ended. */
  #freeTables(tables: Iterable<GroupTable> = this.#tables): void {
    if (this.#error !== undefined && this.#inFlight > 0) return;
    for (const table of tables) if (this.#tables.delete(table)) this.#free(table);
  }

  /** The first error counts; tasks in flight end by themselves. */
  fail(error: CodedError, taskEnded = false): void {
    if (taskEnded) this.#inFlight--;
    if (this.#error === undefined) {
      this.#error = error;
      this.#todo.length = 0;
      this.#parts.length = 0;
    }
    this.#freeTables();
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
