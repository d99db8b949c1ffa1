import { expect } from 'chai';
import { until } from '../launch.js';
import type { ClusterProcess } from '../cluster/cluster.js';
import type { ChaosCase } from './case.js';
import { worker } from './plans.js';

const queries = 100;

/** Segments in use by running queries, as the data node says. */
async function inUse(node: ClusterProcess): Promise<number> {
  const { roles } = (await node.request('GET', '/status')).json<{
    roles: { role: string; load: number }[];
  }>();
  return roles.find((one) => one.role === 'historical')?.load ?? 0;
}

export const brokerKilled: ChaosCase = {
  name: 'broker-killed',
  about: 'kill -9 of the broker with 100 queries open: the data node ends their scans within a second',
  plan: {
    processes: [
      { name: 'core', roles: ['metadata', 'coordinator', 'overlord', 'gateway'] },
      { name: 'h1', roles: ['historical'], grpcProxy: true },
      { name: 'broker', roles: ['broker'] },
      worker,
    ],
  },
  run: async ({ cluster, oracle, measure }) => {
    await oracle.ingest('open', { rows: 30_000 });
    await oracle.settled('open');
    const h1 = cluster.process('h1');
    // So slow that no stream ends by itself.
    h1.grpcProxy?.set({ bytesPerSecond: 2_000, slowDirection: 'fromServer' });
    const ask = async (): Promise<void> => {
      const query = {
        queryType: 'scan',
        dataSource: 'open',
        intervals: ['2000/2100'],
        columns: ['__time', 'batch', 'value'],
        context: { timeout: 60_000 },
      };
      await cluster.gateway.request('POST', '/druid/v2', query).catch(() => undefined);
    };
    const asked = Promise.all(Array.from({ length: queries }, ask));
    const most = await until('open scans', 20_000, async () => {
      const now = await inUse(h1);
      return now >= queries / 2 ? now : undefined;
    });
    await cluster.process('broker').kill();
    const killedAt = performance.now();
    await until('no scan runs', 10_000, async () => ((await inUse(h1)) === 0 ? true : undefined));
    const ms = performance.now() - killedAt;
    measure(`broker killed with ${most} scans open: all ended after`, ms);
    expect(ms).to.be.below(1_000);
    h1.grpcProxy?.set({});
    await asked;
    await cluster.process('broker').restart();
    await oracle.settled('open');
  },
};
