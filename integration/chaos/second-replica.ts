import { expect } from 'chai';
import { until } from '../launch.js';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { pause, serves, setReplicas, watchQueries } from './steps.js';

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
      await pause(300);
      await node.kill();
      const killedAt = performance.now();
      await until('the dead node is noticed', 5_000, async () => {
        const servers = await cluster.gateway.request('GET', '/druid/coordinator/v1/servers');
        return servers.json<string[]>().length < nodes.length ? true : undefined;
      });
      const noticedMs = performance.now() - killedAt;
      measure('data node killed: noticed after', noticedMs);
      expect(noticedMs).to.be.below(2_500);
      await pause(500);
      const { wrong, errors, answers, longestGapMs } = await watcher.stop();
      expect(wrong).to.deep.equal([]);
      expect(errors).to.deep.equal([]);
      expect(answers).to.be.greaterThan(10);
      measure('one of two replicas killed: longest time between answers', longestGapMs);
      await node.restart();
      await serves(cluster, nodes, 'pair', 4);
    }
  },
};
