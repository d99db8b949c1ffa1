/** The real memcached: MEMCACHED, PATH, the cache folder, else unpacked there from the Debian package. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { cacheFolder } from '../../runtime/nats-obtain.js';
import { runCommand } from '../../runtime/place.js';
import { until } from '../launch.js';
import { skipBecause } from '../skips.js';
import { clock } from './nats.js';

export interface TestMemcached {
  readonly address: string;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** It takes connections and answers nothing. */
  pause(): Promise<void>;
  resume(): void;
  /** The same port, nothing kept. */
  start(): Promise<void>;
}

const downloadMs = 60_000;

async function memcachedBinary(context: Parameters<typeof skipBecause>[0]): Promise<string> {
  const named = process.env['MEMCACHED'];
  if (named !== undefined) return named;
  const folder = path.join(cacheFolder(process.env), 'memcached');
  const cached = path.join(folder, 'usr/bin/memcached');
  const places = (process.env['PATH'] ?? '').split(path.delimiter).map((at) => path.join(at, 'memcached'));
  const found = [...places, cached].find((file) => fs.existsSync(file));
  if (found !== undefined) return found;
  fs.mkdirSync(folder, { recursive: true });
  const script = `cd '${folder}' && apt-get download memcached libevent-2.1-7 && for p in *.deb; do dpkg -x "$p" . || exit 1; done`;
  const fetched = await runCommand(clock, 'sh', ['-c', script], { timeLimitMs: downloadMs });
  if (fetched.code !== 0 || !fs.existsSync(cached)) {
    fs.rmSync(folder, { recursive: true, force: true });
    return skipBecause(context, 'memcached is not here and could not be fetched as a Debian package');
  }
  return cached;
}

/** Skips the running test or suite with the reason when no server can be had. */
export async function startTestMemcached(
  context: Parameters<typeof skipBecause>[0],
  port: number,
): Promise<TestMemcached> {
  const binary = await memcachedBinary(context);
  const libraries = path.join(path.dirname(binary), '../lib', libraryFolder());
  let child: ReturnType<typeof spawn> | undefined;
  const server: TestMemcached = {
    address: `127.0.0.1:${port}`,
    start: async () => {
      const started = spawn(binary, ['-l', '127.0.0.1', '-p', String(port), '-m', '64', '-u', 'root'], {
        stdio: 'ignore',
        env: { ...process.env, LD_LIBRARY_PATH: libraries },
      });
      child = started;
      await until('memcached listening', 10_000, () => connects(port));
    },
    pause: async () => {
      const { pid } = child ?? {};
      child?.kill('SIGSTOP');
      await until('memcached stands still', 10_000, async () => Promise.resolve(isStopped(pid)));
    },
    resume: () => void child?.kill('SIGCONT'),
    kill: async () => {
      const gone = child;
      child = undefined;
      if (gone === undefined || gone.exitCode !== null) return;
      await new Promise<void>((done) => {
        gone.once('exit', () => done());
        gone.kill('SIGKILL');
      });
    },
  };
  process.once('exit', () => child?.kill('SIGKILL'));
  await server.start();
  return server;
}

/** As Debian names them. */
const libraryFolder = (): string => (process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu');

/** True where it can't be known. */
function isStopped(pid: number | undefined): true | undefined {
  const file = `/proc/${pid}/stat`;
  if (!fs.existsSync(file)) return true;
  return / [Tt] /.test(fs.readFileSync(file, 'utf8').slice(0, 40)) ? true : undefined;
}

function connects(port: number): Promise<true | undefined> {
  return new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(undefined));
  });
}
