/**
 * Working memory of one task in the arena. Everything taken is given back by `close`, whatever happened before.
 * `budgetBytes` is where grouping starts to flush its groups; single takes may pass it, up to what the arena has.
 */
import type { Arena } from '../../segment/kernels/arena.js';
import type { QueryKernels } from '../kernels/exports.js';

export class Scratch {
  readonly arena: Arena;
  readonly budgetBytes: number;
  readonly #kernels: Pick<QueryKernels, 'clearBytes'>;
  readonly #taken = new Set<number>();

  constructor(arena: Arena, budgetBytes: number, kernels: Pick<QueryKernels, 'clearBytes'>) {
    this.#kernels = kernels;
    this.arena = arena;
    this.budgetBytes = budgetBytes;
  }

  /** Contents are undefined; at least 64 readable and writable bytes follow. */
  take(bytes: number): number {
    const pointer = this.arena.alloc(bytes);
    this.#taken.add(pointer);
    return pointer;
  }

  takeZeroed(bytes: number): number {
    const pointer = this.take(bytes);
    this.#kernels.clearBytes(pointer, bytes);
    return pointer;
  }

  give(pointer: number): void {
    if (this.#taken.delete(pointer)) this.arena.free(pointer);
  }

  /** It is kept beyond this task: whoever is told of it shares it, as until then it goes with this thread. */
  handOver(pointer: number): void {
    this.#taken.delete(pointer);
  }

  close(): void {
    for (const pointer of this.#taken) this.arena.free(pointer);
    this.#taken.clear();
  }
}
