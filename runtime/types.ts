/**
 * The actor machine's interfaces. Implementations live in the files named beside each; roles import the types from
 * here and receive the objects as arguments (one `Node` per process, made in actors/main.ts).
 */
import type { Method, StreamMethod, UnaryMethod } from '../proto/services.js';
import type { CodedError } from '../proto/errors.js';

// ---- clock.ts: the only place that touches real time and real randomness

export interface Timer {
  cancel(): void;
}
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Runs `action` once after `delayMs`. Timers keep the process alive only when `keepAlive`. */
  setTimer(delayMs: number, action: () => void, keepAlive?: boolean): Timer;
}
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Lower-case hex, 2 × bytes characters. */
  hex(bytes: number): string;
}

// ---- log.ts, metrics.ts, crash-points.ts, trace.ts

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with these fields added to every line. */
  with(fields: LogFields): Log;
}
export interface Counter {
  add(value?: number): void;
}
export interface Gauge {
  set(value: number): void;
}
export interface Histogram {
  observe(value: number): void;
}
export type Labels = Readonly<Record<string, string>>;
/** Prometheus metrics; names end in their unit (`_ms`, `_bytes`, `_total`). Same name and labels ⇒ same metric. */
export interface Metrics {
  counter(name: string, labels?: Labels): Counter;
  gauge(name: string, labels?: Labels): Gauge;
  histogram(name: string, buckets: readonly number[], labels?: Labels): Histogram;
  /** The text exposition format. */
  render(): string;
}
/** A named point where a test may kill the process; inert without `--unsafe-faults`. */
export type HitCrashPoint = (name: string) => void;

// ---- deadline.ts

/** An absolute moment on the monotonic clock; a child's deadline is never later than its parent's. */
export interface Deadline {
  readonly atMonotonicMs: number;
  remainingMs(): number;
  expired(): boolean;
  /** The earlier of this one and now + ms. */
  within(ms: number): Deadline;
}
/** Carried in every envelope and call. */
export interface CallContext {
  readonly deadline: Deadline;
  /** Aborted on deadline, cancel, or when the caller is gone. */
  readonly signal: AbortSignal;
  /** W3C traceparent; made at a door, never re-made. */
  readonly trace: string;
  /** Lower-case names. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What is answered reaches the caller as it is, without being encoded. */
  readonly byReference?: boolean;
}

// ---- actor.ts, ref.ts, mailbox.ts, supervisor.ts, watch.ts, lifecycle.ts

export type LifecycleState = 'NEW' | 'STARTING' | 'RUNNING' | 'DRAINING' | 'STOPPED' | 'FAILED';
/** Why an actor ended. `failed` = its behaviour threw, or its supervisor gave up. */
export type StopReason =
  | { readonly kind: 'normal' }
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'failed'; readonly error: Error };

export interface ReplyTo<R> {
  ok(value: R): void;
  fail(error: Error): void;
  readonly deadline: Deadline;
  readonly trace: string;
}
export interface AskOptions {
  readonly deadline: Deadline;
  readonly trace?: string;
}
export interface ActorRef<M> {
  /** Path from the root, e.g. "grove/historical/loader". */
  readonly path: string;
  /** False when the mailbox is full or the actor is gone. */
  tell(message: M): boolean;
  /** Rejects with MailboxFull, Timeout, or Unavailable (the actor ended before it answered). */
  ask<R>(make: (reply: ReplyTo<R>) => M, options: AskOptions): Promise<R>;
  readonly alive: boolean;
}

/** One message at a time, awaited; never re-entered. A throw ends the actor with `failed` (its supervisor decides). */
export interface Behavior<M> {
  started?(context: ActorContext<M>): Promise<void> | void;
  receive(message: M, context: ActorContext<M>): Promise<void> | void;
  /** A watched actor has ended (also: remote nodes watched through presence). */
  terminated?(path: string, reason: StopReason, context: ActorContext<M>): Promise<void> | void;
  /**
   * Take no new work, finish or hand back; called before `stopping` when the process drains. Messages go on being
   * handled: the drain lasts until the mailbox is empty and all piped work is back, or the grace is over.
   */
  draining?(context: ActorContext<M>): Promise<void> | void;
  stopping?(reason: StopReason, context: ActorContext<M>): Promise<void> | void;
}
export interface ActorContext<M> {
  readonly self: ActorRef<M>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Aborted when this actor stops. */
  readonly signal: AbortSignal;
  deadline(ms: number): Deadline;
  spawn<N>(spec: ChildSpec<N>): ActorRef<N>;
  watch(ref: ActorRef<never>): void;
  stopChild(ref: ActorRef<never>): Promise<void>;
  /** The promise's outcome arrives as a message; never a floating promise. */
  pipeToSelf<T>(work: Promise<T>, ok: (value: T) => M, failed: (error: Error) => M): void;
  /** A message to myself after `ms` (again and again with `every`); the same key replaces the earlier timer. */
  timer(key: string, ms: number, message: M): void;
  every(key: string, ms: number, message: M): void;
  cancelTimer(key: string): void;
  /** Ends this actor after the current message. */
  stop(): void;
}
export interface ChildSpec<M> {
  readonly name: string;
  /** Called for each (re)start: state lives in the behaviour and is lost on restart. */
  readonly behavior: () => Behavior<M>;
  /** permanent (default): always restarted; transient: after a failure; temporary: never. */
  readonly restart?: 'permanent' | 'transient' | 'temporary';
  readonly mailboxMax?: number;
  /** Grace for `draining` + `stopping`. Default 5,000. */
  readonly shutdownMs?: number;
}
export interface SupervisorSpec {
  readonly name: string;
  readonly strategy: 'one_for_one' | 'rest_for_one' | 'one_for_all';
  /** Default 5 restarts in 60,000 ms; one more fails the supervisor itself. */
  readonly restartsMax?: number;
  readonly restartsWithinMs?: number;
  readonly backoffMinMs?: number;
  readonly backoffMaxMs?: number;
  readonly children: readonly (ChildSpec<never> | SupervisorSpec)[];
}
/** The tree of one process (actor-system.ts). */
export interface ActorSystem {
  readonly root: string;
  /** Starts children left to right, each awaited; a child that can't start fails the start. */
  start(tree: SupervisorSpec): Promise<void>;
  /** Typed lookup by path; undefined while absent or restarting. */
  find<M>(path: string): ActorRef<M> | undefined;
  states(): readonly { readonly path: string; readonly state: LifecycleState; readonly restarts: number }[];
  /** Drains (right to left), stops (right to left), then force after the grace. */
  stop(graceMs: number): Promise<void>;
  /** Resolves when the root supervisor gave up. */
  readonly failed: Promise<Error>;
  deadLetters(): number;
}

// ---- transport.ts (inline + grpc.ts): request/response and streams between roles

export type UnaryHandler<Req, Res> = (request: Req, context: CallContext) => Promise<Res>;
export type StreamHandler<Req, Res> = (request: Req, context: CallContext) => AsyncIterable<Res>;
export type Handler<M> =
  M extends UnaryMethod<infer Req, infer Res>
    ? UnaryHandler<Req, Res>
    : M extends StreamMethod<infer Req, infer Res>
      ? StreamHandler<Req, Res>
      : never;
export type Handlers<S> = { readonly [K in keyof S]: Handler<S[K]> };
export interface CallOptions {
  readonly deadline: Deadline;
  readonly signal?: AbortSignal;
  readonly trace?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}
export interface Client {
  unary<Req, Res>(method: UnaryMethod<Req, Res>, request: Req, options: CallOptions): Promise<Res>;
  /** Ends early (return/break) ⇒ the call is cancelled. Back-pressured. */
  stream<Req, Res>(method: StreamMethod<Req, Res>, request: Req, options: CallOptions): AsyncIterable<Res>;
}
/**
 * One per process. An address of this very process goes inline (messages handed by reference; with `strict` they are
 * encoded and decoded); any other goes by gRPC. Failures arrive as CodedError (Unavailable, Timeout, Canceled, or the
 * code the handler threw).
 */
export interface Transport {
  /** host:port others reach this process by. */
  readonly address: string;
  /**
   * Registers a service for other processes and inline callers. Several roles of one process may serve the same
   * service under different `scope`s (call metadata `scope`), e.g. RestService per role.
   */
  serve<S extends Readonly<Record<string, Method<unknown, unknown>>>>(
    service: S,
    handlers: Handlers<S>,
    options?: { readonly scope?: string },
  ): { stop(): void };
  client(address: string): Client;
  close(): Promise<void>;
}

// ---- bus.ts (memory-bus.ts, nats.ts)

export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}
export interface Subscription {
  stop(): void;
}
export interface QueueMessage extends BusMessage {
  /** 1 on first delivery. */
  readonly deliveries: number;
  /** The same at every delivery, and of no other message. */
  readonly identity: string;
  /** When it was put into the queue. Epoch ms. */
  readonly queuedAtMs: number;
  ack(): Promise<void>;
  /** Again after `delayMs`. */
  retry(delayMs: number): void;
  /** Never again. */
  reject(): void;
  /** Keeps the message while work goes on. */
  working(): void;
}
/** Small keys with a bucket-wide time to live; for leases, never the record. */
export interface LeaseBucket {
  /** Revision, or undefined when the key exists. */
  create(key: string, value: string, timeoutMs: number): Promise<number | undefined>;
  /** New revision, or undefined when the revision is no longer the newest. */
  update(key: string, value: string, revision: number, timeoutMs: number): Promise<number | undefined>;
  get(
    key: string,
    timeoutMs: number,
  ): Promise<{ readonly value: string; readonly revision: number } | undefined>;
  remove(key: string, timeoutMs: number): Promise<void>;
}
export type BusState = 'CONNECTED' | 'DISCONNECTED' | 'CLOSED';
/** Subjects are relative: the adapter puts `grove.<cluster>.` in front (service endpoints too). */
export interface Bus {
  readonly state: BusState;
  readonly serverVersion: string;
  onState(listener: (state: BusState) => void): Subscription;
  /** Throws BusUnavailable while disconnected: nothing is ever dropped without a word. At most once. */
  publish(subject: string, data: Uint8Array, headers?: Readonly<Record<string, string>>): void;
  subscribe(subject: string, handler: (message: BusMessage) => void): Subscription;
  /** Rejects with Unavailable (no responder), Timeout or BusUnavailable. */
  request(
    subject: string,
    data: Uint8Array,
    options: { readonly deadline: Deadline; readonly trace?: string },
  ): Promise<BusMessage>;
  /** Answers requests on a subject; a throw answers with error headers (code, message). */
  respond(subject: string, handler: (message: BusMessage) => Promise<Uint8Array>): Subscription;
  /** A discoverable service with one endpoint (NATS services API); a CodedError answers with `Nats-Service-Error` headers. */
  serveEndpoint(options: {
    readonly service: string;
    readonly version: string;
    readonly description: string;
    readonly endpoint: string;
    readonly subject: string;
    readonly handler: (message: BusMessage) => Promise<{
      readonly data: Uint8Array;
      readonly error?: { readonly status: number; readonly description: string };
    }>;
  }): Promise<Subscription>;
  /** TTL bucket in file storage (survives a server restart), re-created when lost. */
  leaseBucket(name: string, ttlMs: number): Promise<LeaseBucket>;
  /** A durable work queue; publishers outside get the server's PubAck. */
  workQueue(options: {
    readonly name: string;
    readonly subject: string;
    readonly ackWaitMs: number;
    readonly messagesMax: number;
    readonly handler: (message: QueueMessage) => Promise<void>;
  }): Promise<Subscription>;
  /** Publishes to a work queue and waits for the server's ack; the same id within the window is stored once. */
  enqueue(subject: string, data: Uint8Array, id: string, deadline: Deadline): Promise<void>;
  close(): Promise<void>;
}

// ---- presence.ts, leader.ts

export interface RoleInfo {
  readonly role: string;
  readonly state: LifecycleState;
  /** > 0 while the node leads this role. */
  readonly leaderEpoch: number;
  readonly load: number;
  readonly capacity: number;
  readonly used: number;
  readonly inventoryDigest: string;
  readonly tier: string;
}
export interface NodeInfo {
  readonly node: string;
  readonly incarnation: string;
  readonly clusterId: string;
  readonly state: LifecycleState;
  readonly roles: readonly RoleInfo[];
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly startedAtMs: number;
  /** suspect after 3 missed beats, removed when dead. */
  readonly suspect: boolean;
}
export type PresenceChange =
  | { readonly type: 'joined' | 'changed' | 'suspect'; readonly info: NodeInfo }
  /** `left` = said so itself; `dead` = lease and grace are over. */
  | { readonly type: 'left' | 'dead'; readonly info: NodeInfo };
export interface Presence {
  readonly self: NodeInfo;
  /** Live nodes (self included) that carry the role. */
  nodes(role: string): readonly NodeInfo[];
  /** Every live node, self included. */
  all(): readonly NodeInfo[];
  /** The live node of that name. */
  find(node: string): NodeInfo | undefined;
  /** The live leader with the highest epoch, or undefined. */
  leader(role: string): NodeInfo | undefined;
  onChange(listener: (change: PresenceChange) => void): Subscription;
  /** Merged into my next beat; a change of state, epoch or digest is sent at once. */
  setRole(role: string, info: Partial<Omit<RoleInfo, 'role'>>): void;
}
export interface LeaderHandle {
  /** > 0 while I may act as the leader, by my own clock. */
  epoch(): number;
  isLeader(): boolean;
  /** A receiver or the store has seen another epoch: raise SQL to seen + 1 if I still hold lease and row, else step down. */
  superseded(seenEpoch: number): void;
  stop(): Promise<void>;
}
/** The epoch row in SQL, as the leader code needs it. */
export interface EpochStore {
  /** Raises the row above both its own value and `atLeast`; answers the new epoch. */
  bump(role: string, holder: string, atLeast: number): Promise<number>;
}
export interface LeaderCallbacks {
  /** I am the leader from now on (epoch row bumped). */
  elected(epoch: number): void;
  /** I am not any more. */
  steppedDown(reason: string): void;
}

// ---- http.ts

export interface HttpRequest {
  readonly method: string;
  /** Decoded path without the query string. */
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly remoteAddress: string;
  readonly signal: AbortSignal;
  readonly trace: string;
}
export interface HttpResponse {
  readonly status: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array>;
}
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;
export interface HttpServer {
  readonly address: string;
  close(): Promise<void>;
}
export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  /** Names answered besides localhost, 127.0.0.1 and [::1]; without authentication anything else is refused. */
  readonly hostsAllowed: readonly string[];
  readonly bodyBytesMax: number;
  readonly handler: HttpHandler;
}

// ---- node.ts: what a role is handed

export interface Node {
  readonly name: string;
  readonly cluster: string;
  readonly incarnation: string;
  /** Known once the metadata store answered; '' before. */
  clusterId(): string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly bus: Bus;
  readonly transport: Transport;
  readonly presence: Presence;
  readonly hit: HitCrashPoint;
  deadline(ms: number): Deadline;
}
export type { CodedError };
