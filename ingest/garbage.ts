/**
 * Gives back what this thread has let go of, where the process was started with --expose-gc (task processes are).
 * Column chunks and pieces of input lie outside V8's heap, so that an idle thread may hold hundreds of MiB of them long
 * after their last use. Takes some tens of milliseconds.
 */
export function collectGarbage(): void {
  globalThis.gc?.();
}
