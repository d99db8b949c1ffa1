/**
 * Grove beside DuckDB over the same lineitem-like rows (derived from TPC-H, not a TPC result), ingested through a task
 * of a running Grove. Each round runs every query once on each engine, so that a noisy moment meets both.
 *
 *   npm run bench -- [--sf 1] [--rounds 12] [--threads 1,2] [--cold] [--dir FOLDER] [--json FILE] [--only TEXT]
 *   npm run bench -- --scaling [--sf 1] [--rounds 24] [--dir FOLDER] [--only TEXT]: what a second worker gains (scaling.ts)
 *   npm run bench -- --forms [--rounds 40] [--only TEXT]: what nulls, filters and several values cost (forms.ts)
 *
 * Hot: columns are decoded in memory. Cold (`--cold`, as further sections): decoded columns are dropped before each
 * query (`dropHotColumns` in its context), so that it decodes LZ4 blocks itself. `--dir` keeps rows and segment for the next run. Grove's time is that of the
 * data node, the HTTP time is until the last byte of the answer is here (not packed, over one kept connection), and what
 * HTTP adds is their difference, round by round; DuckDB's is until the whole result is there.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../../launch.js';
import { ask, launchBench } from './asking.js';
import { difference, nativeRows, sqlRows } from './answers.js';
import { lineitemData, prepareLineitem, type LineitemData } from './data.js';
import { startPeer, type Peer } from './duckdb.js';
import { measureForms, printForms } from './forms.js';
import { KeptClient } from './kept-client.js';
import { benchQueries, type BenchQuery } from './queries.js';
import { measureScaling, printScaling } from './scaling.js';
import { geomean, printSection, type Measured, type Section } from './report.js';

interface Options {
  readonly scale: number;
  readonly rounds: number;
  readonly threads: readonly number[];
  readonly isCold: boolean;
  readonly dir: string | undefined;
  readonly json: string;
  readonly only: string;
}

function defaultRounds(args: readonly string[]): string {
  if (args.includes('--forms')) return '40';
  return args.includes('--scaling') ? '24' : '12';
}

function optionsOf(args: readonly string[]): Options {
  const value = (name: string, fallback: string): string => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? fallback : (args[at + 1] ?? fallback);
  };
  const dir = value('dir', '');
  return {
    scale: Number(value('sf', '1')),
    // Short queries have to run often until all of their code is compiled.
    rounds: Math.max(1, Number(value('rounds', defaultRounds(args)))),
    threads: value('threads', '1,2').split(',').map(Number),
    isCold: args.includes('--cold'),
    dir: dir === '' ? undefined : path.resolve(dir),
    json: path.resolve(value('json', path.join(root, 'dist/bench.json'))),
    only: value('only', ''),
  };
}

/** Before anything is timed: both engines are warm, and say the same. */
async function check(
  client: KeptClient,
  peer: Peer | undefined,
  query: BenchQuery,
  isHot: boolean,
): Promise<string | undefined> {
  const own = nativeRows(query, JSON.parse((await ask(client, query, { isHot })).text));
  for (let i = 0; i < 2; i++) await ask(client, query, { isHot });
  if (peer === undefined) return undefined;
  const theirs = sqlRows(await peer.rows(query.sql));
  return difference(query, own, theirs);
}

async function section(
  options: Options,
  data: LineitemData,
  peer: Peer | undefined,
  mode: { readonly threads: number; readonly isHot: boolean },
): Promise<Section> {
  const queries = benchQueries.filter(({ name }) => name.includes(options.only));
  const grove = await launchBench(data.dataDir, mode.threads);
  const client = new KeptClient(grove.url);
  try {
    await grove.rowsQueryable(lineitemData, data.rows);
    await peer?.time(`SET threads = ${mode.threads}`);
    const measured: Measured[] = [];
    for (const query of queries) {
      const wrong = await check(client, peer, query, mode.isHot);
      if (wrong !== undefined) throw new Error(`${query.name}: the answers differ: ${wrong}`);
      measured.push({ query, grove: [], http: [], duckdb: [] });
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const one of measured) {
        const { engineMs, httpMs } = await ask(client, one.query, mode);
        one.grove.push(engineMs);
        one.http.push(httpMs);
        if (peer !== undefined) one.duckdb.push(await peer.time(one.query.sql));
      }
    }
    return { ...mode, rows: data.rows, measured };
  } finally {
    client.close();
    await grove.stop();
  }
}

const options = optionsOf(process.argv.slice(2));
if (process.argv.includes('--forms')) {
  const times = measureForms(options.rounds, options.only);
  printForms(times, options.rounds);
  fs.writeFileSync(options.json, JSON.stringify({ forms: times }, undefined, 1));
  process.exit();
}
const data = await prepareLineitem(options);
if (process.argv.includes('--scaling')) {
  const queries = benchQueries.filter(({ name }) => name.includes(options.only));
  const times = await measureScaling(data, queries, options.rounds);
  data.remove();
  printScaling(times, options.rounds);
  fs.writeFileSync(options.json, JSON.stringify({ scaling: times }, undefined, 1));
  process.exit();
}
const peer = await startPeer(data.csv);
const found = typeof peer === 'string' ? undefined : peer;
console.log(
  `lineitem-like (derived from TPC-H, not a TPC result), scale ${options.scale}: ${data.rows} rows; ` +
    `Node ${process.version}, ${os.availableParallelism()} cores; ` +
    (typeof peer === 'string' ? `without DuckDB: ${peer}` : `DuckDB ${peer.version}, answers compared`),
);
const sections: Section[] = [];
for (const isHot of options.isCold ? [true, false] : [true]) {
  for (const threads of options.threads) {
    const one = await section(options, data, found, { threads, isHot });
    sections.push(one);
    printSection(one);
  }
}
found?.close();
data.remove();
fs.writeFileSync(
  options.json,
  JSON.stringify(
    {
      data: 'lineitem-like (derived from TPC-H, not a TPC result)',
      scale: options.scale,
      rows: data.rows,
      duckdb: typeof peer === 'string' ? null : peer.version,
      sections: sections.map(({ measured, ...mode }) => ({
        ...mode,
        queries: measured.map(({ query, ...times }) => ({ name: query.name, ...times })),
      })),
    },
    undefined,
    1,
  ),
);
const first = sections.find(({ threads, isHot }) => threads === 1 && isHot);
if (first !== undefined && found !== undefined) {
  const means = geomean(first);
  console.log(`geomean hot 1 thread grove/duckdb: ${means.duckdb.toFixed(2)}`);
  console.log(`geomean hot 1 thread grove/druid (derived): ${means.druid.toFixed(2)}`);
}
