import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase } from './case.js';
import { leaderPlan } from './plans.js';

export const oldBackup: ChaosCase = {
  name: 'metadata-from-old-backup',
  about:
    'metadata restored from an old backup while caches live: the leader raises its epoch above what they have seen',
  plan: leaderPlan,
  run: async ({ cluster, oracle, measure }) => {
    const meta = cluster.process('meta');
    await oracle.ingest('restored', { rows: 200, days: 2 });
    await oracle.settled('restored');
    await meta.terminate();
    const file = path.join(meta.dataDir, 'metadata.db');
    fs.copyFileSync(file, `${file}.backup`);
    await meta.restart();
    // Epochs go up, and the data nodes hear of it by a new segment.
    for (let i = 0; i < 2; i++) {
      const leader = await cluster.leader('coordinator');
      await leader.kill();
      for (const role of ['coordinator', 'overlord']) await cluster.leadership(role, leader);
      await leader.restart();
    }
    const lost = await oracle.ingest('restored', { rows: 50 });
    await oracle.settled('restored');
    await meta.kill();
    for (const ending of ['', '-wal', '-shm']) fs.rmSync(file + ending, { force: true });
    fs.copyFileSync(`${file}.backup`, file);
    // What was published after the backup is not in the record any more.
    lost.outcome = 'failed';
    lost.wasSeen = false;
    await meta.restart();
    const backAt = performance.now();
    await until('a task published under the restored record', patienceMs, async () => {
      const { batch, task } = oracle.make('after_restore', { rows: 40 });
      await oracle.submitted(batch, task);
      return (await oracle.ended(batch)) === 'published' ? true : undefined;
    });
    await oracle.settled('after_restore');
    measure('metadata restored: a new segment loaded after', performance.now() - backAt);
    await oracle.settled('restored');
    expect(await cluster.epoch('coordinator')).to.be.greaterThan(2);
  },
};
