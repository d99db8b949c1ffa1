/** A merged groupBy as Druid's JSON: rows of version v1, or bare arrays. */
import { extraction } from '../engine/columns/extraction.js';
import type { Frame } from '../frame.js';
import type { JsonSink } from '../json/write.js';
import { openLookups } from '../lookup/table.js';
import { flag, isFinalized } from '../native/context.js';
import type { GroupByQuery, OrderByColumn } from '../native/model.js';
import { bucketJson, queryStart, type Steps, stamper } from './buckets.js';
import { arrayParts, objectParts } from './json-rows.js';
import { frameOutput, lateOutput, type Output } from './output.js';
import {
  byOrdering,
  byValue,
  inTurn,
  reversed,
  type RowComparator,
  rowsBetween,
  sortRows,
} from './row-order.js';
import { havingTest } from './row-filter.js';
import { RowPrinter } from './row-printer.js';
import { groupedRows, setColumn } from './subtotals.js';
import { valueOutputs } from './timeseries.js';

/**
 * `merged`: __bucket, dimensions by output name, aggregators; one row a group. Having, order, offset and limit are
 * applied here. Granularity `all` prints the start of the query's first interval.
 */
export function* renderGroupBy(query: GroupByQuery, merged: Frame, sink: JsonSink): Steps {
  const { rows, printer } = writtenRows(query, groupedRows(query, merged));
  sink.raw('[');
  yield* printer.print(rows, sink, true);
  sink.raw(']');
}

/** The rows of grouped ones that are answered, and their JSON. */
export function writtenRows(query: GroupByQuery, grouped: Frame): { rows: Uint32Array; printer: RowPrinter } {
  const bucket = frameOutput(grouped, '__bucket');
  const dimensions = query.dimensions.map(({ outputName }) => frameOutput(grouped, outputName));
  const values = valueOutputs(query, grouped, dimensions, !isFinalized(query));
  const rows = groupByRows(query, grouped, bucket, dimensions, values);
  const hasTime = query.granularity.type !== 'all';
  const outputs = [...shownDimensions(query, dimensions), ...values];
  if (query.context.resultAsArray)
    return { rows, printer: new RowPrinter(arrayParts(hasTime ? [bucket, ...outputs] : outputs)) };
  const time = hasTime ? bucketJson(query, grouped) : stamper(query)(queryStart(query));
  const parts = ['{"version":"v1","timestamp":', time, ',"event":', ...objectParts(outputs), '}'];
  return { rows, printer: new RowPrinter(parts) };
}

/** The rows of merged groups that are answered, in the order asked for. */
export function groupRows(query: GroupByQuery, merged: Frame): Uint32Array {
  const bucket = frameOutput(merged, '__bucket');
  const dimensions = query.dimensions.map(({ outputName }) => frameOutput(merged, outputName));
  return groupByRows(query, merged, bucket, dimensions, valueOutputs(query, merged, dimensions));
}

/** Dimensions as they are answered. Late steps are asked of the null, too, of those that a row is not grouped by. */
export function shownDimensions(query: GroupByQuery, dimensions: readonly Output[]): readonly Output[] {
  return query.dimensions.flatMap(({ late }, i) => {
    const dimension = dimensions[i];
    if (dimension === undefined) return [];
    if (late === undefined) return [dimension];
    return [lateOutput(dimension, extraction(late, openLookups(query.lookups)))];
  });
}

export function groupByRows(
  query: GroupByQuery,
  grouped: Frame,
  bucket: Output,
  dimensions: readonly Output[],
  values: readonly Output[],
): Uint32Array {
  let rows = rowsBetween(0, grouped.rows);
  if (query.having !== undefined) {
    const named = new Map([...dimensions, ...values].map((output) => [output.name, output]));
    const holds = havingTest(
      query.having,
      (name) => named.get(name) ?? frameOutput({ rows: grouped.rows, columns: [] }, name),
      openLookups(query.lookups),
    );
    rows = rows.filter((row) => holds(row));
  }
  const most = query.limit === undefined ? rows.length : Math.min(rows.length, query.offset + query.limit);
  const dimensionsFirst = flag(query.context.given, 'sortByDimsFirst', false);
  // Merged rows stand in this order already, but for values whose order is not that of their bytes.
  const isNatural = dimensions.every(({ type }) => type === 'STRING' || type === 'LONG');
  const isAsked = query.orderBy.length === 0 && !dimensionsFirst && isNatural;
  if (grouped.isMerged === true && isAsked) return rows.subarray(query.offset, most);
  const byTime = query.granularity.type === 'all' ? [] : [byValue(bucket)];
  const byDimensions = dimensions.map((dimension) => byValue(dimension));
  const given = query.orderBy.map((column) => orderBy(query, column, dimensions, values, grouped.rows));
  const natural = dimensionsFirst ? [...byDimensions, ...byTime] : [...byTime, ...byDimensions];
  const asked = dimensionsFirst ? [...given, ...byTime] : [...byTime, ...given];
  // Having, order and limit see the rows of all subtotals together; equal ones keep the order of the sets.
  const hasLimits = given.length > 0 || query.limit !== undefined || query.offset > 0;
  const bySet = query.subtotals === undefined ? [] : [byValue(frameOutput(grouped, setColumn))];
  const isOrdered = query.subtotals === undefined ? given.length > 0 : hasLimits;
  const compare = inTurn([...(isOrdered ? asked : []), ...bySet, ...natural]);
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
