import { expect } from 'chai';
import type { ClusterProcess } from '../cluster/cluster.js';
import type { Oracle } from '../cluster/oracle.js';
import type { ProxyFaults } from '../cluster/proxy.js';
import type { ChaosCase } from './case.js';
import { historical, worker } from './plans.js';
import { look, pause, serves, setReplicas } from './steps.js';

const timeoutMs = 4_000;

/** Far above what queries that wait may hold, far below what it would come to if each kept its rows. */
const grownBytesMax = 150 * 1024 * 1024;

/** Bytes of resident memory by which the broker grows while the work goes on. */
async function grownUnder(broker: ClusterProcess, work: () => Promise<void>): Promise<number> {
  const before = broker.residentBytes();
  let most = before;
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      most = Math.max(most, broker.residentBytes());
      await pause(50);
    }
  })();
  try {
    await work();
  } finally {
    isOver = true;
    await looking;
  }
  return most - before;
}

/** The other replica answers them all. */
async function answered(oracle: Oracle, queries: number): Promise<void> {
  let left = queries;
  const asking = async (): Promise<void> => {
    while (left-- > 0) {
      const seen = await oracle.seen('slow');
      expect(oracle.faults('slow', seen)).to.deep.equal([]);
    }
  };
  await Promise.all(Array.from({ length: 20 }, asking));
}

/** Nobody can answer them: each waits for the slow one until its deadline. */
async function stuck(oracle: Oracle, queries: number): Promise<void> {
  const asked = Array.from({ length: queries }, async () => {
    const one = await oracle.seen('slow', { timeout: timeoutMs }).then(
      () => 'answer',
      (error: unknown) => String(error),
    );
    expect(one).to.match(/50[34]/);
  });
  await Promise.all(asked);
}

/** One of two holders answers at a crawl, or not at all, while its heartbeats go on. */
function slowCase(name: string, faults: Partial<ProxyFaults>): ChaosCase {
  return {
    name,
    about: `a data node ${faults.halfOpen === true ? 'stalls' : 'sends 1 byte/s'} and still beats: the other replica is asked, the broker's memory stays flat; alone, the deadline holds within 10 %`,
    plan: {
      processes: [
        { name: 'core', roles: ['metadata', 'coordinator', 'overlord', 'gateway'] },
        { name: 'broker', roles: ['broker'] },
        { ...historical('h1'), grpcProxy: true },
        historical('h2'),
        worker,
      ],
    },
    measured: 'rounds',
    run: async ({ cluster, oracle, measure, note, rounds }) => {
      await setReplicas(cluster, 'slow', 2);
      await oracle.ingest('slow', { rows: 400, days: 4 });
      await serves(cluster, cluster.withRole('historical'), 'slow', 4);
      await oracle.settled('slow');
      const h1 = cluster.process('h1');
      h1.grpcProxy?.set(faults);
      for (let i = 0; i < 4; i++) {
        const from = performance.now();
        const seen = await oracle.seen('slow', { timeout: timeoutMs });
        measure('answered by the other replica after', performance.now() - from);
        expect(oracle.faults('slow', seen)).to.deep.equal([]);
      }
      const broker = cluster.process('broker');
      const flat = async (what: string, work: () => Promise<void>): Promise<void> => {
        const grownBytes = await grownUnder(broker, work);
        note(`${name}: broker grew by ${(grownBytes / 1e6).toFixed(0)} MB under ${what}`);
        expect(grownBytes).to.be.below(grownBytesMax);
      };
      await flat('200 answered queries', () => answered(oracle, 200));
      // The slow one alone: the time-out is all that is left.
      await cluster.process('h2').kill();
      await pause(2_500);
      for (let round = 0; round < rounds; round++) {
        const from = performance.now();
        const one = await oracle.seen('slow', { timeout: timeoutMs }).then(
          () => 'answer',
          (error: unknown) => String(error),
        );
        const ms = performance.now() - from;
        const isTimeout = one.includes('504');
        const what = isTimeout ? `alone: deadline of ${timeoutMs} ms honoured after` : 'alone: refused after';
        measure(what, ms, timeoutMs * 1.1);
        expect(one).to.match(/50[34]/);
        // 503: it was given up as a holder before; only a time-out has to wait for its time.
        if (isTimeout) expect(ms).to.be.above(timeoutMs * 0.9);
      }
      await flat('100 stuck queries at once', () => stuck(oracle, 100));
      h1.grpcProxy?.set({});
      await oracle.settled('slow');
      expect((await look(oracle, 'slow')).kind).to.equal('answer');
    },
  };
}

export const slowHistorical = slowCase('slow-historical', { bytesPerSecond: 1, slowDirection: 'fromServer' });
export const stalledHistorical = slowCase('stalled-historical', { halfOpen: true });
