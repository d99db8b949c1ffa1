/** A merged timeseries as Druid's JSON: [{"timestamp":…,"result":{…}},…]. */
import { aggregatorType } from '../engine/aggregators/registry.js';
import { compareDoubles } from '../expression/operators.js';
import type { Frame, FrameColumn } from '../frame.js';
import type { JsonSink } from '../json/write.js';
import { jsonString } from '../json/write.js';
import type { Aggregator, TimeseriesQuery } from '../native/model.js';
import { isFinalized } from '../native/context.js';
import { openLookups } from '../lookup/table.js';
import { aggregateColumns } from '../merge.js';
import { emptyDictionary } from '../merge/dictionary.js';
import { mergeGroups } from '../merge/groups.js';
import { pickRows } from '../merge/scan.js';
import { aggregateOutput } from './aggregates.js';
import { bucketClock, type RenderHints, type Steps } from './buckets.js';
import { objectParts, type RowPart, rowText } from './json-rows.js';
import { frameOutput, type Output } from './output.js';
import { outputFrame } from './output-frame.js';
import { postOutput } from './post-aggregation.js';
import { sortRows } from './row-order.js';
import { RowPrinter } from './row-printer.js';

/**
 * All aggregators and post-aggregators of the query over a frame that holds the aggregators by name. `isRaw`: states of
 * aggregators are printed as they are.
 */
export function valueOutputs(
  query: Pick<TimeseriesQuery, 'aggregations' | 'postAggregations' | 'lookups'> & {
    readonly queryType: string;
  },
  frame: Frame,
  others: readonly Output[] = [],
  isRaw = false,
): Output[] {
  const isGrouped = query.queryType === 'groupBy';
  const byName = new Map(others.map((output) => [output.name, output]));
  const outputs: Output[] = [];
  const add = (output: Output): void => {
    byName.set(output.name, output);
    outputs.push(output);
  };
  for (const spec of query.aggregations) add(aggregateOutput(spec, frame, { isGrouped }));
  const read = (name: string): Output => byName.get(name) ?? frameOutput(frame, name);
  const lookups = openLookups(query.lookups);
  for (const post of query.postAggregations) add(postOutput(post, read, lookups));
  if (!isRaw) return outputs;
  // Post-aggregators go by what states stand for.
  return outputs.map((output, i) => {
    const spec = query.aggregations[i];
    if (spec === undefined) return output;
    const state = aggregateOutput(spec, frame, { isRaw, isGrouped });
    return { ...output, json: (row) => state.json(row) };
  });
}

/**
 * `merged`: __bucket (start ms), __rows, aggregators; one row a bucket, empty buckets included. For granularity `all`
 * there is one row even when no segment was there. Yields now and then, so that long answers can be sliced.
 */
export function* renderTimeseries(
  query: TimeseriesQuery,
  merged: Frame,
  sink: JsonSink,
  hints: RenderHints,
): Steps {
  const frame = withNullRow(query, merged);
  const clock = bucketClock(query, frame, hints);
  const rows = timeseriesRows(query, frame);
  const isRaw = !isFinalized(query);
  const outputs = valueOutputs(query, frame, [], isRaw);
  const field = query.context.given['timestampResultField'];
  const more: RowPart[] = [];
  if (typeof field === 'string' && field !== '')
    more.push(`${jsonString(field)}:`, (row) => String(BigInt(clock.ms(row))));
  const time = query.granularity.type === 'all' ? clock.json(0) : clock.json;
  const parts = ['{"timestamp":', time, ',"result":', ...objectParts(outputs, more), '}'];
  sink.raw('[');
  yield* new RowPrinter(parts).print(rows, sink, true);
  if (query.context.grandTotal) {
    const total = grandTotal(query.aggregations, frame, rows);
    const result = rowText(objectParts(valueOutputs(query, total, [], isRaw)))(0);
    sink.raw(`${rows.length === 0 ? '' : ','}{"timestamp":null,"result":${result}}`);
  }
  sink.raw(']');
}

export function timeseriesRows(query: TimeseriesQuery, frame: Frame): Uint32Array {
  const matched = frameOutput(frame, '__rows');
  const kept: number[] = [];
  for (let row = 0; row < frame.rows; row++) {
    if (!query.context.skipEmptyBuckets || matched.at(row) !== 0n) kept.push(row);
  }
  const bucket = frameOutput(frame, '__bucket');
  const sign = query.descending ? -1 : 1;
  const times = new Float64Array(frame.rows);
  for (const row of kept) times[row] = Number(bucket.at(row));
  const order = (a: number, b: number): number => sign * compareDoubles(times[a] ?? 0, times[b] ?? 0);
  return sortRows(Uint32Array.from(kept), order, query.limit === 0 ? kept.length : query.limit);
}

/** Granularity `all` over nothing still has a row, of counts 0 and other values null, unless empty ones are skipped. */
export function withNullRow(query: TimeseriesQuery, merged: Frame): Frame {
  if (merged.rows > 0 || query.granularity.type !== 'all' || query.context.skipEmptyBuckets) return merged;
  const zero = (name: string): FrameColumn => ({ name, type: 'LONG', values: new BigInt64Array(1) });
  return { rows: 1, columns: [zero('__bucket'), zero('__rows'), ...query.aggregations.map(emptyValue)] };
}

/** What an aggregator answers that saw no row. */
export function emptyValue(aggregator: Aggregator): FrameColumn {
  const { name } = aggregator;
  const type = innermost(aggregator).type;
  const isSketch = type === 'cardinality' || type === 'hyperUnique';
  if (aggregatorType(aggregator).resultType(aggregator, aggregatorType) === 'COMPLEX') {
    const values = new Uint32Array(1);
    return {
      name,
      type: 'COMPLEX',
      complexType: isSketch ? 'hyperUnique' : 'partial',
      values,
      dictionary: emptyDictionary,
      nulls: Uint8Array.of(1),
    };
  }
  if (type === 'count') return { name, type: 'LONG', values: new BigInt64Array(1) };
  return { name, type: 'DOUBLE', values: new Float64Array(1), nulls: Uint8Array.of(1) };
}

function innermost(aggregator: Aggregator): Exclude<Aggregator, { type: 'filtered' }> {
  return aggregator.type === 'filtered' ? innermost(aggregator.aggregator) : aggregator;
}

/** The grand total as a row of values, when it is asked for. */
export function totalFrame(query: TimeseriesQuery, merged: Frame): Frame | undefined {
  if (!query.context.grandTotal) return undefined;
  const frame = withNullRow(query, merged);
  const total = grandTotal(query.aggregations, frame, timeseriesRows(query, frame));
  return outputFrame(total, Uint32Array.of(0), undefined, valueOutputs(query, total));
}

/** All kept rows as one group. */
function grandTotal(aggregations: readonly Aggregator[], frame: Frame, rows: Uint32Array): Frame {
  const kept = pickRows(frame, rows);
  const columns = aggregateColumns(aggregations);
  if (kept.rows > 0) return mergeGroups([kept], [], columns);
  return { rows: 1, columns: aggregations.map(totalOfNothing) };
}

/** Counts of distinct values are 0, all else is null. */
function totalOfNothing(aggregator: Aggregator): FrameColumn {
  const { name } = aggregator;
  const inner = innermost(aggregator);
  if (inner.type === 'cardinality' || inner.type === 'hyperUnique') {
    return inner.round
      ? { name, type: 'LONG', values: new BigInt64Array(1) }
      : { name, type: 'DOUBLE', values: new Float64Array(1) };
  }
  return { name, type: 'DOUBLE', values: new Float64Array(1), nulls: Uint8Array.of(1) };
}
