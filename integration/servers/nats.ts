/**
 * nats-servers for integration tests: real ones, on free ports, with data in temporary folders, all stopped at the
 * end. The binary is found or obtained the way a user's start does it.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../runtime/clock.js';
import { createLog, prettySink } from '../../runtime/log.js';
import {
  findNatsServer,
  startNatsServer,
  type NatsBinary,
  type NatsServerHandle,
} from '../../runtime/nats-server.js';
import { killTree } from '../../runtime/place.js';
import type { Log } from '../../runtime/types.js';
import { freePorts, patienceMs, until } from '../launch.js';
import { atEnd } from '../leftovers.js';
import { skipBecause } from '../skips.js';

export const clock = systemClock();
/** Silent unless GROVE_TEST_LOG is set. */
export const log: Log = createLog({
  clock,
  level: process.env['GROVE_TEST_LOG'] === undefined ? 'error' : 'debug',
  sink: prettySink((line) => process.stderr.write(line)),
});

/** A port nobody uses at the moment, nor is given for an outgoing connection while its server is away. */
export const freePort = (): Promise<number> => freePorts(1);

const folders: string[] = [];
export function temporaryFolder(prefix = 'grove-test-'): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), prefix));
  folders.push(folder);
  return folder;
}
/** A test that failed half-way may not have stopped its server. */
const running = new Set<NatsServerHandle>();
atEnd(() => {
  for (const { pid, startTime } of running) killTree({ pid, startTime });
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

let found: Promise<NatsBinary> | undefined;
/** Skips the running test (or suite, in `before`) with the reason when no server can be had. */
export async function natsBinary(context: Parameters<typeof skipBecause>[0]): Promise<NatsBinary> {
  found ??= findNatsServer({ clock, env: process.env, progress: (line) => log.info(line) });
  try {
    return await found;
  } catch (thrown) {
    return skipBecause(context, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

export interface TestNats {
  readonly port: number;
  readonly url: string;
  readonly token: string;
  readonly dataDir: string;
  /** The running process; changes with `restart`. */
  server: NatsServerHandle;
  /** kill -9 now; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP; resolves when it stands still: the signal reaches one of its threads first, the others by that one. */
  pause(): Promise<void>;
  resume(): void;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

function isStopped(pid: number): boolean {
  const threads = fs.readdirSync(`/proc/${pid}/task`);
  return threads.every((one) => / T /.test(fs.readFileSync(`/proc/${pid}/task/${one}/stat`, 'utf8')));
}

export async function startTestNats(binary: NatsBinary): Promise<TestNats> {
  const port = await freePort();
  const dataDir = temporaryFolder('grove-nats-');
  const token = 'token-of-the-test';
  const start = async (): Promise<NatsServerHandle> => {
    const started = await startNatsServer({ binary, dataDir, host: '127.0.0.1', port, token, clock, log });
    running.add(started);
    const gone = (): void => void running.delete(started);
    started.exited.then(gone, gone);
    return started;
  };
  const server = await start();
  const self: TestNats = {
    port,
    url: server.url,
    token,
    dataDir,
    server,
    kill: async () => {
      process.kill(self.server.pid, 'SIGKILL');
      await self.server.exited;
    },
    pause: async () => {
      const { pid } = self.server;
      process.kill(pid, 'SIGSTOP');
      await until('the server standing still', patienceMs, async () => (isStopped(pid) ? true : undefined));
    },
    resume: () => void process.kill(self.server.pid, 'SIGCONT'),
    restart: async () => {
      self.server = await start();
    },
    stop: () => self.server.stop(),
  };
  return self;
}
