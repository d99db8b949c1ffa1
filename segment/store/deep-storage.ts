/** Deep storage: where published segments live for good. Implementations: local-storage.ts. */
import type { DataSegment, LoadSpec } from '../timeline/data-segment.js';

export interface PushOptions {
  /** Aborting leaves nothing visible at the final place. */
  readonly signal?: AbortSignal;
}

export interface DeepStorage {
  /**
   * Copies the files of `dir` (a segment directory, flat) to the place its id gives and makes them durable before
   * they can be seen; an older copy of the same id is replaced as a whole. Answers the record with `loadSpec` and
   * `size` (bytes, uncompressed) filled in. Errors: StorageFailure, Canceled.
   */
  push(dir: string, segment: DataSegment, options?: PushOptions): Promise<DataSegment>;

  /**
   * Fills `targetDir` (must not exist) with the segment's files: first a temporary folder beside it, checked and
   * flushed, then renamed (a crash may leave `targetDir.part-…` behind, which its owner removes at start). Answers
   * the sum of the file sizes, bytes; `expectedSize` > 0 that differs is StorageFailure.
   * Errors: StorageFailure (missing, truncated), CorruptSegment (bad zip), LimitExceeded, Unsupported (load spec type).
   */
  pull(
    loadSpec: LoadSpec,
    targetDir: string,
    options?: PushOptions & { readonly expectedSize?: number },
  ): Promise<number>;

  /** Removes the files; nothing there is no error. Errors: StorageFailure, Unsupported. */
  kill(loadSpec: LoadSpec): Promise<void>;
}
