/**
 * The historical: pulls segments from deep storage into its cache, opens them for queries, tells what it has. The
 * inventory is the truth about it: a command only says "accepted".
 */
import { mkdir, rm } from 'node:fs/promises';
import { asCoded, CodedError, toErrorInfo } from '../../proto/errors.js';
import { codecs, DataNodeService, InventoryService, type grove } from '../../proto/services.js';
import type { Pool } from '../../query/engine/pool-api.js';
import type { LookupFinder } from '../../query/native/context.js';
import { subjectToken } from '../../runtime/subject.js';
import type { ActorContext, Behavior, ChildSpec, Node, ReplyTo } from '../../runtime/types.js';
import type { DeepStorage } from '../../segment/store/deep-storage.js';
import { identifierOf, isTombstone, parseDataSegmentText } from '../../segment/timeline/data-segment.js';
import type { PartialCaching } from '../cached-scan.js';
import { DeltaLog } from '../delta-log.js';
import type { FrameCarrier } from '../frame-by-reference.js';
import { admit, type SeenEpoch } from '../command-fence.js';
import { SegmentCache, type CachedSegment } from './cache.js';
import { dataNodeHandlers } from '../data-node.js';
import type { GroupMemory } from '../group-memory.js';
import { SegmentRegistry, type OpenSegment } from '../segment-registry.js';
import { openTombstone } from './open-segment.js';
import { Statuses } from './statuses.js';

type CommandResult = grove.cluster.v1.CommandResult.$Properties;
type LoadSegment = grove.cluster.v1.LoadSegment.$Properties;
type DropSegment = grove.cluster.v1.DropSegment.$Properties;
type SegmentState = grove.cluster.v1.SegmentState.$Properties;

export interface HistoricalSettings {
  /** Folder of the segment cache. */
  readonly cacheDir: string;
  readonly capacityBytes: number;
  readonly tier: string;
  /** How long a dropped segment stays open for queries that were planned before. */
  readonly dropDelayMs: number;
  readonly loadsAtOnce: number;
  /** A failed load is tried again after this, doubled each time up to the maximum. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}
export const historicalDefaults = {
  loadsAtOnce: 2,
  retryMinMs: 1_000,
  retryMaxMs: 120_000,
} as const;

export interface HistoricalDeps {
  readonly node: Node;
  readonly pool: Pick<Pool, 'scanSegments' | 'run'>;
  readonly storage: Pick<DeepStorage, 'pull'>;
  /** Opens the files of one segment folder. Errors: CorruptSegment. */
  readonly openSegment: (dir: string, segmentId: string) => Promise<OpenSegment>;
  readonly frames: FrameCarrier;
  /** Absent: nothing is cached. */
  readonly caching?: PartialCaching;
  /** Absent: no lookups are registered. */
  readonly lookups?: LookupFinder;
  /** Absent: the groups of a segment go to the broker as they are. */
  readonly groups?: GroupMemory;
  readonly settings: HistoricalSettings;
}

export type HistoricalMessage =
  | { readonly type: 'load'; readonly command: LoadSegment; readonly reply: ReplyTo<CommandResult> }
  | { readonly type: 'drop'; readonly command: DropSegment; readonly reply: ReplyTo<CommandResult> }
  | { readonly type: 'loaded'; readonly cached: CachedSegment; readonly segment: OpenSegment }
  | { readonly type: 'loadFailed'; readonly cached: CachedSegment; readonly error: Error }
  | { readonly type: 'retry'; readonly id: string }
  | { readonly type: 'dropDue'; readonly id: string }
  | { readonly type: 'removed'; readonly id: string };

/** How many cached segments are opened at a time when starting. */
const opensAtOnce = 8;
const commandMs = 10_000;

export function createHistorical(deps: HistoricalDeps): ChildSpec<HistoricalMessage> {
  return { name: 'historical', behavior: () => new Historical(deps), shutdownMs: 15_000 };
}

export class Historical implements Behavior<HistoricalMessage> {
  readonly #deps: HistoricalDeps;
  readonly #cache: SegmentCache;
  readonly #registry = new SegmentRegistry();
  readonly #inventory = new DeltaLog<SegmentState>((state) => state.segmentId ?? '');
  readonly #statuses = new Statuses();
  readonly #stops: (() => void)[] = [];
  #seen: SeenEpoch = { clusterId: '', epoch: 0 };
  #loads = 0;

  constructor(deps: HistoricalDeps) {
    this.#deps = deps;
    this.#cache = new SegmentCache(deps.settings.cacheDir);
  }

  async started(context: ActorContext<HistoricalMessage>): Promise<void> {
    const { node, settings } = this.#deps;
    node.presence.setRole('historical', { state: 'STARTING', tier: settings.tier });
    this.#seen = await this.#cache.readEpoch();
    await this.#openCached(await this.#cache.open(), context);
    this.#serve(context);
    this.#startLoads(context);
    this.#announce('RUNNING');
  }

  async receive(message: HistoricalMessage, context: ActorContext<HistoricalMessage>): Promise<void> {
    switch (message.type) {
      case 'load':
        message.reply.ok(await this.#obey(message.command, () => this.#load(message.command, context)));
        break;
      case 'drop':
        message.reply.ok(await this.#obey(message.command, () => this.#drop(message.command, context)));
        break;
      case 'loaded':
        await this.#loaded(message.cached, message.segment, context);
        break;
      case 'loadFailed':
        this.#loadFailed(message.cached, message.error, context);
        break;
      case 'retry':
        this.#retry(message.id);
        break;
      case 'dropDue':
        this.#dropDue(message.id, context);
        break;
      case 'removed':
        this.#removed(message.id);
        break;
    }
    this.#startLoads(context);
    this.#announce('RUNNING');
  }

  draining(): void {
    this.#deps.node.presence.setRole('historical', { state: 'DRAINING' });
  }

  async stopping(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    for (const status of this.#statuses.values()) if (status.kind === 'loading') status.stop.abort();
    await Promise.all(this.#statuses.ids().map((id) => this.#registry.retire(id)));
    this.#deps.node.presence.setRole('historical', { state: 'STOPPED' });
  }

  // ---- doors

  #serve(context: ActorContext<HistoricalMessage>): void {
    const { node } = this.#deps;
    const { self } = context;
    const base = `cmd.historical.${subjectToken(node.name)}`;
    const answer =
      (make: (data: Uint8Array, reply: ReplyTo<CommandResult>) => HistoricalMessage) =>
      async (message: { readonly data: Uint8Array }): Promise<Uint8Array> => {
        const deadline = node.deadline(commandMs);
        const result = await self.ask<CommandResult>((reply) => make(message.data, reply), { deadline });
        return codecs.CommandResult.encode(result);
      };
    const load = node.bus.respond(
      `${base}.load`,
      answer((data, reply) => ({ type: 'load', command: codecs.LoadSegment.decode(data), reply })),
    );
    const drop = node.bus.respond(
      `${base}.drop`,
      answer((data, reply) => ({ type: 'drop', command: codecs.DropSegment.decode(data), reply })),
    );
    const inventory = node.transport.serve(InventoryService, {
      WatchInventory: (request, call) => this.#watch(request, call.signal),
    });
    const queries = node.transport.serve(
      DataNodeService,
      dataNodeHandlers({
        registry: this.#registry,
        pool: this.#deps.pool,
        ...(this.#deps.caching === undefined ? {} : { caching: this.#deps.caching }),
        frames: this.#deps.frames,
        ...(this.#deps.lookups === undefined ? {} : { lookups: this.#deps.lookups }),
        ...(this.#deps.groups === undefined ? {} : { groups: this.#deps.groups }),
        clusterId: () => this.#seen.clusterId,
        log: context.log,
        clock: node.clock,
        metrics: node.metrics,
        loadChanged: () => node.presence.setRole('historical', { load: this.#registry.users }),
      }),
    );
    this.#stops.push(
      () => load.stop(),
      () => drop.stop(),
      () => inventory.stop(),
      () => queries.stop(),
    );
  }

  async *#watch(
    request: grove.cluster.v1.WatchInventoryRequest.$Properties,
    signal: AbortSignal,
  ): AsyncGenerator<grove.cluster.v1.InventoryDelta.$Properties> {
    const { name, incarnation } = this.#deps.node;
    const from = request.incarnation === incarnation ? (request.fromSequence ?? 0) : 0;
    for await (const delta of this.#inventory.watch(from, signal)) {
      yield { ...delta, node: name, incarnation, changed: [...delta.changed], removed: [...delta.removed] };
    }
  }

  // ---- commands

  async #obey(command: LoadSegment | DropSegment, act: () => Promise<void>): Promise<CommandResult> {
    const header = command.header;
    const claim = { clusterId: header?.clusterId ?? '', epoch: header?.epoch ?? 0 };
    const admission = admit(this.#seen, claim, 'segment cache');
    if (admission.kind === 'refused') {
      return { ok: false, error: errorInfo(admission.error), epochSeen: admission.epochSeen };
    }
    try {
      if (admission.isNew) {
        await this.#cache.writeEpoch(admission.seen);
        this.#seen = admission.seen;
      }
      await act();
      return { ok: true };
    } catch (error) {
      return { ok: false, error: errorInfo(error) };
    }
  }

  async #load(command: LoadSegment, context: ActorContext<HistoricalMessage>): Promise<void> {
    const json = command.segmentJson ?? '';
    const segment = parseDataSegmentText(json, 'segmentJson');
    const cached: CachedSegment = { id: identifierOf(segment), segment, json };
    const status = this.#statuses.get(cached.id);
    switch (status?.kind) {
      case 'dropping':
        context.cancelTimer(`drop:${cached.id}`);
        await this.#cache.keep(status.cached);
        this.#statuses.set(cached.id, { kind: 'served', cached: status.cached });
        this.#show(status.cached, 'served');
        break;
      case 'leaving':
        this.#statuses.set(cached.id, { ...status, next: cached });
        break;
      case undefined:
        this.#enqueue(cached, 0);
        break;
      case 'queued':
      case 'loading':
      case 'served':
      // A failed load has its own back-off; being asked again does not shorten it.
      case 'failed':
        break;
    }
  }

  async #drop(command: DropSegment, context: ActorContext<HistoricalMessage>): Promise<void> {
    const id = command.segmentId ?? '';
    const status = this.#statuses.get(id);
    switch (status?.kind) {
      case 'served': {
        await this.#cache.forget(id);
        this.#statuses.set(id, { kind: 'dropping', cached: status.cached });
        const delayMs = command.delayMs ?? 0;
        context.timer(`drop:${id}`, delayMs > 0 ? delayMs : this.#deps.settings.dropDelayMs, {
          type: 'dropDue',
          id,
        });
        break;
      }
      case 'loading':
        status.stop.abort();
        this.#statuses.set(id, { kind: 'leaving', cached: status.cached, next: undefined });
        break;
      case 'queued':
      case 'failed':
        context.cancelTimer(`retry:${id}`);
        this.#statuses.delete(id);
        break;
      case 'leaving':
        this.#statuses.set(id, { ...status, next: undefined });
        break;
      case 'dropping':
      case undefined:
        break;
    }
    this.#inventory.apply([], [id]);
  }

  // ---- loading

  #enqueue(cached: CachedSegment, attempts: number): void {
    this.#statuses.set(cached.id, { kind: 'queued', cached, attempts });
    this.#show(cached, 'loading');
  }

  #startLoads(context: ActorContext<HistoricalMessage>): void {
    if (this.#loads >= this.#deps.settings.loadsAtOnce) return;
    for (let next = this.#statuses.nextQueued(); next !== undefined; next = this.#statuses.nextQueued()) {
      const { cached, attempts } = next;
      const stop = new AbortController();
      this.#statuses.set(cached.id, { kind: 'loading', cached, attempts, stop });
      this.#loads += 1;
      context.pipeToSelf(
        this.#fetch(cached, stop.signal),
        (segment) => ({ type: 'loaded', cached, segment }),
        (error) => ({ type: 'loadFailed', cached, error }),
      );
      if (this.#loads >= this.#deps.settings.loadsAtOnce) return;
    }
  }

  async #fetch(cached: CachedSegment, signal: AbortSignal): Promise<OpenSegment> {
    const { storage, node } = this.#deps;
    const { segment, id } = cached;
    if (segment.loadSpec === null) {
      throw new CodedError('InvalidInput', `Segment[${id}] has no load spec`, { field: 'loadSpec' });
    }
    const folder = this.#cache.folderOf(id);
    await rm(folder, { recursive: true, force: true });
    node.hit('load.before_pull');
    if (isTombstone(segment)) await mkdir(folder, { recursive: true });
    else await storage.pull(segment.loadSpec, folder, { signal, expectedSize: segment.size });
    node.hit('load.after_pull');
    const opened = await this.#open(cached);
    try {
      await this.#cache.keep(cached);
    } catch (error) {
      await opened.close();
      throw error;
    }
    node.hit('load.after_keep');
    return opened;
  }

  async #open({ segment, id }: CachedSegment): Promise<OpenSegment> {
    if (isTombstone(segment)) return openTombstone();
    return await this.#deps.openSegment(this.#cache.folderOf(id), id);
  }

  async #loaded(
    cached: CachedSegment,
    segment: OpenSegment,
    context: ActorContext<HistoricalMessage>,
  ): Promise<void> {
    this.#loads -= 1;
    const status = this.#statuses.get(cached.id);
    if (status?.kind !== 'loading') {
      // Dropped while it came.
      await segment.close();
      this.#sweep(cached.id, context);
      return;
    }
    this.#registry.add(cached.id, segment);
    this.#statuses.set(cached.id, { kind: 'served', cached });
    this.#show(cached, 'served', segment.rows);
    context.log.info('segment loaded', { segment: cached.id, bytes: cached.segment.size });
  }

  #loadFailed(cached: CachedSegment, error: Error, context: ActorContext<HistoricalMessage>): void {
    this.#loads -= 1;
    const status = this.#statuses.get(cached.id);
    if (status?.kind !== 'loading') {
      this.#sweep(cached.id, context);
      return;
    }
    const attempts = status.attempts + 1;
    this.#statuses.set(cached.id, { kind: 'failed', cached, attempts });
    this.#show(cached, 'failed', 0, error.message);
    const { retryMinMs, retryMaxMs } = this.#deps.settings;
    const waitMs =
      Math.min(retryMaxMs, retryMinMs * 2 ** (attempts - 1)) * (0.75 + context.random.next() / 2);
    context.timer(`retry:${cached.id}`, waitMs, { type: 'retry', id: cached.id });
    context.log.warn('segment load failed', { segment: cached.id, attempts, error: error.message });
  }

  #retry(id: string): void {
    const status = this.#statuses.get(id);
    if (status?.kind === 'failed') this.#enqueue(status.cached, status.attempts);
  }

  // ---- dropping

  #dropDue(id: string, context: ActorContext<HistoricalMessage>): void {
    const status = this.#statuses.get(id);
    if (status?.kind !== 'dropping') return;
    this.#statuses.set(id, { kind: 'leaving', cached: status.cached, next: undefined });
    this.#sweep(id, context);
  }

  #sweep(id: string, context: ActorContext<HistoricalMessage>): void {
    const leave = async (): Promise<void> => {
      await this.#registry.retire(id);
      await this.#cache.remove(id);
    };
    context.pipeToSelf(
      leave(),
      () => ({ type: 'removed', id }),
      (error) => {
        context.log.warn('removing a dropped segment failed', { segment: id, error: error.message });
        return { type: 'removed', id };
      },
    );
  }

  #removed(id: string): void {
    const status = this.#statuses.get(id);
    if (status?.kind !== 'leaving') return;
    this.#statuses.delete(id);
    if (status.next !== undefined) this.#enqueue(status.next, 0);
  }

  // ---- what others see

  async #openCached(
    cached: readonly CachedSegment[],
    context: ActorContext<HistoricalMessage>,
  ): Promise<void> {
    const waiting = [...cached];
    const openNext = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        try {
          const segment = await this.#open(next);
          this.#registry.add(next.id, segment);
          this.#statuses.set(next.id, { kind: 'served', cached: next });
          this.#show(next, 'served', segment.rows);
        } catch (error) {
          context.log.warn('a cached segment is broken: it is fetched again', {
            segment: next.id,
            error: asCoded(error).message,
          });
          await this.#cache.forget(next.id);
          this.#enqueue(next, 0);
        }
      }
    };
    await Promise.all(Array.from({ length: opensAtOnce }, openNext));
    if (cached.length > 0) context.log.info('segment cache opened', { segments: cached.length });
  }

  #show(cached: CachedSegment, state: 'loading' | 'served' | 'failed', rows?: number, error = ''): void {
    const known = this.#inventory.get(cached.id);
    this.#inventory.apply([
      {
        segmentId: cached.id,
        segmentJson: cached.json,
        state,
        rows: rows ?? known?.rows ?? 0,
        bytes: cached.segment.size,
        error,
      },
    ]);
  }

  #announce(state: 'RUNNING'): void {
    this.#deps.node.presence.setRole('historical', {
      state,
      used: this.#statuses.bytes,
      capacity: this.#deps.settings.capacityBytes,
      tier: this.#deps.settings.tier,
      inventoryDigest: String(this.#inventory.sequence),
    });
  }
}

function errorInfo(error: unknown): grove.cluster.v1.ErrorInfo.$Properties {
  const { code, message, context } = toErrorInfo(error);
  return { code, message, context: [...context] };
}
