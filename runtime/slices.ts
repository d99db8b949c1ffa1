/** Long work on an event loop that others share: done in short pieces, with a turn for everybody else in between. */
import { eventLoopTurn } from './clock.js';
import type { Clock } from './types.js';

const sliceMsDefault = 8;

/** Runs the steps to their end. A step must be short: the time is looked at after each. */
export async function inSlices<T>(
  steps: Generator<void, T>,
  clock: Pick<Clock, 'monotonic'>,
  sliceMs = sliceMsDefault,
): Promise<T> {
  let since = clock.monotonic();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (clock.monotonic() - since < sliceMs) continue;
    await eventLoopTurn();
    since = clock.monotonic();
  }
}

/** The same at once. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
