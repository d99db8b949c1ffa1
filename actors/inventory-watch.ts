/**
 * The inventories of all data nodes, followed through presence: one stream a node, opened again with back-off; a gap or
 * another incarnation starts from a snapshot. Owned by one actor, which reads it and is told of changes.
 */
import { InventoryService } from '../proto/services.js';
import type {
  CallOptions,
  Client,
  Log,
  NodeInfo,
  Node as ProcessNode,
  Subscription,
} from '../runtime/types.js';
import { DeltaFollower, type Delta } from './delta-log.js';

export type SegmentCopyState = 'loading' | 'served' | 'failed' | 'realtime' | 'dropping';
export interface SegmentCopy {
  readonly segmentId: string;
  /** DataSegment JSON. */
  readonly segmentJson: string;
  readonly state: SegmentCopyState;
  readonly rows: number;
  readonly bytes: number;
  readonly error: string;
}
export interface NodeInventory {
  /** As presence shows it now. */
  readonly info: NodeInfo;
  readonly role: string;
  /** A whole snapshot was received and the stream is open: the copies are seen, not remembered. */
  readonly fresh: boolean;
  /** The first whole snapshot has come. */
  readonly complete: boolean;
  readonly copies: ReadonlyMap<string, SegmentCopy>;
}
export interface CopyChange {
  readonly node: string;
  /** Undefined = everything of the node may have changed. */
  readonly segmentIds: readonly string[] | undefined;
}

export interface InventoryWatchOptions {
  readonly node: Pick<ProcessNode, 'presence' | 'transport' | 'clock' | 'random' | 'deadline'>;
  readonly log: Log;
  /** Roles that serve inventories. */
  readonly roles: readonly string[];
  readonly changed: (change: CopyChange) => void;
}

const retryMinMs = 100;
const retryMaxMs = 5_000;
/** Streams are opened again after this long, so that a half-open connection is never trusted for ever. */
const streamMaxMs = 600_000;

const states: readonly string[] = ['loading', 'served', 'failed', 'realtime', 'dropping'];
const numberOf = (value: number | null | undefined): number => value ?? 0;

interface Followed {
  info: NodeInfo;
  readonly role: string;
  readonly follower: DeltaFollower<SegmentCopy>;
  readonly stop: AbortController;
  open: boolean;
}

export class InventoryWatch {
  readonly #options: InventoryWatchOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #running = new Set<Promise<void>>();
  #subscription: Subscription | undefined;

  constructor(options: InventoryWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#subscription = this.#options.node.presence.onChange((change) => {
      if (change.type === 'left' || change.type === 'dead') this.#forget(change.info.node);
      else this.#reconcile();
    });
    this.#reconcile();
  }

  async stop(): Promise<void> {
    this.#subscription?.stop();
    for (const name of this.#followed.keys()) this.#forget(name);
    await Promise.all(this.#running);
  }

  nodes(): readonly NodeInventory[] {
    return [...this.#followed.values()].map(shown);
  }
  /** Undefined: the node is not there (any more). */
  node(name: string): NodeInventory | undefined {
    const followed = this.#followed.get(name);
    return followed === undefined ? undefined : shown(followed);
  }

  #reconcile(): void {
    for (const role of this.#options.roles) {
      for (const info of this.#options.node.presence.nodes(role)) {
        const known = this.#followed.get(info.node);
        if (known !== undefined && known.info.incarnation === info.incarnation) {
          known.info = info;
          continue;
        }
        if (known !== undefined) this.#forget(info.node);
        if (info.grpcAddress !== '') this.#follow(info, role);
      }
    }
  }

  #forget(name: string): void {
    const followed = this.#followed.get(name);
    if (followed === undefined) return;
    this.#followed.delete(name);
    followed.stop.abort();
    this.#options.changed({ node: name, segmentIds: undefined });
  }

  #follow(info: NodeInfo, role: string): void {
    const followed: Followed = {
      info,
      role,
      follower: new DeltaFollower((copy) => copy.segmentId),
      stop: new AbortController(),
      open: false,
    };
    this.#followed.set(info.node, followed);
    const running = this.#run(followed).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run(followed: Followed): Promise<void> {
    const { clock, random } = this.#options.node;
    let waitMs = retryMinMs;
    const { signal } = followed.stop;
    while (!signal.aborted) {
      try {
        const received = await this.#streamOnce(followed);
        if (received) waitMs = retryMinMs;
      } catch (error) {
        if (!signal.aborted) {
          this.#options.log.debug('inventory stream ended', {
            node: followed.info.node,
            error: error instanceof Error ? error.message : String(error),
          });
        }
      }
      if (followed.open) {
        followed.open = false;
        this.#options.changed({ node: followed.info.node, segmentIds: [] });
      }
      if (signal.aborted) return;
      await sleep(waitMs * (0.5 + random.next()), clock, signal);
      waitMs = Math.min(waitMs * 2, retryMaxMs);
    }
  }

  /** True when anything was received. */
  async #streamOnce(followed: Followed): Promise<boolean> {
    const { follower, stop } = followed;
    const { transport, deadline } = this.#options.node;
    const client: Client = transport.client(followed.info.grpcAddress);
    const options: CallOptions = { deadline: deadline(streamMaxMs), signal: stop.signal };
    const request = { incarnation: followed.info.incarnation, fromSequence: follower.sequence };
    let received = false;
    follower.restart();
    for await (const message of client.stream(InventoryService.WatchInventory, request, options)) {
      if (stop.signal.aborted) return received;
      received = true;
      const delta = readDelta(message);
      const outcome = follower.apply(delta);
      if (outcome === 'gap') {
        follower.reset();
        return received;
      }
      if (outcome === 'partial') continue;
      followed.open = true;
      this.#options.changed({
        node: followed.info.node,
        segmentIds: delta.snapshot
          ? undefined
          : [...delta.removed, ...delta.changed.map((copy) => copy.segmentId)],
      });
    }
    return received;
  }
}

function shown(one: Followed): NodeInventory {
  return {
    info: one.info,
    role: one.role,
    fresh: one.open && one.follower.complete,
    complete: one.follower.complete,
    copies: one.follower.items,
  };
}

type DeltaMessage = ReturnType<(typeof InventoryService.WatchInventory.response)['decode']>;

function readDelta(message: DeltaMessage): Delta<SegmentCopy> {
  return {
    sequence: numberOf(message.sequence),
    snapshot: message.snapshot ?? false,
    snapshotEnd: message.snapshotEnd ?? false,
    removed: message.removed ?? [],
    changed: (message.changed ?? []).map((state) => ({
      segmentId: state.segmentId ?? '',
      segmentJson: state.segmentJson ?? '',
      state: states.includes(state.state ?? '') ? (state.state as SegmentCopyState) : 'failed',
      rows: numberOf(state.rows),
      bytes: numberOf(state.bytes),
      error: state.error ?? '',
    })),
  };
}

export function sleep(ms: number, clock: ProcessNode['clock'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
