/** Merged segmentMetadata and dataSourceMetadata as Druid's JSON. */
import type { Frame } from '../frame.js';
import { formatTimestamp } from '../granularity.js';
import { jsonText, type JsonSink } from '../json/write.js';
import type { DataSourceMetadataQuery } from '../native/model.js';
import { analysesOf, type ColumnAnalysis, type SegmentAnalysis } from '../segment-analysis.js';
import { type RenderHints, type Steps, stamper } from './buckets.js';
import { frameOutput } from './output.js';

/** [] when there is no row to tell of. */
// eslint-disable-next-line require-yield -- one row; the other renderers have reason to yield
export function* renderDataSourceMetadata(
  query: DataSourceMetadataQuery,
  merged: Frame,
  sink: JsonSink,
  { segmentStartMs }: RenderHints,
): Steps {
  const max = merged.rows === 0 ? null : frameOutput(merged, 'maxTime').at(0);
  if (max === null) {
    sink.raw('[]');
    return;
  }
  const stamp = stamper(query);
  const at = stamp(segmentStartMs ?? Number(max));
  sink.raw(`[{"timestamp":${at},"result":{"maxIngestedEventTime":${stamp(Number(max))}}}]`);
}

export function* renderSegmentMetadata(merged: Frame, sink: JsonSink): Steps {
  sink.raw('[');
  for (const [i, analysis] of analysesOf([merged]).entries()) {
    sink.raw((i === 0 ? '' : ',') + jsonText(shown(analysis)));
    yield;
  }
  sink.raw(']');
}

function shown(analysis: SegmentAnalysis): unknown {
  const { id, intervals, columns, size, numRows, aggregators, timestampSpec, queryGranularity, rollup } =
    analysis;
  const time = (ms: number): string => formatTimestamp(ms, { type: 'all' });
  return {
    id,
    intervals: intervals?.map(({ startMs, endMs }) => `${time(startMs)}/${time(endMs)}`) ?? null,
    columns: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, shownColumn(column)])),
    size,
    numRows,
    aggregators,
    timestampSpec,
    queryGranularity,
    rollup,
    ...(analysis.projections === undefined ? {} : { projections: analysis.projections }),
  };
}

function shownColumn(column: ColumnAnalysis): unknown {
  const { typeSignature, type, hasMultipleValues, hasNulls, size, cardinality } = column;
  const { minValue, maxValue, errorMessage } = column;
  return {
    typeSignature,
    type,
    hasMultipleValues,
    hasNulls,
    size,
    cardinality,
    minValue,
    maxValue,
    errorMessage,
  };
}
