/** From the streamed leaf of a data source to the view that a query runs over. */
import { CodedError } from '../../../proto/errors.js';
import type { IntervalMs, SegmentView } from '../../../segment/read/view.js';
import type { Filter, Granularity } from '../../native/model.js';
import { both, earlyPart } from '../../native/filter-columns.js';
import { leafOf, type Source } from '../../native/source.js';
import type { Environment } from '../environment.js';
import { selectRows } from '../filter.js';
import { selectedRows } from '../scan.js';
import type { Scratch } from '../scratch.js';
import { FrameView } from './frame-view.js';
import { GatherView } from './gather-view.js';
import { joined } from './join.js';
import { unnested } from './unnest.js';

/** Handle of a "segment" that is the rows in memory of the query's own data source. */
export interface InlineHandle {
  readonly kind: 'inline';
}
export const inlineHandle: InlineHandle = { kind: 'inline' };

export function isInlineHandle(handle: unknown): handle is InlineHandle {
  return typeof handle === 'object' && handle !== null && 'kind' in handle && handle.kind === 'inline';
}

export function inlineView(source: Source | undefined, scratch: Scratch): SegmentView {
  const leaf = source === undefined ? undefined : leafOf(source);
  if (leaf?.type !== 'inline') throw new CodedError('Bug', 'the data source has no rows in memory');
  return new FrameView(leaf.frame, scratch);
}

/**
 * `environment.segment` is the leaf, the caller's to close; rows outside of the intervals, and rows that do not pass
 * `filter` (a condition asked again of the result), may be left out. `granularity` is that of a query which puts rows
 * into buckets while it reads them.
 */
export function applySource(
  environment: Environment,
  source: Source | undefined,
  intervals: readonly IntervalMs[],
  filter: Filter | undefined,
  granularity: Granularity | undefined,
): SegmentView {
  switch (source?.type) {
    case 'join': {
      const { rightPrefix, joinType, leftFilter } = source;
      // Right rows that meet nothing are those that no left row met at all.
      const isKept = joinType === 'RIGHT' || joinType === 'FULL';
      const early = isKept ? undefined : earlyPart(filter, (column) => column.startsWith(rightPrefix));
      const left = {
        ...environment,
        segment: applySource(environment, source.left, intervals, early, granularity),
      };
      return joined(
        left,
        rowsOf(left, intervals, both([leftFilter, atLeaf(source.left, early)])),
        source,
        intervals,
        granularity,
      );
    }
    case 'unnest': {
      const early = earlyPart(filter, (column) => column === source.column.name);
      const base = {
        ...environment,
        segment: applySource(environment, source.base, intervals, early, granularity),
      };
      const view = unnested(base, rowsOf(base, intervals, atLeaf(source.base, early)), source.column);
      return source.filter === undefined
        ? view
        : filtered({ ...environment, segment: view }, intervals, source.filter);
    }
    case 'filter': {
      const base = {
        ...environment,
        segment: applySource(environment, source.base, intervals, filter, granularity),
      };
      return filtered(base, intervals, source.filter);
    }
    default:
      return environment.segment;
  }
}

/** What was asked deeper already is not asked again. */
function atLeaf(source: Source, early: Filter | undefined): Filter | undefined {
  return leafOf(source) === source ? early : undefined;
}

function filtered(environment: Environment, intervals: readonly IntervalMs[], filter: Filter): GatherView {
  return new GatherView(environment, { rows: rowsOf(environment, intervals, filter), inOrder: true });
}

function rowsOf(
  environment: Environment,
  intervals: readonly IntervalMs[],
  filter: Filter | undefined,
): Uint32Array {
  return selectedRows(environment, selectRows(environment, intervals, filter), Infinity);
}
