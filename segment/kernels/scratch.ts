/** Kernels over a memory of this thread's own, for work that begins and ends in one call. */
import { createArena } from './arena.js';
import { compileKernels, instantiateKernels, type Kernels } from './load.js';
import type { WasmModule } from './wasm.js';

const ARENA_BYTES_MAX = 65536 * 65536;
/** A memory that has grown beyond this is let go of. */
const KEPT_BYTES_MAX = 16 << 20;

let module: WasmModule | undefined;
let kept: Kernels | undefined;

/** Takes memory until the work is done. */
export type Alloc = (bytes: number) => number;

/** Calls `work`; what it takes with `alloc` is given back when it ends. */
export function withScratch<T>(work: (kernels: Kernels, alloc: Alloc) => T): T {
  module ??= compileKernels();
  const kernels = kept ?? instantiateKernels(module, createArena({ maximumBytes: ARENA_BYTES_MAX }));
  // Work that begins inside of work finds a memory of its own.
  kept = undefined;
  const { arena } = kernels;
  const taken: number[] = [];
  try {
    return work(kernels, (bytes) => {
      const pointer = arena.alloc(bytes);
      taken.push(pointer);
      return pointer;
    });
  } finally {
    for (const pointer of taken) arena.free(pointer);
    if (arena.committedBytes <= KEPT_BYTES_MAX) kept = kernels;
  }
}
