/** One task process as its middle manager sees it. */
import type { grove } from '../../proto/services.js';
import type { ProcessExit, ProcessIdentity } from '../../runtime/place.js';
import type { PeonConfig, PeonEnd } from '../peon-config.js';

export interface Run {
  readonly config: PeonConfig;
  readonly identity: ProcessIdentity;
  /** Started by an earlier middle manager: no child of this process. */
  adopted: boolean;
  stopReason?: string;
  end: PeonEnd | undefined;
  /** Its log stands where ended tasks' logs are kept (or can't be kept). */
  logKept: boolean;
}

/** What the process said of its end, or else why it must have ended. */
export function endOfRun(
  said: PeonEnd | undefined,
  exit: ProcessExit,
  stopReason: string | undefined,
): PeonEnd {
  if (said !== undefined) return said;
  const how =
    exit.signal !== null
      ? `signal[${exit.signal}]`
      : exit.code !== null
        ? `exit code[${exit.code}]`
        : 'an unknown end';
  const why = stopReason === undefined ? '' : `; it was told to stop: ${stopReason}`;
  return { status: 'FAILED', errorMessage: `The task process ended without a word, with ${how}${why}` };
}

export function reportState(run: Run, location: string): grove.task.v1.WorkerTaskState.$Properties {
  const { taskId, incarnation } = run.config;
  return {
    taskId,
    incarnation,
    state: run.end?.status ?? 'RUNNING',
    errorMessage: run.end?.errorMessage ?? '',
    location,
  };
}
