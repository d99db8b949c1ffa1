import { expect } from 'chai';
import type { ChaosCase, ChaosRun } from './case.js';
import { leaderPlan } from './plans.js';
import { pause, watchQueries } from './steps.js';

async function oneRound({ cluster, oracle, measure }: ChaosRun): Promise<void> {
  const meta = cluster.process('meta');
  const watcher = watchQueries(oracle, 'record');
  const made = [1, 2].map(() => oracle.make('record', { rows: 150 }));
  for (const { batch, task } of made) await oracle.submitted(batch, task);
  await pause(400);
  await meta.kill();
  const late = oracle.make('record', { rows: 120 });
  // Whatever it is answered, sending the same id again is safe.
  await oracle.submit(late.batch, late.task);
  await pause(4_000);
  await meta.restart();
  const backAt = performance.now();
  await oracle.submitted(late.batch, late.task);
  for (const { batch } of [...made, late])
    expect(await oracle.ended(batch), batch.taskId).to.equal('published');
  measure('metadata owner back: waiting tasks published after', performance.now() - backAt);
  await oracle.settled('record');
  const { wrong, errors, longestGapMs } = await watcher.stop();
  expect(wrong).to.deep.equal([]);
  expect(errors).to.deep.equal([]);
  measure('metadata owner away: longest time between answers', longestGapMs);
}

export const metadataKilled: ChaosCase = {
  name: 'metadata-owner-killed',
  about:
    'kill -9 of the process that owns SQLite under load: queries go on, publishes wait and resume, nothing doubled',
  plan: leaderPlan,
  measured: 'rounds',
  run: async (run) => {
    const { oracle } = run;
    await oracle.ingest('record', { rows: 200, days: 2 });
    await oracle.settled('record');
    for (let round = 0; round < run.rounds; round++) await oneRound(run);
  },
};
