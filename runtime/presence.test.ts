import { expect } from 'chai';
import { silentLog } from './log.js';
import { createMemoryHub } from './memory-bus.js';
import { createPresence, type PresenceService } from './presence.js';
import { createSimulation, type SimulatedNode } from './simulation.js';
import type { Bus, StopReason } from './types.js';
import { nodeRef, isWatchable, onEnded } from './watch.js';

interface Member {
  readonly node: SimulatedNode;
  readonly presence: PresenceService;
  readonly changes: string[];
}

function world(seed = 1) {
  const sim = createSimulation({ seed });
  const hub = createMemoryHub({ clock: sim.clock, log: silentLog(), network: sim.network });
  const beats: string[] = [];
  const watcher: Bus = hub.connect({ name: 'watcher' });
  watcher.subscribe('presence.node.*', (m) => beats.push(m.subject));
  const join = (name: string, incarnation = `${name}-1`, clusterId = 'c'): Member => {
    const node = sim.node(name);
    const presence = createPresence({
      bus: sim.connect(hub, node),
      clock: node.clock,
      log: silentLog(),
      cluster: 'main',
      node: name,
      incarnation,
      clusterId: () => clusterId,
      grpcAddress: `${name}:1`,
      httpAddress: '',
    });
    const changes: string[] = [];
    presence.onChange(({ type, info }) => changes.push(`${type} ${info.node}`));
    presence.setRole('historical', { state: 'RUNNING', tier: 'hot' });
    presence.start();
    return { node, presence, changes };
  };
  const heard = (member: Member): string => member.changes.splice(0).join(', ');
  return { sim, hub, join, heard, beats };
}

const names = (member: Member): string =>
  member.presence
    .all()
    .map((info) => info.node)
    .toSorted()
    .join();

describe('runtime/presence', () => {
  it('newcomers and elders know each other within milliseconds', async () => {
    const { sim, join, heard } = world();
    const a = join('a');
    await sim.run(5_000);
    heard(a);
    const b = join('b');
    await sim.run(10);
    expect([names(a), names(b)]).to.deep.equal(['a,b', 'a,b']);
    expect(heard(a)).to.equal('joined b');
    expect(b.presence.find('a')?.grpcAddress).to.equal('a:1');
    expect(a.presence.nodes('historical').map((info) => info.node)).to.deep.equal(['a', 'b']);
    expect(a.presence.nodes('broker')).to.deep.equal([]);
  });

  it('beats every 500 ms on one subject per node, and at once when something important changes', async () => {
    const { sim, join, heard, beats } = world();
    const a = join('node.1');
    const b = join('b');
    await sim.run(5_000);
    const regular = beats.filter((subject) => subject === 'presence.node.node=2E1');
    expect(regular.length).to.be.within(10, 13);
    heard(b);
    a.presence.setRole('historical', { load: 9, used: 5 });
    await sim.run(5);
    expect(heard(b)).to.equal('');
    a.presence.setRole('historical', { inventoryDigest: 'd' });
    a.presence.setState('RUNNING');
    await sim.run(5);
    expect(heard(b)).to.equal('changed node.1');
    expect(b.presence.find('node.1')?.roles[0]).to.include({ load: 9, inventoryDigest: 'd' });
  });

  it('finds the leader with the highest epoch', async () => {
    const { sim, join } = world();
    const [a, b] = [join('a'), join('b')];
    expect(a.presence.leader('overlord')).to.equal(undefined);
    a.presence.setRole('overlord', { leaderEpoch: 4 });
    b.presence.setRole('overlord', { leaderEpoch: 5 });
    await sim.run(10);
    expect(a.presence.leader('overlord')?.node).to.equal('b');
    b.presence.setRole('overlord', { leaderEpoch: 0 });
    await sim.run(10);
    expect(b.presence.leader('overlord')?.node).to.equal('a');
  });

  it('finds the killed and the paused dead in 1.75 to 1.9 s, and takes the paused back', async () => {
    const { sim, join, heard } = world();
    const [a, b, c] = [join('a'), join('b'), join('c')];
    await sim.run(2_250);
    heard(a);
    b.node.kill();
    c.node.pause();
    await sim.run(1_500);
    expect(heard(a)).to.equal('suspect b, suspect c');
    expect(a.presence.find('b')?.suspect).to.equal(true);
    await sim.run(350);
    expect([heard(a), names(a)]).to.deep.equal(['dead b, dead c', 'a']);
    c.node.resume();
    await sim.run(600);
    expect([heard(a), names(a), names(c)]).to.deep.equal(['joined c', 'a,c', 'a,b,c']);
    // c slept itself: it judges nobody for what it did not hear, but b stays silent.
    await sim.run(2_500);
    expect(names(c)).to.equal('a,c');
  });

  it('blames nobody while its own connection is down; recovers when it is back', async () => {
    const { sim, join, heard } = world();
    const members = [join('a'), join('b'), join('c')];
    const [a, b, c] = members as [Member, Member, Member];
    await sim.run(1_000);
    for (const member of members) heard(member);
    for (const name of ['a', 'b', 'c']) sim.cut(name, 'bus');
    await sim.run(1_200);
    for (const name of ['a', 'b', 'c']) sim.heal(name, 'bus');
    await sim.run(5_000);
    // Nobody had noticed the loss of the connection yet, but all miss their own beats: not even a suspicion.
    expect(members.map(heard)).to.deep.equal(['', '', '']);
    sim.cut('a', 'bus');
    await sim.run(10_000);
    expect([names(a), names(b), names(c)]).to.deep.equal(['a,b,c', 'b,c', 'b,c']);
    sim.heal('a', 'bus');
    await sim.run(300);
    expect([names(a), names(b), names(c)]).to.deep.equal(['a,b,c', 'a,b,c', 'a,b,c']);
  });

  it('judges nobody when the server goes and everybody sees it', async () => {
    const { sim, hub, join, heard } = world();
    const a = join('a');
    const node = sim.node('x');
    const bus = sim.connect(hub, node);
    const presence = createPresence({
      bus,
      clock: node.clock,
      log: silentLog(),
      cluster: 'main',
      node: 'x',
      incarnation: 'x1',
      clusterId: () => '',
      grpcAddress: '',
      httpAddress: '',
    });
    presence.start();
    await sim.run(1_000);
    bus.disconnect();
    await sim.run(60_000);
    expect(presence.all().map((info) => info.node)).to.deep.equal(['x', 'a']);
    bus.reconnect();
    await sim.run(1_700);
    expect(presence.find('a')?.suspect).to.equal(false);
    expect(heard(a)).to.contain('dead x, joined x');
  });

  it('says goodbye, sees new incarnations, ignores other installations', async () => {
    const { sim, join, heard } = world();
    const [a, b] = [join('a'), join('b')];
    const stranger = join('s', 's-1', 'other cluster');
    await sim.run(100);
    expect([names(a), names(stranger)]).to.deep.equal(['a,b', 's']);
    heard(a);
    b.presence.leave();
    await sim.run(2_000);
    expect([heard(a), names(a)]).to.deep.equal(['left b', 'a']);
    // Its own roles still find each other while they finish their work.
    expect([names(b), b.presence.self.state]).to.deep.equal(['a,b', 'DRAINING']);
    b.node.kill();
    join('b', 'b-2');
    await sim.run(10);
    join('b', 'b-3');
    await sim.run(10);
    expect(heard(a)).to.equal('joined b, dead b, joined b');
  });

  it('lets an actor watch a remote node', async () => {
    const { sim, join } = world();
    const [a, b, c] = [join('a'), join('b'), join('c')];
    await sim.run(100);
    const ends: string[] = [];
    for (const [name, incarnation] of [
      ['b', 'b-1'],
      ['c', 'c-1'],
      ['c', 'c-0'],
    ] as const) {
      const ref = nodeRef(a.presence, name, incarnation);
      expect(ref.tell(undefined as never)).to.equal(false);
      if (!isWatchable(ref)) throw new Error('not watchable');
      ref[onEnded]((reason: StopReason) => ends.push(`${incarnation} ${reason.kind}`));
    }
    await sim.run(1);
    expect(ends).to.deep.equal(['c-0 failed']);
    b.presence.leave();
    c.node.kill();
    await sim.run(3_000);
    expect(ends.slice(1)).to.deep.equal(['b-1 shutdown', 'c-1 failed']);
  });
});
