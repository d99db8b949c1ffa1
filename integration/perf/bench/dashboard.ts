/**
 * A dashboard's twelve questions over lineitem-like rows (derived from TPC-H, not a TPC result), asked again and again:
 * each time scanned, from the data nodes' partial results, and from the broker's whole answers.
 *
 *   npm run bench:dashboard -- [--sf 0.1] [--rounds 20]
 */
import fs from 'node:fs';
import path from 'node:path';
import { launchGrove, temporaryFolder, type Grove } from '../../launch.js';
import { lineitemTask, writeLineitem } from './lineitem.js';
import { benchQueries } from './queries.js';

const dataSource = 'lineitem';
const questionsMax = 12;

function numberOf(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1] ?? fallback);
}

/** Which caches a round may use. */
const modes = {
  scanned: {
    useCache: false,
    populateCache: false,
    useResultLevelCache: false,
    populateResultLevelCache: false,
  },
  partials: { useResultLevelCache: false, populateResultLevelCache: false },
  answers: {},
} as const;
type Mode = keyof typeof modes;

async function ask(grove: Grove, native: object, mode: Mode): Promise<{ ms: number; text: string }> {
  const body = JSON.stringify({ ...native, dataSource, context: modes[mode] });
  const from = performance.now();
  const answer = await grove.query(body);
  if (answer.status !== 200) throw new Error(answer.text);
  return { ms: performance.now() - from, text: answer.text };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const folder = temporaryFolder('grove-dashboard-');
const csv = path.join(folder, 'lineitem.csv');
const rows = writeLineitem(csv, numberOf('sf', 0.1));
const grove = await launchGrove({
  env: {
    GROVE_INPUT_DIRS: folder,
    GROVE_BROKER_USE_RESULT_CACHE: 'true',
    GROVE_BROKER_POPULATE_RESULT_CACHE: 'true',
  },
});
try {
  const ended = await grove.ingest(lineitemTask(dataSource, csv), 1_800_000);
  if (ended.statusCode !== 'SUCCESS') throw new Error(`the task failed: ${ended.errorMsg}`);
  await grove.rowsQueryable(dataSource, rows);
  // Answers of many rows are no tiles of a dashboard.
  const questions = benchQueries
    .filter(({ native }) => native['queryType'] !== 'groupBy')
    .slice(0, questionsMax);
  const times: Record<Mode, number[]> = { scanned: [], partials: [], answers: [] };
  const rounds = numberOf('rounds', 20);
  // The first round fills the caches and warms up the scans.
  for (let round = 0; round <= rounds; round++) {
    const sums = { scanned: 0, partials: 0, answers: 0 };
    for (const { name, native } of questions) {
      const texts = new Set<string>();
      for (const mode of Object.keys(modes) as Mode[]) {
        const { ms, text } = await ask(grove, native, mode);
        sums[mode] += ms;
        texts.add(text);
      }
      if (texts.size !== 1) throw new Error(`${name}: the answers differ`);
    }
    if (round > 0) for (const mode of Object.keys(modes) as Mode[]) times[mode].push(sums[mode]);
  }
  const scanned = median(times.scanned);
  console.log(
    `${questions.length} questions over ${rows} rows, ms by HTTP (median of ${rounds} rounds, minimum)`,
  );
  for (const mode of Object.keys(modes) as Mode[]) {
    const [mid, least] = [median(times[mode]), Math.min(...times[mode])];
    const ratio = (scanned / mid).toFixed(1);
    console.log(
      `${mode.padEnd(9)} ${mid.toFixed(1).padStart(8)} ${least.toFixed(1).padStart(8)}   ${ratio} x`,
    );
  }
} finally {
  await grove.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}
