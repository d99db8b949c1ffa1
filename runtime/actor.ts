/**
 * One actor: a mailbox, a behaviour that handles one message at a time, and its children. The cell outlives restarts:
 * each start makes a new behaviour and a new run; the mailbox and the ref stay.
 */
import { CodedError } from '../proto/errors.js';
import { deadlineAfter, untilDeadline } from './deadline.js';
import { describeReason, Lifecycle, type StateRow, type Supervised } from './lifecycle.js';
import { errorFields } from './log.js';
import { Mailbox, type TurnBudget } from './mailbox.js';
import type { MetricsRegistry } from './metrics.js';
import { createRef, unavailable, type Envelope, type PendingAsk, type RefTarget } from './ref.js';
import { restartLimitsDefault } from './supervisor-plan.js';
import { Children, type SupervisionServices } from './supervisor.js';
import type { ActorContext, ActorRef, Behavior, ChildSpec, Clock, Deadline } from './types.js';
import type { LifecycleState, StopReason, Subscription, Timer } from './types.js';
import { EndNotice, isWatchable, onEnded, type Watchable } from './watch.js';

const shutdownMsDefault = 5_000;

export interface ActorServices extends SupervisionServices {
  readonly metrics: MetricsRegistry;
  readonly turns: TurnBudget;
  deadLetter(path: string, why: string): void;
  /** A message dropped unread because its question had expired. */
  expired(path: string): void;
  mailboxFull(path: string): void;
  handled(): void;
  register(cell: CellView): void;
  unregister(cell: CellView): void;
}

/** What the system shows of an actor. */
export interface CellView {
  readonly path: string;
  readonly state: LifecycleState;
  readonly queued: number;
  readonly restarts: number;
  readonly ref: ActorRef<never>;
}

type Control<M> =
  | { readonly kind: 'tick'; readonly timer: ActorTimer<M> }
  | { readonly kind: 'terminated'; readonly path: string; readonly reason: StopReason }
  | { readonly kind: 'drain' };

interface ActorTimer<M> {
  readonly message: M;
  readonly everyMs: number | undefined;
  timer: Timer;
  /** A tick waits in the mailbox: further ones are the same. */
  queued: boolean;
  cancelled: boolean;
}

/** One life between start and end. */
interface Run<M> {
  readonly behavior: Behavior<M>;
  readonly context: ActorContext<M>;
  readonly controller: AbortController;
  readonly timers: Map<string, ActorTimer<M>>;
  readonly watches: Map<string, Subscription>;
  /** Questions handed to the behaviour and not yet answered. */
  readonly asks: Set<PendingAsk>;
  /** The start, then the handling loop while there is something to handle. */
  busy: Promise<void> | undefined;
  /** Handles messages: started and not ended. */
  ready: boolean;
  /** `started` has succeeded, so `stopping` is owed. */
  started: boolean;
  active: boolean;
  stopAsked: boolean;
  /** Outcomes of piped work not yet handled. */
  pipes: number;
  drained: (() => void) | undefined;
  finishing: Promise<void> | undefined;
}

export class ActorCell<M> implements Supervised, RefTarget<M> {
  readonly path: string;
  readonly restart: Supervised['restart'];
  readonly shutdownMs: number;
  readonly notice = new EndNotice();
  readonly ref: ActorRef<M> & Watchable;
  ended: (reason: StopReason) => void = () => undefined;
  private readonly spec: ChildSpec<M>;
  private readonly services: ActorServices;
  private readonly mailbox: Mailbox<Envelope<M>, Control<M>>;
  private readonly children: Children;
  private readonly life: Lifecycle;
  private run: Run<M> | undefined;
  private starts = 0;

  constructor(spec: ChildSpec<M>, path: string, services: ActorServices) {
    this.spec = spec;
    this.path = path;
    this.services = services;
    this.restart = spec.restart ?? 'permanent';
    this.shutdownMs = spec.shutdownMs ?? shutdownMsDefault;
    this.mailbox = new Mailbox(spec.mailboxMax);
    this.life = new Lifecycle(`actor[${path}]`);
    this.ref = createRef(this);
    const options = { path, strategy: 'one_for_one' as const, limits: restartLimitsDefault };
    this.children = new Children({ ...options, services }, (error) => this.fail(error));
    services.register(this);
  }

  get clock(): Clock {
    return this.services.clock;
  }
  get state(): LifecycleState {
    return this.life.state;
  }
  get queued(): number {
    return this.mailbox.size;
  }
  get restarts(): number {
    return Math.max(0, this.starts - 1);
  }

  *states(): Iterable<StateRow> {
    yield { path: this.path, state: this.state, restarts: this.restarts };
    yield* this.children.states();
  }

  // ---- messages in

  push(envelope: Envelope<M>): 'queued' | 'full' | 'gone' {
    if (this.notice.over) return 'gone';
    if (!this.mailbox.push(envelope)) {
      this.services.mailboxFull(this.path);
      return 'full';
    }
    this.wake();
    return 'queued';
  }

  deadLetter(why: string): void {
    this.services.deadLetter(this.path, why);
  }

  private wake(): void {
    const { run } = this;
    if (run === undefined || !run.ready || run.busy !== undefined) return;
    run.busy = Promise.resolve().then(() => this.handleAll(run));
  }

  private async handleAll(run: Run<M>): Promise<void> {
    let reason: StopReason | undefined;
    while (run.active && reason === undefined) {
      const work = this.takeNext(run);
      if (work === undefined) break;
      try {
        const promise = work();
        if (promise !== undefined) await promise;
      } catch (error) {
        reason = { kind: 'failed', error: asError(error) };
      }
      this.services.handled();
      if (reason === undefined && run.stopAsked) reason = { kind: 'normal' };
      const turn = this.services.turns.spend();
      if (turn !== undefined && run.active) await turn;
    }
    run.busy = undefined;
    if (reason !== undefined && run.active) await this.endSelf(run, reason);
    else this.checkDrained(run);
  }

  /** The next thing to do, control first. Expired questions are dropped here, before any work is spent on them. */
  private takeNext(run: Run<M>): (() => Promise<void> | void) | undefined {
    const control = this.mailbox.nextControl();
    if (control !== undefined) return () => this.handleControl(run, control);
    for (;;) {
      const envelope = this.mailbox.next();
      if (envelope === undefined) return undefined;
      const { ask, message } = envelope;
      if (ask !== undefined) {
        if (ask.isSettled || ask.deadline.expired()) {
          this.services.expired(this.path);
          continue;
        }
        run.asks.add(ask);
        ask.over = () => run.asks.delete(ask);
      }
      return () => run.behavior.receive(message, run.context);
    }
  }

  private handleControl(run: Run<M>, control: Control<M>): Promise<void> | void {
    switch (control.kind) {
      case 'tick':
        control.timer.queued = false;
        if (control.timer.cancelled) return;
        return run.behavior.receive(control.timer.message, run.context);
      case 'terminated':
        run.watches.delete(control.path);
        if (run.behavior.terminated === undefined) {
          throw new CodedError('Bug', `actor[${this.path}] watches without handling the end`);
        }
        return run.behavior.terminated(control.path, control.reason, run.context);
      case 'drain':
        return run.behavior.draining?.(run.context);
    }
  }

  // ---- life

  async start(): Promise<void> {
    this.life.move('STARTING');
    this.starts += 1;
    const run = this.newRunOrEnd();
    this.run = run;
    this.mailbox.clearControl();
    this.children.open();
    const starting = Promise.resolve()
      .then(() => run.behavior.started?.(run.context))
      .then(() => {
        run.started = true;
      });
    run.busy = starting.catch(() => undefined);
    try {
      await starting;
    } catch (error) {
      run.busy = undefined;
      const reason: StopReason = { kind: 'failed', error: asError(error) };
      await this.finish(run, reason, deadlineAfter(this.clock, this.shutdownMs));
      throw error;
    }
    run.busy = undefined;
    if (!run.active) throw new CodedError('Canceled', `actor[${this.path}] was stopped`);
    run.ready = true;
    this.life.move('RUNNING');
    if (run.stopAsked) void this.endSelf(run, { kind: 'normal' });
    else this.wake();
  }

  async drain(deadline: Deadline): Promise<void> {
    const { run } = this;
    if (run === undefined || this.life.state !== 'RUNNING') return;
    this.life.move('DRAINING');
    const quiet = new Promise<void>((resolve) => {
      run.drained = resolve;
    });
    this.mailbox.pushControl({ kind: 'drain' });
    this.wake();
    const drained = quiet.then(() => this.children.drain(deadline));
    await untilDeadline(drained, this.clock, deadline, `drain of actor[${this.path}]`).catch(
      (error: unknown) => {
        this.services.log.warn('drain ended early', { actor: this.path, ...errorFields(error) });
      },
    );
  }

  /** Drained = told to, mailbox empty, and all piped work is back. */
  private checkDrained(run: Run<M>): void {
    if (!this.mailbox.empty) {
      this.wake();
      return;
    }
    if (this.life.state === 'DRAINING' && run.pipes === 0) run.drained?.();
  }

  async halt(reason: StopReason, deadline: Deadline): Promise<void> {
    if (this.run === undefined) return;
    // It may already be ending on its own, with a longer grace than is left here.
    await this.bounded(this.finish(this.run, reason, deadline), deadline, 'end');
  }

  retire(reason: StopReason): void {
    const gone = unavailable(this.path);
    for (let left = this.mailbox.next(); left !== undefined; left = this.mailbox.next()) {
      if (left.ask === undefined) this.deadLetter('left in the mailbox at the end');
      else left.ask.refuse(gone);
    }
    this.mailbox.clearControl();
    this.life.end({ kind: 'shutdown' });
    this.services.unregister(this);
    this.notice.tell(reason);
  }

  private fail(error: Error): void {
    const { run } = this;
    if (run?.active) void this.endSelf(run, { kind: 'failed', error });
  }

  private async endSelf(run: Run<M>, reason: StopReason): Promise<void> {
    if (run.finishing !== undefined) return;
    await this.finish(run, reason, deadlineAfter(this.clock, this.shutdownMs));
    this.ended(reason);
  }

  private finish(run: Run<M>, reason: StopReason, deadline: Deadline): Promise<void> {
    run.finishing ??= this.finishOnce(run, reason, deadline);
    return run.finishing;
  }

  private async finishOnce(run: Run<M>, reason: StopReason, deadline: Deadline): Promise<void> {
    run.active = false;
    run.ready = false;
    run.controller.abort(unavailable(this.path));
    for (const timer of run.timers.values()) timer.timer.cancel();
    run.timers.clear();
    for (const watch of run.watches.values()) watch.stop();
    run.watches.clear();
    if (run.busy !== undefined) await this.bounded(run.busy, deadline, 'current message');
    for (const ask of run.asks) ask.refuse(unavailable(this.path));
    await this.children.halt({ kind: 'shutdown' }, deadline);
    this.children.retire({ kind: 'shutdown' });
    if (run.started && run.behavior.stopping !== undefined) {
      const stopping = Promise.resolve().then(() => run.behavior.stopping?.(reason, run.context));
      await this.bounded(stopping, deadline, 'stopping');
    }
    run.drained?.();
    this.life.end(reason);
    this.services.log.debug('actor ended', { actor: this.path, reason: describeReason(reason) });
  }

  private async bounded(work: Promise<void>, deadline: Deadline, what: string): Promise<void> {
    try {
      await untilDeadline(work, this.clock, deadline, `${what} of actor[${this.path}]`);
    } catch (error) {
      this.services.log.warn(`${what} failed`, { actor: this.path, ...errorFields(error) });
    }
  }

  // ---- what the behaviour sees

  private newRunOrEnd(): Run<M> {
    try {
      return this.newRun();
    } catch (error) {
      this.life.end({ kind: 'failed', error: asError(error) });
      throw error;
    }
  }

  private newRun(): Run<M> {
    const controller = new AbortController();
    const run: Run<M> = {
      behavior: this.spec.behavior(),
      context: this.newContext(controller.signal, () => run),
      controller,
      timers: new Map(),
      watches: new Map(),
      asks: new Set(),
      busy: undefined,
      ready: false,
      started: false,
      active: true,
      stopAsked: false,
      pipes: 0,
      drained: undefined,
      finishing: undefined,
    };
    return run;
  }

  private newContext(signal: AbortSignal, run: () => Run<M>): ActorContext<M> {
    const { services } = this;
    return {
      self: this.ref,
      clock: services.clock,
      random: services.random,
      log: services.log.with({ actor: this.path }),
      metrics: services.metrics,
      signal,
      deadline: (ms) => deadlineAfter(services.clock, ms),
      spawn: (spec) => this.spawn(run(), spec),
      watch: (ref) => this.watch(run(), ref),
      stopChild: (ref) => this.children.remove(ref.path),
      pipeToSelf: (work, ok, failed) => this.pipe(run(), work, ok, failed),
      timer: (key, ms, message) => this.setTimer(run(), key, ms, message, undefined),
      every: (key, ms, message) => this.setTimer(run(), key, ms, message, ms),
      cancelTimer: (key) => cancelTimer(run(), key),
      stop: () => {
        run().stopAsked = true;
        // Outside a message (from a callback) nothing else would end it.
        if (run().ready && run().busy === undefined) void this.endSelf(run(), { kind: 'normal' });
      },
    };
  }

  private spawn<N>(run: Run<M>, spec: ChildSpec<N>): ActorRef<N> {
    if (!run.active) throw unavailable(this.path);
    const child = this.children.add(spec as unknown as ChildSpec<never>);
    return (child as unknown as ActorCell<N>).ref;
  }

  private watch(run: Run<M>, ref: ActorRef<never>): void {
    const { path } = ref;
    if (!run.active || run.watches.has(path)) return;
    if (!isWatchable(ref)) throw new CodedError('Bug', `ref[${path}] can't be watched`);
    const heard = ref[onEnded]((reason) => {
      if (!run.active) return;
      this.mailbox.pushControl({ kind: 'terminated', path, reason });
      this.wake();
    });
    run.watches.set(path, heard);
  }

  private pipe<T>(run: Run<M>, work: Promise<T>, ok: (value: T) => M, failed: (error: Error) => M): void {
    run.pipes += 1;
    const arrive = (message: M): void => {
      run.pipes -= 1;
      if (!run.active) {
        this.deadLetter('an outcome came after the end of its run');
        return;
      }
      this.mailbox.pushReserved({ message });
      this.wake();
    };
    work
      .then(ok, (error: unknown) => failed(asError(error)))
      .then(arrive, (error: unknown) => this.fail(asError(error)));
  }

  private setTimer(run: Run<M>, key: string, ms: number, message: M, everyMs: number | undefined): void {
    cancelTimer(run, key);
    if (!run.active) return;
    const tick = (): void => {
      if (!run.active) return;
      if (everyMs === undefined) run.timers.delete(key);
      else entry.timer = this.clock.setTimer(everyMs, tick);
      if (entry.queued) return;
      entry.queued = true;
      this.mailbox.pushControl({ kind: 'tick', timer: entry });
      this.wake();
    };
    const entry: ActorTimer<M> = {
      message,
      everyMs,
      timer: this.clock.setTimer(ms, tick),
      queued: false,
      cancelled: false,
    };
    run.timers.set(key, entry);
  }
}

function cancelTimer<M>(run: Run<M>, key: string): void {
  const entry = run.timers.get(key);
  if (entry === undefined) return;
  entry.cancelled = true;
  entry.timer.cancel();
  run.timers.delete(key);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
