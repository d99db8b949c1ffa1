/**
 * Knows every row that was sent. Rows of one batch carry its name, so the answer to one grouping query tells for each
 * batch whether it is there whole, not at all, or (never allowed) in part or twice.
 */
import { patienceMs, until } from '../launch.js';
import type { Cluster } from './cluster.js';

export interface Batch {
  readonly name: string;
  readonly dataSource: string;
  readonly rows: number;
  readonly sum: number;
  /** What the client was told so far. `unknown`: no answer, or none that says what became of it. */
  outcome: 'unknown' | 'published' | 'failed';
  taskId: string;
  /** It was there once: from then on it must always be. */
  wasSeen: boolean;
}
export interface Totals {
  readonly rows: number;
  readonly sum: number;
}

export interface BatchOptions {
  readonly rows?: number;
  /** Days (segments) the rows are spread over. */
  readonly days?: number;
  readonly append?: boolean;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly tuning?: Readonly<Record<string, unknown>>;
}

const day = 86_400_000;
const firstDay = Date.UTC(2024, 0, 1);

/** Of row `i` of a batch: any two batches and any two rows differ. */
const valueOf = (seed: number, i: number): number => ((seed * 7919 + i * 104_729) % 1000) + 1;

export class Oracle {
  readonly #cluster: Cluster;
  readonly batches: Batch[] = [];
  /** Nobody asks any more: the cluster is gone. */
  isOver = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** A new batch and the task that ingests it. */
  make(dataSource: string, options: BatchOptions = {}): { readonly batch: Batch; readonly task: unknown } {
    const seed = this.batches.length + 1;
    const name = `b${seed}`;
    const rows = options.rows ?? 100;
    const days = options.days ?? 1;
    const lines: string[] = [];
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      const value = valueOf(seed, i);
      sum += value;
      const t = new Date(firstDay + (i % days) * day + i * 1000).toISOString();
      lines.push(JSON.stringify({ t, batch: name, value }));
    }
    const taskId = `${dataSource}_${name}`;
    const batch: Batch = { name, dataSource, rows, sum, outcome: 'unknown', taskId, wasSeen: false };
    this.batches.push(batch);
    return { batch, task: taskOf(batch, lines, options) };
  }

  /** The same task once more under another id, as a user sends it again after a failure. */
  again(batch: Batch, task: unknown, context: Readonly<Record<string, unknown>> = {}): unknown {
    batch.taskId = `${batch.taskId}_again`;
    batch.outcome = 'unknown';
    return { ...(task as object), id: batch.taskId, context };
  }

  /** Sends a task; true when it was taken. A time-out or a broken connection leaves the batch unknown. */
  async submit(batch: Batch, task: unknown): Promise<boolean> {
    try {
      const answer = await this.#cluster.gateway.request('POST', '/druid/indexer/v1/task', task);
      if (answer.status === 200) return true;
      // Taken earlier, by a submission whose answer was lost.
      return answer.text.includes('already exists');
    } catch {
      return false;
    }
  }

  /** Sends it again until it is taken: the id makes that safe. */
  async submitted(batch: Batch, task: unknown): Promise<void> {
    await until(`task ${batch.taskId} taken`, patienceMs, async () =>
      (await this.submit(batch, task)) ? true : undefined,
    );
  }

  async statusOf(taskId: string): Promise<string | undefined> {
    const at = `/druid/indexer/v1/task/${encodeURIComponent(taskId)}/status`;
    const answer = await this.#cluster.gateway.request('GET', at);
    if (answer.status !== 200) return undefined;
    return answer.json<{ status: { statusCode: string } }>().status.statusCode;
  }

  /** Waits for the task's end and notes the outcome. */
  async ended(batch: Batch): Promise<'published' | 'failed'> {
    const status = await until(`end of ${batch.taskId}`, patienceMs, async () => {
      const now = await this.statusOf(batch.taskId);
      return now === 'SUCCESS' || now === 'FAILED' ? now : undefined;
    });
    batch.outcome = status === 'SUCCESS' ? 'published' : 'failed';
    return batch.outcome;
  }

  async ingest(dataSource: string, options: BatchOptions = {}): Promise<Batch> {
    const { batch, task } = this.make(dataSource, options);
    await this.submitted(batch, task);
    const outcome = await this.ended(batch);
    if (outcome !== 'published') throw new Error(`task ${batch.taskId} failed`);
    return batch;
  }

  /** Rows and sums per batch as the cluster answers them now. Throws when the query fails. */
  async seen(
    dataSource: string,
    context: Readonly<Record<string, unknown>> = {},
  ): Promise<Map<string, Totals>> {
    const answer = await this.#cluster.gateway.request('POST', '/druid/v2', {
      queryType: 'groupBy',
      dataSource,
      granularity: 'all',
      intervals: ['2000-01-01/2100-01-01'],
      dimensions: ['batch'],
      aggregations: [
        { type: 'count', name: 'rows' },
        { type: 'longSum', name: 'sum', fieldName: 'value' },
      ],
      context: { timeout: 15_000, useCache: false, ...context },
    });
    if (answer.status !== 200) throw new QueryFailed(answer.status, answer.text);
    const found = new Map<string, Totals>();
    for (const { event } of answer.json<{ event: { batch: string; rows: number; sum: number } }[]>()) {
      found.set(event.batch, { rows: event.rows, sum: event.sum });
    }
    return found;
  }

  /**
   * What is wrong with an answer; empty = nothing. Batches must be whole or absent, failed ones absent; there must be
   * the ones seen before and, when everything is `loaded`, all that are published.
   */
  faults(dataSource: string, seen: ReadonlyMap<string, Totals>, loaded = false): string[] {
    const wrong: string[] = [];
    for (const batch of this.batches.filter((one) => one.dataSource === dataSource)) {
      const { name, rows, sum, outcome } = batch;
      const totals = seen.get(name);
      const isWhole = totals?.rows === rows && totals.sum === sum;
      if (totals !== undefined && !isWhole) {
        wrong.push(`batch ${name}: ${totals.rows} rows, sum ${totals.sum}; sent ${rows} rows, sum ${sum}`);
      }
      if (totals !== undefined && outcome === 'failed') wrong.push(`batch ${name} failed and is there`);
      if (totals === undefined && batch.wasSeen) wrong.push(`batch ${name} was there and is gone`);
      else if (totals === undefined && loaded && outcome === 'published')
        wrong.push(`batch ${name} is absent`);
      if (isWhole) batch.wasSeen = true;
    }
    const known = new Set(this.batches.map((one) => one.name));
    for (const name of seen.keys()) if (!known.has(name)) wrong.push(`batch ${name} was never sent`);
    return wrong;
  }

  /** Waits until the answer is exactly what the outcomes say; a wrong (not merely incomplete) answer fails at once. */
  async settled(dataSource: string): Promise<void> {
    let last: string[] = [];
    try {
      await until(`exact totals of ${dataSource}`, patienceMs, async () => {
        const seen = await this.seen(dataSource);
        last = this.faults(dataSource, seen, true);
        return last.length === 0 ? true : undefined;
      });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : ''}; ${last.join('; ')}`, { cause: error });
    }
  }
}

export class QueryFailed extends Error {
  readonly status: number;
  readonly body: string;
  constructor(status: number, body: string) {
    super(`query failed: ${status} ${body.slice(0, 300)}`);
    this.status = status;
    this.body = body;
  }
}

function taskOf(batch: Batch, lines: readonly string[], options: BatchOptions): unknown {
  return {
    type: 'index_parallel',
    id: batch.taskId,
    spec: {
      dataSchema: {
        dataSource: batch.dataSource,
        timestampSpec: { column: 't', format: 'iso' },
        dimensionsSpec: { dimensions: ['batch', { type: 'long', name: 'value' }] },
        metricsSpec: [],
        granularitySpec: {
          type: 'uniform',
          segmentGranularity: 'day',
          queryGranularity: 'none',
          rollup: false,
        },
      },
      ioConfig: {
        type: 'index_parallel',
        inputSource: { type: 'inline', data: lines.join('\n') },
        inputFormat: { type: 'json' },
        appendToExisting: options.append ?? true,
      },
      tuningConfig: { type: 'index_parallel', partitionsSpec: { type: 'dynamic' }, ...options.tuning },
    },
    context: options.context ?? {},
  };
}
