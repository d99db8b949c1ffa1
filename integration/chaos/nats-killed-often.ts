import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { Cluster } from '../cluster/cluster.js';
import type { ChaosCase } from './case.js';
import { leaderPlan } from './plans.js';
import { pause, watchQueries } from './steps.js';

/** As long as leases can be outlived, and longer. */
const outagesMs = [200, 1_300, 400, 900, 2_500, 600, 1_100, 3_800];
const roles = ['coordinator', 'overlord'] as const;

interface Reign {
  readonly who: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who led the role when, by the processes' own words; one that goes on to lead has no end. */
function reigns(cluster: Cluster, role: string): Reign[] {
  return cluster.withRole(role).flatMap((one) => {
    const found: Reign[] = [];
    for (const line of one
      .log()
      .split('\n')
      .filter((text) => text.includes(`"role":"${role}"`))) {
      const {
        at,
        message,
        lateMs = 0,
      } = JSON.parse(line) as { at: string; message: string; lateMs?: number };
      // A process that had no processor says later when its time was over.
      const ms = Date.parse(at) - lateMs;
      if (message === 'elected') found.push({ who: one.name, fromMs: ms, toMs: Infinity });
      const last = found.at(-1);
      if (message === 'stepped down' && last !== undefined) found[found.length - 1] = { ...last, toMs: ms };
    }
    return found;
  });
}

function overlapsOf(all: readonly Reign[]): string[] {
  const sorted = all.toSorted((a, b) => a.fromMs - b.fromMs);
  return sorted.flatMap((one, i) =>
    sorted
      .slice(i + 1)
      .filter((other) => other.who !== one.who && other.fromMs < one.toMs)
      .map((other) => `${one.who} and ${other.who} for ${Math.min(one.toMs, other.toMs) - other.fromMs} ms`),
  );
}

export const natsKilledOften: ChaosCase = {
  name: 'nats-killed-eight-times',
  about:
    'eight kill -9 of nats-server, away for 0.2 to 3.8 s: never for a millisecond two leaders of one role',
  plan: leaderPlan,
  measured: 'rounds',
  run: async ({ cluster, oracle, measure }) => {
    await oracle.ingest('often', { rows: 100, days: 2 });
    await oracle.settled('often');
    const watcher = watchQueries(oracle, 'often');
    for (const outageMs of outagesMs) {
      await cluster.nats.kill();
      await pause(outageMs);
      await cluster.nats.restart();
      const backAt = performance.now();
      for (const role of roles) await cluster.leader(role);
      measure('NATS back: both roles led after', performance.now() - backAt);
      // Into the next renewals, each time a little further.
      await pause(300 + outageMs / 4);
    }
    await oracle.ingest('often', { rows: 50 });
    await oracle.settled('often');
    let terms = 0;
    for (const role of roles) {
      const all = reigns(cluster, role);
      terms += all.length;
      expect(overlapsOf(all), `two leaders of ${role}`).to.deep.equal([]);
      const open = await until(`one leader of ${role}`, patienceMs, async () =>
        reigns(cluster, role).filter((one) => one.toMs === Infinity).length === 1 ? true : undefined,
      );
      expect(open).to.equal(true);
    }
    // Some of the outages outlive a lease: someone was elected again.
    expect(terms).to.be.greaterThan(roles.length);
    const { wrong, errors } = await watcher.stop();
    expect(wrong).to.deep.equal([]);
    expect(errors).to.deep.equal([]);
  },
};
