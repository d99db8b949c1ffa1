/**
 * What Grove holds and how it answers when much is asked of it, over lineitem-like rows (derived from TPC-H, not a TPC
 * result): a groupBy of millions of groups, many queries at once, and a dashboard below saturation.
 *
 *   npm run perf:memory -- [--sf 1] [--dir FOLDER] [--runs 3] [--queries 200] [--seconds 15] [--only queries,open,groups]
 *
 * The best of the runs counts. `--dir` keeps rows and segment for the next time; the bench's folder will do.
 */
import os from 'node:os';
import path from 'node:path';
import { launchGrove, type Grove } from '../../launch.js';
import { lineitemData, prepareLineitem } from '../bench/data.js';
import { alone, ask, openLoop, quantile, saturation, streamed, tile, tiles, uncached } from './load.js';
import { peakMiB, processesOf, resetPeak, residentMiB } from './resident.js';

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}
const runs = Number(option('runs', '3'));
const queries = Number(option('queries', '200'));
const seconds = Number(option('seconds', '15'));
const dir = option('dir', '');

const only = option('only', '');
const isAsked = (part: string): boolean => only === '' || only.split(',').includes(part);

const manyGroups = {
  queryType: 'groupBy',
  dataSource: lineitemData,
  intervals: ['1992-01-01/1999-01-01'],
  granularity: 'all',
  dimensions: ['l_commitdate', 'l_suppkey'],
  aggregations: [
    { type: 'count', name: 'rows' },
    { type: 'longSum', name: 'quantity', fieldName: 'l_quantity' },
    { type: 'doubleSum', name: 'price', fieldName: 'l_extendedprice' },
  ],
  // On a busy machine its rows take longer than a query has by default.
  context: { ...uncached, timeout: 1_800_000 },
};
const best = {
  ...manyGroups,
  limitSpec: {
    type: 'default',
    limit: 10,
    columns: [{ dimension: 'quantity', direction: 'descending' }],
  },
};

function print(what: string, ...figures: readonly string[]): void {
  console.log(`${what.padEnd(44)} ${figures.join('   ')}`);
}
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const mib = (value: number): string => `${value.toFixed(0)} MiB`;
const load = (): string => `load ${(os.loadavg()[0] ?? 0).toFixed(1)}`;

/** Bytes that groupBys have put on disk so far. */
async function spilledMiB(grove: Grove): Promise<number> {
  const text = await (await fetch(`${grove.url}/metrics`)).text();
  return Number(/^grove_group_spilled_bytes_total(?:\{.*\})? ([\d.eE+-]+)$/m.exec(text)?.[1] ?? 0) / 2 ** 20;
}

/** The least time, and the peak of all runs. */
async function measured<T>(
  grove: Grove,
  count: number,
  work: () => Promise<T>,
): Promise<[number, number, T]> {
  let least = Infinity;
  let peak = 0;
  let last: T | undefined;
  for (let run = 0; run < count; run++) {
    resetPeak(grove.pid);
    const from = performance.now();
    last = await work();
    least = Math.min(least, performance.now() - from);
    peak = Math.max(peak, peakMiB(grove.pid));
  }
  return [least, peak, last as T];
}

async function manyGroupsFigures(grove: Grove): Promise<void> {
  const [topMs, topPeak] = await measured(grove, runs, () => streamed(grove, best));
  const spilled = `${mib((await spilledMiB(grove)) / runs)} on disk`;
  print('groupBy commitdate x suppkey, best 10', ms(topMs), `peak ${mib(topPeak)}`, spilled, load());
  const [fullMs, fullPeak, full] = await measured(grove, runs, () => streamed(grove, manyGroups));
  const rate = `${Math.round((full.rows * 1000) / fullMs)} rows/s`;
  const size = `${full.rows} rows, ${mib(full.bytes / 2 ** 20)}`;
  print('… all of them', ms(fullMs), `peak ${mib(fullPeak)}`, size, rate, load());
  const [slowMs, slowPeak] = await measured(grove, 1, () => streamed(grove, manyGroups, 2));
  print('… to a slow reader', ms(slowMs), `peak ${mib(slowPeak)}`, load());
}

/** How others fare while it runs. */
async function neighbourFigures(grove: Grove): Promise<void> {
  let isOver = false;
  const times: number[] = [];
  const large = streamed(grove, manyGroups).finally(() => (isOver = true));
  for (let i = 0; !isOver; i++) {
    const from = performance.now();
    await ask(grove, tile(i));
    times.push(performance.now() - from);
  }
  await large;
  print(
    'a dashboard meanwhile',
    `p50 ${ms(quantile(times, 0.5))}`,
    `p99 ${ms(quantile(times, 0.99))}`,
    `${times.length} queries`,
    load(),
  );
}

async function manyQueriesFigures(grove: Grove): Promise<void> {
  const wanted: string[] = [];
  for (let i = 0; i < tiles.length; i++) wanted.push(await ask(grove, tile(i)));
  const [leastMs, peak, answers] = await measured(grove, runs, () =>
    Promise.all(Array.from({ length: queries }, (_, i) => ask(grove, tile(i)))),
  );
  const right = answers.filter((text, i) => text === wanted[i % tiles.length]).length;
  print(
    `${queries} queries at once`,
    ms(leastMs),
    `peak ${mib(peak)}`,
    `${right} of ${queries} right`,
    load(),
  );
  if (right !== queries) process.exitCode = 1;
}

async function dashboardFigures(grove: Grove): Promise<void> {
  let least: { ratio: number; line: readonly string[] } | undefined;
  for (let run = 0; run < runs; run++) {
    const single = quantile(await alone(grove, 5), 0.5);
    const most = await saturation(grove, os.availableParallelism() * 2, Math.min(seconds, 10));
    const times = await openLoop(grove, most * 0.7, seconds, run + 1);
    const p99 = quantile(times, 0.99);
    const ratio = p99 / single;
    const line = [
      `alone p50 ${ms(single)}`,
      `saturation ${most.toFixed(1)}/s`,
      `at 70 %: p50 ${ms(quantile(times, 0.5))}`,
      `p99 ${ms(p99)}`,
      `${times.length} queries`,
      load(),
    ];
    print('dashboard, open loop', ...line);
    if (least === undefined || ratio < least.ratio) least = { ratio, line };
  }
  print('p99 at 70 % of saturation / p50 alone', (least?.ratio ?? Number.NaN).toFixed(1));
}

const data = await prepareLineitem({
  scale: Number(option('sf', '1')),
  dir: dir === '' ? undefined : path.resolve(dir),
});
const grove = await launchGrove({ dataDir: data.dataDir });
try {
  await grove.rowsQueryable(lineitemData, data.rows);
  print(`${data.rows} rows, Grove at rest`, mib(residentMiB(grove.pid)), load());
  if (isAsked('queries')) await manyQueriesFigures(grove);
  if (isAsked('open')) await dashboardFigures(grove);
  if (isAsked('groups')) {
    await manyGroupsFigures(grove);
    await neighbourFigures(grove);
  }
  for (const { pid, name } of processesOf(grove.pid))
    print(`${name} [${pid}]`, `resident ${mib(residentMiB(pid))}`, load());
} finally {
  await grove.stop();
  data.remove();
}
