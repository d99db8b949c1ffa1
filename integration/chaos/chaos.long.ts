/** All chaos cases; the quick ones run with `npm test`, too. */
import { natsBinary } from '../servers/nats.js';
import { runCase } from './case.js';
import { chaosCases } from './cases.js';

describe('chaos', function () {
  // Whatever is waited for inside has its own end; `npm run chaos` keeps to the cases' own limits.
  this.timeout(1_200_000);
  for (const one of chaosCases) {
    it(`${one.name}: ${one.about}`, async function () {
      await runCase(await natsBinary(this), one);
    });
  }
});
