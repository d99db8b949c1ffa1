/**
 * The coordinator: reads what is used and how the rules want it, sees what the data nodes have, tells the brokers what
 * to expect and the data nodes what to load and drop. Everything is derived again each cycle; commands in flight are
 * remembered only until their deadline.
 */
import { asCoded } from '../../proto/errors.js';
import { inSlices } from '../../runtime/slices.js';
import type {
  ActorContext,
  Behavior,
  ChildSpec,
  LeaderCallbacks,
  LeaderHandle,
  Node,
} from '../../runtime/types.js';
import { InventoryWatch } from '../inventory-watch.js';
import type { MetadataClient } from '../metadata-client.js';
import { knownStanding, stillWanted } from './again.js';
import { Commands } from './commands.js';
import { serveCoordinator } from './doors.js';
import { deltaSteps, judgeSteps, type ExpectedDelta as Delta, type Standing } from './expected.js';
import { readSnapshot, type MetadataSnapshot } from './metadata-view.js';
import type { CoordinatorMessage, Judged, Planned } from './messages.js';
import { nodeOf, planOf, servedIn } from './nodes.js';
import type { PlannedCommand, PlanNode } from './plan.js';
import { newReign, type Reign } from './reign.js';
import type { CoordinatorState } from './rest-deps.js';

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

const soonMs = 15;
const metadataMs = 10_000;
/** Commands under way at a time, to all nodes. */
const flightsMax = 5_000;

export function createCoordinator(deps: CoordinatorDeps): ChildSpec<CoordinatorMessage> {
  return { name: 'coordinator', behavior: () => new Coordinator(deps) };
}

export class Coordinator implements Behavior<CoordinatorMessage> {
  readonly #deps: CoordinatorDeps;
  readonly #commands: Commands;
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
    this.#commands = new Commands(deps.node, deps.settings);
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
      case 'judged':
        this.#judged = message.judged;
        this.#goOn(message.judged.standing, message.epoch, context);
        break;
      case 'planned':
        this.#planned(message.planned, message.epoch, context);
        break;
      case 'marked':
        this.#marked(message.ids, message.epoch, context);
        break;
      case 'compared':
        this.#compared(message.standing, message.delta, message.epoch, context);
        break;
      case 'sent':
        if (this.#current()?.epoch === message.epoch) this.#endCycle(context);
        break;
      case 'cycleFailed':
        // The cycle of an earlier reign is not the one that runs now.
        if (this.#reign?.epoch === message.epoch) this.#isBusy = false;
        this.#noteError(message.error);
        context.log.warn('coordinator cycle failed', { step: message.step, error: message.error.message });
        break;
      case 'answered':
        this.#answered(message.command, message.error, message.epoch, context);
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
    this.#reign = newReign(epoch, context.clock.monotonic());
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
    this.#commands.clear();
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
      (error) => ({ type: 'cycleFailed', error, step: 'read', epoch }),
    );
  }

  #judge(snapshot: MetadataSnapshot, epoch: number, context: ActorContext<CoordinatorMessage>): void {
    const reign = this.#current();
    if (reign?.epoch !== epoch || this.#watch === undefined) return;
    this.#snapshot = snapshot;
    const nowMs = context.clock.now();
    const known = knownStanding(this.#judged, snapshot, this.#inventoryVersion, nowMs);
    if (known !== undefined) {
      this.#goOn(known, epoch, context);
      return;
    }
    const { used, loadedOnce, rules } = snapshot;
    const served = servedIn(this.#watch.nodes());
    const basis = { used, loadedOnce, rules, inventoryVersion: this.#inventoryVersion, atMs: nowMs };
    context.pipeToSelf(
      inSlices(judgeSteps({ used, loadedOnce, served, rules, nowMs }), context.clock),
      (standing) => ({ type: 'judged', judged: { ...basis, standing }, epoch }),
      (error) => ({ type: 'cycleFailed', error, step: 'judge', epoch }),
    );
  }

  #goOn(standing: Standing, epoch: number, context: ActorContext<CoordinatorMessage>): void {
    const reign = this.#current();
    if (reign?.epoch !== epoch) return;
    const ids = standing.newlyLoaded.slice(0, 1_000);
    if (ids.length === 0) {
      this.#compare(reign, standing, context);
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
      (error) => ({ type: 'cycleFailed', error, step: 'markQueryable', epoch }),
    );
  }

  #marked(ids: readonly string[], epoch: number, context: ActorContext<CoordinatorMessage>): void {
    if (this.#snapshot === undefined) return;
    const loadedOnce = new Set(this.#snapshot.loadedOnce);
    for (const id of ids) loadedOnce.add(id);
    this.#judge({ ...this.#snapshot, loadedOnce }, epoch, context);
  }

  #compare(reign: Reign, standing: Standing, context: ActorContext<CoordinatorMessage>): void {
    const { epoch, expected } = reign;
    context.pipeToSelf(
      inSlices(deltaSteps(expected, standing.expected), context.clock),
      (delta) => ({ type: 'compared', standing, delta, epoch }),
      (error) => ({ type: 'cycleFailed', error, step: 'compare', epoch }),
    );
  }

  #compared(
    standing: Standing,
    delta: Delta,
    epoch: number,
    context: ActorContext<CoordinatorMessage>,
  ): void {
    const reign = this.#current();
    if (reign?.epoch !== epoch) return;
    this.#standing = standing;
    this.#publish(reign, standing, delta);
    this.#markUnused(reign, standing, context);
    this.#command(reign, standing, context);
  }

  #endCycle(context: ActorContext<CoordinatorMessage>): void {
    this.#isBusy = false;
    if (this.#isAgain) this.#cycle(context);
  }

  #publish(reign: Reign, standing: Standing, { changed, removed }: Delta): void {
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
    const inventories = this.#watch?.nodes() ?? [];
    this.#commands.forgetDone(inventories, context.clock.monotonic());
    const nodes = inventories.map(nodeOf);
    // The same state, for which there was nothing to do: nothing to do.
    const state = `${this.#inventoryVersion} ${nodes.map(nodeKey).join(' ')}`;
    const isQuiet = this.#quiet?.standing === standing && this.#quiet.state === state;
    if (isQuiet && this.#commands.isQuiet) {
      this.#endCycle(context);
      return;
    }
    this.#quiet = undefined;
    const { epoch } = reign;
    const basis = { standing, state, inventoryVersion: this.#inventoryVersion };
    const steps = planOf(inventories, {
      used: standing.segments,
      inFlight: this.#commands.inFlight,
      released: this.#releasedTo(reign, node.presence.nodes('broker')),
      loadsPerNodeMax: settings.loadsPerNodeMax,
    });
    context.pipeToSelf(
      inSlices(steps, context.clock),
      (plan) => ({ type: 'planned', planned: { ...basis, plan }, epoch }),
      (error) => ({ type: 'cycleFailed', error, step: 'plan', epoch }),
    );
  }

  #releasedTo(reign: Reign, brokers: readonly { readonly node: string }[]): (id: string) => boolean {
    this.#withheld = false;
    const names = brokers.map((info) => info.node);
    return (id) => {
      const isReleased = reign.releases.isReleased(id, names);
      if (!isReleased) this.#withheld = true;
      return isReleased;
    };
  }

  #planned(planned: Planned, epoch: number, context: ActorContext<CoordinatorMessage>): void {
    const reign = this.#current();
    if (reign?.epoch !== epoch) return;
    const { settings } = this.#deps;
    const { plan, standing, state } = planned;
    const inventories = this.#watch?.nodes() ?? [];
    const ledMs = context.clock.monotonic() - reign.sinceMonotonicMs;
    // Until every data node has been heard, what one does not show may well be on another.
    const isHeard = !inventories.some((one) => !one.complete && !one.info.suspect);
    if (ledMs >= settings.settleMs && isHeard) {
      if (plan.commands.length > 0) {
        context.pipeToSelf(
          inSlices(this.#sendSteps(reign, planned, context), context.clock),
          () => ({ type: 'sent', epoch }),
          (error) => ({ type: 'cycleFailed', error, step: 'send', epoch }),
        );
        return;
      }
      if (!this.#withheld && this.#commands.isQuiet) this.#quiet = { standing, state };
    }
    this.#endCycle(context);
  }

  /** What does not find room goes out with the next plan: the effects of these start it. */
  *#sendSteps(
    reign: Reign,
    planned: Planned,
    context: ActorContext<CoordinatorMessage>,
  ): Generator<void, void> {
    const { epoch } = reign;
    let seen = planned.inventoryVersion;
    let isWanted: (command: PlannedCommand) => boolean = () => true;
    let room = flightsMax - this.#commands.inFlight.length;
    for (const command of planned.plan.commands) {
      if (room <= 0 || this.#current() !== reign) return;
      if (seen !== this.#inventoryVersion) {
        seen = this.#inventoryVersion;
        isWanted = this.#stillWanted(reign, planned);
      }
      if (!isWanted(command)) continue;
      const json = planned.standing.expected.get(command.segmentId)?.json ?? '';
      context.pipeToSelf(
        this.#commands.send(epoch, command, json, context),
        () => ({ type: 'answered', command, error: undefined, epoch }),
        (error) => ({ type: 'answered', command, error, epoch }),
      );
      room -= 1;
      yield;
    }
  }

  #stillWanted(reign: Reign, { plan, standing }: Planned): (command: PlannedCommand) => boolean {
    return stillWanted(plan, {
      used: standing.segments,
      inventories: this.#watch?.nodes() ?? [],
      inFlight: this.#commands.inFlight,
      released: this.#releasedTo(reign, this.#deps.node.presence.nodes('broker')),
      loadsPerNodeMax: this.#deps.settings.loadsPerNodeMax,
    });
  }

  #answered(
    command: PlannedCommand,
    error: Error | undefined,
    epoch: number,
    context: ActorContext<CoordinatorMessage>,
  ): void {
    if (error === undefined) return;
    if (this.#reign?.epoch === epoch) this.#commands.failed(command, asCoded(error));
    this.#noteError(error);
    context.log.warn('a command was not obeyed', { ...command, error: error.message });
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

  #serve({ self, log }: ActorContext<CoordinatorMessage>): void {
    const { node, metadata, submitTask } = this.#deps;
    const soon = (): void => void self.tell({ type: 'soon' });
    const published = node.bus.subscribe('evt.overlord.published', soon);
    const stopServing = serveCoordinator({
      node,
      metadata,
      log,
      state: () => this.#state(),
      inventories: () => this.#watch?.nodes() ?? [],
      changed: soon,
      failed: (error) => this.#noteError(error),
      readNow: (deadline) => readSnapshot(metadata, this.#snapshot, deadline, log),
      submitTask,
      reign: () => this.#reign,
      acknowledged: () => {
        if (this.#withheld) soon();
      },
    });
    this.#stops.push(() => published.stop(), stopServing);
  }

  #state(): CoordinatorState {
    return {
      epoch: this.#current()?.epoch ?? 0,
      snapshot: this.#snapshot,
      standing: this.#standing,
      inFlight: this.#commands.inFlight,
    };
  }
}

const nodeKey = (node: Omit<PlanNode, 'copies' | 'usedBytes'>): string =>
  `${node.name}/${node.tier}/${node.capacityBytes}/${node.fresh}/${node.closed}`;
