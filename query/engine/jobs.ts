/**
 * The table of CPU jobs that run on the pool's threads: a new one is a function and a line in `jobs`. Input and output
 * are plain data.
 *
 *   merge   {query, frames}               → Frame                 partial frames of one query to one
 *   condense CondenseInput                → Condensed             … of a groupBy, to one sorted run in memory or on disk
 *   pieces  {query, frames, stored?}      → Frame[]               … to its sorted groups, piece by piece
 *   finish  {query, frames, hints?, …}    → Uint8Array[]          … and shaped: UTF-8 chunks of Druid's JSON; pieces
 *                                                                of a long answer are such lists too
 *   result  {query, frames, hints?, keepTime?} → Frame            … as rows for a query around it, in shared memory
 *   answer  {query, frames, hints?}       → Frame                 … as the rows that are answered
 *   lookup  {name, version, factoryJson, file?} → LookupTable     a registered lookup's table in shared memory
 *   read    {text, defaults, tables?}     → {query} | {named}     a query's text, and which lookups it asks for
 *   unzip   {zipPath, dir, limits?}       → number                bytes unpacked into an existing folder
 *   sha256  {path}                        → {sha256, bytes}       of a file, in lower-case hex
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { CodedError } from '../../proto/errors.js';
import { defaultUnzipLimits, unzip, type UnzipLimits } from '../../segment/store/zip.js';
import { watched } from '../expression/effort.js';
import type { Frame } from '../frame.js';
import { ownFrame, sharedFrame } from '../frame-build.js';
import { frameBytes } from '../frame-codec.js';
import { ChunkSink } from '../json/write.js';
import { buildLookup, type LookupInput } from '../lookup/build.js';
import { mergePartials } from '../merge.js';
import {
  condense,
  groupPieces,
  memoryFull,
  type CondenseInput,
  type StoredRun,
} from '../merge/group-runs.js';
import type { GroupByQuery, NativeQuery } from '../native/model.js';
import type { RenderHints, Steps } from '../results/buckets.js';
import { renderGroupByPieces } from '../results/groupby-pieces.js';
import { answerFrame } from '../results/answer-frame.js';
import { renderSteps } from '../results/render.js';
import { resultFrame } from '../results/result-frame.js';
import { frameBuffers } from './execute.js';
import { readText, type ReadInput } from './read-query.js';

export interface JobOutput {
  readonly output: unknown;
  /** Moved instead of copied. */
  readonly transfer: readonly ArrayBuffer[];
}

export interface JobContext {
  /** Throws Canceled or Timeout; call it at least every 10 ms of work. */
  readonly check: () => void;
  /** The same, and may do other work before it returns: for between two steps, never inside one. Absent: `check`. */
  readonly pause?: () => void;
  /** Parts of the output are wanted as they are made, by a job that can give them. */
  readonly inPieces?: boolean;
}

/** A job that stops after each part of its output until that is wanted no longer: a slow reader must not fill memory. */
export type JobSteps = Generator<{ piece: unknown; transfer: readonly ArrayBuffer[] }, JobOutput, undefined>;

type Job = (input: never, context: JobContext) => JobOutput | Promise<JobOutput> | JobSteps;

export interface MergeInput {
  readonly query: NativeQuery;
  readonly frames: readonly Frame[];
}

export interface FinishInput extends MergeInput {
  readonly hints?: RenderHints;
  /** More of a groupBy's groups, in files. */
  readonly stored?: readonly StoredRun[];
  /** So much of what is in files may be read into memory where an answer needs all of it at a time. */
  readonly bytesMax?: number;
}

function merge({ query, frames }: MergeInput): JobOutput {
  const frame = mergePartials(query, frames);
  return { output: frame, transfer: frameBuffers(frame) };
}

function condenseJob(input: CondenseInput, { check, pause = check }: JobContext): JobOutput {
  const output = condense(input, pause);
  const transfer = 'frames' in output ? [...new Set(output.frames.flatMap(frameBuffers))] : [];
  return { output, transfer };
}

export interface PiecesInput {
  readonly query: GroupByQuery;
  readonly frames: readonly Frame[];
  readonly stored?: readonly StoredRun[];
}

/** So many bytes of sorted groups are handed on at a time. */
const groupPieceBytes = 8 * 1024 * 1024;

function* pieces({ query, frames, stored }: PiecesInput, { check, pause = check }: JobContext): JobSteps {
  let ready: Frame[] = [];
  let bytes = 0;
  for (const piece of groupPieces(query, frames, stored)) {
    pause();
    // Pieces share memory with each other and with what is still to be merged.
    ready.push(ownFrame(piece));
    bytes += frameBytes(piece);
    if (bytes < groupPieceBytes) continue;
    yield { piece: ready, transfer: ready.flatMap(frameBuffers) };
    ready = [];
    bytes = 0;
  }
  return { output: ready, transfer: ready.flatMap(frameBuffers) };
}

/** More groups than this are answered piece by piece. */
const wholeGroupsMax = 200_000;

function isLong({ query, frames, stored = [] }: FinishInput): boolean {
  const rows = frames.reduce((total, frame) => total + frame.rows, 0);
  return query.queryType === 'groupBy' && (stored.length > 0 || rows > wholeGroupsMax);
}

/** All of a query's partials as one frame. Errors: LimitExceeded where files hold more than there may be in memory. */
function wholeOf({ query, frames, stored = [], bytesMax = Infinity }: FinishInput): Frame {
  if (query.queryType !== 'groupBy' || stored.length === 0) return mergePartials(query, frames);
  const all: Frame[] = [];
  let bytes = 0;
  for (const piece of groupPieces(query, frames, stored)) {
    all.push(piece);
    bytes += frameBytes(piece);
    if (bytes > bytesMax) throw memoryFull(query, bytesMax);
  }
  return mergePartials(query, all);
}

/** Smaller answers come as a whole: whatever goes wrong with them is known before their first byte. */
const firstPieceBytes = 256 * 1024;
/** Of further pieces: each is a turn of the thread, and what a slow reader makes us hold. */
const pieceBytes = 1024 * 1024;
/** Each chunk is a turn of the broker's event loop: few for long answers. */
const longChunkBytes = 128 * 1024;

function* finish(input: FinishInput, { check, pause = check, inPieces }: JobContext): JobSteps {
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const sink = new ChunkSink((chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
  }, longChunkBytes);
  const steps = answerSteps(input, sink);
  let enough = inPieces === true ? firstPieceBytes : Infinity;
  try {
    do {
      pause();
      if (bytes < enough) continue;
      yield { piece: chunks, transfer: chunks.map((chunk) => chunk.buffer) };
      chunks = [];
      bytes = 0;
      enough = pieceBytes;
    } while (watched(check, () => steps.next()).done !== true);
  } finally {
    // Left before its end it may hold files open.
    steps.return();
  }
  sink.end();
  return { output: chunks, transfer: chunks.map((chunk) => chunk.buffer) };
}

function answerSteps(input: FinishInput, sink: ChunkSink): Steps {
  const { query, frames, stored, hints, bytesMax = Infinity } = input;
  if (query.queryType !== 'groupBy' || !isLong(input)) {
    return renderSteps(query, mergePartials(query, frames), sink, hints);
  }
  return renderGroupByPieces(query, groupPieces(query, frames, stored), sink, bytesMax);
}

export interface ResultInput extends FinishInput {
  readonly keepTime?: boolean;
}

function result(input: ResultInput): JobOutput {
  const { query, hints, keepTime } = input;
  const frame = resultFrame(query, wholeOf(input), hints, keepTime);
  return { output: sharedFrame(frame), transfer: [] };
}

function answer(input: FinishInput): JobOutput {
  const { query, hints } = input;
  const frame = answerFrame(query, wholeOf(input), hints);
  return { output: frame, transfer: frameBuffers(frame) };
}

export interface UnzipInput {
  readonly zipPath: string;
  readonly dir: string;
  readonly limits?: UnzipLimits;
}

async function unzipJob({ zipPath, dir, limits }: UnzipInput): Promise<JobOutput> {
  return { output: await unzip(zipPath, dir, limits ?? defaultUnzipLimits), transfer: [] };
}

const readBytes = 1 << 20;

function sha256({ path }: { readonly path: string }, { check }: JobContext): JobOutput {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(readBytes);
  const fd = fs.openSync(path, 'r');
  let bytes = 0;
  try {
    for (;;) {
      check();
      const count = fs.readSync(fd, buffer, 0, readBytes, null);
      if (count === 0) break;
      hash.update(buffer.subarray(0, count));
      bytes += count;
    }
  } finally {
    fs.closeSync(fd);
  }
  return { output: { sha256: hash.digest('hex'), bytes }, transfer: [] };
}

const lookup = (input: LookupInput, { check }: JobContext): JobOutput => ({
  output: buildLookup(input, check),
  transfer: [],
});

const read = (input: ReadInput): JobOutput => ({ output: readText(input), transfer: [] });

const jobs: Readonly<Record<string, Job>> = {
  merge,
  condense: condenseJob,
  pieces,
  finish,
  result,
  answer,
  lookup,
  read,
  unzip: unzipJob,
  sha256,
};

/** Begins a job; one that gives its output in pieces is driven by the caller. Errors: Bug, and the job's own. */
export function startJob(
  name: string,
  input: unknown,
  context: JobContext,
): JobOutput | Promise<JobOutput> | JobSteps {
  const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
  if (job === undefined) throw new CodedError('Bug', `there is no job[${name}]`);
  return job(input as never, context);
}

export const isSteps = (started: JobOutput | Promise<JobOutput> | JobSteps): started is JobSteps =>
  Symbol.iterator in started;

/** The whole of a job on the caller's thread; it goes on when `onPiece` has ended. */
export async function runJob(
  name: string,
  input: unknown,
  check: JobContext['check'],
  onPiece?: (piece: unknown) => void | Promise<void>,
): Promise<JobOutput> {
  const started = startJob(name, input, { check, inPieces: onPiece !== undefined });
  if (!isSteps(started)) return started;
  for (;;) {
    const next = started.next();
    if (next.done === true) return next.value;
    await onPiece?.(next.value.piece);
  }
}
