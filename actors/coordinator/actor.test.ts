import { expect } from 'chai';
import { createActorSystem } from '../../runtime/actor-system.js';
import { eventLoopTurn, seededRandom } from '../../runtime/clock.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import { InlineHub } from '../../runtime/inline-transport.js';
import { silentLog } from '../../runtime/log.js';
import { createMemoryHub } from '../../runtime/memory-bus.js';
import { createMetrics } from '../../runtime/metrics.js';
import type { ActorRef, ActorSystem, ChildSpec, Node } from '../../runtime/types.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import type { MetadataClient } from '../metadata-client.js';
import { coordinatorDefaults, createCoordinator } from './actor.js';
import type { CoordinatorMessage } from './messages.js';

/** A leading coordinator whose reads of the store are answered when the test says so. */
class Standing {
  /** Cycles that wait for the store. */
  waiting = 0;
  readonly #clock = createVirtualClock();
  readonly #system: ActorSystem;
  readonly #answers: (() => void)[] = [];

  constructor() {
    const { clock, log, metrics } = { clock: this.#clock, log: silentLog(), metrics: createMetrics() };
    const random = seededRandom(1);
    this.#system = createActorSystem({ clock, random, log, metrics });
    const presence = {
      setRole: () => undefined,
      onChange: () => ({ stop: () => undefined }),
      nodes: () => [],
    };
    const node = {
      clock,
      random,
      log,
      metrics,
      presence,
      clusterId: () => 'c',
      bus: createMemoryHub({ clock, log }).connect(),
      transport: new InlineHub({ clock, strict: true }).transport('here:1'),
      deadline: (ms: number) => deadlineAfter(clock, ms),
    } as unknown as Node;
    const metadata = {
      read: async (name: string) => {
        if (name !== 'readRules') throw new Error(`no ${name}`);
        this.waiting += 1;
        await new Promise<void>((resolve) => this.#answers.push(resolve));
        this.waiting -= 1;
        throw new Error('the store is away');
      },
    } as unknown as MetadataClient;
    const coordinator = createCoordinator({
      node,
      metadata,
      settings: coordinatorDefaults,
      lead: (callbacks) => {
        callbacks.elected(7);
        return {
          epoch: () => 7,
          isLeader: () => true,
          superseded: () => undefined,
          stop: async () => undefined,
        };
      },
    });
    const children = [coordinator] as unknown as ChildSpec<never>[];
    this.started = this.#system.start({ name: 'grove', strategy: 'one_for_one', children });
  }

  readonly started: Promise<void>;

  async tell(message: CoordinatorMessage): Promise<void> {
    const ref = this.#system.find('grove/coordinator') as ActorRef<CoordinatorMessage> | undefined;
    expect(ref?.tell(message)).to.equal(true);
    for (let turn = 0; turn < 5; turn++) await eventLoopTurn();
  }
  async answer(): Promise<void> {
    for (const answer of this.#answers.splice(0)) answer();
    for (let turn = 0; turn < 5; turn++) await eventLoopTurn();
  }
  async stop(): Promise<void> {
    await this.answer();
    const stopped = this.#system.stop(1_000);
    await this.#clock.advance(2_000);
    await stopped;
  }
}

describe('coordinator', () => {
  it('goes through one cycle at a time, whatever became of one of an earlier reign', async () => {
    const coordinator = new Standing();
    await coordinator.started;
    await coordinator.tell({ type: 'cycle' });
    expect(coordinator.waiting).to.equal(1);
    const error = new Error('too late');
    await coordinator.tell({ type: 'cycleFailed', error, step: 'read', epoch: 6 });
    await coordinator.tell({ type: 'cycle' });
    expect(coordinator.waiting).to.equal(1);
    // Its own that fails makes room for the next.
    await coordinator.answer();
    await coordinator.tell({ type: 'cycle' });
    expect(coordinator.waiting).to.equal(1);
    await coordinator.stop();
  });
});
