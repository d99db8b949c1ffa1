/**
 * One Grove process before any role runs: folders and their lock, log, bus, transport, presence. What is made here
 * is handed to the roles as a {@link Node}; `close` undoes it in reverse order.
 */
import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import type { Settings } from '../config/settings.js';
import { CodedError } from '../proto/errors.js';
import { createActorSystem } from '../runtime/actor-system.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { createCrashPoints } from '../runtime/crash-points.js';
import { lockDataFolder, type DataFolderLock } from '../runtime/data-folder.js';
import { deadlineAfter } from '../runtime/deadline.js';
import { createInlineHub } from '../runtime/inline-transport.js';
import { createLog, jsonSink, streamWriter, type LogLevel } from '../runtime/log.js';
import { openLogFile } from '../runtime/log-file.js';
import { createMetrics, type MetricsRegistry } from '../runtime/metrics.js';
import { connectNats } from '../runtime/nats.js';
import { findNatsServer, installationToken, natsServerBehavior } from '../runtime/nats-server.js';
import { createPresence, type PresenceService } from '../runtime/presence.js';
import { createTransport } from '../runtime/transport.js';
import type { ActorSystem, Bus, ChildSpec, Clock, Log, Node, Random, Transport } from '../runtime/types.js';
import type { Screen } from './start/screen.js';

/** How long the first connection to NATS may take. */
const natsPatienceMs = 15_000;

/** Where things lie below the data folder. */
export interface DataPaths {
  readonly root: string;
  readonly metadata: string;
  readonly deepStorage: string;
  readonly segmentCache: string;
  readonly tasks: string;
  readonly taskLogs: string;
  readonly input: string;
  /** Snapshot of the registered lookups. */
  readonly lookups: string;
  /** Groups of running groupBys that memory has no room for. */
  readonly spill: string;
  readonly log: string;
}

export interface GroveProcess {
  readonly settings: Settings;
  readonly paths: DataPaths;
  readonly node: Node;
  readonly metrics: MetricsRegistry;
  readonly token: string;
  readonly natsUrl: string;
  /** The incarnation that held this folder before and died with it. */
  readonly previousIncarnation: string | undefined;
  /** Resolves when our own nats-server can't be kept running. */
  readonly infrastructureFailed: Promise<Error>;
  /** The metadata owner tells the installation's id. */
  setClusterId(id: string): void;
  readonly presence: PresenceService;
  close(): Promise<void>;
}

export function dataPaths(settings: Settings): DataPaths {
  const root = path.resolve(settings.dataDir);
  const at = (name: string): string => path.join(root, name);
  return {
    root,
    metadata: at('metadata.db'),
    deepStorage: settings.deepStorageDir === '' ? at('deep-storage') : path.resolve(settings.deepStorageDir),
    segmentCache: at('segment-cache'),
    tasks: at('tasks'),
    taskLogs: settings.taskLogsDir === '' ? at('task-logs') : path.resolve(settings.taskLogsDir),
    input: at('input'),
    lookups: at('lookups.json'),
    spill: at('spill'),
    log: at('grove.log'),
  };
}

function openLog(
  clock: Clock,
  paths: DataPaths,
  { logLevel: level, logBytesMax: bytesMax, logFilesKept: keep }: Settings,
): { readonly log: Log; readonly close: () => void } {
  const levels: readonly string[] = ['debug', 'info', 'warn', 'error'];
  if (!levels.includes(level))
    throw new CodedError('InvalidInput', `log-level[${level}] must be one of ${levels.join(', ')}`);
  const stream = openLogFile(paths.log, { bytesMax, keep });
  const log = createLog({
    clock,
    level: level as LogLevel,
    sink: jsonSink(streamWriter(stream)),
  });
  return { log, close: () => void stream.end() };
}

/** Unique on this machine and the same after a restart: what names the process is the folder it keeps. */
function nodeName(settings: Settings, root: string): string {
  if (settings.nodeName !== '') return settings.nodeName;
  if (settings.roles.includes('gateway')) return `${os.hostname()}-${settings.httpPort}`;
  const folder = createHash('sha256').update(root).digest('hex').slice(0, 8);
  return `${os.hostname()}-${settings.roles.join('-')}-${folder}`;
}

/** A NATS URL may carry the token, as the one that Grove prints does. */
function natsAddress(settings: Settings): { readonly url: string; readonly token: string } {
  const match = /^([a-z]+:\/\/)([^@/]+)@(.*)$/.exec(settings.nats);
  if (match === null) return { url: settings.nats, token: settings.natsToken };
  const [, scheme = '', token = '', rest = ''] = match;
  return { url: scheme + rest, token: settings.natsToken === '' ? token : settings.natsToken };
}

/** The installation's id comes from the metadata owner; other processes hear it from whoever knows it. */
function learnClusterId(presence: PresenceService, known: () => boolean, learn: (id: string) => void): void {
  presence.onChange(({ info }) => {
    if (!known() && info.clusterId !== '') learn(info.clusterId);
  });
}

interface NatsSide {
  readonly bus: Bus;
  readonly url: string;
  /** Resolves when our own server can't be kept running. */
  readonly failed: Promise<Error>;
  readonly stopServer: () => Promise<void>;
}
interface Services {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
}

/** A nats-server of our own as a supervised actor: started again when it dies, stopped last. */
async function startOwnServer(
  settings: Settings,
  token: string,
  services: Services,
  screen: Screen,
): Promise<{ readonly url: string; readonly system: ActorSystem }> {
  const { clock } = services;
  const binary = await findNatsServer({ env: process.env, clock, progress: (line) => screen.step(line) });
  let url = '';
  const system = createActorSystem(services);
  await system.start({
    name: 'infrastructure',
    strategy: 'one_for_one',
    children: [
      {
        name: 'nats-server',
        shutdownMs: 5_000,
        behavior: () =>
          natsServerBehavior({
            binary,
            dataDir: path.resolve(settings.dataDir),
            host: '127.0.0.1',
            port: settings.natsPort,
            token,
            onReady: (server) => {
              url = server.url;
            },
          }),
      } as ChildSpec<never>,
    ],
  });
  screen.step(`nats-server ${binary.version} (${binary.source}) on ${url}`);
  return { url, system };
}

async function openNats(
  settings: Settings,
  token: string,
  services: Services,
  screen: Screen,
): Promise<NatsSide> {
  const { clock, log, metrics } = services;
  const own = settings.nats === '' ? await startOwnServer(settings, token, services, screen) : undefined;
  const url = own?.url ?? natsAddress(settings).url;
  const stopServer = async (): Promise<void> => own?.system.stop(5_000);
  try {
    const deadline = deadlineAfter(clock, natsPatienceMs);
    const bus = await connectNats({ url, token, cluster: settings.cluster, clock, log, metrics, deadline });
    return { bus, url, failed: own?.system.failed ?? new Promise(() => undefined), stopServer };
  } catch (error) {
    await stopServer();
    throw error;
  }
}

/** @throws CodedError Conflict (folder or port taken), BusUnavailable, InvalidInput. */
export async function openProcess(settings: Settings, screen: Screen): Promise<GroveProcess> {
  const clock = systemClock();
  const random = systemRandom();
  const metrics = createMetrics();
  const paths = dataPaths(settings);
  const incarnation = random.hex(8);
  const lock: DataFolderLock = lockDataFolder(paths.root, incarnation);
  const closers: (() => Promise<void> | void)[] = [() => lock.release()];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const { log, close } = openLog(clock, paths, settings);
    closers.push(close);
    const token = installationToken(paths.root, natsAddress(settings).token, (bytes) => random.hex(bytes));
    const nats = await openNats(settings, token, { clock, random, log, metrics }, screen);
    closers.push(nats.stopServer, () => nats.bus.close());
    const hub = createInlineHub({ clock, strict: settings.strict });
    const inline = (address: string): Transport => hub.transport(address);
    const { internalHost: host, internalPort: port, internalAddress } = settings;
    const transport = await createTransport({ host, port, token, inline, clock, log });
    closers.push(() => transport.close());
    const name = nodeName(settings, paths.root);
    let clusterId = '';
    const presence: PresenceService = createPresence({
      bus: nats.bus,
      clock,
      log,
      cluster: settings.cluster,
      node: name,
      incarnation,
      clusterId: () => clusterId,
      grpcAddress: internalAddress === '' ? transport.address : internalAddress,
      httpAddress: settings.roles.includes('gateway') ? `${settings.host}:${settings.httpPort}` : '',
    });
    closers.push(() => presence.stop());
    learnClusterId(
      presence,
      () => clusterId !== '',
      (id) => {
        clusterId = id;
      },
    );
    presence.start();
    const node: Node = {
      name,
      cluster: settings.cluster,
      incarnation,
      clusterId: () => clusterId,
      clock,
      random,
      log,
      metrics,
      bus: nats.bus,
      transport,
      presence,
      hit: createCrashPoints({ armed: settings.unsafeFaults, plans: process.env['CRASH_AT'], log }),
      deadline: (ms) => deadlineAfter(clock, ms),
    };
    return {
      settings,
      paths,
      node,
      metrics,
      token,
      natsUrl: nats.url.replace('nats://', `nats://${token}@`),
      previousIncarnation: lock.previousIncarnation,
      infrastructureFailed: nats.failed,
      setClusterId: (id) => {
        clusterId = id;
      },
      presence,
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
