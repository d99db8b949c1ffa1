import v8 from 'node:v8';
import vm from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Gives back what this thread has let go of. Column chunks and pieces of input lie outside V8's heap, so that an idle
 * thread may hold hundreds of MiB of them long after their last use. Takes some tens of milliseconds.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('gc') as () => void;
  }
  collect();
}
