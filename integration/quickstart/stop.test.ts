/** Stopping at any moment: while it starts, when the terminal goes, in the middle of a task; nothing is left behind. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { launchGrove, patienceMs, until, type Grove } from '../launch.js';
import { skipBecause } from '../skips.js';
import { eventsTask, inlineEvents } from './tasks.js';

/** Of a process table entry whose command line names the folder. */
function processesOf(folder: string): string[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(folder) ? [line] : [];
      } catch {
        return [];
      }
    });
}

async function ended(grove: Grove): Promise<number | null> {
  let code: number | null | undefined;
  void grove.exited.then((value) => (code = value));
  return until('the end of the process', patienceMs, async () => code);
}

describe('stopping', function () {
  this.timeout(600_000);
  before(function () {
    if (!fs.existsSync('/proc/self/cmdline')) skipBecause(this, 'no /proc to find processes in');
  });

  const moments: readonly (readonly [string, string, NodeJS.Signals])[] = [
    ['nats-server is up', 'nats-server', 'SIGINT'],
    ['the roles come up', 'metadata store is open', 'SIGTERM'],
    ['a leader is elected', 'elected', 'SIGINT'],
    ['the terminal goes', 'leading', 'SIGHUP'],
  ];
  for (const [moment, text, signal] of moments) {
    it(`when ${moment}`, async () => {
      const grove = await launchGrove({ waitForHealth: false });
      const log = path.join(grove.dataDir, 'grove.log');
      try {
        await until(text, patienceMs, async () => {
          const logged = fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '';
          return (logged + grove.output()).includes(text) ? true : undefined;
        });
        grove.signal(signal);
        expect(await ended(grove)).to.equal(0);
        expect(grove.output()).to.include('stopped');
        expect(processesOf(grove.dataDir)).to.deep.equal([]);
        expect(fs.existsSync(path.join(grove.dataDir, 'grove.lock'))).to.equal(false);
      } finally {
        grove.signal('SIGKILL');
        fs.rmSync(grove.dataDir, { recursive: true, force: true });
      }
    });
  }

  it('lets a task finish that can', async () => {
    const grove = await launchGrove();
    const dataDir = `${grove.dataDir}`;
    try {
      const answer = await grove.request('POST', '/druid/indexer/v1/task', {
        ...(eventsTask('finished', inlineEvents()) as object),
        id: 'in-the-middle',
      });
      expect(answer.status).to.equal(200);
      await until('its process', patienceMs, async () =>
        processesOf(path.join(dataDir, 'tasks')).length > 0 ? true : undefined,
      );
      grove.signal('SIGINT');
      expect(await ended(grove)).to.equal(0);
      expect(processesOf(dataDir)).to.deep.equal([]);
      const again = await launchGrove({ dataDir });
      const { status } = (await again.request('GET', '/druid/indexer/v1/task/in-the-middle/status')).json<{
        status: { statusCode: string; errorMsg: string | null };
      }>();
      expect([status.statusCode, status.errorMsg]).to.deep.equal(['SUCCESS', null]);
      await again.rowsQueryable('finished', 6);
      expect(await again.stop()).to.equal(0);
    } finally {
      fs.rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it('clears what a killed ephemeral start left', async () => {
    const mine = (): string[] =>
      fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith('grove-ephemeral-'));
    const before = new Set(mine());
    const first = await launchGrove({ args: ['--ephemeral'] });
    const left = mine().filter((name) => !before.has(name));
    first.signal('SIGKILL');
    await first.exited;
    const second = await launchGrove({ args: ['--ephemeral'] });
    // Others may start and stop on this machine meanwhile: only what the first had is looked at.
    expect(left.some((name) => processesOf(name).length > 0 && !mine().includes(name))).to.equal(false);
    expect(await second.stop()).to.equal(0);
  });
});
