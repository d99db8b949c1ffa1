/** Workers, their configuration, and locks over REST. */
import { invalidInput } from '../../proto/errors.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import { parseInterval } from '../../segment/timeline/interval.js';
import {
  answerJson,
  bareText,
  emptyJson,
  intervalText,
  type RestAnswer,
  type RestCall,
  type RestRoute,
} from '../rest-router.js';
import { lockedIntervals, type LockFilter } from './lock-box.js';
import { OVERLORD, type RestDeps } from './rest-deps.js';
import { activeLocks, workerView } from './task-views.js';

const configName = 'worker.config';
const defaultConfig = {
  type: 'default',
  selectStrategy: {
    type: 'equalDistribution',
    affinityConfig: null,
    taskLimits: { maxSlotCountByType: {}, maxSlotRatioByType: {} },
  },
  autoScaler: null,
};

export function workerRoutes(deps: RestDeps): RestRoute[] {
  return [
    { method: 'GET', path: `${OVERLORD}/workers`, handle: () => answerJson(workers(deps)) },
    { method: 'GET', path: `${OVERLORD}/totalWorkerCapacity`, handle: () => answerJson(capacity(deps)) },
    { method: 'GET', path: `${OVERLORD}/scaling`, handle: () => emptyJson(200) },
    {
      method: 'GET',
      path: `${OVERLORD}/worker`,
      handle: async ({ context }) => {
        const { payload } = await deps.metadata.read(
          'readConfig',
          { name: configName },
          { deadline: context.deadline },
        );
        return answerJson(payload === null ? defaultConfig : (JSON.parse(payload) as unknown));
      },
    },
    { method: 'POST', path: `${OVERLORD}/worker`, handle: (call) => setWorkerConfig(deps, call) },
    { method: 'GET', path: `${OVERLORD}/worker/history`, handle: (call) => workerHistory(deps, call) },
    {
      method: 'POST',
      path: `${OVERLORD}/lockedIntervals/v2`,
      handle: (call) => {
        const filters = lockFilters(call);
        return filters.length === 0
          ? bareText('No filter provided', 400)
          : answerJson(lockedIntervals(deps.term().locks(), filters));
      },
    },
    {
      method: 'POST',
      path: `${OVERLORD}/activeLocks`,
      handle: (call) => {
        const filters = lockFilters(call);
        return filters.length === 0
          ? bareText('No filter provided', 400)
          : answerJson({ datasourceToLocks: activeLocks(deps.term().locks(), filters) });
      },
    },
    {
      method: 'DELETE',
      path: `${OVERLORD}/pendingSegments/{dataSource}`,
      handle: (call) => deletePending(deps, call),
    },
  ];
}

function workers(deps: RestDeps): readonly unknown[] {
  const term = deps.term();
  return deps.node.presence.nodes('middlemanager').map((info) => {
    const tasks = [...term.tasks.all()].filter((task) => task.node === info.node);
    return workerView(info, tasks, deps.reports.of(info.node));
  });
}

function capacity(deps: RestDeps): unknown {
  const all = deps.term().workers();
  return {
    currentClusterCapacity: all
      .filter((worker) => worker.enabled)
      .reduce((sum, worker) => sum + worker.slots, 0),
    maximumCapacityWithAutoScale: -1,
    usedClusterCapacity: all.reduce((sum, worker) => sum + worker.running.length, 0),
  };
}

/** Druid keeps what it understood; Grove has one strategy and refuses to pretend another. */
async function setWorkerConfig(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const given = call.json();
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidInput('The worker configuration must be an object', 'body');
  }
  const strategy = (given as { selectStrategy?: { type?: unknown } | null }).selectStrategy;
  if (strategy !== undefined && strategy !== null && strategy.type !== 'equalDistribution') {
    throw invalidInput(
      `selectStrategy.type[${String(strategy.type)}] must be equalDistribution`,
      'selectStrategy.type',
    );
  }
  const payload = {
    ...defaultConfig,
    selectStrategy: { ...defaultConfig.selectStrategy, ...strategy },
  };
  const term = deps.term();
  await term.transact('setConfig', {
    name: configName,
    payload: JSON.stringify(payload),
    audit: {
      author: call.header('x-druid-author') ?? '',
      comment: call.header('x-druid-comment') ?? '',
      ip: '127.0.0.1',
      nowDate: term.nowDate(),
    },
  });
  return { status: 200 };
}

async function workerHistory(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const given = call.query('interval');
  const interval = given === undefined ? undefined : parseInterval(intervalText(given), 'interval');
  const count = call.query('count');
  const { entries } = await deps.metadata.read(
    'readAudit',
    {
      type: configName,
      ...(count === undefined ? {} : { count: Number(count) }),
      ...(interval === undefined
        ? {}
        : { interval: { start: formatInstant(interval.startMs), end: formatInstant(interval.endMs) } }),
    },
    { deadline: call.context.deadline },
  );
  return answerJson(
    entries.map(({ key, type, author, comment, ip, payload, auditTime }) => ({
      key,
      type,
      auditInfo: { author, identity: 'allowAll', comment, ip },
      request: null,
      payload,
      auditTime,
    })),
  );
}

function lockFilters(call: RestCall): LockFilter[] {
  const given = call.json();
  if (!Array.isArray(given)) throw invalidInput('The lock filters must be a list', 'body');
  return given.map((filter: unknown) => {
    const { datasource, priority } = (filter ?? {}) as { datasource?: unknown; priority?: unknown };
    if (typeof datasource !== 'string') throw invalidInput('datasource must be a text', 'datasource');
    return { datasource, priority: typeof priority === 'number' ? priority : 0 };
  });
}

async function deletePending(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const given = call.query('interval');
  const interval = given === undefined ? undefined : parseInterval(intervalText(given), 'interval');
  const { deleted } = await deps.term().transact('deletePendingSegments', {
    dataSource: call.params['dataSource'] ?? '',
    ...(interval === undefined
      ? {}
      : { interval: { start: formatInstant(interval.startMs), end: formatInstant(interval.endMs) } }),
  });
  return answerJson({ numDeleted: deleted });
}
