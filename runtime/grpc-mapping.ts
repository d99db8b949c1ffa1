/**
 * Errors and metadata as they travel by gRPC. A coded error rides in the trailing metadata whole; the status number
 * and text are for clients that know nothing of Grove. Pure; the library itself is used in grpc.ts only.
 */
import { CodedError, asCoded, isErrorCode, type ErrorCode, type ErrorContext } from '../proto/errors.js';

/** Trailing metadata, binary: UTF-8 JSON {code, message, context}. */
export const errorKey = 'grove-error-bin';
export const tokenKey = 'grove-token';
export const traceKey = 'traceparent';
/** Which role's handlers are meant, where several of one process serve the same service. */
export const scopeKey = 'scope';

/** Trailers share one header block of limited size with everything else. */
const MESSAGE_CHARS_MAX = 2_000;
const CONTEXT_CHARS_MAX = 4_000;

export interface WireError {
  readonly status: number;
  readonly details: string;
  readonly info: Uint8Array;
}

export function toWireError(thrown: unknown): WireError {
  const error = asCoded(thrown);
  const message = wellFormed(error.message.slice(0, MESSAGE_CHARS_MAX));
  const context = JSON.stringify(error.context);
  const info = {
    code: error.code,
    message,
    context: context.length > CONTEXT_CHARS_MAX ? {} : error.context,
  };
  return { status: error.spec.grpc, details: message, info: Buffer.from(JSON.stringify(info)) };
}

/** A lone half of a surrogate pair can't be percent-encoded, which the library does to the text. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

const byStatus: Readonly<Record<number, ErrorCode>> = {
  1: 'Canceled',
  2: 'Unavailable',
  3: 'InvalidInput',
  4: 'Timeout',
  5: 'NotFound',
  7: 'Forbidden',
  8: 'LimitExceeded',
  9: 'Conflict',
  10: 'Conflict',
  12: 'Unsupported',
  // What the library reports for a connection cut in the middle of a call.
  13: 'Unavailable',
  14: 'Unavailable',
  16: 'Unauthorized',
};

/**
 * The caller's view of a failed call. Without an error of ours in the trailers it is the connection's: then
 * `context.reached` is false when the call certainly never got to the other side, and absent when nobody knows.
 */
export function fromWireError(
  failure: { readonly status: number; readonly details: string; readonly info: Uint8Array | undefined },
  what: string,
): CodedError {
  const own = failure.info === undefined ? undefined : parseInfo(failure.info);
  if (own !== undefined) return own;
  const code = byStatus[failure.status] ?? 'Unavailable';
  const never = /no connection established|name resolution failed|ECONNREFUSED/i.test(failure.details);
  const context: ErrorContext = code === 'Unavailable' && never ? { reached: false } : {};
  return new CodedError(code, `${what}: ${failure.details}`, context);
}

function parseInfo(bytes: Uint8Array): CodedError | undefined {
  try {
    const info = JSON.parse(Buffer.from(bytes).toString()) as {
      code?: unknown;
      message?: unknown;
      context?: ErrorContext;
    };
    const code = String(info.code);
    return new CodedError(isErrorCode(code) ? code : 'Bug', String(info.message), info.context ?? {});
  } catch {
    return undefined;
  }
}

export function methodPath(method: { readonly service: string; readonly name: string }): string {
  return `/${method.service}/${method.name}`;
}
