/**
 * Random schemas, rows, segments and queries: what the engine answers, from the query's JSON to the answer's, against
 * the row-at-a-time evaluation of `reference/`. The same seed makes the same case; what is thrown tells seed and query.
 *
 * Fair comparison: what is not fixed by the query may differ, and nothing else. Of rows that are equal in the order
 * asked any may come first or be cut off by a limit (topN, groupBy, scan); sums of fractions may differ by their
 * rounding; `any` may be of any row; distinct counts are estimates. Each of these is said where it is decided: sections
 * in `reference/answers.ts`, values in `reference/aggregates.ts`. What is computed further (having, post-aggregators,
 * orders, queries around a query) is computed from exact values only.
 *
 * Some queries are asked by segment too: of each segment alone, as a broker does it.
 */
import { createArena } from '../../segment/kernels/arena.js';
import { compileKernels, instantiateKernels } from '../../segment/kernels/load.js';
import type { Frame } from '../frame.js';
import { parseJson } from '../json/parse.js';
import { parseNativeQuery } from '../native/parse.js';
import type { NativeQuery } from '../native/model.js';
import { pendingSources } from '../native/source.js';
import { createInlinePool } from './inline-pool.js';
import { Chance } from './random-queries.js';
import type { AskedQuery } from './reference/asked.js';
import { answerTable } from './reference/answer-table.js';
import { judge } from './reference/judge.js';
import { randomQuery } from './reference/random-query.js';
import { randomWorld, type RandomSegment, type RandomWorld } from './reference/random-world.js';
import type { World } from './reference/table.js';
import { inlineHandle } from './sources/apply.js';

const kernels = compileKernels();

type Partials = { readonly query: NativeQuery; readonly frames: readonly Frame[] };

export class Engine {
  readonly #world: RandomWorld;
  readonly #pool;

  constructor(world: RandomWorld, arena: ReturnType<typeof createArena>) {
    this.#world = world;
    this.#pool = createInlinePool({
      kernels: instantiateKernels(kernels, arena),
      open: (handle) => world.segments[handle as number]!.view,
      scratchBytes: 1 << 26,
      clock: { now: () => 0, monotonic: () => 0 },
    });
  }

  /** As a broker does it: queries inside first, then the segments, then the answer. */
  async #partials(body: unknown, only?: RandomSegment): Promise<Partials> {
    const defaults = { queryId: 'q', timeoutMs: 0 };
    const asked = parseNativeQuery(body, defaults);
    const inner: Frame[] = [];
    for (const pending of pendingSources(asked.source)) {
      if (pending.type !== 'query') throw new Error('lookups are not asked');
      const keepTime =
        asked.source === pending && asked.queryType === 'groupBy' && pending.query.queryType === 'groupBy';
      const partials = await this.#partials(parseJson(pending.json));
      inner.push((await this.#pool.run('result', { ...partials, keepTime })) as Frame);
    }
    const query = inner.length === 0 ? asked : parseNativeQuery(body, { ...defaults, frames: inner });
    const { intervals, dataSources } = query;
    const refs =
      dataSources.length === 0
        ? [{ segmentId: '', handle: inlineHandle, intervals }]
        : this.#world.segments.flatMap((segment, handle) =>
            dataSources.includes(segment.table) && (only ?? segment) === segment
              ? [{ segmentId: segment.view.id, handle, intervals }]
              : [],
          );
    const frames: Frame[] = [];
    for await (const { frame } of this.#pool.scanSegments(query, refs)) frames.push(frame);
    return { query, frames };
  }

  /** `only`: by segment, that one. */
  async answer(body: unknown, only?: RandomSegment): Promise<unknown> {
    const partials = await this.#partials(body, only);
    const chunks = (await this.#pool.run('finish', partials)) as Uint8Array[];
    return parseJson(Buffer.concat(chunks).toString('utf8'));
  }
}

const shown = (query: unknown): string =>
  JSON.stringify(query, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));

/** Asks `queries` of one random world; throws an Error that tells the seed. */
export async function checkRandom(seed: number, queries: number): Promise<void> {
  const chance = new Chance(seed);
  const arena = createArena({ maximumBytes: 1 << 28 });
  const world = randomWorld(chance, arena);
  const engine = new Engine(world, arena);
  for (let i = 0; i < queries; i++) {
    const query = randomQuery(chance, world);
    const isBySegment = typeof query.dataSource === 'string' && chance.next() < 0.15;
    try {
      await check(engine, query, world);
      if (isBySegment) await checkSegments(engine, query, world);
    } catch (error) {
      throw new Error(`seed[${seed}] query[${i}] ${shown(query)}: ${String(error)}`, { cause: error });
    }
  }
}

async function checkSegments(engine: Engine, query: AskedQuery, { segments }: RandomWorld): Promise<void> {
  for (const segment of segments) {
    const { table, view, shown } = segment;
    if (table !== query.dataSource) continue;
    const alone: World = {
      tables: new Map([[table, shown]]),
      answerOf: (inner) => answerTable(inner, alone),
    };
    try {
      judge(query, await engine.answer(query, segment), alone);
    } catch (error) {
      throw new Error(`segment[${view.id}] alone: ${String(error)}`, { cause: error });
    }
  }
}

async function check(engine: Engine, query: AskedQuery, world: RandomWorld): Promise<void> {
  judge(query, await engine.answer(query), world);
}
