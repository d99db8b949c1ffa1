import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../../proto/errors.js';
import { codecs, DataNodeService, InventoryService } from '../../proto/services.js';
import { createActorSystem } from '../../runtime/actor-system.js';
import { seededRandom } from '../../runtime/clock.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import { InlineHub } from '../../runtime/inline-transport.js';
import { silentLog } from '../../runtime/log.js';
import { createMemoryHub } from '../../runtime/memory-bus.js';
import { createMetrics } from '../../runtime/metrics.js';
import { createPresence } from '../../runtime/presence.js';
import type { ChildSpec, Node } from '../../runtime/types.js';
import { createVirtualClock, filesAreDone } from '../../runtime/virtual-clock.js';
import { createFrameCarrier } from '../frame-by-reference.js';
import { createHistorical, historicalDefaults } from './actor.js';
import { SegmentCache } from './cache.js';

const day = (n: number, more: object = {}): { readonly id: string; readonly json: string } => {
  const start = `2024-01-0${n}T00:00:00.000Z`;
  const end = `2024-01-0${n + 1}T00:00:00.000Z`;
  const json = JSON.stringify({
    dataSource: 'ds',
    interval: `${start}/${end}`,
    version: 'v1',
    loadSpec: { type: 'test', n },
    dimensions: '',
    metrics: 'v',
    shardSpec: { type: 'numbered', partitionNum: 0, partitions: 1 },
    binaryVersion: 9,
    size: 10,
    ...more,
  });
  return { id: `ds_${start}_${end}_v1`, json };
};

/** What deep storage does next; the last one stays. */
type Pull = 'good' | 'broken' | 'endless';

function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new CodedError('Canceled', 'aborted')));
  });
}

async function world(cacheDir: string) {
  const clock = createVirtualClock();
  const random = seededRandom(3);
  const log = silentLog();
  const metrics = createMetrics();
  const bus = createMemoryHub({ clock, log }).connect();
  const transport = new InlineHub({ clock, strict: true }).transport('node:1');
  const presence = createPresence({
    bus,
    clock,
    log,
    cluster: 'main',
    node: 'one',
    incarnation: 'i1',
    clusterId: () => 'c1',
    grpcAddress: 'node:1',
    httpAddress: '',
  });
  presence.start();
  const node: Node = {
    name: 'one',
    cluster: 'main',
    incarnation: 'i1',
    clusterId: () => 'c1',
    clock,
    random,
    log,
    metrics,
    bus,
    transport,
    presence,
    hit: () => undefined,
    deadline: (ms) => deadlineAfter(clock, ms),
  };
  const pulls: Pull[] = ['good'];
  const seen = { pulls: 0, scanning: undefined as Promise<void> | undefined };
  const historical = createHistorical({
    node,
    frames: createFrameCarrier(),
    pool: {
      run: () => Promise.reject(new Error('not here')),
      async *scanSegments(_query, refs) {
        await seen.scanning;
        for (const ref of refs)
          yield { segmentIds: [ref.segmentId], frame: { rows: Number(ref.handle), columns: [] } };
      },
    },
    storage: {
      pull: async (loadSpec, dir, options) => {
        seen.pulls += 1;
        const how = pulls.length > 1 ? pulls.shift() : pulls[0];
        if (how === 'broken') throw new CodedError('StorageFailure', 'deep storage says no');
        if (how === 'endless') await abortOf(options?.signal);
        await mkdir(dir, { recursive: true });
        await writeFile(path.join(dir, 'n'), String(loadSpec['n']));
        return 10;
      },
    },
    openSegment: async (dir) => {
      const rows = Number(await readFile(path.join(dir, 'n'), 'utf8'));
      if (Number.isNaN(rows)) throw new CodedError('CorruptSegment', 'the file is broken');
      return { handle: rows, rows, times: undefined, close: () => undefined };
    },
    settings: { ...historicalDefaults, cacheDir, capacityBytes: 100, tier: 'hot', dropDelayMs: 300 },
  });
  const system = createActorSystem({ clock, random, log, metrics });
  await system.start({
    name: 'grove',
    strategy: 'one_for_one',
    children: [historical as unknown as ChildSpec<never>],
  });
  const inventory = new Map<string, string>();
  const watching = new AbortController();
  const watch = (async () => {
    const options = { deadline: node.deadline(1e9), signal: watching.signal };
    for await (const delta of transport
      .client('node:1')
      .stream(InventoryService.WatchInventory, {}, options)) {
      if (delta.snapshot === true) inventory.clear();
      for (const id of delta.removed ?? []) inventory.delete(id);
      for (const one of delta.changed ?? []) inventory.set(one.segmentId ?? '', one.state ?? '');
    }
  })().catch(() => undefined);
  const until = async (what: string, done: () => boolean | Promise<boolean>): Promise<void> => {
    for (let i = 0; i < 20_000; i++) {
      await filesAreDone();
      if (await done()) return;
      await clock.advance(1);
    }
    throw new Error(`never: ${what}`);
  };
  const command = async (
    kind: 'load' | 'drop',
    segment: { id: string; json: string },
    epoch = 1,
    clusterId = 'c1',
  ) => {
    const header = { clusterId, role: 'coordinator', epoch, commandId: 'x', trace: '' };
    const data =
      kind === 'load'
        ? codecs.LoadSegment.encode({ header, segmentJson: segment.json })
        : codecs.DropSegment.encode({ header, segmentId: segment.id, delayMs: 0 });
    let answer: Uint8Array | undefined;
    void bus
      .request(`cmd.historical.one.${kind}`, data, { deadline: node.deadline(5_000) })
      .then((message) => {
        answer = message.data;
      });
    await until('answered', () => answer !== undefined);
    return codecs.CommandResult.decode(answer ?? new Uint8Array());
  };
  const ask = async (ids: readonly string[], clusterId = 'c1') => {
    const queryJson = JSON.stringify({
      queryType: 'timeseries',
      dataSource: 'ds',
      intervals: ['2024-01-01/2024-02-01'],
      granularity: 'all',
      aggregations: [],
    });
    const segments = ids.map((segmentId) => ({ segmentId, intervals: [{ startMs: 0, endMs: 1 }] }));
    const query = { queryJson, queryId: 'q', clusterId, segments };
    const said: string[] = [];
    const options = { deadline: node.deadline(1_000_000) };
    for await (const part of transport.client('node:1').stream(DataNodeService.Query, query, options)) {
      if (part.frame !== null && part.frame !== undefined) said.push(`rows ${part.frame.rows}`);
      for (const id of part.missing ?? []) said.push(`missing ${id}`);
      if (part.last === true) said.push('last');
    }
    return said;
  };
  const stop = async (): Promise<void> => {
    watching.abort();
    await watch;
    let isStopped = false;
    const stopping = system.stop(5_000).finally(() => {
      isStopped = true;
    });
    await until('stopped', () => isStopped);
    await stopping;
    presence.stop();
  };
  const is = (segment: { id: string }, state: string | undefined): Promise<void> =>
    until(`${segment.id} ${state}`, () => inventory.get(segment.id) === state);
  return { clock, node, pulls, seen, inventory, until, command, ask, stop, is };
}

describe('historical', () => {
  let dir: string;
  let one: Awaited<ReturnType<typeof world>>;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'grove-historical-'));
    one = await world(dir);
  });
  afterEach(async () => {
    await one.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const exists = (file: string): Promise<boolean> =>
    access(file).then(
      () => true,
      () => false,
    );

  it('loads, serves, tells presence', async () => {
    expect(await one.command('load', day(3))).to.deep.include({ ok: true });
    await one.is(day(3), 'served');
    expect(await one.ask([day(3).id, day(5).id])).to.deep.equal([`missing ${day(5).id}`, 'rows 3', 'last']);
    const role = one.node.presence.self.roles.find((info) => info.role === 'historical');
    expect(role).to.deep.include({ state: 'RUNNING', capacity: 100, used: 10, tier: 'hot' });
  });

  it('a repeated command changes nothing', async () => {
    for (let i = 0; i < 3; i++) await one.command('load', day(3));
    await one.is(day(3), 'served');
    await one.command('load', day(3));
    expect(one.seen.pulls).to.equal(1);
  });

  it('a failed load is a state with back-off, tried again', async () => {
    one.pulls.splice(0, 1, 'broken', 'broken', 'good');
    await one.command('load', day(3));
    await one.is(day(3), 'failed');
    const pulls = one.seen.pulls;
    await one.command('load', day(3));
    expect(one.seen.pulls).to.equal(pulls);
    await one.is(day(3), 'served');
    expect(one.seen.pulls).to.equal(3);
  });

  it('a tombstone is served without files, after a restart too', async () => {
    const tombstone = day(3, {
      loadSpec: { type: 'tombstone', path: null },
      shardSpec: { type: 'tombstone', partitionNum: 0, partitions: 1 },
      binaryVersion: null,
      size: 1,
    });
    await one.command('load', tombstone);
    for (let start = 0; start < 2; start++) {
      await one.is(tombstone, 'served');
      expect(one.seen.pulls).to.equal(0);
      expect(await one.ask([tombstone.id])).to.deep.equal(['last']);
      await one.stop();
      one = await world(dir);
    }
    await one.command('drop', tombstone);
    await one.is(tombstone, undefined);
    const folder = new SegmentCache(dir).folderOf(tombstone.id);
    await one.until('folder gone', async () => !(await exists(folder)));
  });

  it('a bad command is refused', async () => {
    const refused = await one.command('load', { id: 'x', json: '{' });
    expect(refused.ok).to.not.equal(true);
    expect(refused.error?.code).to.equal('InvalidInput');
  });

  it('a drop leaves the inventory at once, and the disk after the delay', async () => {
    await one.command('load', day(3));
    await one.is(day(3), 'served');
    await one.command('drop', day(3));
    await one.is(day(3), undefined);
    expect(await one.ask([day(3).id])).to.deep.equal(['rows 3', 'last']);
    const folder = new SegmentCache(dir).folderOf(day(3).id);
    await one.until('files gone', async () => !(await exists(folder)));
    expect(await one.ask([day(3).id])).to.deep.equal([`missing ${day(3).id}`, 'last']);
  });

  it('a load during the delay takes the drop back, without pulling', async () => {
    await one.command('load', day(3));
    await one.is(day(3), 'served');
    await one.command('drop', day(3));
    await one.command('load', day(3));
    await one.is(day(3), 'served');
    await one.clock.advance(1_000);
    expect(await one.ask([day(3).id])).to.deep.equal(['rows 3', 'last']);
    expect(one.seen.pulls).to.equal(1);
  });

  it('a running query keeps what is dropped', async () => {
    await one.command('load', day(3));
    await one.is(day(3), 'served');
    let letGo = (): void => undefined;
    one.seen.scanning = new Promise((resolve) => {
      letGo = resolve;
    });
    const asked = one.ask([day(3).id]);
    await one.clock.advance(5);
    await one.command('drop', day(3));
    await one.clock.advance(1_000);
    const folder = new SegmentCache(dir).folderOf(day(3).id);
    expect(await exists(folder)).to.equal(true);
    letGo();
    expect(await asked).to.deep.equal(['rows 3', 'last']);
    await one.until('files gone', async () => !(await exists(folder)));
  });

  it('a drop stops a load; a load behind it begins anew', async () => {
    one.pulls.splice(0, 1, 'endless', 'good');
    await one.command('load', day(3));
    await one.until('the pull', () => one.seen.pulls === 1);
    await one.command('drop', day(3));
    await one.is(day(3), undefined);
    await one.command('load', day(3));
    await one.is(day(3), 'served');
    expect(one.seen.pulls).to.equal(2);
  });

  it('an older leader and another cluster are refused, also after a restart', async () => {
    await one.command('load', day(3), 5);
    const older = await one.command('drop', day(3), 4);
    expect([older.error?.code, older.epochSeen]).to.deep.equal(['StaleEpoch', 5]);
    await one.is(day(3), 'served');
    await one.stop();
    one = await world(dir);
    expect((await one.command('drop', day(3), 4)).error?.code).to.equal('StaleEpoch');
    expect((await one.command('drop', day(3), 9, 'c2')).error?.code).to.equal('WrongCluster');
    await one.is(day(3), 'served');
    const refused = await one.ask([day(3).id], 'c2').catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(CodedError).with.property('code', 'WrongCluster');
  });

  it('a broken cached segment is fetched again, the others are served at once', async () => {
    for (const segment of [day(3), day(4)]) {
      await one.command('load', segment);
      await one.is(segment, 'served');
    }
    await one.stop();
    await writeFile(path.join(new SegmentCache(dir).folderOf(day(3).id), 'n'), 'broken');
    one = await world(dir);
    await one.is(day(4), 'served');
    await one.is(day(3), 'served');
    expect(one.seen.pulls).to.equal(1);
  });
});
