/** One thing to read rows from, e.g. a file. */
import type { Wanted } from '../formats/format.js';
import type { InputRow } from '../formats/row-reader.js';

export interface InputEntity {
  /** For logs and errors. */
  readonly name: string;
  /** Bytes as stored (packed ones count packed), for splitting; undefined: not known. */
  readonly sizeBytes?: number;
  /** Values of `__file_uri`, `__file_bucket` and `__file_path`, as far as they were asked for. */
  readonly systemFields?: Readonly<Record<string, string | null>>;
  /** The JSON of an input source that reads just this entity, for sub-tasks. */
  readonly alone: Readonly<Record<string, unknown>>;
  /** The bytes, unpacked, in pieces; ends early (with Canceled) when the signal is aborted. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Sources that read segments hand over rows instead of bytes; `open` is not called then. */
  rows?(wanted: Wanted, signal: AbortSignal): AsyncIterable<readonly InputRow[]>;
}
