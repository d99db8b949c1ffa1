/**
 * A dashboard's twelve questions over lineitem-like rows (derived from TPC-H, not a TPC result), asked again and again:
 * each time scanned, from the data nodes' partial results, and from the broker's whole answers.
 *
 *   npm run bench:dashboard -- [--sf 1] [--rounds 20] [--dir FOLDER]
 *
 * One connection is kept, as a dashboard keeps it; what its client needs is counted too. `--dir` as with the bench.
 */
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { launchGrove } from '../../launch.js';
import { lineitemData as dataSource, prepareLineitem } from './data.js';
import { benchQueries } from './queries.js';

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

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

async function ask(url: string, native: object, mode: Mode): Promise<{ ms: number; text: string }> {
  const body = JSON.stringify({ ...native, dataSource, context: modes[mode] });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const from = performance.now();
  const text = await new Promise<string>((resolve, reject) => {
    const request = http.request(`${url}/druid/v2`, { method: 'POST', agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const whole = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(whole);
        else reject(new Error(whole));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
  return { ms: performance.now() - from, text };
}

/** Processor time of the thread that holds the event loop (Linux): what the door takes, whoever else is busy. */
function loopMs(pid: number): number {
  const spent = fs.readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0];
  return Number(spent) / 1e6;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const dirAt = process.argv.indexOf('--dir');
const dir = dirAt < 0 ? undefined : path.resolve(process.argv[dirAt + 1] ?? '');
const data = await prepareLineitem({ scale: numberOf('sf', 1), dir });
const grove = await launchGrove({
  dataDir: data.dataDir,
  env: {
    GROVE_BROKER_USE_RESULT_CACHE: 'true',
    GROVE_BROKER_POPULATE_RESULT_CACHE: 'true',
  },
});
try {
  await grove.rowsQueryable(dataSource, data.rows);
  // Answers of many rows are no tiles of a dashboard.
  const questions = benchQueries
    .filter(({ native }) => native['queryType'] !== 'groupBy')
    .slice(0, questionsMax);
  const times: Record<Mode, number[]> = { scanned: [], partials: [], answers: [] };
  const loop: Record<Mode, number> = { scanned: 0, partials: 0, answers: 0 };
  const rounds = numberOf('rounds', 20);
  // The first round fills the caches and warms up the scans.
  for (let round = 0; round <= rounds; round++) {
    const sums = { scanned: 0, partials: 0, answers: 0 };
    for (const { name, native } of questions) {
      const texts = new Set<string>();
      for (const mode of Object.keys(modes) as Mode[]) {
        const before = loopMs(grove.pid);
        const { ms, text } = await ask(grove.url, native, mode);
        sums[mode] += ms;
        if (round > 0) loop[mode] += loopMs(grove.pid) - before;
        texts.add(text);
      }
      if (texts.size !== 1) throw new Error(`${name}: the answers differ`);
    }
    if (round > 0) for (const mode of Object.keys(modes) as Mode[]) times[mode].push(sums[mode]);
  }
  const scanned = median(times.scanned);
  console.log(
    `${questions.length} questions over ${data.rows} rows, ms by HTTP (median of ${rounds} rounds, minimum), load ${(os.loadavg()[0] ?? 0).toFixed(1)}`,
  );
  for (const mode of Object.keys(modes) as Mode[]) {
    const [mid, least] = [median(times[mode]), Math.min(...times[mode])];
    const ratio = (scanned / mid).toFixed(1);
    const door = (loop[mode] / rounds / questions.length).toFixed(2);
    const leastRatio = (Math.min(...times.scanned) / least).toFixed(1);
    console.log(
      `${mode.padEnd(9)} ${mid.toFixed(1).padStart(8)} ${least.toFixed(1).padStart(8)}   ` +
        `${ratio} x, of the minima ${leastRatio} x; event loop ${door} ms a question`,
    );
  }
} finally {
  agent.destroy();
  await grove.stop();
  data.remove();
}
