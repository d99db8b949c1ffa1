/** Steps that several cases share. */
import fs from 'node:fs';
import path from 'node:path';
import { codecs } from '../../proto/services.js';
import { systemClock } from '../../runtime/clock.js';
import { deadlineAfter } from '../../runtime/deadline.js';
import { createMetrics } from '../../runtime/metrics.js';
import { connectNats } from '../../runtime/nats.js';
import type { Bus, Deadline } from '../../runtime/types.js';
import { patienceMs, until } from '../launch.js';
import { log } from '../servers/nats.js';
import type { Cluster, ClusterProcess } from '../cluster/cluster.js';
import { QueryFailed, type Batch, type Oracle, type Totals } from '../cluster/oracle.js';

export async function setReplicas(cluster: Cluster, dataSource: string, copies: number): Promise<void> {
  const at = `/druid/coordinator/v1/rules/${dataSource}`;
  const rules = [{ type: 'loadForever', tieredReplicants: { _default_tier: copies } }];
  const answer = await cluster.gateway.request('POST', at, rules);
  if (answer.status !== 200) throw new Error(`rules refused: ${answer.status} ${answer.text}`);
}

/** Segments of the datasource that the data node has, as the coordinator sees it. */
export async function servedBy(cluster: Cluster, node: ClusterProcess, dataSource: string): Promise<number> {
  const servers = (await cluster.gateway.request('GET', '/druid/coordinator/v1/servers?full')).json<
    { host: string; segments: Record<string, { dataSource: string }> }[]
  >();
  const server = servers.find((one) => node.url.endsWith(one.host));
  return Object.values(server?.segments ?? {}).filter((one) => one.dataSource === dataSource).length;
}

/** Waits until each of the data nodes has so many segments. */
export async function serves(
  cluster: Cluster,
  nodes: readonly ClusterProcess[],
  dataSource: string,
  segments: number,
): Promise<void> {
  for (const node of nodes) {
    await until(`${segments} segments of ${dataSource} on ${node.name}`, patienceMs, async () =>
      (await servedBy(cluster, node, dataSource)) === segments ? true : undefined,
    );
  }
}

export type Look =
  | { readonly kind: 'answer'; readonly seen: ReadonlyMap<string, Totals> }
  | { readonly kind: 'error'; readonly status: number; readonly body: string };

export async function look(oracle: Oracle, dataSource: string): Promise<Look> {
  try {
    return { kind: 'answer', seen: await oracle.seen(dataSource) };
  } catch (error) {
    if (error instanceof QueryFailed) return { kind: 'error', status: error.status, body: error.body };
    throw error;
  }
}

export interface Watched {
  readonly answers: number;
  readonly errors: readonly Look[];
  /** Answers that were wrong; must stay empty whatever happens. */
  readonly wrong: readonly string[];
  /** The longest time between two answers, ms. */
  readonly longestGapMs: number;
}
export interface Watcher {
  /** Resolves when so many more queries were answered. */
  answered(more: number): Promise<void>;
  stop(): Promise<Watched>;
}

/** Asks again and again (one after another, no pause) until stopped; judges every answer by the oracle. */
export function watchQueries(oracle: Oracle, dataSource: string): Watcher {
  let running = true;
  let answers = 0;
  const errors: Look[] = [];
  const wrong: string[] = [];
  let lastMs = performance.now();
  let longestGapMs = 0;
  const work = (async () => {
    while (running && !oracle.isOver) {
      let one: Look;
      try {
        one = await look(oracle, dataSource);
      } catch (error) {
        one = { kind: 'error', status: 0, body: String(error) };
      }
      if (one.kind === 'answer') {
        answers += 1;
        wrong.push(...oracle.faults(dataSource, one.seen));
        longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
        lastMs = performance.now();
      } else errors.push(one);
      await new Promise((done) => setTimeout(done, 20));
    }
  })();
  return {
    answered: async (more) => {
      const wanted = answers + more;
      await until(`${more} more answers`, patienceMs, async () => (answers >= wanted ? true : undefined));
    },
    stop: async () => {
      running = false;
      await work;
      longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
      // Nothing wrong was seen by one who saw nothing.
      if (answers === 0 && errors.length === 0)
        throw new Error(`no query about ${dataSource} came to an end`);
      return { answers, errors, wrong, longestGapMs };
    },
  };
}

const busMs = 60_000;

/** A bus connection of the test's own, for as long as the work takes. */
async function withBus<T>(cluster: Cluster, work: (bus: Bus, deadline: Deadline) => Promise<T>): Promise<T> {
  const clock = systemClock();
  const { url, token } = cluster.nats;
  const deadline = deadlineAfter(clock, busMs);
  const metrics = createMetrics();
  const bus = await connectNats({ url, token, cluster: 'main', clock, log, metrics, deadline });
  try {
    return await work(bus, deadlineAfter(clock, busMs));
  } finally {
    await bus.close();
  }
}

/** Sends a task by NATS, as a client of the queue does; resolves with the server's acknowledgement. */
export function enqueueTask(cluster: Cluster, task: unknown, id: string): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(task));
  return withBus(cluster, (bus, deadline) => bus.enqueue('task.queue', bytes, id, deadline));
}

/** What a worker answers to the command of the leader before the one it last obeyed. */
export async function oldCommand(
  cluster: Cluster,
  mm: ClusterProcess,
  taskId: string,
): Promise<string | undefined> {
  const file = path.join(mm.dataDir, 'tasks/command-epoch.json');
  const seen = JSON.parse(fs.readFileSync(file, 'utf8')) as { clusterId: string; epoch: number };
  const header = { ...seen, epoch: seen.epoch - 1, role: 'overlord', commandId: 'old', trace: '' };
  const data = codecs.RunTask.encode({ header, taskId, groupId: taskId });
  return withBus(cluster, async (bus, deadline) => {
    const reply = await bus.request(`cmd.middlemanager.${mm.name}.run`, data, { deadline });
    return codecs.CommandResult.decode(reply.data).error?.code ?? undefined;
  });
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Waits for the batch's task process and holds it where it is. */
export async function holdTask(
  cluster: Cluster,
  batch: Batch,
): Promise<{ readonly pid: number; goOn(): void }> {
  const pid = await until(`the process of ${batch.taskId}`, patienceMs, async () => {
    const [found] = cluster.taskProcesses(batch.taskId);
    return found;
  });
  process.kill(pid, 'SIGSTOP');
  return { pid, goOn: () => void process.kill(pid, 'SIGCONT') };
}

/** Task processes live a moment longer than their tasks. */
export async function noTaskProcesses(cluster: Cluster): Promise<void> {
  await until('the end of all task processes', patienceMs, async () =>
    cluster.taskProcesses().length === 0 ? true : undefined,
  );
}
