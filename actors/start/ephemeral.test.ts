import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { lockDataFolder, processRegistry } from '../../runtime/data-folder.js';
import { commandLine, spawnProcess, type ProcessHandle } from '../../runtime/place.js';
import { makeEphemeralFolder } from './ephemeral.js';

describe('ephemeral folders', () => {
  let parent = '';
  let server: ProcessHandle | undefined;
  beforeEach(() => {
    parent = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-parent-'));
  });
  afterEach(() => {
    server?.kill('SIGKILL');
    fs.rmSync(parent, { recursive: true, force: true });
  });

  /** As a process leaves it that was killed: its lock, and a server that goes on. */
  async function abandoned(): Promise<{ readonly folder: string; readonly ended: Promise<unknown> }> {
    const folder = makeEphemeralFolder(parent);
    const dead = { pid: 2 ** 22 + 1, startTime: 'long ago', incarnation: 'x' };
    fs.writeFileSync(path.join(folder, 'grove.lock'), JSON.stringify(dead));
    server = spawnProcess({ command: 'sleep', args: ['1000'] });
    const { pid, startTime, exited } = server;
    // It is told as started a moment before the system knows its arguments.
    while (!commandLine(pid).includes('sleep')) await setImmediate();
    const entry = { name: 'nats-server', pid, startTime, commandLinePart: 'sleep', details: {} };
    processRegistry(folder).record(entry);
    return { folder, ended: exited };
  }

  it('removes what a killed start left, its servers too', async () => {
    const { folder, ended } = await abandoned();
    const next = makeEphemeralFolder(parent);
    expect(fs.readdirSync(parent)).to.deep.equal([path.basename(next)]);
    expect(await ended).to.deep.equal({ code: null, signal: 'SIGKILL' });
    expect(fs.existsSync(folder)).to.equal(false);
  });

  it('leaves alone what is in use, not locked yet, or no such folder', () => {
    const inUse = makeEphemeralFolder(parent);
    lockDataFolder(inUse, 'i');
    const fresh = makeEphemeralFolder(parent);
    fs.mkdirSync(path.join(parent, 'other'));
    fs.symlinkSync(os.tmpdir(), path.join(parent, 'grove-ephemeral-link'));
    const next = makeEphemeralFolder(parent);
    expect(fs.readdirSync(parent).sort()).to.deep.equal(
      [inUse, fresh, next, 'other', 'grove-ephemeral-link'].map((name) => path.basename(name)).sort(),
    );
  });
});
