/**
 * The data's way with everything but the bytes: coordinator, historical, broker and gateway in one process on the
 * in-memory bus and the (strict) inline transport; store, deep storage and scans are stand-ins.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CodedError } from '../proto/errors.js';
import type { MarkInput, SegmentRow } from '../proto/metadata.js';
import { BrokerService, QueryService } from '../proto/services.js';
import type { Pool, SegmentRef } from '../query/engine/pool-api.js';
import type { Frame } from '../query/frame.js';
import { readSmile } from '../query/json/smile-read.js';
import { writeSmile } from '../query/json/smile-write.js';
import { createActorSystem } from '../runtime/actor-system.js';
import { eventLoopTurn, seededRandom } from '../runtime/clock.js';
import { deadlineAfter } from '../runtime/deadline.js';
import { InlineHub } from '../runtime/inline-transport.js';
import { silentLog } from '../runtime/log.js';
import { createMemoryHub } from '../runtime/memory-bus.js';
import { createMetrics } from '../runtime/metrics.js';
import { createPresence } from '../runtime/presence.js';
import type { ActorSystem, ChildSpec, HttpResponse, Node } from '../runtime/types.js';
import { createVirtualClock, filesAreDone } from '../runtime/virtual-clock.js';
import { brokerDefaults, createBroker } from './broker/actor.js';
import { coordinatorDefaults, createCoordinator } from './coordinator/actor.js';
import { createFrameCarrier } from './frame-by-reference.js';
import { createGateway } from './gateway/actor.js';
import { createHistorical, historicalDefaults } from './historical/actor.js';
import type { MetadataClient } from './metadata-client.js';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function segmentRow(interval: string, version = 'v1', value = 1): SegmentRow {
  const [start = '', end = ''] = interval.split('/').map((day) => `${day}T00:00:00.000Z`);
  const id = `ds_${start}_${end}_${version}`;
  const payload = JSON.stringify({
    dataSource: 'ds',
    interval: `${start}/${end}`,
    version,
    loadSpec: { type: 'test', value },
    dimensions: 'page',
    metrics: 'v',
    shardSpec: { type: 'numbered', partitionNum: 0, partitions: 1 },
    binaryVersion: 9,
    size: 10,
    identifier: id,
  });
  const createdDate = '2026-01-01T00:00:00.000Z';
  return {
    id,
    dataSource: 'ds',
    createdDate,
    start,
    end,
    version,
    used: true,
    usedStatusLastUpdated: createdDate,
    payload,
  };
}

/** The store in memory: what these roles ask of it. */
class FakeMetadata {
  readonly rows = new Map<string, SegmentRow>();
  readonly queryable = new Set<string>();
  readonly rules = new Map<string, string>();
  revision = 1;

  /** Tells that something was published. */
  published: () => void = () => undefined;

  add(...rows: readonly SegmentRow[]): void {
    for (const row of rows) this.rows.set(row.id, row);
    this.revision += 1;
    this.published();
  }

  client(): MetadataClient {
    const answer = (name: string, input: unknown): unknown => {
      switch (name) {
        case 'readSegmentsRevision':
          return { revision: this.revision };
        case 'readQueryable':
          return { segmentIds: [...this.queryable], next: null };
        case 'readUsedSegments':
          return {
            segments: [...this.rows.values()].filter((row) => row.used),
            next: null,
            revision: this.revision,
          };
        case 'readRules':
          return { rules: [...this.rules].map(([dataSource, payload]) => ({ dataSource, payload })) };
        case 'markQueryable':
          for (const id of (input as { segmentIds: string[] }).segmentIds) this.queryable.add(id);
          this.revision += 1;
          return { added: 1 };
        case 'markSegmentsUnused':
          return { changed: this.mark(input as MarkInput) };
        default:
          throw new CodedError('Bug', `the fake store has no ${name}`);
      }
    };
    return {
      read: async (name, input) => answer(name, input) as never,
      transact: async (name, input) => answer(name, input) as never,
    };
  }

  private mark(input: MarkInput): number {
    let changed = 0;
    for (const row of this.rows.values()) {
      if (!row.used || (input.segmentIds !== undefined && !input.segmentIds.includes(row.id))) continue;
      this.rows.set(row.id, { ...row, used: false });
      changed += 1;
    }
    this.revision += 1;
    return changed;
  }
}

/** Scans that answer `sum(v)` = the number in the segment's load spec. */
function fakePool(hold?: () => Promise<void>): Pool {
  return {
    threads: 1,
    async *scanSegments(query, refs, options) {
      await Promise.race([hold?.(), abortOf(options?.signal)]);
      const bucketMs = query.intervals[0]?.startMs ?? 0;
      for (const ref of refs) yield { segmentIds: [ref.segmentId], frame: frameOf(ref, bucketMs) };
    },
    run: () => Promise.reject(new CodedError('Bug', 'nothing here is large')),
    close: () => Promise.resolve(),
  };
}
function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new CodedError('Canceled', 'the query was canceled')));
  });
}
function frameOf(ref: SegmentRef, bucketMs: number): Frame {
  const column = (name: string, value: number) =>
    ({ name, type: 'LONG', values: BigInt64Array.of(BigInt(value)) }) as const;
  return {
    rows: 1,
    columns: [column('__bucket', bucketMs), column('__rows', 1), column('v', Number(ref.handle))],
  };
}

interface World {
  readonly metadata: FakeMetadata;
  readonly node: Node;
  readonly system: ActorSystem;
  /** Virtual time goes on until the condition holds. */
  until(what: string, done: () => boolean | Promise<boolean>): Promise<void>;
  ask(method: string, target: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  send(
    target: string,
    body: Uint8Array,
    headers: Record<string, string>,
  ): Promise<{ readonly status: number; readonly contentType: string; readonly bytes: Uint8Array }>;
  readonly pulled: string[];
  healthy(): boolean;
  hold: (() => Promise<void>) | undefined;
  stop(): Promise<void>;
}
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
}

const timeseries = (interval = '2024-01-01/2024-02-01', context: Record<string, unknown> = {}) => ({
  queryType: 'timeseries',
  dataSource: 'ds',
  intervals: [interval],
  granularity: 'all',
  aggregations: [{ type: 'longSum', name: 'v', fieldName: 'v' }],
  context,
});

async function world(cacheDir: string, firstEpoch = 7): Promise<World> {
  const clock = createVirtualClock();
  const random = seededRandom(1);
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
    incarnation: random.hex(4),
    clusterId: () => 'c1',
    grpcAddress: 'node:1',
    httpAddress: 'localhost:8888',
  });
  presence.start();
  const node: Node = {
    name: 'one',
    cluster: 'main',
    incarnation: presence.self.incarnation,
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
  const metadata = new FakeMetadata();
  metadata.published = () => bus.publish('evt.overlord.published', new Uint8Array());
  const pulled: string[] = [];
  const frames = createFrameCarrier();
  const made = { hold: undefined as (() => Promise<void>) | undefined };
  const pool = fakePool(async () => made.hold?.());
  const gateway = createGateway({
    node,
    version: '0.1.0',
    properties: () => ({ 'druid.host': 'localhost' }),
  });
  const children = [
    createHistorical({
      node,
      pool,
      frames,
      storage: {
        pull: async (loadSpec, dir) => {
          pulled.push(dir);
          await mkdir(dir, { recursive: true });
          await writeFile(path.join(dir, 'value'), String(loadSpec['value']));
          return 10;
        },
      },
      openSegment: async (dir) => {
        const { readFile } = await import('node:fs/promises');
        const value = Number(await readFile(path.join(dir, 'value'), 'utf8'));
        return { handle: value, rows: 1, times: undefined, close: () => undefined };
      },
      settings: {
        ...historicalDefaults,
        cacheDir,
        capacityBytes: 1_000,
        tier: '_default_tier',
        dropDelayMs: 200,
      },
    }),
    createCoordinator({
      node,
      metadata: metadata.client(),
      lead: (callbacks) => {
        let epoch = firstEpoch;
        clock.setTimer(1, () => callbacks.elected(epoch));
        return {
          epoch: () => epoch,
          isLeader: () => true,
          superseded: (seen) => {
            if (seen < epoch) return;
            epoch = seen + 1;
            callbacks.elected(epoch);
          },
          stop: async () => undefined,
        };
      },
      settings: { ...coordinatorDefaults, settleMs: 10, dropDelayMs: 200 },
    }),
    createBroker({ node, pool, frames, settings: brokerDefaults }),
    gateway.child,
  ] as unknown as ChildSpec<never>[];
  const system = createActorSystem({ clock, random, log, metrics });
  await system.start({ name: 'grove', strategy: 'one_for_one', children });
  return {
    metadata,
    node,
    system,
    pulled,
    healthy: () =>
      presence
        .nodes('broker')
        .some((info) => info.roles.some((r) => r.role === 'broker' && r.state === 'RUNNING')),
    get hold() {
      return made.hold;
    },
    set hold(hold) {
      made.hold = hold;
    },
    until: async (what, done) => {
      for (let i = 0; i < 20_000; i++, await clock.advance(1)) {
        await filesAreDone();
        if (await done()) return;
      }
      throw new Error(`never: ${what}`);
    },
    send: async (target, body, headers) => {
      const response = await gateway.http({
        method: 'POST',
        path: target,
        query: [],
        headers,
        body,
        remoteAddress: '127.0.0.1',
        signal: new AbortController().signal,
        trace,
      });
      const { status, contentType = '' } = response;
      return { status, contentType, bytes: Buffer.concat(await chunksOf(response)) };
    },
    ask: async (method, target, body, headers = {}) => {
      const [pathText = '', search = ''] = target.split('?');
      const response = await gateway.http({
        method,
        path: pathText,
        query: [...new URLSearchParams(search)],
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body)),
        remoteAddress: '127.0.0.1',
        signal: new AbortController().signal,
        trace,
      });
      return readAnswer(response);
    },
    stop: async () => {
      let isStopped = false;
      const stopping = system.stop(5_000).finally(() => {
        isStopped = true;
      });
      for (; !isStopped; await clock.advance(1)) await filesAreDone();
      await stopping;
      presence.stop();
    },
  };
}

async function chunksOf({ body }: HttpResponse): Promise<Uint8Array[]> {
  if (typeof body === 'string') return [Buffer.from(body)];
  if (body instanceof Uint8Array) return [body];
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return chunks;
}

async function readAnswer(response: HttpResponse): Promise<Answer> {
  const text = Buffer.concat(await chunksOf(response)).toString();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers ?? {}, text, json };
}

const sumOf = (answer: Answer): unknown => (answer.json as { result: { v: unknown } }[])[0]?.result.v;

describe('data path', () => {
  let cacheDir: string;
  let grove: World;

  beforeEach(async () => {
    cacheDir = await mkdtemp(path.join(os.tmpdir(), 'grove-data-path-'));
    grove = await world(cacheDir);
    await grove.until('healthy', () => grove.healthy());
  });
  afterEach(async () => {
    await grove.stop();
    await rm(cacheDir, { recursive: true, force: true });
  });
  const sumBecomes = (value: number | null): Promise<void> =>
    grove.until(`sum ${value}`, async () => {
      const answer = await grove.ask('POST', '/druid/v2', timeseries());
      return answer.status === 200 && sumOf(answer) === value;
    });

  it('publishes, loads and answers', async () => {
    expect(sumOf(await grove.ask('POST', '/druid/v2', timeseries()))).to.equal(null);
    grove.metadata.add(
      segmentRow('2024-01-01/2024-01-02', 'v1', 3),
      segmentRow('2024-01-02/2024-01-03', 'v1', 4),
    );
    await sumBecomes(7);
    expect(grove.metadata.queryable.size).to.equal(2);
    const status = await grove.ask('GET', '/druid/coordinator/v1/loadstatus');
    expect(status.json).to.deep.equal({ ds: 100 });
    expect((await grove.ask('GET', '/druid/v2/datasources')).json).to.deep.equal(['ds']);
    const part = await grove.ask('POST', '/druid/v2', timeseries('2024-01-02/2024-01-03'));
    expect(sumOf(part)).to.equal(4);
  });

  it('a newer version takes over only when it is loaded; what is unused goes from disk', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const sums = new Set<unknown>();
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v2', 50));
    await grove.until('the new version', async () => {
      const answer = await grove.ask('POST', '/druid/v2', timeseries());
      sums.add(answer.status === 200 ? sumOf(answer) : answer.text);
      return sumOf(answer) === 50;
    });
    expect([...sums]).to.deep.equal([3, 50]);
    await grove.until('the old one dropped', async () => {
      const { json } = await grove.ask('GET', '/druid/coordinator/v1/servers?full');
      return Object.keys((json as { segments: object }[])[0]?.segments ?? {}).length === 1;
    });
    const gone = await grove.ask('DELETE', '/druid/coordinator/v1/datasources/ds');
    expect(gone.json).to.deep.equal({ numChangedSegments: 2, segmentStateChanged: true });
    await sumBecomes(null);
  });

  it('serves its cache again after a restart without pulling', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const before = grove.metadata;
    await grove.stop();
    grove = await world(cacheDir);
    for (const row of before.rows.values()) grove.metadata.add(row);
    for (const id of before.queryable) grove.metadata.queryable.add(id);
    await grove.until('healthy', () => grove.healthy());
    await sumBecomes(3);
    expect(grove.pulled).to.deep.equal([]);
  });

  it('a store restored from a backup does not brick the cluster: the epoch goes past what nodes have seen', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    await grove.stop();
    grove = await world(cacheDir, 2);
    grove.metadata.add(
      segmentRow('2024-01-01/2024-01-02', 'v1', 3),
      segmentRow('2024-01-02/2024-01-03', 'v1', 4),
    );
    await grove.until('healthy', () => grove.healthy());
    await sumBecomes(7);
    const leader = grove.node.presence.self.roles.find((one) => one.role === 'coordinator');
    expect(leader?.leaderEpoch).to.equal(8);
  });

  it('an expected segment that nobody serves is an error that names it, or listed when allowed', async () => {
    const row = segmentRow('2024-01-01/2024-01-02', 'v1', 3);
    // Loaded once somewhere, too large for the node that is here.
    grove.metadata.add({ ...row, payload: row.payload.replace('"size":10', '"size":5000') });
    grove.metadata.queryable.add(row.id);
    await grove.until(
      'expected',
      async () => (await grove.ask('POST', '/druid/v2', timeseries())).status === 503,
    );
    const refused = await grove.ask('POST', '/druid/v2', timeseries());
    expect(refused.json).to.deep.include({ error: 'druidException', category: 'RUNTIME_FAILURE' });
    expect((refused.json as { context: unknown }).context).to.deep.include({ dataSource: 'ds', count: '1' });
    const allowed = await grove.ask(
      'POST',
      '/druid/v2',
      timeseries(undefined, { allowPartialResults: true }),
    );
    expect(allowed.status).to.equal(200);
    expect(JSON.parse(allowed.headers['x-druid-response-context'] ?? '{}')).to.deep.equal({
      missingSegments: [{ itvl: '2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z', ver: 'v1', part: 0 }],
    });
  });

  it('ids, ETags, uncovered intervals', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const plain = await grove.ask('POST', '/druid/v2', timeseries());
    expect(plain.headers['x-druid-query-id']).to.match(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
    expect(plain.headers['x-druid-response-context']).to.equal('{}');
    expect(plain.headers['etag']).to.equal(undefined);
    const tagged = await grove.ask('POST', '/druid/v2', timeseries(), { 'if-none-match': 'nope' });
    const etag = tagged.headers['etag'] ?? '';
    expect(etag).to.match(/^[A-Za-z0-9+/=]{20,}$/);
    const same = await grove.ask('POST', '/druid/v2', timeseries(), { 'if-none-match': etag });
    expect([same.status, same.text]).to.deep.equal([304, '']);
    const named = await grove.ask(
      'POST',
      '/druid/v2?pretty',
      timeseries('2023-12-31/2024-01-02', { queryId: 'mine', uncoveredIntervalsLimit: 10 }),
    );
    expect(named.headers['x-druid-query-id']).to.equal('mine');
    expect(JSON.parse(named.headers['x-druid-response-context'] ?? '')).to.deep.equal({
      uncoveredIntervals: ['2023-12-31T00:00:00.000Z/2024-01-01T00:00:00.000Z'],
      uncoveredIntervalsOverflowed: false,
    });
    expect(named.text).to.match(/^\[ \{\n {2}"timestamp" : /);
  });

  it('a query can be cancelled; its scan stops', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    grove.hold = () => held;
    const asked = grove.ask('POST', '/druid/v2', timeseries(undefined, { queryId: 'slow' }));
    for (let i = 0; i < 20; i++) await eventLoopTurn();
    const cancelled = await grove.ask('DELETE', '/druid/v2/slow');
    expect(cancelled.status).to.equal(202);
    let answer: Answer | undefined;
    void asked.then((given) => {
      answer = given;
    });
    await grove.until('cancelled', () => answer !== undefined);
    expect(answer?.json).to.deep.include({ error: 'Query cancelled' });
    letGo();
  });

  it('a time-out is kept', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    grove.hold = () => new Promise(() => undefined);
    let answer: Answer | undefined;
    void grove.ask('POST', '/druid/v2', timeseries(undefined, { timeout: 50 })).then((given) => {
      answer = given;
    });
    await grove.until('timed out', () => answer !== undefined);
    expect(answer?.status).to.equal(504);
    expect(answer?.json).to.deep.include({ error: 'Query timeout' });
  });

  it('bad queries are refused as Druid does', async () => {
    const refused = await grove.ask('POST', '/druid/v2', { queryType: 'nope', dataSource: 'ds' });
    expect(refused.status).to.equal(400);
    expect(refused.headers['x-druid-query-id']).to.equal(undefined);
    expect((refused.json as { errorMessage: string }).errorMessage).to.match(/type id 'nope'/);
    const negative = await grove.ask('POST', '/druid/v2', timeseries(undefined, { timeout: -1 }));
    expect(negative.status).to.equal(400);
    expect(negative.headers['x-druid-query-id']).to.match(/^[0-9a-f-]{36}$/);
  });

  it('Smile in, Smile out; candidates of a query', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const type = 'application/x-jackson-smile';
    const sent = writeSmile(JSON.stringify(timeseries()));
    const answer = await grove.send('/druid/v2', sent, { 'content-type': type });
    expect(answer.contentType).to.equal(type);
    expect(readSmile(answer.bytes)).to.deep.equal([
      { timestamp: '2024-01-01T00:00:00.000Z', result: { v: 3 } },
    ]);
    const bad = await grove.send('/druid/v2', Buffer.from('{}'), { 'content-type': type });
    expect(bad.status).to.equal(400);
    expect(readSmile(bad.bytes)).to.have.property('error', 'Unknown exception');
    const found = await grove.ask('POST', '/druid/v2/candidates', timeseries());
    expect(found.json).to.have.nested.property('[0].locations[0].type', 'historical');
  });

  it('the gRPC door streams rows and frames', async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    const gateway = createGateway({ node: grove.node, version: '0', properties: () => ({}) });
    const serving = grove.node.transport.serve(QueryService, gateway.grpc);
    const client = grove.node.transport.client('node:1');
    const options = { deadline: grove.node.deadline(1_000) };
    const query = JSON.stringify(timeseries());
    let rows = '';
    for await (const part of client.stream(QueryService.Native, { query }, options)) rows += part.rows ?? '';
    expect(rows).to.equal('[{"timestamp":"2024-01-01T00:00:00.000Z","result":{"v":3}}]');
    let count = 0;
    for await (const part of client.stream(QueryService.Native, { query, format: 1 }, options))
      count += part.frame?.rows ?? 0;
    expect(count).to.equal(1);
    const sql = client.stream(QueryService.Sql, { query: 'SELECT 1' }, options)[Symbol.asyncIterator]();
    const refused = await sql.next().catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(CodedError).with.property('code', 'Unsupported');
    serving.stop();
  });

  it("a closed call ends the broker's query", async () => {
    grove.metadata.add(segmentRow('2024-01-01/2024-01-02', 'v1', 3));
    await sumBecomes(3);
    grove.hold = () => new Promise(() => undefined);
    const stop = new AbortController();
    const parts = grove.node.transport
      .client('node:1')
      .stream(
        BrokerService.Native,
        { queryJson: JSON.stringify(timeseries()) },
        { deadline: grove.node.deadline(60_000), signal: stop.signal },
      )
      [Symbol.asyncIterator]();
    let ended: unknown;
    void parts.next().catch((error: unknown) => {
      ended = error;
    });
    const loadOf = (role: string): number =>
      grove.node.presence.self.roles.find((one) => one.role === role)?.load ?? -1;
    await grove.until('running', () => loadOf('historical') === 1);
    stop.abort();
    await grove.until(
      'ended',
      () => ended !== undefined && loadOf('historical') === 0 && loadOf('broker') === 0,
    );
  });
});
