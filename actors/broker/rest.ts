/** The broker's REST API: which datasources there are, and what columns they have. */
import { parseJson } from '../../query/json/parse.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import type { Node, NodeInfo } from '../../runtime/types.js';
import { formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { partitionNumOf } from '../../segment/timeline/shard-spec.js';
import type { TimelineChunk } from '../../segment/timeline/timeline.js';
import { hashSetOrder } from './hash-set-order.js';
import { answerJson, intervalText, type RestAnswer, type RestCall, type RestRoute } from '../rest-router.js';
import type { BrokerView, ViewSegment } from './view.js';

export interface BrokerRestDeps {
  readonly node: Pick<Node, 'clock' | 'presence'>;
  readonly view: BrokerView;
  readonly isReady: () => boolean;
  readonly infoOf: (node: string) => NodeInfo | undefined;
}

/** Without an interval only the last days are looked at, as Druid does. */
const defaultHistoryMs = 14 * 86_400_000;
const BASE = '/druid/v2/datasources';

export function brokerRoutes(deps: BrokerRestDeps): RestRoute[] {
  return [
    { method: 'GET', path: BASE, handle: () => answerJson(deps.view.dataSources()) },
    { method: 'GET', path: `${BASE}/{ds}`, handle: (call) => columns(deps, call) },
    {
      method: 'GET',
      path: `${BASE}/{ds}/dimensions`,
      handle: (call) => answerJson(columnsOf(chunks(deps, call)).dimensions),
    },
    {
      method: 'GET',
      path: `${BASE}/{ds}/metrics`,
      handle: (call) => answerJson(columnsOf(chunks(deps, call)).metrics),
    },
    { method: 'GET', path: `${BASE}/{ds}/candidates`, handle: (call) => candidates(deps, call) },
    { method: 'POST', path: '/druid/v2/candidates', handle: (call) => queryCandidates(deps, call) },
    {
      method: 'GET',
      path: '/druid/broker/v1/loadstatus',
      handle: () => answerJson({ inventoryInitialized: deps.isReady() }),
    },
    {
      method: 'GET',
      path: '/druid/broker/v1/readiness',
      handle: () => ({ status: deps.isReady() ? 200 : 503 }),
    },
  ];
}

function askedInterval(deps: BrokerRestDeps, text: string | undefined): IntervalMs {
  if (text !== undefined) return parseInterval(intervalText(text), 'interval');
  const endMs = deps.node.clock.now();
  return { startMs: endMs - defaultHistoryMs, endMs };
}

function chunks(deps: BrokerRestDeps, call: RestCall): readonly TimelineChunk<ViewSegment>[] {
  const timeline = deps.view.timeline(call.params['ds'] ?? '');
  const asked = askedInterval(deps, call.query('interval'));
  return timeline?.lookup(asked, (segment) => segment.queryable) ?? [];
}

interface Columns {
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
}
function columnsOf(found: readonly TimelineChunk<ViewSegment>[]): Columns {
  const dimensions = new Set<string>();
  const metrics = new Set<string>();
  // The latest first: which of several names in one place of the set comes first is not settled otherwise.
  for (const { segments } of found.toReversed()) {
    for (const { segment } of segments) {
      for (const name of segment.dimensions) dimensions.add(name);
      for (const name of segment.metrics) metrics.add(name);
    }
  }
  return { dimensions: hashSetOrder([...dimensions]), metrics: hashSetOrder([...metrics]) };
}

function columns(deps: BrokerRestDeps, call: RestCall): RestAnswer {
  const found = chunks(deps, call);
  if (!call.has('full')) return answerJson(columnsOf(found));
  // Abutting chunks with the same columns are one.
  const joined: { startMs: number; endMs: number; readonly columns: Columns; readonly key: string }[] = [];
  for (const chunk of found) {
    const own = columnsOf([chunk]);
    const key = JSON.stringify(own);
    const last = joined.at(-1);
    if (last !== undefined && last.key === key && last.endMs === chunk.interval.startMs) {
      last.endMs = chunk.interval.endMs;
    } else {
      joined.push({ ...chunk.interval, columns: own, key });
    }
  }
  return answerJson(Object.fromEntries(joined.map((one) => [formatInterval(one), one.columns])));
}

function candidates(deps: BrokerRestDeps, call: RestCall): RestAnswer {
  const texts = (call.query('intervals') ?? '').split(',').filter((one) => one !== '');
  const intervals = texts.map((text) => parseInterval(intervalText(text), 'intervals'));
  return answerJson(located(deps, call.params['ds'] ?? '', intervals, mostOf(call)));
}

/** The segments that a query in the body would be answered from. */
function queryCandidates(deps: BrokerRestDeps, call: RestCall): RestAnswer {
  const query = parseNativeQuery(parseJson(Buffer.from(call.body).toString('utf8')), {
    queryId: '',
    timeoutMs: 0,
  });
  const names = [...new Set(query.dataSources)];
  return answerJson(names.flatMap((name) => located(deps, name, query.intervals, mostOf(call))));
}

/** Holders named of each segment; -1 = all. */
const mostOf = (call: RestCall): number => Number(call.query('numCandidates') ?? -1);

function located(
  deps: BrokerRestDeps,
  dataSource: string,
  intervals: readonly IntervalMs[],
  most: number,
): unknown[] {
  const timeline = deps.view.timeline(dataSource);
  const answer: unknown[] = [];
  for (const asked of intervals) {
    for (const chunk of timeline?.lookup(asked, (segment) => segment.queryable) ?? []) {
      for (const segment of chunk.segments) {
        const locations = [...deps.view.holders(segment.id)].flatMap((name) => locationOf(deps.infoOf(name)));
        answer.push({
          interval: formatInterval(chunk.interval),
          version: chunk.version,
          partitionNumber: partitionNumOf(segment.shardSpec),
          size: segment.segment.size,
          locations: most > 0 ? locations.slice(0, most) : locations,
        });
      }
    }
  }
  return answer;
}

function locationOf(info: NodeInfo | undefined): unknown[] {
  const role = info?.roles.find((one) => one.role === 'historical' || one.role === 'peon');
  if (info === undefined || role === undefined) return [];
  const host = info.httpAddress === '' ? info.grpcAddress : info.httpAddress;
  return [
    {
      name: host,
      host,
      hostAndTlsPort: null,
      maxSize: role.capacity,
      type: role.role === 'peon' ? 'indexer-executor' : 'historical',
      tier: role.tier,
      priority: 0,
    },
  ];
}
