/**
 * The launcher of integration tests: starts real Grove processes on free ports with temporary folders, waits for
 * health, kills and pauses them, and cleans everything up.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd } from './leftovers.js';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  json<T = unknown>(): T;
}

export interface Grove {
  readonly url: string;
  readonly portBase: number;
  readonly grpcAddress: string;
  readonly natsUrl: () => string;
  readonly pid: number;
  readonly dataDir: string;
  /** Everything it wrote to standard output and error so far. */
  output(): string;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  query(body: unknown): Promise<Answer>;
  /** Submits a task and waits until it ends, {@link patienceMs} unless said otherwise; answers its status record. */
  ingest(
    task: unknown,
    deadlineMs?: number,
  ): Promise<{ id: string; statusCode: string; errorMsg: string | null }>;
  /** Waits until a native count over everything equals `rows`. */
  rowsQueryable(dataSource: string, rows: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after the grace; removes the data folder unless it was handed in. */
  stop(): Promise<number | null>;
  readonly exited: Promise<number | null>;
}

export interface LaunchOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Kept over restarts; made and removed here when absent. */
  readonly dataDir?: string;
  readonly portBase?: number;
  readonly waitForHealth?: boolean;
}

/**
 * What happens for certain is waited for so long: a machine may be slow and busy with other things. How long it takes is
 * no matter of these tests, see `measure` of chaos cases and `npm run perf`.
 */
export const patienceMs = 120_000;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** What a probe is thrown that will never answer: it is not waited for any longer. */
export class Hopeless extends Error {}

/** Polls until `probe` answers something; fails with `what` after the deadline, and at once when it is hopeless. */
export async function until<T>(
  what: string,
  deadlineMs: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error;
    }
    await pause(25);
  }
  throw new Error(
    `${what} did not happen within ${deadlineMs} ms${last instanceof Error ? `: ${last.message}` : ''}`,
  );
}

/** Ports this process has promised to somebody: what was promised may not listen yet, and looks free until it does. */
const promisedPorts = new Set<number>();

/** A port base with `count` free ports in a row; none of them is ever handed out again by this process. */
export async function freePorts(count = 3): Promise<number> {
  const isFree = (port: number): Promise<boolean> =>
    new Promise((done) => {
      const server = net.createServer();
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
  for (let attempt = 0; attempt < 200; attempt++) {
    // Below the range that outgoing connections take theirs from.
    const base = 10_000 + Math.floor(Math.random() * 22_000);
    const ports = Array.from({ length: count }, (_, i) => base + i);
    if (ports.some((port) => promisedPorts.has(port))) continue;
    for (const port of ports) promisedPorts.add(port);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error('No free ports found');
}

export function temporaryFolder(prefix = 'grove-test-'): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), prefix));
}

function spawnGrove(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, ['scripts/grove.mjs', 'start', ...args], {
    cwd: root,
    env: { ...process.env, GROVE_NO_BUILD: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function launchGrove(options: LaunchOptions = {}): Promise<Grove> {
  const portBase = options.portBase ?? (await freePorts());
  const dataDir = options.dataDir ?? temporaryFolder();
  const args = [
    '--port-base',
    String(portBase),
    '--data-dir',
    dataDir,
    '--no-sample',
    ...(options.args ?? []),
  ];
  const child = spawnGrove(args, options.env ?? {});
  let text = '';
  child.stdout?.on('data', (chunk) => (text += String(chunk)));
  child.stderr?.on('data', (chunk) => (text += String(chunk)));
  const exited = new Promise<number | null>((done) => child.on('exit', (code) => done(code)));
  // It has a NATS server of its own to stop, which a sudden end would leave behind.
  const ended = atEnd(() => child.kill('SIGTERM'));
  void exited.then(ended);
  const grove = groveOf(child, {
    portBase,
    dataDir,
    exited,
    output: () => text,
    keep: options.dataDir !== undefined,
  });
  if (options.waitForHealth !== false) await waitForHealth(grove);
  return grove;
}

async function waitForHealth(grove: Grove): Promise<void> {
  let ended: number | null | undefined;
  void grove.exited.then((code) => (ended = code));
  try {
    await until('health', patienceMs, async () => {
      if (ended !== undefined) return true;
      const answer = await grove.request('GET', '/status/health');
      return answer.status === 200 && answer.text === 'true' ? true : undefined;
    });
  } catch (error) {
    await grove.stop();
    throw new Error(`${error instanceof Error ? error.message : ''}\n${grove.output()}`, { cause: error });
  }
  if (ended !== undefined) throw new Error(`Grove ended with ${ended}:\n${grove.output()}`);
}

interface Parts {
  readonly portBase: number;
  readonly dataDir: string;
  readonly exited: Promise<number | null>;
  readonly output: () => string;
  readonly keep: boolean;
}

function groveOf(child: ChildProcess, parts: Parts): Grove {
  const url = `http://127.0.0.1:${parts.portBase}`;
  const request: Grove['request'] = async (method, at, body, headers = {}) => {
    const init: RequestInit = { method, headers: { ...headers } };
    if (body !== undefined) {
      init.body = typeof body === 'string' ? body : JSON.stringify(body);
      init.headers = { 'content-type': 'application/json', ...headers };
    }
    const response = await fetch(url + at, init);
    const text = await response.text();
    return {
      status: response.status,
      text,
      headers: response.headers,
      json: <T>() => JSON.parse(text) as T,
    };
  };
  const grove: Grove = {
    url,
    portBase: parts.portBase,
    grpcAddress: `127.0.0.1:${parts.portBase + 1}`,
    natsUrl: () => {
      const token = fs.readFileSync(path.join(parts.dataDir, 'nats.token'), 'utf8').trim();
      return `nats://${token}@127.0.0.1:${parts.portBase + 2}`;
    },
    pid: child.pid ?? -1,
    dataDir: parts.dataDir,
    output: parts.output,
    exited: parts.exited,
    request,
    query: (body) => request('POST', '/druid/v2', body),
    ingest: (task, deadlineMs = patienceMs) => ingest(request, task, deadlineMs),
    rowsQueryable: (dataSource, rows) => rowsQueryable(request, dataSource, rows),
    signal: (name) => void child.kill(name),
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const code = await parts.exited;
      clearTimeout(timer);
      if (!parts.keep) fs.rmSync(parts.dataDir, { recursive: true, force: true });
      return code;
    },
  };
  return grove;
}

async function ingest(
  request: Grove['request'],
  task: unknown,
  deadlineMs: number,
): Promise<{ id: string; statusCode: string; errorMsg: string | null }> {
  const answer = await request('POST', '/druid/indexer/v1/task', task);
  if (answer.status !== 200) throw new Error(`Task refused: ${answer.status} ${answer.text}`);
  const { task: id } = answer.json<{ task: string }>();
  return until(`end of task ${id}`, deadlineMs, async () => {
    const { status } = (
      await request('GET', `/druid/indexer/v1/task/${encodeURIComponent(id)}/status`)
    ).json<{
      status: { statusCode: string; errorMsg: string | null };
    }>();
    return status.statusCode === 'RUNNING' ? undefined : { id, ...status };
  });
}

async function rowsQueryable(request: Grove['request'], dataSource: string, rows: number): Promise<void> {
  const body = {
    queryType: 'timeseries',
    dataSource,
    granularity: 'all',
    intervals: ['0000-01-01/9999-01-01'],
    aggregations: [{ type: 'count', name: 'rows' }],
  };
  await until(`${rows} rows in ${dataSource}`, patienceMs, async () => {
    const answer = await request('POST', '/druid/v2', body);
    if (answer.status !== 200) return undefined;
    const [first] = answer.json<{ result: { rows: number } }[]>();
    return (first?.result.rows ?? 0) === rows ? true : undefined;
  });
}
