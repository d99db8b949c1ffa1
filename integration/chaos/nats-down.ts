import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { pause, serves, setReplicas, watchQueries } from './steps.js';

/** So soon after its return a leader must be found. */
const backMsMax = 5_000;

/** `heldMs`: into the outage, when the held task processes go on and come to their publish. */
function natsDownCase(options: {
  readonly name: string;
  readonly outageMs: number;
  readonly heldMs: readonly number[];
  readonly secondsMax: number;
}): ChaosCase {
  const { name, outageMs, heldMs, secondsMax } = options;
  return {
    name,
    about: `nats-server is away for ${outageMs / 1000} s under queries and ingestion: queries and publishes go on, no segment is dropped, tasks taken meanwhile run afterwards`,
    plan: dataPlan,
    secondsMax,
    ...(secondsMax <= 60 ? { measured: 'runs' as const } : {}),
    run: async ({ cluster, oracle, measure }) => {
      await setReplicas(cluster, 'away', 2);
      await oracle.ingest('away', { rows: 300, days: 3 });
      const nodes = cluster.withRole('historical');
      await serves(cluster, nodes, 'away', 3);
      await oracle.settled('away');
      const watcher = watchQueries(oracle, 'away');
      const held = heldMs.map((_, i) => oracle.make(`other${i}`, { rows: 10_000, days: 5 }));
      for (const { batch, task } of held) await oracle.submitted(batch, task);
      const pids = await until('the task processes', patienceMs, async () => {
        const found = cluster.taskProcesses();
        return found.length === held.length ? found : undefined;
      });
      // Held where they are, so that their publishes come when every lease has run out.
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      await cluster.nats.kill();
      const downAt = performance.now();
      const since = (): number => performance.now() - downAt;
      for (const [i, ms] of heldMs.entries()) {
        await pause(Math.max(0, ms - since()));
        process.kill(pids[i] ?? 0, 'SIGCONT');
        const from = performance.now();
        await until('a publish without NATS', patienceMs, async () => {
          const states = await Promise.all(held.map(({ batch }) => oracle.statusOf(batch.taskId)));
          return states.filter((state) => state === 'SUCCESS').length > i ? true : undefined;
        });
        measure('NATS down: held task goes on, published after', performance.now() - from);
      }
      for (const { batch } of held) batch.outcome = 'published';
      const late = oracle.make('away', { rows: 60 });
      const isTaken = await oracle.submit(late.batch, late.task);
      await pause(Math.max(0, outageMs - since()));
      const dropped = nodes.flatMap((node) =>
        node
          .log()
          .split('\n')
          .filter((line) => line.includes('dropped') || line.includes('dropping')),
      );
      expect(dropped).to.deep.equal([]);
      const core = cluster.process('core');
      const logged = core.log().length;
      await cluster.nats.restart();
      const backAt = performance.now();
      for (const role of ['coordinator', 'overlord'])
        await core.logged(['"elected"', `"role":"${role}"`], logged);
      measure('NATS back: both roles led after', performance.now() - backAt, backMsMax);
      // What was taken while it was away runs by itself; what was refused is sent again, as a client would.
      if (!isTaken) await oracle.submitted(late.batch, late.task);
      expect(await oracle.ended(late.batch)).to.equal('published');
      measure('NATS back: a waiting task done after', performance.now() - backAt);
      for (const { batch } of held) await oracle.settled(batch.dataSource);
      await oracle.settled('away');
      const { wrong, errors, longestGapMs } = await watcher.stop();
      expect(wrong).to.deep.equal([]);
      expect(errors).to.deep.equal([]);
      measure('NATS down: longest time between answers', longestGapMs);
    },
  };
}

export const natsDown = natsDownCase({
  name: 'nats-down-20-s-under-load',
  outageMs: 20_000,
  heldMs: [6_000],
  secondsMax: 60,
});
export const natsDownLong = natsDownCase({
  name: 'nats-down-60-s-under-load',
  outageMs: 60_000,
  heldMs: [8_000, 35_000],
  secondsMax: 120,
});
