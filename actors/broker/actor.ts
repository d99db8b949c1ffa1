/**
 * The broker: keeps its view of what must be answered and where it is, and answers native queries. Queries run beside
 * the mailbox; only changes of the view go through it.
 */
import { BrokerService, RestService } from '../../proto/services.js';
import type { Pool } from '../../query/engine/pool-api.js';
import type { LookupFinder } from '../../query/native/context.js';
import type { JsonObject } from '../../query/native/json-fields.js';
import type { ActorContext, Behavior, ChildSpec, Node } from '../../runtime/types.js';
import type { FrameCarrier } from '../frame-by-reference.js';
import type { GroupMemory } from '../group-memory.js';
import { InventoryWatch, type CopyChange } from '../inventory-watch.js';
import { RestRouter } from '../rest-router.js';
import { ExpectedWatch } from './expected-watch.js';
import { LoadBook } from './load-book.js';
import { BrokerQueries } from './query.js';
import { noLimits, type QueryLimits } from './limits.js';
import { brokerRoutes } from './rest.js';
import type { BrokerCaching } from './kept-partials.js';
import type { ResultCaching } from './result-cache.js';
import { QueryScheduler, schedulerDefaults, type SchedulerSettings } from './scheduler.js';
import { BrokerView } from './view.js';
import { createBrokerWork } from './work.js';

export interface BrokerSettings {
  /** When a query names no time-out. */
  readonly queryTimeoutMs: number;
  /** Context keys below a query's own. */
  readonly context: JsonObject;
  readonly limits: QueryLimits;
  readonly scheduler: SchedulerSettings;
  /** After the first expected set: so long may queryable segments be without a holder before the broker opens anyway. */
  readonly settleMs: number;
}
export const brokerDefaults: BrokerSettings = {
  queryTimeoutMs: 300_000,
  context: {},
  limits: noLimits,
  scheduler: schedulerDefaults,
  settleMs: 5_000,
};

export interface BrokerDeps {
  readonly node: Node;
  readonly pool: Pick<Pool, 'run' | 'scanSegments'>;
  readonly frames: FrameCarrier;
  /** Absent: no answer is kept. */
  readonly results?: ResultCaching;
  /** Absent: partial results are kept at the data nodes only, if at all. */
  readonly partials?: BrokerCaching;
  /** Absent: no lookups are registered. */
  readonly lookups?: LookupFinder;
  /** Absent: groups are held in memory alone. */
  readonly groups?: GroupMemory;
  readonly settings: BrokerSettings;
}

export interface BrokerMessage {
  readonly type: 'checkReady';
}

const readyCheckMs = 50;

export function createBroker(deps: BrokerDeps): ChildSpec<BrokerMessage> {
  return { name: 'broker', behavior: () => new Broker(deps), shutdownMs: 15_000 };
}

export class Broker implements Behavior<BrokerMessage> {
  readonly #deps: BrokerDeps;
  readonly #view = new BrokerView();
  readonly #stops: (() => void)[] = [];
  #inventories: InventoryWatch | undefined;
  #expected: ExpectedWatch | undefined;
  #queries: BrokerQueries | undefined;
  #expectedSinceMs: number | undefined;
  #isReady = false;

  constructor(deps: BrokerDeps) {
    this.#deps = deps;
  }

  started(context: ActorContext<BrokerMessage>): void {
    const { node, pool, frames, results, partials, lookups, groups, settings } = this.#deps;
    const { self, log } = context;
    node.presence.setRole('broker', { state: 'STARTING' });
    const inventories = new InventoryWatch({
      node,
      log,
      roles: ['historical', 'peon'],
      // In the order they happen, before anything else sees the watch's state.
      changed: (change) => {
        this.#applyInventory(change);
        if (!this.#isReady) self.tell({ type: 'checkReady' });
      },
    });
    this.#inventories = inventories;
    const expected = new ExpectedWatch({
      node,
      log,
      apply: (changed, removed, whole) => {
        this.#view.applyExpected(changed, removed, whole);
        if (!this.#isReady) self.tell({ type: 'checkReady' });
      },
    });
    this.#expected = expected;
    const queries = new BrokerQueries({
      node,
      view: this.#view,
      loads: new LoadBook(),
      work: createBrokerWork(pool),
      frames,
      ...(results === undefined ? {} : { results }),
      ...(partials === undefined ? {} : { partials }),
      ...(lookups === undefined ? {} : { lookups }),
      ...(groups === undefined ? {} : { groups }),
      isFresh: (name) => this.#inventories?.node(name)?.fresh === true,
      timeoutMs: settings.queryTimeoutMs,
      context: settings.context,
      limits: settings.limits,
      scheduler: new QueryScheduler(settings.scheduler),
      log,
    });
    this.#queries = queries;
    inventories.start();
    expected.start();
    this.#serve(queries);
    context.every('ready', readyCheckMs, { type: 'checkReady' });
  }

  receive(message: BrokerMessage, context: ActorContext<BrokerMessage>): void {
    if (message.type === 'checkReady') this.#checkReady(context);
  }

  draining(): void {
    this.#deps.node.presence.setRole('broker', { state: 'DRAINING' });
  }

  async stopping(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    this.#queries?.cancelAll();
    await this.#expected?.stop();
    await this.#inventories?.stop();
    this.#deps.node.presence.setRole('broker', { state: 'STOPPED' });
  }

  #serve(queries: BrokerQueries): void {
    const { node } = this.#deps;
    const service = node.transport.serve(BrokerService, {
      Native: (request, call) => queries.native(request, call),
      Cancel: async (request) => ({ known: queries.cancel(request.queryId ?? '') }),
    });
    const router = new RestRouter(
      brokerRoutes({
        node,
        view: this.#view,
        isReady: () => this.#isReady,
        infoOf: (name) => node.presence.find(name),
      }),
    );
    const rest = node.transport.serve(
      RestService,
      { Call: (request, call) => router.call(request, call) },
      { scope: 'broker' },
    );
    this.#stops.push(
      () => service.stop(),
      () => rest.stop(),
    );
  }

  #applyInventory(change: CopyChange): void {
    const inventory = this.#inventories?.node(change.node);
    if (inventory === undefined || change.segmentIds === undefined) {
      this.#view.applyInventory(change.node, inventory);
    } else {
      this.#view.applyCopies(change.node, inventory, change.segmentIds);
    }
  }

  /** RUNNING from the moment on that a query would not fail for want of knowledge. */
  #checkReady(context: ActorContext<BrokerMessage>): void {
    if (this.#isReady || !this.#view.hasExpected) return;
    const now = context.clock.monotonic();
    this.#expectedSinceMs ??= now;
    const isHeard = (this.#inventories?.nodes() ?? []).every((one) => one.complete);
    const isSettled = now - this.#expectedSinceMs >= this.#deps.settings.settleMs;
    if (!isSettled && !(isHeard && this.#view.everyQueryableHasHolder())) return;
    this.#isReady = true;
    context.cancelTimer('ready');
    this.#deps.node.presence.setRole('broker', { state: 'RUNNING' });
  }
}
