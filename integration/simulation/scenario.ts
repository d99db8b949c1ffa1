/**
 * One seed's story: a cluster comes up, tasks replace days and queries ask for them while processes are killed and
 * paused and the network misbehaves; then everything heals. What must hold is looked at all the time and at the end.
 */
import { asCoded, CodedError, fromErrorInfo } from '../../proto/errors.js';
import { BrokerService, TaskService } from '../../proto/services.js';
import { pause } from '../../runtime/deadline.js';
import type { Log, Node } from '../../runtime/types.js';
import { Invariants, type Sent } from './invariants.js';
import type { Plant } from './planted.js';
import { dataSource, dayStart, partitions, type SimulatedTask } from './worker.js';
import { World, type SimulatedRole } from './world.js';

export interface ScenarioResult {
  readonly seed: number;
  readonly hash: string;
  /** What did not hold; empty = all well. */
  readonly failures: readonly string[];
  /** Faults in the order they came, with their virtual times. */
  readonly story: readonly string[];
  readonly answers: number;
  readonly refusals: number;
  readonly tasks: number;
  readonly published: number;
  readonly virtualMs: number;
}

const cluster: readonly (readonly [string, SimulatedRole])[] = [
  ['meta', 'metadata'],
  ['lead1', 'leader'],
  ['lead2', 'leader'],
  ['h1', 'historical'],
  ['h2', 'historical'],
  ['h3', 'historical'],
  ['b1', 'broker'],
  ['w1', 'worker'],
  ['w2', 'worker'],
  ['client', 'client'],
];
const days = 3;
const warmUpMs = 4_000;
const stormMs = 12_000;
/** So long the load goes on after healing. */
const afterMs = 4_000;
/** How often the invariants are looked at. */
const lookMs = 200;
/** After healing everything must be as it should within this; a planted bug that stops progress is seen sooner. */
const healMs = 60_000;
const plantedHealMs = 12_000;

const dataNodes = cluster.filter(([, role]) => role === 'historical').map(([name]) => name);

export interface ScenarioOptions {
  readonly log?: Log | undefined;
  /** A bug to be caught: the story ends when it is. */
  readonly plant?: Plant | undefined;
}

export async function runScenario(seed: number, options: ScenarioOptions = {}): Promise<ScenarioResult> {
  const { log, plant } = options;
  const world = await World.open({ seed, dataNodes, log, plant: plant?.name });
  try {
    return await new Scenario(seed, world, plant).run();
  } finally {
    await world.close();
  }
}

class Scenario {
  readonly #seed: number;
  readonly #world: World;
  readonly #plant: Plant | undefined;
  readonly #invariants: Invariants;
  readonly #sent: Sent[] = [];
  readonly #failures: string[] = [];
  readonly #story: string[] = [];
  /** Days that were answered: from then on they are answered or refused, never empty. */
  readonly #seen = new Set<number>();
  #answers = 0;
  #refusals = 0;
  #isOver = false;

  constructor(seed: number, world: World, plant: Plant | undefined) {
    this.#seed = seed;
    this.#world = world;
    this.#plant = plant;
    this.#invariants = new Invariants(world, dataNodes, (text) => this.#fail(text));
  }

  /** The planted bug was found: there is nothing more to learn. */
  get #isCaught(): boolean {
    return this.#plant !== undefined && this.#failures.some((text) => this.#plant?.caught.test(text));
  }

  async run(): Promise<ScenarioResult> {
    const world = this.#world;
    for (const [name, role] of cluster) world.start(name, role);
    const client = this.#client();
    void this.#submitting(client);
    void this.#querying(client);
    await this.#step(warmUpMs);
    await this.#storm();
    this.#heal();
    await this.#converge();
    const { tasks, published } = await this.#invariants.checkTotals(this.#sent);
    if (this.#answers === 0) this.#fail('no query was ever answered');
    return {
      seed: this.#seed,
      hash: world.sim.hash(),
      failures: this.#failures,
      story: this.#story,
      answers: this.#answers,
      refusals: this.#refusals,
      tasks,
      published,
      virtualMs: Math.round(world.sim.clock.monotonic()),
    };
  }

  #client(): Node {
    const client = this.#world.find('client');
    if (client === undefined) throw new CodedError('Bug', 'the client runs all the time');
    return client.node;
  }

  #fail(text: string): void {
    const at = `${(this.#world.sim.clock.monotonic() / 1000).toFixed(1)} s`;
    if (this.#failures.length < 20) this.#failures.push(`${at}: ${text}`);
  }
  #tell(text: string): void {
    this.#story.push(`${(this.#world.sim.clock.monotonic() / 1000).toFixed(1)} s ${text}`);
    this.#world.sim.note(text);
  }

  // ---- load

  async #submitting(node: Node): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const task = { day: i % days, value: 1_000 + i, partitions };
      const taskId = `t${i}`;
      this.#sent.push({ taskId, task });
      await this.#submit(node, taskId, task);
      await pause(node.clock, 500 + node.random.next() * 2_000);
    }
  }

  /** The same id again and again until it is taken: whatever became of lost answers, it runs once. */
  async #submit(node: Node, taskId: string, sim: SimulatedTask): Promise<void> {
    const taskJson = JSON.stringify({
      type: 'index_parallel',
      id: taskId,
      spec: { dataSchema: { dataSource }, ioConfig: { type: 'index_parallel' } },
      context: { sim },
    });
    for (;;) {
      try {
        const address = node.presence.leader('overlord')?.grpcAddress ?? 'nobody:0';
        const deadline = node.deadline(3_000);
        const result = await node.transport
          .client(address)
          .unary(TaskService.Submit, { taskJson }, { deadline });
        if (!result.error) return;
        if (fromErrorInfo(result.error).code === 'Conflict') return;
      } catch {
        // Unknown: asked again.
      }
      await pause(node.clock, 300);
    }
  }

  async #querying(node: Node): Promise<void> {
    while (!this.#isOver) {
      const answer = await this.#ask(node);
      if (answer === undefined) this.#refusals += 1;
      else {
        this.#answers += 1;
        this.#judge(answer);
      }
      await pause(node.clock, 250);
    }
  }

  /** Day → sum; undefined when the query was refused or got no answer. */
  async #ask(node: Node): Promise<Map<number, number> | undefined> {
    const query = {
      queryType: 'timeseries',
      dataSource,
      intervals: [`${dayStart(0)}/${dayStart(days)}`],
      granularity: 'day',
      aggregations: [{ type: 'longSum', name: 'v', fieldName: 'v' }],
      context: {
        skipEmptyBuckets: true,
        timeout: 3_000,
        useCache: false,
        populateCache: false,
        ...(this.#plant?.name === 'partial-answer' ? { allowPartialResults: true } : {}),
      },
    };
    try {
      const broker = node.presence.nodes('broker')[0]?.grpcAddress ?? 'nobody:0';
      const chunks: Uint8Array[] = [];
      const request = { queryJson: JSON.stringify(query) };
      const stream = node.transport.client(broker).stream(BrokerService.Native, request, {
        deadline: node.deadline(4_000),
      });
      for await (const part of stream) {
        if (part.error) throw fromErrorInfo(part.error);
        if (part.rows) chunks.push(part.rows);
      }
      const rows = JSON.parse(Buffer.concat(chunks).toString()) as {
        timestamp: string;
        result: { v: number };
      }[];
      const first = Date.parse(dayStart(0));
      return new Map(rows.map((row) => [(Date.parse(row.timestamp) - first) / 86_400_000, row.result.v]));
    } catch (thrown) {
      const { code, message } = asCoded(thrown);
      this.#world.sim.note(`refused ${code}`);
      if (code === 'Bug') this.#fail(`a query failed with a bug: ${message}`);
      return undefined;
    }
  }

  #judge(answer: ReadonlyMap<number, number>): void {
    for (const [day, sum] of answer) {
      const value = sum / partitions;
      const isWhole = this.#sent.some(({ task }) => task.day === day && task.value === value);
      if (!isWhole) this.#fail(`day ${day} answered ${sum}: no whole version has that sum`);
    }
    for (const day of this.#seen) {
      if (!answer.has(day)) this.#fail(`day ${day} was answered before and is empty now`);
    }
    for (const day of answer.keys()) this.#seen.add(day);
  }

  // ---- faults

  async #storm(): Promise<void> {
    const { sim } = this.#world;
    const end = sim.clock.monotonic() + stormMs;
    const pick = <T>(list: readonly T[]): T => list[Math.floor(sim.random.next() * list.length)] as T;
    const victims = cluster.filter(([, role]) => role !== 'client');
    const faults: readonly (() => void)[] = [
      () => this.#killFor(...pick(victims)),
      () => this.#killFor(...pick(victims)),
      () => this.#pauseFor(pick(victims)[0]),
      () => this.#cutFor(pick(victims)[0], 'bus'),
      () => this.#cutFor(pick(victims)[0], pick(victims)[0]),
      () => this.#roughFor(),
      () => this.#jump(pick(victims)[0]),
    ];
    if (this.#plant?.storm !== undefined) this.#arranged(this.#plant.storm);
    while (sim.clock.monotonic() < end && !this.#isCaught) {
      if (this.#plant?.storm === undefined) pick(faults)();
      await this.#step(300 + sim.random.next() * 2_500);
    }
  }

  #arranged(storm: NonNullable<Plant['storm']>): void {
    if (storm === 'two-data-nodes-killed') {
      for (const name of dataNodes.slice(0, 2)) this.#killFor(name, 'historical');
      return;
    }
    // Its workers still know it as the leader, finish what they have after another one leads, and come to it with that.
    const leader = this.#client().presence.leader('overlord')?.node ?? '';
    const workers = cluster.filter(([, role]) => role === 'worker').map(([name]) => name);
    for (const name of [leader, ...workers]) this.#cutFor(name, 'bus', 9_000);
    for (const name of workers) this.#pauseFor(name, 5_000);
  }

  async #step(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0 && !this.#isCaught; leftMs -= lookMs) {
      await this.#world.run(Math.min(lookMs, leftMs));
      await this.#invariants.checkCopies();
      this.#invariants.checkWriters();
    }
    for (const process of this.#world.processes) {
      if (process.failed !== undefined) this.#fail(`${process.name} gave up: ${process.failed}`);
    }
  }

  #later(ms: number, action: () => void): void {
    this.#world.sim.clock.setTimer(ms, () => {
      if (!this.#isHealed) action();
    });
  }
  #isHealed = false;

  #killFor(name: string, role: SimulatedRole): void {
    if (this.#world.find(name) === undefined) return;
    const ms = 200 + this.#world.sim.random.next() * 6_000;
    this.#tell(`kill ${name} for ${Math.round(ms)} ms`);
    this.#world.kill(name);
    this.#later(ms, () => {
      if (this.#world.find(name) === undefined) this.#world.start(name, role);
    });
  }
  #pauseFor(name: string, ms = 500 + this.#world.sim.random.next() * 7_000): void {
    const process = this.#world.find(name);
    if (process === undefined) return;
    this.#tell(`pause ${name} for ${Math.round(ms)} ms`);
    process.place.pause();
    this.#later(ms, () => process.place.resume());
  }
  #cutFor(name: string, other: string, ms = 500 + this.#world.sim.random.next() * 6_000): void {
    if (name === other) return;
    this.#tell(`cut ${name} from ${other} for ${Math.round(ms)} ms`);
    this.#world.sim.cut(name, other);
    this.#later(ms, () => this.#world.sim.heal(name, other));
  }
  #roughFor(): void {
    const { sim } = this.#world;
    const faults = {
      delayMaxMs: 20 + sim.random.next() * 300,
      dropRate: sim.random.next() * 0.08,
      duplicateRate: sim.random.next() * 0.08,
    };
    this.#tell(`rough network ${JSON.stringify(faults)}`);
    sim.setFaults(faults);
    this.#later(4_000, () => sim.setFaults(calm));
  }
  #jump(name: string): void {
    const process = this.#world.find(name);
    // The overlord's clock makes versions; the others' are for show.
    const ms = Math.round((this.#world.sim.random.next() - 0.5) * 7_200_000);
    if (process === undefined) return;
    this.#tell(`clock of ${name} jumps by ${ms} ms`);
    process.place.jump(ms);
  }

  #heal(): void {
    this.#isHealed = true;
    const { sim } = this.#world;
    this.#tell('heal');
    sim.setFaults(calm);
    sim.healAll();
    for (const [name, role] of cluster) {
      const process = this.#world.find(name);
      if (process === undefined) this.#world.start(name, role);
      else process.place.resume();
    }
  }

  // ---- what must hold

  async #converge(): Promise<void> {
    const limitMs = this.#plant === undefined ? healMs : plantedHealMs;
    const end = this.#world.sim.clock.monotonic() + limitMs;
    let wrong = ['nothing was looked at'];
    await this.#step(afterMs);
    this.#isOver = true;
    while (wrong.length > 0 && this.#world.sim.clock.monotonic() < end && !this.#isCaught) {
      await this.#step(1_000);
      wrong = await this.#wrongNow();
    }
    for (const text of wrong) this.#fail(`${limitMs / 1000} s after healing: ${text}`);
  }

  async #wrongNow(): Promise<string[]> {
    const wrong = await this.#invariants.unfinished(this.#sent);
    const expected = await this.#invariants.newest();
    let answer: Map<number, number> | undefined;
    let isBack = false;
    void this.#ask(this.#client()).then((got) => {
      answer = got;
      isBack = true;
    });
    await this.#world.until(() => isBack, 6_000);
    if (answer === undefined) return [...wrong, 'the query is refused'];
    for (const [day, value] of expected) {
      const sum = answer.get(day);
      if (sum !== value * partitions)
        wrong.push(`day ${day} answers ${sum}, the record says ${value * partitions}`);
    }
    if (answer.size !== expected.size) wrong.push(`${answer.size} days answered, ${expected.size} published`);
    return wrong;
  }
}

const calm = { delayMaxMs: 1, dropRate: 0, duplicateRate: 0 };
