/** The table of CPU jobs that run on the pool's threads. Input and output are plain data. */
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../frame.js';
import { mergePartials } from '../merge.js';
import type { NativeQuery } from '../native/model.js';
import { frameBuffers } from './execute.js';

export interface JobOutput {
  readonly output: unknown;
  /** Moved instead of copied. */
  readonly transfer: readonly ArrayBuffer[];
}

export interface JobContext {
  /** Throws Canceled or Timeout; call it at least every 10 ms of work. */
  readonly check: () => void;
}

type Job = (input: never, context: JobContext) => JobOutput | Promise<JobOutput>;

/** merge: partial frames of one query to one. */
function merge(input: { readonly query: NativeQuery; readonly frames: readonly Frame[] }): JobOutput {
  const frame = mergePartials(input.query, input.frames);
  return { output: frame, transfer: frameBuffers(frame) };
}

const jobs: Readonly<Record<string, Job>> = { merge };

export async function runJob(name: string, input: unknown, context: JobContext): Promise<JobOutput> {
  const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
  if (job === undefined) throw new CodedError('Bug', `there is no job[${name}]`);
  return job(input as never, context);
}
