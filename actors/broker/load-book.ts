/** Streams in flight to each data node, as this broker counts them. */
import type { NodeInfo } from '../../runtime/types.js';

/** A node that failed or went silent is asked last for this long; the only holder is asked all the same. */
const avoidMs = 10_000;
const avoidLoad = 1_000;

export class LoadBook {
  readonly #inFlight = new Map<string, number>();
  readonly #failedAt = new Map<string, number>();

  of(node: string, nowMs: number): number {
    const failedAt = this.#failedAt.get(node);
    const isAvoided = failedAt !== undefined && nowMs - failedAt < avoidMs;
    if (failedAt !== undefined && !isAvoided) this.#failedAt.delete(node);
    return (this.#inFlight.get(node) ?? 0) + (isAvoided ? avoidLoad : 0);
  }
  /** Monotonic ms. */
  failed(node: string, nowMs: number): void {
    this.#failedAt.set(node, nowMs);
  }
  add(node: string, change: 1 | -1): void {
    const next = (this.#inFlight.get(node) ?? 0) + change;
    if (next <= 0) this.#inFlight.delete(node);
    else this.#inFlight.set(node, next);
  }
}

/** What a data node says about itself; half weight, because my own queries are in it. */
export function roleLoad(info: NodeInfo): number {
  let load = 0;
  for (const role of info.roles) if (role.role === 'historical' || role.role === 'peon') load += role.load;
  return load / 2;
}
