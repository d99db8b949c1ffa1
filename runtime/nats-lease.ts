/**
 * Leases in a key-value bucket whose keys expire by themselves. Every step has a time-out of its own, because the
 * client's default would outlive the lease; a bucket that was lost is made again.
 */
import { CodedError } from '../proto/errors.js';
import {
  apiErrorNumber,
  apiErrors,
  bucketSubject,
  isNoResponders,
  natsError,
  type StreamShape,
} from './nats-mapping.js';
import type { Clock, LeaseBucket, Log } from './types.js';

/** What is needed of the NATS client; failures as the client throws them. */
export interface BucketPort {
  requireConnected(what: string): void;
  ensureStream(shape: StreamShape): Promise<void>;
  /** Stored only when the subject's last sequence is `expected` (0 = none); answers the new one. */
  put(subject: string, value: Uint8Array, expected: number, timeoutMs: number): Promise<number>;
  last(stream: string, subject: string): Promise<{ readonly data: Uint8Array; readonly seq: number }>;
  purge(stream: string, subject: string): Promise<void>;
}

/** The outcome of `work`, or Timeout after `ms`; the work itself can't be stopped. Failures become coded errors. */
export function within<T>(clock: Clock, ms: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const late = (): void => reject(new CodedError('Timeout', `${what}: no answer within ${ms} ms`));
    const timer = clock.setTimer(Math.max(0, ms), late, true);
    work.then(resolve, (thrown: unknown) => reject(natsError(thrown, what))).finally(() => timer.cancel());
  });
}

export function natsLeaseBucket(options: {
  readonly cluster: string;
  readonly name: string;
  readonly shape: StreamShape;
  readonly port: BucketPort;
  readonly clock: Clock;
  readonly log: Log;
}): LeaseBucket {
  const { cluster, name, shape, port, clock, log } = options;

  /** Streams may vanish (a deleted data folder, another server): made again, then the work is tried once more. */
  async function withStream<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (apiErrorNumber(thrown) !== apiErrors.streamNotFound && !isNoResponders(thrown)) throw thrown;
      await port.ensureStream(shape);
      log.warn('a lost JetStream bucket was made again', { stream: shape.name });
      return work();
    }
  }
  function timed<T>(key: string, timeoutMs: number, work: (subject: string) => Promise<T>): Promise<T> {
    const what = `bucket[${name}] key[${key}]`;
    port.requireConnected(what);
    const subject = bucketSubject(cluster, name, key);
    return within(
      clock,
      timeoutMs,
      what,
      withStream(() => work(subject)),
    );
  }
  /** The client's error, unless it is the one that is an answer. */
  async function orUndefined<T>(expected: number, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (thrown) {
      if (apiErrorNumber(thrown) === expected) return undefined;
      throw thrown;
    }
  }
  const put = async (key: string, value: string, revision: number, ms: number): Promise<number | undefined> =>
    timed(key, ms, (subject) => {
      const written = port.put(subject, Buffer.from(value), revision, Math.max(1, ms));
      return orUndefined(apiErrors.wrongLastSequence, written);
    });
  return {
    create: (key, value, ms) => put(key, value, 0, ms),
    update: put,
    get: async (key, ms) =>
      timed(key, ms, async (subject) => {
        const found = await orUndefined(apiErrors.messageNotFound, port.last(shape.name, subject));
        return found && { value: Buffer.from(found.data).toString(), revision: found.seq };
      }),
    // A purge leaves no marker behind, so `create` works at once.
    remove: async (key, ms) => timed(key, ms, (subject) => port.purge(shape.name, subject)),
  };
}
