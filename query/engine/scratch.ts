/**
 * Working memory of one task in the arena. Everything taken is given back by `close`, whatever happened before.
 * `budgetBytes` is where grouping starts to flush its groups; single takes may pass it, up to what the arena has.
 */
import type { Arena } from '../../segment/kernels/arena.js';

export class Scratch {
  readonly arena: Arena;
  readonly budgetBytes: number;
  readonly #sizes = new Map<number, number>();
  #usedBytes = 0;

  constructor(arena: Arena, budgetBytes: number) {
    this.arena = arena;
    this.budgetBytes = budgetBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get overBudget(): boolean {
    return this.#usedBytes > this.budgetBytes;
  }

  /** Contents are undefined; at least 64 readable and writable bytes follow. */
  take(bytes: number): number {
    const pointer = this.arena.alloc(bytes);
    this.#sizes.set(pointer, bytes);
    this.#usedBytes += bytes;
    return pointer;
  }

  takeZeroed(bytes: number): number {
    const pointer = this.take(bytes);
    this.arena.bytes(pointer, bytes).fill(0);
    return pointer;
  }

  give(pointer: number): void {
    const bytes = this.#sizes.get(pointer);
    if (bytes === undefined) return;
    this.#sizes.delete(pointer);
    this.#usedBytes -= bytes;
    this.arena.free(pointer);
  }

  close(): void {
    for (const pointer of this.#sizes.keys()) this.arena.free(pointer);
    this.#sizes.clear();
    this.#usedBytes = 0;
  }
}
