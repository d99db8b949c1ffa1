/**
 * What the in-memory bus keeps: keys with a time to live, and work queues. Plain state machines on a clock, with the
 * answers the real server gives.
 */
import { CodedError } from '../proto/errors.js';
import type { Clock, Timer } from './types.js';

const DUPLICATE_WINDOW_MS = 120_000;

interface Entry {
  readonly value: string;
  readonly revision: number;
  readonly expiresAtMs: number;
}

export class LeaseStore {
  private readonly clock: Clock;
  private readonly ttlMs: number;
  private readonly entries = new Map<string, Entry>();
  private revision = 0;

  constructor(clock: Clock, ttlMs: number) {
    this.clock = clock;
    this.ttlMs = ttlMs;
  }

  create(key: string, value: string): number | undefined {
    return this.get(key) === undefined ? this.put(key, value) : undefined;
  }

  update(key: string, value: string, revision: number): number | undefined {
    return this.get(key)?.revision === revision ? this.put(key, value) : undefined;
  }

  get(key: string): { readonly value: string; readonly revision: number } | undefined {
    const found = this.entries.get(key);
    if (found === undefined || found.expiresAtMs <= this.clock.monotonic()) return undefined;
    return { value: found.value, revision: found.revision };
  }

  remove(key: string): void {
    this.entries.delete(key);
  }

  /** As after the loss of the server's memory: revisions begin again. */
  wipe(): void {
    this.entries.clear();
    this.revision = 0;
  }

  private put(key: string, value: string): number {
    this.revision += 1;
    const expiresAtMs = this.clock.monotonic() + this.ttlMs;
    this.entries.set(key, { value, revision: this.revision, expiresAtMs });
    return this.revision;
  }
}

export interface Job {
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly queuedAtMs: number;
}
/** Takes one job at a time. */
export interface JobConsumer {
  give(job: Job, deliveries: number): void;
}
interface Stored {
  readonly job: Job;
  deliveries: number;
  /** Who has it now. */
  holder: JobConsumer | undefined;
  timer: Timer | undefined;
  /** Not to be given out before its retry time. */
  resting: boolean;
}

export interface QueueOptions {
  readonly name: string;
  readonly subject: string;
  readonly ackWaitMs: number;
  readonly messagesMax: number;
}

export class JobQueue {
  readonly options: QueueOptions;
  private readonly clock: Clock;
  private readonly stored = new Map<number, Stored>();
  private readonly consumers: JobConsumer[] = [];
  private readonly ids = new Map<string, { readonly sequence: number; readonly untilMs: number }>();
  private sequence = 0;

  constructor(clock: Clock, options: QueueOptions) {
    this.clock = clock;
    this.options = options;
  }

  get size(): number {
    return this.stored.size;
  }

  /** MailboxFull when the queue is full; a known id is answered without being stored again. */
  add(
    subject: string,
    data: Uint8Array,
    headers: Readonly<Record<string, string>>,
    id: string | undefined,
  ): { readonly sequence: number; readonly duplicate: boolean } {
    const known = id === undefined ? undefined : this.ids.get(id);
    if (known !== undefined && known.untilMs > this.clock.monotonic()) {
      return { sequence: known.sequence, duplicate: true };
    }
    if (this.stored.size >= this.options.messagesMax) {
      throw new CodedError('MailboxFull', `subject[${subject}]: the queue is full`);
    }
    this.sequence += 1;
    const job = { sequence: this.sequence, subject, data, headers, queuedAtMs: this.clock.now() };
    if (id !== undefined) {
      const untilMs = this.clock.monotonic() + DUPLICATE_WINDOW_MS;
      this.ids.set(id, { sequence: this.sequence, untilMs });
    }
    const stored = { job, deliveries: 0, holder: undefined, timer: undefined, resting: false };
    this.stored.set(this.sequence, stored);
    this.handOut();
    return { sequence: this.sequence, duplicate: false };
  }

  attach(consumer: JobConsumer): void {
    this.consumers.push(consumer);
    this.handOut();
  }

  /** What it holds comes back after the ack wait, unless acked before. */
  detach(consumer: JobConsumer): void {
    const at = this.consumers.indexOf(consumer);
    if (at >= 0) this.consumers.splice(at, 1);
  }

  ack(sequence: number, consumer: JobConsumer): void {
    const found = this.held(sequence, consumer);
    if (found === undefined) return;
    found.timer?.cancel();
    this.stored.delete(sequence);
    this.handOut();
  }

  working(sequence: number, consumer: JobConsumer): void {
    const found = this.held(sequence, consumer);
    if (found !== undefined) this.awaitAck(found);
  }

  retry(sequence: number, consumer: JobConsumer, delayMs: number): void {
    const found = this.held(sequence, consumer);
    if (found === undefined) return;
    found.timer?.cancel();
    found.holder = undefined;
    found.resting = true;
    const ready = (): void => {
      found.resting = false;
      this.handOut();
    };
    found.timer = this.clock.setTimer(delayMs, ready);
    this.handOut();
  }

  wipe(): void {
    for (const one of this.stored.values()) one.timer?.cancel();
    this.stored.clear();
    this.ids.clear();
    this.sequence = 0;
  }

  /** An ack of somebody whose time was over, while another has the job, counts for nothing. */
  private held(sequence: number, consumer: JobConsumer): Stored | undefined {
    const found = this.stored.get(sequence);
    return found?.holder === consumer ? found : undefined;
  }

  private handOut(): void {
    const busy = new Set<JobConsumer>();
    for (const one of this.stored.values()) if (one.holder !== undefined) busy.add(one.holder);
    const idle = this.consumers.filter((consumer) => !busy.has(consumer));
    for (const one of this.stored.values()) {
      if (one.holder !== undefined || one.resting) continue;
      const consumer = idle.shift();
      if (consumer === undefined) return;
      // The next job goes to the next consumer.
      this.detach(consumer);
      this.consumers.push(consumer);
      one.holder = consumer;
      one.deliveries += 1;
      this.awaitAck(one);
      consumer.give(one.job, one.deliveries);
    }
  }

  private awaitAck(one: Stored): void {
    one.timer?.cancel();
    const overdue = (): void => {
      one.holder = undefined;
      this.handOut();
    };
    one.timer = this.clock.setTimer(this.options.ackWaitMs, overdue);
  }
}
