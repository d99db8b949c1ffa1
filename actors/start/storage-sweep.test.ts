import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { silentLog } from '../../runtime/log.js';
import { createVirtualClock } from '../../runtime/virtual-clock.js';
import { LocalStorage } from '../../segment/store/local-storage.js';
import { sweepStorage } from './storage-sweep.js';

describe('sweep of deep storage', () => {
  const hourMs = 3_600_000;
  let root = '';
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-sweep-'));
  });
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

  it('removes old pushes at the start and later, never young ones or segments', async () => {
    const nowMs = 1_700_000_000_000;
    const pushes = path.join(root, 'intermediate_pushes');
    const push = (name: string, hours: number): void => {
      const folder = path.join(pushes, name);
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folder, 'f'), 'x');
      fs.utimesSync(folder, (nowMs - hours * hourMs) / 1000, (nowMs - hours * hourMs) / 1000);
    };
    push('push-old', 30);
    push('push-young', 20);
    fs.mkdirSync(path.join(root, 'ds', 'index'), { recursive: true });
    const clock = createVirtualClock({ startMs: nowMs });
    const stop = new AbortController();
    const storage = new LocalStorage({ root });
    const swept: Promise<number>[] = [];
    const sweeping = sweepStorage({
      storage: {
        sweep: (at, age) => {
          const work = storage.sweep(at, age);
          swept.push(work);
          return work;
        },
      },
      clock,
      log: silentLog(),
      signal: stop.signal,
    });
    expect(await swept[0]).to.equal(1);
    expect(fs.readdirSync(pushes)).to.deep.equal(['push-young']);
    while (swept.length < 2) await clock.advance(hourMs);
    expect(await swept[1]).to.equal(1);
    expect(fs.readdirSync(pushes)).to.deep.equal([]);
    expect(fs.readdirSync(root).sort()).to.deep.equal(['ds', 'intermediate_pushes']);
    stop.abort();
    await sweeping;
  });
});
