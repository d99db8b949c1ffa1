/**
 * A cluster in one process on virtual time: nodes that can be killed and paused, a network that delays, loses, doubles,
 * reorders and cuts, all decided by one seed. The same seed and code give the same trace hash.
 */
import { seededRandom } from './clock.js';
import { hubName, type MemoryBus, type MemoryHub } from './memory-bus.js';
import type { Network, Place } from './network.js';
import type { Clock, Random, Timer } from './types.js';
import { createVirtualClock, type VirtualClock } from './virtual-clock.js';

/** How long a client takes to notice a silent connection (ping 1 s × 2), and to come back once it can. */
const NOTICE_MS = 3_000;
const RECONNECT_MS = 250;

export interface NetworkFaults {
  /** Each message takes a time of its own in this range (> 0): so they overtake each other. */
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Chances in [0, 1]. */
  readonly dropRate: number;
  readonly duplicateRate: number;
}
export const calmNetwork: NetworkFaults = {
  delayMinMs: 0.1,
  delayMaxMs: 1,
  dropRate: 0,
  duplicateRate: 0,
};

export interface SimulatedNode extends Place {
  readonly clock: Clock;
  readonly random: Random;
  /** Nothing of it ever runs again. */
  kill(): void;
  /** As SIGSTOP: its timers and what arrives wait until `resume`. */
  pause(): void;
  resume(): void;
  /** Sets its wall clock off; its monotonic clock knows nothing of it. */
  jump(ms: number): void;
}

export interface Simulation {
  readonly seed: number;
  readonly clock: VirtualClock;
  /** For the scenario's own choices. */
  readonly random: Random;
  readonly network: Network;
  /** A new process; the name may be that of a killed one. */
  node(name: string): SimulatedNode;
  /** A bus connection of the node that notices cuts and comes back after them, as the real client does. */
  connect(hub: MemoryHub, node: SimulatedNode): MemoryBus;
  setFaults(faults: Partial<NetworkFaults>): void;
  /** No message passes between the two; without `other`: between the node and everybody. */
  cut(name: string, other?: string): void;
  heal(name: string, other?: string): void;
  healAll(): void;
  /** A line of the trace. */
  note(event: string): void;
  run(ms: number): Promise<void>;
  runUntil(done: () => boolean, msMax: number): Promise<boolean>;
  /** 16 hex characters over everything that has happened. */
  hash(): string;
}

/** Which seeds a test runs: 1 to `count`; GROVE_SEEDS=<count> changes that, GROVE_SEED=<seed> replays one. */
export function seedsToRun(
  count: number,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly number[] {
  const one = Number(environment['GROVE_SEED'] ?? '');
  if (one > 0) return [one];
  const many = Number(environment['GROVE_SEEDS'] ?? '') || count;
  return Array.from({ length: many }, (_, i) => i + 1);
}

export function createSimulation(options: {
  readonly seed: number;
  readonly faults?: Partial<NetworkFaults>;
}): Simulation {
  return new SeededSimulation(options.seed, options.faults ?? {});
}

class SeededSimulation implements Simulation {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: Network;
  private faults: NetworkFaults;
  private readonly trace = new TraceHash();
  private readonly cuts = new Set<string>();
  private readonly links: { readonly bus: MemoryBus; readonly node: SimulatedNode }[] = [];
  private nodes = 0;

  constructor(seed: number, faults: Partial<NetworkFaults>) {
    this.seed = seed;
    this.faults = { ...calmNetwork, ...faults };
    this.random = this.stream('scenario');
    const order = this.stream('order');
    const chance = this.stream('network');
    this.clock = createVirtualClock({
      tieBreak: () => order.next(),
      onTimer: (at) => this.trace.add(`t${at}`),
    });
    this.network = { route: (from, to) => this.route(from, to, chance) };
  }

  node(name: string): SimulatedNode {
    this.nodes += 1;
    return new GatedNode(name, this.clock, this.stream(`${name}#${this.nodes}`), (event) =>
      this.note(`${event} ${name}`),
    );
  }

  connect(hub: MemoryHub, node: SimulatedNode): MemoryBus {
    const bus = hub.connect({ name: node.name, clock: node.clock });
    this.links.push({ bus, node });
    return bus;
  }

  setFaults(faults: Partial<NetworkFaults>): void {
    this.faults = { ...this.faults, ...faults };
    this.note(`faults ${JSON.stringify(this.faults)}`);
  }

  cut(name: string, other = '*'): void {
    this.cuts.add(linkKey(name, other));
    this.note(`cut ${name} ${other}`);
    this.afterwards(NOTICE_MS, (bus) => bus.disconnect(), true);
  }

  heal(name: string, other = '*'): void {
    this.cuts.delete(linkKey(name, other));
    this.note(`heal ${name} ${other}`);
    this.afterwards(RECONNECT_MS, (bus) => bus.reconnect(), false);
  }

  healAll(): void {
    this.cuts.clear();
    this.note('heal all');
    this.afterwards(RECONNECT_MS, (bus) => bus.reconnect(), false);
  }

  note(event: string): void {
    this.trace.add(`${this.clock.monotonic()} ${event}`);
  }

  run(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  runUntil(done: () => boolean, msMax: number): Promise<boolean> {
    return this.clock.advanceUntil(done, msMax);
  }

  hash(): string {
    return this.trace.hex();
  }

  /** Each purpose has random numbers of its own: one more of the one does not change the others. */
  private stream(purpose: string): Random {
    const hash = new TraceHash();
    hash.add(`${this.seed} ${purpose}`);
    return seededRandom(parseInt(hash.hex().slice(0, 8), 16));
  }

  private isCut(a: string, b: string): boolean {
    return this.cuts.has(linkKey(a, b)) || this.cuts.has(linkKey(a, '*')) || this.cuts.has(linkKey(b, '*'));
  }

  /** To the clients whose connection to the hub is (still) cut, or whole. */
  private afterwards(ms: number, action: (bus: MemoryBus) => void, cut: boolean): void {
    for (const { bus, node } of this.links) {
      if (this.isCut(node.name, hubName) !== cut) continue;
      node.clock.setTimer(ms, () => {
        if (this.isCut(node.name, hubName) === cut) action(bus);
      });
    }
  }

  private route(from: string, to: string, chance: Random): readonly number[] {
    const { delayMinMs, delayMaxMs, dropRate, duplicateRate } = this.faults;
    const delay = (): number => Math.max(0.001, delayMinMs + chance.next() * (delayMaxMs - delayMinMs));
    const lost = chance.next() < dropRate;
    const doubled = chance.next() < duplicateRate;
    const delays = lost || this.isCut(from, to) ? [] : doubled ? [delay(), delay()] : [delay()];
    this.trace.add(`${from}>${to} ${delays.join()}`);
    return delays;
  }
}

function linkKey(a: string, b: string): string {
  if (b === '*') return `${a}|*`;
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

class GatedNode implements SimulatedNode {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  private readonly base: Clock;
  private readonly noted: (event: string) => void;
  private state: 'running' | 'paused' | 'dead' = 'running';
  private waiting: (() => void)[] = [];
  private offMs = 0;

  constructor(name: string, base: Clock, random: Random, noted: (event: string) => void) {
    this.name = name;
    this.base = base;
    this.random = random;
    this.noted = noted;
    this.clock = {
      now: () => base.now() + this.offMs,
      monotonic: () => base.monotonic(),
      setTimer: (delayMs, action) => this.setTimer(delayMs, action),
    };
  }

  kill(): void {
    this.noted('kill');
    this.state = 'dead';
    this.waiting = [];
  }

  pause(): void {
    if (this.state !== 'running') return;
    this.noted('pause');
    this.state = 'paused';
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.noted('resume');
    this.state = 'running';
    for (const action of this.waiting.splice(0)) this.base.setTimer(0, action);
  }

  jump(ms: number): void {
    this.noted(`jump ${ms}`);
    this.offMs += ms;
  }

  private setTimer(delayMs: number, action: () => void): Timer {
    let over = false;
    const run = (): void => {
      if (over || this.state === 'dead') return;
      if (this.state === 'paused') {
        this.waiting.push(run);
        return;
      }
      over = true;
      action();
    };
    const timer = this.base.setTimer(delayMs, run);
    return {
      cancel: () => {
        over = true;
        timer.cancel();
      },
    };
  }
}

/** FNV-1a in two lanes of 32 bits: enough to tell runs apart, and fast. */
class TraceHash {
  private a = 0x811c9dc5;
  private b = 0xcbf29ce4;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      this.a = Math.imul(this.a ^ code, 0x01000193);
      this.b = Math.imul(this.b ^ code, 0x01000193) + (this.a >>> 16);
    }
    this.a = Math.imul(this.a ^ 10, 0x01000193);
  }

  hex(): string {
    const lane = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
    return lane(this.a) + lane(this.b);
  }
}
