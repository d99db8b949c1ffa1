/** Who leads, how much is loaded, what is on its way. */
import { overlaps, parseInterval } from '../../segment/timeline/interval.js';
import {
  answerJson,
  bareText,
  emptyJson,
  intervalText,
  type RestCall,
  type RestRoute,
} from '../rest-router.js';
import { inSlices } from '../../runtime/slices.js';
import { judgeSteps, type Standing } from './expected.js';
import { nodeOf, servedIn } from './nodes.js';
import { wantedPerTier, type PlanSegment } from './plan.js';
import { COORDINATOR, type RestDeps } from './rest-deps.js';
import { hostOf } from './rest-cluster.js';
import type { MetadataSnapshot } from './metadata-view.js';

const DAY_MS = 86_400_000;
/** What a datasource's load status looks at when no interval is given. */
const LOAD_STATUS_DEFAULT_MS = 14 * DAY_MS;
const readMs = 10_000;

export function statusRoutes(deps: RestDeps): RestRoute[] {
  return [
    { method: 'GET', path: `${COORDINATOR}/leader`, handle: () => leader(deps) },
    {
      method: 'GET',
      path: `${COORDINATOR}/isLeader`,
      handle: () => {
        const isLeader = deps.state().epoch > 0;
        return answerJson({ leader: isLeader }, isLeader ? 200 : 404);
      },
    },
    { method: 'GET', path: `${COORDINATOR}/loadstatus`, handle: (call) => loadStatus(deps, call) },
    {
      method: 'GET',
      path: `${COORDINATOR}/datasources/{ds}/loadstatus`,
      handle: (call) => oneLoadStatus(deps, call),
    },
    { method: 'GET', path: `${COORDINATOR}/loadqueue`, handle: (call) => loadQueue(deps, call) },
    { method: 'GET', path: `${COORDINATOR}/duties`, handle: () => answerJson({ dutyGroups: duties() }) },
  ];
}

function leader(deps: RestDeps) {
  const info = deps.node.presence.leader('coordinator');
  return info === undefined ? emptyJson(404) : bareText(`http://${hostOf(info)}`);
}

type Served = ReturnType<typeof servedIn>;

/** The verdicts over the store as it is now. */
export async function standingNow(deps: RestDeps): Promise<{
  readonly snapshot: MetadataSnapshot;
  readonly standing: Standing;
  readonly served: Served;
}> {
  const snapshot = await deps.readNow(deps.node.deadline(readMs));
  const served = servedIn(deps.inventories());
  const { used, loadedOnce, rules } = snapshot;
  const nowMs = deps.node.clock.now();
  const steps = judgeSteps({ used, loadedOnce, served, rules, nowMs });
  const standing = await inSlices(steps, deps.node.clock);
  return { snapshot, standing, served };
}

/** Loaded in the eyes of a client: a query asked now is answered from it. */
function isAnswered(deps: RestDeps, segment: PlanSegment, served: Served): boolean {
  return served.has(segment.id) && deps.state().standing?.expected.get(segment.id)?.queryable === true;
}

interface Counts {
  total: number;
  loaded: number;
}
function countLoaded(deps: RestDeps, segments: readonly PlanSegment[], served: Served): Map<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const segment of segments) {
    if (segment.overshadowed === 'queryable' || (segment.overshadowed === 'published' && !segment.loadedOnce))
      continue;
    const count = counts.get(segment.dataSource) ?? { total: 0, loaded: 0 };
    count.total += 1;
    if (isAnswered(deps, segment, served)) count.loaded += 1;
    counts.set(segment.dataSource, count);
  }
  return counts;
}

const percent = ({ total, loaded }: Counts): number => (total === 0 ? 100 : (loaded * 100) / total);

function mapped<T>(counts: ReadonlyMap<string, Counts>, of: (count: Counts) => T): Record<string, T> {
  return Object.fromEntries([...counts].map(([name, count]) => [name, of(count)]));
}

/** Tier → datasource → copies missing; with the cluster's view no more is asked for than there are nodes. */
function missingCopies(
  deps: RestDeps,
  segments: readonly PlanSegment[],
  usesClusterView: boolean,
): Record<string, Record<string, number>> {
  const inventories = deps.inventories();
  const nodes = inventories.map(nodeOf);
  const missing: Record<string, Record<string, number>> = {};
  for (const segment of segments) {
    if (segment.overshadowed === 'queryable') continue;
    for (const [tier, wanted] of wantedPerTier(segment.verdict, nodes)) {
      const inTier = inventories.filter((_, i) => nodes[i]?.tier === tier);
      const asked = usesClusterView ? Math.min(wanted, inTier.length) : wanted;
      const served = inTier.filter(({ copies }) => copies.get(segment.id)?.state === 'served').length;
      const byDataSource = (missing[tier] ??= {});
      byDataSource[segment.dataSource] =
        (byDataSource[segment.dataSource] ?? 0) + Math.max(0, asked - served);
    }
  }
  return missing;
}

async function loadStatus(deps: RestDeps, call: RestCall) {
  const { standing, served } = await standingNow(deps);
  if (call.has('full'))
    return answerJson(missingCopies(deps, standing.segments, call.has('computeUsingClusterView')));
  const counts = countLoaded(deps, standing.segments, served);
  return answerJson(call.has('simple') ? mapped(counts, (c) => c.total - c.loaded) : mapped(counts, percent));
}

async function oneLoadStatus(deps: RestDeps, call: RestCall) {
  const force = call.query('forceMetadataRefresh');
  if (force === undefined) return bareText('Invalid request. forceMetadataRefresh must be specified', 400);
  const name = call.params['ds'] ?? '';
  const { snapshot, standing, served } = await standingNow(deps);
  if (!snapshot.used.some((one) => one.segment.dataSource === name)) return emptyJson(204);
  const given = call.query('interval');
  const now = deps.node.clock.now();
  const asked =
    given === undefined
      ? { startMs: now - LOAD_STATUS_DEFAULT_MS, endMs: now }
      : parseInterval(intervalText(given), 'interval');
  const segments = standing.segments.filter((one) => one.dataSource === name && overlaps(asked, one));
  const counts = countLoaded(deps, segments, served);
  const count = counts.get(name);
  if (count === undefined) return bareText('No used segment found for the given datasource and interval');
  // A poll that comes before the plan has seen a change makes the plan look again.
  if (count.loaded < count.total) deps.changed();
  if (call.has('full')) return answerJson(missingCopies(deps, segments, call.has('computeUsingClusterView')));
  return answerJson({ [name]: call.has('simple') ? count.total - count.loaded : percent(count) });
}

function loadQueue(deps: RestDeps, call: RestCall) {
  const state = deps.state();
  const bytesOf = new Map(state.snapshot?.used.map((one) => [one.id, one.segment.size]));
  const answer: Record<string, unknown> = {};
  for (const inventory of deps.inventories()) {
    const own = state.inFlight.filter((flight) => flight.node === inventory.info.node);
    const loading = [...inventory.copies.values()].filter((copy) => copy.state === 'loading');
    const toLoad = new Set([
      ...loading.map((copy) => copy.segmentId),
      ...own.filter((flight) => flight.kind === 'load').map((flight) => flight.segmentId),
    ]);
    const toDrop = new Set(own.filter((flight) => flight.kind === 'drop').map((flight) => flight.segmentId));
    const bytes = (ids: ReadonlySet<string>): number => {
      let total = 0;
      for (const id of ids) total += bytesOf.get(id) ?? 0;
      return total;
    };
    answer[hostOf(inventory.info)] = call.has('simple')
      ? {
          segmentsToLoad: toLoad.size,
          segmentsToDrop: toDrop.size,
          segmentsToLoadSize: bytes(toLoad),
          segmentsToDropSize: bytes(toDrop),
          expectedLoadTimeMillis: 0,
        }
      : { segmentsToLoad: [...toLoad], segmentsToDrop: [...toDrop] };
  }
  return answerJson(answer);
}

function duties(): unknown[] {
  return [
    {
      name: 'HistoricalManagementDuties',
      period: 'PT5S',
      dutyNames: ['RunRules', 'MarkOvershadowedSegmentsAsUnused', 'UnloadUnusedSegments'],
    },
  ];
}
