/**
 * Control loops stay live: with the sample loaded, 50 queries a second and an ingestion running, the main process's
 * event loop is never held up for long. The one timed test there is. The machine may be busy with other things: what
 * the operating system says the main thread had to wait for a processor, or that the machine's own host took away from
 * its processors, is no fault of Grove's and comes on top of the limits. On a quiet machine nothing does.
 */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { launchGrove, patienceMs, temporaryFolder, until, type Grove } from '../launch.js';

const seconds = 10;
const queriesPerSecond = 50;

function rows(count: number): string {
  const cities = ['Oslo', 'Rome', 'Zürich', 'Lima', null];
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const t = new Date(Date.UTC(2024, 2, 1) + (i % 86_400) * 1000).toISOString();
    lines.push(
      JSON.stringify({ t, city: cities[i % cities.length], user: `user-${i % 7919}`, added: i % 1000 }),
    );
  }
  return lines.join('\n');
}

function bigTask(baseDir: string): unknown {
  return {
    type: 'index_parallel',
    spec: {
      dataSchema: {
        dataSource: 'busy',
        timestampSpec: { column: 't', format: 'iso' },
        dimensionsSpec: { dimensions: ['city', 'user', { type: 'long', name: 'added' }] },
        granularitySpec: { segmentGranularity: 'hour', queryGranularity: 'none', rollup: false },
      },
      ioConfig: {
        type: 'index_parallel',
        inputSource: { type: 'local', baseDir, filter: 'busy.json' },
        inputFormat: { type: 'json' },
      },
    },
  };
}

const queries = [
  {
    queryType: 'timeseries',
    granularity: 'hour',
    aggregations: [{ type: 'count', name: 'n' }],
  },
  {
    queryType: 'topN',
    granularity: 'all',
    dimension: 'city',
    metric: 'n',
    threshold: 10,
    aggregations: [{ type: 'count', name: 'n' }],
  },
  {
    queryType: 'groupBy',
    granularity: 'day',
    dimensions: ['city', 'country'],
    aggregations: [{ type: 'count', name: 'n' }],
  },
].map((query) => ({ ...query, dataSource: 'shop', intervals: ['2025-06-01/2025-06-10'] }));

async function gauge(grove: Grove, name: string): Promise<number> {
  const text = (await grove.request('GET', '/metrics')).text;
  const found = new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.eE+-]+)$`, 'm').exec(text);
  if (found === null) throw new Error(`no metric ${name}`);
  return Number(found[1]);
}

const limits = { p99Ms: 50, maxMs: 200 };
/** A tenth of the time without a processor: what Grove's own threads and tasks come to on a machine of their size. */
const quietMs = 200;

/** How long the process's main thread was ready to run and had no processor so far, ms; 0 where that is not told. */
function starvedMs(pid: number): number {
  try {
    const [, waitedNs] = fs.readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').trim().split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    return 0;
  }
}

/** What the host of a virtual machine took away from all of its processors so far, ms; 0 where that is not told. */
function stolenMs(): number {
  try {
    const [, , , , , , , , stolen] = (fs.readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/ +/);
    // In hundredths of a second.
    return Number(stolen ?? 0) * 10;
  } catch {
    return 0;
  }
}

/** The most of it in two seconds in a row: a delay may begin in one and end in the next. */
function worstPair(perSecond: readonly number[]): number {
  return Math.max(...perSecond.map((ms, i) => ms + (perSecond[i + 1] ?? 0)));
}

describe('event loop under load', function () {
  this.timeout(600_000);
  let grove: Grove;
  const input = temporaryFolder('grove-input-');
  before(async () => {
    fs.writeFileSync(path.join(input, 'busy.json'), rows(100_000));
    grove = await launchGrove({ args: ['--sample'], env: { GROVE_INPUT_DIRS: input } });
    await grove.rowsQueryable('shop', 50_000);
    // The gauges cover the last 10 to 20 s: the start must have left them.
    const startedAt = performance.now();
    await until('a quiet event loop', patienceMs, async () => {
      const isLeft = performance.now() - startedAt > 20_000;
      return isLeft || (await gauge(grove, 'grove_event_loop_delay_max_ms')) < 60 ? true : undefined;
    });
  });
  after(async () => {
    await grove?.stop();
    fs.rmSync(input, { recursive: true, force: true });
  });

  it('p99 ≤ 50 ms and max ≤ 200 ms', async () => {
    const submitted = await grove.request('POST', '/druid/indexer/v1/task', bigTask(input));
    expect(submitted.status, submitted.text).to.equal(200);
    const answers: Promise<number>[] = [];
    let worstP99 = 0;
    let worstMax = 0;
    const starved: number[] = [];
    const stolen: number[] = [];
    for (let second = 0; second < seconds; second++) {
      const from = performance.now();
      const starvedBefore = starvedMs(grove.pid);
      const stolenBefore = stolenMs();
      for (let i = 0; i < queriesPerSecond; i++) {
        answers.push(grove.query(queries[i % queries.length]).then((answer) => answer.status));
        await new Promise((done) =>
          setTimeout(done, Math.max(0, from + (1000 * i) / queriesPerSecond - performance.now())),
        );
      }
      starved.push(starvedMs(grove.pid) - starvedBefore);
      stolen.push(stolenMs() - stolenBefore);
      worstP99 = Math.max(worstP99, await gauge(grove, 'grove_event_loop_delay_p99_ms'));
      worstMax = Math.max(worstMax, await gauge(grove, 'grove_event_loop_delay_max_ms'));
    }
    const statuses = new Set(await Promise.all(answers));
    expect([...statuses]).to.deep.equal([200]);
    const waitedMs = worstPair(starved);
    const takenMs = worstPair(stolen);
    console.log(
      `      event loop delay p99 ${worstP99.toFixed(1)} ms, max ${worstMax.toFixed(1)} ms; ` +
        `without a processor at most ${waitedMs.toFixed(1)} ms in 2 s, taken by the host ${takenMs} ms`,
    );
    const allowanceMs = takenMs + (waitedMs < quietMs ? 0 : waitedMs);
    expect(worstP99).to.be.at.most(limits.p99Ms + allowanceMs);
    expect(worstMax).to.be.at.most(limits.maxMs + allowanceMs);
  });
});
