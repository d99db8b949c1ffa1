/** Servers, tiers and processes, as the coordinator sees them. */
import type { NodeInfo } from '../../runtime/types.js';
import {
  dataSegmentToJson,
  parseDataSegmentText,
  type DataSegment,
} from '../../segment/timeline/data-segment.js';
import { formatInterval } from '../../segment/timeline/interval.js';
import type { NodeInventory, SegmentCopy } from '../inventory-watch.js';
import { answerJson, emptyJson, type RestAnswer, type RestCall, type RestRoute } from '../rest-router.js';
import { bytesOf, roleOf } from './nodes.js';
import { COORDINATOR, type RestDeps } from './rest-deps.js';
import { DEFAULT_TIER } from './rules.js';

/** host:port clients know the process by. */
export const hostOf = (info: NodeInfo): string =>
  info.httpAddress === '' ? info.grpcAddress : info.httpAddress;
export const tierOf = (inventory: NodeInventory): string => {
  const tier = roleOf(inventory.info, inventory.role)?.tier ?? '';
  return tier === '' ? DEFAULT_TIER : tier;
};

export interface LoadedSegment {
  readonly id: string;
  readonly segment: DataSegment;
  readonly inventories: readonly NodeInventory[];
}

/** A copy stays the same object until the node says something new of it. */
const parsed = new WeakMap<SegmentCopy, DataSegment>();

function segmentOf(copy: SegmentCopy): DataSegment {
  let segment = parsed.get(copy);
  if (segment === undefined) {
    segment = parseDataSegmentText(copy.segmentJson);
    parsed.set(copy, segment);
  }
  return segment;
}

/** Every segment some data node serves. */
export function loadedSegments(inventories: readonly NodeInventory[]): LoadedSegment[] {
  const byId = new Map<string, { copy: SegmentCopy; inventories: NodeInventory[] }>();
  for (const inventory of inventories) {
    for (const copy of inventory.copies.values()) {
      if (copy.state !== 'served') continue;
      const known = byId.get(copy.segmentId);
      if (known === undefined) byId.set(copy.segmentId, { copy, inventories: [inventory] });
      else known.inventories.push(inventory);
    }
  }
  return [...byId].map(([id, { copy, inventories: holders }]) => ({
    id,
    segment: segmentOf(copy),
    inventories: holders,
  }));
}

export function clusterRoutes(deps: RestDeps): RestRoute[] {
  const find = (call: RestCall): NodeInventory | undefined =>
    deps.inventories().find((one) => hostOf(one.info) === call.params['server']);
  return [
    { method: 'GET', path: `${COORDINATOR}/servers`, handle: (call) => servers(deps, call) },
    {
      method: 'GET',
      path: `${COORDINATOR}/servers/{server}`,
      handle: (call) => {
        const one = find(call);
        if (one === undefined) return emptyJson(404);
        return answerJson(call.has('simple') ? serverJson(one) : serverWithSegments(one));
      },
    },
    {
      method: 'GET',
      path: `${COORDINATOR}/servers/{server}/segments`,
      handle: (call) => {
        const one = find(call);
        if (one === undefined) return emptyJson(404);
        const copies = servedCopies(one);
        return answerJson(call.has('full') ? copies.map(copyJson) : copies.map((copy) => copy.segmentId));
      },
    },
    {
      method: 'GET',
      path: `${COORDINATOR}/servers/{server}/segments/{id}`,
      handle: (call) => {
        const copy = find(call)?.copies.get(call.params['id'] ?? '');
        return copy?.state === 'served' ? answerJson(copyJson(copy)) : emptyJson(404);
      },
    },
    { method: 'GET', path: `${COORDINATOR}/tiers`, handle: (call) => tiers(deps, call) },
    { method: 'GET', path: `${COORDINATOR}/tiers/{tier}`, handle: (call) => oneTier(deps, call) },
    { method: 'GET', path: `${COORDINATOR}/cluster`, handle: () => answerJson(cluster(deps)) },
    {
      method: 'GET',
      path: `${COORDINATOR}/cluster/{role}`,
      handle: (call) => answerJson(cluster(deps)[call.params['role'] ?? ''] ?? []),
    },
  ];
}

const servedCopies = (inventory: NodeInventory): SegmentCopy[] =>
  [...inventory.copies.values()].filter((copy) => copy.state === 'served');
const copyJson = (copy: SegmentCopy): Record<string, unknown> => dataSegmentToJson(segmentOf(copy));

function serverJson(inventory: NodeInventory): Record<string, unknown> {
  const role = roleOf(inventory.info, inventory.role);
  return {
    host: hostOf(inventory.info),
    tier: tierOf(inventory),
    type: inventory.role,
    priority: 0,
    currSize: bytesOf(inventory),
    maxSize: role?.capacity ?? 0,
  };
}

function serverWithSegments(inventory: NodeInventory): Record<string, unknown> {
  const { host, maxSize, type, tier, priority, currSize } = serverJson(inventory);
  const segments = Object.fromEntries(
    servedCopies(inventory).map((copy) => [copy.segmentId, copyJson(copy)]),
  );
  return { host, maxSize, type, tier, priority, segments, currSize };
}

function servers(deps: RestDeps, call: RestCall): RestAnswer {
  const all = deps.inventories();
  if (call.has('full')) return answerJson(all.map(serverWithSegments));
  if (call.has('simple')) return answerJson(all.map(serverJson));
  return answerJson(all.map((one) => hostOf(one.info)));
}

function tiers(deps: RestDeps, call: RestCall): RestAnswer {
  const sizes: Record<string, { currSize: number; maxSize: number }> = {};
  for (const one of deps.inventories()) {
    const size = (sizes[tierOf(one)] ??= { currSize: 0, maxSize: 0 });
    size.currSize += bytesOf(one);
    size.maxSize += roleOf(one.info, one.role)?.capacity ?? 0;
  }
  return answerJson(call.has('simple') ? sizes : Object.keys(sizes));
}

function oneTier(deps: RestDeps, call: RestCall): RestAnswer {
  const inTier = deps.inventories().filter((one) => tierOf(one) === call.params['tier']);
  const loaded = loadedSegments(inTier);
  if (!call.has('simple')) return answerJson([...new Set(loaded.map((one) => one.segment.dataSource))]);
  const answer: Record<string, Record<string, { size: number; count: number }>> = {};
  for (const { segment } of loaded) {
    const byInterval = (answer[segment.dataSource] ??= {});
    const entry = (byInterval[formatInterval(segment.interval)] ??= { size: 0, count: 0 });
    entry.size += segment.size;
    entry.count += 1;
  }
  return answerJson(answer);
}

/** Grove's roles under Druid's names. */
const druidRoles = [
  ['coordinator', 'coordinator', 'druid/coordinator'],
  ['overlord', 'overlord', 'druid/overlord'],
  ['broker', 'broker', 'druid/broker'],
  ['historical', 'historical', 'druid/historical'],
  ['middlemanager', 'middleManager', 'druid/middleManager'],
  ['gateway', 'router', 'druid/router'],
] as const;

function cluster(deps: RestDeps): Record<string, unknown[]> {
  const answer: Record<string, unknown[]> = {};
  for (const [role, name, service] of druidRoles) {
    const nodes = deps.node.presence.nodes(role).map((info) => {
      const address = hostOf(info);
      const colon = address.lastIndexOf(':');
      return { host: address.slice(0, colon), service, plaintextPort: Number(address.slice(colon + 1)) };
    });
    if (nodes.length > 0) answer[name] = nodes;
  }
  return answer;
}
