/**
 * The answer of a query as a frame instead of as JSON: what a query around it reads. Column `__time` (LONG) is the
 * row's time where rows have one; then dimensions, aggregators and post-aggregators by their names.
 */
import { CodedError } from '../../proto/errors.js';
import type { Frame, FrameColumn } from '../frame.js';
import { cellColumn } from '../frame-build.js';
import { pickRows, schemaColumn } from '../merge/scan.js';
import type {
  DimensionSpec,
  GroupByQuery,
  NativeQuery,
  ScanQuery,
  TimeseriesQuery,
  TopNQuery,
} from '../native/model.js';
import { bucketClock, queryStart, type RenderHints } from './buckets.js';
import { groupByRows, shownDimensions } from './groupby.js';
import { frameOutput } from './output.js';
import { outputFrame } from './output-frame.js';
import { groupedRows } from './subtotals.js';
import { timeseriesRows, valueOutputs, withNullRow } from './timeseries.js';
import { topNRows } from './topn.js';

const nullElement = 0xffffffff;

/**
 * `merged` as for rendering. `keepTime`: for a groupBy around a groupBy, which sees a `__time` even if there is one
 * bucket only (the start of the first interval), and merges sketches instead of reading their estimates. Unsupported: queries whose answers are no rows.
 */
export function resultFrame(
  query: NativeQuery,
  merged: Frame,
  hints: RenderHints = {},
  keepTime = false,
): Frame {
  switch (query.queryType) {
    case 'timeseries':
      return timeseriesFrame(query, merged, hints);
    case 'topN':
      return topNFrame(query, merged, hints);
    case 'groupBy':
      return groupByFrame(query, merged, keepTime);
    case 'scan':
      return scanFrame(query, merged);
    default:
      throw new CodedError(
        'Unsupported',
        `dataSource: a query of type[${query.queryType}] can't be a data source`,
        { field: 'dataSource' },
      );
  }
}

function timeseriesFrame(query: TimeseriesQuery, merged: Frame, hints: RenderHints): Frame {
  const frame = withNullRow(query, merged);
  const clock = bucketClock(query, frame, hints);
  const rows = timeseriesRows(query, frame);
  return outputFrame(
    frame,
    rows,
    Array.from(rows, (row) => clock.ms(row)),
    valueOutputs(query, frame),
  );
}

function topNFrame(query: TopNQuery, merged: Frame, hints: RenderHints): Frame {
  const { dimension, values, buckets } = topNRows(query, merged, hints);
  const times: number[] = [];
  const rows: number[] = [];
  for (const bucket of buckets) {
    for (const row of bucket.rows) {
      times.push(bucket.ms);
      rows.push(row);
    }
  }
  const late = lateNames([query.dimension]);
  return outputFrame(merged, Uint32Array.from(rows), times, [dimension, ...values], false, late);
}

function groupByFrame(query: GroupByQuery, merged: Frame, keepTime: boolean): Frame {
  const grouped = groupedRows(query, merged);
  const bucket = frameOutput(grouped, '__bucket');
  const dimensions = query.dimensions.map(({ outputName }) => frameOutput(grouped, outputName));
  const values = valueOutputs(query, grouped, dimensions);
  const rows = groupByRows(query, grouped, bucket, dimensions, values);
  const isAll = query.granularity.type === 'all';
  const times = Array.from(rows, (row) => (isAll ? queryStart(query) : Number(bucket.at(row) ?? 0)));
  const outputs = [...shownDimensions(query, dimensions), ...values];
  return outputFrame(
    grouped,
    rows,
    isAll && !keepTime ? undefined : times,
    outputs,
    keepTime,
    lateNames(query.dimensions),
  );
}

const lateNames = (dimensions: readonly DimensionSpec[]): ReadonlySet<string> =>
  new Set(dimensions.flatMap(({ late, outputName }) => (late === undefined ? [] : [outputName])));

/** The rows between offset and limit; the columns asked, in their order. */
function scanFrame(query: ScanQuery, merged: Frame): Frame {
  const from = Math.min(query.offset, merged.rows);
  const to = Math.min(merged.rows, from + (query.limit ?? Infinity));
  const rows = Uint32Array.from({ length: to - from }, (_, i) => from + i);
  const { columns } = query;
  const found =
    columns.length === 0
      ? merged.columns.filter(({ name }) => name !== schemaColumn)
      : columns.map(
          (name) => merged.columns.find((column) => column.name === name) ?? nullColumn(name, merged.rows),
        );
  const picked = pickRows({ rows: merged.rows, columns: found }, rows);
  return { ...picked, columns: picked.columns.map((column) => withoutEmpty(column)) };
}

/** What is answered for a row of no texts is null, and that is what the query around it sees. */
function withoutEmpty(column: FrameColumn): FrameColumn {
  if (column.type !== 'STRING_ARRAY') return column;
  const { offsets, values } = column;
  const rows = offsets.length - 1;
  const counts = Array.from({ length: rows }, (_, row) => (offsets[row + 1] ?? 0) - (offsets[row] ?? 0));
  if (!counts.includes(0)) return column;
  const ends = new Uint32Array(rows + 1);
  const filled: number[] = [];
  for (const [row, count] of counts.entries()) {
    const from = offsets[row] ?? 0;
    if (count === 0) filled.push(nullElement);
    else for (let at = from; at < from + count; at++) filled.push(values[at] ?? nullElement);
    ends[row + 1] = filled.length;
  }
  return { ...column, offsets: ends, values: Uint32Array.from(filled) };
}

function nullColumn(name: string, rows: number): FrameColumn {
  return cellColumn(
    name,
    'STRING',
    Array.from({ length: rows }, () => null),
  );
}
