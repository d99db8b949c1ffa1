import { expect } from 'chai';
import type { ChaosCase } from './case.js';
import { leaderPlan } from './plans.js';
import { setReplicas, watchQueries } from './steps.js';

export const doubledMessages: ChaosCase = {
  name: 'every-message-twice',
  about: 'each NATS message of leaders and workers arrives twice: every task runs once, totals are exact',
  plan: {
    processes: leaderPlan.processes.map((one) =>
      one.roles.includes('overlord') || one.roles.includes('middlemanager')
        ? { ...one, natsProxy: true }
        : one,
    ),
  },
  quick: true,
  run: async ({ cluster, oracle }) => {
    await cluster.leader('overlord');
    for (const one of cluster.all()) one.natsProxy?.set({ duplicate: true });
    await setReplicas(cluster, 'twice', 1);
    await oracle.ingest('twice', { rows: 200, days: 3 });
    await oracle.settled('twice');
    const watcher = watchQueries(oracle, 'twice');
    for (let i = 0; i < 3; i++) await oracle.ingest('twice', { rows: 60 });
    await oracle.settled('twice');
    const { wrong, errors } = await watcher.stop();
    expect(wrong).to.deep.equal([]);
    expect(errors).to.deep.equal([]);
    const started = cluster
      .process('mm')
      .log()
      .split('\n')
      .filter((line) => line.includes('task process started'));
    expect(started).to.have.length(4);
    const duplicated = cluster.all().reduce((sum, one) => sum + (one.natsProxy?.duplicated ?? 0), 0);
    expect(duplicated).to.be.greaterThan(20);
  },
};
