import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { pause, serves, setReplicas, watchQueries } from './steps.js';

const outagesMs = [300, 1_500, 1_000];

export const natsBlink: ChaosCase = {
  name: 'nats-restarted',
  about:
    'nats-server is killed and back within 1.5 s, three times: no data node is ever taken for dead, queries go on',
  plan: dataPlan,
  quick: true,
  measured: 'rounds',
  run: async ({ cluster, oracle, measure, rounds }) => {
    await setReplicas(cluster, 'blink', 2);
    await oracle.ingest('blink', { rows: 200, days: 2 });
    const nodes = cluster.withRole('historical');
    await serves(cluster, nodes, 'blink', 2);
    // The broker hears of each segment by itself: until it knows both days, a batch of two is there in part.
    await oracle.settled('blink');
    const watcher = watchQueries(oracle, 'blink');
    let isOver = false;
    let fewest = nodes.length;
    let looks = 0;
    const counting = (async () => {
      while (!isOver) {
        const answer = await cluster.gateway.request('GET', '/druid/coordinator/v1/servers');
        if (answer.status === 200) {
          looks += 1;
          fewest = Math.min(fewest, answer.json<string[]>().length);
        }
        await pause(20);
      }
    })();
    const outages = Array.from(
      { length: Math.max(rounds, outagesMs.length) },
      (_, i) => outagesMs[i % outagesMs.length] ?? 0,
    );
    for (const outageMs of outages) {
      await cluster.nats.kill();
      await pause(outageMs);
      await cluster.nats.restart();
      const backAt = performance.now();
      await until('leaders and commands again', patienceMs, async () => {
        const { status } = await cluster.gateway.request('GET', '/status/health');
        return status === 200 ? true : undefined;
      });
      await oracle.ingest('blink', { rows: 40 });
      measure('NATS restarted: a new task done after', performance.now() - backAt);
      await pause(500);
    }
    isOver = true;
    await counting;
    expect(looks).to.be.greaterThan(outages.length);
    expect(fewest, 'data nodes seen alive').to.equal(nodes.length);
    await oracle.settled('blink');
    const { wrong, errors } = await watcher.stop();
    expect(wrong).to.deep.equal([]);
    expect(errors).to.deep.equal([]);
  },
};
