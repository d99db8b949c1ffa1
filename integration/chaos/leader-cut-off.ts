import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase, ChaosRun } from './case.js';
import { leaderPlan } from './plans.js';
import { watchQueries } from './steps.js';

async function oneRound({ cluster, oracle, measure }: ChaosRun): Promise<void> {
  const old = await cluster.leader('coordinator');
  const others = cluster.withRole('coordinator').filter((one) => one !== old);
  const watcher = watchQueries(oracle, 'cut');
  old.natsProxy?.set({ halfOpen: true });
  const cutAt = performance.now();
  let bothMs = 0;
  let downMs = 0;
  await until('the other leads', patienceMs, async () => {
    // Asked before the other one: it may step down in between, but never the other way round.
    const theirs = await Promise.all(others.map((one) => one.leads('coordinator')));
    const mine = await old.leads('coordinator');
    if (mine === 0 && downMs === 0) downMs = performance.now() - cutAt;
    const isTaken = theirs.some((epoch) => epoch > 0);
    if (mine > 0 && isTaken) bothMs = performance.now() - cutAt;
    return isTaken ? true : undefined;
  });
  measure('leader cut off: stepped down after', downMs);
  measure('leader cut off: the other leads after', performance.now() - cutAt);
  expect(bothMs, 'both led').to.equal(0);
  old.natsProxy?.set({});
  await old.ready();
  await oracle.ingest('cut', { rows: 60 });
  await oracle.settled('cut');
  const { wrong, errors } = await watcher.stop();
  expect(wrong).to.deep.equal([]);
  expect(errors).to.deep.equal([]);
}

export const leaderCutOff: ChaosCase = {
  name: 'leader-cut-off-from-nats',
  about:
    'the leader reaches SQL but not NATS (silent cable): it steps down by its own clock before another leads',
  plan: {
    processes: leaderPlan.processes.map((one) =>
      one.roles.includes('overlord') ? { ...one, natsProxy: true } : one,
    ),
  },
  quick: true,
  measured: 'rounds',
  run: async (run) => {
    const { oracle } = run;
    await oracle.ingest('cut', { rows: 200, days: 2 });
    await oracle.settled('cut');
    for (let round = 0; round < run.rounds; round++) await oneRound(run);
  },
};
