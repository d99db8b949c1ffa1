/** Parallel batches with real processes: sub-tasks that die are repeated, rows count once, and nothing is left behind. */
import fs from 'node:fs';
import path from 'node:path';
import os from 'node:os';
import { expect } from 'chai';
import { launchGrove, patienceMs, until, type Grove } from '../launch.js';

const files = 3;
const rowsPerFile = 200;

interface TaskOptions {
  readonly context?: object;
  readonly tuning?: object;
  readonly append?: boolean;
  /** Everything in this interval is replaced. */
  readonly replace?: string;
  readonly inputSource?: object;
}

describe('parallel batch', function () {
  this.timeout(600_000);
  let grove: Grove;
  const input = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-parallel-'));

  before(async () => {
    for (let file = 0; file < files; file++) {
      const rows = Array.from({ length: rowsPerFile }, (_, i) => {
        const k = file * rowsPerFile + i;
        const t = new Date(Date.UTC(2024, 2, 1 + (k % 2), k % 24)).toISOString();
        return JSON.stringify({ t, city: k % 11 === 0 ? null : `c${k % 17}`, n: k });
      });
      if (file === 1) rows.push('{not json');
      fs.writeFileSync(path.join(input, `f${file}.json`), rows.join('\n'));
    }
    grove = await launchGrove({ args: ['--unsafe-faults'], env: { GROVE_INPUT_DIRS: input } });
  });
  after(async () => {
    await grove.stop();
    fs.rmSync(input, { recursive: true });
  });

  const rows = Array.from({ length: files * rowsPerFile }, (_, k) => k);
  const total = rows.reduce((sum, k) => sum + k, 0);

  function task(dataSource: string, options: TaskOptions = {}): object {
    const inputFormat = { type: 'json' };
    return {
      type: 'index_parallel',
      spec: {
        dataSchema: {
          dataSource,
          timestampSpec: { column: 't', format: 'iso' },
          dimensionsSpec: { dimensions: ['city'] },
          metricsSpec: [
            { type: 'count', name: 'cnt' },
            { type: 'longSum', name: 'n', fieldName: 'n' },
          ],
          granularitySpec: {
            segmentGranularity: 'day',
            queryGranularity: 'hour',
            rollup: true,
            ...(options.replace !== undefined && { intervals: [options.replace] }),
          },
        },
        ioConfig: {
          type: 'index_parallel',
          inputSource: options.inputSource ?? { type: 'local', baseDir: input, filter: '*.json' },
          ...((options.inputSource === undefined || options.replace !== undefined) && { inputFormat }),
          appendToExisting: options.append ?? false,
          dropExisting: options.replace !== undefined,
        },
        tuningConfig: {
          maxNumConcurrentSubTasks: 3,
          splitHintSpec: { type: 'maxSize', maxNumFiles: 1 },
          maxSavedParseExceptions: 2,
          ...options.tuning,
        },
      },
      context: options.context ?? {},
    };
  }

  async function totals(dataSource: string, filter?: object): Promise<unknown> {
    const answer = await grove.query({
      queryType: 'timeseries',
      dataSource,
      granularity: 'all',
      intervals: ['2024-01-01/2025-01-01'],
      ...(filter !== undefined && { filter }),
      aggregations: [
        { type: 'longSum', name: 'cnt', fieldName: 'cnt' },
        { type: 'longSum', name: 'n', fieldName: 'n' },
      ],
    });
    return answer.json<{ result: unknown }[]>()[0]?.result;
  }
  /** As soon as what was published is loaded. */
  const loaded = async (dataSource: string, cnt: number): Promise<void> => {
    await until(`${cnt} rows in ${dataSource}`, patienceMs, async () => {
      const found = (await totals(dataSource)) as { cnt?: number } | undefined;
      return found?.cnt === cnt ? true : undefined;
    });
  };
  interface Listed {
    readonly id: string;
    readonly type: string;
    readonly groupId: string;
    readonly statusCode: string;
  }
  const subTasksOf = async (id: string): Promise<Listed[]> =>
    (await grove.request('GET', '/druid/indexer/v1/tasks'))
      .json<Listed[]>()
      .filter((one) => one.groupId === id && one.id !== id);
  const left = (): string[] => {
    const folder = path.join(grove.dataDir, 'deep-storage', 'shuffle-data');
    return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  };
  const ended = async (id: string): Promise<void> => {
    await until('end of all sub-tasks', patienceMs, async () =>
      (await subTasksOf(id)).every((one) => one.statusCode !== 'RUNNING') ? true : undefined,
    );
  };

  it('replaces an interval: days without new rows are empty', async () => {
    const first = await grove.ingest(task('p_replaced'));
    expect(first.statusCode).to.equal('SUCCESS');
    await loaded('p_replaced', rows.length);
    fs.writeFileSync(
      path.join(input, 'one.txt'),
      JSON.stringify({ t: '2024-03-02T05:00:00Z', city: 'c', n: 7 }),
    );
    const inputSource = { type: 'local', baseDir: input, filter: 'one.txt' };
    const second = await grove.ingest(task('p_replaced', { inputSource, replace: '2024-03-01/2024-03-03' }));
    expect(second.statusCode).to.equal('SUCCESS');
    await loaded('p_replaced', 1);
    expect(await totals('p_replaced')).to.deep.equal({ cnt: 1, n: 7 });
  });

  it('repeats sub-tasks whose process died; rows count once, reports add up', async () => {
    const { id, statusCode, errorMsg } = await grove.ingest(
      task('p_dynamic', { context: { crashAt: 'subtask.result_written' } }),
    );
    expect([statusCode, errorMsg]).to.deep.equal(['SUCCESS', null]);
    const runs = await subTasksOf(id);
    expect(runs.map((run) => run.type)).to.deep.equal(Array(2 * files).fill('single_phase_sub_task'));
    expect(runs.filter((run) => run.statusCode === 'FAILED')).to.have.length(files);
    await loaded('p_dynamic', rows.length);
    expect(await totals('p_dynamic')).to.deep.equal({ cnt: rows.length, n: total });
    const report = (await grove.request('GET', `/druid/indexer/v1/task/${id}/reports`)).json<{
      ingestionStatsAndErrors: { payload: Record<string, unknown> };
    }>();
    const { payload } = report.ingestionStatsAndErrors;
    expect(payload).to.have.nested.property('rowStats.totals.buildSegments').that.deep.includes({
      processed: rows.length,
      unparseable: 1,
    });
    expect(payload).to.have.nested.property('unparseableEvents.buildSegments').with.length(1);
    expect(payload).to.include({ ingestionState: 'COMPLETED', segmentsPublished: 2 * files });
    expect(left()).to.deep.equal([]);
  });

  it('shuffles rows into ranges through pieces of several sub-tasks; pruned queries are exact', async () => {
    const partitionsSpec = { type: 'range', partitionDimensions: ['city'], targetRowsPerSegment: 100 };
    const tuning = { partitionsSpec, forceGuaranteedRollup: true, totalNumMergeTasks: 2 };
    const { id, statusCode } = await grove.ingest(task('p_range', { tuning }));
    expect(statusCode).to.equal('SUCCESS');
    expect(new Set((await subTasksOf(id)).map((run) => run.type))).to.deep.equal(
      new Set([
        'partial_dimension_distribution',
        'partial_range_index_generate',
        'partial_index_generic_merge',
      ]),
    );
    await loaded('p_range', rows.length);
    const nulls = rows.filter((k) => k % 11 === 0);
    expect(await totals('p_range', { type: 'null', column: 'city' })).to.deep.equal({
      cnt: nulls.length,
      n: nulls.reduce((sum, k) => sum + k, 0),
    });
    const c5 = rows.filter((k) => k % 11 !== 0 && k % 17 === 5);
    expect(await totals('p_range', { type: 'selector', dimension: 'city', value: 'c5' })).to.deep.equal({
      cnt: c5.length,
      n: c5.reduce((sum, k) => sum + k, 0),
    });
    expect(left()).to.deep.equal([]);
  });

  it('publishes nothing when the supervisor dies; its sub-tasks and their files go with it', async () => {
    const { id, statusCode } = await grove.ingest(
      task('p_lost', { context: { crashAt: 'publish.before' }, append: true }),
    );
    expect(statusCode).to.equal('FAILED');
    await ended(id);
    expect(await totals('p_lost')).to.deep.equal({ cnt: null, n: null });
    await until('no files left', patienceMs, async () => (left().length === 0 ? true : undefined));
  });

  it('tells which sub-task failed for good, and why', async () => {
    const { statusCode, errorMsg } = await grove.ingest(
      task('p_bad', { tuning: { maxParseExceptions: 0, maxRetry: 1 } }),
    );
    expect(statusCode).to.equal('FAILED');
    expect(errorMsg).to.include('Failed in phase[segment generation]').and.include('f1.json, line 201');
  });
});
