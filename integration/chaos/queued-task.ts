import { expect } from 'chai';
import type { ChaosCase } from './case.js';
import { leaderPlan } from './plans.js';
import { enqueueTask, pause } from './steps.js';

export const queuedTask: ChaosCase = {
  name: 'task-queued-without-overlord',
  about: 'a task sent by NATS while no overlord runs is kept and runs once when one is back',
  plan: leaderPlan,
  measured: 'rounds',
  run: async ({ cluster, oracle, measure, rounds }) => {
    const leads = cluster.withRole('overlord');
    for (let round = 1; round <= rounds; round++) {
      for (const one of leads) await one.kill();
      const { batch, task } = oracle.make('queued', { rows: 80 });
      // The second is the sender's retry after a lost acknowledgement.
      for (let i = 0; i < 2; i++) await enqueueTask(cluster, task, batch.taskId);
      await pause(1_000);
      const from = performance.now();
      for (const one of leads) await one.restart();
      expect(await oracle.ended(batch)).to.equal('published');
      measure('overlord back: queued task ended after', performance.now() - from);
      await oracle.settled('queued');
      const starts = cluster
        .process('mm')
        .log()
        .split('\n')
        .filter((line) => line.includes('task process started'));
      expect(starts).to.have.length(round);
    }
  },
};
