/**
 * The owner of the metadata store: keeps the database thread alive and serves MetadataService. The thread's end fails
 * this actor, so its supervisor brings up a fresh one; what was asked meanwhile is answered MetadataUnavailable (reads)
 * or Unknown (transactions).
 */
import { CodedError, fromErrorInfo, toErrorInfo } from '../../proto/errors.js';
import type { LeaderClaim } from '../../proto/metadata.js';
import { MetadataService, type grove } from '../../proto/services.js';
import type { ActorContext, Behavior, CallContext, ChildSpec, Node } from '../../runtime/types.js';
import type { StoreConfig } from './store.js';
import type { ThreadCommand, ThreadReply, ThreadStart } from './thread-protocol.js';

/** A worker thread as this actor uses it; a `Worker` of node:worker_threads fits. */
export interface DatabaseThread {
  postMessage(command: ThreadCommand): void;
  on(event: 'message', listener: (reply: ThreadReply) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  terminate(): Promise<number>;
}
export interface MetadataDeps {
  readonly node: Node;
  readonly store: StoreConfig;
  /** Starts the bundled or compiled actors/metadata/thread with this `workerData`. */
  readonly startThread: (start: ThreadStart) => DatabaseThread;
  /** Called with the store's cluster id each time the store has been opened. */
  readonly onClusterId?: (clusterId: string) => void;
}
export type MetadataMessage = { readonly type: 'threadEnded'; readonly reason: string };

/** Requests in the thread at a time; one more is refused. */
const inFlightMax = 1_024;
const closeMs = 5_000;

export function createMetadata(deps: MetadataDeps): ChildSpec<MetadataMessage> {
  return { name: 'metadata', behavior: () => new Metadata(deps), shutdownMs: 10_000 };
}

interface Waiting {
  readonly kind: 'read' | 'transact';
  resolve(outputJson: string): void;
  reject(error: Error): void;
}
type Request = grove.metadata.v1.MetadataRequest.$Properties;
type Result = grove.metadata.v1.MetadataResult.$Properties;

class Metadata implements Behavior<MetadataMessage> {
  readonly #deps: MetadataDeps;
  readonly #waiting = new Map<number, Waiting>();
  #thread: DatabaseThread | undefined;
  #ended: (() => void) | undefined;
  #nextId = 1;
  #service: { stop(): void } | undefined;

  constructor(deps: MetadataDeps) {
    this.#deps = deps;
  }

  async started(context: ActorContext<MetadataMessage>): Promise<void> {
    const { node } = this.#deps;
    node.presence.setRole('metadata', { state: 'STARTING' });
    const schemaVersion = await this.#open(context);
    const { clusterId } = JSON.parse(await this.#call('read', 'readClusterId', '{}')) as {
      clusterId: string;
    };
    this.#deps.onClusterId?.(clusterId);
    this.#service = node.transport.serve(MetadataService, {
      Read: (request, call) => this.#serve('read', request, call),
      Transact: (request, call) => this.#serve('transact', request, call),
    });
    node.presence.setRole('metadata', { state: 'RUNNING' });
    context.log.info('metadata store is open', { schemaVersion });
  }

  receive(message: MetadataMessage): void {
    throw new CodedError('MetadataUnavailable', `The database thread ended: ${message.reason}`);
  }

  async stopping(): Promise<void> {
    this.#service?.stop();
    this.#deps.node.presence.setRole('metadata', { state: 'STOPPED' });
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    await new Promise<void>((resolve) => {
      const timer = this.#deps.node.clock.setTimer(closeMs, resolve);
      this.#ended = () => {
        timer.cancel();
        resolve();
      };
      thread.postMessage({ kind: 'close' });
    });
    await thread.terminate();
    this.#failAll('the store was closed');
  }

  /** Resolves when the tables are up to date. */
  #open(context: ActorContext<MetadataMessage>): Promise<number> {
    const { store, startThread, node } = this.#deps;
    return new Promise((resolve, reject) => {
      const thread = startThread({
        store,
        migration: { clusterId: context.random.hex(16), nowDate: new Date(node.clock.now()).toISOString() },
      });
      this.#thread = thread;
      let failure = 'it exited';
      thread.on('message', (reply) => {
        if (reply.kind === 'ready') resolve(reply.schemaVersion);
        else if (reply.kind === 'failed') reject(fromErrorInfo(reply.error));
        else this.#answer(reply);
      });
      thread.on('error', (error) => {
        failure = error.message;
      });
      thread.on('exit', (code) => {
        const reason = `${failure} (code ${code})`;
        this.#ended?.();
        this.#failAll(reason);
        reject(new CodedError('MetadataUnavailable', `The database thread ended: ${reason}`));
        if (this.#thread === thread) {
          this.#thread = undefined;
          context.self.tell({ type: 'threadEnded', reason });
        }
      });
    });
  }

  #answer(reply: Extract<ThreadReply, { readonly id: number }>): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === 'done') waiting?.resolve(reply.outputJson);
    else waiting?.reject(fromErrorInfo(reply.error));
  }

  #failAll(reason: string): void {
    for (const waiting of this.#waiting.values()) {
      waiting.reject(
        waiting.kind === 'read'
          ? new CodedError('MetadataUnavailable', `The metadata store was lost: ${reason}`)
          : new CodedError('Unknown', `The metadata store was lost during the transaction: ${reason}`),
      );
    }
    this.#waiting.clear();
  }

  #call(kind: 'read' | 'transact', name: string, inputJson: string, leader?: LeaderClaim): Promise<string> {
    const thread = this.#thread;
    if (thread === undefined) {
      return Promise.reject(new CodedError('MetadataUnavailable', 'The metadata store is not open'));
    }
    if (this.#waiting.size >= inFlightMax) {
      return Promise.reject(
        new CodedError('MetadataUnavailable', `${inFlightMax} metadata requests are waiting`),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { kind, resolve, reject });
      thread.postMessage({ id, kind, name, inputJson, ...(leader === undefined ? {} : { leader }) });
    });
  }

  async #serve(kind: 'read' | 'transact', request: Request, call: CallContext): Promise<Result> {
    try {
      if (call.deadline.expired())
        throw new CodedError('MetadataUnavailable', 'The deadline was over on arrival');
      const role = request.leaderRole ?? '';
      const leader = role === '' ? undefined : { role, epoch: request.leaderEpoch ?? 0 };
      return { outputJson: await this.#call(kind, request.name ?? '', request.inputJson ?? '', leader) };
    } catch (thrown) {
      const info = toErrorInfo(thrown);
      return { error: { ...info, context: [...info.context] } };
    }
  }
}
