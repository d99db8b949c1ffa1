/**
 * Follows the expected set of the leading coordinator and acknowledges what has been applied. While no coordinator
 * can be heard the last set stays.
 */
import { ExpectedService, type grove } from '../../proto/services.js';
import type { Log, Node, NodeInfo, Subscription } from '../../runtime/types.js';
import { DeltaFollower, type Delta } from '../delta-log.js';
import { sleep } from '../inventory-watch.js';
import type { ExpectedEntry } from './view.js';

export interface ExpectedWatchOptions {
  readonly node: Pick<Node, 'name' | 'presence' | 'transport' | 'clock' | 'random' | 'deadline'>;
  readonly log: Log;
  /** Applies a change, or everything there is; what has returned is acknowledged. */
  readonly apply: (changed: Iterable<ExpectedEntry>, removed: Iterable<string>, whole: boolean) => void;
}

const retryMinMs = 50;
const retryMaxMs = 2_000;
const streamMaxMs = 600_000;
const ackMs = 5_000;

type DeltaMessage = grove.cluster.v1.ExpectedDelta.$Properties;

export class ExpectedWatch {
  readonly #options: ExpectedWatchOptions;
  readonly #stop = new AbortController();
  readonly #acks = new Set<Promise<void>>();
  #follower = new DeltaFollower<ExpectedEntry>((entry) => entry.id);
  #epoch = 0;
  #stream = new AbortController();
  #following: string | undefined;
  #subscription: Subscription | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ExpectedWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#subscription = this.#options.node.presence.onChange(() => {
      const leader = this.#leader();
      // Another leader: the stream of the old one, if it still stands, says nothing any more.
      if (leader !== undefined && leaderKey(leader) !== this.#following) this.#stream.abort();
    });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#subscription?.stop();
    this.#stop.abort();
    this.#stream.abort();
    await this.#running;
    await Promise.all(this.#acks);
  }

  #leader(): NodeInfo | undefined {
    return this.#options.node.presence.leader('coordinator');
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options.node;
    let waitMs = retryMinMs;
    while (!this.#stop.signal.aborted) {
      this.#stream = new AbortController();
      const leader = this.#leader();
      this.#following = leader === undefined ? undefined : leaderKey(leader);
      if (leader !== undefined) {
        try {
          if (await this.#follow(leader)) waitMs = retryMinMs;
        } catch (error) {
          if (!this.#stream.signal.aborted) {
            this.#options.log.debug('expected stream ended', {
              error: error instanceof Error ? error.message : String(error),
            });
          }
        }
      }
      if (this.#stop.signal.aborted) return;
      // A change of leader ends the wait as well.
      await sleep(
        waitMs * (0.5 + random.next()),
        clock,
        AbortSignal.any([this.#stop.signal, this.#stream.signal]),
      );
      waitMs = Math.min(waitMs * 2, retryMaxMs);
    }
  }

  /** True when anything was received. */
  async #follow(leader: NodeInfo): Promise<boolean> {
    const { transport, deadline } = this.#options.node;
    const client = transport.client(leader.grpcAddress);
    const request = { epoch: this.#epoch, fromSequence: this.#follower.sequence };
    let received = false;
    this.#follower.restart();
    const options = { deadline: deadline(streamMaxMs), signal: this.#stream.signal };
    for await (const message of client.stream(ExpectedService.WatchExpected, request, options)) {
      if (this.#stream.signal.aborted) return received;
      received = true;
      const delta = readDelta(message);
      const epoch = message.epoch ?? 0;
      // An older leader that does not know yet that it is one.
      if (epoch < this.#epoch) return received;
      const outcome = this.#follower.apply(delta);
      if (outcome === 'gap') {
        this.#follower.reset();
        return received;
      }
      if (outcome === 'partial') continue;
      this.#epoch = epoch;
      if (delta.snapshot) this.#options.apply(this.#follower.items.values(), [], true);
      else this.#options.apply(delta.changed, delta.removed, false);
      this.#acknowledge(leader, epoch, this.#follower.sequence);
    }
    return received;
  }

  #acknowledge(leader: NodeInfo, epoch: number, sequence: number): void {
    const { transport, deadline, name } = this.#options.node;
    const ack = transport
      .client(leader.grpcAddress)
      .unary(ExpectedService.Ack, { broker: name, epoch, sequence }, { deadline: deadline(ackMs) })
      .then(
        () => undefined,
        // A lost acknowledgement only delays drops; the next one covers it.
        () => undefined,
      )
      .finally(() => this.#acks.delete(ack));
    this.#acks.add(ack);
  }
}

const leaderKey = (info: NodeInfo): string => {
  const epoch = info.roles.find((role) => role.role === 'coordinator')?.leaderEpoch ?? 0;
  return `${info.node} ${info.incarnation} ${epoch}`;
};

function readDelta(message: DeltaMessage): Delta<ExpectedEntry> {
  return {
    sequence: message.sequence ?? 0,
    snapshot: message.snapshot ?? false,
    snapshotEnd: message.snapshotEnd ?? false,
    removed: message.removed ?? [],
    changed: (message.changed ?? []).map((entry) => ({
      id: entry.segmentId ?? '',
      json: entry.segmentJson ?? '',
      queryable: entry.queryable ?? false,
    })),
  };
}
