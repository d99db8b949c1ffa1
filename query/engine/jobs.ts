/**
 * The table of CPU jobs that run on the pool's threads: a new one is a function and a line in `jobs`. Input and output
 * are plain data.
 *
 *   merge   {query, frames}               → Frame                 partial frames of one query to one
 *   finish  {query, frames, hints?}       → Uint8Array[]          … and shaped: UTF-8 chunks of Druid's JSON; pieces
 *                                                                of a long answer are such lists too
 *   result  {query, frames, hints?, keepTime?} → Frame            … as rows for a query around it, in shared memory
 *   answer  {query, frames, hints?}       → Frame                 … as the rows that are answered
 *   lookup  {name, version, factoryJson, file?} → LookupTable     a registered lookup's table in shared memory
 *   unzip   {zipPath, dir, limits?}       → number                bytes unpacked into an existing folder
 *   sha256  {path}                        → {sha256, bytes}       of a file, in lower-case hex
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { CodedError } from '../../proto/errors.js';
import { defaultUnzipLimits, unzip, type UnzipLimits } from '../../segment/store/zip.js';
import type { Frame } from '../frame.js';
import { sharedFrame } from '../frame-build.js';
import { ChunkSink } from '../json/write.js';
import { buildLookup, type LookupInput } from '../lookup/build.js';
import { mergePartials } from '../merge.js';
import type { NativeQuery } from '../native/model.js';
import type { RenderHints } from '../results/buckets.js';
import { answerFrame } from '../results/answer-frame.js';
import { renderSteps } from '../results/render.js';
import { resultFrame } from '../results/result-frame.js';
import { frameBuffers } from './execute.js';

export interface JobOutput {
  readonly output: unknown;
  /** Moved instead of copied. */
  readonly transfer: readonly ArrayBuffer[];
}

export interface JobContext {
  /** Throws Canceled or Timeout; call it at least every 10 ms of work. */
  readonly check: () => void;
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
}

function merge({ query, frames }: MergeInput): JobOutput {
  const frame = mergePartials(query, frames);
  return { output: frame, transfer: frameBuffers(frame) };
}

/** Smaller answers come as a whole: whatever goes wrong with them is known before their first byte. */
const firstPieceBytes = 256 * 1024;
/** Of further pieces: each is a turn of the thread, and what a slow reader makes us hold. */
const pieceBytes = 1024 * 1024;
/** Each chunk is a turn of the broker's event loop: few for long answers. */
const longChunkBytes = 128 * 1024;

function* finish({ query, frames, hints }: FinishInput, { check, inPieces }: JobContext): JobSteps {
  const merged = mergePartials(query, frames);
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const sink = new ChunkSink((chunk) => {
    // Small buffers share their memory with others, which must not be moved along.
    const own = new Uint8Array(chunk);
    chunks.push(own);
    bytes += own.length;
  }, longChunkBytes);
  const steps = renderSteps(query, merged, sink, hints);
  let enough = inPieces === true ? firstPieceBytes : Infinity;
  do {
    check();
    if (bytes < enough) continue;
    yield { piece: chunks, transfer: chunks.map((chunk) => chunk.buffer) };
    chunks = [];
    bytes = 0;
    enough = pieceBytes;
  } while (steps.next().done !== true);
  sink.end();
  return { output: chunks, transfer: chunks.map((chunk) => chunk.buffer) };
}

export interface ResultInput extends FinishInput {
  readonly keepTime?: boolean;
}

function result({ query, frames, hints, keepTime }: ResultInput): JobOutput {
  const frame = resultFrame(query, mergePartials(query, frames), hints, keepTime);
  return { output: sharedFrame(frame), transfer: [] };
}

function answer({ query, frames, hints }: FinishInput): JobOutput {
  const frame = answerFrame(query, mergePartials(query, frames), hints);
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

const jobs: Readonly<Record<string, Job>> = {
  merge,
  finish,
  result,
  answer,
  lookup,
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
