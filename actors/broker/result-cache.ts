/**
 * Whole answers, as the text that was sent. The key names the question and every segment with its version that must be
 * answered: when one of them is replaced, the old answer is never looked at again.
 */
import { createHash } from 'node:crypto';
import { cacheWish, questionText } from '../../query/cache/scan-key.js';
import type { ByteStore } from '../../query/cache/partial-cache.js';
import type { NativeQuery } from '../../query/native/model.js';
import type { Slice } from './route.js';

export interface ResultCaching {
  readonly store: ByteStore;
  readonly use: boolean;
  readonly populate: boolean;
  /** Longer answers are not kept. */
  readonly entryBytesMax: number;
  /** Types of queries of which nothing is kept. */
  readonly uncacheable?: ReadonlySet<string>;
}

/** One query's dealings with the cache. */
export interface CachedResult {
  readonly key: string;
  readonly use: boolean;
  readonly populate: boolean;
}

/** Undefined: this query's answer is neither looked for nor kept. */
export function cachedResult(
  caching: ResultCaching | undefined,
  query: NativeQuery,
  isPretty: boolean,
  slices: readonly Slice[],
): CachedResult | undefined {
  if (caching === undefined || slices.length === 0) return undefined;
  if (query.source !== undefined || query.queryType === 'scan') return undefined;
  if (caching.uncacheable?.has(query.queryType) === true) return undefined;
  if (slices.some((slice) => slice.segment.realtime)) return undefined;
  const wish = cacheWish(query.context, 'useResultLevelCache', 'populateResultLevelCache');
  const use = caching.use && wish.use;
  const populate = caching.populate && wish.populate;
  if (!use && !populate) return undefined;
  const question = questionText(query);
  if (question === undefined) return undefined;
  const hash = createHash('sha256').update(`${isPretty ? 'pretty' : 'plain'}\n${question}`);
  for (const { segmentId, intervals } of slices) {
    hash.update(`\n${segmentId}`);
    for (const { startMs, endMs } of intervals) hash.update(` ${startMs}/${endMs}`);
  }
  return { key: `result ${hash.digest('base64')}`, use, populate };
}

/** Gathers an answer on its way out, unless it becomes too long. */
export class ResultCopy {
  readonly #bytesMax: number;
  #chunks: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#bytesMax) this.#chunks = undefined;
    this.#chunks?.push(chunk);
  }

  /** Undefined: it was too long. */
  whole(): Uint8Array | undefined {
    return this.#chunks === undefined ? undefined : Buffer.concat(this.#chunks);
  }
}

const chunkBytes = 256 * 1024;

/** Messages have an end. */
export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
