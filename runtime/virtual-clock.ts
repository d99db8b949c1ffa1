/**
 * Time that stands still until it is told to go on. For unit tests and simulations.
 */
import { CodedError } from '../proto/errors.js';
import { eventLoopTurn } from './clock.js';
import type { Clock, Timer } from './types.js';

export interface VirtualClock extends Clock {
  /**
   * Runs every timer due within the next `ms`, in order of their time, each after all promises before it have
   * settled; then it is `ms` later.
   */
  advance(ms: number): Promise<void>;
  /** Advances until `done`, at most `msMax`; false when it never was. */
  advanceUntil(done: () => boolean, msMax: number): Promise<boolean>;
  /** Moves the wall clock only (a clock jump); monotonic time goes on as before. */
  jump(ms: number): void;
  /** Timers not yet run. */
  readonly pending: number;
}

export interface VirtualClockOptions {
  /** Epoch milliseconds at the start. Default 2026-01-01. */
  readonly startMs?: number;
  /** Order of timers due at the same moment: smaller first. Default: the order they were set in. */
  readonly tieBreak?: () => number;
  /** Called before each timer runs. */
  readonly onTimer?: (monotonicMs: number) => void;
}

interface Entry {
  readonly at: number;
  readonly tie: number;
  readonly order: number;
  readonly action: () => void;
}

export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  let wall = options.startMs ?? Date.UTC(2026, 0, 1);
  let elapsed = 0;
  let order = 0;
  const heap: Entry[] = [];
  const cancelled = new Set<Entry>();

  const setTimer = (delayMs: number, action: () => void): Timer => {
    const delay = Number.isFinite(delayMs) && delayMs > 0 ? delayMs : 0;
    const entry: Entry = {
      at: elapsed + delay,
      tie: options.tieBreak?.() ?? 0,
      order: order++,
      action: () => {
        done = true;
        action();
      },
    };
    let done = false;
    push(heap, entry);
    return {
      cancel: () => {
        if (!done) cancelled.add(entry);
        done = true;
      },
    };
  };
  const goTo = (at: number): void => {
    if (at < elapsed) throw new CodedError('Bug', 'virtual time does not go back');
    wall += at - elapsed;
    elapsed = at;
  };
  const dropCancelled = (): void => {
    for (let top = heap[0]; top !== undefined && cancelled.delete(top); top = heap[0]) pop(heap);
  };
  const step = async (until: number): Promise<boolean> => {
    await eventLoopTurn();
    dropCancelled();
    const next = heap[0];
    if (next === undefined || next.at > until) return false;
    pop(heap);
    goTo(Math.max(next.at, elapsed));
    options.onTimer?.(elapsed);
    next.action();
    return true;
  };
  const advanceUntil = async (done: () => boolean, msMax: number): Promise<boolean> => {
    if (!(msMax >= 0)) throw new CodedError('Bug', 'virtual time does not go back');
    const until = elapsed + msMax;
    while (await step(until)) {
      if (done()) return true;
    }
    if (done()) return true;
    goTo(until);
    await eventLoopTurn();
    return done();
  };

  return {
    now: () => Math.floor(wall),
    monotonic: () => elapsed,
    setTimer,
    advance: async (ms) => {
      await advanceUntil(() => false, ms);
    },
    advanceUntil,
    jump: (ms) => {
      wall += ms;
    },
    get pending() {
      return heap.length - cancelled.size;
    },
  };
}

/**
 * For tests whose files are real while time is not: nothing is asked of the disk any more, however long that took.
 * What an answer leads to is asked for before the loop's next turn.
 */
export async function filesAreDone(): Promise<void> {
  const isAsked = (): boolean =>
    process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq') || kind === 'CloseReq');
  do await eventLoopTurn();
  while (isAsked());
}

function before(a: Entry, b: Entry): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.tie !== b.tie ? a.tie < b.tie : a.order < b.order;
}

/** A binary heap with the earliest entry at index 0. */
function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up] as Entry;
    if (!before(entry, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
    if (!before(heap[child] as Entry, last)) break;
    heap[at] = heap[child] as Entry;
    at = child;
  }
  heap[at] = last;
}
