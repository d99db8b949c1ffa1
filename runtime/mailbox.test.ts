import { expect } from 'chai';
import { createTurnBudget, Mailbox } from './mailbox.js';
import { createVirtualClock } from './virtual-clock.js';

describe('runtime/mailbox', () => {
  it('keeps order while growing and wrapping, and refuses when full', () => {
    const mailbox = new Mailbox<number, never>(40);
    let next = 0;
    const seen: number[] = [];
    for (let round = 0; round < 10; round++) {
      while (mailbox.push(next)) next += 1;
      expect(mailbox.size).to.equal(40);
      for (let i = 0; i < 25; i++) seen.push(mailbox.next() ?? -1);
    }
    for (let item = mailbox.next(); item !== undefined; item = mailbox.next()) seen.push(item);
    expect(seen).to.deep.equal(Array.from({ length: next }, (_, i) => i));
    expect(mailbox.empty).to.equal(true);
  });

  it('takes own outcomes and control beyond the bound', () => {
    const mailbox = new Mailbox<string, string>(1);
    expect([mailbox.push('a'), mailbox.push('b')]).to.deep.equal([true, false]);
    mailbox.pushReserved('outcome');
    mailbox.pushControl('stop');
    expect(mailbox.nextControl()).to.equal('stop');
    expect([mailbox.next(), mailbox.next(), mailbox.next()]).to.deep.equal(['a', 'outcome', undefined]);
  });

  it('lets the event loop have its turn after so many messages of all actors together', async () => {
    const clock = createVirtualClock();
    const budget = createTurnBudget(clock, 3);
    expect([budget.spend(), budget.spend()]).to.deep.equal([undefined, undefined]);
    const [first, second] = [budget.spend(), budget.spend()];
    expect(first).to.equal(second);
    await clock.advance(0);
    await first;
    expect(budget.spend()).to.equal(undefined);
  });
});
