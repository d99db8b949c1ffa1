import { expect } from 'chai';
import { createActorSystem } from './actor-system.js';
import { seededRandom } from './clock.js';
import { deadlineAfter } from './deadline.js';
import { mayFollow } from './lifecycle.js';
import { silentLog } from './log.js';
import { createMetrics } from './metrics.js';
import type { ActorContext, Behavior, ChildSpec, SupervisorSpec } from './types.js';
import { createVirtualClock } from './virtual-clock.js';

type Message = 'fail' | 'stop' | 'work';

function world() {
  const clock = createVirtualClock();
  const metrics = createMetrics();
  const random = seededRandom(2);
  const system = createActorSystem({ clock, random, log: silentLog(), metrics });
  const log: string[] = [];
  const actor = (
    name: string,
    more: Partial<ChildSpec<Message>> = {},
    behavior: Partial<Behavior<Message>> = {},
  ): ChildSpec<Message> => ({
    name,
    behavior: () => ({
      started: () => void log.push(`+${name}`),
      receive: (message, context) => {
        if (message === 'fail') throw new Error('asked to fail');
        if (message === 'stop') context.stop();
        else log.push(`${name} works`);
      },
      stopping: () => void log.push(`-${name}`),
      ...behavior,
    }),
    ...more,
  });
  const tree = (
    strategy: SupervisorSpec['strategy'],
    children: readonly (ChildSpec<Message> | SupervisorSpec)[],
    more: Partial<SupervisorSpec> = {},
  ): SupervisorSpec => ({ name: 'grove', strategy, children, ...more });
  const tell = (path: string, message: Message): boolean =>
    system.find<Message>(path)?.tell(message) ?? false;
  const heard = (): string => log.splice(0).join(' ');
  return { clock, metrics, system, actor, tree, tell, heard, log };
}

describe('runtime/supervisor', () => {
  it('starts left to right, and stops what it started when one can not', async () => {
    const { system, tree, actor, heard } = world();
    const broken = actor('c', {}, { started: () => Promise.reject(new Error('no disk')) });
    const spec = tree('one_for_one', [actor('a'), actor('b'), broken, actor('d')]);
    const error = await system.start(spec).catch((thrown: unknown) => thrown);
    expect(String(error)).to.contain('no disk');
    expect(heard()).to.equal('+a +b -b -a');
    expect(system.find('grove/a')).to.equal(undefined);
  });

  for (const [strategy, expected] of [
    ['one_for_one', '-b +b'],
    ['rest_for_one', '-b -d -c +b +c +d'],
    ['one_for_all', '-b -d -c -a +a +b +c +d'],
  ] as const) {
    it(`brings back the right actors with ${strategy}`, async () => {
      const { clock, system, tree, actor, tell, heard } = world();
      await system.start(
        tree(
          strategy,
          ['a', 'b', 'c', 'd'].map((name) => actor(name)),
        ),
      );
      expect(heard()).to.equal('+a +b +c +d');
      const ref = system.find<Message>('grove/b');
      tell('grove/b', 'fail');
      await clock.advance(100);
      expect(heard()).to.equal(expected);
      expect(system.find('grove/b')).to.equal(ref);
      expect(ref?.tell('work')).to.equal(true);
      await clock.advance(0);
      expect(heard()).to.equal('b works');
    });
  }

  it('restarts by policy', async () => {
    const { clock, system, tree, actor, tell, heard } = world();
    const policies = ['permanent', 'transient', 'temporary'] as const;
    const children = policies.map((restart) => actor(restart, { restart }));
    await system.start(tree('one_for_one', children));
    heard();
    for (const name of policies) tell(`grove/${name}`, 'stop');
    await clock.advance(1_000);
    expect(heard()).to.equal('-permanent -transient -temporary +permanent');
    const rows = system.states().map(({ path, state, restarts }) => `${path} ${state} ${restarts}`);
    expect(rows).to.deep.equal(['grove RUNNING 0', 'grove/permanent RUNNING 1']);
  });

  it('fails the parent when one fails too often, and the root at last', async () => {
    const { clock, system, tree, actor, heard, metrics } = world();
    const crashing = actor('x', {}, { receive: () => undefined, started: () => undefined });
    const inner: SupervisorSpec = {
      name: 'inner',
      strategy: 'one_for_one',
      restartsMax: 1,
      children: [actor('sibling'), crashing],
    };
    await system.start(tree('one_for_one', [actor('outer'), inner], { restartsMax: 2 }));
    let rootFailed: Error | undefined;
    void system.failed.then((error) => {
      rootFailed = error;
    });
    heard();
    const crash = async (): Promise<void> => {
      system.find<Message>('grove/inner/sibling')?.tell('fail');
      await clock.advance(1_000);
    };
    await crash();
    expect(heard()).to.equal('-sibling +sibling');
    await crash();
    expect(heard()).to.equal('-sibling -x +sibling');
    expect(metrics.render()).to.contain('grove_actor_restarts_total{actor="grove/inner/x"} 1');
    for (let i = 0; i < 3; i++) await crash();
    expect(rootFailed).to.equal(undefined);
    heard();
    await crash();
    expect(heard()).to.equal('-sibling -x -outer');
    expect(String(rootFailed)).to.contain('grove/inner');
    expect(system.find('grove/outer')).to.equal(undefined);
  });

  it('counts a failing start as a failure and backs off with jitter', async () => {
    const { clock, system, tree, actor, tell } = world();
    const starts: number[] = [];
    let broken = false;
    const started = (): void => {
      starts.push(clock.monotonic());
      if (broken) throw new Error('no disk');
    };
    await system.start(tree('one_for_one', [actor('a', {}, { started })], { restartsMax: 4 }));
    broken = true;
    tell('grove/a', 'fail');
    await clock.advance(10_000);
    expect(starts).to.have.length(5);
    const gaps = starts.slice(1).map((at, i) => at - (starts[i] ?? 0));
    gaps.forEach((gap, i) => expect(gap).to.be.within(0, 100 * 2 ** i));
    expect(new Set(gaps).size).to.equal(4);
    expect(String(await system.failed)).to.contain('grove/a');
  });

  it('fails an actor whose own children fail too often', async () => {
    const { clock, system, tree, actor, heard } = world();
    let parent: ActorContext<Message> | undefined;
    const started = (context: ActorContext<Message>): void => {
      parent = context;
      context.spawn(actor('child', {}, { started: () => undefined }));
    };
    await system.start(tree('one_for_one', [actor('parent', {}, { started })]));
    await clock.advance(0);
    for (let i = 0; i < 6; i++) {
      system.find<Message>('grove/parent/child')?.tell('fail');
      await clock.advance(i < 5 ? 2_000 : 0);
    }
    expect(parent?.signal.aborted).to.equal(true);
    expect(heard()).to.equal('-child -child -child -child -child -child -parent');
    await clock.advance(100);
    expect(system.find('grove/parent/child')?.alive).to.equal(true);
  });
});

describe('runtime/supervisor: drain and stop', () => {
  it('drains right to left, waits for piped work, then stops right to left', async () => {
    const { clock, system, tree, actor, heard, log } = world();
    const draining = (name: string) => (context: ActorContext<Message>) => {
      log.push(`drain ${name}`);
      const work = new Promise<void>((resolve) => void clock.setTimer(500, resolve));
      context.pipeToSelf(
        work,
        () => 'work',
        () => 'work',
      );
    };
    await system.start(
      tree('one_for_one', [
        actor('a', {}, { draining: draining('a') }),
        actor('b', {}, { draining: draining('b') }),
      ]),
    );
    heard();
    let stopped = false;
    void system.stop(10_000).then(() => {
      stopped = true;
    });
    await clock.advance(400);
    expect(heard()).to.equal('drain b');
    expect(system.states().map((row) => row.state)).to.deep.equal(['DRAINING', 'RUNNING', 'DRAINING']);
    await clock.advance(1_000);
    expect(heard()).to.equal('b works drain a a works -b -a');
    expect(stopped).to.equal(true);
    expect(clock.pending).to.equal(0);
  });

  it('forces its way out after the grace', async () => {
    const { clock, system, tree, actor, tell, heard } = world();
    const never = new Promise<void>(() => undefined);
    const stuck = actor('stuck', { shutdownMs: 60_000 }, { receive: () => never });
    await system.start(tree('one_for_one', [actor('a'), stuck]));
    const ask = system
      .find<Message>('grove/stuck')
      ?.ask(() => 'work', { deadline: deadlineAfter(clock, 60_000) })
      .catch((error: unknown) => (error as Error).name);
    tell('grove/stuck', 'work');
    heard();
    let stopped = false;
    void system.stop(5_000).then(() => {
      stopped = true;
    });
    await clock.advance(4_999);
    expect(stopped).to.equal(false);
    await clock.advance(1);
    expect([stopped, await ask]).to.deep.equal([true, 'Unavailable']);
    expect(system.states()).to.deep.equal([{ path: 'grove', state: 'STOPPED', restarts: 0 }]);
  });

  it('restarts nothing while draining, and stops in the middle of a start', async () => {
    const { clock, system, tree, actor, heard } = world();
    const failing = actor('f', {}, { draining: () => Promise.reject(new Error('late')) });
    await system.start(tree('one_for_one', [failing]));
    heard();
    await Promise.all([system.stop(1_000), clock.advance(1_000)]);
    expect(heard()).to.equal('-f');

    const other = world();
    const slow = other.actor(
      'slow',
      {},
      {
        started: (context) =>
          context.clock.setTimer(1, () => undefined) &&
          new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve())),
      },
    );
    const starting = other.system
      .start(other.tree('one_for_one', [slow, other.actor('next')]))
      .catch((error: unknown) => (error as Error).name);
    await other.clock.advance(5);
    await other.system.stop(1_000);
    expect(await starting).to.equal('Canceled');
    expect(other.heard()).to.equal('-slow');
  });

  it('allows only the ways of life there are', () => {
    expect(mayFollow('RUNNING', 'DRAINING')).to.equal(true);
    expect(mayFollow('DRAINING', 'RUNNING')).to.equal(false);
    expect(mayFollow('STOPPED', 'RUNNING')).to.equal(false);
  });
});
