import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase, ChaosRun } from './case.js';
import { leaderPlan } from './plans.js';
import { watchQueries } from './steps.js';

async function oneRound({ cluster, oracle, measure }: ChaosRun): Promise<void> {
  const before = await cluster.epoch('overlord');
  const watcher = watchQueries(oracle, 'memory');
  const { batch, task } = oracle.make('memory', { rows: 150 });
  await oracle.submitted(batch, task);
  await cluster.nats.kill();
  fs.rmSync(path.join(cluster.nats.dataDir, 'nats/store'), { recursive: true, force: true });
  // Long enough for every lease to run out.
  await new Promise((done) => setTimeout(done, 4_000));
  await cluster.nats.restart();
  const backAt = performance.now();
  const epoch = await until('a leader with a higher epoch', patienceMs, async () => {
    const epochs = await Promise.all(cluster.withRole('overlord').map((one) => one.leads('overlord')));
    const highest = Math.max(...epochs);
    return highest > before ? highest : undefined;
  });
  measure('NATS back without its data: a leader after', performance.now() - backAt);
  expect(epoch).to.be.greaterThan(before);
  expect(await oracle.ended(batch)).to.equal('published');
  await oracle.ingest('memory', { rows: 70 });
  await oracle.settled('memory');
  const { wrong, errors } = await watcher.stop();
  expect(wrong).to.deep.equal([]);
  expect(errors).to.deep.equal([]);
}

export const natsDataDeleted: ChaosCase = {
  name: 'nats-data-deleted',
  about:
    'nats-server is killed and its data folder deleted: streams and buckets come back, epochs rise, no task is lost',
  plan: leaderPlan,
  measured: 'rounds',
  run: async (run) => {
    const { oracle } = run;
    await oracle.ingest('memory', { rows: 200, days: 2 });
    await oracle.settled('memory');
    for (let round = 0; round < run.rounds; round++) await oneRound(run);
  },
};
