/** A merged search as Druid's JSON: [{"timestamp":…,"result":[{"dimension","value","count"},…]},…]. */
import type { Frame } from '../frame.js';
import { bucketStart } from '../granularity.js';
import type { JsonSink } from '../json/write.js';
import type { SearchQuery } from '../native/model.js';
import { type Steps, stamper } from './buckets.js';
import { objectParts, rowText } from './json-rows.js';
import { frameOutput } from './output.js';
import { byOrdering, byValue, inTurn, sortRows } from './row-order.js';

/** Druid's `druid.query.search.maxSearchLimit`. */
const largestLimit = 1000;

interface Bucket {
  startMs: number;
  segments: number;
  readonly rows: number[];
}

export function* renderSearch(query: SearchQuery, merged: Frame, sink: JsonSink): Steps {
  const dimension = frameOutput(merged, 'dimension');
  const value = frameOutput(merged, 'value');
  const write = rowText(objectParts([dimension, value, frameOutput(merged, 'count')]));
  const stamp = stamper(query);
  let written = 0;
  let i = 0;
  sink.raw('[');
  for (const { ms, rows } of searchHits(query, merged)) {
    sink.raw(`${i++ === 0 ? '' : ','}{"timestamp":${stamp(ms)},"result":[`);
    for (const [at, row] of rows.entries()) {
      sink.raw(at === 0 ? write(row) : `,${write(row)}`);
      if (++written % 1024 === 0) yield;
    }
    sink.raw(']}');
  }
  sink.raw(']');
}

/**
 * Rows of `merged` by bucket. Hits sort by value, equal ones by dimension. The time of one segment alone is its start,
 * whatever the granularity.
 */
export function* searchHits(
  query: SearchQuery,
  merged: Frame,
): Generator<{ readonly ms: number; readonly rows: Uint32Array }> {
  const value = frameOutput(merged, 'value');
  const order = inTurn([
    byOrdering(value, query.sort, merged.rows),
    byValue(frameOutput(merged, 'dimension')),
  ]);
  const { granularity } = query;
  // Segments of one bucket are joined without the limit, unless it is the largest there is.
  const limit = granularity.type === 'all' || query.limit >= largestLimit ? query.limit : Infinity;
  for (const { startMs, segments, rows } of buckets(merged)) {
    const ms = segments > 1 && granularity.type !== 'all' ? bucketStart(granularity, startMs) : startMs;
    yield { ms, rows: sortRows(Uint32Array.from(rows), order, limit) };
  }
}

function buckets(merged: Frame): Bucket[] {
  const key = frameOutput(merged, '__bucket');
  const dimension = frameOutput(merged, 'dimension');
  const start = frameOutput(merged, '__start');
  const segments = frameOutput(merged, '__segments');
  const found = new Map<bigint, Bucket>();
  for (let row = 0; row < merged.rows; row++) {
    const at = BigInt(key.at(row) ?? 0);
    const bucket = found.get(at) ?? { startMs: Number(start.at(row)), segments: 0, rows: [] };
    found.set(at, bucket);
    if (dimension.at(row) !== null) bucket.rows.push(row);
    else {
      bucket.startMs = Number(start.at(row));
      bucket.segments = Number(segments.at(row));
    }
  }
  return [...found.values()].sort((a, b) => a.startMs - b.startMs);
}
