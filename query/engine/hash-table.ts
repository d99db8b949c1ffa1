/** Open addressing from 64-bit keys to numbers 0, 1, 2 … in order of first sight; grows by doubling. */
import type { Environment } from './environment.js';

const capacityMin = 1 << 12;

export class HashTable {
  readonly #environment: Environment;
  #capacity = 0;
  #table = 0;
  #list = 0;
  #count = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  get count(): number {
    return this.#count;
  }

  /** Address of the keys by number (u64). */
  get list(): number {
    return this.#list;
  }

  /** Numbers of `n` keys (u64 at `keys`) into u32 at `out`. */
  number(keys: number, n: number, out: number): void {
    this.#room(n);
    const { kernels } = this.#environment;
    this.#count =
      kernels.hashNumber(keys, n, this.#table, this.#capacity, this.#list, this.#count, out) >>> 0;
  }

  clear(): void {
    this.#count = 0;
    if (this.#capacity > 0) this.#environment.kernels.hashRebuild(this.#table, this.#capacity, this.#list, 0);
  }

  /** At most half full after `more` new keys. */
  #room(more: number): void {
    const { kernels, scratch } = this.#environment;
    if ((this.#count + more) * 2 <= this.#capacity) return;
    let capacity = Math.max(capacityMin, this.#capacity);
    while ((this.#count + more) * 2 > capacity) capacity *= 2;
    const list = scratch.take(capacity * 4);
    if (this.#count > 0) {
      scratch.arena.bytes(list, this.#count * 8).set(scratch.arena.bytes(this.#list, this.#count * 8));
    }
    if (this.#capacity > 0) {
      scratch.give(this.#list);
      scratch.give(this.#table);
    }
    this.#list = list;
    this.#table = scratch.take(capacity * 16);
    this.#capacity = capacity;
    kernels.hashRebuild(this.#table, capacity, list, this.#count);
  }
}
