/**
 * A broker and data nodes in one process, each at an address of its own with everything between them serialised, over
 * segments that are handed to them. Time stands still: nothing expires, nobody is suspected.
 */
import { BrokerQueries } from '../../actors/broker/query.js';
import { LoadBook } from '../../actors/broker/load-book.js';
import { noLimits } from '../../actors/broker/limits.js';
import { QueryScheduler, schedulerDefaults } from '../../actors/broker/scheduler.js';
import { BrokerView } from '../../actors/broker/view.js';
import { createBrokerWork } from '../../actors/broker/work.js';
import { dataNodeHandlers } from '../../actors/data-node.js';
import { GroupMemory } from '../../actors/group-memory.js';
import { createFrameCarrier } from '../../actors/frame-by-reference.js';
import type { SegmentCopy } from '../../actors/inventory-watch.js';
import { SegmentRegistry, type OpenSegment } from '../../actors/segment-registry.js';
import { BrokerService, DataNodeService } from '../../proto/services.js';
import { fromErrorInfo } from '../../proto/errors.js';
import { kernelCompressor } from '../../query/engine/block-compressor.js';
import type { Pool } from '../../query/engine/pool-api.js';
import { seededRandom } from '../../runtime/clock.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import { InlineHub } from '../../runtime/inline-transport.js';
import { silentLog } from '../../runtime/log.js';
import { createMemoryHub, type MemoryHub } from '../../runtime/memory-bus.js';
import { createMetrics } from '../../runtime/metrics.js';
import { createPresence } from '../../runtime/presence.js';
import type { Node } from '../../runtime/types.js';
import { createVirtualClock, type VirtualClock } from '../../runtime/virtual-clock.js';
import type { Kernels } from '../../segment/kernels/load.js';
import { dataSegmentToJson, identifierOf, type DataSegment } from '../../segment/timeline/data-segment.js';

/** A segment and the data nodes (numbers from 0) that hold it. */
export interface Placed {
  readonly record: DataSegment;
  readonly segment: OpenSegment;
  readonly on: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Cluster {
  ask(text: string, pretty?: boolean): Promise<Answer>;
}

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const callMs = 2 ** 31 - 1;

interface World {
  readonly clock: VirtualClock;
  readonly bus: MemoryHub;
  readonly hub: InlineHub;
}

export async function startCluster(options: {
  readonly pool: Pool;
  readonly kernels: Kernels;
  readonly nodes: number;
  readonly segments: readonly Placed[];
  /** Where groups go to disk, however few they are; absent: they stay in memory. */
  readonly spillDir?: string;
}): Promise<Cluster> {
  const { pool, kernels, segments, spillDir } = options;
  const clock = createVirtualClock();
  const log = silentLog();
  const world: World = {
    clock,
    bus: createMemoryHub({ clock, log }),
    hub: new InlineHub({ clock, strict: true }),
  };
  const frames = createFrameCarrier(kernelCompressor(kernels));
  const view = new BrokerView();
  const stored = segments.filter(({ segment }) => segment.parts === undefined);
  const expected = stored.map(({ record }) => ({
    id: identifierOf(record),
    json: jsonOf(record),
    queryable: true,
  }));
  view.applyExpected(expected, [], true);
  const broker = processAt(world, 'broker');
  for (let number = 0; number < options.nodes; number++) {
    const node = processAt(world, `data-${number}`);
    const registry = new SegmentRegistry();
    const own = segments.filter(({ on }) => on.includes(number));
    for (const { record, segment } of own) registry.add(identifierOf(record), segment);
    const copies = new Map(own.map((placed) => [identifierOf(placed.record), copyOf(placed)]));
    const inventory = { info: node.presence.self, role: 'historical', fresh: true, complete: true, copies };
    view.applyInventory(node.name, inventory);
    node.presence.setRole('historical', { state: 'RUNNING' });
    const { metrics } = node;
    const handlers = dataNodeHandlers({
      ...groupsOn(node, pool, spillDir),
      registry,
      pool,
      frames,
      clusterId: () => node.clusterId(),
      log,
      clock,
      metrics,
      loadChanged: () => node.presence.setRole('historical', { load: registry.users }),
    });
    node.transport.serve(DataNodeService, handlers);
  }
  const queries = new BrokerQueries({
    node: broker,
    view,
    ...groupsOn(broker, pool, spillDir),
    loads: new LoadBook(),
    work: createBrokerWork(pool),
    frames,
    isFresh: () => true,
    timeoutMs: 300_000,
    context: {},
    limits: noLimits,
    scheduler: new QueryScheduler(schedulerDefaults),
    log,
  });
  broker.transport.serve(BrokerService, {
    Native: (request, call) => queries.native(request, call),
    Cancel: async (request) => ({ known: queries.cancel(request.queryId ?? '') }),
  });
  const gateway = processAt(world, 'gateway');
  await clock.advanceUntil(() => gateway.presence.all().length === options.nodes + 2, 60_000);
  await clock.advanceUntil(() => broker.presence.all().length === options.nodes + 2, 60_000);
  return { ask: (text, pretty = false) => ask(gateway, broker.transport.address, text, pretty) };
}

let runs = 0;

function groupsOn(
  { metrics, log }: Node,
  pool: Pool,
  dir: string | undefined,
): { readonly groups?: GroupMemory } {
  if (dir === undefined) return {};
  const settings = { dir, bytesMax: 0, diskBytesMax: Infinity };
  return { groups: new GroupMemory({ pool, settings, fileName: () => `${runs++}.run`, metrics, log }) };
}

function processAt({ clock, bus, hub }: World, name: string): Node {
  const log = silentLog();
  const random = seededRandom(1);
  const ownBus = bus.connect();
  const clusterId = (): string => 'shapes';
  const presence = createPresence({
    bus: ownBus,
    clock,
    log,
    cluster: 'main',
    node: name,
    incarnation: random.hex(4),
    clusterId,
    grpcAddress: name,
    httpAddress: '',
  });
  presence.start();
  return {
    name,
    cluster: 'main',
    incarnation: presence.self.incarnation,
    clusterId,
    clock,
    random,
    log,
    metrics: createMetrics(),
    bus: ownBus,
    transport: hub.transport(name),
    presence,
    hit: () => undefined,
    deadline: (ms) => deadlineAfter(clock, ms),
  };
}

const jsonOf = (record: DataSegment): string => JSON.stringify(dataSegmentToJson(record));

function copyOf({ record, segment }: Placed): SegmentCopy {
  return {
    segmentId: identifierOf(record),
    segmentJson: jsonOf(record),
    state: segment.parts === undefined ? 'served' : 'realtime',
    rows: segment.rows,
    bytes: record.size,
    error: '',
  };
}

async function ask(node: Node, broker: string, text: string, pretty: boolean): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let status = 200;
  const options = { deadline: node.deadline(callMs), signal: new AbortController().signal, trace };
  const query = { queryJson: text, pretty, ifNoneMatch: '', format: 0 };
  for await (const part of node.transport.client(broker).stream(BrokerService.Native, query, options)) {
    if (part.head !== null && part.head !== undefined) {
      status = part.head.status ?? 200;
      const { errorBody = '' } = part.head;
      if (errorBody !== '' && errorBody !== null) return { status, text: errorBody };
    }
    if (part.error !== null && part.error !== undefined) throw fromErrorInfo(part.error);
    if (part.rows !== null && part.rows !== undefined) chunks.push(part.rows);
  }
  return { status, text: Buffer.concat(chunks).toString('utf8') };
}
