/**
 * Processes, the data folder's lock and registry, and the life of our own nats-server.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { createActorSystem } from '../../runtime/actor-system.js';
import { seededRandom, systemRandom } from '../../runtime/clock.js';
import { lockDataFolder, processRegistry } from '../../runtime/data-folder.js';
import { pause } from '../../runtime/deadline.js';
import { createMetrics } from '../../runtime/metrics.js';
import {
  findNatsServer,
  installationToken,
  natsConfigText,
  natsServerBehavior,
  probePort,
  startNatsServer,
  type NatsBinary,
  type NatsServerExited,
  type NatsServerHandle,
} from '../../runtime/nats-server.js';
import {
  commandLine,
  descendants,
  isSameProcess,
  killTree,
  ownIdentity,
  runCommand,
  spawnProcess,
  spawnThread,
  stopProcess,
} from '../../runtime/place.js';
import type { ChildSpec, Clock } from '../../runtime/types.js';
import { patienceMs, until as untilFound } from '../launch.js';
import { clock, freePort, log, natsBinary, startTestNats, temporaryFolder } from '../servers/nats.js';

function failure(work: () => unknown): CodedError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
async function failed(work: Promise<unknown>): Promise<CodedError> {
  return work.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (thrown: unknown) => thrown as CodedError,
  );
}
function script(text: string): string {
  const file = path.join(temporaryFolder(), 'script.mjs');
  fs.writeFileSync(file, text);
  return file;
}
const until = (what: string, holds: () => boolean): Promise<true> =>
  untilFound(what, patienceMs, async () => (holds() ? true : undefined));

describe('processes', function () {
  this.timeout(600_000);

  it('starts detached with a log file, recognises and stops it', async () => {
    const logFile = path.join(temporaryFolder(), 'out.log');
    const entry = script(`
      process.on('SIGTERM', () => { console.log('bye'); process.exit(3); });
      console.log('args', process.argv.slice(2).join(), process.env.COLOUR, process.execArgv.join());
      setInterval(() => {}, 1000);`);
    const handle = spawnProcess({
      entry,
      args: ['a', 'b'],
      nodeArgs: ['--max-old-space-size=64'],
      env: { ...process.env, COLOUR: 'blue' },
      detached: true,
      logFile,
    });
    await until('its output', () => fs.readFileSync(logFile, 'utf8').includes('args'));
    expect(fs.readFileSync(logFile, 'utf8')).to.equal('args a,b blue --max-old-space-size=64\n');
    expect(isSameProcess(handle, path.basename(entry))).to.equal(true);
    expect(isSameProcess(handle, 'something else')).to.equal(false);
    expect(isSameProcess({ pid: handle.pid, startTime: ownIdentity().startTime })).to.equal(false);
    expect(commandLine(handle.pid)).to.include('a b');
    expect(await stopProcess(clock, handle, patienceMs)).to.equal(true);
    expect(await handle.exited).to.deep.equal({ code: 3, signal: null });
    expect(fs.readFileSync(logFile, 'utf8')).to.include('bye');
    expect(isSameProcess(handle)).to.equal(false);
    expect(await stopProcess(clock, handle, 100)).to.equal(true);
  });

  it('kills what does not stop, with its children', async () => {
    const child = script("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);");
    const entry = script(`
      import { spawn } from 'node:child_process';
      process.on('SIGTERM', () => {});
      spawn(process.execPath, [${JSON.stringify(child)}], { stdio: 'ignore' });
      setInterval(() => {}, 1000);`);
    const handle = spawnProcess({ entry, args: [] });
    await until('its child', () => descendants(handle.pid).length === 1);
    const [below = 0] = descendants(handle.pid);
    await pause(clock, 200);
    expect(await stopProcess(clock, handle, 200)).to.equal(false);
    expect((await handle.exited).signal).to.equal('SIGKILL');
    await until('the end of the child', () => commandLine(below) === '');
    killTree(handle);
  });

  it('says when a program is missing or takes too long', async () => {
    expect(failure(() => spawnProcess({ command: '/no/such/program', args: [] })).code).to.equal(
      'Unavailable',
    );
    expect((await runCommand(clock, '/no/such/program', [], { timeLimitMs: 1_000 })).code).to.equal(127);
    const begun = path.join(temporaryFolder(), 'begun');
    let isOver = (): void => undefined;
    const held: Clock = {
      ...clock,
      setTimer: (_, action) => {
        isOver = action;
        return { cancel: () => undefined };
      },
    };
    const start = clock.monotonic();
    const command = `echo begun; touch '${begun}'; sleep 600 & sleep 600`;
    const slow = runCommand(held, 'sh', ['-c', command], { timeLimitMs: 300 });
    await until('its beginning', () => fs.existsSync(begun));
    isOver();
    expect(await slow).to.deep.equal({ code: 124, output: 'begun\n' });
    // The two sleeps would have taken so long.
    expect(clock.monotonic() - start).to.be.below(patienceMs);
  });

  it('starts threads', async () => {
    const entry = script(
      "import { parentPort, workerData } from 'node:worker_threads'; parentPort.postMessage(workerData * 2);",
    );
    const thread = spawnThread({ url: new URL(`file://${entry}`), workerData: 21 });
    expect(await new Promise((resolve) => thread.once('message', resolve))).to.equal(42);
    await thread.terminate();
  });
});

describe('data folder', function () {
  this.timeout(600_000);

  it('belongs to one living process; a dead owner is followed', async () => {
    const dir = path.join(temporaryFolder(), 'var');
    const first = lockDataFolder(dir, 'one');
    expect(first.previousIncarnation).to.equal(undefined);
    const refused = failure(() => lockDataFolder(dir, 'two'));
    expect(refused.code).to.equal('Conflict');
    expect(refused.message).to.include(String(process.pid));
    first.release();
    expect(lockDataFolder(dir, 'three').previousIncarnation).to.equal(undefined);
    // A process that took the lock and was killed.
    const other = path.join(temporaryFolder(), 'var');
    const module = new URL('../../runtime/data-folder.js', import.meta.url).href;
    const entry = script(`
      import { lockDataFolder } from ${JSON.stringify(module)};
      lockDataFolder(${JSON.stringify(other)}, 'theirs');
      setInterval(() => {}, 1000);`);
    const handle = spawnProcess({ entry, args: [] });
    await until('its lock', () => fs.existsSync(path.join(other, 'grove.lock')));
    expect(failure(() => lockDataFolder(other, 'mine')).message).to.include(String(handle.pid));
    handle.kill('SIGKILL');
    await handle.exited;
    const taken = lockDataFolder(other, 'mine');
    expect(taken.previousIncarnation).to.equal('theirs');
    taken.release();
    fs.writeFileSync(path.join(other, 'grove.lock'), '{ torn');
    fs.writeFileSync(path.join(other, `grove.lock.${handle.pid}`), 'a draft of the killed one');
    lockDataFolder(other, 'again').release();
    expect(fs.readdirSync(other)).to.deep.equal([]);
  });

  it('remembers the processes it started, as long as they live', async () => {
    const registry = processRegistry(temporaryFolder());
    const entry = script('setInterval(() => {}, 1000);');
    const handle = spawnProcess({ entry, args: ['task-7'] });
    const { pid, startTime } = handle;
    const details = { task: '7' };
    registry.record({ name: 'peon-7', pid, startTime, commandLinePart: 'task-7', details });
    registry.record({ name: 'stale', pid, startTime, commandLinePart: 'another program', details: {} });
    await until('its command line', () => commandLine(pid).includes('task-7'));
    registry.record({ name: 'peon-7', pid, startTime, commandLinePart: 'task-7', details });
    expect(registry.living()).to.deep.equal([
      { name: 'peon-7', pid, startTime, commandLinePart: 'task-7', details },
    ]);
    expect(registry.find('stale')).to.equal(undefined);
    handle.kill('SIGKILL');
    await handle.exited;
    expect(registry.living()).to.deep.equal([]);
    expect(failure(() => registry.forget('../x')).code).to.equal('InvalidInput');
  });

  it('keeps one token', () => {
    const dir = temporaryFolder();
    const random = seededRandom(1);
    const token = installationToken(dir, '', (bytes) => random.hex(bytes));
    expect(token).to.match(/^[0-9a-f]{48}$/);
    expect(installationToken(dir, '', () => 'another')).to.equal(token);
    expect(installationToken(dir, 'given', () => 'another')).to.equal('given');
    expect(fs.statSync(path.join(dir, 'nats.token')).mode & 0o077).to.equal(0);
  });
});

describe('nats-server', function () {
  this.timeout(600_000);
  let binary: NatsBinary;
  before(async function () {
    this.timeout(600_000);
    binary = await natsBinary(this);
  });

  it('syncs every write where the server knows how', () => {
    const config = { host: '127.0.0.1', port: 1, token: 'a"b', storeDir: '/x', serverName: 'n' };
    expect(natsConfigText({ ...config, version: '2.9.10' })).to.not.include('sync_interval');
    expect(natsConfigText({ ...config, version: '2.11.0' })).to.include('sync_interval: always');
    expect(natsConfigText({ ...config, version: '2.11.0' })).to.include(String.raw`token: "a\"b"`);
  });

  it('is stopped cleanly, in a group of its own', async () => {
    const nats = await startTestNats(binary);
    expect(await probePort(clock, '127.0.0.1', nats.port)).to.include({
      kind: 'nats',
      version: binary.version,
    });
    const group = fs.readFileSync(`/proc/${nats.server.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    expect(Number(group)).to.equal(nats.server.pid);
    await nats.stop();
    expect((await nats.server.exited).signal ?? 'none').to.not.equal('SIGKILL');
    expect(await probePort(clock, '127.0.0.1', nats.port)).to.deep.equal({ kind: 'free' });
    expect(processRegistry(nats.dataDir).find('nats-server')).to.equal(undefined);
  });

  it('reports its exit, and stops the orphan of a crashed owner before starting', async () => {
    const nats = await startTestNats(binary);
    const orphan = nats.server;
    await nats.restart();
    expect(nats.server.pid).to.not.equal(orphan.pid);
    await orphan.exited;
    await nats.kill();
    expect((await nats.server.exited).signal).to.equal('SIGKILL');
    await nats.restart();
    await nats.stop();
  });

  it('names a port taken by another NATS server or by another program', async () => {
    const nats = await startTestNats(binary);
    const options = { binary, host: '127.0.0.1', token: 't', clock, log };
    const second = await failed(startNatsServer({ ...options, dataDir: temporaryFolder(), port: nats.port }));
    expect(second.code).to.equal('Conflict');
    expect(second.message)
      .to.include(`port[${nats.port}]`)
      .and.to.include('another NATS server')
      .and.to.include('--nats');
    await nats.stop();
    const port = await freePort();
    const stranger = net
      .createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
      .listen(port, '127.0.0.1');
    const third = await failed(startNatsServer({ ...options, dataDir: temporaryFolder(), port }));
    expect(third.message).to.include(`port[${port}]`).and.to.include('another program');
    stranger.close();
  });

  it('as an actor: its supervisor starts it again after kill -9, and stops it with the tree', async () => {
    const [port, dataDir] = [await freePort(), temporaryFolder()];
    const ready: NatsServerHandle[] = [];
    const system = createActorSystem({ clock, random: systemRandom(), log, metrics: createMetrics() });
    const options = { binary, dataDir, host: '127.0.0.1', port, token: 't' };
    const behavior = () => natsServerBehavior({ ...options, onReady: (server) => ready.push(server) });
    const child: ChildSpec<NatsServerExited> = { name: 'nats-server', behavior };
    await system.start({
      name: 'grove',
      strategy: 'one_for_one',
      children: [child as unknown as ChildSpec<never>],
    });
    expect(ready).to.have.lengthOf(1);
    const begun = clock.monotonic();
    process.kill(ready[0]?.pid ?? 0, 'SIGKILL');
    await until('another server', () => ready.length === 2);
    log.info('nats-server is back', { ms: clock.monotonic() - begun });
    await system.stop(patienceMs);
    expect(await probePort(clock, '127.0.0.1', port)).to.deep.equal({ kind: 'free' });
  });

  it('may take its time to speak', async () => {
    const file = path.join(temporaryFolder(), 'nats-server');
    const text = `#!/usr/bin/env node
      const config = require('node:fs').readFileSync(process.argv[3], 'utf8');
      const setting = (name) => JSON.parse(new RegExp('^' + name + ': (.*)$', 'm').exec(config)[1]);
      const hello = 'INFO ' + JSON.stringify({ version: '2.11.0', server_name: setting('server_name') });
      require('node:net').createServer((socket) => {
        socket.on('error', () => {});
        setTimeout(() => socket.end(hello + '\\r\\n'), process.uptime() < 4 ? 3_000 : 0);
      }).listen(setting('port'), setting('host'));`;
    fs.writeFileSync(file, text, { mode: 0o755 });
    const slow = { ...binary, path: file };
    const [port, dataDir] = [await freePort(), temporaryFolder()];
    const options = { binary: slow, dataDir, host: '127.0.0.1', port, token: 't', clock, log };
    const server = await startNatsServer(options);
    await server.stop();
  });

  it('says why it did not start', async () => {
    const file = path.join(temporaryFolder(), 'nats-server');
    fs.writeFileSync(file, '#!/bin/sh\necho "no such option: sync_interval"\nexit 1\n', { mode: 0o755 });
    const broken = { ...binary, path: file };
    const port = await freePort();
    const error = await failed(
      startNatsServer({
        binary: broken,
        dataDir: temporaryFolder(),
        host: '127.0.0.1',
        port,
        token: 't',
        clock,
        log,
      }),
    );
    expect(error.code).to.equal('Unavailable');
    expect(error.message).to.include('no such option');
  });

  it('is looked for in order, and a useless one is passed over with its reason', async () => {
    const lines: string[] = [];
    const find = (env: Record<string, string>, cacheDir = temporaryFolder()) =>
      findNatsServer({ clock, env, cacheDir, obtain: false, progress: (line) => lines.push(line) });
    expect((await find({ NATS_SERVER: binary.path })).source).to.equal('NATS_SERVER');
    expect((await failed(find({ NATS_SERVER: '/no/such/file' }))).code).to.equal('InvalidInput');
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'nats-server'), '#!/bin/sh\necho nats-server: v2.8.4\n', {
      mode: 0o755,
    });
    const cache = temporaryFolder();
    fs.symlinkSync(binary.path, path.join(cache, 'nats-server'));
    const found = await find({ PATH: folder }, cache);
    expect(['cache', 'PATH']).to.include(found.source);
    expect(lines.join('\n')).to.include('2.8.4').and.to.include('older than 2.9.10');
    const nothing = await failed(
      findNatsServer({
        clock,
        env: { PATH: folder },
        cacheDir: temporaryFolder(),
        ways: [],
        progress: () => undefined,
      }),
    ).catch(() => undefined);
    if (nothing !== undefined) expect(nothing.message).to.include('Install nats-server');
  });
});
