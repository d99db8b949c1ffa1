import { expect } from 'chai';
import { createLeader, type LeaderOptions } from './leader.js';
import { silentLog } from './log.js';
import { createMemoryHub } from './memory-bus.js';
import { createSimulation, seedsToRun, type SimulatedNode, type Simulation } from './simulation.js';
import type { EpochStore, LeaderHandle } from './types.js';

interface Candidate {
  readonly name: string;
  readonly node: SimulatedNode;
  readonly leader: LeaderHandle;
}

function world(seed: number) {
  const sim: Simulation = createSimulation({ seed });
  const hub = createMemoryHub({ clock: sim.clock, log: silentLog(), network: sim.network });
  const log: string[] = [];
  const candidates: Candidate[] = [];
  const sql = { epoch: 0, fails: false };
  let overlaps = 0;
  const stand = (name: string, more: Partial<LeaderOptions> = {}): Candidate => {
    const node = sim.node(name);
    const epochs: EpochStore = {
      bump: (_role, _holder, atLeast) =>
        new Promise((resolve, reject) => {
          node.clock.setTimer(2, () => {
            if (sql.fails) reject(new Error('no SQL'));
            else resolve((sql.epoch = Math.max(sql.epoch, atLeast) + 1));
          });
        }),
    };
    const leader = createLeader({
      role: 'coordinator',
      bus: sim.connect(hub, node),
      clock: node.clock,
      random: node.random,
      log: silentLog(),
      epochs,
      holder: { node: name, incarnation: `${name}-1` },
      callbacks: {
        elected: (epoch) => {
          log.push(`${name}:${epoch}`);
          sim.note(`elected ${name} ${epoch}`);
          // The set of leaders grows only here: whoever else believes at this moment overlaps.
          if (candidates.filter((c) => c.leader.isLeader()).length > 1) overlaps += 1;
        },
        steppedDown: () => log.push(`${name} down`),
      },
      ...more,
    });
    const candidate = { name, node, leader };
    candidates.push(candidate);
    return candidate;
  };
  const leaders = (): string =>
    candidates
      .filter((c) => c.leader.isLeader())
      .map((c) => c.name)
      .join();
  return { sim, hub, stand, leaders, candidates, log, sql, overlaps: () => overlaps };
}

describe('runtime/leader', () => {
  it('elects one at once, and another after a kill within 3.9 s', async () => {
    const { sim, stand, leaders, log } = world(1);
    const a = stand('a');
    await sim.run(20);
    expect(leaders()).to.equal('a');
    stand('b');
    await sim.run(30_000);
    expect(log).to.deep.equal(['a:1']);
    a.node.kill();
    await sim.run(3_900);
    expect(log).to.deep.equal(['a:1', 'b:2']);
  });

  it('a paused leader does not believe on waking, before anything has run', async () => {
    const { sim, stand, leaders, log } = world(2);
    const a = stand('a');
    await sim.run(100);
    stand('b');
    await sim.run(1_000);
    a.node.pause();
    await sim.run(5_000);
    expect(leaders()).to.equal('b');
    a.node.resume();
    expect([a.leader.isLeader(), a.leader.epoch()]).to.deep.equal([false, 0]);
    await sim.run(100);
    expect(log).to.deep.equal(['a:1', 'b:2', 'a down']);
  });

  it('hands over at once when stopped', async () => {
    const { sim, stand, leaders } = world(3);
    const a = stand('a');
    await sim.run(100);
    stand('b');
    await sim.run(100);
    const stopped = a.leader.stop();
    await sim.run(800);
    await stopped;
    expect(leaders()).to.equal('b');
  });

  it('takes over the lease of its own dead incarnation at once, of others not', async () => {
    for (const more of [
      { takeOverFrom: ['a-1'] },
      { takeOverSameNode: true },
      {},
    ] satisfies Partial<LeaderOptions>[]) {
      const { sim, stand, leaders } = world(4);
      const dead = stand('a');
      await sim.run(100);
      dead.node.kill();
      const next = stand('a', { holder: { node: 'a', incarnation: 'a-2' }, ...more });
      await sim.run(20);
      const atOnce = 'takeOverFrom' in more || 'takeOverSameNode' in more;
      expect([next.leader.isLeader(), leaders().length > 0]).to.deep.equal([atOnce, true]);
    }
  });

  it('goes on over lost answers and a server that lost its memory', async () => {
    const { sim, hub, stand, log } = world(5);
    stand('a');
    await sim.run(1_000);
    hub.wipe();
    await sim.run(3_000);
    sim.setFaults({ dropRate: 0.1 });
    await sim.run(5_000);
    sim.setFaults({ dropRate: 0 });
    await sim.run(5_000);
    expect(log[0]).to.equal('a:1');
    expect(log.at(-1)).to.match(/^a:/);
  });

  it('outbids an epoch seen above its own while it holds the lease', async () => {
    const { sim, stand, log, leaders } = world(6);
    const a = stand('a');
    await sim.run(100);
    a.leader.superseded(1);
    a.leader.superseded(70);
    await sim.run(100);
    expect([log, leaders(), a.leader.epoch()]).to.deep.equal([['a:1', 'a:71'], 'a', 71]);
  });

  it('leads nothing without SQL, and lets others try', async () => {
    const { sim, stand, leaders, log, sql } = world(7);
    sql.fails = true;
    stand('a');
    stand('b');
    await sim.run(5_000);
    expect([leaders(), log]).to.deep.equal(['', []]);
    sql.fails = false;
    await sim.run(3_000);
    expect(leaders()).to.match(/^[ab]$/);
  });

  it('survives its bus: steps down in time, leads again after', async () => {
    const { sim, stand, leaders, log } = world(8);
    stand('a');
    await sim.run(100);
    sim.cut('a', 'bus');
    await sim.run(2_000);
    expect([leaders(), log]).to.deep.equal(['', ['a:1', 'a down']]);
    await sim.run(5_000);
    sim.heal('a', 'bus');
    await sim.run(1_500);
    expect(log).to.deep.equal(['a:1', 'a down', 'a:2']);
  });
});

/** Thirty virtual seconds of kills, pauses, cuts and a bad network; then peace. */
async function storm(seed: number) {
  const { sim, stand, leaders, candidates, log, overlaps } = world(seed);
  for (const name of ['a', 'b', 'c']) stand(name);
  const pick = (): Candidate => candidates[Math.floor(sim.random.next() * candidates.length)] as Candidate;
  for (let t = 0; t < 15; t++) {
    sim.setFaults({ delayMaxMs: sim.random.next() * 400, dropRate: sim.random.next() * 0.2 });
    const { name, node } = pick();
    const what = sim.random.next();
    if (what < 0.3) node.pause();
    else if (what < 0.6) sim.cut(name, 'bus');
    else if (what < 0.7) node.jump((sim.random.next() - 0.5) * 7_200_000);
    else {
      sim.heal(name, 'bus');
      node.resume();
    }
    await sim.run(500 + sim.random.next() * 3_000);
  }
  pick().node.kill();
  sim.setFaults({ delayMaxMs: 2, dropRate: 0 });
  sim.healAll();
  for (const { node } of candidates) node.resume();
  const healed = await sim.runUntil(() => leaders() !== '', 10_000);
  const epochs = log.filter((line) => line.includes(':')).map((line) => Number(line.split(':')[1]));
  return { healed, overlaps: overlaps(), epochs, hash: sim.hash() };
}

describe('runtime/leader, simulated', () => {
  it('never has two leaders at once, in 50 seeds; epochs only rise; peace brings a leader', async () => {
    const seeds = seedsToRun(50);
    let elections = 0;
    for (const seed of seeds) {
      const { healed, overlaps, epochs } = await storm(seed);
      expect(overlaps, `overlaps with seed ${seed}`).to.equal(0);
      expect(healed, `a leader at the end with seed ${seed}`).to.equal(true);
      expect(epochs, `epochs with seed ${seed}`).to.deep.equal(epochs.toSorted((x, y) => x - y));
      expect(new Set(epochs).size).to.equal(epochs.length);
      elections += epochs.length;
    }
    expect(elections).to.be.greaterThan(2 * seeds.length);
  });

  it('runs the same for the same seed', async () => {
    expect(await storm(11)).to.deep.equal(await storm(11));
  });
});
