import { expect } from 'chai';
import type { ChaosCase } from './case.js';
import { leaderPlan } from './plans.js';
import { oldCommand, watchQueries } from './steps.js';

export const leaderFailover: ChaosCase = {
  name: 'leader-killed',
  about:
    'kill -9 of the process that leads both roles: the other follows in seconds, queries never notice, tasks go on',
  plan: leaderPlan,
  quick: true,
  measured: 'rounds',
  run: async ({ cluster, oracle, measure, rounds }) => {
    await oracle.ingest('led', { rows: 200, days: 2 });
    await oracle.settled('led');
    for (let round = 0; round < Math.max(rounds, 2); round++) {
      const { process: overlord, epoch } = await cluster.leadership('overlord');
      const epochs = { coordinator: await cluster.epoch('coordinator'), overlord: epoch };
      const watcher = watchQueries(oracle, 'led');
      const { batch, task } = oracle.make('led', { rows: 200 });
      await oracle.submitted(batch, task);
      await overlord.kill();
      const killedAt = performance.now();
      for (const role of ['overlord', 'coordinator'] as const) {
        const next = await cluster.leadership(role, overlord);
        if (role === 'overlord')
          measure('leader killed: the other leads after', performance.now() - killedAt);
        // One process may have led each role; then this one goes on as it was.
        expect(next.epoch).to.be.at.least(epochs[role]);
      }
      expect(await oracle.ended(batch)).to.equal('published');
      await oracle.settled('led');
      const { wrong, errors } = await watcher.stop();
      expect(wrong).to.deep.equal([]);
      expect(errors).to.deep.equal([]);
      await overlord.restart();
    }
    // What it obeyed last it knows after a restart, too.
    const mm = cluster.process('mm');
    await mm.kill();
    await mm.restart();
    expect(await oldCommand(cluster, mm, 'old')).to.equal('StaleEpoch');
    expect(mm.log()).not.to.include('"taskId":"old"');
  },
};
