/** A few seeds of the simulated cluster; `npm run test:sim` runs 200. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';
import { root } from '../launch.js';

/** In a process of its own: it answers files in its own way. */
function simulate(...args: string[]): { readonly text: string; readonly status: number | null } {
  const program = path.join(root, 'dist/integration/simulation/run.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { text: stdout + stderr, status };
}

describe('the simulated cluster', function () {
  this.timeout(600_000);

  it('loses, doubles and mixes nothing in 12 seeds, and converges after each', () => {
    const { text, status } = simulate('--seeds', '12');
    expect(status, text).to.equal(0);
  });
  it('catches each planted bug: every invariant can fail', () => {
    const { text, status } = simulate('--planted');
    expect(status, text).to.equal(0);
    expect(text).to.match(/\n\d+ passed, 0 failed\n$/);
  });
  it('runs the same for the same seed', () => {
    const { text, status } = simulate('--seed', '7', '--twice');
    expect(status, text).to.equal(0);
  });
});
