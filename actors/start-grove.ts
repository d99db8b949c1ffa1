/** Starts all roles of one process in the order they need each other, and stops them in reverse. */
import type { Settings } from '../config/settings.js';
import { createActorSystem } from '../runtime/actor-system.js';
import { watchEventLoop } from '../runtime/event-loop.js';
import { openDoors, type Doors } from './start/doors.js';
import { loadSample, sampleDataSource } from './start/sample.js';
import type { Screen } from './start/screen.js';
import { createCaches } from './caches.js';
import { createEngine, type Engine } from './engine.js';
import { removeLeftRuns } from './group-memory.js';
import { Memcached } from './memcached.js';
import { openMemcachedClient } from './memcached-client.js';
import { openProcess, type GroveProcess } from './process.js';
import { openNodeEndpoints } from './start/node-endpoints.js';
import { sweepStorage } from './start/storage-sweep.js';
import { roleTree, version } from './tree.js';

export interface RunningGrove {
  /** Resolves when a role or the infrastructure failed for good. */
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

/** Bundled files lie beside each other in dist/bin. */
const beside = (name: string): URL => new URL(`./${name}`, import.meta.url);

const scanningRoles = ['historical', 'broker', 'gateway'];

async function openEngine(grove: GroveProcess): Promise<Engine | undefined> {
  const { settings, node, metrics, paths } = grove;
  if (!settings.roles.some((role) => scanningRoles.includes(role))) return undefined;
  await removeLeftRuns(paths.spill);
  return createEngine({
    settings,
    workerUrl: beside('engine-worker.js'),
    kernelsPath: beside('../kernels.wasm').pathname,
    spillDir: paths.spill,
    clock: node.clock,
    random: node.random,
    log: node.log,
    metrics,
  });
}

/** @throws CodedError when a folder, a port or a server is missing; everything begun is undone. */
export async function startGrove(settings: Settings, screen: Screen): Promise<RunningGrove> {
  const grove = await openProcess(settings, screen);
  const { node } = grove;
  const from = node.clock.monotonic();
  const system = createActorSystem({
    clock: node.clock,
    random: node.random,
    log: node.log,
    metrics: grove.metrics,
  });
  const closers: (() => Promise<void> | void)[] = [() => grove.close()];
  const eventLoop = watchEventLoop({ clock: node.clock, metrics: grove.metrics });
  closers.push(() => eventLoop.stop());
  const stop = async (): Promise<void> => {
    grove.presence.leave();
    await system.stop(settings.drainGraceMs);
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    if (!settings.roles.includes('gateway')) {
      const endpoints = await openNodeEndpoints({ grove, version });
      closers.push(() => endpoints.close());
      grove.presence.setAddresses({ httpAddress: endpoints.address });
    }
    const engine = await openEngine(grove);
    if (engine !== undefined) closers.push(() => engine.close());
    const caches = createCaches({
      settings,
      metrics: grove.metrics,
      openMemcached: (memcached) => {
        const connect = (host: string) => openMemcachedClient(host, memcached.timeoutMs, node.log);
        return new Memcached(memcached, { clock: node.clock, log: node.log, connect });
      },
    });
    closers.push(() => caches.close());
    const { tree, gateway, storage } = roleTree({
      grove,
      engine,
      caches,
      metadataThreadUrl: beside('metadata-thread.js'),
      peonPath: beside('peon.js').pathname,
    });
    await system.start(tree);
    grove.presence.setState('RUNNING');
    // Whose task processes push there.
    if (settings.roles.includes('middlemanager')) {
      const over = new AbortController();
      const sweeping = sweepStorage({ storage, clock: node.clock, log: node.log, signal: over.signal });
      closers.push(() => {
        over.abort();
        return sweeping;
      });
    }
    let doors: Doors | undefined;
    if (gateway !== undefined) {
      doors = await openDoors({ grove, gateway });
      closers.push(() => doors?.close());
    }
    const ending = new AbortController();
    const greeting = greet({
      grove,
      doors,
      screen,
      seconds: () => (node.clock.monotonic() - from) / 1000,
      signal: ending.signal,
    });
    // The first to go: before health was reached it would wait for it, and for ever.
    closers.push(() => {
      ending.abort();
      return greeting;
    });
    return { failed: Promise.race([system.failed, grove.infrastructureFailed]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Greeting {
  readonly grove: GroveProcess;
  readonly doors: Doors | undefined;
  readonly screen: Screen;
  readonly seconds: () => number;
  readonly signal: AbortSignal;
}

/** Waits for health, prints the doors, loads the sample on first start; never fails the process. */
async function greet({ grove, doors, screen, seconds, signal }: Greeting): Promise<void> {
  const { settings, node } = grove;
  try {
    if (doors === undefined) {
      screen.step(
        `roles ${settings.roles.join(', ')} are up; status on http://${node.presence.self.httpAddress}`,
      );
      return;
    }
    await doors.healthy(signal);
    const addresses = { http: doors.http, grpc: doors.grpc, nats: grove.natsUrl, cluster: settings.cluster };
    screen.ready({ ...addresses, example: sampleDataSource }, seconds());
    if (settings.sample) await loadSample({ grove, url: `http://${doors.http}`, screen, signal });
  } catch (error) {
    if (signal.aborted) return;
    const message = error instanceof Error ? error.message : String(error);
    node.log.error('the start could not be completed', { error: message });
    screen.step(message);
  }
}
