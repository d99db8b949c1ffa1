import { expect } from 'chai';
import type { CodedError } from '../proto/errors.js';
import { createActorSystem } from './actor-system.js';
import { seededRandom } from './clock.js';
import { deadlineAfter } from './deadline.js';
import { silentLog } from './log.js';
import { createMetrics } from './metrics.js';
import type { ActorContext, ActorRef, Behavior, ChildSpec, ReplyTo } from './types.js';
import type { StopReason, SupervisorSpec } from './types.js';
import { createVirtualClock } from './virtual-clock.js';

type Message =
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'hold'; readonly until: Promise<void> }
  | { readonly type: 'echo'; readonly text: string; readonly reply: ReplyTo<string> }
  | { readonly type: 'fail' }
  | { readonly type: 'do'; readonly action: (context: ActorContext<Message>) => void };

function recorder(log: string[], more: Partial<Behavior<Message>> = {}): Behavior<Message> {
  return {
    receive: async (message, context) => {
      switch (message.type) {
        case 'note':
          log.push(message.text);
          return;
        case 'hold':
          log.push('hold');
          await message.until;
          log.push('held');
          return;
        case 'echo':
          message.reply.ok(message.text);
          return;
        case 'do':
          message.action(context);
          return;
        case 'fail':
          throw new Error('asked to fail');
      }
    },
    ...more,
  };
}

async function world(spec: Partial<ChildSpec<Message>> & Pick<ChildSpec<Message>, 'behavior'>) {
  const clock = createVirtualClock();
  const metrics = createMetrics();
  const system = createActorSystem({
    clock,
    random: seededRandom(1),
    log: silentLog(),
    metrics,
  });
  const tree: SupervisorSpec = {
    name: 'grove',
    strategy: 'one_for_one',
    children: [{ name: 'a', ...spec }],
  };
  await system.start(tree);
  const ref = system.find<Message>('grove/a');
  if (ref === undefined) throw new Error('actor is missing');
  const code = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'ok',
      (error: unknown) => (error as CodedError).code,
    );
  return { clock, metrics, system, ref, code };
}

const note = (text: string): Message => ({ type: 'note', text });
const act = (action: (context: ActorContext<Message>) => void): Message => ({ type: 'do', action });
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('runtime/actor', () => {
  it('handles one message at a time, awaited', async () => {
    const log: string[] = [];
    const { clock, ref } = await world({ behavior: () => recorder(log) });
    const { opened, open } = gate();
    ref.tell({ type: 'hold', until: opened });
    ref.tell(note('next'));
    await clock.advance(10);
    expect(log).to.deep.equal(['hold']);
    open();
    await clock.advance(0);
    expect(log).to.deep.equal(['hold', 'held', 'next']);
  });

  it('answers asks; a full mailbox refuses both ways', async () => {
    const log: string[] = [];
    const { clock, ref, code, metrics } = await world({
      behavior: () => recorder(log),
      mailboxMax: 2,
    });
    const echo = (text: string) =>
      ref.ask<string>((reply) => ({ type: 'echo', text, reply }), {
        deadline: deadlineAfter(clock, 50),
      });
    expect(await echo('hello')).to.equal('hello');
    const { opened } = gate();
    ref.tell({ type: 'hold', until: opened });
    await clock.advance(0);
    expect([ref.tell(note('1')), ref.tell(note('2')), ref.tell(note('3'))]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(await code(echo('x'))).to.equal('MailboxFull');
    expect(metrics.render()).to.contain('grove_actor_mailbox_full_total 2');
    expect(metrics.render()).to.contain('grove_actor_mailbox_messages{actor="grove/a"} 2');
  });

  it('drops expired questions unread, and counts late replies as dead letters', async () => {
    const log: string[] = [];
    const replies: ReplyTo<string>[] = [];
    const { clock, ref, code, system, metrics } = await world({ behavior: () => recorder(log) });
    const ask = (make: (reply: ReplyTo<string>) => Message, ms: number) =>
      code(ref.ask<string>(make, { deadline: deadlineAfter(clock, ms) }));
    const { opened, open } = gate();
    ref.tell({ type: 'hold', until: opened });
    const expired = ask((reply) => act(() => replies.push(reply)), 5);
    await clock.advance(6);
    expect(await expired).to.equal('Timeout');
    open();
    await clock.advance(1);
    expect(replies).to.have.length(0);
    expect(metrics.render()).to.contain('grove_actor_expired_messages_total 1');

    const late = ask((reply) => act(() => replies.push(reply)), 5);
    await clock.advance(6);
    replies[0]?.ok('too late');
    expect([await late, system.deadLetters()]).to.deep.equal(['Timeout', 1]);
    expect(await ask(() => note('never'), 0)).to.equal('Timeout');
  });

  it('refuses open questions when the actor ends, and keeps queued ones over a restart', async () => {
    const log: string[] = [];
    const { clock, ref, code } = await world({ behavior: () => recorder(log) });
    const deadline = deadlineAfter(clock, 10_000);
    const open = code(ref.ask<string>(() => note('kept without an answer'), { deadline }));
    await clock.advance(0);
    ref.tell({ type: 'fail' });
    const queued = code(ref.ask<string>((reply) => ({ type: 'echo', text: 'later', reply }), { deadline }));
    ref.tell(note('after the restart'));
    await clock.advance(0);
    expect(await open).to.equal('Unavailable');
    expect([ref.alive, log]).to.deep.equal([true, ['kept without an answer']]);
    await clock.advance(200);
    expect([await queued, log[1]]).to.deep.equal(['ok', 'after the restart']);
  });

  it('tells dead letters and Unavailable once it is gone for good', async () => {
    const { clock, ref, code, system } = await world({
      behavior: () => recorder([]),
      restart: 'temporary',
    });
    const deadline = deadlineAfter(clock, 1_000);
    ref.tell({ type: 'fail' });
    ref.tell(note('left behind'));
    const waiting = code(ref.ask(() => note('left behind too'), { deadline }));
    await clock.advance(1);
    expect([ref.alive, ref.tell(note('x')), await waiting]).to.deep.equal([false, false, 'Unavailable']);
    expect(await code(ref.ask(() => note('x'), { deadline }))).to.equal('Unavailable');
    expect([system.deadLetters(), system.find('grove/a')]).to.deep.equal([2, undefined]);
  });

  it('keeps timers by key, coalesces ticks and forgets them at the end', async () => {
    const log: string[] = [];
    const { clock, ref } = await world({ behavior: () => recorder(log) });
    const { opened, open } = gate();
    ref.tell(
      act((context) => {
        context.timer('once', 5, note('replaced'));
        context.timer('once', 10, note('once'));
        context.every('tick', 10, note('tick'));
        context.timer('gone', 5, note('cancelled'));
        context.cancelTimer('gone');
      }),
    );
    await clock.advance(21);
    expect(log).to.deep.equal(['once', 'tick', 'tick']);
    ref.tell({ type: 'hold', until: opened });
    await clock.advance(100);
    open();
    await clock.advance(0);
    expect(log.slice(3)).to.deep.equal(['hold', 'held', 'tick']);
    ref.tell({ type: 'fail' });
    await clock.advance(1_000);
    expect(log).to.have.length(6);
  });

  it('pipes outcomes to itself, beyond the bound of the mailbox', async () => {
    const log: string[] = [];
    const { clock, ref } = await world({ behavior: () => recorder(log), mailboxMax: 1 });
    ref.tell(
      act((context) => {
        const failing = Promise.reject(new Error('no'));
        context.pipeToSelf(
          Promise.resolve(1),
          (n) => note(`ok ${n}`),
          () => note('?'),
        );
        context.pipeToSelf(
          failing,
          () => note('?'),
          (error) => note(error.message),
        );
      }),
    );
    await clock.advance(1);
    expect(log).to.deep.equal(['ok 1', 'no']);
  });

  it('watches, spawns and stops children; a name is free again after the end', async () => {
    const log: string[] = [];
    const child: ChildSpec<Message> = { name: 'c', restart: 'temporary', behavior: () => recorder(log) };
    const watcher = recorder(log, {
      terminated: (path, reason) => void log.push(`${path} ${reason.kind}`),
    });
    const { clock, ref, system } = await world({ behavior: () => watcher });
    let first: ActorRef<Message> | undefined;
    let context: ActorContext<Message> | undefined;
    ref.tell(
      act((its) => {
        context = its;
        first = its.spawn(child);
        its.watch(first);
        first.tell(note('child runs'));
        expect(() => its.spawn(child)).to.throw('already has');
      }),
    );
    await clock.advance(1);
    expect(system.find('grove/a/c')).to.equal(first);
    first?.tell({ type: 'fail' });
    await clock.advance(1);
    expect(log).to.deep.equal(['child runs', 'grove/a/c failed']);
    const second = context?.spawn(child);
    context?.watch(second as ActorRef<never>);
    await clock.advance(1);
    await context?.stopChild(second as ActorRef<never>);
    context?.watch(first as ActorRef<never>);
    await clock.advance(1);
    expect(log.slice(2)).to.deep.equal(['grove/a/c shutdown', 'grove/a/c failed']);
  });

  it('fails when it watches without handling the end', async () => {
    const log: string[] = [];
    const { clock, ref, system } = await world({
      behavior: () => recorder(log, { stopping: (reason) => void log.push(reason.kind) }),
    });
    ref.tell(
      act((context) => {
        const behavior = (): Behavior<Message> => recorder(log);
        const child = context.spawn({ name: 'c', restart: 'temporary', behavior });
        context.watch(child);
        child.tell({ type: 'fail' });
      }),
    );
    await clock.advance(0);
    expect(log).to.deep.equal(['failed']);
    await clock.advance(100);
    expect(system.states()).to.deep.include({ path: 'grove/a', state: 'RUNNING', restarts: 1 });
  });

  it('ends when asked to, with its children, telling why, and aborts its signal', async () => {
    const log: string[] = [];
    const behavior = recorder(log, {
      stopping: (reason: StopReason, context) => void log.push(`${reason.kind} ${context.signal.aborted}`),
    });
    const { clock, ref, system } = await world({ behavior: () => behavior, restart: 'transient' });
    ref.tell(
      act((context) => {
        context.spawn({
          name: 'c',
          behavior: () => recorder(log, { stopping: () => void log.push('child stops') }),
        });
      }),
    );
    await clock.advance(1);
    ref.tell(act((context) => context.stop()));
    ref.tell(note('never'));
    await clock.advance(1);
    expect(log).to.deep.equal(['child stops', 'normal true']);
    expect([ref.alive, system.find('grove/a/c')]).to.deep.equal([false, undefined]);
  });

  it('lets the event loop turn while two actors talk without end', async () => {
    const { clock, ref } = await world({ behavior: () => recorder([]) });
    let count = 0;
    const again = (): void => {
      count += 1;
      if (count < 1_000) ref.tell(act(again));
    };
    ref.tell(act(again));
    await clock.advance(0);
    expect(count).to.equal(1_000);
    // Each turn is a timer of the clock: with virtual time standing still the talk stands still too.
    count = 0;
    ref.tell(act(again));
    for (let i = 0; i < 10_000; i++) await Promise.resolve();
    expect(count).to.be.lessThan(300);
  });
});
