/** The CPU work of a query at the broker, on the worker pool. */
import { setImmediate } from 'node:timers/promises';
import { frameBuffers } from '../../query/engine/execute.js';
import { inlineHandle } from '../../query/engine/sources/apply.js';
import type { Pool, RunOptions } from '../../query/engine/pool-api.js';
import { KnownQueries, readQuery } from '../../query/engine/read-query.js';
import type { Frame } from '../../query/frame.js';
import { sharedFrame } from '../../query/frame-build.js';
import { mergePartials } from '../../query/merge.js';
import { ChunkSink } from '../../query/json/write.js';
import type { StoredRun } from '../../query/merge/group-runs.js';
import type { QueryDefaults } from '../../query/native/context.js';
import type { NativeQuery } from '../../query/native/model.js';
import { leafOf } from '../../query/native/source.js';
import type { RenderHints } from '../../query/results/buckets.js';
import { answerFrame } from '../../query/results/answer-frame.js';
import { renderResult } from '../../query/results/render.js';
import { resultFrame } from '../../query/results/result-frame.js';
import { rowsOf } from './scan-stream.js';
import { Pieces } from '../pieces.js';

export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly priority: number;
}
/** What data nodes answered: frames that are used up, and groups on disk. */
export interface Partials {
  readonly frames: readonly Frame[];
  readonly stored?: readonly StoredRun[];
  /** Of what is on disk, in memory at a time. */
  readonly bytesMax?: number;
}
export interface BrokerWork {
  /** A query's text; errors: what is wrong with it. */
  read(text: string, defaults: QueryDefaults, options: RunOptions): Promise<NativeQuery>;
  /** One partial frame out of several; the given ones are used up. */
  merge(query: NativeQuery, frames: readonly Frame[], options: WorkOptions): Promise<Frame>;
  /** The JSON text of the answer, in pieces, exactly as Druid writes it. */
  finish(
    query: NativeQuery,
    partials: Partials,
    hints: RenderHints,
    options: WorkOptions,
  ): AsyncIterable<Uint8Array>;
  /** The answer as rows for a query around it, in shared memory; see result-frame.ts. */
  result(
    query: NativeQuery,
    partials: Partials,
    hints: RenderHints,
    keepTime: boolean,
    options: WorkOptions,
  ): Promise<Frame>;
  /** The query over the rows in memory of its own data source: partial frames. */
  overRows(query: NativeQuery, options: WorkOptions): AsyncIterable<Frame>;
  /** The answer as frames; see answer-frame.ts. */
  finishFrames(
    query: NativeQuery,
    partials: Partials,
    hints: RenderHints,
    options: WorkOptions,
  ): AsyncIterable<Frame>;
}

/**
 * So few rows are merged and written in about a millisecond: not worth the way to a worker. A topN keeps so many of each
 * segment by default.
 */
const inlineRowsMax = 1_000;
const inlineCellsMax = 10_000;
/** The same of a timeseries of plain numbers, which takes neither sorting nor texts: its rows are written by a kernel. */
const plainRowsMax = 4_000;
const plainCellsMax = 24_000;
/** An answer written here is one piece, unless it is longer than this. */
const inlineBytesMax = 1 << 20;
const chunkBytesMin = 32 * 1024;
/** What a cell's text takes with its name, about. */
const cellBytes = 32;
/** Pieces of text (128 KiB) waiting for a slow reader: the rest is not written before it has taken some. */
const waitingMax = 16;
/** Of an answer in frames. */
const frameRowsMax = 20_000;

export function createBrokerWork(pool: Pick<Pool, 'run' | 'scanSegments'>): BrokerWork {
  const known = new KnownQueries();
  const merge = async (
    query: NativeQuery,
    frames: readonly Frame[],
    options: WorkOptions,
  ): Promise<Frame> => {
    if (isSmall(query, { frames })) return mergePartials(query, frames);
    return (await pool.run('merge', { query, frames }, buffersOf(frames), options)) as Frame;
  };
  return {
    // All come with this broker's defaults.
    read: (text, defaults, options) => readQuery(pool, text, defaults, { ...options, known, key: '' }),
    merge,
    async *finish(query, partials, hints, options) {
      const { frames } = partials;
      if (isSmall(query, partials, hints)) {
        yield* renderHere(query, frames, hints);
        return;
      }
      // A long answer is on its way out while the rest of it is written.
      const pieces = new Pieces<Uint8Array>();
      const take = (piece: unknown): void => pieces.push(...(piece as readonly Uint8Array[]));
      const onPiece = (piece: unknown): Promise<void> => {
        take(piece);
        return pieces.room(waitingMax);
      };
      const input = { query, ...partials, hints };
      pool.run('finish', input, buffersOf(frames), { ...options, onPiece }).then(
        (rest) => {
          take(rest);
          pieces.end();
        },
        (error: unknown) => pieces.end({ error }),
      );
      let sent = 0;
      for await (const chunk of pieces.read()) {
        if (sent++ > 0) await setImmediate();
        yield chunk;
      }
    },
    async result(query, partials, hints, keepTime, options) {
      const { frames } = partials;
      if (isSmall(query, partials, hints))
        return sharedFrame(resultFrame(query, mergePartials(query, frames), hints, keepTime));
      const input = { query, ...partials, hints, keepTime };
      return (await pool.run('result', input, buffersOf(frames), options)) as Frame;
    },
    async *overRows(query, options) {
      if (!hasRows(query)) return;
      const ref = { segmentId: '', handle: inlineHandle, intervals: query.intervals };
      for await (const { frame } of pool.scanSegments(query, [ref], options)) yield frame;
    },
    async *finishFrames(query, partials, hints, options) {
      const { frames } = partials;
      const input = { query, ...partials, hints };
      const frame = isSmall(query, partials, hints)
        ? answerFrame(query, mergePartials(query, frames), hints)
        : ((await pool.run('answer', input, buffersOf(frames), options)) as Frame);
      // A message has an end.
      for (let from = 0; from < Math.max(1, frame.rows); from += frameRowsMax)
        yield frame.rows <= frameRowsMax
          ? frame
          : rowsOf(frame, from, Math.min(frame.rows, from + frameRowsMax));
    },
  };
}

/** A lookup that nobody registered, which has no columns, is no segment, unlike one without entries. */
function hasRows({ source }: NativeQuery): boolean {
  const leaf = source === undefined ? undefined : leafOf(source);
  return leaf?.type !== 'inline' || leaf.lookup === undefined || leaf.frame.columns.length > 0;
}

function isSmall(
  query: NativeQuery,
  { frames, stored = [] }: Partials,
  { buckets }: Pick<RenderHints, 'buckets'> = {},
): boolean {
  // Those without rows are answered as well.
  if (stored.length > 0 || (buckets?.size ?? 0) > inlineRowsMax) return false;
  const { rows, cells } = sizeOf(query, frames);
  return isPlain(query, frames)
    ? rows <= plainRowsMax && cells <= plainCellsMax
    : rows <= inlineRowsMax && cells <= inlineCellsMax;
}

function sizeOf(query: NativeQuery, frames: readonly Frame[]): { rows: number; cells: number } {
  let rows = 0;
  let columns = 'postAggregations' in query ? query.postAggregations.length : 0;
  for (const frame of frames) {
    rows += frame.rows;
    columns = Math.max(columns, frame.columns.length);
  }
  return { rows, cells: rows * columns };
}

function isPlain(query: NativeQuery, frames: readonly Frame[]): boolean {
  return (
    query.queryType === 'timeseries' &&
    query.postAggregations.length === 0 &&
    frames.every(({ columns }) => columns.every(({ type }) => type === 'LONG' || type === 'DOUBLE'))
  );
}

function renderHere(query: NativeQuery, frames: readonly Frame[], hints: RenderHints): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const { cells } = sizeOf(query, frames);
  const bytes = Math.min(inlineBytesMax, Math.max(chunkBytesMin, cells * cellBytes));
  const sink = new ChunkSink((chunk) => chunks.push(chunk), bytes);
  renderResult(query, mergePartials(query, frames), sink, hints);
  sink.end();
  return chunks;
}

/** Frames may share buffers; each is moved once. */
const buffersOf = (frames: readonly Frame[]): ArrayBuffer[] => [...new Set(frames.flatMap(frameBuffers))];
