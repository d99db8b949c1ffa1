/** What one query may use: time, bytes that data nodes answer, bytes of partial results held at the broker. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { frameBytes } from '../../query/frame-codec.js';
import type { Frame } from '../../query/frame.js';
import { badContext, byteCount } from '../../query/native/context-keys.js';
import type { NativeQuery } from '../../query/native/model.js';
import { textBytes } from '../group-memory.js';
import type { Slice } from './route.js';
import type { SegmentRows } from './scan-stream.js';

/** 0 = none. A query's context may ask for less. */
export interface QueryLimits {
  readonly timeoutMsMax: number;
  readonly scatterGatherBytesMax: number;
  /** Partial results of one query that are held at a time. */
  readonly heldBytesMax: number;
  /** Texts among them, of a groupBy. */
  readonly dictionaryBytesMax: number;
}
export const noLimits: QueryLimits = {
  timeoutMsMax: 0,
  scatterGatherBytesMax: 0,
  heldBytesMax: 0,
  dictionaryBytesMax: 0,
};

/** Throws InvalidInput for a context that asks for more than there is. */
export function checkAsked(query: NativeQuery, limits: QueryLimits): void {
  const { timeoutMs, given } = query.context;
  subqueryBytes(query, limits);
  const { timeoutMsMax, scatterGatherBytesMax } = limits;
  if (timeoutMsMax > 0 && timeoutMs > timeoutMsMax) {
    throw badContext(
      'timeout',
      `Configured [timeout = ${timeoutMs}] is more than enforced limit of maxQueryTimeout [${timeoutMsMax}].`,
    );
  }
  const bytes = asked(given['maxScatterGatherBytes']);
  if (scatterGatherBytesMax > 0 && bytes !== undefined && bytes > scatterGatherBytesMax) {
    throw badContext(
      'maxScatterGatherBytes',
      `Configured [maxScatterGatherBytes = ${bytes}] is more than enforced limit of [${scatterGatherBytesMax}].`,
    );
  }
}

const orderedRowsDefault = 100_000;
const orderedPartitionsDefault = 50;

/**
 * How much of a scan may be put in the order of time, where the context says so: rows under a limit, or else segments of
 * a time chunk. Throws LimitExceeded.
 */
export function checkOrdering(query: NativeQuery, slices: readonly Pick<Slice, 'segment'>[]): void {
  if (query.queryType !== 'scan' || query.order === 'none' || query.order === 'columns') return;
  const { given } = query.context;
  const rowsMax = asked(given['maxRowsQueuedForOrdering']);
  const partitionsMax = asked(given['maxSegmentPartitionsOrderedInMemory']);
  if (rowsMax === undefined && partitionsMax === undefined) return;
  if ((query.limit ?? Infinity) + query.offset <= (rowsMax ?? orderedRowsDefault)) return;
  const chunks = new Map<number, number>();
  for (const { segment } of slices) {
    const { startMs } = segment.interval;
    chunks.set(startMs, (chunks.get(startMs) ?? 0) + 1);
  }
  let most = 0;
  for (const count of chunks.values()) most = Math.max(most, count);
  if (most <= (partitionsMax ?? orderedPartitionsDefault)) return;
  throw new CodedError(
    'LimitExceeded',
    `Time ordering is not supported for a Scan query with ${most} segments per time chunk and a row limit of ${query.limit ?? 'none'}. Ask for fewer rows than maxRowsQueuedForOrdering[${rowsMax ?? orderedRowsDefault}], or raise maxSegmentPartitionsOrderedInMemory[${partitionsMax ?? orderedPartitionsDefault}] above the number of segments per time chunk.`,
  );
}

/** Of Druid's `auto`, which is a share of its heap. */
const bytesByItself = 256 * 2 ** 20;

/**
 * Bytes that what stands inside the data source may answer; undefined: its rows count. Throws InvalidInput for what is
 * neither a number nor a word that is known.
 */
export function subqueryBytes({ context }: NativeQuery, limits: QueryLimits): number | undefined {
  const given = context.given['maxSubqueryBytes'];
  const value = typeof given === 'string' ? given.toLowerCase() : given;
  if (value === undefined || value === null || value === 'disabled') return undefined;
  if (value === 'auto') return least(limits.heldBytesMax, bytesByItself);
  const isWhole =
    typeof value === 'bigint' ||
    Number.isInteger(value) ||
    (typeof value === 'string' && /^[+-]?\d+$/.test(value));
  if (!isWhole) {
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    throw invalidInput(
      `Unable to parse the provided maxSubqueryLimit [${shown}] to a valid number. Valid values for the maxSubqueryLimits can be 'auto', 'disabled' or a positive integer representing bytes to reserve.`,
    );
  }
  const bytes = Number(value);
  if (bytes < 0) throw invalidInput('Limit too large');
  return bytes === 0 ? undefined : bytes;
}

/** A number above 0; 0 and what is no number ask for nothing. */
function asked(value: unknown): number | undefined {
  const number = byteCount(value) ?? 0;
  return number > 0 ? number : undefined;
}

const least = (...values: readonly (number | undefined)[]): number =>
  Math.min(...values.map((value) => (value === undefined || value === 0 ? Infinity : value)));

/** What data nodes answer, counted as it arrives. */
export class ByteLimit {
  readonly #queryId: string;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor({ context }: NativeQuery, limits: QueryLimits = noLimits) {
    this.#queryId = context.queryId;
    const given = byteCount(context.given['maxScatterGatherBytes']);
    // Only the server's 0 means any.
    this.#bytesMax = given !== undefined && given <= 0 ? 0 : least(given, limits.scatterGatherBytesMax);
  }

  /** Answers what it counted. Throws LimitExceeded. */
  add(frame: Frame): number {
    if (this.#bytesMax === Infinity) return 0;
    const bytes = frameBytes(frame);
    this.#bytes += bytes;
    if (this.#bytes > this.#bytesMax) {
      throw new CodedError(
        'LimitExceeded',
        `Query[${this.#queryId}] max scatter-gather bytes limit[${this.#bytesMax}] reached.`,
      );
    }
    return bytes;
  }

  /** Of an answer that came to nothing. */
  takeBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}

export async function* limitedRows(
  query: NativeQuery,
  rows: AsyncIterable<SegmentRows>,
  limits: QueryLimits,
): AsyncGenerator<SegmentRows> {
  const limit = new ByteLimit(query, limits);
  for await (const part of rows) {
    limit.add(part.frame);
    yield part;
  }
}

/** What is held of partial results until they are merged. */
export class HeldLimit {
  readonly #query: NativeQuery;
  readonly #bytesMax: number;
  readonly #dictionaryMax: number;

  /** So much may be in memory; Infinity: any. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  constructor(query: NativeQuery, limits: QueryLimits) {
    this.#query = query;
    this.#bytesMax = least(limits.heldBytesMax);
    this.#dictionaryMax =
      query.queryType === 'groupBy'
        ? least(asked(query.context.given['maxMergingDictionarySize']), limits.dictionaryBytesMax)
        : Infinity;
  }

  /** Throws LimitExceeded when even a single frame, or frames that nothing makes fewer, are too large. */
  check(frames: readonly Frame[]): void {
    const error = this.over(frames);
    if (error !== undefined) throw error;
  }

  /** Undefined: there is room. */
  over(frames: readonly Frame[]): CodedError | undefined {
    if (this.#bytesMax === Infinity && this.#dictionaryMax === Infinity) return undefined;
    let bytes = 0;
    let texts = 0;
    for (const frame of frames) {
      bytes += frameBytes(frame);
      texts += textBytes(frame);
    }
    return this.overBytes(bytes, texts);
  }

  /** The same, of all bytes and those of texts among them. */
  overBytes(bytes: number, texts: number): CodedError | undefined {
    const { queryId } = this.#query.context;
    if (texts > this.#dictionaryMax) {
      return new CodedError(
        'LimitExceeded',
        `Not enough dictionary memory to execute this query. Query[${queryId}] groups by more than ${this.#dictionaryMax} bytes of texts: group by less, or raise maxMergingDictionarySize.`,
      );
    }
    if (bytes <= this.#bytesMax) return undefined;
    return new CodedError(
      'LimitExceeded',
      `Not enough aggregation buffer space to execute this query. Query[${queryId}] holds more than ${this.#bytesMax} bytes of partial results: ask for less at a time, or raise queryBytesMax.`,
    );
  }
}
