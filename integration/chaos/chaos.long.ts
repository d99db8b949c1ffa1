/** All chaos cases; the quick ones run with `npm test`, too. */
import { natsBinary } from '../servers/nats.js';
import { runCase } from './case.js';
import { chaosCases } from './cases.js';

describe('chaos', function () {
  for (const one of chaosCases) {
    it(`${one.name}: ${one.about}`, async function () {
      // The limits are for a machine of our own; `npm run chaos` keeps to them.
      this.timeout(3 * 1000 * (one.secondsMax ?? 60));
      await runCase(await natsBinary(this), one);
    });
  }
});
