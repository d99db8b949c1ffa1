/**
 * The lookups of this process, ready to be used: filled by the lookups actor, read by whoever parses queries. Survives
 * the actor's restarts.
 */
import type { LookupTable } from '../../query/lookup/table.js';

export interface HeldLookup {
  readonly name: string;
  readonly version: string;
  /** Changes whenever the specification does. */
  readonly digest: string;
  readonly type: string;
  readonly factoryJson: string;
}
export interface LoadedLookup extends HeldLookup {
  readonly table: LookupTable;
}

export class LookupStore {
  readonly #loaded = new Map<string, LoadedLookup>();

  /** For those who parse queries. */
  readonly find = (name: string): LookupTable | undefined => this.#loaded.get(name)?.table;

  get(name: string): LoadedLookup | undefined {
    return this.#loaded.get(name);
  }
  all(): readonly LoadedLookup[] {
    return [...this.#loaded.values()];
  }
  put(lookup: LoadedLookup): void {
    this.#loaded.set(lookup.name, lookup);
  }
  drop(name: string): void {
    this.#loaded.delete(name);
  }
}
