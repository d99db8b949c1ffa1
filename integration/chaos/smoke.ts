import { expect } from 'chai';
import type { ClusterProcess } from '../cluster/cluster.js';
import type { ChaosCase } from './case.js';
import { fullPlan } from './plans.js';
import { noTaskProcesses, serves, setReplicas } from './steps.js';

/** Gateway or not, every process tells how it is and what it counts. */
async function answersAboutItself(one: ClusterProcess): Promise<void> {
  const { roles, version } = (await one.request('GET', '/status')).json<{
    version: string;
    roles?: { role: string; state: string }[];
  }>();
  expect(version, one.name).to.match(/\d/);
  if (roles !== undefined) {
    expect(
      roles.map(({ role }) => role),
      one.name,
    ).to.include.members([...one.plan.roles]);
    expect(new Set(roles.map(({ state }) => state)), one.name).to.deep.equal(new Set(['RUNNING']));
  }
  for (const at of ['/status/health', '/status/ready', '/status/selfDiscovered', '/status/properties']) {
    expect((await one.request('GET', at)).status, `${one.name} ${at}`).to.equal(200);
  }
  const metrics = await one.request('GET', '/metrics');
  expect(metrics.headers.get('content-type'), one.name).to.match(/^text\/plain/);
  expect(metrics.text, one.name).to.match(/^grove_event_loop_delay_p99_ms [\d.]+$/m);
  const elsewhere = await one.request('GET', '/status/nothing');
  expect(elsewhere.status, one.name).to.equal(404);
}

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
    // That there are never two is shown by the processes' own words in nats-killed-eight-times.
    await cluster.leader('coordinator');
    await oracle.settled('smoke');
    for (const one of cluster.all()) await answersAboutItself(one);
    await noTaskProcesses(cluster);
    const codes = await Promise.all(cluster.all().map((one) => one.terminate()));
    expect(codes).to.deep.equal(cluster.all().map(() => 0));
  },
};
