/**
 * The final answer of any query as a frame, for clients that take columns instead of JSON. The same rows in the same
 * order as in the JSON; `__time` (LONG, ms) is the row's timestamp and null for a grand total.
 *
 *   timeseries, topN, groupBy   __time, dimensions, aggregators, post-aggregators
 *   scan                        the columns
 *   search                      __time, dimension, value, count
 *   timeBoundary                maxTime, minTime: those asked for
 *   dataSourceMetadata          maxIngestedEventTime
 *   segmentMetadata             id, analysis (COMPLEX json): one row an analysis
 */
import type { Frame, FrameColumn } from '../frame.js';
import { bytesColumn, cellColumn } from '../frame-build.js';
import { parseJson } from '../json/parse.js';
import { jsonText, TextSink } from '../json/write.js';
import { joinFrames, pickRows } from '../merge/scan.js';
import type { NativeQuery } from '../native/model.js';
import { queryStart, type RenderHints } from './buckets.js';
import { renderResult } from './render.js';
import { resultFrame } from './result-frame.js';
import { searchHits } from './search.js';
import { boundaryTimes } from './time-boundary.js';
import { totalFrame } from './timeseries.js';

/** `merged` and `hints` as for rendering. */
export function answerFrame(query: NativeQuery, merged: Frame, hints: RenderHints = {}): Frame {
  switch (query.queryType) {
    case 'timeseries': {
      const rows = resultFrame(query, merged, hints);
      const total = totalFrame(query, merged);
      if (total === undefined) return rows;
      const last = withTime(total, [null]);
      return rows.rows === 0 ? last : joinFrames([rows, last]);
    }
    case 'groupBy': {
      const rows = resultFrame(query, merged, hints);
      if (rows.columns.some(({ name }) => name === '__time')) return rows;
      return withTime(
        rows,
        Array.from({ length: rows.rows }, () => BigInt(queryStart(query))),
      );
    }
    case 'topN':
    case 'scan':
      return resultFrame(query, merged, hints);
    case 'search':
      return searchFrame(query, merged);
    case 'timeBoundary': {
      const times = boundaryTimes(query, merged);
      return { rows: times.length === 0 ? 0 : 1, columns: times.map(([name, ms]) => longs(name, [ms])) };
    }
    case 'dataSourceMetadata': {
      const max = merged.columns.find(({ name }) => name === 'maxTime');
      const first = pickRows(
        { rows: merged.rows, columns: max === undefined ? [] : [max] },
        firstRow(merged),
      );
      return {
        rows: first.rows,
        columns: first.columns.map((one) => ({ ...one, name: 'maxIngestedEventTime' })),
      };
    }
    case 'segmentMetadata':
      return analysisFrame(query, merged);
  }
}

const firstRow = (frame: Frame): Uint32Array => Uint32Array.from(frame.rows === 0 ? [] : [0]);
const longs = (name: string, values: readonly (number | null)[]): FrameColumn =>
  cellColumn(
    name,
    'LONG',
    values.map((value) => (value === null ? null : BigInt(value))),
  );

function withTime(frame: Frame, times: readonly (bigint | null)[]): Frame {
  return { rows: frame.rows, columns: [cellColumn('__time', 'LONG', times), ...frame.columns] };
}

function searchFrame(query: Extract<NativeQuery, { queryType: 'search' }>, merged: Frame): Frame {
  const times: number[] = [];
  const rows: number[] = [];
  for (const hits of searchHits(query, merged)) {
    for (const row of hits.rows) {
      times.push(hits.ms);
      rows.push(row);
    }
  }
  const columns = ['dimension', 'value', 'count'].flatMap(
    (name) => merged.columns.find((column) => column.name === name) ?? [],
  );
  return withTime(pickRows({ rows: merged.rows, columns }, Uint32Array.from(rows)), times.map(BigInt));
}

function analysisFrame(query: NativeQuery, merged: Frame): Frame {
  const sink = new TextSink();
  renderResult(query, merged, sink);
  const analyses = parseJson(sink.text) as readonly { readonly id: string | null }[];
  const encoder = new TextEncoder();
  return {
    rows: analyses.length,
    columns: [
      cellColumn(
        'id',
        'STRING',
        analyses.map(({ id }) => id),
      ),
      bytesColumn(
        'analysis',
        'json',
        analyses.map((each) => encoder.encode(jsonText(each))),
      ),
    ],
  };
}
