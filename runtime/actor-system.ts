/**
 * The actors of one process: one tree of supervisors, started left to right, stopped right to left.
 */
import { CodedError } from '../proto/errors.js';
import { ActorCell, type ActorServices, type CellView } from './actor.js';
import { deadlineAfter } from './deadline.js';
import { isUp, type Supervised } from './lifecycle.js';
import { createTurnBudget } from './mailbox.js';
import type { MetricsRegistry } from './metrics.js';
import { Supervisor } from './supervisor.js';
import type { ActorRef, ActorSystem, ChildSpec, Clock, Log, Random } from './types.js';
import type { StopReason, SupervisorSpec } from './types.js';

/** The part of a stop's grace that work in hand may take before actors are stopped. */
const DRAIN_SHARE = 0.8;

export interface ActorSystemOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

export function createActorSystem(options: ActorSystemOptions): ActorSystem {
  const { clock, log } = options;
  const cells = new Map<string, CellView>();
  const counts = watchCounts(options.metrics, cells);
  const services: ActorServices = {
    ...options,
    turns: createTurnBudget(clock),
    make: (spec, path): Supervised =>
      'children' in spec
        ? new Supervisor(spec, path, services)
        : new ActorCell(spec as unknown as ChildSpec<unknown>, path, services),
    deadLetter: (path, why) => {
      counts.deadLetters += 1;
      log.debug('dead letter', { actor: path, why });
    },
    expired: () => {
      counts.expired += 1;
    },
    mailboxFull: () => {
      counts.full += 1;
    },
    handled: () => {
      counts.handled += 1;
    },
    register: (cell) => void cells.set(cell.path, cell),
    unregister: (cell) => {
      if (cells.get(cell.path) === cell) cells.delete(cell.path);
    },
  };
  return new System(services, cells, counts);
}

class System implements ActorSystem {
  readonly failed: Promise<Error>;
  private readonly services: ActorServices;
  private readonly cells: ReadonlyMap<string, CellView>;
  private readonly counts: Counts;
  private tree: Supervisor | undefined;
  private stopping: Promise<void> | undefined;
  private readonly fail: (error: Error) => void;

  constructor(services: ActorServices, cells: ReadonlyMap<string, CellView>, counts: Counts) {
    this.services = services;
    this.cells = cells;
    this.counts = counts;
    let fail: (error: Error) => void = () => undefined;
    this.failed = new Promise((resolve) => {
      fail = resolve;
    });
    this.fail = fail;
  }

  get root(): string {
    return this.tree?.path ?? '';
  }

  async start(spec: SupervisorSpec): Promise<void> {
    if (this.tree !== undefined) throw new CodedError('Bug', 'the actor system is started once');
    const tree = new Supervisor(spec, spec.name, this.services);
    this.tree = tree;
    tree.ended = (reason) => {
      const error = reason.kind === 'failed' ? reason.error : new Error('the root ended');
      tree.retire(reason);
      this.fail(error);
    };
    try {
      await tree.start();
    } catch (error) {
      tree.retire({ kind: 'shutdown' });
      throw error;
    }
  }

  find<M>(path: string): ActorRef<M> | undefined {
    const cell = this.cells.get(path);
    // The caller names the message type, as with every lookup by name.
    return cell !== undefined && isUp(cell.state) ? (cell.ref as ActorRef<M>) : undefined;
  }

  states(): ReturnType<ActorSystem['states']> {
    return this.tree === undefined ? [] : [...this.tree.states()];
  }

  stop(graceMs: number): Promise<void> {
    this.stopping ??= this.stopOnce(graceMs);
    return this.stopping;
  }

  private async stopOnce(graceMs: number): Promise<void> {
    const { tree } = this;
    if (tree === undefined) return;
    const reason: StopReason = { kind: 'shutdown' };
    const deadline = deadlineAfter(this.services.clock, graceMs);
    await tree.drain(deadline.within(graceMs * DRAIN_SHARE));
    await tree.halt(reason, deadline);
    tree.retire(reason);
  }

  deadLetters(): number {
    return this.counts.deadLetters;
  }
}

interface Counts {
  deadLetters: number;
  expired: number;
  full: number;
  handled: number;
}

function watchCounts(metrics: MetricsRegistry, cells: ReadonlyMap<string, CellView>): Counts {
  const counts: Counts = { deadLetters: 0, expired: 0, full: 0, handled: 0 };
  const total = (name: string, read: () => number): void =>
    metrics.collect(name, 'counter', () => [{ value: read() }]);
  total('grove_actor_dead_letters_total', () => counts.deadLetters);
  total('grove_actor_expired_messages_total', () => counts.expired);
  total('grove_actor_mailbox_full_total', () => counts.full);
  total('grove_actor_messages_total', () => counts.handled);
  const perActor = (name: string, kind: 'gauge' | 'counter', read: (cell: CellView) => number) =>
    metrics.collect(name, kind, () =>
      [...cells.values()].map((cell) => ({ labels: { actor: cell.path }, value: read(cell) })),
    );
  perActor('grove_actor_mailbox_messages', 'gauge', (cell) => cell.queued);
  perActor('grove_actor_restarts_total', 'counter', (cell) => cell.restarts);
  perActor('grove_actor_up', 'gauge', (cell) => (isUp(cell.state) ? 1 : 0));
  return counts;
}
