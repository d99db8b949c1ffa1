/**
 * The pool's interface without threads: tasks run on the caller's thread, one between two awaits. For tests, and for
 * processes whose segments can't be opened on other threads.
 */
import type { Clock } from '../../segment/ports.js';
import { checkFlag, createExecutor, executeTask, flags, type ExecutorOptions } from './execute.js';
import { freeGroupTable } from './group-slices.js';
import { runJob } from './jobs.js';
import type { Pool, RunOptions, SegmentsPart } from './pool-api.js';
import { planTasks, RunningQuery } from './running.js';

export interface InlinePoolOptions extends ExecutorOptions {
  readonly clock: Clock;
}

export function createInlinePool(options: InlinePoolOptions): Pool {
  const executor = createExecutor(options);
  const { clock } = options;

  const checker = ({ signal, deadlineMs }: RunOptions): (() => void) => {
    const end = deadlineMs === undefined ? Infinity : clock.monotonic() + deadlineMs;
    return () => {
      if (signal?.aborted === true) checkFlag(flags.canceled);
      if (clock.monotonic() >= end) checkFlag(flags.expired);
    };
  };

  return {
    threads: 1,
    async *scanSegments(query, refs, runOptions = {}): AsyncIterable<SegmentsPart> {
      const check = checker(runOptions);
      const running = new RunningQuery(query, planTasks(query, refs, 1, runOptions.bySegment), 1, (table) =>
        freeGroupTable(options.kernels.arena, table),
      );
      for (;;) {
        check();
        const task = running.take();
        if (task !== undefined) running.finished(task, executeTask(executor, task, check));
        const part = await running.next();
        if (part === undefined) return;
        yield part;
      }
    },
    async run(name, input, _transfer, runOptions = {}) {
      const check = checker(runOptions);
      check();
      const { output } = await runJob(name, input, check, runOptions.onPiece);
      return output;
    },
    async close() {
      await Promise.resolve();
    },
  };
}
