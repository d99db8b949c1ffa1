import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';
import { root } from '../launch.js';

/** So few at a time that a run whose time is over ends soon, on a slow machine too. */
const atATime = 20;

describe('the simulated cluster, long, loses, doubles and mixes nothing', function () {
  this.timeout(1_200_000);
  for (let first = 1; first <= 200; first += atATime) {
    it(`in seeds ${first} to ${first + atATime - 1}`, () => {
      const program = path.join(root, 'dist/integration/simulation/run.js');
      const args = [program, '--from', String(first), '--seeds', String(atATime)];
      const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(run.status, run.stdout + run.stderr).to.equal(0);
    });
  }
});
