import { expect } from 'chai';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { holdTask, noTaskProcesses, pause } from './steps.js';

export const middlemanagerKilled: ChaosCase = {
  name: 'middlemanager-killed',
  about:
    'kill -9 of the middle manager while a task runs: its process is adopted, the task runs once and ends well',
  plan: { processes: dataPlan.processes.filter((one) => one.name !== 'h2') },
  quick: true,
  measured: 'rounds',
  run: async ({ cluster, oracle, measure, rounds }) => {
    const mm = cluster.process('mm');
    for (let round = 1; round <= rounds; round++) {
      const { batch, task } = oracle.make('adopted', { rows: 10_000, days: 5 });
      await oracle.submitted(batch, task);
      // So that it is still at work when its middle manager comes back.
      const held = await holdTask(cluster, batch);
      await mm.kill();
      await pause(3_000);
      const from = performance.now();
      await mm.restart();
      await mm.logged(['task process adopted', batch.taskId]);
      measure('middle manager restarted: task adopted after', performance.now() - from);
      expect(cluster.taskProcesses()).to.deep.equal([held.pid]);
      held.goOn();
      expect(await oracle.ended(batch)).to.equal('published');
      await oracle.settled('adopted');
      // Its slot is free again, and nothing is run a second time.
      await oracle.ingest('adopted', { rows: 50 });
      await oracle.settled('adopted');
      const started = mm
        .log()
        .split('\n')
        .filter((line) => line.includes('task process started'));
      expect(started).to.have.length(2 * round);
      await noTaskProcesses(cluster);
    }
  },
};
