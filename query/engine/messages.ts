/** What the pool and its worker threads say to each other. Plain data; frames move by transfer. */
import type { ArenaHandle } from '../../segment/kernels/arena.js';
import type { WasmModule } from '../../segment/kernels/wasm.js';
import type { ResidencyHandle } from '../../segment/read/residency-table.js';
import type { ErrorInfoShape } from '../../proto/errors.js';
import type { ScanOutcome, ScanTask } from './execute.js';

/** Everything a worker thread starts with. */
export interface WorkerStart {
  readonly kernelsModule: WasmModule;
  readonly arenaHandle: ArenaHandle;
  readonly residencyHandle: ResidencyHandle;
  /** Int32 per running query or job: see `flags` in execute.ts. */
  readonly flags: SharedArrayBuffer;
  readonly scratchBytes: number;
  /** The thread's number in column memory: see Arena.owner. */
  readonly owner: number;
  /** Int32: urgent messages that the thread has not taken yet. */
  readonly urgent: SharedArrayBuffer;
  /** Int32, of all threads: not 0 while work waits for one that has nothing to do. */
  readonly waiting: SharedArrayBuffer;
}

export type ToWorker =
  | {
      readonly kind: 'scan';
      readonly id: number;
      readonly flag: number;
      readonly task: ScanTask;
      /** Work that does not wait for the end of what the thread is doing. */
      readonly isUrgent?: boolean;
    }
  | {
      readonly kind: 'job';
      readonly id: number;
      readonly flag: number;
      readonly name: string;
      readonly input: unknown;
      /** Parts of the output may come before its end. */
      readonly inPieces: boolean;
      readonly isUrgent?: boolean;
    }
  /** A job that rests after a piece goes on, under the id it began with. */
  | { readonly kind: 'resume'; readonly id: number; readonly isUrgent?: boolean }
  /** … or never does. */
  | { readonly kind: 'drop'; readonly id: number };

export type FromWorker =
  /** It has started. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'scanned'; readonly id: number; readonly outcome: ScanOutcome }
  /** Of a job that rests until it is resumed. */
  | { readonly kind: 'piece'; readonly id: number; readonly piece: unknown }
  | { readonly kind: 'done'; readonly id: number; readonly output: unknown }
  /** `stack`: of what nobody foresaw. */
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly error: ErrorInfoShape;
      readonly stack?: string;
    };
