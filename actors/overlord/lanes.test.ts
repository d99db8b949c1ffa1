import { expect } from 'chai';
import { Lanes, Wakeups } from './lanes.js';

describe('lanes', () => {
  it('run one key in turn, others side by side, and go on after a failure', async () => {
    const lanes = new Lanes();
    const seen: string[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = lanes.run('a', async () => {
      seen.push('a1 starts');
      await gate;
      seen.push('a1 ends');
      throw new Error('no');
    });
    const second = lanes.run('a', () => Promise.resolve(seen.push('a2')));
    await lanes.run('b', () => Promise.resolve(seen.push('b1')));
    release();
    const failure = await first.then(
      () => '',
      (error: Error) => error.message,
    );
    await second;
    expect(failure).to.equal('no');
    expect(seen).to.deep.equal(['a1 starts', 'b1', 'a1 ends', 'a2']);
  });
});

describe('wakeups', () => {
  const never = () => ({ cancel: () => undefined });

  it('wake everybody who waits', async () => {
    const wakeups = new Wakeups();
    const both = [0, 1].map(() => wakeups.wait(wakeups.times, 1_000, never));
    wakeups.wake();
    await Promise.all(both);
  });

  it('are not missed when they come before the waiting', async () => {
    const wakeups = new Wakeups();
    const seen = wakeups.times;
    wakeups.wake();
    await wakeups.wait(seen, 1_000, never);
  });

  it('end by their time', async () => {
    const wakeups = new Wakeups();
    await wakeups.wait(wakeups.times, 1_000, (_, action) => {
      queueMicrotask(action);
      return { cancel: () => undefined };
    });
  });
});
