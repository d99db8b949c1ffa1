/**
 * Data sets in a cluster of real processes: their steps are submitted as tasks, the segments published, and loaded by
 * three historicals as the coordinator tells them; gateway and broker are a process of their own.
 */
import { findNatsServer } from '../../runtime/nats-server.js';
import { systemClock } from '../../runtime/clock.js';
import { Cluster as Processes, type ClusterPlan } from '../cluster/cluster.js';
import { until } from '../launch.js';
import type { Cluster } from './cluster.js';
import { isObject, type DataSet } from './suite.js';

type Json = Readonly<Record<string, unknown>>;

/** Of each segment: then every historical is asked in most queries. */
const copies = 1;
/** Of a segment, where the step leaves it open: one chunk becomes several segments. */
const rowsPerSegment = 2_000;
const taskMs = 120_000;
const always = '0000-01-01/9999-01-01';

const plan = (dataDir: string): ClusterPlan => ({
  processes: [
    { name: 'control', roles: ['metadata', 'coordinator', 'overlord'] },
    { name: 'door', roles: ['broker', 'gateway'] },
    ...['h1', 'h2', 'h3'].map((name) => ({ name, roles: ['historical'] })),
    { name: 'mm', roles: ['middlemanager'], settings: { workerSlots: 2, inputDirs: [dataDir] } },
  ],
});

export interface Historicals {
  readonly cluster: Cluster;
  /** Data set → why it could not be loaded. */
  readonly notLoaded: ReadonlyMap<string, string>;
  /** Segments served, a historical each. */
  readonly served: readonly number[];
  stop(): Promise<void>;
}

export async function startHistoricals(dataDir: string, dataSets: readonly DataSet[]): Promise<Historicals> {
  const clock = systemClock();
  const binary = await findNatsServer({ env: process.env, clock, progress: () => undefined });
  const processes = await Processes.start(binary, plan(dataDir));
  try {
    const rules = [{ type: 'loadForever', tieredReplicants: { _default_tier: copies } }];
    await done(processes, '/druid/coordinator/v1/rules/_default', rules);
    const notLoaded = await loadAll(processes, dataSets);
    return {
      cluster: {
        ask: async (text, pretty = false) =>
          processes.gateway.request('POST', pretty ? '/druid/v2?pretty' : '/druid/v2', text),
      },
      notLoaded,
      served: await served(processes),
      stop: () => processes.stop(),
    };
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

/** Two data sets at a time, one after those it waits for. */
async function loadAll(processes: Processes, dataSets: readonly DataSet[]): Promise<Map<string, string>> {
  const notLoaded = new Map<string, string>();
  const ended = new Map<string, Promise<void>>();
  const queue = [...dataSets];
  const resolvers = new Map<string, () => void>();
  for (const { name } of dataSets) {
    ended.set(name, new Promise((resolve) => resolvers.set(name, resolve)));
  }
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await Promise.all(next.after.flatMap((name) => ended.get(name) ?? []));
      try {
        await load(processes, next);
      } catch (error) {
        notLoaded.set(next.name, error instanceof Error ? error.message : String(error));
      }
      resolvers.get(next.name)?.();
    }
  };
  await Promise.all([work(), work()]);
  return notLoaded;
}

/** Throws what its tasks ended with, or that its rows did not become queryable. */
async function load(processes: Processes, { name, steps, rows }: DataSet): Promise<void> {
  let dataSource = name;
  for (const step of steps) {
    const task = inParts(step);
    dataSource = dataSourceOf(task) ?? name;
    const { task: id } = (await done(processes, '/druid/indexer/v1/task', task)) as { task: string };
    const at = `/druid/indexer/v1/task/${encodeURIComponent(id)}/status`;
    const status = await until(`end of task ${id}`, taskMs, async () => {
      const found = (await processes.gateway.request('GET', at)).json<{ status: Json }>().status;
      return found['statusCode'] === 'RUNNING' ? undefined : found;
    });
    if (status['statusCode'] !== 'SUCCESS') throw new Error(String(status['errorMsg']));
  }
  const loaded = `/druid/coordinator/v1/datasources/${dataSource}/loadstatus?forceMetadataRefresh=true&interval=${always}`;
  await until(`${dataSource} loaded`, taskMs, async () => {
    const answer = await processes.gateway.request('GET', loaded);
    if (answer.status !== 200 || answer.json<Record<string, number>>()[dataSource] !== 100) return undefined;
    const found = await rowsOf(processes, dataSource);
    return found > 0 && (rows === undefined || found === rows) ? true : undefined;
  });
}

async function rowsOf(processes: Processes, dataSource: string): Promise<number> {
  const answer = await processes.gateway.request('POST', '/druid/v2', {
    queryType: 'timeseries',
    dataSource,
    granularity: 'all',
    intervals: always,
    aggregations: [{ type: 'count', name: 'rows' }],
  });
  if (answer.status !== 200) return 0;
  return answer.json<{ result: { rows: number } }[]>()[0]?.result.rows ?? 0;
}

/** Rolled up rows must stay as they are; others may be cut anywhere. */
export function inParts(step: unknown): unknown {
  if (!isObject(step) || !isObject(step['spec'])) return step;
  const { spec } = step;
  const { dataSchema, tuningConfig } = spec;
  const granularities = isObject(dataSchema) ? dataSchema['granularitySpec'] : undefined;
  const isRolledUp = !isObject(granularities) || granularities['rollup'] !== false;
  const tuning = isObject(tuningConfig) ? tuningConfig : { type: step['type'] };
  const { partitionsSpec = { type: 'dynamic' } } = tuning;
  if (isRolledUp || !isObject(partitionsSpec) || partitionsSpec['type'] !== 'dynamic') return step;
  const open = { maxRowsPerSegment: rowsPerSegment, ...partitionsSpec };
  return { ...step, spec: { ...spec, tuningConfig: { ...tuning, partitionsSpec: open } } };
}

function dataSourceOf(task: unknown): string | undefined {
  const spec = isObject(task) ? task['spec'] : undefined;
  const schema = isObject(spec) ? spec['dataSchema'] : undefined;
  const name = isObject(schema) ? schema['dataSource'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

async function done(processes: Processes, at: string, body: unknown): Promise<unknown> {
  const answer = await processes.gateway.request('POST', at, body);
  if (answer.status !== 200) throw new Error(`${at}: ${answer.status} ${answer.text}`);
  return answer.text === '' ? undefined : answer.json();
}

async function served(processes: Processes): Promise<number[]> {
  const at = '/druid/coordinator/v1/servers?full';
  const servers = (await processes.gateway.request('GET', at)).json<
    { host: string; segments: Record<string, unknown> }[]
  >();
  return processes.withRole('historical').map((node) => {
    const server = servers.find(({ host }) => node.url.endsWith(host));
    return Object.keys(server?.segments ?? {}).length;
  });
}
