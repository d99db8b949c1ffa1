/**
 * Named points at which a test may kill the process, as if power had failed there: `CRASH_AT=publish.after_push:3`
 * dies at the third passage. Several are separated by commas. Inert unless armed (`--unsafe-faults`).
 */
import { invalidInput } from '../proto/errors.js';
import type { HitCrashPoint, Log } from './types.js';

export interface CrashPlan {
  readonly name: string;
  /** 1 = the first passage. */
  readonly nth: number;
}

/** InvalidInput when it isn't `name[:nth][,name[:nth]…]`. */
export function parseCrashPlans(text: string): readonly CrashPlan[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([a-zA-Z][\w.-]*)(?::([1-9]\d{0,6}))?$/.exec(part.trim());
      if (match === null) {
        throw invalidInput(`CRASH_AT[${part}] is not of the form name:nth`, 'CRASH_AT');
      }
      return { name: match[1] ?? '', nth: Number(match[2] ?? '1') };
    });
}

export interface CrashPointOptions {
  /** The value of CRASH_AT. */
  readonly plans: string | undefined;
  /** `--unsafe-faults` was given. */
  readonly armed: boolean;
  readonly log: Log;
  /** Default: SIGKILL to this process. */
  readonly kill?: (name: string) => void;
}

export function createCrashPoints(options: CrashPointOptions): HitCrashPoint {
  const { plans, armed, log, kill = killThisProcess } = options;
  if (!armed) {
    if (plans) log.warn('CRASH_AT is ignored without --unsafe-faults');
    return () => undefined;
  }
  const left = parseCrashPlans(plans ?? '').map((plan) => ({ ...plan, passages: 0 }));
  log.warn('fault injection is armed: this process may kill itself', { crashAt: plans ?? '' });
  return (name) => {
    for (const plan of left) {
      if (plan.name !== name) continue;
      plan.passages += 1;
      if (plan.passages === plan.nth) {
        log.error('crash point reached', { name, nth: plan.nth });
        kill(name);
      }
    }
  };
}

function killThisProcess(): void {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment to arrive; nothing after the crash point may run.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
