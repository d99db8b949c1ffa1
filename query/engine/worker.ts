/** Entry of a worker thread: runs tasks one after the other until its port closes. */
import { parentPort, workerData } from 'node:worker_threads';
import { toErrorInfo } from '../../proto/errors.js';
import { attachArena } from '../../segment/kernels/arena.js';
import { instantiateKernels } from '../../segment/kernels/load.js';
import { attachResidency } from '../../segment/read/residency.js';
import { SegmentReader, type SegmentHandle } from '../../segment/read/segment.js';
import { checkFlag, createExecutor, executeTask, frameBuffers } from './execute.js';
import { runJob } from './jobs.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';

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

  const answer = async (message: ToWorker): Promise<void> => {
    const check = (): void => checkFlag(Atomics.load(flagTable, message.flag));
    try {
      check();
      if (message.kind === 'scan') {
        const outcome = executeTask(executor, message.task, check);
        const reply: FromWorker = { kind: 'scanned', id: message.id, outcome };
        port.postMessage(reply, outcome.frames.flatMap(frameBuffers));
        return;
      }
      const { output, transfer } = await runJob(message.name, message.input, {
        check,
        emit: message.inPieces
          ? (piece, moved) => {
              const reply: FromWorker = { kind: 'piece', id: message.id, piece };
              port.postMessage(reply, [...moved]);
            }
          : undefined,
      });
      const reply: FromWorker = { kind: 'done', id: message.id, output };
      port.postMessage(reply, [...transfer]);
    } catch (thrown) {
      const reply: FromWorker = { kind: 'failed', id: message.id, error: toErrorInfo(thrown) };
      port.postMessage(reply);
    }
  };
  port.on('message', (message: ToWorker) => void answer(message));
}

if (parentPort !== null) serve(parentPort, workerData as WorkerStart);
