/** The quickest chaos cases; the others are in chaos.long.ts, all of them behind `npm run chaos`. */
import { natsBinary } from '../servers/nats.js';
import { runCase } from './case.js';
import { chaosCases } from './cases.js';

describe('chaos, quick', function () {
  // Whatever is waited for inside has its own end.
  this.timeout(900_000);
  for (const one of chaosCases.filter((other) => other.quick === true)) {
    it(`${one.name}: ${one.about}`, async function () {
      await runCase(await natsBinary(this), one);
    });
  }
});
