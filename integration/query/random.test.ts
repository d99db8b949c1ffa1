import { checkRandom } from '../../query/engine/random-check.js';

describe('random schemas, rows and queries against a row-at-a-time evaluation', function () {
  this.timeout(600_000);
  it('answers the same 2,400 times (the seed of a failure stands in its message)', async () => {
    const first = Number(process.env['SEED'] ?? 1000);
    console.log(`      seeds ${first} to ${first + 599}, four queries each`);
    for (let seed = first; seed < first + 600; seed++) await checkRandom(seed, 4);
  });
});
