/** The coordinator's dynamic configuration: Druid's keys and defaults, kept in the store. */
import { answerError, answerJson, type RestAnswer, type RestCall, type RestRoute } from '../rest-router.js';
import { COORDINATOR, type RestDeps } from './rest-deps.js';
import { auditOf, history } from './rest-rules.js';
import { transactAsLeader } from './rest-write.js';

const NAME = 'coordinator.config';
const callMs = 10_000;

const defaults: Readonly<Record<string, unknown>> = {
  millisToWaitBeforeDeleting: 900_000,
  maxSegmentsToMove: 100,
  replicantLifetime: 15,
  replicationThrottleLimit: 500,
  balancerComputeThreads: 1,
  killDataSourceWhitelist: [],
  killTaskSlotRatio: 0.1,
  maxKillTaskSlots: 2_147_483_647,
  killPendingSegmentsSkipList: [],
  maxSegmentsInNodeLoadingQueue: 500,
  decommissioningNodes: [],
  pauseCoordination: false,
  replicateAfterLoadTimeout: false,
  useRoundRobinSegmentAssignment: true,
  smartSegmentLoading: true,
  debugDimensions: null,
  turboLoadingNodes: [],
};

export function configRoutes(deps: RestDeps): RestRoute[] {
  const path = `${COORDINATOR}/config`;
  return [
    { method: 'GET', path, handle: async () => answerJson(merge((await read(deps)) ?? {})) },
    { method: 'POST', path, handle: (call) => set(deps, call) },
    { method: 'GET', path: `${path}/history`, handle: (call) => history(deps, call, NAME) },
  ];
}

async function readText(deps: RestDeps): Promise<string | null> {
  const { payload } = await deps.metadata.read(
    'readConfig',
    { name: NAME },
    { deadline: deps.node.deadline(callMs) },
  );
  return payload;
}
async function read(deps: RestDeps): Promise<Record<string, unknown> | undefined> {
  const text = await readText(deps);
  return text === null ? undefined : (JSON.parse(text) as Record<string, unknown>);
}

/** Known keys only, defaults where nothing is set. */
function merge(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(defaults).map(([key, fallback]) => [
      key,
      Object.hasOwn(given, key) ? given[key] : fallback,
    ]),
  );
}

async function set(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const given = call.json();
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return answerError('The coordinator configuration must be an object');
  }
  for (const [key, value] of Object.entries(given)) {
    const fallback = defaults[key];
    if (fallback === undefined || fallback === null || value === null) continue;
    const isRight = Array.isArray(fallback) ? Array.isArray(value) : typeof value === typeof fallback;
    if (!isRight) return answerError(`Configuration key[${key}] has the wrong type`);
  }
  const before = await readText(deps);
  const old = before === null ? {} : (JSON.parse(before) as Record<string, unknown>);
  const payload = JSON.stringify(merge({ ...old, ...given }));
  const { changed } = await transactAsLeader(deps, 'setConfig', {
    name: NAME,
    payload,
    expected: before,
    audit: auditOf(deps, call),
  });
  return changed
    ? { status: 200 }
    : answerError('The configuration was changed by someone else meanwhile', 409);
}
