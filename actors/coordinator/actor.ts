/**
 * The coordinator: reads what is used and how the rules want it, sees what the data nodes have, tells the brokers what
 * to expect and the data nodes what to load and drop. Everything is derived again each cycle; commands in flight are
 * remembered only until their deadline.
 */
import { asCoded, fromErrorInfo } from '../../proto/errors.js';
import { codecs, ExpectedService, RestService, type grove } from '../../proto/services.js';
import { subjectToken } from '../../runtime/subject.js';
import type {
  ActorContext,
  Behavior,
  ChildSpec,
  LeaderCallbacks,
  LeaderHandle,
  Node,
} from '../../runtime/types.js';
import { DeltaLog } from '../delta-log.js';
import { InventoryWatch } from '../inventory-watch.js';
import type { MetadataClient } from '../metadata-client.js';
import { expectedDelta, judgeSegments, type Expected, type Standing } from './expected.js';
import { readSnapshot, type MetadataSnapshot } from './metadata-view.js';
import { makePlan, type InFlight, type PlannedCommand, type PlanNode } from './plan.js';
import { planNodes, servedSegments } from './nodes.js';
import { ReleaseBook } from './release.js';
import { createRestHandler } from './rest.js';
import type { CoordinatorState } from './rest-deps.js';

type ExpectedSegment = grove.cluster.v1.ExpectedSegment.$Properties;

export interface CoordinatorSettings {
  /** Between cycles; events start one at once. */
  readonly periodMs: number;
  /** After the election, before the first command: presence has shown every node by then. */
  readonly settleMs: number;
  readonly dropDelayMs: number;
  /** Until a command is answered and its effect seen in the inventory. */
  readonly commandMs: number;
  readonly loadsPerNodeMax: number;
  /** Hidden segments are marked unused when the leader has led this long. */
  readonly hiddenUnusedAfterMs: number;
}
export const coordinatorDefaults: CoordinatorSettings = {
  periodMs: 5_000,
  settleMs: 1_000,
  dropDelayMs: 30_000,
  commandMs: 15_000,
  loadsPerNodeMax: 100,
  hiddenUnusedAfterMs: 900_000,
};

export interface CoordinatorDeps {
  readonly node: Node;
  readonly metadata: MetadataClient;
  /** Starts standing for election as `coordinator`. */
  readonly lead: (callbacks: LeaderCallbacks) => LeaderHandle;
  readonly settings: CoordinatorSettings;
  /** Submits a task for the REST calls that start one (kill); absent = such calls are refused. */
  readonly submitTask?: (taskJson: string) => Promise<string>;
}

export type CoordinatorMessage =
  | { readonly type: 'cycle' }
  | { readonly type: 'soon' }
  | { readonly type: 'elected'; readonly epoch: number }
  | { readonly type: 'steppedDown'; readonly reason: string }
  | { readonly type: 'snapshot'; readonly snapshot: MetadataSnapshot; readonly epoch: number }
  | { readonly type: 'marked'; readonly ids: readonly string[]; readonly epoch: number }
  | { readonly type: 'cycleFailed'; readonly error: Error; readonly step: string }
  | { readonly type: 'answered'; readonly command: PlannedCommand; readonly error: Error | undefined }
  | { readonly type: 'markedUnused'; readonly changed: number }
  | { readonly type: 'markUnusedFailed'; readonly error: Error };

interface Reign {
  readonly epoch: number;
  readonly sinceMonotonicMs: number;
  readonly log: DeltaLog<ExpectedSegment>;
  readonly releases: ReleaseBook;
  readonly over: AbortController;
  /** Resolved when the first expected set is there. */
  readonly ready: Promise<void>;
  readonly becomeReady: () => void;
  expected: ReadonlyMap<string, Expected>;
}

/** A standing and everything it was derived from. */
interface Judged {
  readonly used: MetadataSnapshot['used'];
  readonly loadedOnce: MetadataSnapshot['loadedOnce'];
  readonly rules: MetadataSnapshot['rules'];
  readonly inventoryVersion: number;
  readonly atMs: number;
  readonly standing: Standing;
}

/** Period rules are looked at again this often when nothing else changes. */
const judgeAgainMs = 30_000;
const soonMs = 15;
const metadataMs = 10_000;

export function createCoordinator(deps: CoordinatorDeps): ChildSpec<CoordinatorMessage> {
  return { name: 'coordinator', behavior: () => new Coordinator(deps) };
}

export class Coordinator implements Behavior<CoordinatorMessage> {
  readonly #deps: CoordinatorDeps;
  readonly #flights = new Map<string, InFlight & { readonly untilMonotonicMs: number }>();
  readonly #stops: (() => void)[] = [];
  #watch: InventoryWatch | undefined;
  #leader: LeaderHandle | undefined;
  #reign: Reign | undefined;
  #snapshot: MetadataSnapshot | undefined;
  #standing: Standing | undefined;
  #judged: Judged | undefined;
  /** The last state in which the plan was empty. */
  #quiet: { readonly standing: Standing; readonly state: string } | undefined;
  #inventoryVersion = 0;
  #isBusy = false;
  #isAgain = false;
  #withheld = false;

  constructor(deps: CoordinatorDeps) {
    this.#deps = deps;
  }

  started(context: ActorContext<CoordinatorMessage>): void {
    const { node, settings } = this.#deps;
    const { self } = context;
    node.presence.setRole('coordinator', { state: 'STARTING', leaderEpoch: 0 });
    this.#watch = new InventoryWatch({
      node,
      log: context.log,
      roles: ['historical'],
      changed: () => {
        this.#inventoryVersion += 1;
        self.tell({ type: 'soon' });
      },
    });
    this.#watch.start();
    this.#serve(context);
    this.#leader = this.#deps.lead({
      elected: (epoch) => void self.tell({ type: 'elected', epoch }),
      steppedDown: (reason) => void self.tell({ type: 'steppedDown', reason }),
    });
    context.every('cycle', settings.periodMs, { type: 'cycle' });
    node.presence.setRole('coordinator', { state: 'RUNNING' });
  }

  receive(message: CoordinatorMessage, context: ActorContext<CoordinatorMessage>): void {
    switch (message.type) {
      case 'cycle':
        this.#cycle(context);
        break;
      case 'soon':
        context.timer('soon', soonMs, { type: 'cycle' });
        break;
      case 'elected':
        this.#beginReign(message.epoch, context);
        break;
      case 'steppedDown':
        context.log.warn('no longer the leader', { reason: message.reason });
        this.#endReign();
        break;
      case 'snapshot':
        this.#judge(message.snapshot, message.epoch, context);
        break;
      case 'marked':
        this.#marked(message.ids, message.epoch, context);
        break;
      case 'cycleFailed':
        this.#isBusy = false;
        this.#noteError(message.error);
        context.log.warn('coordinator cycle failed', { step: message.step, error: message.error.message });
        break;
      case 'answered':
        this.#answered(message.command, message.error, context);
        break;
      case 'markedUnused':
        if (message.changed > 0) context.timer('soon', soonMs, { type: 'cycle' });
        break;
      case 'markUnusedFailed':
        this.#noteError(message.error);
        context.log.warn('marking segments unused failed', { error: message.error.message });
        break;
    }
  }

  draining(): void {
    this.#deps.node.presence.setRole('coordinator', { state: 'DRAINING' });
  }

  async stopping(): Promise<void> {
    this.#endReign();
    for (const stop of this.#stops.splice(0)) stop();
    await this.#leader?.stop();
    await this.#watch?.stop();
    this.#deps.node.presence.setRole('coordinator', { state: 'STOPPED', leaderEpoch: 0 });
  }

  // ---- leading

  #beginReign(epoch: number, context: ActorContext<CoordinatorMessage>): void {
    this.#endReign();
    let becomeReady = (): void => undefined;
    const ready = new Promise<void>((resolve) => {
      becomeReady = resolve;
    });
    this.#reign = {
      epoch,
      sinceMonotonicMs: context.clock.monotonic(),
      log: new DeltaLog((segment) => segment.segmentId ?? ''),
      releases: new ReleaseBook(),
      over: new AbortController(),
      ready,
      becomeReady,
      expected: new Map(),
    };
    this.#snapshot = undefined;
    this.#quiet = undefined;
    this.#isBusy = false;
    context.log.info('elected', { epoch });
    this.#deps.node.presence.setRole('coordinator', { leaderEpoch: epoch });
    this.#cycle(context);
    context.timer('settled', this.#deps.settings.settleMs, { type: 'cycle' });
  }

  #endReign(): void {
    this.#reign?.over.abort();
    this.#reign = undefined;
    this.#flights.clear();
    this.#deps.node.presence.setRole('coordinator', { leaderEpoch: 0 });
  }

  /** The reign, if it still is by the leader's own clock. */
  #current(): Reign | undefined {
    const reign = this.#reign;
    return reign !== undefined && this.#leader?.epoch() === reign.epoch ? reign : undefined;
  }

  #noteError(error: Error): void {
    const coded = asCoded(error);
    const seen = Number(coded.context['seen']);
    if (coded.code === 'StaleEpoch' && Number.isSafeInteger(seen)) this.#leader?.superseded(seen);
  }

  // ---- the cycle

  #cycle(context: ActorContext<CoordinatorMessage>): void {
    const reign = this.#current();
    if (reign === undefined) return;
    if (this.#isBusy) {
      this.#isAgain = true;
      return;
    }
    this.#isBusy = true;
    this.#isAgain = false;
    const { epoch } = reign;
    context.pipeToSelf(
      readSnapshot(this.#deps.metadata, this.#snapshot, context.deadline(metadataMs), context.log),
      (snapshot) => ({ type: 'snapshot', snapshot, epoch }),
      (error) => ({ type: 'cycleFailed', error, step: 'read' }),
    );
  }

  #judge(snapshot: MetadataSnapshot, epoch: number, context: ActorContext<CoordinatorMessage>): void {
    const reign = this.#current();
    if (reign?.epoch !== epoch || this.#watch === undefined) return;
    this.#snapshot = snapshot;
    const standing = this.#standingOf(snapshot, this.#watch, context.clock.now());
    const ids = standing.newlyLoaded.slice(0, 1_000);
    if (ids.length === 0) {
      this.#act(reign, standing, context);
      return;
    }
    // Remembered before anyone is told: a new leader must expect what this one let the brokers expect.
    context.pipeToSelf(
      this.#deps.metadata.transact(
        'markQueryable',
        { segmentIds: ids },
        { deadline: context.deadline(metadataMs), leader: { role: 'coordinator', epoch } },
      ),
      () => ({ type: 'marked', ids, epoch }),
      (error) => ({ type: 'cycleFailed', error, step: 'markQueryable' }),
    );
  }

  /** Derived from scratch, unless nothing it is derived from has changed. */
  #standingOf(snapshot: MetadataSnapshot, watch: InventoryWatch, nowMs: number): Standing {
    const known = this.#judged;
    const isSame =
      known !== undefined &&
      known.used === snapshot.used &&
      known.loadedOnce === snapshot.loadedOnce &&
      known.rules === snapshot.rules &&
      known.inventoryVersion === this.#inventoryVersion &&
      (!snapshot.rules.hasPeriods || nowMs - known.atMs < judgeAgainMs);
    if (isSame) return known.standing;
    const { used, loadedOnce, rules } = snapshot;
    const served = servedSegments(watch.nodes());
    const standing = judgeSegments({ used, loadedOnce, served, rules, nowMs });
    this.#judged = {
      used,
      loadedOnce,
      rules,
      inventoryVersion: this.#inventoryVersion,
      atMs: nowMs,
      standing,
    };
    return standing;
  }

  #marked(ids: readonly string[], epoch: number, context: ActorContext<CoordinatorMessage>): void {
    if (this.#snapshot === undefined) return;
    const loadedOnce = new Set(this.#snapshot.loadedOnce);
    for (const id of ids) loadedOnce.add(id);
    this.#judge({ ...this.#snapshot, loadedOnce }, epoch, context);
  }

  #act(reign: Reign, standing: Standing, context: ActorContext<CoordinatorMessage>): void {
    this.#standing = standing;
    this.#publish(reign, standing);
    this.#command(reign, standing, context);
    this.#markUnused(reign, standing, context);
    this.#isBusy = false;
    if (this.#isAgain) this.#cycle(context);
  }

  #publish(reign: Reign, standing: Standing): void {
    const { changed, removed } = expectedDelta(reign.expected, standing.expected);
    const sequence = reign.log.apply(
      changed.map((entry) => ({
        segmentId: entry.id,
        segmentJson: entry.json,
        queryable: entry.queryable,
      })),
      removed,
    );
    const left = [...removed, ...changed.filter((entry) => !entry.queryable).map((entry) => entry.id)];
    const entered = changed.filter((entry) => entry.queryable).map((entry) => entry.id);
    reign.releases.published(sequence, left, entered);
    reign.expected = standing.expected;
    reign.becomeReady();
  }

  #command(reign: Reign, standing: Standing, context: ActorContext<CoordinatorMessage>): void {
    const { node, settings } = this.#deps;
    const now = context.clock.monotonic();
    const inventories = this.#watch?.nodes() ?? [];
    this.#forgetFlights(now);
    const nodes = planNodes(inventories);
    // The same state, for which there was nothing to do: nothing to do.
    const state = `${this.#inventoryVersion} ${nodes.map(nodeKey).join(' ')}`;
    if (this.#quiet?.standing === standing && this.#quiet.state === state && this.#flights.size === 0) return;
    this.#quiet = undefined;
    const brokers = node.presence.nodes('broker').map((info) => info.node);
    this.#withheld = false;
    const plan = makePlan({
      used: standing.segments,
      nodes,
      inFlight: [...this.#flights.values()],
      released: (id) => {
        const isReleased = reign.releases.isReleased(id, brokers);
        if (!isReleased) this.#withheld = true;
        return isReleased;
      },
      loadsPerNodeMax: settings.loadsPerNodeMax,
    });
    // Until every data node has been heard, what one does not show may well be on another.
    const isSettled = now - reign.sinceMonotonicMs >= settings.settleMs;
    if (!isSettled || inventories.some((one) => !one.complete && !one.info.suspect)) return;
    if (plan.commands.length === 0) {
      if (!this.#withheld && this.#flights.size === 0) this.#quiet = { standing, state };
      return;
    }
    const jsonOf = new Map(this.#snapshot?.used.map((one) => [one.id, one.json]));
    for (const command of plan.commands) {
      this.#send(reign, command, jsonOf.get(command.segmentId) ?? '', context);
    }
  }

  #send(
    reign: Reign,
    command: PlannedCommand,
    segmentJson: string,
    context: ActorContext<CoordinatorMessage>,
  ): void {
    const { node, settings } = this.#deps;
    const { kind, segmentId } = command;
    const header = {
      clusterId: node.clusterId(),
      role: 'coordinator',
      epoch: reign.epoch,
      commandId: context.random.hex(8),
      trace: '',
    };
    let data: Uint8Array;
    if (kind === 'load') {
      data = codecs.LoadSegment.encode({ header, segmentJson });
    } else {
      data = codecs.DropSegment.encode({ header, segmentId, delayMs: settings.dropDelayMs });
    }
    const untilMonotonicMs = context.clock.monotonic() + settings.commandMs;
    this.#flights.set(flightKey(command), { ...command, untilMonotonicMs });
    const subject = `cmd.historical.${subjectToken(command.node)}.${kind}`;
    context.pipeToSelf(
      node.bus.request(subject, data, { deadline: context.deadline(settings.commandMs) }).then((reply) => {
        const result = codecs.CommandResult.decode(reply.data);
        if (result.ok !== true) throw fromErrorInfo(result.error ?? {});
      }),
      () => ({ type: 'answered', command, error: undefined }),
      (error) => ({ type: 'answered', command, error }),
    );
  }

  #answered(
    command: PlannedCommand,
    error: Error | undefined,
    context: ActorContext<CoordinatorMessage>,
  ): void {
    if (error === undefined) return;
    this.#flights.delete(flightKey(command));
    this.#noteError(error);
    context.log.warn('a command was not obeyed', { ...command, error: error.message });
  }

  /** Done when its effect is seen; given up at its deadline or when the node is gone. */
  #forgetFlights(now: number): void {
    const nodes = new Map((this.#watch?.nodes() ?? []).map((one) => [one.info.node, one]));
    for (const [key, flight] of this.#flights) {
      const inventory = nodes.get(flight.node);
      const copy = inventory?.copies.get(flight.segmentId);
      const isDone = flight.kind === 'load' ? copy !== undefined : copy === undefined;
      if (inventory === undefined || isDone || flight.untilMonotonicMs <= now) this.#flights.delete(key);
    }
  }

  #markUnused(reign: Reign, standing: Standing, context: ActorContext<CoordinatorMessage>): void {
    const ledMs = context.clock.monotonic() - reign.sinceMonotonicMs;
    const hidden = ledMs >= this.#deps.settings.hiddenUnusedAfterMs ? [...standing.hidden] : [];
    for (const [dataSource, ids] of [...standing.ruledOut, ...hidden]) {
      const nowDate = new Date(context.clock.now()).toISOString();
      context.pipeToSelf(
        this.#deps.metadata.transact(
          'markSegmentsUnused',
          { dataSource, segmentIds: ids.slice(0, 1_000), nowDate },
          { deadline: context.deadline(metadataMs), leader: { role: 'coordinator', epoch: reign.epoch } },
        ),
        ({ changed }) => ({ type: 'markedUnused', changed }),
        (error) => ({ type: 'markUnusedFailed', error }),
      );
    }
  }

  // ---- doors

  #serve(context: ActorContext<CoordinatorMessage>): void {
    const { node } = this.#deps;
    const { self } = context;
    const published = node.bus.subscribe('evt.overlord.published', () => void self.tell({ type: 'soon' }));
    const expected = node.transport.serve(ExpectedService, {
      WatchExpected: (request, call) => this.#watchExpected(request, call.signal),
      Ack: async (request) => {
        const reign = this.#reign;
        if (reign === undefined || request.epoch !== reign.epoch) return { ok: false };
        reign.releases.acknowledged(request.broker ?? '', request.sequence ?? 0);
        if (this.#withheld) self.tell({ type: 'soon' });
        return { ok: true };
      },
    });
    const handle = createRestHandler({
      node,
      metadata: this.#deps.metadata,
      log: context.log,
      state: () => this.#state(),
      inventories: () => this.#watch?.nodes() ?? [],
      changed: () => void self.tell({ type: 'soon' }),
      failed: (error) => this.#noteError(error),
      readNow: (deadline) => readSnapshot(this.#deps.metadata, this.#snapshot, deadline, context.log),
      submitTask: this.#deps.submitTask,
    });
    const rest = node.transport.serve(
      RestService,
      { Call: (request, call) => handle(request, call) },
      { scope: 'coordinator' },
    );
    this.#stops.push(
      () => published.stop(),
      () => expected.stop(),
      () => rest.stop(),
    );
  }

  #state(): CoordinatorState {
    return {
      epoch: this.#current()?.epoch ?? 0,
      snapshot: this.#snapshot,
      standing: this.#standing,
      inFlight: [...this.#flights.values()],
    };
  }

  async *#watchExpected(
    request: grove.cluster.v1.WatchExpectedRequest.$Properties,
    signal: AbortSignal,
  ): AsyncGenerator<grove.cluster.v1.ExpectedDelta.$Properties> {
    const reign = this.#reign;
    if (reign === undefined) return;
    const ends = AbortSignal.any([signal, reign.over.signal]);
    await Promise.race([reign.ready, aborted(ends)]);
    if (ends.aborted) return;
    const from = request.epoch === reign.epoch ? (request.fromSequence ?? 0) : 0;
    for await (const delta of reign.log.watch(from, ends)) {
      yield { ...delta, epoch: reign.epoch, changed: [...delta.changed], removed: [...delta.removed] };
    }
  }
}

const nodeKey = (node: PlanNode): string =>
  `${node.name}/${node.tier}/${node.capacityBytes}/${node.fresh}/${node.closed}`;
const flightKey = (command: PlannedCommand): string => `${command.kind} ${command.node} ${command.segmentId}`;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
