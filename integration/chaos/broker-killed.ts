import { patienceMs, until } from '../launch.js';
import type { ClusterProcess } from '../cluster/cluster.js';
import type { ChaosCase, ChaosRun } from './case.js';
import { worker } from './plans.js';

const queries = 100;

/** Segments in use by running queries, as the data node says. */
async function inUse(node: ClusterProcess): Promise<number> {
  const { roles } = (await node.request('GET', '/status')).json<{
    roles: { role: string; load: number }[];
  }>();
  return roles.find((one) => one.role === 'historical')?.load ?? 0;
}

/** So much work for each row that a hundred of these are far from done when the broker dies. */
const heavy = {
  queryType: 'timeseries',
  dataSource: 'open',
  intervals: ['2000/2100'],
  granularity: 'all',
  virtualColumns: [
    {
      type: 'expression',
      name: 'digits',
      expression: "strlen(replace(repeat(concat('', __time), 100), '1', '22'))",
      outputType: 'LONG',
    },
  ],
  aggregations: [{ type: 'longSum', name: 'digits', fieldName: 'digits' }],
  context: { timeout: 300_000, useCache: false, populateCache: false },
};

async function oneRound({ cluster, oracle, measure }: ChaosRun): Promise<void> {
  const h1 = cluster.process('h1');
  const asked = Array.from({ length: queries }, () =>
    cluster.gateway.request('POST', '/druid/v2', heavy).catch(() => undefined),
  );
  await until('open scans', patienceMs, async () => {
    const now = await inUse(h1);
    return now >= queries ? now : undefined;
  });
  await cluster.process('broker').kill();
  const killedAt = performance.now();
  await until('no scan runs', patienceMs, async () => ((await inUse(h1)) === 0 ? true : undefined));
  measure('broker killed with 100 scans open: all ended after', performance.now() - killedAt, 1_000);
  await Promise.all(asked);
  await cluster.process('broker').restart();
  await oracle.settled('open');
}

export const brokerKilled: ChaosCase = {
  name: 'broker-killed',
  about: 'kill -9 of the broker with 100 queries open: the data node ends their scans within a second',
  plan: {
    processes: [
      { name: 'core', roles: ['metadata', 'coordinator', 'overlord', 'gateway'] },
      { name: 'h1', roles: ['historical'] },
      { name: 'broker', roles: ['broker'] },
      worker,
    ],
  },
  measured: 'rounds',
  run: async (run) => {
    const { oracle } = run;
    await oracle.ingest('open', { rows: 60_000 });
    await oracle.settled('open');
    for (let round = 0; round < run.rounds; round++) await oneRound(run);
  },
};
