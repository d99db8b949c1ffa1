/** The merged partial result of a native query → exactly the JSON text that Druid answers. */
import type { Frame } from '../frame.js';
import type { JsonSink } from '../json/write.js';
import type { NativeQuery } from '../native/model.js';
import type { RenderHints, Steps } from './buckets.js';
import { renderGroupBy } from './groupby.js';
import { renderDataSourceMetadata, renderSegmentMetadata } from './metadata.js';
import { renderScan } from './scan.js';
import { renderSearch } from './search.js';
import { renderTimeBoundary } from './time-boundary.js';
import { renderTimeseries } from './timeseries.js';
import { renderTopN } from './topn.js';

/**
 * Writes step by step: each `next()` writes about a thousand rows, so that a caller on an event loop can let others
 * run in between (ordering a result is one step of its own; large ones belong on a worker). Errors: QueryFailed.
 */
export function renderSteps(
  query: NativeQuery,
  merged: Frame,
  sink: JsonSink,
  hints: RenderHints = {},
): Steps {
  switch (query.queryType) {
    case 'timeseries':
      return renderTimeseries(query, merged, sink, hints);
    case 'topN':
      return renderTopN(query, merged, sink, hints);
    case 'groupBy':
      return renderGroupBy(query, merged, sink);
    case 'scan':
      return renderScan(query, merged, sink);
    case 'timeBoundary':
      return renderTimeBoundary(query, merged, sink, hints);
    case 'search':
      return renderSearch(query, merged, sink);
    case 'dataSourceMetadata':
      return renderDataSourceMetadata(query, merged, sink, hints);
    case 'segmentMetadata':
      return renderSegmentMetadata(merged, sink);
  }
}

/** Writes the whole answer at once. */
export function renderResult(
  query: NativeQuery,
  merged: Frame,
  sink: JsonSink,
  hints: RenderHints = {},
): void {
  const steps = renderSteps(query, merged, sink, hints);
  while (steps.next().done !== true);
}
