import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { serves, setReplicas, watchQueries } from './steps.js';

export const secondReplica: ChaosCase = {
  name: 'second-replica-hides-kill',
  about:
    'kill -9 of one of two holders under queries: no error, no wrong answer; the same for the other afterwards',
  plan: dataPlan,
  quick: true,
  measured: 'rounds',
  run: async ({ cluster, oracle, measure, rounds }) => {
    await setReplicas(cluster, 'pair', 2);
    await oracle.ingest('pair', { rows: 300, days: 4 });
    const nodes = cluster.withRole('historical');
    await serves(cluster, nodes, 'pair', 4);
    await oracle.settled('pair');
    const victims = Array.from({ length: Math.max(rounds, nodes.length) }, (_, i) => nodes[i % nodes.length]);
    for (const node of victims.filter((one) => one !== undefined)) {
      const watcher = watchQueries(oracle, 'pair');
      await watcher.answered(3);
      await node.kill();
      const killedAt = performance.now();
      await until('the dead node is noticed', patienceMs, async () => {
        const servers = await cluster.gateway.request('GET', '/druid/coordinator/v1/servers');
        return servers.json<string[]>().length < nodes.length ? true : undefined;
      });
      measure('data node killed: noticed after', performance.now() - killedAt, 2_500);
      await watcher.answered(5);
      const { wrong, errors, longestGapMs } = await watcher.stop();
      expect(wrong).to.deep.equal([]);
      expect(errors).to.deep.equal([]);
      measure('one of two replicas killed: longest time between answers', longestGapMs);
      await node.restart();
      await serves(cluster, nodes, 'pair', 4);
    }
  },
};
