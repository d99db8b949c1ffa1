/** One thing to read rows from, e.g. a file. */
export interface InputEntity {
  /** For logs and errors. */
  readonly name: string;
  /** The bytes, unpacked, in pieces; ends early (with Canceled) when the signal is aborted. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}
