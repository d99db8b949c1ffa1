/**
 * For tests of the data's way: coordinator, historical, broker and gateway in one process on the in-memory bus and the
 * (strict) inline transport, in virtual time; store, deep storage and scans are stand-ins.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';
import type { MarkInput, SegmentRow } from '../proto/metadata.js';
import type { Pool, SegmentRef } from '../query/engine/pool-api.js';
import type { Frame } from '../query/frame.js';
import { createActorSystem } from '../runtime/actor-system.js';
import { seededRandom } from '../runtime/clock.js';
import { deadlineAfter } from '../runtime/deadline.js';
import { InlineHub } from '../runtime/inline-transport.js';
import { silentLog } from '../runtime/log.js';
import { createMemoryHub } from '../runtime/memory-bus.js';
import { createMetrics } from '../runtime/metrics.js';
import { createPresence } from '../runtime/presence.js';
import type { ActorSystem, ChildSpec, HttpRequest, HttpResponse, Node } from '../runtime/types.js';
import { createVirtualClock, filesAreDone, type VirtualClock } from '../runtime/virtual-clock.js';
import { brokerDefaults, createBroker } from './broker/actor.js';
import { coordinatorDefaults, createCoordinator, type CoordinatorDeps } from './coordinator/actor.js';
import { createFrameCarrier } from './frame-by-reference.js';
import { createGateway } from './gateway/actor.js';
import { createHistorical, historicalDefaults, type HistoricalDeps } from './historical/actor.js';
import type { MetadataClient } from './metadata-client.js';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export function segmentRow(interval: string, version = 'v1', value = 1): SegmentRow {
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

export interface World {
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
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
}

export const timeseries = (interval = '2024-01-01/2024-02-01', context: Record<string, unknown> = {}) => ({
  queryType: 'timeseries',
  dataSource: 'ds',
  intervals: [interval],
  granularity: 'all',
  aggregations: [{ type: 'longSum', name: 'v', fieldName: 'v' }],
  context,
});

/** A node alone on its bus. */
function memoryNode(clock: VirtualClock) {
  const random = seededRandom(1);
  const log = silentLog();
  const bus = createMemoryHub({ clock, log }).connect();
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
  return {
    name: 'one',
    cluster: 'main',
    incarnation: presence.self.incarnation,
    clusterId: () => 'c1',
    clock,
    random,
    log,
    metrics: createMetrics(),
    bus,
    transport: new InlineHub({ clock, strict: true }).transport('node:1'),
    presence,
    hit: () => undefined,
    deadline: (ms: number) => deadlineAfter(clock, ms),
  };
}
type MemoryNode = ReturnType<typeof memoryNode>;

/** Segments are files of one number. */
const historicalOf = (
  deps: Pick<HistoricalDeps, 'node' | 'pool' | 'frames'>,
  cacheDir: string,
  pulled: string[],
) =>
  createHistorical({
    ...deps,
    storage: {
      pull: async (loadSpec, dir) => {
        pulled.push(dir);
        await mkdir(dir, { recursive: true });
        await writeFile(path.join(dir, 'value'), String(loadSpec['value']));
        return 10;
      },
    },
    openSegment: async (dir) => {
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
  });

/** Elected at once, and again when another epoch was seen. */
const alwaysElected =
  (clock: VirtualClock, firstEpoch: number): CoordinatorDeps['lead'] =>
  (callbacks) => {
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
  };

export async function world(cacheDir: string, firstEpoch = 7): Promise<World> {
  const clock = createVirtualClock();
  const node = memoryNode(clock);
  const metadata = new FakeMetadata();
  metadata.published = () => node.bus.publish('evt.overlord.published', new Uint8Array());
  const pulled: string[] = [];
  const frames = createFrameCarrier();
  const made = { hold: undefined as (() => Promise<void>) | undefined };
  const pool = fakePool(async () => made.hold?.());
  const properties = () => ({ 'druid.host': 'localhost' });
  const gateway = createGateway({ node, version: '0.1.0', properties });
  const children = [
    historicalOf({ node, pool, frames }, cacheDir, pulled),
    createCoordinator({
      node,
      metadata: metadata.client(),
      lead: alwaysElected(clock, firstEpoch),
      settings: { ...coordinatorDefaults, settleMs: 10, dropDelayMs: 200 },
    }),
    createBroker({ node, pool, frames, settings: brokerDefaults }),
    gateway.child,
  ] as unknown as ChildSpec<never>[];
  const system = createActorSystem(node);
  await system.start({ name: 'grove', strategy: 'one_for_one', children });
  const call = (request: Pick<HttpRequest, 'method' | 'path' | 'query' | 'headers' | 'body'>) =>
    gateway.http({
      ...request,
      remoteAddress: '127.0.0.1',
      signal: new AbortController().signal,
      trace,
    });
  return {
    metadata,
    node,
    system,
    pulled,
    healthy: () => isBrokerRunning(node),
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
      const response = await call({ method: 'POST', path: target, query: [], headers, body });
      const { status, contentType = '' } = response;
      return { status, contentType, bytes: Buffer.concat(await chunksOf(response)) };
    },
    ask: async (method, target, body, headers = {}) => {
      const [pathText = '', search = ''] = target.split('?');
      const response = await call({
        method,
        path: pathText,
        query: [...new URLSearchParams(search)],
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body)),
      });
      return readAnswer(response);
    },
    stop: () => stopInTime(system, node, clock),
  };
}

const isBrokerRunning = ({ presence }: Node): boolean =>
  presence
    .nodes('broker')
    .some((info) => info.roles.some((r) => r.role === 'broker' && r.state === 'RUNNING'));

async function stopInTime(system: ActorSystem, { presence }: MemoryNode, clock: VirtualClock): Promise<void> {
  let isStopped = false;
  const stopping = system.stop(5_000).finally(() => {
    isStopped = true;
  });
  for (; !isStopped; await clock.advance(1)) await filesAreDone();
  await stopping;
  presence.stop();
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

export const sumOf = (answer: Answer): unknown => (answer.json as { result: { v: unknown } }[])[0]?.result.v;
