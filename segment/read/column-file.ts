/** A pinned internal file in the arena, and the scratch buffers of one thread. */
import { corrupt, Cursor, type ByteSource, type Place } from '../format/bytes.js';
import type { Extent, OpenInternal } from '../format/indexed.js';
import type { Kernels } from '../kernels/load.js';
import type { Residency } from './residency.js';
import type { CodedError } from '../../proto/errors.js';

/** Scratch buffers are of this size, plus the arena's slack. */
export const scratchBytes = 65536 + 64;

/** Reusable buffers of one thread. */
export class Scratch {
  readonly #kernels: Kernels;
  readonly #free: number[] = [];

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  take(): number {
    return this.#free.pop() ?? this.#kernels.arena.alloc(scratchBytes);
  }

  give(pointer: number): void {
    this.#free.push(pointer);
  }

  /** Frees what is not in use. */
  close(): void {
    for (const pointer of this.#free) this.#kernels.arena.free(pointer);
    this.#free.length = 0;
  }
}

/** One column's main file as its readers see it. Offsets count from the file's start. */
export interface ColumnFile {
  readonly place: Place;
  readonly length: number;
  readonly slot: number;
  readonly isHot: boolean;
  readonly bytes: ByteSource;
  /**
   * Address of `length` bytes from `start` on, which must lie inside the file. Good until this thread's next call, of
   * whatever file: one that is not in memory as a whole is read into one buffer.
   */
  at(start: number, length: number): number;
}

/** What decoders need: kernels, residency, scratch, and the other files of the segment. */
export interface ReadContext {
  readonly kernels: Kernels;
  readonly residency: Residency;
  readonly scratch: Scratch;
  readonly rowCount: number;
  /** Pins an internal file until the view closes; CorruptSegment when there is none. */
  open(name: string): ColumnFile;
  /** Undefined when there is no such internal file. */
  find(name: string): ColumnFile | undefined;
  /** Called when the view closes. */
  onClose(action: () => void): void;
}

export function cursorOf(file: ColumnFile): Cursor {
  return new Cursor(file.bytes, file.place);
}

export function opener(context: ReadContext): OpenInternal {
  return (name) => context.open(name).bytes;
}

/** The file that holds an entry's bytes; `file` holds the list. */
export function holderOf(context: ReadContext, file: ColumnFile, extent: Extent): ColumnFile {
  return extent.file === undefined ? file : context.open(extent.file);
}

export function corruptIn(file: ColumnFile, offset: number, what: string): CodedError {
  return corrupt(file.place, offset, what);
}
