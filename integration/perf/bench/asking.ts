/** Groves as they are measured, and what a question costs them. */
import { launchGrove } from '../../launch.js';
import { lineitemData } from './data.js';
import type { KeptClient } from './kept-client.js';
import type { BenchQuery } from './queries.js';

const GiB = 2 ** 30;

/** A Grove over a folder of data that no other one uses. */
export function launchBench(dataDir: string, workers: number): ReturnType<typeof launchGrove> {
  return launchGrove({
    dataDir,
    env: {
      GROVE_WORKER_THREADS: String(workers),
      GROVE_ARENA_BYTES_MAX: String(4 * GiB),
      GROVE_HOT_BYTES_MAX: String(GiB),
    },
  });
}

async function busyMs(client: KeptClient): Promise<number> {
  const { text } = await client.get('/metrics');
  return Number(/^grove_data_node_query_busy_ms_total ([\d.eE+-]+)$/m.exec(text)?.[1] ?? 0);
}

export interface Once {
  /** Inside the data node. */
  readonly engineMs: number;
  readonly httpMs: number;
  readonly text: string;
}

/** The query asked of a running Grove without its caches; throws an Error with what it answers unless that is rows. */
export async function ask(
  client: KeptClient,
  query: BenchQuery,
  { isHot }: { readonly isHot: boolean },
): Promise<Once> {
  const caches = { useCache: false, populateCache: false, useResultLevelCache: false };
  const body = JSON.stringify({
    ...query.native,
    dataSource: lineitemData,
    // DuckDB has no rows for days without any.
    context: { ...caches, dropHotColumns: !isHot, skipEmptyBuckets: true },
  });
  const before = await busyMs(client);
  const { status, text, ms } = await client.post('/druid/v2', body);
  if (status !== 200) throw new Error(`${query.name}: ${text}`);
  return { engineMs: (await busyMs(client)) - before, httpMs: ms, text };
}
