import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase, ChaosRun } from './case.js';
import { leaderPlan } from './plans.js';
import { pause, watchQueries } from './steps.js';

const twoLeasesMs = 6_500;

async function oneRound({ cluster, oracle, measure }: ChaosRun): Promise<void> {
  const { process: old, epoch: oldEpoch } = await cluster.leadership('overlord');
  const oldEpochs = await old.epochs();
  const watcher = watchQueries(oracle, 'paused');
  old.pause();
  const pausedAt = performance.now();
  const next = await cluster.leadership('overlord', old);
  expect(next.epoch).to.be.greaterThan(oldEpoch);
  measure('leader paused: the other leads after', performance.now() - pausedAt);
  const during = await oracle.ingest('paused', { rows: 150 });
  await pause(Math.max(0, twoLeasesMs - (performance.now() - pausedAt)));
  old.resume();
  const awakeAt = performance.now();
  await until('the old leader steps down', patienceMs, async () => {
    const now = await old.epochs();
    // It may be elected again, but not go on with what it had.
    const isDown = ['overlord', 'coordinator'].every(
      (role) => now.get(role) === 0 || now.get(role) !== oldEpochs.get(role),
    );
    return isDown ? true : undefined;
  });
  measure('paused leader awake: stepped down after', performance.now() - awakeAt, 1_000);
  await oracle.ingest('paused', { rows: 100 });
  await oracle.settled('paused');
  const { wrong, errors } = await watcher.stop();
  expect(wrong).to.deep.equal([]);
  expect(errors).to.deep.equal([]);
  expect(during.outcome).to.equal('published');
  expect(await cluster.epoch('overlord')).to.be.at.least(next.epoch);
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
