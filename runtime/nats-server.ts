/**
 * A nats-server of our own: its configuration, start, readiness, stop. It runs in a process group of its own, so that
 * a Ctrl-C in the terminal reaches Grove first and the server last; its exit is reported so that its actor can start
 * it again. A server that an earlier process of this data folder left behind is stopped first.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';
import { processRegistry } from './data-folder.js';
import { pause } from './deadline.js';
import type { NatsBinary } from './nats-obtain.js';
import { versionAtLeast } from './nats-mapping.js';
import {
  spawnProcess,
  stopProcess,
  type ProcessExit,
  type ProcessHandle,
  type ProcessIdentity,
} from './place.js';
import type { ActorContext, Behavior, Clock, Log } from './types.js';

export { findNatsServer, type NatsBinary, type FindOptions } from './nats-obtain.js';

const REGISTRY_NAME = 'nats-server';
const READY_MS = 15_000;
const PROBE_MS = 1_000;
const POLL_MS = 10;
const STOP_GRACE_MS = 3_000;
const PAYLOAD_BYTES_MAX = 1_048_576;
/** The first version where `sync_interval: always` is known to exist; older ones refuse to start with it. */
const SYNC_ALWAYS_FROM = '2.11.0';

export interface NatsServerOptions {
  readonly binary: NatsBinary;
  /** Grove's data folder; the server's files go to `nats/` below it. */
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
}
export interface NatsServerHandle extends ProcessIdentity {
  readonly version: string;
  /** nats://host:port, without the token. */
  readonly url: string;
  /** Resolves when the process has ended, wanted or not. */
  readonly exited: Promise<ProcessExit>;
  /** SIGTERM, and SIGKILL after 3 s. */
  stop(): Promise<void>;
}

export interface NatsConfig {
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly storeDir: string;
  readonly serverName: string;
}

/** The configuration file's text. Options stand on lines of their own: the server's parser needs that. */
export function natsConfigText(config: NatsConfig): string {
  const text = (value: string): string => JSON.stringify(value);
  return [
    `server_name: ${text(config.serverName)}`,
    `host: ${text(config.host)}`,
    `port: ${config.port}`,
    `max_payload: ${PAYLOAD_BYTES_MAX}`,
    'ping_interval: "1s"',
    'ping_max: 2',
    'write_deadline: "2s"',
    'authorization {',
    `  token: ${text(config.token)}`,
    '}',
    'jetstream {',
    `  store_dir: ${text(config.storeDir)}`,
    ...(versionAtLeast(config.version, SYNC_ALWAYS_FROM) ? ['  sync_interval: always'] : []),
    '}',
    '',
  ].join('\n');
}

/** What answers on a port. */
export type PortState =
  | { readonly kind: 'free' }
  | { readonly kind: 'nats'; readonly version: string; readonly serverName: string }
  /** It took no connection or said nothing in time: a server may be just coming up. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'other' };

/** Connects and reads the greeting: a NATS server speaks first. */
export function probePort(clock: Clock, host: string, port: number): Promise<PortState> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    let text = '';
    const finish = (state: PortState): void => {
      timer.cancel();
      socket.destroy();
      resolve(state);
    };
    // When this thread itself stood still, what came meanwhile is looked at first.
    let timer = clock.setTimer(PROBE_MS, () => {
      timer = clock.setTimer(POLL_MS, () => finish({ kind: 'silent' }));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      finish(error.code === 'ECONNREFUSED' ? { kind: 'free' } : { kind: 'other' });
    });
    socket.on('end', () => finish(greeting(text)));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n') || text.length > 65_536) finish(greeting(text));
    });
  });
}

function greeting(text: string): PortState {
  const line = /^INFO (\{.*\})\s*\r\n/.exec(text)?.[1];
  if (line === undefined) return { kind: 'other' };
  try {
    const info = JSON.parse(line) as { version?: unknown; server_name?: unknown };
    return { kind: 'nats', version: String(info.version), serverName: String(info.server_name) };
  } catch {
    return { kind: 'other' };
  }
}

function portTaken(host: string, port: number, state: PortState): CodedError {
  const who = state.kind === 'nats' ? `another NATS server (version ${state.version})` : 'another program';
  const use = state.kind === 'nats' ? `, or use that server with --nats nats://${host}:${port}` : '';
  return new CodedError(
    'Conflict',
    `port[${port}] on ${host} is taken by ${who}: stop it, or choose another port with --nats-port${use}`,
    { port },
  );
}

/**
 * Stops what an earlier process of this data folder left, then starts the server and waits until it answers.
 * @throws CodedError Conflict (port taken), Unavailable (did not start; the message holds the log's last lines).
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServerHandle> {
  const { clock, log, host, port, binary } = options;
  const dir = path.join(options.dataDir, 'nats');
  const storeDir = path.join(dir, 'store');
  fs.mkdirSync(storeDir, { recursive: true });
  const configFile = path.join(dir, 'nats-server.conf');
  const logFile = path.join(dir, 'nats-server.log');
  await stopOrphan(options);
  const before = await probePort(clock, host, port);
  if (before.kind !== 'free') throw portTaken(host, port, before);
  const serverName = `grove-${path.basename(options.dataDir)}-${process.pid}-${Math.round(clock.now())}`;
  const text = natsConfigText({
    version: binary.version,
    host,
    port,
    token: options.token,
    storeDir,
    serverName,
  });
  fs.writeFileSync(configFile, text, { mode: 0o600 });
  const logStart = fs.existsSync(logFile) ? fs.statSync(logFile).size : 0;
  const child = spawnProcess({ command: binary.path, args: ['-c', configFile], detached: true, logFile });
  const registry = processRegistry(options.dataDir);
  registry.record({
    name: REGISTRY_NAME,
    pid: child.pid,
    startTime: child.startTime,
    commandLinePart: configFile,
    details: { port: String(port) },
  });
  await untilReady(options, child, serverName, () => logTail(logFile, logStart));
  log.info('nats-server is ready', { pid: child.pid, port, version: binary.version });
  return {
    pid: child.pid,
    startTime: child.startTime,
    version: binary.version,
    url: `nats://${host.includes(':') ? `[${host}]` : host}:${port}`,
    exited: child.exited,
    stop: async () => {
      if (!(await stopProcess(clock, child, STOP_GRACE_MS)))
        log.warn('nats-server had to be killed', { pid: child.pid });
      await child.exited;
      registry.forget(REGISTRY_NAME);
    },
  };
}

async function stopOrphan(options: NatsServerOptions): Promise<void> {
  const registry = processRegistry(options.dataDir);
  const orphan = registry.find(REGISTRY_NAME);
  if (orphan === undefined) return;
  options.log.info('stopping the nats-server an earlier run left behind', { pid: orphan.pid });
  await stopProcess(options.clock, orphan, STOP_GRACE_MS);
  registry.forget(REGISTRY_NAME);
}

/** Ready = the server with our own name answers; anything else on the port is not ours. */
async function untilReady(
  options: NatsServerOptions,
  child: ProcessHandle,
  serverName: string,
  tail: () => string,
): Promise<void> {
  const { clock, host, port } = options;
  const until = clock.monotonic() + READY_MS;
  let ended: ProcessExit | undefined;
  const watching = child.exited.then((exit) => {
    ended = exit;
  });
  while (clock.monotonic() < until && ended === undefined) {
    const state = await probePort(clock, host, port);
    if (state.kind === 'nats' && state.serverName === serverName) return;
    if (state.kind === 'other' || state.kind === 'nats') {
      await stopProcess(clock, child, STOP_GRACE_MS);
      throw portTaken(host, port, state);
    }
    await Promise.race([watching, pause(clock, POLL_MS)]);
  }
  await stopProcess(clock, child, STOP_GRACE_MS);
  throw new CodedError('Unavailable', `nats-server[${options.binary.path}] did not start: ${tail()}`);
}

/** The last lines since `from`; the token never gets into that log. */
function logTail(file: string, from: number): string {
  const lines = fs.readFileSync(file).subarray(from).toString().trim().split('\n');
  return lines.slice(-3).join(' | ') || 'its log is empty';
}

// ---- as an actor

export interface NatsServerExited {
  readonly type: 'NatsServerExited';
  readonly exit: ProcessExit;
}

/**
 * Owns the server: starts it (stopping an orphan), fails when it ends by itself (its supervisor then starts it again,
 * on the same port with the same token), stops it when the actor stops.
 */
export function natsServerBehavior(
  options: Omit<NatsServerOptions, 'binary' | 'log' | 'clock'> & {
    readonly binary: NatsBinary | ((context: ActorContext<NatsServerExited>) => Promise<NatsBinary>);
    readonly onReady?: (server: NatsServerHandle) => void;
  },
): Behavior<NatsServerExited> {
  let server: NatsServerHandle | undefined;
  return {
    started: async (context) => {
      const { clock, log } = context;
      const binary = typeof options.binary === 'function' ? await options.binary(context) : options.binary;
      server = await startNatsServer({ ...options, binary, clock, log });
      // Not pipeToSelf: a drain would wait for this "work", which ends only when the actor stops the server.
      const report = (exit: ProcessExit): void => void context.self.tell({ type: 'NatsServerExited', exit });
      server.exited.then(report, () => report({ code: null, signal: null }));
      options.onReady?.(server);
    },
    receive: (message) => {
      const { code, signal } = message.exit;
      throw new CodedError(
        'Unavailable',
        `nats-server has ended (code ${code ?? '-'}, signal ${signal ?? '-'})`,
      );
    },
    stopping: async () => {
      await server?.stop();
    },
  };
}

/** The token of the installation: the one given, else the one kept in the data folder, made at first. */
export function installationToken(
  dataDir: string,
  given: string,
  makeHex: (bytes: number) => string,
): string {
  if (given !== '') return given;
  const file = path.join(dataDir, 'nats.token');
  if (fs.existsSync(file)) {
    const kept = fs.readFileSync(file, 'utf8').trim();
    if (kept !== '') return kept;
  }
  fs.mkdirSync(dataDir, { recursive: true });
  const token = makeHex(24);
  fs.writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
  return token;
}
