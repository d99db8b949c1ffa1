/** A merged topN as Druid's JSON: [{"timestamp":…,"result":[{…},…]},…]. */
import { extraction } from '../engine/columns/extraction.js';
import type { Frame } from '../frame.js';
import type { JsonSink } from '../json/write.js';
import { openLookups } from '../lookup/table.js';
import { isFinalized } from '../native/context.js';
import type { Aggregator, TopNMetric, TopNQuery } from '../native/model.js';
import { comparatorOf } from '../sort/comparators.js';
import { bucketClock, type RenderHints, type Steps, stamper } from './buckets.js';
import { objectParts } from './json-rows.js';
import { cellText, frameOutput, lateOutput, type Output } from './output.js';
import { byOrdering, byValue, inTurn, reversed, type RowComparator, sortRows } from './row-order.js';
import { RowPrinter } from './row-printer.js';
import { valueOutputs } from './timeseries.js';

/**
 * `merged`: __bucket, the dimension by its output name, aggregators; all candidates of each bucket, which are sorted
 * by the metric and cut at the threshold here.
 */
export function* renderTopN(query: TopNQuery, merged: Frame, sink: JsonSink, hints: RenderHints): Steps {
  const { dimension, values, buckets } = topNRows(query, merged, hints);
  const printer = new RowPrinter(objectParts([dimension, ...values]));
  const zoned = stamper(query);
  const utc = stamper(query, { type: 'all' });
  // As in Druid: only buckets put together from several segments get the granularity's zone.
  const stamp = (ms: number): string => (hints.buckets?.get(ms) === 1 ? utc(ms) : zoned(ms));
  sink.raw('[');
  let first = true;
  let written = 0;
  for (const { ms, rows: kept } of buckets) {
    sink.raw(`${first ? '' : ','}{"timestamp":${stamp(ms)},"result":[`);
    first = false;
    yield* printer.print(kept, sink, true);
    sink.raw(']}');
    written += kept.length;
    if (written < 1024) continue;
    written = 0;
    yield;
  }
  sink.raw(']');
}

export interface TopNRows {
  readonly dimension: Output;
  readonly values: readonly Output[];
  /** The best rows of each bucket, best first; made one after the other. */
  readonly buckets: Iterable<{ readonly ms: number; readonly rows: Uint32Array }>;
}

export function topNRows(query: TopNQuery, merged: Frame, hints: RenderHints): TopNRows {
  const dimension = frameOutput(merged, query.dimension.outputName);
  const values = valueOutputs(query, merged, [dimension], !isFinalized(query));
  const ranking = rankingOf(query, dimension, values, merged.rows);
  const best = function* (): Generator<{ readonly ms: number; readonly rows: Uint32Array }> {
    for (const { ms, rows } of bucketRows(query, merged, hints)) {
      const candidates = ranking.keep === undefined ? rows : rows.filter(ranking.keep);
      yield { ms, rows: sortRows(candidates, ranking.compare, query.threshold) };
    }
  };
  const { late } = query.dimension;
  const shown =
    late === undefined ? dimension : lateOutput(dimension, extraction(late, openLookups(query.lookups)));
  return { dimension: shown, values, buckets: best() };
}

/** Rows by bucket, buckets ascending; buckets known from the hints are there even without rows. */
function bucketRows(
  query: TopNQuery,
  merged: Frame,
  hints: RenderHints,
): { ms: number; rows: Uint32Array }[] {
  const clock = bucketClock(query, merged, hints);
  const found = new Map<number, number[]>();
  if (query.granularity.type === 'all') {
    if (hints.allStartMs !== undefined) found.set(hints.allStartMs, []);
  } else {
    for (const ms of hints.buckets?.keys() ?? []) found.set(ms, []);
  }
  for (let row = 0; row < merged.rows; row++) {
    const ms = clock.ms(row);
    const rows = found.get(ms);
    if (rows === undefined) found.set(ms, [row]);
    else rows.push(row);
  }
  return [...found].sort(([a], [b]) => a - b).map(([ms, rows]) => ({ ms, rows: Uint32Array.from(rows) }));
}

interface Ranking {
  readonly compare: RowComparator;
  /** Undefined: every row takes part. */
  readonly keep: ((row: number) => boolean) | undefined;
}

/** Best first; equal ones by the dimension's value. Null metrics come last, null dimension values first. */
function rankingOf(query: TopNQuery, dimension: Output, values: readonly Output[], rows: number): Ranking {
  const { metric, inverted } = unwrap(query.metric);
  const byDimension = byValue(dimension);
  if (metric.type === 'dimension') return dimensionRanking(metric, inverted, dimension, rows);
  const output = values.find(({ name }) => name === metric.metric);
  if (output === undefined) return { compare: byDimension, keep: undefined };
  const ascending = byValue(
    output,
    query.postAggregations.find(({ name }) => name === metric.metric),
  );
  const nullsLast: RowComparator = (a, b) => Number(output.at(a) === null) - Number(output.at(b) === null);
  const isPaired = query.aggregations.some((spec) => outputOf(spec) === metric.metric && hasTime(spec));
  const ranked = [inverted ? ascending : reversed(ascending), byDimension];
  return { compare: inTurn(inverted && isPaired ? ranked : [nullsLast, ...ranked]), keep: undefined };
}

const outputOf = ({ name }: Aggregator): string => name;

/** first and last: a state with a time is there although its value is null, so it is the smallest. */
function hasTime(spec: Aggregator): boolean {
  return spec.type === 'filtered' ? hasTime(spec.aggregator) : 'timeColumn' in spec;
}

type PlainMetric = Exclude<TopNMetric, { type: 'inverted' }>;

function unwrap(metric: TopNMetric): { metric: PlainMetric; inverted: boolean } {
  if (metric.type !== 'inverted') return { metric, inverted: false };
  const inner = unwrap(metric.metric);
  return { metric: inner.metric, inverted: !inner.inverted };
}

function dimensionRanking(
  metric: Extract<TopNMetric, { type: 'dimension' }>,
  inverted: boolean,
  dimension: Output,
  rows: number,
): Ranking {
  const ascending = byOrdering(dimension, metric.ordering, rows);
  const nullsFirst: RowComparator = (a, b) =>
    Number(dimension.at(b) === null) - Number(dimension.at(a) === null);
  const compare = inTurn([nullsFirst, inverted ? reversed(ascending) : ascending, byValue(dimension)]);
  const { previousStop } = metric;
  if (previousStop === undefined) return { compare, keep: undefined };
  const order = comparatorOf(metric.ordering);
  const sign = inverted ? -1 : 1;
  const keep = (row: number): boolean => {
    const text = cellText(dimension.at(row), dimension.type);
    return text !== null && order(text, previousStop) * sign > 0;
  };
  return { compare, keep };
}
