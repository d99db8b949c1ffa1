/**
 * Supervisors: start children left to right, stop them right to left, and bring back what fails, within limits.
 * What to do is decided in supervisor-plan.ts; this file does it.
 */
import { CodedError } from '../proto/errors.js';
import { deadlineAfter } from './deadline.js';
import { describeReason, isUp, Lifecycle, type StateRow, type Supervised } from './lifecycle.js';
import { errorFields } from './log.js';
import {
  backoffNone,
  limitsOf,
  planEnd,
  type Backoff,
  type EndPlan,
  type RestartLimits,
  type Strategy,
} from './supervisor-plan.js';
import type { ChildSpec, Clock, Deadline, Log, Random } from './types.js';
import type { StopReason, SupervisorSpec, Timer } from './types.js';

export type AnySpec = ChildSpec<never> | SupervisorSpec;

/** What supervisors and actors need of their system. */
export interface SupervisionServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  make(spec: AnySpec, path: string): Supervised;
}

export interface SupervisorOptions {
  readonly path: string;
  readonly strategy: Strategy;
  readonly limits: RestartLimits;
  readonly services: SupervisionServices;
}

/** up = its run counts; waiting = to be started by a pending restart; over = out of the list. */
type SlotStatus = 'down' | 'starting' | 'up' | 'waiting' | 'over';
interface Slot {
  readonly name: string;
  readonly node: Supervised;
  status: SlotStatus;
  /** Counts starts, so that an old run's end isn't taken for the new one's. */
  run: number;
  backoff: Backoff;
}
interface PendingRestart {
  readonly timer: Timer;
  readonly slots: Set<Slot>;
}

/** Children under one strategy; the machinery of supervisors, and of actors with children (one_for_one). */
export class Children {
  private slots: Slot[] = [];
  private readonly options: SupervisorOptions;
  private readonly gaveUp: (error: Error) => void;
  private pendings = new Set<PendingRestart>();
  private restartsAtMs: readonly number[] = [];
  private halted = true;
  /** Nothing is restarted any more. */
  private draining = false;
  /** Ends are handled one after another. */
  private work: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions, gaveUp: (error: Error) => void) {
    this.options = options;
    this.gaveUp = gaveUp;
  }

  get clock(): Clock {
    return this.options.services.clock;
  }

  /** Starts these, left to right; the first that can't stops the others and is thrown. */
  startAll(specs: readonly AnySpec[]): Promise<void> {
    const started = this.work.then(() => this.startEach(specs));
    this.work = started.catch(() => undefined);
    return started;
  }

  private async startEach(specs: readonly AnySpec[]): Promise<void> {
    this.open();
    for (const spec of specs) {
      if (!this.slots.some((s) => s.name === spec.name)) this.addSlot(spec);
    }
    // Those that were over have just been made anew, at the end: back to the order given.
    const place = (slot: Slot): number => specs.findIndex((spec) => spec.name === slot.name);
    this.slots.sort((a, b) => place(a) - place(b));
    for (const slot of this.slots) {
      const failure = this.halted ? stoppedWhileStarting(slot) : await this.startSlot(slot);
      if (failure !== undefined) throw failure;
    }
  }

  /** Children may end and be restarted from now on. */
  open(): void {
    this.halted = false;
    this.draining = false;
    this.restartsAtMs = [];
  }

  /** One more, started in its turn; failing to start counts as a failure. */
  add(spec: AnySpec): Supervised {
    const slot = this.addSlot(spec);
    slot.status = 'waiting';
    this.enqueue(() => this.startWaiting([slot]));
    return slot.node;
  }

  /** Stops one child for good. */
  async remove(path: string): Promise<void> {
    const slot = this.slots.find((s) => s.node.path === path);
    if (slot === undefined) {
      throw new CodedError('Bug', `actor[${path}] is no child of actor[${this.options.path}]`);
    }
    this.rest(slot);
    const reason: StopReason = { kind: 'shutdown' };
    await slot.node.halt(reason, this.graceOf(slot));
    slot.node.retire(reason);
  }

  /** Right to left, each waited for. */
  async drain(deadline: Deadline): Promise<void> {
    this.draining = true;
    this.forgetRestarts();
    for (const slot of this.slots.toReversed()) {
      if (slot.status === 'up') await slot.node.drain(deadline.within(slot.node.shutdownMs));
    }
  }

  /** Right to left. Restarts that were due are forgotten. */
  async halt(reason: StopReason, deadline: Deadline): Promise<void> {
    this.halted = true;
    this.forgetRestarts();
    for (const slot of this.slots.toReversed()) {
      await slot.node.halt(reason, deadline.within(slot.node.shutdownMs));
      slot.status = 'down';
    }
  }

  retire(reason: StopReason): void {
    for (const slot of this.slots.toReversed()) slot.node.retire(reason);
    this.slots = [];
  }

  *states(): Iterable<StateRow> {
    for (const slot of this.slots) yield* slot.node.states();
  }

  private addSlot(spec: AnySpec): Slot {
    const { name } = spec;
    if (name === '' || name.includes('/')) {
      throw new CodedError('Bug', `child[${name}] needs a name without slashes`);
    }
    if (this.slots.some((s) => s.name === name)) {
      throw new CodedError('Bug', `actor[${this.options.path}] already has a child[${name}]`);
    }
    const node = this.options.services.make(spec, `${this.options.path}/${name}`);
    const slot: Slot = { name, node, status: 'down', run: 0, backoff: backoffNone };
    this.slots.push(slot);
    return slot;
  }

  private async startSlot(slot: Slot): Promise<Error | undefined> {
    slot.status = 'starting';
    slot.run += 1;
    const { run, node } = slot;
    // An end that comes with the start's last breath is handled after the start.
    let started: Promise<void> = Promise.resolve();
    node.ended = (reason) => {
      void started.then(() => this.enqueue(() => this.onEnded(slot, run, reason)));
    };
    try {
      const starting = node.start();
      started = starting.catch(() => undefined);
      await starting;
    } catch (error) {
      // Its status is still "starting" unless somebody stopped or removed it meanwhile.
      if (slot.run === run && slot.status === 'starting') slot.status = 'down';
      return error instanceof Error ? error : new Error(String(error));
    }
    if (slot.run === run && slot.status === 'starting') slot.status = 'up';
    return undefined;
  }

  /** In turn where siblings share their fate; at once where each child stands alone (a slow start delays nobody). */
  private enqueue(action: () => Promise<void>): void {
    const alone = this.options.strategy === 'one_for_one';
    const done = (alone ? action() : this.work.then(action)).catch((error: unknown) => {
      const fields = { actor: this.options.path, ...errorFields(error) };
      this.options.services.log.error('supervisor failed', fields);
      this.gaveUp(error instanceof Error ? error : new Error(String(error)));
    });
    if (!alone) this.work = done;
  }

  private async onEnded(slot: Slot, run: number, reason: StopReason): Promise<void> {
    if (this.halted || slot.run !== run || slot.status !== 'up') return;
    slot.status = 'down';
    if (!this.draining) await this.decide(slot, reason);
  }

  private async decide(slot: Slot, reason: StopReason): Promise<void> {
    const { services, strategy, limits, path } = this.options;
    const nowMs = services.clock.monotonic();
    const plan = planEnd({
      strategy,
      limits,
      children: this.slots.map((s) => ({
        restart: s.node.restart,
        up: s.status === 'up' || s.status === 'starting',
      })),
      index: this.slots.indexOf(slot),
      reason,
      restartsAtMs: this.restartsAtMs,
      backoff: slot.backoff,
      nowMs,
    });
    const fields = { actor: slot.node.path, reason: describeReason(reason) };
    if (plan.kind === 'over') {
      services.log.debug('actor is over', fields);
      this.retireSlot(slot, reason);
      return;
    }
    if (plan.kind === 'restart') {
      services.log.warn('actor ended, it will be restarted', {
        ...fields,
        ...(reason.kind === 'failed' ? errorFields(reason.error) : {}),
      });
      await this.restart(slot, plan);
      return;
    }
    services.log.error('supervisor gives up', { supervisor: path, ...fields });
    await this.halt({ kind: 'shutdown' }, deadlineAfter(services.clock, haltMsMax));
    const cause = reason.kind === 'failed' ? reason.error : undefined;
    const text = `actor[${slot.node.path}] ended ${plan.restarts + 1} times in ${limits.restartsWithinMs} ms`;
    this.gaveUp(new CodedError('Unavailable', `${text}: ${describeReason(reason)}`, {}, cause));
  }

  private async restart(slot: Slot, plan: EndPlan & { kind: 'restart' }): Promise<void> {
    const { clock, random } = this.options.services;
    const bySlot = (indices: readonly number[]): Slot[] => indices.flatMap((i) => this.slots[i] ?? []);
    const [stop, over] = [bySlot(plan.stop), bySlot(plan.retire)];
    const waiting = new Set(bySlot(plan.start));
    this.restartsAtMs = plan.restartsAtMs;
    slot.backoff = plan.backoff;
    for (const sibling of stop) {
      await sibling.node.halt({ kind: 'shutdown' }, this.graceOf(sibling));
      sibling.status = 'down';
    }
    for (const sibling of over) this.retireSlot(sibling, { kind: 'shutdown' });
    if (this.halted) return;
    for (const pending of this.pendings) {
      if (![...pending.slots].some((s) => waiting.has(s))) continue;
      pending.timer.cancel();
      this.pendings.delete(pending);
      for (const s of pending.slots) waiting.add(s);
    }
    for (const s of waiting) s.status = 'waiting';
    const due = (): void => {
      this.pendings.delete(pending);
      this.enqueue(() => this.startWaiting(this.slots.filter((s) => waiting.has(s))));
    };
    const delayMs = random.next() * plan.backoffCeilingMs;
    const pending: PendingRestart = { timer: clock.setTimer(delayMs, due, true), slots: waiting };
    this.pendings.add(pending);
  }

  private async startWaiting(slots: readonly Slot[]): Promise<void> {
    for (const slot of slots) {
      if (this.halted) return;
      if (slot.status !== 'waiting') continue;
      const error = await this.startSlot(slot);
      if (error === undefined || this.halted || this.draining || !this.slots.includes(slot)) continue;
      await this.decide(slot, { kind: 'failed', error });
      if (this.options.strategy !== 'one_for_one') return;
    }
  }

  private forgetRestarts(): void {
    for (const pending of this.pendings) pending.timer.cancel();
    this.pendings.clear();
  }

  private graceOf(slot: Slot): Deadline {
    return deadlineAfter(this.clock, Math.min(slot.node.shutdownMs, haltMsMax));
  }

  private retireSlot(slot: Slot, reason: StopReason): void {
    this.rest(slot);
    slot.node.retire(reason);
  }

  /** Out of the list: its name is free again. */
  private rest(slot: Slot): void {
    slot.status = 'over';
    this.slots = this.slots.filter((s) => s !== slot);
    slot.run += 1;
    for (const pending of this.pendings) pending.slots.delete(slot);
  }
}

/** How long a failing supervisor waits for its children to stop; each has its own grace below it. */
const haltMsMax = 30_000;

function stoppedWhileStarting(slot: Slot): Error {
  return new CodedError('Canceled', `actor[${slot.node.path}] was stopped before it started`);
}

/** A supervisor of the tree given at start. */
export class Supervisor implements Supervised {
  readonly path: string;
  readonly restart = 'permanent' as const;
  readonly shutdownMs = Number.POSITIVE_INFINITY;
  ended: (reason: StopReason) => void = () => undefined;
  private readonly spec: SupervisorSpec;
  private readonly children: Children;
  private readonly life: Lifecycle;
  private starts = 0;

  constructor(spec: SupervisorSpec, path: string, services: SupervisionServices) {
    this.path = path;
    this.spec = spec;
    this.life = new Lifecycle(`supervisor[${path}]`);
    const options = { path, strategy: spec.strategy, limits: limitsOf(spec), services };
    this.children = new Children(options, (error) => {
      const reason: StopReason = { kind: 'failed', error };
      this.life.end(reason);
      this.ended(reason);
    });
  }

  async start(): Promise<void> {
    this.life.move('STARTING');
    this.starts += 1;
    try {
      await this.children.startAll(this.spec.children);
      this.life.move('RUNNING');
    } catch (error) {
      const failed: StopReason = { kind: 'failed', error: error as Error };
      await this.children.halt({ kind: 'shutdown' }, deadlineAfter(this.clock, haltMsMax));
      this.life.end(failed);
      throw error;
    }
  }

  async drain(deadline: Deadline): Promise<void> {
    if (this.life.state !== 'RUNNING') return;
    this.life.move('DRAINING');
    await this.children.drain(deadline);
  }

  async halt(reason: StopReason, deadline: Deadline): Promise<void> {
    await this.children.halt(reason, deadline);
    if (isUp(this.life.state)) this.life.end(reason);
  }

  retire(reason: StopReason): void {
    this.children.retire(reason);
    this.life.end({ kind: 'shutdown' });
  }

  *states(): Iterable<StateRow> {
    const { path, life, starts } = this;
    yield { path, state: life.state, restarts: Math.max(0, starts - 1) };
    yield* this.children.states();
  }

  private get clock(): Clock {
    return this.children.clock;
  }
}
