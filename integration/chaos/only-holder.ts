import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ClusterProcess } from '../cluster/cluster.js';
import type { ChaosCase, ChaosRun } from './case.js';
import { dataPlan, historical } from './plans.js';
import { look, pause, setReplicas, watchQueries } from './steps.js';

async function killAndReturn(
  { cluster, oracle, measure }: Pick<ChaosRun, 'cluster' | 'oracle' | 'measure'>,
  h1: ClusterProcess,
): Promise<void> {
  const watcher = watchQueries(oracle, 'only');
  const killedAt = performance.now();
  await h1.kill();
  await until('an error answer', patienceMs, async () => {
    const one = await look(oracle, 'only');
    return one.kind === 'error' ? true : undefined;
  });
  measure('only holder killed: first error after', performance.now() - killedAt);
  await pause(3_000);
  // What it serves again must come from its own disk.
  const deep = path.join(cluster.folder, 'deep-storage');
  fs.renameSync(deep, `${deep}.away`);
  const startedAt = performance.now();
  h1.start();
  await oracle.settled('only');
  measure('historical restarted: whole answers after', performance.now() - startedAt);
  fs.renameSync(`${deep}.away`, deep);
  const { wrong, errors, answers } = await watcher.stop();
  expect(wrong).to.deep.equal([]);
  expect(answers).to.be.greaterThan(0);
  for (const error of errors) {
    if (error.kind !== 'error') continue;
    expect(error.status, error.body).to.equal(503);
    expect(error.body).to.match(/only/);
  }
  expect(errors.length).to.be.greaterThan(0);
}

export const onlyHolder: ChaosCase = {
  name: 'only-holder-killed',
  about:
    'kill -9 of the only holder: SegmentsUnavailable, never fewer rows, until it is back with its own cache',
  plan: {
    processes: dataPlan.processes.filter((one) => one.name !== 'h2'),
  },
  quick: true,
  measured: 'rounds',
  run: async ({ cluster, oracle, measure, rounds }) => {
    await setReplicas(cluster, 'only', 1);
    await oracle.ingest('only', { rows: 300, days: 3 });
    await oracle.settled('only');
    const h1 = cluster.process(historical('h1').name);
    for (let round = 0; round < rounds; round++) await killAndReturn({ cluster, oracle, measure }, h1);
    const partial = await oracle.seen('only', { allowPartialResults: true });
    expect(partial.size).to.equal(1);
  },
};
