/**
 * What data code (segment/, query/, ingest/) is handed as arguments. runtime's own objects fit these
 * structurally; data code never imports the runtime.
 */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonic(): number;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** File access as data code sees it; tests and fault shims stand in for the real one. Paths are absolute. */
export interface Files {
  readSync(path: string, into: Uint8Array, position: number): number;
  sizeSync(path: string): number;
}

/** A named point where tests may crash the process; inert in production. */
export type HitCrashPoint = (name: string) => void;
