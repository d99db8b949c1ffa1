import { expect } from 'chai';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { noTaskProcesses } from './steps.js';

/**
 * In the order a task passes them: read, persist, merge, push, publish, hand over. From `publish.after` on the rows are
 * there whatever becomes of the process.
 */
const points = [
  'ingest.segment_opened',
  'ingest.part_written',
  'ingest.segment_written',
  'store.push.staged',
  'store.push.visible',
  'ingest.segment_pushed',
  'ingest.all_pushed',
  'publish.before',
  'publish.after',
  'handoff',
];
/** Little memory, so that rows are written out as they come and merged in the end. */
const tuning = { maxRowsInMemory: 20 };
const published = new Set(['publish.after', 'handoff']);

export const peonCrash: ChaosCase = {
  name: 'peon-crash-points',
  about:
    'a task process dies at each step: all rows or none, and the task says which; the failed ones sent again, totals are exact; no slot is lost',
  plan: { processes: dataPlan.processes.filter((one) => one.name !== 'h2') },
  quick: true,
  run: async ({ cluster, oracle, note }) => {
    const runs = points.map((point) => {
      const dataSource = `crash_${point.replaceAll('.', '_')}`;
      const made = oracle.make(dataSource, { rows: 90, days: 3, context: { crashAt: point }, tuning });
      return { point, dataSource, ...made };
    });
    for (const { batch, task } of runs) await oracle.submitted(batch, task);
    for (const { point, batch } of runs) {
      // Once the commit stands the task has succeeded, whatever becomes of its process.
      expect(await oracle.ended(batch), point).to.equal(published.has(point) ? 'published' : 'failed');
    }
    for (const { dataSource } of runs) await oracle.settled(dataSource);
    note('all or nothing at every point');
    // As a user does who believes the status: these tasks append, a second publish would double the rows.
    const failed = runs.filter((run) => !published.has(run.point));
    for (const run of failed) await oracle.submitted(run.batch, oracle.again(run.batch, run.task));
    for (const { point, batch } of failed) expect(await oracle.ended(batch), point).to.equal('published');
    for (const { dataSource } of runs) await oracle.settled(dataSource);
    await noTaskProcesses(cluster);
  },
};
