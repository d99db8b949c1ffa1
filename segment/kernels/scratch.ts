/** Kernels over a memory of this thread's own, for work that begins and ends in one call. */
import { createArena } from './arena.js';
import { compileKernels, instantiateKernels, type Kernels } from './load.js';
import type { WasmModule } from './wasm.js';

const ARENA_BYTES_MAX = 65536 * 65536;
/** A memory that has grown beyond this is let go of. */
const KEPT_BYTES_MAX = 16 << 20;

let module: WasmModule | undefined;
let kept: Kernels | undefined;

/** Calls `work`, which gives back all that it takes of the arena, also when it throws. */
export function withScratch<T>(work: (kernels: Kernels) => T): T {
  module ??= compileKernels();
  const kernels = kept ?? instantiateKernels(module, createArena({ maximumBytes: ARENA_BYTES_MAX }));
  kept = undefined;
  try {
    return work(kernels);
  } finally {
    if (kernels.arena.committedBytes <= KEPT_BYTES_MAX && kernels.arena.usedBytes === 0) kept = kernels;
  }
}
