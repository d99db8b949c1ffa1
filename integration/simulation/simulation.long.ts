import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';
import { root } from '../launch.js';

describe('the simulated cluster, long', function () {
  this.timeout(1_200_000);
  it('loses, doubles and mixes nothing in 200 seeds', () => {
    const program = path.join(root, 'dist/integration/simulation/run.js');
    const run = spawnSync(process.execPath, [program, '--seeds', '200'], { encoding: 'utf8' });
    expect(run.status, run.stdout + run.stderr).to.equal(0);
  });
});
