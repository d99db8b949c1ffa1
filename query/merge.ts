/**
 * Merging partial results of one query: per segment to per thread, per node, and for the whole query. Associative, so
 * it is the same on data nodes and on the broker. Neither limits of groups nor a scan's offset are applied here: that
 * belongs to the final shaping of the result. A scan keeps the first offset + limit rows.
 *
 * Columns of the result (names starting with `__` are internal):
 *   timeseries    __bucket LONG, __rows LONG, one per aggregator; ascending by bucket. Of a slice of a segment also with
 *                 __start LONG behind the bucket: a row for each piece of its rows, to be put together by mergePieces
 *   topN, groupBy __bucket LONG, one per dimension (outputName), one per aggregator; ascending by bucket, then by the
 *                 dimensions, null first, strings in UTF-16 order
 *   scan          as the frames have them, in the query's order
 *   timeBoundary  minTime LONG, maxTime LONG; one row
 *   search        __bucket LONG, dimension, value, count LONG, __start LONG, __segments LONG (see engine/search.ts)
 *   dataSourceMetadata  maxTime LONG
 *   segmentMetadata     analysis STRING (JSON, see segment-analysis.ts); one row when the query merges
 */
import { aggregatorType } from './engine/aggregators/registry.js';
import type { Frame } from './frame.js';
import { emptyGroups, inOrder, mergeGroups, type AggregateColumn, type KeyColumn } from './merge/groups.js';
import { areConsecutive } from './merge/runs.js';
import { joinFrames, mergeScans } from './merge/scan.js';
import type { Aggregator, DimensionSpec, NativeQuery, TimeseriesQuery } from './native/model.js';
import { mergeAnalyses } from './segment-analysis.js';

const bucketColumn: KeyColumn = { name: '__bucket', type: 'LONG' };
/** The first row of a piece. */
export const startColumn: KeyColumn = { name: '__start', type: 'LONG' };
const rowsColumn: AggregateColumn = { name: '__rows', type: 'LONG', combine: 'sum' };

const searchKeys: readonly KeyColumn[] = [
  bucketColumn,
  { name: 'dimension', type: 'STRING' },
  { name: 'value', type: 'STRING' },
];
const searchValues: readonly AggregateColumn[] = [
  { name: 'count', type: 'LONG', combine: 'sum' },
  { name: '__start', type: 'LONG', combine: 'min' },
  { name: '__segments', type: 'LONG', combine: 'sum' },
];

export function mergePartials(query: NativeQuery, frames: Iterable<Frame>): Frame {
  const parts = [...frames];
  switch (query.queryType) {
    case 'timeseries':
      return mergeOrEmpty(parts, [bucketColumn], [rowsColumn, ...aggregateColumns(query.aggregations)]);
    case 'topN':
      return mergeOrEmpty(
        parts,
        [bucketColumn, ...keyColumns([query.dimension])],
        aggregateColumns(query.aggregations),
      );
    case 'groupBy':
      return mergeOrEmpty(
        parts,
        [bucketColumn, ...keyColumns(query.dimensions)],
        aggregateColumns(query.aggregations),
      );
    case 'scan':
      return mergeScans(query, parts);
    case 'timeBoundary':
      return mergeBoundaries(parts);
    case 'search':
      return mergeOrEmpty(parts, searchKeys, searchValues);
    case 'dataSourceMetadata':
      return mergeOrEmpty(parts, [], [{ name: 'maxTime', type: 'LONG', combine: 'max' }]);
    case 'segmentMetadata':
      return mergeAnalyses(query, parts);
  }
}

/** A row is of one piece of a segment's rows: see mergePieces. */
export const isOfPieces = ({ columns: [, second] }: Frame): boolean => second?.name === startColumn.name;

/** What slices of one segment answered, piece by piece, in whatever order: added up in the order of the pieces. */
export function mergePieces(query: TimeseriesQuery, frames: readonly Frame[]): Frame {
  const aggregates = [rowsColumn, ...aggregateColumns(query.aggregations)];
  const parts = frames.map((frame) => ({ ...frame, isMerged: true as const }));
  const pieces = mergeOrEmpty(parts, [bucketColumn, startColumn], aggregates);
  return mergeGroups([pieces], [bucketColumn], aggregates);
}

function mergeOrEmpty(
  parts: readonly Frame[],
  keys: readonly KeyColumn[],
  aggregates: readonly AggregateColumn[],
): Frame {
  const [only] = parts;
  if (only === undefined) return emptyGroups(keys, aggregates);
  if (parts.length === 1 && only.isMerged === true) return inOrder(only, [...keys, ...aggregates]);
  if (parts.length > 1 && areConsecutive(parts, keys))
    return inOrder(joinFrames(parts), [...keys, ...aggregates]);
  return mergeGroups(parts, keys, aggregates);
}

export function keyColumns(dimensions: readonly DimensionSpec[]): KeyColumn[] {
  return dimensions.map(({ outputName, outputType, arrayOf }) => ({
    name: outputName,
    type: arrayOf === undefined ? outputType : 'COMPLEX',
  }));
}

export function aggregateColumns(aggregations: readonly Aggregator[]): AggregateColumn[] {
  return aggregations.map((spec) => {
    const type = aggregatorType(spec);
    const resultType = type.resultType(spec, aggregatorType);
    return {
      name: spec.name,
      type: resultType,
      combine: type.combine(spec, aggregatorType),
      ...(resultType === 'COMPLEX' ? { merge: type.merge?.(spec, aggregatorType) } : {}),
    };
  });
}

function mergeBoundaries(parts: readonly Frame[]): Frame {
  if (parts.length === 0) {
    const none = { type: 'LONG', values: new BigInt64Array(1), nulls: Uint8Array.of(1) } as const;
    return {
      rows: 1,
      columns: [
        { name: 'minTime', ...none },
        { name: 'maxTime', ...none },
      ],
    };
  }
  return mergeGroups(
    parts,
    [],
    [
      { name: 'minTime', type: 'LONG', combine: 'min' },
      { name: 'maxTime', type: 'LONG', combine: 'max' },
    ],
  );
}
