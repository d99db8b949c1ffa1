/**
 * A cluster of real roles in one process on virtual time: every "process" has a place in the simulation, a bus
 * connection, an inline transport across the faulty network, presence and a supervision tree. Scans are stand-ins that
 * answer the number in a segment's load spec; the record is real.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { brokerDefaults, createBroker } from '../../actors/broker/actor.js';
import { coordinatorDefaults, createCoordinator } from '../../actors/coordinator/actor.js';
import { createFrameCarrier } from '../../actors/frame-by-reference.js';
import { createHistorical, historicalDefaults } from '../../actors/historical/actor.js';
import { createEpochStore, createMetadataClient, type MetadataClient } from '../../actors/metadata-client.js';
import { createMetadata } from '../../actors/metadata/actor.js';
import { createOverlord } from '../../actors/overlord/actor.js';
import { overlordDefaults } from '../../actors/overlord/term.js';
import { createActorSystem } from '../../runtime/actor-system.js';
import { eventLoopTurn } from '../../runtime/clock.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import { createInlineHub, type InlineHub } from '../../runtime/inline-transport.js';
import { createLeader } from '../../runtime/leader.js';
import { silentLog } from '../../runtime/log.js';
import { createMemoryHub, type MemoryHub } from '../../runtime/memory-bus.js';
import { createMetrics } from '../../runtime/metrics.js';
import { createPresence, type PresenceService } from '../../runtime/presence.js';
import { createSimulation, type SimulatedNode, type Simulation } from '../../runtime/simulation.js';
import type { ChildSpec, LeaderCallbacks, LeaderHandle, Log, Node } from '../../runtime/types.js';
import { countingPool, openWith, pullWith } from './counting.js';
import { plantDrops, type PlantName } from './planted.js';
import { Record, type Commit } from './record.js';
import { SimulatedWorker } from './worker.js';

export type SimulatedRole = 'metadata' | 'leader' | 'historical' | 'broker' | 'worker' | 'client';

export interface SimulatedProcess {
  readonly name: string;
  readonly role: SimulatedRole;
  readonly place: SimulatedNode;
  readonly node: Node;
  readonly presence: PresenceService;
  /** What failed in its tree; a kill is no failure. */
  failed: string | undefined;
}

/** A transaction under an epoch that succeeded. */
export interface LeaderWrite {
  readonly role: string;
  readonly epoch: number;
  readonly process: string;
}

export interface WorldOptions {
  readonly seed: number;
  /** Names of all data nodes, running or not. */
  readonly dataNodes: readonly string[];
  readonly log?: Log | undefined;
  readonly plant?: PlantName | undefined;
}

const settleMs = 1_000;
const dropDelayMs = 500;

export class World {
  readonly sim: Simulation;
  readonly record: Record;
  readonly writes: LeaderWrite[] = [];
  readonly folder: string;
  readonly #hub: MemoryHub;
  readonly #inline: InlineHub;
  readonly #log: Log;
  readonly #plant: PlantName | undefined;
  readonly #dataNodes: readonly string[];
  readonly #alive = new Map<string, SimulatedProcess>();
  readonly #generations = new Map<string, number>();

  private constructor(options: WorldOptions, record: Record) {
    this.sim = createSimulation({ seed: options.seed });
    this.record = record;
    this.#log = options.log ?? silentLog();
    this.#plant = options.plant;
    this.#dataNodes = options.dataNodes;
    const log = this.#log;
    const base = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
    this.folder = fs.mkdtempSync(path.join(base, 'grove-sim-'));
    const { clock, network } = this.sim;
    this.#hub = createMemoryHub({ clock, log, network });
    this.#inline = createInlineHub({ clock, strict: true, network });
  }

  static async open(options: WorldOptions): Promise<World> {
    return new World(options, await Record.open(options.plant));
  }

  async close(): Promise<void> {
    for (const { name } of this.processes) this.kill(name);
    await this.#quiet();
    await this.record.close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** Leaders' transactions in the order of their commits. */
  get commits(): readonly Commit[] {
    return this.record.commits;
  }
  get processes(): readonly SimulatedProcess[] {
    return [...this.#alive.values()];
  }
  find(name: string): SimulatedProcess | undefined {
    return this.#alive.get(name);
  }
  cacheOf(name: string): string {
    return path.join(this.folder, name);
  }

  start(name: string, role: SimulatedRole): SimulatedProcess {
    const generation = (this.#generations.get(name) ?? 0) + 1;
    this.#generations.set(name, generation);
    const place = this.sim.node(name);
    const { clock, random } = place;
    const log = this.#log.with({ process: name });
    const bus = this.sim.connect(this.#hub, place);
    if (this.#plant === 'copy-dropped-early' && role === 'leader') plantDrops(bus, this.#dataNodes);
    const transport = this.#inline.transport(`${name}:${generation}`, place);
    let clusterId = '';
    const presence = createPresence({
      bus,
      clock,
      log,
      cluster: 'main',
      node: name,
      incarnation: random.hex(8),
      clusterId: () => clusterId,
      grpcAddress: transport.address,
      httpAddress: '',
    });
    presence.onChange(({ info }) => {
      if (clusterId === '') clusterId = info.clusterId;
    });
    presence.start();
    const metrics = createMetrics();
    const node: Node = {
      name,
      cluster: 'main',
      incarnation: presence.self.incarnation,
      clusterId: () => clusterId,
      clock,
      random,
      log,
      metrics,
      bus,
      transport,
      presence,
      hit: () => undefined,
      deadline: (ms) => deadlineAfter(clock, ms),
    };
    const process: SimulatedProcess = { name, role, place, node, presence, failed: undefined };
    this.#alive.set(name, process);
    const children = this.#children(process, (id) => {
      clusterId = id;
    });
    if (children.length > 0) {
      const system = createActorSystem({ clock, random, log, metrics });
      const fail = (error: Error): void => {
        if (this.#alive.get(name) === process) process.failed = error.message;
      };
      system.failed.then(fail, () => undefined);
      system.start({ name: 'grove', strategy: 'one_for_one', children }).then(() => undefined, fail);
    }
    presence.setState('RUNNING');
    this.sim.note(`start ${name}`);
    return process;
  }

  /** As kill -9: its connections end, its disk stays. */
  kill(name: string): void {
    const process = this.#alive.get(name);
    if (process === undefined) return;
    this.#alive.delete(name);
    process.place.kill();
    process.presence.stop();
    void process.node.bus.close();
    this.#inline.remove(process.node.transport.address);
  }

  /** Virtual time goes on by `ms`, the record and the disks keeping pace. */
  async run(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  async until(done: () => boolean, msMax: number): Promise<boolean> {
    let isOver = false;
    const end = this.sim.clock.setTimer(msMax, () => {
      isOver = true;
    });
    for (;;) {
      await this.#quiet();
      if (done()) break;
      if (isOver) return false;
      // One timer at a time; there is one until the end has come.
      await this.sim.runUntil(() => true, msMax + 1);
    }
    end.cancel();
    return true;
  }

  /** The record's work takes no virtual time. */
  async #quiet(): Promise<void> {
    await eventLoopTurn();
    while (!this.record.idle) {
      await eventLoopTurn();
      // What was waiting for the record may ask it again.
      if (this.record.idle) await eventLoopTurn();
    }
  }

  #children(process: SimulatedProcess, learn: (id: string) => void): ChildSpec<never>[] {
    const { node } = process;
    const as = <M>(child: ChildSpec<M>): ChildSpec<never> => child as unknown as ChildSpec<never>;
    switch (process.role) {
      case 'metadata':
        return [
          as(
            createMetadata({
              node,
              store: { kind: 'sqlite', file: ':memory:', busyTimeoutMs: 1 },
              startThread: () => this.record.thread(() => this.#alive.get(process.name) === process),
              onClusterId: learn,
            }),
          ),
        ];
      case 'leader':
        return this.#leaders(process).map(as);
      case 'historical':
        return [
          as(
            createHistorical({
              node,
              pool: countingPool,
              frames: createFrameCarrier(),
              storage: { pull: pullWith(this.#plant) },
              openSegment: openWith(this.#plant),
              settings: {
                ...historicalDefaults,
                cacheDir: this.cacheOf(process.name),
                capacityBytes: 1_000_000,
                tier: '_default_tier',
                dropDelayMs,
              },
            }),
          ),
        ];
      case 'broker':
        return [
          as(
            createBroker({
              node,
              pool: countingPool,
              frames: createFrameCarrier(),
              settings: brokerDefaults,
            }),
          ),
        ];
      case 'worker':
        new SimulatedWorker(node).start();
        return [];
      case 'client':
        return [];
    }
  }

  #leaders(process: SimulatedProcess): ChildSpec<unknown>[] {
    const { node } = process;
    const metadata = this.#watched(process);
    const lead =
      (role: string) =>
      (callbacks: LeaderCallbacks): LeaderHandle =>
        createLeader({
          role,
          bus: node.bus,
          clock: node.clock,
          random: node.random,
          log: node.log,
          epochs: createEpochStore(metadata, () => node.deadline(5_000)),
          holder: { node: node.name, incarnation: node.incarnation },
          callbacks,
          takeOverSameNode: true,
        });
    return [
      createCoordinator({
        node,
        metadata,
        lead: lead('coordinator'),
        settings: { ...coordinatorDefaults, periodMs: 1_000, settleMs, dropDelayMs, commandMs: 5_000 },
      }),
      createOverlord({
        node,
        metadata,
        taskLogs: { ...noTaskLogs },
        lead: lead('overlord'),
        checkTask: () => undefined,
        settings: { ...overlordDefaults, taskLeaseMs: 8_000, announceAfterMs: 2_000 },
      }),
    ] as unknown as ChildSpec<unknown>[];
  }

  /** Notes who wrote under which epoch. */
  #watched(process: SimulatedProcess): MetadataClient {
    const client = createMetadataClient({ node: process.node });
    return {
      read: (name, input, options) => client.read(name, input, options),
      transact: async (name, input, options) => {
        const output = await client.transact(name, input, options);
        if (options.leader !== undefined) {
          const { role, epoch } = options.leader;
          this.writes.push({ role, epoch, process: `${process.name} ${process.node.incarnation}` });
        }
        return output;
      },
    };
  }
}

const noTaskLogs = {
  putLog: () => Promise.resolve(),
  putReport: () => Promise.resolve(),
  readLog: () => Promise.resolve(undefined),
  readReport: () => Promise.resolve(undefined),
} as unknown as Parameters<typeof createOverlord>[0]['taskLogs'];
