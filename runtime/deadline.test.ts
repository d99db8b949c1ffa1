import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import { deadlineAfter, openCall, pause, untilAborted, untilDeadline } from './deadline.js';
import { createVirtualClock } from './virtual-clock.js';

describe('runtime/deadline', () => {
  it('a child is never later than its parent', async () => {
    const clock = createVirtualClock();
    const parent = deadlineAfter(clock, 100);
    expect(parent.within(500).atMonotonicMs).to.equal(100);
    expect(parent.within(30).atMonotonicMs).to.equal(30);
    await clock.advance(60);
    expect(parent.remainingMs()).to.equal(40);
    await clock.advance(40);
    expect([parent.expired(), parent.remainingMs()]).to.deep.equal([true, 0]);
    expect(deadlineAfter(clock, Number.NaN).expired()).to.equal(true);
  });

  it('aborts a call by deadline, by the parent signal with its reason, and not after release', async () => {
    const clock = createVirtualClock();
    const open = (ms: number, signal?: AbortSignal) =>
      openCall({ clock, deadline: deadlineAfter(clock, ms), trace: '', signal, what: 'call[x]' });
    const late = open(10);
    await clock.advance(10);
    expect((late.context.signal.reason as CodedError).code).to.equal('Timeout');
    const parent = new AbortController();
    const child = open(10, parent.signal);
    parent.abort(new CodedError('LockRevoked', 'lock is gone'));
    expect((child.context.signal.reason as CodedError).code).to.equal('LockRevoked');
    expect((open(10, AbortSignal.abort()).context.signal.reason as CodedError).code).to.equal('Canceled');
    const released = open(10);
    released.release();
    await clock.advance(20);
    expect(released.context.signal.aborted).to.equal(false);
    expect((open(0).context.signal.reason as CodedError).code).to.equal('Timeout');
  });

  it('gives up waiting at the deadline or on abort, and passes outcomes on', async () => {
    const clock = createVirtualClock();
    const never = new Promise<void>(() => undefined);
    const waiting = untilDeadline(never, clock, deadlineAfter(clock, 5), 'work').catch(
      (error: unknown) => (error as CodedError).code,
    );
    await clock.advance(5);
    expect(await waiting).to.equal('Timeout');
    expect(clock.pending).to.equal(0);
    expect(await untilDeadline(Promise.resolve(3), clock, deadlineAfter(clock, 5), 'x')).to.equal(3);
    const controller = new AbortController();
    const aborted = untilAborted(never, controller.signal, 'work').catch(
      (error: unknown) => (error as CodedError).code,
    );
    controller.abort();
    expect(await aborted).to.equal('Canceled');
  });

  it('pauses, or not once aborted', async () => {
    const clock = createVirtualClock();
    let over = false;
    const controller = new AbortController();
    const waiting = pause(clock, 1_000, controller.signal).then(() => {
      over = true;
    });
    await clock.advance(500);
    expect(over).to.equal(false);
    controller.abort();
    await waiting;
    expect([over, clock.pending]).to.deep.equal([true, 0]);
  });
});
