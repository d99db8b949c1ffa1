/** Streams in flight to each data node, as this broker counts them. */
import type { NodeInfo } from '../../runtime/types.js';

export class LoadBook {
  readonly #inFlight = new Map<string, number>();

  of(node: string): number {
    return this.#inFlight.get(node) ?? 0;
  }
  add(node: string, change: 1 | -1): void {
    const next = this.of(node) + change;
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
