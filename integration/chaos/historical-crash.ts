import { expect } from 'chai';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { setReplicas, serves } from './steps.js';

function crashCase(step: string, points: readonly string[]): ChaosCase {
  return {
    name: `historical-crash-points-${step}`,
    about: `a data node dies at each step of loading (${step}): started again it serves whole segments only, and all of them`,
    plan: {
      processes: dataPlan.processes.map((one) =>
        one.name === 'h1' ? { ...one, settings: { unsafeFaults: true } } : one,
      ),
    },
    run: async ({ cluster, oracle, note }) => {
      const h1 = cluster.process('h1');
      for (const [i, point] of points.entries()) {
        const dataSource = `load${i}`;
        await setReplicas(cluster, dataSource, 2);
        await h1.kill();
        await h1.restart({ CRASH_AT: point });
        await oracle.ingest(dataSource, { rows: 60, days: 2 });
        await h1.exited;
        // The other replica answers meanwhile.
        await oracle.settled(dataSource);
        await h1.restart();
        await serves(cluster, cluster.withRole('historical'), dataSource, 2);
        await oracle.settled(dataSource);
        note(`${point}: survived`);
      }
      const h2 = cluster.process('h2');
      await h2.kill();
      for (const i of points.keys()) await oracle.settled(`load${i}`);
      expect(h1.isRunning).to.equal(true);
    },
  };
}

export const historicalCrashPulling = crashCase('pulling', [
  'load.before_pull',
  'store.pull.staged',
  'store.pull.visible',
]);
export const historicalCrashKeeping = crashCase('keeping', ['load.after_pull', 'load.after_keep']);
