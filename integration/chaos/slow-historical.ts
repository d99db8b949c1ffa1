import { expect } from 'chai';
import type { ProxyFaults } from '../cluster/proxy.js';
import type { ChaosCase } from './case.js';
import { dataPlan } from './plans.js';
import { look, pause, serves, setReplicas } from './steps.js';

const timeoutMs = 4_000;

/** One of two holders answers at a crawl, or not at all, while its heartbeats go on. */
function slowCase(name: string, faults: Partial<ProxyFaults>): ChaosCase {
  return {
    name,
    about: `a data node ${faults.halfOpen === true ? 'stalls' : 'sends 1 byte/s'} and still beats: the other replica is asked; alone, the deadline holds within 10 %`,
    plan: {
      processes: dataPlan.processes.map((one) => (one.name === 'h1' ? { ...one, grpcProxy: true } : one)),
    },
    run: async ({ cluster, oracle, measure }) => {
      await setReplicas(cluster, 'slow', 2);
      await oracle.ingest('slow', { rows: 400, days: 4 });
      await serves(cluster, cluster.withRole('historical'), 'slow', 4);
      await oracle.settled('slow');
      const h1 = cluster.process('h1');
      h1.grpcProxy?.set(faults);
      for (let i = 0; i < 4; i++) {
        const from = performance.now();
        const seen = await oracle.seen('slow', { timeout: timeoutMs });
        measure(`${name}: answered after`, performance.now() - from);
        expect(oracle.faults('slow', seen)).to.deep.equal([]);
      }
      // The slow one alone: the time-out is all that is left.
      await cluster.process('h2').kill();
      await pause(2_500);
      const from = performance.now();
      const one = await oracle.seen('slow', { timeout: timeoutMs }).then(
        () => 'answer',
        (error: unknown) => String(error),
      );
      const ms = performance.now() - from;
      measure(`${name}: deadline of ${timeoutMs} ms honoured after`, ms);
      expect(one).to.match(/50[34]/);
      expect(ms).to.be.below(timeoutMs * 1.1);
      h1.grpcProxy?.set({});
      await oracle.settled('slow');
      expect((await look(oracle, 'slow')).kind).to.equal('answer');
    },
  };
}

export const slowHistorical = slowCase('slow-historical', { bytesPerSecond: 1, slowDirection: 'fromServer' });
export const stalledHistorical = slowCase('stalled-historical', { halfOpen: true });
