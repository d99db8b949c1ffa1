/** Entry of a worker thread: runs tasks one after the other until its port closes. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { CodedError, stackOf, toErrorInfo } from '../../proto/errors.js';
import { attachArena } from '../../segment/kernels/arena.js';
import { instantiateKernels } from '../../segment/kernels/load.js';
import { attachResidency } from '../../segment/read/residency.js';
import { SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import { checkFlag, createExecutor, executeTask, movedBuffers } from './execute.js';
import { isSteps, startJob, type JobOutput, type JobSteps } from './jobs.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';

/** One work may interrupt another, no third the second: memory is that of so many. */
const depthMax = 2;

function serve(port: NonNullable<typeof parentPort>, start: WorkerStart): void {
  const arena = attachArena(start.arenaHandle, start.owner);
  const kernels = instantiateKernels(start.kernelsModule, arena);
  const reader = new SegmentReader({ kernels, residency: attachResidency(start.residencyHandle, arena) });
  const executor = createExecutor({
    kernels,
    open: (handle, token) => reader.openView(handle as SegmentHandle, token),
    scratchBytes: start.scratchBytes,
  });
  const flagTable = new Int32Array(start.flags);
  const urgent = new Int32Array(start.urgent);
  /** Works inside each other. */
  let depth = 0;

  const resting = new Map<number, JobSteps>();
  const done = (id: number, { output, transfer }: JobOutput): void => {
    const reply: FromWorker = { kind: 'done', id, output };
    port.postMessage(reply, [...transfer]);
  };
  const advance = (id: number, steps: JobSteps): void => {
    resting.delete(id);
    const next = steps.next();
    if (next.done === true) {
      done(id, next.value);
      return;
    }
    resting.set(id, steps);
    const reply: FromWorker = { kind: 'piece', id, piece: next.value.piece };
    port.postMessage(reply, [...next.value.transfer]);
  };

  /** Between two batches: what is urgent is done first, unless that was what this was itself. */
  const takeUrgent = (): void => {
    while (depth < depthMax && Atomics.load(urgent, 0) > 0) {
      const received = receiveMessageOnPort(port) as { readonly message: ToWorker } | undefined;
      if (received === undefined) return;
      void answer(received.message);
    }
  };

  const answer = async (message: ToWorker): Promise<void> => {
    if ('isUrgent' in message && message.isUrgent === true) Atomics.sub(urgent, 0, 1);
    if (message.kind === 'drop') {
      // It may hold files open.
      resting.get(message.id)?.return({ output: undefined, transfer: [] });
      resting.delete(message.id);
      return;
    }
    depth++;
    try {
      if (message.kind === 'resume') {
        const steps = resting.get(message.id);
        if (steps === undefined) throw new CodedError('Bug', 'no job rests under this number');
        advance(message.id, steps);
        return;
      }
      const { flag } = message;
      const check = (): void => checkFlag(Atomics.load(flagTable, flag));
      const pause = (): void => {
        takeUrgent();
        check();
      };
      check();
      if (message.kind === 'scan') {
        const outcome = executeTask(executor, message.task, check, pause);
        const reply: FromWorker = { kind: 'scanned', id: message.id, outcome };
        port.postMessage(reply, movedBuffers(outcome.frames));
        return;
      }
      const started = startJob(message.name, message.input, { check, pause, inPieces: message.inPieces });
      if (isSteps(started)) advance(message.id, started);
      else if (!(started instanceof Promise)) done(message.id, started);
      else {
        // Others' turn while it waits.
        depth--;
        try {
          done(message.id, await started);
        } finally {
          depth++;
        }
      }
    } catch (thrown) {
      const failed = { kind: 'failed', id: message.id, error: toErrorInfo(thrown) } as const;
      const stack = stackOf(thrown);
      const reply: FromWorker = stack === undefined ? failed : { ...failed, stack };
      port.postMessage(reply);
    } finally {
      depth--;
    }
  };
  port.on('message', (message: ToWorker) => void answer(message));
}

if (parentPort !== null) serve(parentPort, workerData as WorkerStart);
