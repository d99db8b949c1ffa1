/**
 * Absolute deadlines on the monotonic clock. There is no "no deadline": whoever waits says for how long.
 */
import { CodedError } from '../proto/errors.js';
import type { CallContext, Clock, Deadline } from './types.js';

export function deadlineAt(clock: Clock, atMonotonicMs: number): Deadline {
  return {
    atMonotonicMs,
    remainingMs: () => Math.max(0, atMonotonicMs - clock.monotonic()),
    expired: () => clock.monotonic() >= atMonotonicMs,
    within: (ms) => deadlineAt(clock, Math.min(atMonotonicMs, clock.monotonic() + ms)),
  };
}

/** `ms` from now; not finite or negative counts as 0. */
export function deadlineAfter(clock: Clock, ms: number): Deadline {
  return deadlineAt(clock, clock.monotonic() + (Number.isFinite(ms) && ms > 0 ? ms : 0));
}

export function timeoutError(what: string): CodedError {
  return new CodedError('Timeout', `${what} did not finish before its deadline`);
}

export interface CallScope {
  readonly context: CallContext;
  /** Aborts the context's signal; later calls do nothing. */
  abort(reason: CodedError): void;
  /** Ends the deadline timer and lets go of the parent signal. Must be called when the call is over. */
  release(): void;
}

/**
 * A call's context whose signal is aborted by the deadline (Timeout), by the parent signal (its reason, or Canceled),
 * or by `abort`.
 */
export function openCall(options: {
  readonly clock: Clock;
  readonly deadline: Deadline;
  readonly trace: string;
  readonly signal?: AbortSignal | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly byReference?: boolean;
  /** For messages: what is being called. */
  readonly what: string;
}): CallScope {
  const { clock, deadline, signal: parent } = options;
  const controller = new AbortController();
  const abort = (reason: CodedError): void => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const onParent = (): void => abort(cancelReason(parent, options.what));
  if (parent?.aborted) onParent();
  else parent?.addEventListener('abort', onParent, { once: true });
  const onDeadline = (): void => abort(timeoutError(options.what));
  const timer = deadline.expired() ? undefined : clock.setTimer(deadline.remainingMs(), onDeadline, true);
  if (timer === undefined) onDeadline();
  return {
    context: {
      deadline,
      signal: controller.signal,
      trace: options.trace,
      metadata: options.metadata ?? {},
      ...(options.byReference === true ? { byReference: true } : {}),
    },
    abort,
    release: () => {
      timer?.cancel();
      parent?.removeEventListener('abort', onParent);
    },
  };
}

export interface ChildAbort {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Lets go of the parent. Must be called when what is listening is over. */
  end(): void;
}

/** A signal that is aborted with its parent's, or alone. AbortSignal.any does the same and costs a multiple of it. */
export function childAbort(parent: AbortSignal): ChildAbort {
  const controller = new AbortController();
  const onParent = (): void => controller.abort(parent.reason);
  if (parent.aborted) onParent();
  else parent.addEventListener('abort', onParent, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    end: () => parent.removeEventListener('abort', onParent),
  };
}

/** Why a signal was aborted, as a coded error: its own reason when that is one, else Canceled. */
export function cancelReason(signal: AbortSignal | undefined, what: string): CodedError {
  const reason: unknown = signal?.reason;
  return reason instanceof CodedError
    ? reason
    : new CodedError('Canceled', `${what} was canceled by its caller`);
}

/**
 * The outcome of `work`, or the signal's reason as soon as that is aborted. `work` itself goes on; its later failure
 * is not reported as unhandled.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(cancelReason(signal, what));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** The outcome of `work`, or Timeout at the deadline. `work` itself goes on. */
export function untilDeadline<T>(
  work: Promise<T>,
  clock: Clock,
  deadline: Deadline,
  what: string,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.setTimer(deadline.remainingMs(), () => reject(timeoutError(what)), true);
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** Resolves after `ms`, or at once when the signal is aborted. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(ms, done, true);
    signal?.addEventListener('abort', done, { once: true });
  });
}
