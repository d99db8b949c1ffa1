import { expect } from 'chai';
import { seededRandom, systemClock, systemRandom } from './clock.js';
import { createVirtualClock } from './virtual-clock.js';

describe('runtime/clock', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    const a = seededRandom(7);
    const b = seededRandom(7);
    const first = [a.next(), a.next(), a.hex(4)];
    expect([b.next(), b.next(), b.hex(4)]).to.deep.equal(first);
    expect(seededRandom(8).next()).not.to.equal(first[0]);
    const random = seededRandom(1);
    let sum = 0;
    for (let i = 0; i < 10_000; i++) {
      const value = random.next();
      expect(value >= 0 && value < 1).to.equal(true);
      sum += value;
    }
    expect(sum / 10_000).to.be.closeTo(0.5, 0.02);
  });

  it('reads the system clock and random source', () => {
    const clock = systemClock();
    expect(clock.monotonic()).to.be.at.most(clock.monotonic());
    expect(systemRandom().hex(8)).to.match(/^[0-9a-f]{16}$/);
    const value = systemRandom().next();
    expect(value >= 0 && value < 1).to.equal(true);
  });

  it('runs a system timer of no delay in the next turn, unless cancelled', async () => {
    const clock = systemClock();
    const ran: string[] = [];
    clock.setTimer(0, () => ran.push('cancelled')).cancel();
    await new Promise<void>((resolve) => {
      clock.setTimer(0, resolve, true);
    });
    expect(ran).to.deep.equal([]);
  });
});

describe('runtime/virtual-clock', () => {
  it('runs timers in order of time, then of setting, and stops at the asked moment', async () => {
    const clock = createVirtualClock({ startMs: 1_000 });
    const ran: string[] = [];
    clock.setTimer(20, () => ran.push(`c@${clock.monotonic()}`));
    clock.setTimer(10, () => {
      ran.push(`a@${clock.monotonic()}`);
      clock.setTimer(5, () => ran.push(`nested@${clock.now()}`));
    });
    clock.setTimer(10, () => ran.push('b'));
    clock.setTimer(15, () => ran.push('never')).cancel();
    clock.setTimer(21, () => ran.push('late'));
    await clock.advance(20);
    expect(ran).to.deep.equal(['a@10', 'b', 'nested@1015', 'c@20']);
    expect([clock.now(), clock.monotonic(), clock.pending]).to.deep.equal([1_020, 20, 1]);
  });

  it('lets promises settle before each timer', async () => {
    const clock = createVirtualClock();
    let settled = false;
    clock.setTimer(1, () => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => {
          settled = true;
        });
    });
    let seen = false;
    clock.setTimer(1, () => {
      seen = settled;
    });
    await clock.advance(1);
    expect(seen).to.equal(true);
  });

  it('stops early when a condition holds, refuses to go back and survives a wall clock jump', async () => {
    const clock = createVirtualClock({ startMs: 0 });
    let fired = false;
    clock.setTimer(100, () => {
      fired = true;
    });
    expect(await clock.advanceUntil(() => fired, 1_000)).to.equal(true);
    expect(clock.monotonic()).to.equal(100);
    expect(await clock.advanceUntil(() => false, 50)).to.equal(false);
    clock.jump(-3_600_000);
    expect([clock.now(), clock.monotonic()]).to.deep.equal([150 - 3_600_000, 150]);
    const refused = await clock.advance(-1).catch((error: unknown) => error);
    expect(String(refused)).to.contain('does not go back');
  });
});
