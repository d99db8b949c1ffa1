/** Task processes that died in the middle of a push leave its files in deep storage; they are removed when they are old. */
import { pause } from '../../runtime/deadline.js';
import type { Clock, Log } from '../../runtime/types.js';
import type { LocalStorage } from '../../segment/store/local-storage.js';

/** No push takes as long; a task that outlived this process may be in the middle of one. */
const ageMs = 24 * 3_600_000;
const periodMs = 6 * 3_600_000;

/** At once and every six hours until aborted; a failure is logged and tried again. */
export async function sweepStorage(deps: {
  readonly storage: Pick<LocalStorage, 'sweep'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { storage, clock, log, signal } = deps;
  while (!signal.aborted) {
    try {
      const removed = await storage.sweep(clock.now(), ageMs);
      if (removed > 0) log.info('abandoned pushes were removed from deep storage', { removed });
    } catch (thrown) {
      log.warn('abandoned pushes could not be removed', { reason: String(thrown) });
    }
    await pause(clock, periodMs, signal);
  }
}
