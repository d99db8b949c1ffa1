import { expect } from 'chai';
import { systemClock } from '../../runtime/clock.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import { createMetrics } from '../../runtime/metrics.js';
import { connectNats } from '../../runtime/nats.js';
import { log } from '../servers/nats.js';
import type { ChaosCase } from './case.js';
import { leaderPlan } from './plans.js';
import { pause } from './steps.js';

export const queuedTask: ChaosCase = {
  name: 'task-queued-without-overlord',
  about: 'a task sent by NATS while no overlord runs is kept and runs once when one is back',
  plan: leaderPlan,
  run: async ({ cluster, oracle, measure }) => {
    const leads = cluster.withRole('overlord');
    for (const one of leads) await one.kill();
    const clock = systemClock();
    const bus = await connectNats({
      url: cluster.nats.url,
      token: cluster.nats.token,
      cluster: 'main',
      clock,
      log,
      metrics: createMetrics(),
      deadline: deadlineAfter(clock, 5_000),
    });
    try {
      const { batch, task } = oracle.make('queued', { rows: 80 });
      const bytes = Buffer.from(JSON.stringify(task));
      // The second is the sender's retry after a lost acknowledgement.
      for (let i = 0; i < 2; i++)
        await bus.enqueue('task.queue', bytes, batch.taskId, deadlineAfter(clock, 5_000));
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
      expect(starts).to.have.length(1);
    } finally {
      await bus.close();
    }
  },
};
