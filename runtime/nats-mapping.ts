/**
 * What Grove's words are in NATS: subjects, stream and bucket configurations, headers and error codes. Pure; the
 * client itself is used in nats.ts only.
 */
import { CodedError, asCoded, isErrorCode } from '../proto/errors.js';

const NANOS_PER_MS = 1_000_000;
const DUPLICATE_WINDOW_MS = 120_000;

/** Headers of an answer that is an error (requests answered by `respond`). */
export const errorCodeHeader = 'grove-error';
export const errorMessageHeader = 'grove-error-message';
export const errorContextHeader = 'grove-error-context';
export const traceHeader = 'traceparent';
/** Headers of the services API; stock NATS clients look for these. */
export const serviceErrorHeader = 'Nats-Service-Error';
export const serviceErrorCodeHeader = 'Nats-Service-Error-Code';

/** "grove.<cluster>."; the name must be usable as one subject token and inside stream names. */
export function subjectPrefix(cluster: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(cluster)) {
    throw new CodedError(
      'InvalidInput',
      `cluster[${cluster}] must be 1 to 64 letters, digits, "-" or "_": it is part of every NATS subject`,
      { field: 'cluster' },
    );
  }
  return `grove.${cluster}.`;
}

/** What is common to the stream configurations used here, in the server's own field names. */
export interface StreamShape {
  readonly name: string;
  readonly subjects: string[];
  readonly retention: 'limits' | 'workqueue';
  readonly storage: 'file';
  readonly discard: 'new';
  readonly max_age: number;
  readonly max_msgs: number;
  readonly max_msgs_per_subject: number;
  readonly duplicate_window: number;
  readonly num_replicas: 1;
  readonly deny_delete: boolean;
  readonly allow_rollup_hdrs: boolean;
}

export function queueStream(
  cluster: string,
  name: string,
  subject: string,
  messagesMax: number,
): StreamShape {
  return {
    name: `grove_${cluster}_${name}`,
    subjects: [subject],
    retention: 'workqueue',
    storage: 'file',
    // A full queue refuses new work with an error; the default would drop the oldest without a word.
    discard: 'new',
    max_age: 0,
    max_msgs: messagesMax,
    max_msgs_per_subject: -1,
    duplicate_window: DUPLICATE_WINDOW_MS * NANOS_PER_MS,
    num_replicas: 1,
    deny_delete: false,
    allow_rollup_hdrs: false,
  };
}

/** A key-value bucket as the stock tools lay it out, without markers (they look like empty values to this client). */
export function bucketStream(cluster: string, name: string, ttlMs: number): StreamShape {
  const bucket = `grove_${cluster}_${name}`;
  return {
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    max_age: ttlMs * NANOS_PER_MS,
    max_msgs: -1,
    max_msgs_per_subject: 1,
    duplicate_window: Math.min(ttlMs, DUPLICATE_WINDOW_MS) * NANOS_PER_MS,
    num_replicas: 1,
    deny_delete: true,
    allow_rollup_hdrs: true,
  };
}

export function bucketSubject(cluster: string, name: string, key: string): string {
  if (!/^[-/_=.a-zA-Z0-9]+$/.test(key)) {
    throw new CodedError('InvalidInput', `key[${key}] is not a key-value key`, { field: 'key' });
  }
  return `$KV.grove_${cluster}_${name}.${key}`;
}

interface NatsFailure {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly api_error?: { readonly err_code?: unknown; readonly description?: unknown };
}

/** The server's JetStream error number, or 0. */
export function apiErrorNumber(thrown: unknown): number {
  const number = (thrown as NatsFailure | undefined)?.api_error?.err_code;
  return typeof number === 'number' ? number : 0;
}
/** Nobody listens on the subject: for a stream's subject, the stream is gone. */
export function isNoResponders(thrown: unknown): boolean {
  return (thrown as NatsFailure | undefined)?.code === '503';
}
export const apiErrors = {
  wrongLastSequence: 10071,
  consumerNotFound: 10014,
  consumerExists: 10148,
  streamNotFound: 10059,
  streamNameInUse: 10058,
  messageNotFound: 10037,
} as const;

const byApiError: ReadonlyMap<
  number,
  readonly ['MailboxFull' | 'Unavailable' | 'Conflict' | 'LimitExceeded', string]
> = new Map([
  [10077, ['MailboxFull', 'the queue is full']],
  [10047, ['Unavailable', 'the NATS server has no storage left']],
  [10023, ['Unavailable', 'the NATS server has no storage left']],
  [10039, ['Unavailable', 'JetStream is not enabled for this account']],
  [10076, ['Unavailable', 'JetStream is not enabled on the NATS server']],
  [10008, ['Unavailable', 'JetStream is not available at the moment']],
  [10071, ['Conflict', 'the key has changed']],
  [10054, ['LimitExceeded', 'the message is larger than the stream allows']],
]);

/** The client's error as one of ours; `what` names the subject, e.g. "subject[task.submit]". */
export function natsError(thrown: unknown, what: string): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const failure = (thrown ?? {}) as NatsFailure;
  const known = byApiError.get(apiErrorNumber(thrown));
  if (known !== undefined) return new CodedError(known[0], `${what}: ${known[1]}`, {}, thrown);
  const message = typeof failure.message === 'string' ? failure.message : String(thrown);
  switch (failure.code) {
    case '503':
      return new CodedError('Unavailable', `${what}: nobody answers there`, {}, thrown);
    case 'TIMEOUT':
      return new CodedError('Timeout', `${what}: no answer in time`, {}, thrown);
    case 'AUTHORIZATION_VIOLATION':
    case 'AUTHENTICATION_EXPIRED':
    case 'AUTHENTICATION_TIMEOUT':
      return new CodedError('Unauthorized', `${what}: the NATS server refuses the token`, {}, thrown);
    case 'PERMISSIONS_VIOLATION':
      return new CodedError('Forbidden', `${what}: ${message}`, {}, thrown);
    case 'MAX_PAYLOAD_EXCEEDED':
      return new CodedError(
        'LimitExceeded',
        `${what}: the payload is larger than the NATS server allows`,
        {},
        thrown,
      );
    case 'CONNECTION_CLOSED':
    case 'CONNECTION_DRAINING':
    case 'CONNECTION_REFUSED':
    case 'CONNECTION_TIMEOUT':
    case 'DISCONNECT':
    case 'STALE_CONNECTION':
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return new CodedError('BusUnavailable', `${what}: no connection to NATS (${message})`, {}, thrown);
    default:
      return new CodedError('Unavailable', `${what}: ${message}`, {}, thrown);
  }
}

/** Header values may not hold line breaks: the wire format is lines. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').slice(0, 4_096);
}

/** How `respond` answers when its handler throws. */
export function errorHeaders(thrown: unknown): Record<string, string> {
  const error = asCoded(thrown);
  return {
    [errorCodeHeader]: error.code,
    [errorMessageHeader]: encodeURIComponent(error.message.slice(0, 2_048)),
    [errorContextHeader]: encodeURIComponent(JSON.stringify(error.context)),
  };
}

/** The error in an answer's headers, if it is one. */
export function errorOfHeaders(headers: Readonly<Record<string, string>>): CodedError | undefined {
  const code = headers[errorCodeHeader];
  if (code === undefined) return undefined;
  const message = decodeURIComponent(headers[errorMessageHeader] ?? '');
  const context = JSON.parse(decodeURIComponent(headers[errorContextHeader] ?? '%7B%7D')) as Record<
    string,
    string
  >;
  return new CodedError(isErrorCode(code) ? code : 'Bug', message, context);
}

/** Status and one-line description for the services API. */
export function serviceError(thrown: unknown): { readonly status: number; readonly description: string } {
  const error = asCoded(thrown);
  return { status: error.spec.http, description: oneLine(error.message) };
}

/** True when version a is at least b; both "2.9.10" or "v2.11.0-RC.1". */
export function versionAtLeast(version: string, floor: string): boolean {
  const numbers = (text: string): number[] =>
    (/\d+\.\d+\.\d+/.exec(text)?.[0] ?? '0.0.0').split('.').map(Number);
  const [a, b] = [numbers(version), numbers(floor)];
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
