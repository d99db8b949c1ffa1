import { expect } from 'chai';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';

/** In the order a task passes them. From `publish.after` on the rows are there whatever becomes of the process. */
const points = [
  'ingest.segment_written',
  'store.push.staged',
  'store.push.visible',
  'ingest.segment_pushed',
  'ingest.all_pushed',
  'publish.before',
  'publish.after',
  'handoff',
];
const published = new Set(['publish.after', 'handoff']);

export const peonCrash: ChaosCase = {
  name: 'peon-crash-points',
  about:
    'a task process dies at each step: all rows or none; sent again, the totals are exact; no slot is lost',
  plan: { processes: dataPlan.processes.filter((one) => one.name !== 'h2') },
  quick: true,
  run: async ({ cluster, oracle, note }) => {
    const runs = points.map((point) => {
      const dataSource = `crash_${point.replaceAll('.', '_')}`;
      const made = oracle.make(dataSource, { rows: 90, days: 3, append: false, context: { crashAt: point } });
      return { point, dataSource, ...made };
    });
    for (const { batch, task } of runs) await oracle.submitted(batch, task);
    for (const { point, batch } of runs) {
      expect(await oracle.ended(batch), point).to.equal('failed');
      // Its process died after the commit: what the rows say counts.
      if (published.has(point)) batch.outcome = 'published';
    }
    for (const { dataSource } of runs) await oracle.settled(dataSource);
    note('all or nothing at every point');
    for (const run of runs) await oracle.submitted(run.batch, oracle.again(run.batch, run.task));
    for (const { point, batch } of runs) expect(await oracle.ended(batch), point).to.equal('published');
    for (const { dataSource } of runs) await oracle.settled(dataSource);
    expect(cluster.taskProcesses()).to.deep.equal([]);
  },
};
