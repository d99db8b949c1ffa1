import { expect } from 'chai';
import { createCrashPoints, parseCrashPlans } from './crash-points.js';
import { silentLog } from './log.js';

describe('runtime/crash-points', () => {
  it('parses plans and names what is wrong', () => {
    expect(parseCrashPlans('publish.after_push:3,merge')).to.deep.equal([
      { name: 'publish.after_push', nth: 3 },
      { name: 'merge', nth: 1 },
    ]);
    for (const bad of ['a:0', ':1', 'a:b', 'a b']) {
      expect(() => parseCrashPlans(bad), bad).to.throw('CRASH_AT');
    }
  });

  it('kills at the nth passage only, and never unless armed', () => {
    const killed: string[] = [];
    const make = (armed: boolean) =>
      createCrashPoints({
        plans: 'p:2',
        armed,
        log: silentLog(),
        kill: (name) => killed.push(name),
      });
    const inert = make(false);
    for (let i = 0; i < 5; i++) inert('p');
    expect(killed).to.deep.equal([]);
    const hit = make(true);
    hit('p');
    hit('q');
    expect(killed).to.deep.equal([]);
    hit('p');
    hit('p');
    expect(killed).to.deep.equal(['p']);
  });
});
