/** The chaos cases that are not among the quick ones of chaos.test.ts. */
import { natsBinary } from '../servers/nats.js';
import { runCase } from './case.js';
import { chaosCases } from './cases.js';

describe('chaos', function () {
  this.timeout(120_000);
  for (const one of chaosCases.filter((other) => other.quick !== true)) {
    it(`${one.name}: ${one.about}`, async function () {
      await runCase(await natsBinary(this), one);
    });
  }
});
