/**
 * Presence and leader lease over a real nats-server: never two leaders, nobody blamed for the server's absence.
 */
import { expect } from 'chai';
import { systemRandom } from '../../runtime/clock.js';
import { deadlineAfter, pause } from '../../runtime/deadline.js';
import { createLeader } from '../../runtime/leader.js';
import { createMetrics } from '../../runtime/metrics.js';
import { connectNats } from '../../runtime/nats.js';
import type { NatsBinary } from '../../runtime/nats-server.js';
import { createPresence, type PresenceService } from '../../runtime/presence.js';
import type { Bus, EpochStore, LeaderHandle, PresenceChange } from '../../runtime/types.js';
import { patienceMs } from '../launch.js';
import { clock, log, natsBinary, startTestNats, type TestNats } from '../servers/nats.js';

interface TestNode {
  readonly name: string;
  readonly bus: Bus;
  readonly presence: PresenceService;
  readonly leader: LeaderHandle;
  readonly changes: string[];
}

describe('control plane over NATS', function () {
  this.timeout(600_000);
  let binary: NatsBinary;
  let nats: TestNats;
  const nodes: TestNode[] = [];
  let epoch = 0;
  const epochs: EpochStore = {
    bump: async (_role, _holder, atLeast) => (epoch = Math.max(epoch, atLeast) + 1),
  };

  async function startNode(name: string): Promise<TestNode> {
    const random = systemRandom();
    const bus = await connectNats({
      url: nats.url,
      token: nats.token,
      cluster: 'main',
      clock,
      log,
      metrics: createMetrics(),
      deadline: deadlineAfter(clock, patienceMs),
    });
    const incarnation = random.hex(8);
    const presence = createPresence({
      bus,
      clock,
      log,
      cluster: 'main',
      node: name,
      incarnation,
      clusterId: () => 'id',
      grpcAddress: '',
      httpAddress: '',
    });
    const changes: string[] = [];
    presence.onChange((change: PresenceChange) => changes.push(`${change.info.node} ${change.type}`));
    presence.start();
    const leader = createLeader({
      role: 'overlord',
      bus,
      clock,
      random,
      log,
      epochs,
      holder: { node: name, incarnation },
      callbacks: { elected: () => undefined, steppedDown: () => undefined },
    });
    const node = { name, bus, presence, leader, changes };
    nodes.push(node);
    return node;
  }

  /** Looks every 2 ms; answers the largest number of leaders seen at one moment. */
  async function leadersUntil(ms: number, done: () => boolean): Promise<number> {
    const start = clock.monotonic();
    let most = 0;
    while (!done() && clock.monotonic() - start < ms) {
      most = Math.max(most, nodes.filter((node) => node.leader.isLeader()).length);
      await pause(clock, 2);
    }
    return most;
  }
  const leading = (): TestNode | undefined => nodes.find((node) => node.leader.isLeader());

  before(async function () {
    this.timeout(600_000);
    binary = await natsBinary(this);
  });
  beforeEach(async () => {
    epoch = 0;
    nats = await startTestNats(binary);
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) {
      await node.leader.stop();
      node.presence.stop();
      await node.bus.close();
    }
    await nats.stop();
  });

  it('one leads; when it goes silent the other follows with a higher epoch', async () => {
    await Promise.all([startNode('n1'), startNode('n2')]);
    await leadersUntil(patienceMs, () => leading() !== undefined);
    const first = leading();
    const other = nodes.find((node) => node !== first);
    expect(first?.leader.epoch()).to.equal(1);
    await leadersUntil(patienceMs, () => other?.changes.includes(`${first?.name} joined`) === true);
    // As after kill -9: the connection ends, nothing is handed back.
    first?.presence.stop();
    await first?.bus.close();
    const lostAt = clock.monotonic();
    let deadAfter = 0;
    const most = await leadersUntil(patienceMs, () => {
      if (deadAfter === 0 && other?.changes.includes(`${first?.name} dead`) === true) {
        deadAfter = clock.monotonic() - lostAt;
      }
      return other?.leader.isLeader() === true && deadAfter > 0;
    });
    log.info('fail-over', { leaderMs: clock.monotonic() - lostAt, deadMs: deadAfter });
    expect(most).to.equal(1);
    expect(other?.leader.epoch()).to.equal(2);
    expect(deadAfter).to.be.at.least(500);
  });

  it('kill -9 of the server, back after 0.2 to 1.2 s, five times: never two leaders, nobody declared dead', async () => {
    await Promise.all([startNode('n1'), startNode('n2'), startNode('n3')]);
    await leadersUntil(patienceMs, () => leading() !== undefined);
    await leadersUntil(patienceMs, () => nodes.every((node) => node.changes.length >= 2));
    let most = 0;
    for (const outageMs of [200, 450, 700, 950, 1_200]) {
      await nats.kill();
      most = Math.max(most, await leadersUntil(outageMs, () => false));
      await nats.restart();
      const back = () => nodes.every((node) => node.bus.state === 'CONNECTED') && leading() !== undefined;
      most = Math.max(most, await leadersUntil(patienceMs, back));
      most = Math.max(most, await leadersUntil(1_000, () => false));
      most = Math.max(most, await leadersUntil(patienceMs, () => leading() !== undefined));
      expect(leading(), `a leader after an outage of ${outageMs} ms`).to.not.equal(undefined);
    }
    log.info('five outages', { epoch, most });
    expect(most).to.equal(1);
    expect(nodes.flatMap((node) => node.changes.filter((change) => change.endsWith('dead')))).to.deep.equal(
      [],
    );
  });
});
