/**
 * Who is there: every process publishes a heartbeat on `presence.node.<node>` (one beat with all its roles) and listens
 * to the others. A newcomer, and whoever was cut off, asks once (`presence.ask`) so that everybody beats at once.
 */
import { codecs, type grove } from '../proto/services.js';
import { FailureDetector, detectorLimitsDefault, type DetectorLimits } from './failure-detector.js';
import { errorFields } from './log.js';
import { subjectToken } from './subject.js';
import type { Bus, BusMessage, Clock, LifecycleState, Log, NodeInfo } from './types.js';
import type { Presence, PresenceChange, RoleInfo, Subscription, Timer } from './types.js';

const ASK = 'presence.ask';
const BEATS = 'presence.node.*';
/** The detector's own pace: a dead node is noticed at most this much late. */
const CHECK_MS = 100;

export interface PresenceOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly cluster: string;
  readonly node: string;
  readonly incarnation: string;
  /** '' until known; nodes of another installation are not seen. */
  readonly clusterId: () => string;
  readonly grpcAddress: string;
  readonly httpAddress: string;
  /** Epoch milliseconds. Default: now. */
  readonly startedAtMs?: number;
  readonly limits?: DetectorLimits;
}

/** What the process itself does with its presence; roles see Presence. */
export interface PresenceService extends Presence {
  /** Begins to beat and to listen. */
  start(): void;
  /** The node's own state; told at once. */
  setState(state: LifecycleState): void;
  /** When an address is known later than the rest; told at once. */
  setAddresses(addresses: { readonly grpcAddress?: string; readonly httpAddress?: string }): void;
  /**
   * Says goodbye (others see `left`) and beats no more; goes on listening. To its own process the node stays, DRAINING:
   * whoever finishes work here still finds the roles beside it.
   */
  leave(): void;
  /** Ends everything, without a word. */
  stop(): void;
}

export function createPresence(options: PresenceOptions): PresenceService {
  return new HeartbeatPresence(options);
}

class HeartbeatPresence implements PresenceService {
  private readonly options: PresenceOptions;
  private readonly detector: FailureDetector;
  private readonly others = new Map<string, NodeInfo>();
  private readonly listeners = new Set<(change: PresenceChange) => void>();
  private readonly subscriptions: Subscription[] = [];
  private readonly strangers = new Set<string>();
  private mine: NodeInfo;
  private sequence = 0;
  private beatTimer: Timer | undefined;
  private soonTimer: Timer | undefined;
  private checkTimer: Timer | undefined;
  private running = false;
  private leaving = false;

  constructor(options: PresenceOptions) {
    this.options = options;
    this.detector = new FailureDetector(options.limits);
    this.mine = {
      node: options.node,
      incarnation: options.incarnation,
      clusterId: options.clusterId(),
      state: 'NEW',
      roles: [],
      grpcAddress: options.grpcAddress,
      httpAddress: options.httpAddress,
      startedAtMs: options.startedAtMs ?? options.clock.now(),
      suspect: false,
    };
  }

  get self(): NodeInfo {
    return { ...this.mine, clusterId: this.options.clusterId() };
  }

  all(): readonly NodeInfo[] {
    return [this.self, ...this.others.values()];
  }

  find(node: string): NodeInfo | undefined {
    if (node === this.mine.node) return this.self;
    return this.others.get(node);
  }

  nodes(role: string): readonly NodeInfo[] {
    return this.all().filter((info) => info.roles.some((one) => one.role === role));
  }

  leader(role: string): NodeInfo | undefined {
    let best: NodeInfo | undefined;
    for (const info of this.nodes(role)) {
      if (epochOf(info, role) > (best === undefined ? 0 : epochOf(best, role))) best = info;
    }
    return best;
  }

  onChange(listener: (change: PresenceChange) => void): Subscription {
    this.listeners.add(listener);
    return { stop: () => void this.listeners.delete(listener) };
  }

  setRole(role: string, info: Partial<Omit<RoleInfo, 'role'>>): void {
    const known = this.mine.roles.find((one) => one.role === role);
    const next: RoleInfo = { ...(known ?? newRole(role)), ...info };
    const roles = known
      ? this.mine.roles.map((one) => (one === known ? next : one))
      : [...this.mine.roles, next];
    // Queries change the load all the time: it rides on the next beat, nothing has to be compared for it.
    if (known !== undefined && Object.keys(info).every((name) => name === 'load' || name === 'used')) {
      this.mine = { ...this.mine, roles };
    } else {
      this.setMine({ roles });
    }
  }

  setState(state: LifecycleState): void {
    this.setMine({ state });
  }

  setAddresses(addresses: { readonly grpcAddress?: string; readonly httpAddress?: string }): void {
    this.setMine(addresses);
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    const { bus } = this.options;
    this.subscriptions.push(
      bus.subscribe(BEATS, (message) => this.hear(message)),
      bus.subscribe(ASK, () => this.beatSoon()),
      bus.onState((state) => {
        if (state === 'CONNECTED') this.reconnected();
        else this.detector.cutOff();
      }),
    );
    if (bus.state !== 'CONNECTED') this.detector.cutOff();
    this.detector.ownBeat(this.options.clock.monotonic());
    this.beat();
    this.ask();
    this.check();
  }

  leave(): void {
    if (this.leaving) return;
    // It goes on hearing the others, without beats of its own to judge its hearing by.
    this.detector.ownBeat(Number.POSITIVE_INFINITY);
    this.beatTimer?.cancel();
    this.soonTimer?.cancel();
    this.leaving = true;
    this.setMine({ state: 'DRAINING' });
    if (this.running) this.publishBeat();
  }

  stop(): void {
    this.running = false;
    this.beatTimer?.cancel();
    this.soonTimer?.cancel();
    this.checkTimer?.cancel();
    for (const one of this.subscriptions.splice(0)) one.stop();
  }

  // ---- my own beats

  private setMine(part: Partial<NodeInfo>): void {
    const before = this.mine;
    this.mine = { ...before, ...part };
    if (!matters(before, this.mine)) return;
    this.beatSoon();
    this.emit({ type: 'changed', info: this.self });
  }

  /** In the next turn, so that several changes make one beat. */
  private beatSoon(): void {
    if (!this.running || this.leaving || this.soonTimer !== undefined) return;
    this.soonTimer = this.options.clock.setTimer(0, () => this.beat(), true);
  }

  private beat(): void {
    this.soonTimer?.cancel();
    this.soonTimer = undefined;
    this.beatTimer?.cancel();
    if (!this.running || this.leaving) return;
    this.publishBeat();
    const { beatMs } = this.options.limits ?? detectorLimitsDefault;
    this.beatTimer = this.options.clock.setTimer(beatMs, () => this.beat());
  }

  private publishBeat(): void {
    const { cluster, node } = this.options;
    this.sequence += 1;
    const { self } = this;
    const bytes = codecs.Heartbeat.encode({
      cluster,
      clusterId: self.clusterId,
      node,
      incarnation: self.incarnation,
      sequence: this.sequence,
      state: self.state,
      roles: self.roles.map((role) => ({ ...role })),
      grpcAddress: self.grpcAddress,
      httpAddress: self.httpAddress,
      startedAtMs: self.startedAtMs,
      leaving: this.leaving,
    });
    this.publish(`presence.node.${subjectToken(node)}`, bytes);
  }

  private ask(): void {
    this.publish(ASK, new Uint8Array());
  }

  private publish(subject: string, bytes: Uint8Array): void {
    // A beat that can't be sent is not worth keeping: the next one says more.
    if (this.options.bus.state !== 'CONNECTED') return;
    try {
      this.options.bus.publish(subject, bytes);
    } catch (error) {
      this.options.log.debug('heartbeat was not sent', errorFields(error));
    }
  }

  private reconnected(): void {
    this.detector.reconnected(this.options.clock.monotonic());
    this.beatSoon();
    this.ask();
  }

  // ---- the others

  private hear(message: BusMessage): void {
    let beat: grove.cluster.v1.Heartbeat.$Properties;
    try {
      beat = codecs.Heartbeat.decode(message.data);
    } catch (error) {
      this.options.log.warn('heartbeat can not be read', errorFields(error));
      return;
    }
    const info = nodeInfo(beat);
    if (info.node === this.mine.node) {
      this.hearSelf(info);
      return;
    }
    if (info.node === '' || info.incarnation === '' || this.isStranger(info)) return;
    const heard = { ...info, sequence: beat.sequence ?? 0 };
    if (beat.leaving === true) {
      const left = this.others.get(info.node);
      if (!this.detector.leaving(heard)) return;
      this.others.delete(info.node);
      this.emit({ type: 'left', info: left ?? info });
      return;
    }
    const verdict = this.detector.beat(heard, this.options.clock.monotonic());
    if (verdict === 'ignored') return;
    const before = this.others.get(info.node);
    this.others.set(info.node, info);
    if (verdict === 'joined') {
      // A new incarnation under the same name: the old one is dead.
      if (before !== undefined) this.emit({ type: 'dead', info: before });
      this.emit({ type: 'joined', info });
    } else if (before === undefined || verdict === 'recovered' || matters(before, info)) {
      this.emit({ type: 'changed', info });
    }
  }

  private hearSelf(info: NodeInfo): void {
    if (info.incarnation === this.mine.incarnation) {
      this.detector.ownBeat(this.options.clock.monotonic());
      return;
    }
    if (this.strangers.has(info.incarnation)) return;
    this.strangers.add(info.incarnation);
    this.options.log.error('another process uses the name of this node', {
      node: info.node,
      incarnation: info.incarnation,
      grpcAddress: info.grpcAddress,
    });
  }

  private isStranger(info: NodeInfo): boolean {
    const mine = this.options.clusterId();
    if (mine === '' || info.clusterId === '' || info.clusterId === mine) return false;
    if (!this.strangers.has(info.incarnation)) {
      this.strangers.add(info.incarnation);
      const { node, clusterId } = info;
      this.options.log.warn('a node of another installation is on this bus; it is ignored', {
        node,
        clusterId,
      });
    }
    return true;
  }

  private check(): void {
    if (!this.running) return;
    const { suspect, dead } = this.detector.check(this.options.clock.monotonic());
    for (const node of suspect) {
      const known = this.others.get(node);
      if (known === undefined) continue;
      const info = { ...known, suspect: true };
      this.others.set(node, info);
      this.emit({ type: 'suspect', info });
    }
    for (const node of dead) {
      const info = this.others.get(node);
      this.others.delete(node);
      if (info !== undefined) this.emit({ type: 'dead', info: { ...info, suspect: true } });
    }
    this.checkTimer = this.options.clock.setTimer(CHECK_MS, () => this.check());
  }

  private emit(change: PresenceChange): void {
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        this.options.log.error('presence listener failed', errorFields(error));
      }
    }
  }
}

function newRole(role: string): RoleInfo {
  return {
    role,
    state: 'NEW',
    leaderEpoch: 0,
    load: 0,
    capacity: 0,
    used: 0,
    inventoryDigest: '',
    tier: '',
  };
}

function epochOf(info: NodeInfo, role: string): number {
  return info.roles.find((one) => one.role === role)?.leaderEpoch ?? 0;
}

/** Load and fill level alone are told with the next beat and change nothing for anybody at once. */
function matters(before: NodeInfo, after: NodeInfo): boolean {
  const key = (info: NodeInfo): string =>
    JSON.stringify([
      info.state,
      info.clusterId,
      info.grpcAddress,
      info.httpAddress,
      info.suspect,
      info.roles.map((r) => [r.role, r.state, r.leaderEpoch, r.capacity, r.inventoryDigest, r.tier]),
    ]);
  return key(before) !== key(after);
}

const states: readonly LifecycleState[] = ['NEW', 'STARTING', 'RUNNING', 'DRAINING', 'STOPPED', 'FAILED'];
function stateOf(text: string | null | undefined): LifecycleState {
  return states.find((state) => state === text) ?? 'NEW';
}

function nodeInfo(beat: grove.cluster.v1.Heartbeat.$Properties): NodeInfo {
  return {
    node: beat.node ?? '',
    incarnation: beat.incarnation ?? '',
    clusterId: beat.clusterId ?? '',
    state: stateOf(beat.state),
    roles: (beat.roles ?? []).map((role) => ({
      role: role.role ?? '',
      state: stateOf(role.state),
      leaderEpoch: role.leaderEpoch ?? 0,
      load: role.load ?? 0,
      capacity: role.capacity ?? 0,
      used: role.used ?? 0,
      inventoryDigest: role.inventoryDigest ?? '',
      tier: role.tier ?? '',
    })),
    grpcAddress: beat.grpcAddress ?? '',
    httpAddress: beat.httpAddress ?? '',
    startedAtMs: beat.startedAtMs ?? 0,
    suspect: false,
  };
}
