/**
 * The one error table. A code is part of the protocol: it crosses process borders in `ErrorInfo`, and the
 * doors turn it into Druid's envelope. Messages are sentences with `noun[value]`, never row data or secrets.
 */

/** Druid's error categories as they stand in the envelope. */
export type ErrorCategory =
  | 'INVALID_INPUT'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'CAPACITY_EXCEEDED'
  | 'CANCELED'
  | 'TIMEOUT'
  | 'UNSUPPORTED'
  | 'RUNTIME_FAILURE'
  | 'DEFENSIVE';

export interface ErrorSpec {
  readonly http: number;
  /** grpc-js status number. */
  readonly grpc: number;
  readonly category: ErrorCategory;
  readonly persona: 'USER' | 'ADMIN' | 'OPERATOR' | 'DEVELOPER';
  /** May the same request be sent again, unchanged, with a chance of success? */
  readonly retryable: boolean;
  /** Druid's own `errorCode` in the envelope. */
  readonly druidCode: string;
}

const spec = (
  http: number,
  grpc: number,
  category: ErrorCategory,
  persona: ErrorSpec['persona'],
  retryable: boolean,
  druidCode = 'general',
): ErrorSpec => ({ http, grpc, category, persona, retryable, druidCode });

export const errorTable = {
  /** A request that can't be understood or is not allowed by its own rules; the message names the field. */
  InvalidInput: spec(400, 3, 'INVALID_INPUT', 'USER', false, 'invalidInput'),
  Unauthorized: spec(401, 16, 'UNAUTHORIZED', 'USER', false),
  Forbidden: spec(403, 7, 'FORBIDDEN', 'USER', false),
  NotFound: spec(404, 5, 'NOT_FOUND', 'USER', false),
  /** Something else holds or changed what this needs (locks, versions, compare-and-swap). */
  Conflict: spec(409, 10, 'CONFLICT', 'USER', true),
  /** A command or transaction of a leader that is no longer the newest. */
  StaleEpoch: spec(409, 9, 'CONFLICT', 'OPERATOR', false),
  /** A command or query of another installation. */
  WrongCluster: spec(409, 9, 'CONFLICT', 'OPERATOR', false),
  LockRevoked: spec(409, 10, 'CONFLICT', 'USER', false),
  LimitExceeded: spec(400, 8, 'CAPACITY_EXCEEDED', 'USER', false),
  MailboxFull: spec(429, 8, 'CAPACITY_EXCEEDED', 'OPERATOR', true),
  Canceled: spec(500, 1, 'CANCELED', 'OPERATOR', false),
  Timeout: spec(504, 4, 'TIMEOUT', 'OPERATOR', true),
  Unsupported: spec(501, 12, 'UNSUPPORTED', 'USER', false),
  /** The role, the bus, the store or a node can't be reached; nothing was done. */
  Unavailable: spec(503, 14, 'RUNTIME_FAILURE', 'OPERATOR', true),
  BusUnavailable: spec(503, 14, 'RUNTIME_FAILURE', 'OPERATOR', true),
  MetadataUnavailable: spec(503, 14, 'RUNTIME_FAILURE', 'OPERATOR', true),
  /** Queryable segments without a live holder. Never answered with fewer rows. */
  SegmentsUnavailable: spec(503, 14, 'RUNTIME_FAILURE', 'OPERATOR', true),
  /** The request may or may not have taken effect: re-read before trying again. */
  Unknown: spec(500, 2, 'RUNTIME_FAILURE', 'OPERATOR', false),
  CorruptSegment: spec(500, 15, 'RUNTIME_FAILURE', 'OPERATOR', false),
  StorageFailure: spec(500, 14, 'RUNTIME_FAILURE', 'OPERATOR', true),
  /** A query that failed while running (division by zero and the like). */
  QueryFailed: spec(500, 13, 'RUNTIME_FAILURE', 'USER', false),
  /** A broken promise inside Grove. */
  Bug: spec(500, 13, 'DEFENSIVE', 'DEVELOPER', false),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof errorTable;
export type ErrorContext = Readonly<Record<string, string | number | boolean>>;

/** The base of every error that crosses an actor border. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = code;
    this.code = code;
    this.context = context;
  }

  get spec(): ErrorSpec {
    return errorTable[this.code];
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}

/** Shorthand for the commonest error: bad input, with the field at fault in the context. */
export function invalidInput(message: string, field?: string): CodedError {
  return new CodedError('InvalidInput', message, field === undefined ? {} : { field });
}

/** Any thrown value as a coded error; what was no coded error is a Bug, its text kept. */
export function asCoded(thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new CodedError('Bug', text, {}, thrown);
}

/** Where a bug showed itself; undefined: the error is one that was foreseen. */
export function stackOf(thrown: unknown): string | undefined {
  if (thrown instanceof CodedError && thrown.code !== 'Bug') return undefined;
  const at = thrown instanceof CodedError && thrown.cause instanceof Error ? thrown.cause : thrown;
  return at instanceof Error ? at.stack : String(thrown);
}

/** The form on the wire (`ErrorInfo`). */
export interface ErrorInfoShape {
  readonly code: string;
  readonly message: string;
  readonly context: readonly { readonly key: string; readonly value: string }[];
}

export function toErrorInfo(thrown: unknown): ErrorInfoShape {
  const error = asCoded(thrown);
  return {
    code: error.code,
    message: error.message,
    context: Object.entries(error.context).map(([key, value]) => ({ key, value: String(value) })),
  };
}

interface LooseErrorInfo {
  code?: string | null;
  message?: string | null;
  context?: readonly { key?: string | null; value?: string | null }[] | null;
}

export function fromErrorInfo(info: LooseErrorInfo): CodedError {
  const context: Record<string, string> = {};
  for (const pair of info.context ?? []) context[pair.key ?? ''] = pair.value ?? '';
  const code = info.code ?? '';
  return new CodedError(isErrorCode(code) ? code : 'Bug', info.message ?? '', context);
}
