/**
 * Time and chance. The only file that touches the machine's clock, timers and random source; everything else is
 * handed a Clock and a Random, so that a whole cluster can run on virtual time (simulation.ts).
 */
import { randomBytes } from 'node:crypto';
import type { Clock, Random, Timer } from './types.js';

/** Node treats longer delays as 1 ms; such a timer is split. */
const TIMER_MAX_MS = 2_147_483_647;

/** The machine's clock. A delay ≤ 0 runs in the next turn of the event loop (not after a millisecond). */
export function systemClock(): Clock {
  return { now: () => Date.now(), monotonic: () => performance.now(), setTimer: setSystemTimer };
}

function setSystemTimer(delayMs: number, action: () => void, keepAlive = false): Timer {
  if (!(delayMs > 0)) {
    const handle = setImmediate(action);
    if (!keepAlive) handle.unref();
    return { cancel: () => clearImmediate(handle) };
  }
  if (delayMs > TIMER_MAX_MS) {
    let inner = setSystemTimer(
      TIMER_MAX_MS,
      () => {
        inner = setSystemTimer(delayMs - TIMER_MAX_MS, action, keepAlive);
      },
      keepAlive,
    );
    return { cancel: () => inner.cancel() };
  }
  const handle = setTimeout(action, delayMs);
  if (!keepAlive) handle.unref();
  return { cancel: () => clearTimeout(handle) };
}

/** Bytes asked of the operating system at a time: each request of its own takes longer than making an id. */
const randomPoolBytes = 4_096;

/** Unpredictable numbers from the operating system. */
export function systemRandom(): Random {
  let pool = Buffer.alloc(0);
  let at = 0;
  /** Good until the next call. */
  const take = (bytes: number): Buffer => {
    if (bytes > randomPoolBytes) return randomBytes(bytes);
    if (at + bytes > pool.length) {
      pool = randomBytes(randomPoolBytes);
      at = 0;
    }
    const taken = pool.subarray(at, at + bytes);
    at += bytes;
    return taken;
  };
  return {
    next: () => take(6).readUIntBE(0, 6) / 2 ** 48,
    hex: (bytes) => take(bytes).toString('hex'),
  };
}

/** The same seed gives the same numbers for ever (splitmix32). For simulations; never for tokens. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return {
    next: () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53,
    hex: (bytes) => {
      let text = '';
      for (let i = 0; i < bytes; i++) text += (word() >>> 24).toString(16).padStart(2, '0');
      return text;
    },
  };
}

/** Resolves after everything already queued as microtasks has run: one real turn of the event loop. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
