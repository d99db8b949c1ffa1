/** One task of a query on one thread: open the segments, run the query over each, merge what is cheap to merge. */
import { CodedError } from '../../proto/errors.js';
import type { Kernels } from '../../segment/kernels/load.js';
import type { IntervalMs, SegmentView } from '../../segment/read/view.js';
import { watched } from '../expression/effort.js';
import type { Frame } from '../frame.js';
import { openLookups } from '../lookup/table.js';
import { queryKernels, type QueryKernels } from '../kernels/exports.js';
import { isOfPieces, mergePartials } from '../merge.js';
import { flag } from '../native/context.js';
import type { Filter, NativeQuery } from '../native/model.js';
import { unpackQuery } from '../native/packed-filter.js';
import { sliceClaims } from './claims.js';
import { DerivedSegment } from './columns/derived-segment.js';
import type { Environment, RowSlice } from './environment.js';
import { groupsOfTables, runGroupBy, runTopN } from './group-by.js';
import type { GroupRange, GroupTable } from './group-slices.js';
import type { SegmentRef } from './pool-api.js';
import { rowRanges, sliceSpan } from './rows.js';
import { runScan, scanStart, type ScanResume } from './scan.js';
import { runDataSourceMetadata, runSegmentMetadata } from './segment-metadata.js';
import { Scratch } from './scratch.js';
import { runSearch } from './search.js';
import { applySource, inlineView, isInlineHandle } from './sources/apply.js';
import { mentions } from './sources/semi-join.js';
import { runTimeBoundary } from './time-boundary.js';
import { runTimeseries } from './timeseries.js';
import { runsOnVectors } from './vectors.js';

export interface SlicePart {
  readonly index: number;
  readonly count: number;
  /** See takenBytes: the same for all slices of a segment. Absent: nobody helps anybody. */
  readonly taken?: SharedArrayBuffer;
}

export interface ScanTask {
  readonly query: NativeQuery;
  /** One when the query is a scan, else a few. */
  readonly refs: readonly SegmentRef[];
  /** Where a scan goes on; absent at first. */
  readonly resume?: ScanResume;
  /** Which part of its one segment's rows; absent = all. */
  readonly slice?: SlicePart;
  /** The groups of all slices, to be answered from; `range`: which of them. */
  readonly tables?: readonly GroupTable[];
  readonly range?: GroupRange;
  /** The same for all tasks of a query: see Residency.nextToken. */
  readonly token?: number;
}

export interface ScanOutcome {
  readonly segmentIds: readonly string[];
  /** At least one, but for a slice that hands over a table. */
  readonly frames: readonly Frame[];
  /** The groups of a slice: its rows are answered once those of all slices are added up. */
  readonly table?: GroupTable;
  /** Set when the segment has more rows: the next task's `resume`. */
  readonly resume?: ScanResume;
}

/** One thread's means. */
export interface Executor {
  readonly kernels: Kernels;
  readonly queryKernels: QueryKernels;
  readonly open: (handle: unknown, token?: number) => SegmentView;
  readonly scratchBytes: number;
  /** Other work waits for this thread: it helps no other. */
  readonly isWanted: () => boolean;
}

export interface ExecutorOptions {
  readonly kernels: Kernels;
  /** Opens a view on a segment; throws NotFound or CorruptSegment. */
  readonly open: (handle: unknown, token?: number) => SegmentView;
  /** Working memory after which groups are flushed as a partial result. */
  readonly scratchBytes?: number;
  /** See Executor; absent: never. */
  readonly isWanted?: () => boolean;
}

/** Larger partial results go out as they are: merging them is the work of the one who has them all. */
const mergedRowsMax = 100_000;

const scratchBytesDefault = 256 * 1024 * 1024;

export function createExecutor(options: ExecutorOptions): Executor {
  return {
    kernels: options.kernels,
    queryKernels: queryKernels(options.kernels.exports),
    open: options.open,
    scratchBytes: options.scratchBytes ?? scratchBytesDefault,
    isWanted: options.isWanted ?? (() => false),
  };
}

/** 0 = go on. Written by the thread that owns the query, read by its tasks once per batch. */
export const flags = { run: 0, canceled: 1, expired: 2 } as const;

export function checkFlag(flag: number): void {
  if (flag === flags.canceled) throw new CodedError('Canceled', 'the query was canceled');
  if (flag === flags.expired) throw new CodedError('Timeout', 'the query did not finish within its timeout');
}

/**
 * `check` throws when the task is to end; `pause` does so, too, and may do other work before it returns: it is called
 * between batches only.
 */
export function executeTask(
  executor: Executor,
  task: ScanTask,
  check: () => void,
  pause: () => void = check,
): ScanOutcome {
  try {
    return watched(check, () => runTask(executor, { ...task, query: unpackQuery(task.query) }, pause));
  } catch (thrown) {
    if (!(thrown instanceof RangeError) || !/call stack/.test(thrown.message)) throw thrown;
    // Long chains of columns made of each other, for one.
    throw new CodedError(
      'LimitExceeded',
      'The parts of the query depend on each other in too long a chain',
      {},
      thrown,
    );
  }
}

function runTask(executor: Executor, task: ScanTask, check: () => void): ScanOutcome {
  const { query, refs } = task;
  if (query.queryType === 'scan') {
    const ref = refs[0];
    if (ref === undefined || refs.length > 1) throw new CodedError('Bug', 'a scan task has one segment');
    const { frame, resume } = withSegment(executor, task, ref, check, (environment, filter) =>
      runScan(environment, { ...query, filter }, ref.intervals, task.resume ?? scanStart),
    );
    if (resume === undefined) return { segmentIds: [ref.segmentId], frames: [frame] };
    return { segmentIds: [], frames: [frame], resume };
  }
  const frames: Frame[] = [];
  let table: GroupTable | undefined;
  const handOver = (handed: GroupTable): void => {
    table = handed;
  };
  for (const ref of refs) {
    check();
    const run = (): void =>
      withSegment(executor, task, ref, check, (plain, filter) => {
        const environment = task.slice === undefined ? plain : { ...plain, handOver };
        frames.push(...runGrouping(environment, task, { ...query, filter }, ref.intervals));
      });
    if (query.queryType === 'groupBy') grouped(run);
    else run();
  }
  if (table !== undefined) return { segmentIds: [], frames: [], table };
  check();
  const segmentIds = refs.map((ref) => ref.segmentId);
  const rows = frames.reduce((total, frame) => total + frame.rows, 0);
  const isCheap = frames.length !== 1 && rows <= mergedRowsMax && !frames.some(isOfPieces);
  if (isCheap) return { segmentIds, frames: [mergePartials(query, frames)] };
  // Many groups are sorted here, by as many threads as there are: putting sorted ones together is quick.
  if (query.queryType === 'groupBy') {
    for (const [i, frame] of frames.entries()) {
      check();
      if (frame.rows > mergedRowsMax) frames[i] = mergePartials(query, [frame]);
    }
  }
  return { segmentIds, frames };
}

function runGrouping(
  environment: Environment,
  { tables, range }: Pick<ScanTask, 'tables' | 'range'>,
  query: Exclude<NativeQuery, { queryType: 'scan' }>,
  intervals: readonly IntervalMs[],
): Frame[] {
  switch (query.queryType) {
    case 'timeseries':
      return runTimeseries(environment, query, intervals);
    case 'timeBoundary':
      return [runTimeBoundary(environment, query, intervals)];
    case 'topN':
      if (tables !== undefined && range !== undefined)
        return groupsOfTables(environment, query, intervals, tables, range);
      return runTopN(environment, query, intervals);
    case 'groupBy':
      if (tables !== undefined && range !== undefined)
        return groupsOfTables(environment, query, intervals, tables, range);
      return runGroupBy(environment, query, intervals);
    case 'search':
      return [runSearch(environment, query, intervals)];
    case 'dataSourceMetadata':
      return [runDataSourceMetadata(environment, query)];
    case 'segmentMetadata':
      return [runSegmentMetadata(environment, query)];
  }
}

/** What can't be done is told of grouping as any other failure: Druid merges groups in other threads. */
function grouped(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    if (error.code !== 'QueryFailed' && error.context['legacyCode'] !== 'Unsupported query') throw error;
    const { legacyCode: _, errorClass: _class, ...context } = error.context;
    throw new CodedError('QueryFailed', error.message, context, error);
  }
}

/** The rows of the intervals are cut, not those of the segment: parts shall have about as much to do. */
function sliceIn(
  segment: SegmentView,
  intervals: readonly IntervalMs[],
  part: SlicePart,
  isWanted: () => boolean,
): RowSlice {
  const { index, count, taken } = part;
  const { hull } = rowRanges(segment, intervals);
  return {
    span: sliceSpan(hull, index, count),
    evenRows: (hull.to - hull.from) / count,
    isFirst: index === 0,
    isLast: index === count - 1,
    claims: taken === undefined ? undefined : sliceClaims(hull, part, taken, isWanted),
  };
}

/**
 * `run` gets what is left of the query's filter to ask. Whatever happens, the scratch memory is given back and the view
 * is closed.
 */
function withSegment<T>(
  executor: Executor,
  { query, slice, token }: ScanTask,
  ref: SegmentRef,
  check: () => void,
  run: (environment: Environment, filter: Filter | undefined) => T,
): T {
  const scratch = new Scratch(executor.kernels.arena, executor.scratchBytes, executor.queryKernels);
  let leaf: SegmentView | undefined;
  try {
    leaf = isInlineHandle(ref.handle) ? inlineView(query.source, scratch) : executor.open(ref.handle, token);
    const plain: Environment = {
      segment: leaf,
      kernels: executor.queryKernels,
      scratch,
      check,
      lookups: openLookups(query.lookups),
      wholeIntervals: isInlineHandle(ref.handle),
      byVector: runsOnVectors(query, leaf),
      isBackwards: query.queryType === 'timeseries' && query.descending,
      ...(slice === undefined ? {} : { slice: sliceIn(leaf, ref.intervals, slice, executor.isWanted) }),
    };
    const { virtualColumns = [], source } = query;
    const granularity =
      query.queryType === 'timeseries' || query.queryType === 'groupBy' || query.queryType === 'topN'
        ? query.granularity
        : query.queryType === 'timeBoundary'
          ? 'rows'
          : undefined;
    const asked = { filter: query.filter, virtualColumns };
    const { segment, filter, early } = applySource(plain, source, asked, {
      intervals: ref.intervals,
      granularity,
      joinFilters: () => ({
        pushesDown: flag(query.context.given, 'enableJoinFilterPushDown', true),
        rewrites: flag(query.context.given, 'enableJoinFilterRewrite', true),
        asksLeft: flag(query.context.given, 'enableRewriteJoinToFilter', true),
        isUnused: (prefix) => source?.type === 'join' && namesColumns(query) && !mentions(query, prefix),
      }),
    });
    const environment = { ...plain, segment };
    if (virtualColumns.length === 0) return run(environment, filter);
    return run({ ...environment, segment: new DerivedSegment(environment, virtualColumns, early) }, filter);
  } finally {
    scratch.close();
    leaf?.close();
  }
}

/** All columns that it asks for stand in it. */
function namesColumns(query: NativeQuery): boolean {
  if (query.queryType === 'scan') return query.columns.length > 0;
  return query.queryType === 'timeseries' || query.queryType === 'topN' || query.queryType === 'groupBy';
}

/** Copying less than this takes less time than moving buffers, each of which has its price. */
const movedBytesMin = 32_768;

/** The buffers worth moving. */
export function movedBuffers(frames: readonly Frame[]): ArrayBuffer[] {
  const buffers = frames.flatMap(frameBuffers);
  const bytes = buffers.reduce((total, buffer) => total + buffer.byteLength, 0);
  return bytes < movedBytesMin ? [] : buffers;
}

/** The buffers of a frame, for moving it to another thread. Shared and repeated ones are left out. */
export function frameBuffers(frame: Frame): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const add = (array: { readonly buffer: ArrayBufferLike } | undefined): void => {
    if (array !== undefined && array.buffer instanceof ArrayBuffer) buffers.add(array.buffer);
  };
  for (const column of frame.columns) {
    add(column.values);
    add(column.nulls);
    if (column.type === 'STRING_ARRAY') add(column.offsets);
    if ('dictionary' in column) {
      add(column.dictionary.bytes);
      add(column.dictionary.ends);
    }
  }
  return [...buffers];
}
