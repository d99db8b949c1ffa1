/**
 * What a second worker gains: `npm run bench -- --scaling`. Two Groves over copies of the same data, one with one
 * worker and one with two, are asked in turn, so that a noisy moment meets both; nothing else runs. Times are those
 * inside the data node, with columns decoded in memory.
 */
import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../launch.js';
import { difference, nativeRows } from './answers.js';
import { ask, launchBench } from './asking.js';
import { lineitemData, type LineitemData } from './data.js';
import { KeptClient } from './kept-client.js';
import type { BenchQuery } from './queries.js';
import { least, median } from './report.js';

const warmUps = 8;
const isHot = true;

/** Milliseconds of each round. */
export interface ScalingTimes {
  readonly name: string;
  readonly one: readonly number[];
  readonly two: readonly number[];
}

type Grove = Awaited<ReturnType<typeof launchBench>>;

export async function measureScaling(
  data: LineitemData,
  queries: readonly BenchQuery[],
  rounds: number,
): Promise<ScalingTimes[]> {
  const top = temporaryFolder('grove-scaling-');
  const copy = path.join(top, 'data');
  const groves: Grove[] = [];
  try {
    fs.cpSync(data.dataDir, copy, { recursive: true });
    groves.push(await launchBench(data.dataDir, 1), await launchBench(copy, 2));
    for (const grove of groves) await grove.rowsQueryable(lineitemData, data.rows);
    const [first, second] = groves.map(({ url }) => new KeptClient(url));
    if (first === undefined || second === undefined) throw new Error('two Groves were started');
    const times = await inTurn(first, second, queries, rounds);
    first.close();
    second.close();
    return times;
  } finally {
    for (const grove of groves) await grove.stop();
    fs.rmSync(top, { recursive: true, force: true });
  }
}

async function inTurn(
  first: KeptClient,
  second: KeptClient,
  queries: readonly BenchQuery[],
  rounds: number,
): Promise<ScalingTimes[]> {
  const all = queries.map((query) => ({ query, one: [] as number[], two: [] as number[] }));
  for (const { query } of all) {
    const [a, b] = [await ask(first, query, { isHot }), await ask(second, query, { isHot })];
    const wrong = difference(
      query,
      nativeRows(query, JSON.parse(b.text)),
      nativeRows(query, JSON.parse(a.text)),
    );
    if (wrong !== undefined) throw new Error(`${query.name}: two workers answer otherwise: ${wrong}`);
    for (let i = 0; i < warmUps; i++)
      for (const client of [first, second]) await ask(client, query, { isHot });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { query, one, two } of all) {
      one.push((await ask(first, query, { isHot })).engineMs);
      two.push((await ask(second, query, { isHot })).engineMs);
    }
  }
  return all.map(({ query, one, two }) => ({ name: query.name, one, two }));
}

/** One line a query: least and middle times, and by how much each is shorter with two workers. */
export function printScaling(times: readonly ScalingTimes[], rounds: number): void {
  console.log(`hot, ms inside the data node with 1 and 2 workers, asked in turn, ${rounds} rounds`);
  const head = ['1: min', 'median', '2: min', 'median', 'of mins', 'medians'];
  console.log(`${'query'.padEnd(40)}${head.map((text) => text.padStart(9)).join('')}`);
  for (const { name, one, two } of times) {
    const own = [least(one), median(one), least(two), median(two)];
    const ratios = [least(one) / least(two), median(one) / median(two)];
    console.log(`${name.padEnd(40)}${[...own, ...ratios].map((n) => n.toFixed(2).padStart(9)).join('')}`);
  }
}
