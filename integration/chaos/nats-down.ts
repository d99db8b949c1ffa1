import { expect } from 'chai';
import { until } from '../launch.js';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { pause, serves, setReplicas, watchQueries } from './steps.js';

const outageMs = 20_000;

export const natsDown: ChaosCase = {
  name: 'nats-down-under-load',
  about:
    'nats-server is away for 20 s under queries and ingestion: queries and publishes go on, no segment is dropped',
  plan: dataPlan,
  run: async ({ cluster, oracle, measure }) => {
    await setReplicas(cluster, 'away', 2);
    await oracle.ingest('away', { rows: 300, days: 3 });
    const nodes = cluster.withRole('historical');
    await serves(cluster, nodes, 'away', 3);
    const watcher = watchQueries(oracle, 'away');
    const { batch, task } = oracle.make('other', { rows: 20_000, days: 5 });
    await oracle.submitted(batch, task);
    const pid = await until('the task process', 10_000, async () => cluster.taskProcesses()[0]);
    // Held where it is, so that its publish comes when every lease has run out.
    process.kill(pid, 'SIGSTOP');
    await cluster.nats.kill();
    const downAt = performance.now();
    await pause(6_000);
    process.kill(pid, 'SIGCONT');
    expect(await oracle.ended(batch, outageMs - 2_000)).to.equal('published');
    measure('NATS down: running task published after', performance.now() - downAt);
    await pause(Math.max(0, outageMs - (performance.now() - downAt)));
    const dropped = nodes.flatMap((node) =>
      node
        .log()
        .split('\n')
        .filter((line) => line.includes('dropped') || line.includes('dropping')),
    );
    expect(dropped).to.deep.equal([]);
    await cluster.nats.restart();
    const backAt = performance.now();
    await oracle.ingest('away', { rows: 100 });
    measure('NATS back: a new task done after', performance.now() - backAt);
    await oracle.settled('other');
    await oracle.settled('away');
    const { wrong, errors, longestGapMs } = await watcher.stop();
    expect(wrong).to.deep.equal([]);
    expect(errors).to.deep.equal([]);
    measure('NATS down: longest time between answers', longestGapMs);
  },
};
