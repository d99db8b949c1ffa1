/**
 * The way messages take between simulated processes. The real network needs none of this.
 */
import type { Clock } from './types.js';

export interface Network {
  /** After how many ms each copy of a message arrives; none = lost; 0 = at once. */
  route(from: string, to: string): readonly number[];
}

/** Everything arrives at once, once, in order. */
export const perfectNetwork: Network = { route: () => [0] };

/** A process as the network sees it; what arrives runs on its own clock (so a paused process gets it later). */
export interface Place {
  readonly name: string;
  readonly clock: Clock;
}

/** Carries out `arrive` at `to`, once per copy that gets through. */
export function carry(network: Network, from: string, to: Place, arrive: () => void): void {
  for (const delayMs of network.route(from, to.name)) deliver(to, delayMs, arrive);
}

/** As `carry`, for what travels on a connection that sends nothing twice: the first copy at most. */
export function carryOnce(network: Network, from: string, to: Place, arrive: () => void): void {
  const [delayMs] = network.route(from, to.name);
  if (delayMs !== undefined) deliver(to, delayMs, arrive);
}

/** How long a connection tries to get a message through before its ends notice that it is broken. */
const RESEND_MS = 300;
const RESENDS_MAX = 4;

/**
 * For connections, which send again what is lost: late rather than never, and `broken` when nothing gets through for
 * seconds. The sender waits by its own clock.
 */
export function carrySurely(
  network: Network,
  from: Place,
  to: Place,
  handlers: { readonly arrive: () => void; readonly broken: () => void },
  resends = 0,
): void {
  const [delayMs] = network.route(from.name, to.name);
  if (delayMs !== undefined) {
    deliver(to, delayMs, handlers.arrive);
    return;
  }
  const again = (): void => {
    if (resends >= RESENDS_MAX) handlers.broken();
    else carrySurely(network, from, to, handlers, resends + 1);
  };
  from.clock.setTimer(RESEND_MS * 2 ** resends, again, true);
}

function deliver(to: Place, delayMs: number, arrive: () => void): void {
  if (delayMs === 0) queueMicrotask(arrive);
  else to.clock.setTimer(delayMs, arrive, true);
}
