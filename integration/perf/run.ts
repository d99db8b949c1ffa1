/**
 * Prints the figures of a quickstart: start, memory, ingestion, query latency. Not a test: machines are noisy, so
 * each figure is the best or the median of several runs and stands beside its aim.
 * GROVE_RECORDINGS=<folder> adds the wikiticker file of the recorded Druid data.
 */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { launchGrove, root, temporaryFolder, until, freePorts, type Grove } from '../launch.js';

interface Figure {
  readonly what: string;
  readonly value: string;
  readonly aim: string;
}
const figures: Figure[] = [];
const add = (what: string, value: string, aim: string): void => {
  figures.push({ what, value, aim });
  console.log(`${what.padEnd(52)} ${value.padStart(16)}   aim ${aim}`);
};

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** pid → [parent, resident KiB]. */
function processes(): Map<number, { parent: number; residentKiB: number; name: string }> {
  const out = execFileSync('ps', ['-eo', 'pid=,ppid=,rss=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const all = new Map<number, { parent: number; residentKiB: number; name: string }>();
  for (const line of out.split('\n')) {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    if (found) {
      all.set(Number(found[1]), {
        parent: Number(found[2]),
        residentKiB: Number(found[3]),
        name: found[4] ?? '',
      });
    }
  }
  return all;
}

/** The process and everything started below it, detached children included (by data folder in their arguments). */
function family(pid: number, dataDir: string): { pid: number; residentKiB: number; name: string }[] {
  const all = processes();
  const members = new Set([pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [id, info] of all) {
      if (
        !members.has(id) &&
        (members.has(info.parent) || (id !== process.pid && info.name.includes(dataDir)))
      ) {
        members.add(id);
        grown = true;
      }
    }
  }
  return [...members].flatMap((id) => {
    const info = all.get(id);
    return info === undefined ? [] : [{ pid: id, residentKiB: info.residentKiB, name: info.name }];
  });
}

async function startFigures(): Promise<void> {
  for (const [what, withData] of [
    ['npm start → healthy, no data', false],
    ['npm start → healthy, existing data', true],
  ] as const) {
    let best = Infinity;
    const kept = temporaryFolder();
    if (withData) {
      const first = await npmStart(kept, ['--sample']);
      await until('sample', 60_000, async () => ((await sampleRows(first.url)) > 0 ? true : undefined));
      await first.stop();
    }
    for (let run = 0; run < 3; run++) {
      const dataDir = withData ? kept : temporaryFolder();
      const started = await npmStart(dataDir, ['--no-sample']);
      best = Math.min(best, started.healthyMs);
      await started.stop();
      if (!withData) fs.rmSync(dataDir, { recursive: true, force: true });
    }
    fs.rmSync(kept, { recursive: true, force: true });
    add(what, `${best.toFixed(0)} ms`, '≤ 3000 ms');
  }
}

interface Started {
  readonly url: string;
  readonly pid: number;
  readonly healthyMs: number;
  stop(): Promise<void>;
}

async function npmStart(dataDir: string, args: readonly string[]): Promise<Started> {
  const port = await freePorts();
  const from = performance.now();
  const child = spawn('npm', ['start', '--', '--port-base', String(port), '--data-dir', dataDir, ...args], {
    cwd: root,
    stdio: 'ignore',
    detached: true,
  });
  const exited = new Promise<void>((done) => child.on('exit', () => done()));
  const url = `http://127.0.0.1:${port}`;
  await until('health', 60_000, async () => {
    const answer = await fetch(`${url}/status/health`);
    return answer.ok && (await answer.text()) === 'true' ? true : undefined;
  });
  const healthyMs = performance.now() - from;
  return {
    url,
    pid: child.pid ?? -1,
    healthyMs,
    stop: async () => {
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      await exited;
      await pause(300);
    },
  };
}

async function sampleRows(url: string): Promise<number> {
  const names = (await (await fetch(`${url}/druid/v2/datasources`)).json()) as string[];
  const [name] = names;
  if (name === undefined) return 0;
  const body = JSON.stringify(countQuery(name));
  const answer = await fetch(`${url}/druid/v2`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  if (!answer.ok) return 0;
  const [first] = (await answer.json()) as { result: { rows: number } }[];
  return first?.result.rows ?? 0;
}

const countQuery = (dataSource: string): unknown => ({
  queryType: 'timeseries',
  dataSource,
  granularity: 'all',
  intervals: ['2000-01-01/2100-01-01'],
  aggregations: [{ type: 'count', name: 'rows' }],
});

async function memoryFigure(): Promise<void> {
  const dataDir = temporaryFolder();
  const started = await npmStart(dataDir, ['--sample']);
  await until('sample', 60_000, async () => ((await sampleRows(started.url)) > 40_000 ? true : undefined));
  await pause(60_000);
  const members = family(started.pid, dataDir);
  for (const one of members)
    console.log(`  ${(one.residentKiB / 1024).toFixed(0).padStart(5)} MiB  ${one.name.slice(0, 90)}`);
  const total = members.reduce((sum, one) => sum + one.residentKiB, 0) / 1024;
  add('resident, all processes, idle 60 s after the sample', `${total.toFixed(0)} MiB`, '≤ 300 MiB');
  await started.stop();
  fs.rmSync(dataDir, { recursive: true, force: true });
}

async function wikitickerFigures(): Promise<void> {
  const recordings = path.resolve(root, process.env['GROVE_RECORDINGS'] ?? '../shared');
  const data = path.join(recordings, 'golden/datasets');
  if (!fs.existsSync(data)) {
    console.log('no recorded data beside the checkout: wikiticker figures left out');
    return;
  }
  const grove = await launchGrove({ env: { GROVE_INPUT_DIRS: data } });
  const text = fs
    .readFileSync(path.join(data, 'wikiticker/01-ingest.json'), 'utf8')
    .replaceAll('${DATA}', data);
  let best = Infinity;
  for (let run = 0; run < 3; run++) {
    const task = JSON.parse(
      text.replaceAll('"wikiticker"', `"wiki${run}"`).replaceAll(`${data}/wiki${run}`, `${data}/wikiticker`),
    ) as unknown;
    const from = performance.now();
    await grove.ingest(task);
    await grove.rowsQueryable(`wiki${run}`, 39_244);
    best = Math.min(best, performance.now() - from);
  }
  add('wikiticker, submit → all 39,244 rows queryable', `${best.toFixed(0)} ms`, '≤ 5000 ms (Druid 40,000)');
  await latencyFigures(grove);
  await grove.stop();
}

async function latencyFigures(grove: Grove): Promise<void> {
  const body = {
    queryType: 'timeseries',
    dataSource: 'wiki0',
    granularity: 'hour',
    intervals: ['2015-09-12/2015-09-13'],
    filter: { type: 'selector', dimension: 'isRobot', value: 'false' },
    aggregations: [
      { type: 'count', name: 'rows' },
      { type: 'longSum', name: 'added', fieldName: 'added' },
    ],
  };
  const times: number[] = [];
  for (let i = 0; i < 500; i++) {
    const from = performance.now();
    await grove.query(body);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (q: number): string => (times[Math.floor(times.length * q)] ?? 0).toFixed(2);
  add('timeseries over HTTP, p50 of 500', `${at(0.5)} ms`, '≤ 5 ms (Druid 5.4)');
  add('timeseries over HTTP, p99 of 500', `${at(0.99)} ms`, '–');
}

await startFigures();
await wikitickerFigures();
await memoryFigure();
