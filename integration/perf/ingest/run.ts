/**
 * Figures of ingestion: submit → published through a task of a running Grove, with the processor time and the memory of
 * the task's process, beside a yardstick in the same run: JSON.parse of the same lines on one thread, or DuckDB reading
 * the same file into a table. Not a test: machines are noisy.
 *
 *   npm run perf:ingest -- [--days 25] [--wide 200000] [--sf 1] [--rounds 2] [--only wiki|wide|csv]
 *
 * GROVE_RECORDINGS=<folder> holds the wikiticker file of the recorded Druid data (default: ../shared).
 */
import fs from 'node:fs';
import path from 'node:path';
import { launchGrove, root, temporaryFolder, type Grove } from '../../launch.js';
import { startPeer } from '../bench/duckdb.js';
import { lineitemTask, writeLineitem } from '../bench/lineitem.js';
import { watchPeons } from './process-watch.js';
import { writeWide, writeWikiticker } from './rows.js';

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}

const folder = temporaryFolder('grove-perf-');
const rounds = Math.max(1, Number(option('rounds', '2')));
const only = option('only', '');

function line(what: string, value: string, aim = ''): void {
  console.log(`${what.padEnd(52)} ${value.padStart(22)}   ${aim}`);
}

interface Figure {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

async function once(grove: Grove, task: Record<string, unknown>): Promise<Figure> {
  const watch = watchPeons(grove.dataDir);
  const from = performance.now();
  const ended = await grove.ingest(task, 1_800_000);
  const seconds = (performance.now() - from) / 1000;
  const usage = watch.stop();
  if (ended.statusCode !== 'SUCCESS') throw new Error(`the task failed: ${ended.errorMsg}`);
  return { seconds, ...usage };
}

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly aim: string;
  task(dataSource: string): Record<string, unknown>;
  /** The same rows elsewhere. */
  yardstick(): Promise<Yardstick | undefined>;
}

type Yardstick = { readonly name: string } & (
  | { readonly cpuSeconds: number }
  | { readonly wallSeconds: number }
);

async function measure(grove: Grove, one: Case): Promise<void> {
  const figures: Figure[] = [];
  const yards: Yardstick[] = [];
  for (let round = 0; round < rounds; round++) {
    figures.push(await once(grove, one.task(`${one.name.replaceAll(/\W/g, '_')}_${round}`)));
    const yard = await one.yardstick();
    if (yard !== undefined) yards.push(yard);
  }
  const best = figures.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  const cpu = Math.min(...figures.map(({ cpuSeconds }) => cpuSeconds));
  const rate = (seconds: number): string => `${Math.round(one.rows / seconds)} rows/s`;
  line(`${one.name}, submit → published`, rate(best.seconds), one.aim);
  line(
    '  cores used',
    (best.cpuSeconds / best.seconds).toFixed(2),
    `${one.rows} rows in ${best.seconds.toFixed(1)} s`,
  );
  line('  per second of processor time, all threads', rate(cpu));
  line(
    '  peak memory of the peon',
    `${Math.round(Math.max(...figures.map((f) => f.peakMiB)))} MiB`,
    'aim ≤ 600 MiB',
  );
  const [first] = yards;
  if (first === undefined) return;
  const least = Math.min(...yards.map((yard) => ('cpuSeconds' in yard ? yard.cpuSeconds : yard.wallSeconds)));
  const [own, kind] = 'cpuSeconds' in first ? [cpu, 'processor time'] : [best.seconds, 'time'];
  line(`  ${first.name}`, rate(least), `the whole path takes ${(own / least).toFixed(2)} × its ${kind}`);
}

/** Processor seconds of JSON.parse over the file's lines. */
function parseSeconds(file: string): number {
  const start = process.cpuUsage();
  const bytes = fs.openSync(file, 'r');
  const piece = Buffer.alloc(1 << 20);
  let rest = '';
  let rows = 0;
  for (let read = fs.readSync(bytes, piece); read > 0; read = fs.readSync(bytes, piece)) {
    // Cutting a character at a piece's end changes nothing of what it costs.
    const lines = (rest + piece.toString('latin1', 0, read)).split('\n');
    rest = lines.pop() ?? '';
    for (const one of lines) rows += typeof JSON.parse(one) === 'object' ? 1 : 0;
  }
  fs.closeSync(bytes);
  if (rows === 0) throw new Error('nothing was parsed');
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

const parsed = (file: string) => async () => ({
  name: 'JSON.parse of the same lines',
  cpuSeconds: parseSeconds(file),
});

async function wikiticker(grove: Grove): Promise<void> {
  const file = path.join(folder, 'wikiticker.json');
  const recordings = path.resolve(root, process.env['GROVE_RECORDINGS'] ?? '../shared');
  const input = writeWikiticker(recordings, file, Number(option('days', '25')));
  if (input === undefined) {
    console.log('no recorded wikiticker beside the checkout: left out');
    return;
  }
  const aim = 'aim ≥ 100000 (Druid 41,000 to 43,600)';
  const { rows, task } = input;
  await measure(grove, { name: 'wikiticker', rows, aim, task, yardstick: parsed(file) });
  fs.rmSync(file);
}

async function wide(grove: Grove): Promise<void> {
  const file = path.join(folder, 'wide.json');
  const { rows, bytes, task } = writeWide(file, Number(option('wide', '200000')));
  line('wide rows, bytes each', (bytes / rows).toFixed(0));
  for (const rollup of [true, false]) {
    await measure(grove, {
      name: rollup ? 'wide with rollup' : 'wide without rollup',
      rows,
      aim: `aim ≥ ${rollup ? 38_000 : 50_000} per core`,
      task: (name) => task(name, rollup),
      yardstick: parsed(file),
    });
  }
  fs.rmSync(file);
}

async function csv(grove: Grove): Promise<void> {
  const file = path.join(folder, 'lineitem.csv');
  const rows = writeLineitem(file, Number(option('sf', '1')));
  const peer = await startPeer(file);
  if (typeof peer === 'string') console.log(`without DuckDB: ${peer}`);
  else await peer.time('SET threads = 2');
  await measure(grove, {
    name: 'lineitem CSV',
    rows,
    aim: '2 cores',
    task: (name: string) => lineitemTask(name, file) as Record<string, unknown>,
    async yardstick() {
      if (typeof peer === 'string') return undefined;
      const table = `CREATE OR REPLACE TABLE again AS SELECT * FROM read_csv('${file}', header = true)`;
      return { name: 'DuckDB, the same file into a table', wallSeconds: (await peer.time(table)) / 1000 };
    },
  });
  if (typeof peer !== 'string') peer.close();
  fs.rmSync(file);
}

for (const [name, run] of Object.entries({ wiki: wikiticker, wide, csv })) {
  if (only !== '' && only !== name) continue;
  const grove = await launchGrove({ env: { GROVE_INPUT_DIRS: folder } });
  try {
    await run(grove);
  } finally {
    await grove.stop();
  }
}
fs.rmSync(folder, { recursive: true, force: true });
