import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { patienceMs, until } from '../launch.js';
import type { ChaosCase } from './case.js';
import { leaderPlan } from './plans.js';
import { enqueueTask, holdTask, pause, watchQueries } from './steps.js';

/** Files that hold messages, of every stream and bucket. */
function blockFiles(dataDir: string): string[] {
  const store = path.join(dataDir, 'nats/store');
  return fs
    .readdirSync(store, { recursive: true })
    .map((file) => path.join(store, String(file)))
    .filter((file) => file.endsWith('.blk') && fs.statSync(file).size > 0);
}

/** One bit in the middle of the file; or its second half gone. */
function damage(file: string, how: 'flip' | 'cut'): void {
  const bytes = fs.readFileSync(file);
  const middle = bytes.length >> 1;
  if (how === 'cut') fs.truncateSync(file, middle);
  else {
    bytes[middle] = (bytes[middle] ?? 0) ^ 4;
    fs.writeFileSync(file, bytes);
  }
}

export const natsCorrupted: ChaosCase = {
  name: 'nats-block-corrupted',
  about:
    'nats-server is killed and its block files are damaged (a bit flipped, then cut in half): SQL is the record, no task is lost or run twice, epochs never fall',
  plan: leaderPlan,
  measured: 'rounds',
  run: async ({ cluster, oracle, measure, note, rounds }) => {
    await oracle.ingest('blocks', { rows: 200, days: 2 });
    await oracle.settled('blocks');
    let epoch = await cluster.epoch('overlord');
    const watcher = watchQueries(oracle, 'blocks');
    const starts = (): number => cluster.process('mm').log().split('task process started').length - 1;
    let tasks = starts();
    const damages = Array.from({ length: Math.max(2, rounds) }, (_, i) => (i % 2 === 0 ? 'flip' : 'cut'));
    for (const how of damages) {
      // Both ways in leave their marks in NATS; one of the tasks is at work when the server dies.
      const queued = oracle.make('blocks', { rows: 30 });
      await enqueueTask(cluster, queued.task, queued.batch.taskId);
      expect(await oracle.ended(queued.batch)).to.equal('published');
      const { batch, task } = oracle.make('blocks', { rows: 10_000 });
      await oracle.submitted(batch, task);
      const held = await holdTask(cluster, batch);
      await cluster.nats.kill();
      const files = blockFiles(cluster.nats.dataDir);
      for (const file of files) damage(file, how);
      note(`${how}: ${files.length} block files`);
      expect(files.length).to.be.greaterThan(0);
      await pause(500);
      await cluster.nats.restart();
      const backAt = performance.now();
      await until('a leader that can command', patienceMs, async () => {
        await cluster.leader('overlord');
        return (await cluster.gateway.request('GET', '/status/health')).status === 200 ? true : undefined;
      });
      held.goOn();
      expect(await oracle.ended(batch)).to.equal('published');
      const now = await cluster.epoch('overlord');
      expect(now).to.be.at.least(epoch);
      epoch = now;
      const after = oracle.make('blocks', { rows: 40 });
      await enqueueTask(cluster, after.task, after.batch.taskId);
      expect(await oracle.ended(after.batch)).to.equal('published');
      measure('NATS back with damaged blocks: two tasks published after', performance.now() - backAt);
      tasks += 3;
      await oracle.settled('blocks');
    }
    expect(starts()).to.equal(tasks);
    const { wrong, errors } = await watcher.stop();
    expect(wrong).to.deep.equal([]);
    expect(errors).to.deep.equal([]);
  },
};
