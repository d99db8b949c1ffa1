/** Timestamps of result rows. */
import { formatTimestamp, isUtc } from '../granularity.js';
import type { Frame } from '../frame.js';
import type { Granularity, NativeQuery } from '../native/model.js';
import { flag } from '../native/context.js';
import { frameOutput, plainJson, type RowJson } from './output.js';

/** Renderers are generators that yield every thousand rows or so: the caller may let others run in between. */
export type Steps = Generator<undefined, void, undefined>;

/** What the merged frame alone does not tell. */
export interface RenderHints {
  /**
   * Granularity `all`: the timestamp of the one bucket = the larger of the first interval's start and the first time in
   * the segments asked. Without it the start of the first interval is printed.
   */
  readonly allStartMs?: number;
  /**
   * topN: starts (ms) of the buckets that segments cover, so that those without a match are answered with [], and how
   * many segments cover each.
   */
  readonly buckets?: ReadonlyMap<number, number>;
  /** The answer of one segment alone: where the segment starts; its bounds are dated by it. */
  readonly segmentStartMs?: number;
}

export interface BucketClock {
  ms(row: number): number;
  /** The timestamp as a JSON string. */
  readonly json: RowJson;
}

type Bucketed = Extract<NativeQuery, { granularity: Granularity }>;

/** The start of the query's first interval that holds any time, 0 when there is none; or the time the context names. */
export function queryStart(query: NativeQuery): number {
  const { oneTimestampMs } = query.context;
  if (oneTimestampMs !== undefined) return oneTimestampMs;
  return query.intervals.find(({ startMs, endMs }) => startMs < endMs)?.startMs ?? 0;
}

/** Timestamps of a frame's `__bucket` column; equal ones of neighbouring rows are formatted once. */
export function bucketClock(query: Bucketed, frame: Frame, hints: RenderHints): BucketClock {
  const { granularity } = query;
  const bucket = frameOutput(frame, '__bucket');
  const allMs = hints.allStartMs ?? queryStart(query);
  const ms = (row: number): number => (granularity.type === 'all' ? allMs : Number(bucket.at(row) ?? 0));
  const stamp = stamper(query);
  return { ms, json: granularity.type === 'all' ? () => stamp(allMs) : bucketJson(query, frame) };
}

/** Timestamps of a frame's `__bucket` column as JSON. */
export function bucketJson(query: Bucketed, frame: Frame): RowJson {
  const bucket = frameOutput(frame, '__bucket');
  const stamp = stamper(query);
  const json = (row: number): string => stamp(Number(bucket.at(row) ?? 0));
  const column = frame.columns.find(({ name }) => name === '__bucket');
  const isPlain = isUtc(query.granularity) && !isDatedByNumber(query);
  if (!isPlain || column?.type !== 'LONG' || column.nulls !== undefined) return json;
  return plainJson({ type: 'INSTANT', values: column.values }, json);
}

const isDatedByNumber = (query: NativeQuery): boolean =>
  flag(query.context.given, 'serializeDateTimeAsLong', false);

/**
 * Instants as JSON strings in the zone of the query's granularity, the last one remembered; as numbers (ms) when the
 * context says so.
 */
export function stamper(
  query: NativeQuery,
  granularity: Granularity = 'granularity' in query ? query.granularity : { type: 'all' },
): (ms: number) => string {
  if (isDatedByNumber(query)) return String;
  let lastMs = Number.NaN;
  let last = '';
  return (ms) => {
    if (ms !== lastMs) {
      lastMs = ms;
      last = `"${formatTimestamp(ms, granularity)}"`;
    }
    return last;
  };
}
