/** A merged groupBy as Druid's JSON: rows of version v1, or bare arrays. */
import { extraction } from '../engine/columns/extraction.js';
import type { Frame } from '../frame.js';
import type { JsonSink } from '../json/write.js';
import { openLookups } from '../lookup/table.js';
import { flag } from '../native/context.js';
import type { GroupByQuery, OrderByColumn } from '../native/model.js';
import { queryStart, type Steps, stamper } from './buckets.js';
import { arrayWriter, objectWriter } from './json-rows.js';
import { frameOutput, lateOutput, type Output } from './output.js';
import { byOrdering, byValue, inTurn, reversed, type RowComparator, sortRows } from './row-order.js';
import { havingTest } from './row-filter.js';
import { groupBySections } from './subtotals.js';
import { valueOutputs } from './timeseries.js';

/**
 * `merged`: __bucket, dimensions by output name, aggregators; one row a group. Having, order, offset and limit are
 * applied here. Granularity `all` prints the start of the query's first interval.
 */
export function* renderGroupBy(query: GroupByQuery, merged: Frame, sink: JsonSink): Steps {
  sink.raw('[');
  let written = 0;
  for (const section of groupBySections(query, merged)) {
    const { rows, write } = sectionRows(query, section);
    for (const row of rows) {
      sink.raw(written === 0 ? write(row) : `,${write(row)}`);
      if (++written % 1024 === 0) yield;
    }
  }
  sink.raw(']');
}

/** The rows of a section that are answered, and their JSON. */
export function sectionRows(
  query: GroupByQuery,
  section: Frame,
): { rows: Uint32Array; write: (row: number) => string } {
  const bucket = frameOutput(section, '__bucket');
  const dimensions = query.dimensions.map(({ outputName }) => frameOutput(section, outputName));
  const values = valueOutputs(query, section, dimensions);
  const rows = groupByRows(query, section, bucket, dimensions, values);
  const hasTime = query.granularity.type !== 'all';
  const stamp = stamper(query);
  const timestamp = (row: number): string => stamp(hasTime ? Number(bucket.at(row) ?? 0) : queryStart(query));
  const outputs = [...shownDimensions(query, section, dimensions), ...values];
  if (query.context.resultAsArray)
    return { rows, write: arrayWriter(hasTime ? [bucket, ...outputs] : outputs) };
  const event = objectWriter(outputs);
  const head = (row: number): string => `{"version":"v1","timestamp":${timestamp(row)},"event":`;
  const always = hasTime ? undefined : head(0);
  const write = (row: number): string => `${always ?? head(row)}${event(row)}}`;
  return { rows, write };
}

/** The rows of merged groups that are answered, in the order asked for. */
export function groupRows(query: GroupByQuery, merged: Frame): Uint32Array {
  const bucket = frameOutput(merged, '__bucket');
  const dimensions = query.dimensions.map(({ outputName }) => frameOutput(merged, outputName));
  return groupByRows(query, merged, bucket, dimensions, valueOutputs(query, merged, dimensions));
}

/** Dimensions as they are answered. Those that are not grouped by here stay null. */
export function shownDimensions(
  query: GroupByQuery,
  section: Frame,
  dimensions: readonly Output[],
): readonly Output[] {
  return query.dimensions.flatMap(({ late }, i) => {
    const dimension = dimensions[i];
    if (dimension === undefined) return [];
    const isThere = section.columns.some(({ name }) => name === dimension.name);
    if (late === undefined || !isThere) return [dimension];
    return [lateOutput(dimension, extraction(late, openLookups(query.lookups)))];
  });
}

export function groupByRows(
  query: GroupByQuery,
  { rows: count, isMerged }: Pick<Frame, 'rows' | 'isMerged'>,
  bucket: Output,
  dimensions: readonly Output[],
  values: readonly Output[],
): Uint32Array {
  let rows = Uint32Array.from({ length: count }, (_, row) => row);
  if (query.having !== undefined) {
    const named = new Map([...dimensions, ...values].map((output) => [output.name, output]));
    const holds = havingTest(
      query.having,
      (name) => named.get(name) ?? frameOutput({ rows: count, columns: [] }, name),
      openLookups(query.lookups),
    );
    rows = rows.filter((row) => holds(row));
  }
  const most = query.limit === undefined ? rows.length : Math.min(rows.length, query.offset + query.limit);
  const dimensionsFirst = flag(query.context.given, 'sortByDimsFirst', false);
  // Merged rows stand in this order already, but for values whose order is not that of their bytes.
  const isNatural = dimensions.every(({ type }) => type === 'STRING' || type === 'LONG');
  const isAsked = query.orderBy.length === 0 && !dimensionsFirst && isNatural;
  if (isMerged === true && isAsked) return rows.subarray(query.offset, most);
  const byTime = query.granularity.type === 'all' ? [] : [byValue(bucket)];
  const byDimensions = dimensions.map((dimension) => byValue(dimension));
  const given = query.orderBy.map((column) => orderBy(query, column, dimensions, values, count));
  const natural = dimensionsFirst ? [...byDimensions, ...byTime] : [...byTime, ...byDimensions];
  const asked = dimensionsFirst ? [...given, ...byTime] : [...byTime, ...given];
  const compare = inTurn(given.length === 0 ? natural : [...asked, ...natural]);
  return sortRows(rows, compare, most).subarray(query.offset);
}

/** Dimensions sort in the ordering asked, by their text even when they are numbers; values by their type. */
function orderBy(
  query: GroupByQuery,
  column: OrderByColumn,
  dimensions: readonly Output[],
  values: readonly Output[],
  rows: number,
): RowComparator {
  const value = values.find(({ name }) => name === column.dimension);
  const dimension = dimensions.find(({ name }) => name === column.dimension);
  const post = query.postAggregations.find(({ name }) => name === column.dimension);
  let compare: RowComparator = () => 0;
  if (value !== undefined) compare = byValue(value, post);
  else if (dimension !== undefined) compare = byOrdering(dimension, column.ordering, rows);
  return column.direction === 'descending' ? reversed(compare) : compare;
}
