/** Registered lookups from the REST call to the table: coordinator's handlers and a loading node on the in-memory bus. */
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { LookupService } from '../proto/services.js';
import { buildLookup, type LookupInput } from '../query/lookup/build.js';
import { openLookups } from '../query/lookup/table.js';
import { createActorSystem } from '../runtime/actor-system.js';
import { seededRandom } from '../runtime/clock.js';
import { deadlineAfter } from '../runtime/deadline.js';
import { InlineHub } from '../runtime/inline-transport.js';
import { silentLog } from '../runtime/log.js';
import { createMemoryHub } from '../runtime/memory-bus.js';
import { createMetrics } from '../runtime/metrics.js';
import { createPresence } from '../runtime/presence.js';
import type { CallContext, ChildSpec, Node } from '../runtime/types.js';
import { createVirtualClock, filesAreDone } from '../runtime/virtual-clock.js';
import type { RestDeps } from './coordinator/rest-deps.js';
import { lookupHandlers, lookupRoutes } from './coordinator/rest-lookups.js';
import { createLookups } from './lookups/actor.js';
import { LookupStore } from './lookups/store.js';
import type { MetadataClient } from './metadata-client.js';
import { RestRouter } from './rest-router.js';

const base = '/druid/coordinator/v1/lookups';

function testNode(): { readonly node: Node; readonly clock: ReturnType<typeof createVirtualClock> } {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const log = silentLog();
  const bus = createMemoryHub({ clock, log }).connect();
  const transport = new InlineHub({ clock, strict: true }).transport('node:1');
  const presence = createPresence({
    bus,
    clock,
    log,
    cluster: 'main',
    node: 'one',
    incarnation: 'i',
    clusterId: () => 'c1',
    grpcAddress: 'node:1',
    httpAddress: 'localhost:8888',
  });
  presence.start();
  const node: Node = {
    name: 'one',
    cluster: 'main',
    incarnation: 'i',
    clusterId: () => 'c1',
    clock,
    random,
    log,
    metrics: createMetrics(),
    bus,
    transport,
    presence,
    hit: () => undefined,
    deadline: (ms) => deadlineAfter(clock, ms),
  };
  return { node, clock };
}

/** One row of the configuration table. */
class OneConfig {
  payload: string | null = null;

  client(): MetadataClient {
    return {
      read: () => Promise.resolve({ payload: this.payload } as never),
      transact: (_name, input) => {
        const { payload, expected } = input as unknown as { payload: string; expected: string | null };
        const changed = expected === this.payload;
        if (changed) this.payload = payload;
        return Promise.resolve({ changed } as never);
      },
    };
  }
}

async function world(dir: string, store = new LookupStore(), config = new OneConfig(), leads = true) {
  const { node, clock } = testNode();
  const deps = {
    node,
    metadata: config.client(),
    log: node.log,
    state: () => ({ epoch: 1, snapshot: undefined, standing: undefined, inFlight: [] }),
    failed: () => undefined,
  } as unknown as RestDeps;
  if (leads) node.presence.setRole('coordinator', { state: 'RUNNING', leaderEpoch: 1 });
  const served = node.transport.serve(LookupService, lookupHandlers(deps));
  const router = new RestRouter(lookupRoutes(deps));
  const builds: string[] = [];
  const system = createActorSystem({
    clock,
    random: node.random,
    log: node.log,
    metrics: createMetrics(),
  });
  await system.start({
    name: 'test',
    strategy: 'one_for_one',
    children: [
      createLookups({
        node,
        store,
        pool: {
          run: (_name, input) => {
            builds.push((input as LookupInput).name);
            return Promise.resolve(buildLookup(input as LookupInput));
          },
        },
        settings: {
          tier: '__default',
          snapshotFile: path.join(dir, 'lookups.json'),
          pollMs: 10_000,
          inputDirs: [dir],
          httpAllow: [],
          workDir: dir,
        },
      }),
    ] as unknown as ChildSpec<never>[],
  });
  const context = {
    signal: new AbortController().signal,
    deadline: node.deadline(60_000),
    trace: '',
    metadata: {},
  } as CallContext;
  return {
    config,
    store,
    builds,
    call: async (method: string, target: string, body?: unknown) => {
      const [pathText = '', search = ''] = target.split('?');
      const answer = await router.call(
        {
          method,
          path: base + pathText,
          query: [...new URLSearchParams(search)].map(([key, value]) => ({ key, value })),
          body: body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body)),
        },
        context,
      );
      const text = Buffer.from(answer.body ?? new Uint8Array()).toString('utf8');
      return { status: answer.status, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
    },
    value: (name: string, key: string): string | null | undefined => {
      const table = store.find(name);
      return table === undefined ? undefined : (openLookups([table]).lookup?.(name)?.apply(key) ?? null);
    },
    until: async (what: string, done: () => boolean) => {
      for (let i = 0; i < 2_000; i++) {
        await filesAreDone();
        if (done()) return;
        await clock.advance(100);
      }
      throw new Error(`never: ${what}`);
    },
    advance: (ms: number) => clock.advance(ms),
    stop: async () => {
      const stopping = system.stop(1_000);
      await clock.advance(2_000);
      await stopping;
      served.stop();
      await node.transport.close();
      await node.bus.close();
    },
  };
}

const entry = (version: string, map: object) => ({ version, lookupExtractorFactory: { type: 'map', map } });

describe('registered lookups', () => {
  let dir = '';
  const worlds: Awaited<ReturnType<typeof world>>[] = [];
  const start = async (...args: Parameters<typeof world>) => {
    const made = await world(...args);
    worlds.push(made);
    return made;
  };
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'lookups-test-'));
  });
  afterEach(async () => {
    for (const one of worlds.splice(0)) await one.stop();
    await rm(dir, { recursive: true });
  });

  it('are loaded, changed and dropped as they are registered, and the coordinator tells', async () => {
    const { call, value, until, builds } = await start(dir);
    expect((await call('GET', '/config')).status).to.equal(404);
    expect((await call('POST', '/config/__default/c', entry('v1', {}))).status).to.equal(500);
    expect((await call('POST', '/config', {})).status).to.equal(202);
    const posted = { __default: { c: entry('v1', { DE: 'Germany' }) }, other: { d: entry('v1', {}) } };
    expect(await call('POST', '/config', posted)).to.deep.equal({ status: 202, json: posted });
    await until('loaded', () => value('c', 'DE') === 'Germany');
    expect(builds).to.deep.equal(['c']);
    expect((await call('GET', '/status')).json).to.deep.equal({
      __default: { c: { loaded: true } },
      other: { d: { loaded: true } },
    });
    expect((await call('GET', '/nodeStatus?detailed=false')).json).to.deep.equal({
      __default: { 'localhost:8888': { current: { c: 'v1' }, toLoad: {}, toDrop: [] } },
      other: {},
    });
    expect((await call('POST', '/config/__default/c', entry('v1', {}))).status).to.equal(500);
    expect((await call('POST', '/config/__default/c', entry('v2', { DE: 'Deutschland' }))).status).to.equal(
      202,
    );
    await until('changed', () => value('c', 'DE') === 'Deutschland');
    expect((await call('DELETE', '/config/__default/c')).status).to.equal(202);
    expect((await call('DELETE', '/config/__default/c')).status).to.equal(404);
    await until('dropped', () => value('c', 'DE') === undefined);
  });

  it('are found without the announcement, and again under an old version', async () => {
    const { call, config, value, until } = await start(dir);
    await call('POST', '/config', {});
    await call('POST', '/config/__default/c', entry('v5', { a: '5' }));
    await until('loaded', () => value('c', 'a') === '5');
    // Somebody else's writes: nobody announces them.
    config.payload = JSON.stringify({ __default: { c: entry('v1', { a: '1' }) } });
    await until('loaded again', () => value('c', 'a') === '1');
  });

  it('outlive a restart without a coordinator', async () => {
    const first = await start(dir);
    await first.call('POST', '/config', {});
    await first.call('POST', '/config/__default/c', entry('v1', { a: '1' }));
    await first.until('loaded', () => first.value('c', 'a') === '1');
    const second = await start(dir, new LookupStore(), new OneConfig(), false);
    expect(second.value('c', 'a')).to.equal('1');
    await second.advance(60_000);
    expect(second.value('c', 'a')).to.equal('1');
  });

  it('of a file follow the file, and stay as they were while it can not be read', async () => {
    const { call, value, until, builds, advance } = await start(dir);
    const file = path.join(dir, 'names.csv');
    const spec = {
      version: 'v1',
      lookupExtractorFactory: {
        type: 'cachedNamespace',
        extractionNamespace: {
          type: 'uri',
          uri: pathToFileURL(file).href,
          pollPeriod: 'PT5S',
          namespaceParseSpec: { format: 'csv', columns: ['k', 'v'] },
        },
      },
    };
    await call('POST', '/config', {});
    await call('POST', '/config/__default/n', spec);
    await advance(3_000);
    expect((await call('GET', '/status/__default/n?detailed=true')).json).to.deep.equal({
      loaded: false,
      pendingNodes: ['localhost:8888'],
    });
    await writeFile(file, 'a,Anna\n');
    await until('read', () => value('n', 'a') === 'Anna');
    const before = builds.length;
    await advance(30_000);
    expect(builds.length, 'an unchanged file is not read').to.equal(before);
    await rm(file);
    await advance(10_000);
    expect(value('n', 'a')).to.equal('Anna');
    await writeFile(file, 'a,Berta\n');
    await utimes(file, 1, 1);
    await until('read again', () => value('n', 'a') === 'Berta');
  });

  it('read nothing outside the allowed folders', async () => {
    const { call, value, advance } = await start(dir);
    const extractionNamespace = {
      type: 'uri',
      uri: 'file:/etc/passwd',
      namespaceParseSpec: { format: 'csv', columns: ['k', 'v'] },
    };
    await call('POST', '/config', {});
    await call('POST', '/config/__default/p', {
      version: 'v1',
      lookupExtractorFactory: { type: 'cachedNamespace', extractionNamespace },
    });
    await advance(30_000);
    expect(value('p', 'root')).to.equal(undefined);
  });
});
