import { expect } from 'chai';
import type { ChaosCase } from './case.js';
import { fullPlan } from './plans.js';
import { serves, setReplicas } from './steps.js';

export const smoke: ChaosCase = {
  name: 'smoke',
  about: 'every role in a process of its own: ingest, query, two replicas by rule, clean stop',
  plan: fullPlan,
  quick: true,
  run: async ({ cluster, oracle, measure }) => {
    const from = performance.now();
    await oracle.ingest('smoke', { rows: 500, days: 3 });
    await oracle.settled('smoke');
    measure('task sent to rows queryable', performance.now() - from);
    await setReplicas(cluster, 'smoke', 2);
    await serves(cluster, cluster.withRole('historical'), 'smoke', 3);
    const leaders = await Promise.all(cluster.withRole('coordinator').map((one) => one.leads('coordinator')));
    expect(leaders.filter((epoch) => epoch > 0)).to.have.length(1);
    await oracle.settled('smoke');
    expect(cluster.taskProcesses()).to.deep.equal([]);
    const codes = await Promise.all(cluster.all().map((one) => one.terminate()));
    expect(codes).to.deep.equal(cluster.all().map(() => 0));
  },
};
