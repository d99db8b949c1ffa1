import { expect } from 'chai';
import { fuzz } from './fuzz.js';

/** So few at a time that a run whose time is over ends soon, on a slow machine too. */
const atATime = 2_000;

describe('10,000 damaged segments', function () {
  this.timeout(600_000);

  for (let from = 0; from < 10_000; from += atATime) {
    it(`none is read wrongly, from ${from}`, async () => {
      const report = await fuzz({ mutations: atATime, from, seed: 1 });
      console.log(`      ${JSON.stringify(report.outcomes)}`);
      expect(report.faults).to.deep.equal([]);
    });
  }
});
