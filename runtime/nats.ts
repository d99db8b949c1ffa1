/**
 * The bus over a NATS server; the only file that imports the client. Uses only what behaves the same on servers 2.9
 * to 2.15. A lost connection is a state: the client reconnects for ever, and meanwhile everything that would send
 * rejects with BusUnavailable, because the client itself would throw the bytes away without a word.
 */
import {
  connect,
  headers as newHeaders,
  type ConsumerConfig,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type StreamConfig,
} from 'nats';
import { CodedError } from '../proto/errors.js';
import { pause } from './deadline.js';
import type {
  Bus,
  BusMessage,
  BusState,
  Clock,
  Deadline,
  LeaseBucket,
  Log,
  Metrics,
  QueueMessage,
  Subscription,
} from './types.js';
import { natsLeaseBucket, within, type BucketPort } from './nats-lease.js';
import { checkSubject } from './subject.js';
import {
  apiErrorNumber,
  apiErrors,
  bucketStream,
  errorHeaders,
  errorOfHeaders,
  natsError,
  queueStream,
  serviceError,
  subjectPrefix,
  traceHeader,
  versionAtLeast,
  type StreamShape,
} from './nats-mapping.js';

const CONNECT_TIMEOUT_MS = 2_000;
const CONNECT_RETRY_MS = 100;
const RECONNECT_WAIT_MS = 250;
const PING_INTERVAL_MS = 1_000;
const PINGS_OUT_MAX = 2;
const API_TIMEOUT_MS = 5_000;
const QUEUE_EXPIRES_MS = 5_000;
const QUEUE_HEARTBEAT_MS = 1_000;
/** Messages held by one consumer before they are handled; each of them waits against the queue's ack wait. */
const QUEUE_PREFETCH = 16;
const QUEUE_RETRY_MS = 250;
const QUEUE_RETRY_MAX_MS = 5_000;
const DRAIN_MS = 2_000;
/** Older servers can't sync every write (`sync_interval: always` is unknown to them). */
const VERSION_ADVISED = '2.11.0';
const VERSION_FLOOR = '2.9.10';

export interface NatsOptions {
  /** nats://host:port; a token inside the URL is not used, pass `token`. */
  readonly url: string;
  readonly token: string;
  readonly cluster: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Shown in the server's list of connections. */
  readonly name?: string;
  /** Give up connecting for the first time at this moment; without it, never. */
  readonly deadline?: Deadline;
}

/**
 * Connects, trying again until the deadline.
 * @throws CodedError Unauthorized (the server refuses the token), BusUnavailable (deadline), InvalidInput (cluster).
 */
export async function connectNats(options: NatsOptions): Promise<Bus> {
  const prefix = subjectPrefix(options.cluster);
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = await connect({
        servers: options.url,
        token: options.token,
        name: options.name ?? `grove-${options.cluster}`,
        timeout: CONNECT_TIMEOUT_MS,
        reconnect: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: RECONNECT_WAIT_MS,
        reconnectJitter: RECONNECT_WAIT_MS,
        pingInterval: PING_INTERVAL_MS,
        maxPingOut: PINGS_OUT_MAX,
        // Another server on the port for a moment must not end the connection for good.
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
      });
      return new NatsBus(connection, prefix, options);
    } catch (thrown) {
      const error = natsError(thrown, `NATS server[${options.url}]`);
      if (error.code === 'Unauthorized') throw error;
      if (attempt === 1) options.log.info('waiting for NATS', { url: options.url, reason: error.message });
      if (options.deadline?.expired() === true) {
        throw new CodedError(
          'BusUnavailable',
          `NATS server[${options.url}] can't be reached: ${error.message}`,
          {},
          error,
        );
      }
      await pause(options.clock, CONNECT_RETRY_MS);
    }
  }
}

function toRecord(hdrs: MsgHdrs | undefined): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [key, values] of hdrs ?? []) record[key] = values[0] ?? '';
  return record;
}

function toHeaders(record: Readonly<Record<string, string>>): MsgHdrs {
  const result = newHeaders();
  for (const [key, value] of Object.entries(record)) result.set(key, value);
  return result;
}

class NatsBus implements Bus {
  state: BusState = 'CONNECTED';
  private readonly nc: NatsConnection;
  private readonly prefix: string;
  private readonly options: NatsOptions;
  private readonly listeners = new Set<(state: BusState) => void>();
  private readonly open = new Set<Subscription>();
  private readonly watching: Promise<void>;
  private version = '';

  constructor(nc: NatsConnection, prefix: string, options: NatsOptions) {
    this.nc = nc;
    this.prefix = prefix;
    this.options = options;
    this.options.metrics.gauge('grove_bus_connected').set(1);
    this.checkVersion();
    // The client's iterator of states never ends by itself, so `close` waits for the connection's end only.
    this.watchStatus().then(undefined, (thrown: unknown) => {
      this.options.log.error('the NATS state is no longer watched', { reason: String(thrown) });
    });
    this.watching = this.watchClosed();
  }

  /** Of the server connected to now or last. */
  get serverVersion(): string {
    this.version = this.nc.info?.version ?? this.version;
    return this.version;
  }

  private checkVersion(): void {
    const fields = { version: this.serverVersion };
    if (!versionAtLeast(this.serverVersion, VERSION_FLOOR)) {
      this.options.log.warn(`NATS server is older than ${VERSION_FLOOR}: not tested with Grove`, fields);
    } else if (!versionAtLeast(this.serverVersion, VERSION_ADVISED)) {
      this.options.log.info(
        `NATS server is older than ${VERSION_ADVISED}: fine for trying, not for production`,
        fields,
      );
    }
  }

  private async watchStatus(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'disconnect') this.setState('DISCONNECTED');
      if (status.type === 'reconnect') {
        this.options.metrics.counter('grove_bus_reconnects_total').add();
        this.setState('CONNECTED');
        this.checkVersion();
      }
      if (status.type === 'error')
        this.options.log.warn('NATS reports an error', { reason: JSON.stringify(status.data) });
    }
  }

  private async watchClosed(): Promise<void> {
    const reason = await this.nc.closed();
    if (this.state !== 'CLOSED') {
      this.options.log.error('the NATS connection has ended', { reason: String(reason?.message) });
    }
    this.setState('CLOSED');
  }

  private setState(state: BusState): void {
    if (this.state === 'CLOSED' || this.state === state) return;
    this.state = state;
    this.options.metrics.gauge('grove_bus_connected').set(state === 'CONNECTED' ? 1 : 0);
    this.options.log.info('bus state', { state });
    for (const listener of this.listeners) listener(state);
  }

  onState(listener: (state: BusState) => void): Subscription {
    this.listeners.add(listener);
    return { stop: () => void this.listeners.delete(listener) };
  }

  private requireConnected(what: string): void {
    if (this.state === 'CONNECTED' && !this.nc.isClosed() && !this.nc.isDraining()) return;
    this.options.metrics.counter('grove_bus_rejected_total').add();
    throw new CodedError('BusUnavailable', `${what}: no connection to NATS`);
  }

  private full(subject: string, wildcards = false): string {
    checkSubject(subject, wildcards ? 'pattern' : 'subject');
    return this.prefix + subject;
  }

  private incoming(message: Msg | JsMsg): BusMessage {
    const { subject } = message;
    return {
      subject: subject.startsWith(this.prefix) ? subject.slice(this.prefix.length) : subject,
      data: message.data,
      headers: toRecord(message.headers),
    };
  }

  private tracked(stop: () => void): Subscription {
    const subscription: Subscription = {
      stop: () => {
        if (this.open.delete(subscription)) stop();
      },
    };
    this.open.add(subscription);
    return subscription;
  }

  publish(subject: string, data: Uint8Array, headers?: Readonly<Record<string, string>>): void {
    const what = `subject[${subject}]`;
    this.requireConnected(what);
    try {
      this.nc.publish(this.full(subject), data, headers === undefined ? {} : { headers: toHeaders(headers) });
    } catch (thrown) {
      throw natsError(thrown, what);
    }
  }

  private listen(subject: string, handler: (message: Msg) => void): Subscription {
    const subscription = this.nc.subscribe(this.full(subject, true), {
      callback: (error, message) => {
        if (error !== null) {
          this.options.log.error('NATS refuses a subscription', { subject, reason: error.message });
          return;
        }
        try {
          handler(message);
        } catch (thrown) {
          // One listener's bug must not reach the client's reader, where it would end the connection.
          this.options.log.error('a bus listener has thrown', { subject, reason: String(thrown) });
        }
      },
    });
    return this.tracked(() => {
      if (!this.nc.isClosed()) subscription.unsubscribe();
    });
  }

  subscribe(subject: string, handler: (message: BusMessage) => void): Subscription {
    return this.listen(subject, (message) => handler(this.incoming(message)));
  }

  async request(
    subject: string,
    data: Uint8Array,
    options: { readonly deadline: Deadline; readonly trace?: string },
  ): Promise<BusMessage> {
    const what = `subject[${subject}]`;
    this.requireConnected(what);
    const timeout = Math.ceil(options.deadline.remainingMs());
    if (timeout <= 0)
      throw new CodedError('Timeout', `${what}: the deadline had passed before the request was sent`);
    const extra = options.trace === undefined ? {} : { headers: toHeaders({ [traceHeader]: options.trace }) };
    let answer: BusMessage;
    try {
      answer = this.incoming(await this.nc.request(this.full(subject), data, { timeout, ...extra }));
    } catch (thrown) {
      throw natsError(thrown, what);
    }
    const error = errorOfHeaders(answer.headers);
    if (error !== undefined) throw error;
    return answer;
  }

  respond(subject: string, handler: (message: BusMessage) => Promise<Uint8Array>): Subscription {
    return this.listen(subject, (message) => {
      handler(this.incoming(message)).then(
        (data) => this.answer(message, data, {}),
        (thrown: unknown) => this.answer(message, new Uint8Array(), errorHeaders(thrown)),
      );
    });
  }

  /** An answer that can't be sent is the asker's time-out; it asks again. */
  private answer(message: Msg, data: Uint8Array, headers: Readonly<Record<string, string>>): void {
    try {
      this.requireConnected(`answer to subject[${message.subject}]`);
      const sent = Object.keys(headers).length === 0 ? {} : { headers: toHeaders(headers) };
      message.respond(data, sent);
    } catch (thrown) {
      this.options.log.warn('an answer was not sent', { subject: message.subject, reason: String(thrown) });
    }
  }

  async serveEndpoint(options: Parameters<Bus['serveEndpoint']>[0]): Promise<Subscription> {
    const service = await this.nc.services.add({
      name: options.service,
      version: options.version,
      description: options.description,
    });
    service.addEndpoint(options.endpoint, {
      subject: this.full(options.subject),
      handler: (error, message) => {
        if (error !== null) {
          this.options.log.error('NATS refuses an endpoint', {
            subject: options.subject,
            reason: error.message,
          });
          return;
        }
        const respond = (
          data: Uint8Array,
          failed?: { readonly status: number; readonly description: string },
        ): void => {
          try {
            this.requireConnected(`answer to subject[${options.subject}]`);
            if (failed === undefined) message.respond(data);
            else message.respondError(failed.status, failed.description, data);
          } catch (thrown) {
            this.options.log.warn('an answer was not sent', {
              subject: options.subject,
              reason: String(thrown),
            });
          }
        };
        options.handler(this.incoming(message)).then(
          (result) => respond(result.data, result.error),
          (thrown: unknown) => respond(new Uint8Array(), serviceError(thrown)),
        );
      },
    });
    return this.tracked(() => {
      if (this.nc.isClosed()) return;
      service.stop().then(undefined, (thrown: unknown) => {
        this.options.log.warn('a service did not stop cleanly', {
          service: options.service,
          reason: String(thrown),
        });
      });
    });
  }

  private manager(): Promise<JetStreamManager> {
    return this.nc.jetstreamManager({ checkAPI: false, timeout: API_TIMEOUT_MS });
  }

  /** Makes the stream, or brings an older one's settings up to date. */
  private async ensureStream(shape: StreamShape): Promise<void> {
    const manager = await this.manager();
    const config = shape as unknown as Partial<StreamConfig> & { name: string };
    try {
      await manager.streams.add(config);
    } catch (thrown) {
      if (apiErrorNumber(thrown) !== apiErrors.streamNameInUse) throw thrown;
      await manager.streams.update(shape.name, config);
    }
  }

  async leaseBucket(name: string, ttlMs: number): Promise<LeaseBucket> {
    const { cluster, clock, log } = this.options;
    const port: BucketPort = {
      requireConnected: (what) => this.requireConnected(what),
      ensureStream: (shape) => this.ensureStream(shape),
      put: async (subject, value, lastSubjectSequence, timeout) => {
        const options = { expect: { lastSubjectSequence }, timeout };
        return (await this.nc.jetstream().publish(subject, value, options)).seq;
      },
      last: async (stream, subject) => {
        const manager = await this.manager();
        return manager.streams.getMessage(stream, { last_by_subj: subject });
      },
      purge: async (stream, filter) => {
        const manager = await this.manager();
        await manager.streams.purge(stream, { filter });
      },
    };
    const shape = bucketStream(cluster, name, ttlMs);
    if (this.state === 'CONNECTED') {
      await within(clock, API_TIMEOUT_MS, `bucket[${name}]`, this.ensureStream(shape));
    }
    return natsLeaseBucket({ cluster, name, shape, port, clock, log });
  }

  async workQueue(options: Parameters<Bus['workQueue']>[0]): Promise<Subscription> {
    const shape = queueStream(
      this.options.cluster,
      options.name,
      this.full(options.subject),
      options.messagesMax,
    );
    const consumer: Partial<ConsumerConfig> = {
      durable_name: options.name,
      ack_policy: 'explicit' as ConsumerConfig['ack_policy'],
      ack_wait: options.ackWaitMs * 1_000_000,
      max_deliver: -1,
    };
    const stopping = new AbortController();
    const stopped = (): boolean => stopping.signal.aborted;
    let current: ConsumerMessages | undefined;
    let firstTry = (): void => undefined;
    const tried = new Promise<void>((resolve) => (firstTry = resolve));
    const open = async (): Promise<ConsumerMessages> => {
      this.requireConnected(`queue[${options.name}]`);
      await this.ensureStream(shape);
      await this.ensureConsumer(shape.name, consumer);
      const found = await this.nc.jetstream().consumers.get(shape.name, options.name);
      return found.consume({
        max_messages: QUEUE_PREFETCH,
        expires: QUEUE_EXPIRES_MS,
        idle_heartbeat: QUEUE_HEARTBEAT_MS,
        abort_on_missing_resource: true,
      });
    };
    const work = async (): Promise<void> => {
      let failures = 0;
      while (!stopped() && !this.nc.isClosed()) {
        try {
          current = await open();
          failures = 0;
          firstTry();
          for await (const message of current) await this.handle(message, options);
        } catch (thrown) {
          failures++;
          this.options.log.warn('work queue interrupted', { queue: options.name, reason: String(thrown) });
        }
        firstTry();
        const waitMs = Math.min(QUEUE_RETRY_MAX_MS, QUEUE_RETRY_MS * 2 ** failures);
        await pause(this.options.clock, waitMs, stopping.signal);
      }
    };
    const working = work();
    await tried;
    return this.tracked(() => {
      stopping.abort();
      current?.stop();
      working.then(undefined, (thrown: unknown) => {
        this.options.log.error('work queue failed', { queue: options.name, reason: String(thrown) });
      });
    });
  }

  private async ensureConsumer(stream: string, config: Partial<ConsumerConfig>): Promise<void> {
    const manager = await this.manager();
    try {
      await manager.consumers.add(stream, config);
    } catch (thrown) {
      if (apiErrorNumber(thrown) !== apiErrors.consumerExists) throw thrown;
      await manager.consumers.update(stream, config.durable_name ?? '', config);
    }
  }

  private async handle(message: JsMsg, options: Parameters<Bus['workQueue']>[0]): Promise<void> {
    const retryMs = Math.min(30_000, 500 * 2 ** Math.min(10, message.info.redeliveryCount));
    const queued: QueueMessage = {
      ...this.incoming(message),
      deliveries: message.info.redeliveryCount,
      // Numbers begin anew when the server has lost its data.
      identity: `${options.name} ${message.seq} ${message.info.timestampNanos}`,
      queuedAtMs: Math.floor(message.info.timestampNanos / 1e6),
      ack: async () => {
        this.requireConnected(`queue[${options.name}]`);
        if (!(await message.ackAck()))
          throw new CodedError('Unknown', `queue[${options.name}]: the ack was not confirmed`);
      },
      retry: (delayMs) => message.nak(delayMs),
      reject: () => message.term(),
      working: () => message.working(),
    };
    try {
      await options.handler(queued);
    } catch (thrown) {
      this.options.log.warn('a queued message failed', {
        queue: options.name,
        reason: String(thrown),
        retryMs,
      });
      if (this.state === 'CONNECTED') message.nak(retryMs);
    }
  }

  async enqueue(subject: string, data: Uint8Array, id: string, deadline: Deadline): Promise<void> {
    const what = `queue subject[${subject}]`;
    this.requireConnected(what);
    const timeout = Math.ceil(deadline.remainingMs());
    if (timeout <= 0)
      throw new CodedError('Timeout', `${what}: the deadline had passed before the message was sent`);
    try {
      await this.nc.jetstream().publish(this.full(subject), data, { msgID: id, timeout });
    } catch (thrown) {
      throw natsError(thrown, what);
    }
  }

  async close(): Promise<void> {
    if (this.state === 'CLOSED') return;
    const connected = this.state === 'CONNECTED';
    for (const subscription of this.open) subscription.stop();
    this.setState('CLOSED');
    try {
      if (connected) await within(this.options.clock, DRAIN_MS, 'NATS connection', this.nc.drain());
    } catch (thrown) {
      this.options.log.warn('the NATS connection did not drain', { reason: String(thrown) });
    }
    await this.nc.close();
    await this.watching;
  }
}
