/**
 * The recorded native queries of folders (see suite.ts), answered from the same rows in several shapes:
 * `npm run shapes -- DIR… [--only NAME] [--shapes growing,one,many,nodes,historicals] [--verbose]`. Growing: rows in
 * memory as they came; one: a stored segment for each time chunk; many: several of them; nodes: those, two copies each,
 * on three data nodes; all of these in one process. Historicals: ingested by tasks into a cluster of real processes. `--only`: a family, or part of the name of a case. Cases that name a data set which could not be loaded are left
 * out. Last line: `N passed, N failed`; exit code 1 when any failed or was left out.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { byShape } from './leniency.js';
import { compareAnswer } from './compare.js';
import type { Cluster } from './cluster.js';
import { startHistoricals } from './historicals.js';
import { madeShapes, ShapeMaker } from './shape-maker.js';
import { isObject, readSuite, type Case, type Suite } from './suite.js';

const shapeNames = [...madeShapes, 'historicals'] as const;
type ShapeName = (typeof shapeNames)[number];

const args = process.argv.slice(2);
const isVerbose = args.includes('--verbose');
const only = option('--only');
const shapes = shapesAsked(option('--shapes'));
const folders = args.filter((arg, i) => !arg.startsWith('--') && !isOptionValue(args[i - 1]));
let passed = 0;
let failed = 0;
let isWhole = folders.length > 0;
for (const folder of folders) await runFolder(folder);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && isWhole ? 0 : 1;

function isOptionValue(before: string | undefined): boolean {
  return before === '--only' || before === '--shapes';
}

function option(name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

function shapesAsked(text: string | undefined): readonly ShapeName[] {
  if (text === undefined) return shapeNames;
  const asked = text.split(',');
  const unknown = asked.find((name) => !shapeNames.includes(name as ShapeName));
  if (unknown !== undefined) throw new Error(`--shapes: ${unknown} is none of ${shapeNames.join(', ')}`);
  return shapeNames.filter((name) => asked.includes(name));
}

async function runFolder(folder: string): Promise<void> {
  const suite = readSuite(folder);
  const inProcess = madeShapes.filter((shape) => shapes.includes(shape));
  if (inProcess.length > 0) {
    const workDir = fs.mkdtempSync(path.join(os.tmpdir(), 'grove-shapes-'));
    try {
      const maker = new ShapeMaker(suite.dataDir, workDir);
      const asked = casesOf(suite, await loadInProcess(maker, suite));
      for (const shape of inProcess) await runShape(await maker.cluster(shape), shape, asked);
    } finally {
      fs.rmSync(workDir, { recursive: true, force: true });
    }
  }
  if (shapes.includes('historicals')) await runHistoricals(suite);
}

function secondsSince(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

/** Answers the data sets that could not be loaded. */
async function loadInProcess(maker: ShapeMaker, { dataSets }: Suite): Promise<Set<string>> {
  const absent = new Set<string>();
  for (const dataSet of dataSets) {
    const since = performance.now();
    const error = await maker.load(dataSet);
    if (error === undefined)
      console.log(`loaded ${dataSet.name}: ${maker.rowsOf(dataSet.name)} rows, ${secondsSince(since)} s`);
    else {
      console.log(`NOT LOADED ${dataSet.name}: ${error}`);
      absent.add(dataSet.name);
    }
  }
  return absent;
}

async function runHistoricals(suite: Suite): Promise<void> {
  const since = performance.now();
  const historicals = await startHistoricals(suite.dataDir, suite.dataSets);
  const { cluster, notLoaded, served } = historicals;
  try {
    for (const [name, error] of notLoaded) console.log(`NOT LOADED ${name} on historicals: ${error}`);
    console.log(`historicals: ${served.join(', ')} segments loaded, ${secondsSince(since)} s`);
    await runShape(cluster, 'historicals', casesOf(suite, new Set(notLoaded.keys())));
  } finally {
    await historicals.stop();
  }
}

/** Those that can be answered without these data sets. */
function casesOf({ cases }: Suite, absent: ReadonlySet<string>): Case[] {
  const wanted = cases.filter(isAsked);
  const asked = wanted.filter(({ query }) => !names(query, absent));
  const leftOut = wanted.length - asked.length;
  if (absent.size > 0) isWhole = false;
  if (leftOut > 0) console.log(`left out: ${leftOut} cases (${[...absent].join(', ')})`);
  return asked;
}

function isAsked({ family, name }: Case): boolean {
  return only === undefined || family === only || name.includes(only);
}

/** Does one of these stand anywhere in the query as its data source? */
function names(json: unknown, dataSources: ReadonlySet<string>): boolean {
  if (Array.isArray(json)) return json.some((one) => names(one, dataSources));
  if (!isObject(json)) return typeof json === 'string' && dataSources.has(json);
  const { dataSource, name, dataSources: several, left, right, base, query } = json;
  const inner = [dataSource, several, left, right, base, query];
  return (
    (json['type'] === 'table' && names(name, dataSources)) || inner.some((one) => names(one, dataSources))
  );
}

async function runShape(cluster: Cluster, shape: ShapeName, cases: readonly Case[]): Promise<void> {
  const since = performance.now();
  const rules = new Map<string, number>();
  let good = 0;
  let bad = 0;
  for (const one of cases) {
    const { difference, rule } = await judged(one);
    if (difference === undefined) good++;
    else {
      bad++;
      console.log(`  FAIL ${shape} ${one.family} / ${one.name}: ${difference}`);
    }
    if (rule !== undefined) {
      rules.set(rule, (rules.get(rule) ?? 0) + 1);
      if (isVerbose) console.log(`  ${shape} ${one.family} / ${one.name}: ${rule}`);
    }
  }
  const notes = [...rules].map(([rule, count]) => `${rule}: ${count}`);
  const tail = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  console.log(`shape ${shape}: ${good} passed, ${bad} failed, ${secondsSince(since)} s${tail}`);
  passed += good;
  failed += bad;

  async function judged(one: Case): Promise<{ difference: string | undefined; rule?: string }> {
    try {
      const answer = await cluster.ask(one.text, one.path.includes('pretty'));
      const difference = compareAnswer(one, answer);
      if (difference === undefined) return { difference };
      const lenient = await byShape(one, answer, (text) => cluster.ask(text));
      return lenient === undefined ? { difference } : lenient;
    } catch (thrown) {
      return {
        difference: `crashed: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`,
      };
    }
  }
}
