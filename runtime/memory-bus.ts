/**
 * The bus without a server: one hub in memory, one Bus per "process" attached to it. Same interface and same answers as
 * the NATS adapter, for unit tests and simulations (where a Network delays, loses, doubles and cuts).
 */
import { CodedError } from '../proto/errors.js';
import { deadlineAfter, untilDeadline } from './deadline.js';
import { errorFields } from './log.js';
import { JobQueue, LeaseStore, type Job, type JobConsumer, type QueueOptions } from './memory-store.js';
import {
  errorHeaders,
  errorOfHeaders,
  serviceError,
  serviceErrorCodeHeader,
  serviceErrorHeader,
  subjectPrefix,
  traceHeader,
} from './nats-mapping.js';
import { carry, carryOnce, perfectNetwork, type Network, type Place } from './network.js';
import { checkSubject, subjectMatches } from './subject.js';
import type { Bus, BusMessage, BusState, Clock, Deadline, LeaseBucket, Log } from './types.js';
import type { QueueMessage, Subscription } from './types.js';

/** The hub's own name for the Network. */
export const hubName = 'bus';
type Headers = Readonly<Record<string, string>>;

/** How an answer finds its way back; absent for plain publishes. */
type Answer = (message: BusMessage | CodedError) => void;

interface Listener {
  readonly pattern: string;
  /** Of several listeners of one group a message reaches one. */
  readonly group: string | undefined;
  readonly client: MemoryBus;
  readonly receive: (message: BusMessage, answer: Answer | undefined) => void;
}

export interface MemoryHubOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly network?: Network;
}
export interface MemoryBusOptions {
  /** The process's name for the Network. Default: "client-<n>". */
  readonly name?: string;
  /** Default: the hub's. */
  readonly clock?: Clock;
  /** Default "main". */
  readonly cluster?: string;
}

export class MemoryHub {
  readonly network: Network;
  readonly log: Log;
  readonly place: Place;
  private readonly listeners = new Set<Listener>();
  private readonly buckets = new Map<string, LeaseStore>();
  private readonly queues = new Map<string, JobQueue>();
  private readonly turns = new Map<string, number>();
  private clients = 0;

  constructor(options: MemoryHubOptions) {
    this.network = options.network ?? perfectNetwork;
    this.log = options.log;
    this.place = { name: hubName, clock: options.clock };
  }

  connect(options: MemoryBusOptions = {}): MemoryBus {
    this.clients += 1;
    return new MemoryBus(this, {
      name: options.name ?? `client-${this.clients}`,
      clock: options.clock ?? this.place.clock,
      cluster: options.cluster ?? 'main',
    });
  }

  /** Keys and queued work are lost, as with the server's data directory. */
  wipe(): void {
    for (const bucket of this.buckets.values()) bucket.wipe();
    for (const queue of this.queues.values()) queue.wipe();
  }

  // ---- for MemoryBus only; runs at the hub, subjects are full

  listen(listener: Listener): Subscription {
    this.listeners.add(listener);
    return { stop: () => void this.listeners.delete(listener) };
  }

  publish(message: BusMessage, id: string | undefined, answer: Answer | undefined): void {
    const queue = this.queueOf(message.subject);
    if (queue !== undefined) this.store(queue, message, id, answer);
    const groups = new Map<string, Listener[]>();
    let reached = queue !== undefined;
    for (const listener of this.listeners) {
      if (!subjectMatches(listener.pattern, message.subject)) continue;
      reached = true;
      if (listener.group === undefined) this.pass(listener, message, answer);
      else groups.set(listener.group, [...(groups.get(listener.group) ?? []), listener]);
    }
    for (const [group, members] of groups) {
      const turn = this.turns.get(group) ?? 0;
      this.turns.set(group, turn + 1);
      const chosen = members[turn % members.length];
      if (chosen !== undefined) this.pass(chosen, message, answer);
    }
    if (!reached) {
      const text = `subject[${message.subject}]: nobody answers there`;
      answer?.(new CodedError('Unavailable', text));
    }
  }

  bucket(name: string, ttlMs: number): LeaseStore {
    const bucket = this.buckets.get(name) ?? new LeaseStore(this.place.clock, ttlMs);
    this.buckets.set(name, bucket);
    return bucket;
  }

  queue(options: QueueOptions): JobQueue {
    const queue = this.queues.get(options.name) ?? new JobQueue(this.place.clock, options);
    this.queues.set(options.name, queue);
    return queue;
  }

  private queueOf(subject: string): JobQueue | undefined {
    for (const queue of this.queues.values()) {
      if (subjectMatches(queue.options.subject, subject)) return queue;
    }
    return undefined;
  }

  private store(
    queue: JobQueue,
    message: BusMessage,
    id: string | undefined,
    answer: Answer | undefined,
  ): void {
    try {
      const { subject, data, headers } = message;
      const { sequence, duplicate } = queue.add(subject, data, headers, id ?? headers['Nats-Msg-Id']);
      const ack = { stream: queue.options.name, seq: sequence, ...(duplicate ? { duplicate } : {}) };
      answer?.({ subject, data: Buffer.from(JSON.stringify(ack)), headers: {} });
    } catch (error) {
      answer?.(error as CodedError);
    }
  }

  private pass(listener: Listener, message: BusMessage, answer: Answer | undefined): void {
    const { client } = listener;
    carry(this.network, hubName, client.place, () => {
      if (client.state === 'CONNECTED' && this.listeners.has(listener)) {
        listener.receive(message, answer);
      }
    });
  }
}

export function createMemoryHub(options: MemoryHubOptions): MemoryHub {
  return new MemoryHub(options);
}

/** One process's connection. Besides the Bus: `disconnect` and `reconnect`, as when the server goes and comes back. */
export class MemoryBus implements Bus {
  readonly serverVersion = 'memory';
  readonly place: Place;
  private readonly hub: MemoryHub;
  private readonly prefix: string;
  private current: BusState = 'CONNECTED';
  private readonly stateListeners = new Set<(state: BusState) => void>();
  private readonly open = new Set<Subscription>();

  constructor(hub: MemoryHub, options: Required<MemoryBusOptions>) {
    this.hub = hub;
    this.place = { name: options.name, clock: options.clock };
    this.prefix = subjectPrefix(options.cluster);
  }

  get state(): BusState {
    return this.current;
  }

  onState(listener: (state: BusState) => void): Subscription {
    this.stateListeners.add(listener);
    return { stop: () => void this.stateListeners.delete(listener) };
  }

  disconnect(): void {
    if (this.current === 'CONNECTED') this.move('DISCONNECTED');
  }

  reconnect(): void {
    if (this.current === 'DISCONNECTED') this.move('CONNECTED');
  }

  publish(subject: string, data: Uint8Array, headers: Headers = {}): void {
    this.checkConnected(subject);
    checkSubject(subject, 'subject');
    this.send({ subject, data, headers }, undefined, undefined);
  }

  subscribe(subject: string, handler: (message: BusMessage) => void): Subscription {
    return this.listen(subject, undefined, (message) => {
      try {
        handler(message);
      } catch (error) {
        this.hub.log.error('bus handler failed', { subject, ...errorFields(error) });
      }
    });
  }

  request(
    subject: string,
    data: Uint8Array,
    options: { readonly deadline: Deadline; readonly trace?: string },
  ): Promise<BusMessage> {
    const headers = options.trace === undefined ? {} : { [traceHeader]: options.trace };
    return this.exchange(subject, options.deadline, (answer) => {
      this.send({ subject, data, headers }, undefined, answer);
    });
  }

  respond(subject: string, handler: (message: BusMessage) => Promise<Uint8Array>): Subscription {
    return this.listen(subject, undefined, (message, answer) => {
      this.answer(message, answer, async () => ({ data: await handler(message), headers: {} }));
    });
  }

  serveEndpoint(options: Parameters<Bus['serveEndpoint']>[0]): Promise<Subscription> {
    const { subject, handler, service } = options;
    const listening = this.listen(subject, `${service} ${subject}`, (message, answer) => {
      this.answer(message, answer, async () => {
        try {
          const { data, error } = await handler(message);
          return { data, headers: error === undefined ? {} : serviceHeaders(error) };
        } catch (error) {
          return { data: new Uint8Array(), headers: serviceHeaders(serviceError(error)) };
        }
      });
    });
    return Promise.resolve(listening);
  }

  leaseBucket(name: string, ttlMs: number): Promise<LeaseBucket> {
    const store = this.hub.bucket(`${this.prefix}${name}`, ttlMs);
    const call = <T>(key: string, timeoutMs: number, action: () => T): Promise<T> =>
      this.call(`key[${key}] of bucket[${name}]`, timeoutMs, action);
    return Promise.resolve({
      create: (key, value, ms) => call(key, ms, () => store.create(key, value)),
      update: (key, value, revision, ms) => call(key, ms, () => store.update(key, value, revision)),
      get: (key, ms) => call(key, ms, () => store.get(key)),
      remove: (key, ms) => call(key, ms, () => store.remove(key)),
    });
  }

  workQueue(options: Parameters<Bus['workQueue']>[0]): Promise<Subscription> {
    const { handler, ...rest } = options;
    checkSubject(rest.subject, 'pattern');
    const queue = this.hub.queue({
      ...rest,
      name: `${this.prefix}${rest.name}`,
      subject: this.prefix + rest.subject,
    });
    const consumer: JobConsumer = {
      give: (job, deliveries) => {
        const message = { ...job, subject: job.subject.slice(this.prefix.length) };
        carryOnce(this.hub.network, hubName, this.place, () => {
          if (this.current !== 'CONNECTED') return;
          this.work(handler, this.queueMessage(queue, consumer, message, deliveries));
        });
      },
    };
    queue.attach(consumer);
    return Promise.resolve(this.remember({ stop: () => queue.detach(consumer) }));
  }

  async enqueue(subject: string, data: Uint8Array, id: string, deadline: Deadline): Promise<void> {
    await this.exchange(subject, deadline, (answer) => {
      this.send({ subject, data, headers: {} }, id, answer);
    });
  }

  close(): Promise<void> {
    for (const one of this.open) one.stop();
    this.open.clear();
    if (this.current !== 'CLOSED') this.move('CLOSED');
    return Promise.resolve();
  }

  // ---- inside

  private move(state: BusState): void {
    this.current = state;
    for (const listener of this.stateListeners) listener(state);
  }

  private checkConnected(subject: string): void {
    if (this.current !== 'CONNECTED') {
      throw new CodedError('BusUnavailable', `subject[${subject}]: no connection to the bus`);
    }
  }

  private remember(subscription: Subscription): Subscription {
    const one = {
      stop: () => {
        this.open.delete(one);
        subscription.stop();
      },
    };
    this.open.add(one);
    return one;
  }

  private listen(subject: string, group: string | undefined, receive: Listener['receive']): Subscription {
    checkSubject(subject, 'pattern');
    const listening = this.hub.listen({
      pattern: this.prefix + subject,
      group,
      client: this,
      receive: (message, answer) => {
        receive({ ...message, subject: message.subject.slice(this.prefix.length) }, answer);
      },
    });
    return this.remember(listening);
  }

  private send(message: BusMessage, id: string | undefined, answer: Answer | undefined): void {
    // Bytes are copied: a buffer the sender uses again must not change what others get.
    const full: BusMessage = {
      subject: this.prefix + message.subject,
      data: new Uint8Array(message.data),
      headers: { ...message.headers },
    };
    const { hub } = this;
    const travel = answer === undefined ? carry : carryOnce;
    travel(hub.network, this.place.name, hub.place, () => hub.publish(full, id, answer));
  }

  /** Sends a question and waits for the answer that comes back over the network. */
  private exchange(subject: string, deadline: Deadline, ask: (answer: Answer) => void): Promise<BusMessage> {
    return new Promise<BusMessage>((resolve, reject) => {
      this.checkConnected(subject);
      checkSubject(subject, 'subject');
      const answered = new Promise<BusMessage>((done, fail) => {
        ask((message) => {
          carryOnce(this.hub.network, hubName, this.place, () => {
            const failed = message instanceof CodedError ? message : errorOfHeaders(message.headers);
            if (failed === undefined) done(message as BusMessage);
            else fail(failed);
          });
        });
      });
      untilDeadline(answered, this.place.clock, deadline, `subject[${subject}]`).then(resolve, reject);
    });
  }

  private answer(
    message: BusMessage,
    answer: Answer | undefined,
    make: () => Promise<{ readonly data: Uint8Array; readonly headers: Headers }>,
  ): void {
    const back = (data: Uint8Array, headers: Headers): void => {
      const reply = { subject: message.subject, data: new Uint8Array(data), headers };
      if (this.current !== 'CONNECTED' || answer === undefined) return;
      carryOnce(this.hub.network, this.place.name, this.hub.place, () => answer(reply));
    };
    make().then(
      ({ data, headers }) => back(data, headers),
      (error: unknown) => back(new Uint8Array(), errorHeaders(error)),
    );
  }

  /** An operation on the hub's store: there and back over the network. */
  private call<T>(what: string, timeoutMs: number, action: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.checkConnected(what);
      const { hub, place } = this;
      const done = new Promise<T>((finish) => {
        carryOnce(hub.network, place.name, hub.place, () => {
          const value = action();
          carryOnce(hub.network, hubName, place, () => finish(value));
        });
      });
      const deadline = deadlineAfter(place.clock, timeoutMs);
      untilDeadline(done, place.clock, deadline, what).then(resolve, reject);
    });
  }

  private queueMessage(
    queue: JobQueue,
    consumer: JobConsumer,
    message: Job,
    deliveries: number,
  ): QueueMessage {
    const { sequence, queuedAtMs } = message;
    const tell = (action: () => void): void => {
      if (this.current !== 'CONNECTED') return;
      carryOnce(this.hub.network, this.place.name, this.hub.place, action);
    };
    return {
      subject: message.subject,
      data: message.data,
      headers: message.headers,
      deliveries,
      identity: `${queue.options.name} ${sequence} ${queuedAtMs}`,
      queuedAtMs,
      ack: () => this.call(`subject[${message.subject}]`, 5_000, () => queue.ack(sequence, consumer)),
      retry: (delayMs) => tell(() => queue.retry(sequence, consumer, delayMs)),
      reject: () => tell(() => queue.ack(sequence, consumer)),
      working: () => tell(() => queue.working(sequence, consumer)),
    };
  }

  /** A handler that fails leaves its job un-acked: it comes again after the ack wait. */
  private work(handler: (message: QueueMessage) => Promise<void>, message: QueueMessage): void {
    Promise.resolve(message)
      .then(handler)
      .catch((error: unknown) => {
        const fields = { subject: message.subject, ...errorFields(error) };
        this.hub.log.warn('queue handler failed', fields);
      });
  }
}

function serviceHeaders(error: { readonly status: number; readonly description: string }): Headers {
  return {
    [serviceErrorHeader]: error.description,
    [serviceErrorCodeHeader]: String(error.status),
  };
}
