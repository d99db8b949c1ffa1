import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase } from './case.js';
import { leaderPlan } from './plans.js';

/** The case of one crash point: `lead1` has it armed and leads, while `lead2` sleeps; `lead2` takes over. */
function overlordCrash(point: string): ChaosCase {
  return {
    name: `overlord-killed-at-${point.replaceAll('.', '-')}`,
    about: `the overlord dies at ${point}: the task ends once, with exact totals, under the next leader`,
    plan: {
      processes: leaderPlan.processes.map((one) =>
        one.name === 'lead1' ? { ...one, env: { CRASH_AT: point }, settings: { unsafeFaults: true } } : one,
      ),
    },
    ...(point.endsWith('.after') ? { measured: 'runs' as const } : {}),
    run: async ({ cluster, oracle, measure }) => {
      const lead1 = cluster.process('lead1');
      const lead2 = cluster.process('lead2');
      // Whatever becomes of leases on a busy machine: nobody else can take this one.
      lead2.pause();
      await until('lead1 leads', patienceMs, async () =>
        (await lead1.leads('overlord')) > 0 ? true : undefined,
      );
      const { batch, task } = oracle.make('inside', { rows: 150, days: 3 });
      await oracle.submitted(batch, task);
      await lead1.exited;
      lead2.resume();
      const diedAt = performance.now();
      expect(await oracle.ended(batch)).to.equal('published');
      measure('overlord killed inside publish: task ended after', performance.now() - diedAt);
      await oracle.settled('inside');
      expect(await cluster.leader('overlord')).to.equal(lead2);
    },
  };
}

export const overlordBeforeCommit = overlordCrash('overlord.publish.before');
export const overlordAfterCommit = overlordCrash('overlord.publish.after');
