/** Dashboard queries sent to a running Grove: one after the other, as many as it takes, and at a given rate. */
import { randomOf } from '../../segment/mutation.js';
import { benchQueries } from '../bench/queries.js';
import { lineitemData } from '../bench/data.js';
import type { Grove } from '../../launch.js';

/** Everything is scanned anew. */
export const uncached = {
  useCache: false,
  populateCache: false,
  useResultLevelCache: false,
  populateResultLevelCache: false,
};

/** Tiles of a dashboard: the bench's questions but for those with many groups. */
export const tiles: readonly string[] = benchQueries
  .filter(({ native }) => native['queryType'] !== 'groupBy')
  .map(({ native }) => JSON.stringify({ ...native, dataSource: lineitemData, context: uncached }));

export const tile = (i: number): string => tiles[i % tiles.length] ?? '';

export async function ask(grove: Grove, body: string): Promise<string> {
  const { status, text } = await grove.query(body);
  if (status !== 200) throw new Error(`${status} ${text.slice(0, 300)}`);
  return text;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Milliseconds of each query, one at a time. */
export async function alone(grove: Grove, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < rounds * tiles.length; i++) {
    const from = performance.now();
    await ask(grove, tile(i));
    times.push(performance.now() - from);
  }
  return times;
}

/** Queries a second with `clients` that each ask again as soon as they are answered. */
export async function saturation(grove: Grove, clients: number, seconds: number): Promise<number> {
  const from = performance.now();
  const end = from + seconds * 1000;
  let answered = 0;
  let next = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      await ask(grove, tile(next++));
      answered++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (answered * 1000) / (performance.now() - from);
}

/**
 * Queries come at random moments, on average `perSecond`, whether or not earlier ones are answered. Milliseconds from
 * the moment each was due.
 */
export async function openLoop(
  grove: Grove,
  perSecond: number,
  seconds: number,
  seed: number,
): Promise<number[]> {
  const random = randomOf(seed);
  const from = performance.now();
  const times: number[] = [];
  const answers: Promise<void>[] = [];
  let due = from;
  for (let i = 0; ; i++) {
    due += (-Math.log(1 - random()) * 1000) / perSecond;
    if (due > from + seconds * 1000) break;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    const since = due;
    answers.push(
      ask(grove, tile(i)).then(() => {
        times.push(performance.now() - since);
      }),
    );
  }
  await Promise.all(answers);
  return times;
}

/** Reads the answer without keeping it; counts the rows of a groupBy. */
export async function streamed(
  door: { readonly url: string },
  body: unknown,
  pauseMs = 0,
): Promise<{ rows: number; bytes: number }> {
  const response = await fetch(`${door.url}/druid/v2`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 200 || response.body === null) throw new Error(await response.text());
  const mark = Buffer.from('"event":');
  let rows = 0;
  let bytes = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    const text = Buffer.concat([tail, chunk]);
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) rows++;
    tail = text.subarray(Math.max(0, text.length - mark.length + 1));
    if (pauseMs > 0) await new Promise((done) => setTimeout(done, pauseMs));
  }
  return { rows, bytes };
}
