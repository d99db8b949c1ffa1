import { expect } from 'chai';
import { until } from '../launch.js';
import type { ChaosCase, ChaosRun } from './case.js';
import { leaderPlan } from './plans.js';
import { otherLeader, pause, watchQueries } from './steps.js';

const twoLeasesMs = 6_500;

async function oneRound({ cluster, oracle, measure }: ChaosRun): Promise<void> {
  const { process: old, epoch: oldEpoch } = await cluster.leadership('overlord');
  const watcher = watchQueries(oracle, 'paused');
  old.pause();
  const pausedAt = performance.now();
  const next = await until('another leader', 15_000, async () => {
    for (const one of cluster.withRole('overlord')) {
      if (one !== old && (await one.leads('overlord')) > oldEpoch) return one;
    }
    return undefined;
  });
  measure('leader paused: the other leads after', performance.now() - pausedAt);
  const during = await oracle.ingest('paused', { rows: 150 });
  await pause(Math.max(0, twoLeasesMs - (performance.now() - pausedAt)));
  old.resume();
  const awakeAt = performance.now();
  await until('the old leader steps down', 2_000, async () =>
    (await old.leads('overlord')) === 0 && (await old.leads('coordinator')) === 0 ? true : undefined,
  );
  const downMs = performance.now() - awakeAt;
  measure('paused leader awake: stepped down after', downMs);
  expect(downMs).to.be.below(1_000);
  expect(await next.leads('overlord')).to.be.greaterThan(oldEpoch);
  await oracle.ingest('paused', { rows: 100 });
  await oracle.settled('paused');
  const { wrong, errors } = await watcher.stop();
  expect(wrong).to.deep.equal([]);
  expect(errors).to.deep.equal([]);
  expect(during.outcome).to.equal('published');
  expect(await otherLeader(cluster, 'overlord', old)).to.equal(next);
}

export const pausedLeader: ChaosCase = {
  name: 'paused-leader',
  about:
    'SIGSTOP of the leader for two leases: the other leads; awake again, it steps down at once and changes nothing',
  plan: leaderPlan,
  quick: true,
  measured: 'rounds',
  run: async (run) => {
    const { oracle } = run;
    await oracle.ingest('paused', { rows: 200, days: 2 });
    await oracle.settled('paused');
    for (let round = 0; round < run.rounds; round++) await oneRound(run);
  },
};
