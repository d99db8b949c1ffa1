import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { RestService } from '../proto/services.js';
import { deadlineAfter } from './deadline.js';
import { createInlineHub } from './inline-transport.js';
import { silentLog } from './log.js';
import { createMemoryHub } from './memory-bus.js';
import { createSimulation, seedsToRun, type NetworkFaults } from './simulation.js';

/** Two nodes, a stream of numbers from a to b; answers what b heard and the hash. */
async function talk(seed: number, faults: Partial<NetworkFaults>, count = 200) {
  const sim = createSimulation({ seed, faults });
  const hub = createMemoryHub({ clock: sim.clock, log: silentLog(), network: sim.network });
  const [a, b] = [sim.node('a'), sim.node('b')];
  const [from, to] = [sim.connect(hub, a), sim.connect(hub, b)];
  const heard: number[] = [];
  to.subscribe('n', (message) => heard.push(message.data[0] ?? -1));
  for (let i = 0; i < count; i++) {
    a.clock.setTimer(i, () => from.publish('n', Uint8Array.of(i)));
  }
  await sim.run(10_000);
  return { heard, hash: sim.hash() };
}

describe('runtime/simulation', () => {
  it('gives the same run for the same seed, another for another', async () => {
    const faults = { delayMaxMs: 50, dropRate: 0.1, duplicateRate: 0.1 };
    const [first, again, other] = [await talk(1, faults), await talk(1, faults), await talk(2, faults)];
    expect(first).to.deep.equal(again);
    expect(first.hash).not.to.equal(other.hash);
    expect(first.hash).to.match(/^[0-9a-f]{16}$/);
  });

  it('runs the seeds asked for', () => {
    expect(seedsToRun(2, {})).to.deep.equal([1, 2]);
    expect(seedsToRun(2, { GROVE_SEEDS: '3' })).to.deep.equal([1, 2, 3]);
    expect(seedsToRun(2, { GROVE_SEEDS: '3', GROVE_SEED: '77' })).to.deep.equal([77]);
  });

  it('delays, reorders, loses and doubles', async () => {
    const all = Array.from({ length: 200 }, (_, i) => i);
    const calm = await talk(1, { delayMinMs: 0.1, delayMaxMs: 0.2 });
    expect(calm.heard).to.deep.equal(all);
    const { heard: reordered } = await talk(1, { delayMaxMs: 50 });
    expect(reordered).not.to.deep.equal(all);
    expect(reordered.toSorted((x, y) => x - y)).to.deep.equal(all);
    expect((await talk(1, { dropRate: 0.2 })).heard.length).to.be.within(90, 170);
    expect((await talk(1, { duplicateRate: 0.2 })).heard.length).to.be.within(230, 350);
  });

  it('cuts and heals; the connection notices after 3 s and comes back', async () => {
    const sim = createSimulation({ seed: 1 });
    const hub = createMemoryHub({ clock: sim.clock, log: silentLog(), network: sim.network });
    const a = sim.connect(hub, sim.node('a'));
    const b = sim.connect(hub, sim.node('b'));
    const heard: string[] = [];
    b.subscribe('x', (message) => heard.push(String(message.data[0])));
    const say = async (n: number): Promise<void> => {
      a.publish('x', Uint8Array.of(n));
      await sim.run(10);
    };
    await say(1);
    sim.cut('b', 'bus');
    await say(2);
    expect([a.state, b.state]).to.deep.equal(['CONNECTED', 'CONNECTED']);
    await sim.run(3_000);
    expect([a.state, b.state]).to.deep.equal(['CONNECTED', 'DISCONNECTED']);
    sim.heal('b', 'bus');
    await sim.run(251);
    expect(b.state).to.equal('CONNECTED');
    await say(3);
    expect(heard).to.deep.equal(['1', '3']);
  });

  it('pauses, resumes and kills nodes', async () => {
    const sim = createSimulation({ seed: 1 });
    const node = sim.node('a');
    const ran: string[] = [];
    node.clock.setTimer(10, () => ran.push(`due@${sim.clock.monotonic()}`));
    node.clock.setTimer(20, () => ran.push('cancelled')).cancel();
    node.pause();
    await sim.run(100);
    expect(ran).to.deep.equal([]);
    node.resume();
    node.jump(-5_000);
    await sim.run(1);
    expect(ran).to.deep.equal(['due@100']);
    expect(node.clock.now() - sim.clock.now()).to.equal(-5_000);
    node.clock.setTimer(1, () => ran.push('after death'));
    node.kill();
    await sim.run(10);
    expect(ran).to.have.length(1);
  });

  it('stands between callers and handlers too', async () => {
    const sim = createSimulation({ seed: 1, faults: { delayMinMs: 5, delayMaxMs: 5 } });
    const inline = createInlineHub({ clock: sim.clock, strict: true, network: sim.network });
    const [a, b] = [sim.node('a'), sim.node('b')];
    const client = inline.transport('a:1', a).client('b:1');
    inline.transport('b:1', b).serve(RestService, { Call: async () => ({ status: 200 }) });
    let outcome = '';
    const call = (): void => {
      const options = { deadline: deadlineAfter(a.clock, 100) };
      client.unary(RestService.Call, {}, options).then(
        ({ status }) => (outcome = `${status}@${sim.clock.monotonic()}`),
        (error: unknown) => (outcome = (error as CodedError).code),
      );
    };
    call();
    await sim.run(10);
    expect(outcome).to.equal('200@10');
    sim.cut('a', 'b');
    call();
    await sim.run(100);
    expect(outcome).to.equal('Timeout');
  });
});
