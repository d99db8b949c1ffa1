/**
 * Leads a role, or waits for its turn: carries out what leader-plan.ts decides.
 */
import { deadlineAfter, untilDeadline } from './deadline.js';
import {
  epochAt,
  firstLeaderState,
  leaderStep,
  leaderTimingDefault,
  wakeAt,
  type LeaderAction,
  type LeaderEvent,
  type LeaderState,
  type LeaderTiming,
  type LeaseView,
} from './leader-plan.js';
import { errorFields } from './log.js';
import { subjectToken } from './subject.js';
import type { Bus, Clock, EpochStore, LeaderCallbacks, LeaderHandle, LeaseBucket } from './types.js';
import type { Log, Random, Subscription, Timer } from './types.js';

const BUCKET = 'leader';

/** Who stands for election. */
export interface LeaseHolder {
  readonly node: string;
  readonly incarnation: string;
}

export interface LeaderOptions {
  readonly role: string;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly epochs: EpochStore;
  readonly holder: LeaseHolder;
  readonly callbacks: LeaderCallbacks;
  /** Incarnations known to be dead (earlier owners of the same data folder): their leases are taken at once. */
  readonly takeOverFrom?: readonly string[];
  /** Any other incarnation of my node name is dead. Only true where a lock on the data folder proves it. */
  readonly takeOverSameNode?: boolean;
  readonly timing?: LeaderTiming;
}

/** Starts at once. `elected` may come again with a higher epoch without a `steppedDown` before it. */
export function createLeader(options: LeaderOptions): LeaderHandle {
  return new LeaseLeader(options);
}

class LeaseLeader implements LeaderHandle {
  private readonly options: LeaderOptions;
  private readonly timing: LeaderTiming;
  private readonly log: Log;
  private readonly key: string;
  private readonly value: string;
  private readonly following: Subscription;
  private state: LeaderState;
  private bucket: LeaseBucket | undefined;
  private timer: Timer | undefined;
  private released: Promise<void> = Promise.resolve();

  constructor(options: LeaderOptions) {
    this.options = options;
    this.timing = options.timing ?? leaderTimingDefault;
    this.log = options.log.with({ role: options.role });
    this.key = subjectToken(options.role);
    const { node, incarnation } = options.holder;
    this.value = JSON.stringify({ node, incarnation });
    this.state = firstLeaderState(options.clock.monotonic());
    this.following = options.bus.onState((state) => {
      if (state !== 'CONNECTED') return;
      this.take({ type: 'connected' });
      this.tick();
    });
    this.tick();
  }

  epoch(): number {
    return epochAt(this.state, this.options.clock.monotonic());
  }

  isLeader(): boolean {
    return this.epoch() > 0;
  }

  superseded(seenEpoch: number): void {
    this.take({ type: 'superseded', seen: seenEpoch });
    this.tick();
  }

  async stop(): Promise<void> {
    this.take({ type: 'stop' });
    this.timer?.cancel();
    this.following.stop();
    await this.released;
  }

  private tick(): void {
    this.take({ type: 'tick', jitter: this.options.random.next() });
  }

  private take(event: LeaderEvent): void {
    const { clock } = this.options;
    const nowMs = clock.monotonic();
    const lateMs = this.state.phase === 'leading' ? Math.max(0, nowMs - this.state.validUntilMs) : 0;
    const { state, actions } = leaderStep(this.state, event, nowMs, this.timing);
    this.state = state;
    for (const action of actions) this.perform(action, lateMs);
    this.timer?.cancel();
    const at = wakeAt(this.state);
    if (!Number.isFinite(at)) return;
    this.timer = clock.setTimer(Math.max(0, at - clock.monotonic()), () => this.tick());
  }

  /** `lateMs`: for so long the leader was none any more by its own clock. */
  private perform(action: LeaderAction, lateMs: number): void {
    const { operationMs } = this.timing;
    switch (action.type) {
      case 'create':
        return this.write('created', (bucket) => bucket.create(this.key, this.value, operationMs));
      case 'update':
        return this.write('updated', (bucket) =>
          bucket.update(this.key, this.value, action.revision, operationMs),
        );
      case 'inspect':
        return this.operate(
          (bucket) => bucket.get(this.key, operationMs),
          (found) => ({ type: 'inspected', lease: this.view(found) }),
        );
      case 'release':
        return this.release(action.revision);
      case 'bump':
        return this.bump(action.bump, action.atLeast);
      case 'elected':
        this.log.info('elected', { epoch: action.epoch });
        return this.call(() => this.options.callbacks.elected(action.epoch));
      case 'steppedDown':
        this.log.warn('stepped down', { reason: action.reason, lateMs: Math.floor(lateMs) });
        return this.call(() => this.options.callbacks.steppedDown(action.reason));
    }
  }

  private write(
    type: 'created' | 'updated',
    action: (bucket: LeaseBucket) => Promise<number | undefined>,
  ): void {
    const sentMs = this.options.clock.monotonic();
    this.operate(action, (revision) => ({ type, sentMs, revision }));
  }

  /** One lease operation under the own time-out, whatever the bus makes of its own. */
  private operate<T>(action: (bucket: LeaseBucket) => Promise<T>, outcome: (value: T) => LeaderEvent): void {
    const work = this.openBucket().then(action);
    this.bounded(work, this.timing.operationMs).then(
      (value) => this.take(outcome(value)),
      (error: unknown) => {
        this.log.debug('lease operation failed', errorFields(error));
        this.take({ type: 'failed' });
      },
    );
  }

  private async openBucket(): Promise<LeaseBucket> {
    this.bucket ??= await this.options.bus.leaseBucket(BUCKET, this.timing.leaseMs);
    return this.bucket;
  }

  private release(revision: number): void {
    const work = this.openBucket().then((bucket) =>
      bucket.update(this.key, '', revision, this.timing.operationMs),
    );
    this.released = this.bounded(work, this.timing.operationMs).then(
      () => undefined,
      // It runs out by itself.
      (error: unknown) => this.log.debug('lease was not released', errorFields(error)),
    );
  }

  private bump(bump: number, atLeast: number): void {
    const { epochs, role, holder } = this.options;
    const name = `${holder.node}/${holder.incarnation}`;
    const work = Promise.resolve().then(() => epochs.bump(role, name, atLeast));
    this.bounded(work, this.timing.bumpMs).then(
      (epoch) => this.take({ type: 'bumped', bump, epoch }),
      (error: unknown) => {
        this.log.warn('epoch could not be raised', errorFields(error));
        this.take({ type: 'bumpFailed', bump, message: String(error) });
      },
    );
  }

  private bounded<T>(work: Promise<T>, ms: number): Promise<T> {
    const { clock, role } = this.options;
    return untilDeadline(work, clock, deadlineAfter(clock, ms), `lease of role[${role}]`);
  }

  private view(found: { readonly value: string; readonly revision: number } | undefined): LeaseView {
    if (found === undefined) return { owner: 'nobody' };
    const { holder, takeOverFrom = [], takeOverSameNode = false } = this.options;
    const { revision } = found;
    const owner = parseHolder(found.value);
    if (owner === undefined) return { owner: 'free', revision };
    if (owner.node === holder.node && owner.incarnation === holder.incarnation) {
      return { owner: 'me', revision };
    }
    const dead = takeOverFrom.includes(owner.incarnation) || (takeOverSameNode && owner.node === holder.node);
    return { owner: dead ? 'free' : 'other', revision };
  }

  private call(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.log.error('leader callback failed', errorFields(error));
    }
  }
}

/** Undefined for a lease that was given back. What no holder of ours wrote is somebody else's. */
function parseHolder(value: string): LeaseHolder | undefined {
  if (value === '') return undefined;
  try {
    const { node, incarnation } = JSON.parse(value) as Partial<LeaseHolder>;
    return { node: node ?? '', incarnation: incarnation ?? '' };
  } catch {
    return { node: '', incarnation: '' };
  }
}
