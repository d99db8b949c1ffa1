/**
 * A query's text read where it holds nobody up: short ones at once, long ones on a thread of the pool, which hands
 * their large filters on in shared memory.
 */
import type { LookupTable } from '../lookup/table.js';
import { lookupNames } from '../lookup/names.js';
import { parseJson } from '../json/parse.js';
import type { QueryDefaults } from '../native/context.js';
import { isMissing } from '../native/json-fields.js';
import type { NativeQuery } from '../native/model.js';
import { packQuery } from '../native/packed-filter.js';
import { parseNativeQuery } from '../native/parse.js';
import type { Pool, RunOptions } from './pool-api.js';

/** Shorter texts are read in a few milliseconds. */
const shortMax = 64 * 1024;

export interface ReadInput {
  readonly text: string;
  readonly defaults: Omit<QueryDefaults, 'lookups'>;
  /** Those the query names and that there are; absent: not looked for yet. */
  readonly tables?: readonly LookupTable[];
}
export type ReadOutput = { readonly query: NativeQuery } | { readonly named: readonly string[] };

/** Texts worth remembering, and how many of them. */
const knownBytesMax = 8 * 1024;
const knownMax = 1_000;

/**
 * Queries that were asked lately, by their text: dashboards ask the same again and again. All calls have to come with
 * the same defaults, but for the id and what `key` stands for.
 */
export class KnownQueries {
  readonly #byText = new Map<string, NativeQuery>();

  /** As `parseNativeQuery(parseJson(text), defaults)`. */
  read(text: string, key: string, defaults: QueryDefaults): NativeQuery {
    // Lookups are found anew each time, and rows come with their query.
    const isPlain = text.length <= knownBytesMax && (defaults.frames ?? []).length === 0;
    if (!isPlain) return parseNativeQuery(parseJson(text), defaults);
    const whole = `${key}\n${text}`;
    const before = this.#byText.get(whole);
    if (before !== undefined) {
      // The one asked longest ago is forgotten first.
      this.#byText.delete(whole);
      this.#byText.set(whole, before);
      const { context } = before;
      if (!isMissing(context.given['queryId'])) return before;
      return { ...before, context: { ...context, queryId: defaults.queryId } };
    }
    const query = parseNativeQuery(parseJson(text), defaults);
    if (query.source !== undefined || /lookup|\\u/i.test(whole)) return query;
    const [oldest] = this.#byText.keys();
    if (this.#byText.size >= knownMax && oldest !== undefined) this.#byText.delete(oldest);
    this.#byText.set(whole, query);
    return query;
  }
}

export interface ReadOptions extends RunOptions {
  readonly known: KnownQueries;
  /** See KnownQueries. */
  readonly key: string;
}

/** Errors: those of parseJson, parseNativeQuery and of the pool. */
export async function readQuery(
  pool: Pick<Pool, 'run'>,
  text: string,
  defaults: QueryDefaults,
  { known, key, ...options }: ReadOptions,
): Promise<NativeQuery> {
  if (text.length <= shortMax) return known.read(text, key, defaults);
  const { lookups, ...plain } = defaults;
  const tablesOf = (names: readonly string[]): LookupTable[] =>
    names.flatMap((name) => lookups?.(name) ?? []);
  let input: ReadInput = { text, defaults: plain };
  for (;;) {
    const output = (await pool.run('read', input, [], options)) as ReadOutput;
    if ('query' in output) return output.query;
    input = { ...input, tables: tablesOf(output.named) };
  }
}

/** The part of it that a thread of the pool does. */
export function readText({ text, defaults, tables }: ReadInput): ReadOutput {
  const json = parseJson(text);
  // Looking into every value takes its time; the word can only hide behind an escape.
  const named = /lookup|\\u/i.test(text) ? [...lookupNames(json)] : [];
  if (named.length === 0) return { query: packQuery(parseNativeQuery(json, defaults)) };
  if (tables === undefined) return { named };
  const lookups = (name: string): LookupTable | undefined => tables.find((table) => table.name === name);
  return { query: packQuery(parseNativeQuery(json, { ...defaults, lookups })) };
}
