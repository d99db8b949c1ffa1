import { checkRandom } from './random-check.js';

describe('random schemas, rows and queries against a row-by-row evaluation', function () {
  this.timeout(60_000);
  it('answers the same (the seed of a failure stands in its message)', async () => {
    for (let seed = 1; seed <= 100; seed++) await checkRandom(seed, 4);
  });
});
