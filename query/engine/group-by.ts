/** topN and groupBy over one segment. Columns: `__bucket`, the dimensions, the aggregators; only groups that exist. */
import type { IntervalMs } from '../../segment/read/view.js';
import { CodedError } from '../../proto/errors.js';
import { flag } from '../native/context.js';
import type { Frame } from '../frame.js';
import { mergePartials } from '../merge.js';
import type { DimensionSpec, GroupByQuery, TopNQuery } from '../native/model.js';
import { withHelp } from './claims.js';
import { DerivedSegment, restrictedTo } from './columns/derived-segment.js';
import { dimensionColumn } from './columns/dimension-column.js';
import type { Environment, RowSlice } from './environment.js';
import { intersect, selectRows, type Selected } from './filter.js';
import { filledMask } from './filter-column.js';
import { sliceMode, type GroupRange, type GroupTable, type SliceMode } from './group-slices.js';
import { Grouping, type Prune } from './groups.js';
import { keepTop, topRows } from './top-groups.js';

interface InSlice {
  /** Where this slice of the segment is grouped; undefined: another one takes its rows. */
  readonly environment: Environment | undefined;
  readonly mode: SliceMode;
}

function inSlice(
  all: Environment,
  query: GroupByQuery | TopNQuery,
  intervals: readonly IntervalMs[],
): InSlice {
  const { slice, segment, handOver } = all;
  if (slice === undefined) return { environment: all, mode: 'whole' };
  const dimensions = dimensionsOf(query);
  const isComputed = (query.virtualColumns ?? []).length > 0 || query.source !== undefined;
  const { evenRows } = slice;
  const isTop = query.queryType === 'topN';
  let mode = sliceMode(segment, { ...query, dimensions, isComputed, isTop }, intervals, evenRows);
  if (mode === 'tables' && handOver === undefined) mode = 'whole';
  // A topN cut down to its best groups needs all rows of each.
  if (mode === 'runs' && isTop) mode = 'whole';
  // Sorted runs are those of whole slices.
  if (mode === 'runs') return { environment: { ...all, slice: { ...slice, claims: undefined } }, mode };
  if (mode !== 'whole') return { environment: all, mode };
  return { environment: slice.isFirst ? { ...all, slice: undefined } : undefined, mode };
}

const dimensionsOf = (query: GroupByQuery | TopNQuery): readonly DimensionSpec[] =>
  query.queryType === 'topN' ? [query.dimension] : query.dimensions;

/** The groups in a range of all possible ones, added up from the tables of all slices. */
export function groupsOfTables(
  environment: Environment,
  query: GroupByQuery | TopNQuery,
  intervals: readonly IntervalMs[],
  tables: readonly GroupTable[],
  range: GroupRange,
): Frame[] {
  const { rowCount } = environment.segment;
  const hull = { from: 0, to: rowCount };
  const selected: Selected = { mask: { kind: 'none' }, ranges: [], hull, testTime: false };
  const isCut = query.queryType === 'topN' && hasDistinctGroups(environment, query.dimension);
  const prune: Prune | undefined = isCut ? (...groups) => topRows(query, ...groups) : undefined;
  const grouping = new Grouping(
    environment,
    { ...query, dimensions: dimensionsOf(query), typedStates: true },
    intervals,
    selected,
    {
      ...(prune === undefined ? {} : { prune }),
      isTable: true,
    },
  );
  return grouping.ofTables(tables, range);
}

export function runGroupBy(all: Environment, query: GroupByQuery, intervals: readonly IntervalMs[]): Frame[] {
  const { environment, mode } = inSlice(all, query, intervals);
  if (environment === undefined) return [];
  const run = (own: Environment): Frame[] => groupRows(own, query, intervals, mode === 'tables');
  return mode === 'rows' ? withHelp(environment, run) : run(environment);
}

function groupRows(
  environment: Environment,
  query: GroupByQuery,
  intervals: readonly IntervalMs[],
  isTable: boolean,
): Frame[] {
  const selected = selectRows(environment, intervals, query.filter);
  const unnests = flag(query.context.given, 'groupByEnableMultiValueUnnesting', true);
  const wanted = restrictedTo(environment, selected.mask);
  const own = { ...query, unnests, typedStates: true };
  const grouping = new Grouping(wanted, own, intervals, selected, { isTable });
  const more = (slice: RowSlice): Selected => selectRows({ ...environment, slice }, intervals, query.filter);
  return isTable ? grouping.handOver(more) : grouping.run();
}

/** Keeps the best groups of each bucket: as many as the threshold asks for, or minTopNThreshold if that is more. */
export function runTopN(all: Environment, given: TopNQuery, intervals: readonly IntervalMs[]): Frame[] {
  const { environment, mode } = inSlice(all, given, intervals);
  if (environment === undefined) return [];
  const run = (own: Environment): Frame[] => topRowsOf(own, given, intervals, mode === 'tables');
  return mode === 'rows' ? withHelp(environment, run) : run(environment);
}

function topRowsOf(
  environment: Environment,
  given: TopNQuery,
  intervals: readonly IntervalMs[],
  isTable: boolean,
): Frame[] {
  const query = { ...given, dimension: topNDimension(environment, given.dimension) };
  const matching = selectRows(environment, intervals, query.filter);
  // A row without any value has no entry here; groupBy counts it as null.
  const filled = (own: Environment, rows: Selected): Selected => withValues(own, query.dimension, rows);
  const grouping = {
    ...query,
    dimensions: [query.dimension],
    typedStates: isByDictionary(environment, query.dimension),
  };
  const wanted = restrictedTo(environment, matching.mask);
  const selected = filled(wanted, matching);
  const isSliced = environment.slice !== undefined;
  const isDistinct = hasDistinctGroups(environment, query.dimension);
  const prune: Prune = (...groups) => topRows(query, ...groups);
  const own = new Grouping(wanted, grouping, intervals, selected, {
    isTable,
    ...(isSliced || !isDistinct ? {} : { prune }),
  });
  const more = (slice: RowSlice): Selected =>
    filled(wanted, selectRows({ ...environment, slice }, intervals, query.filter));
  if (isTable) return own.handOver(more);
  const frames = own.run();
  // The best of a slice need not be the best of the segment.
  if (isSliced) return frames;
  const only = frames[0];
  const isWhole = only !== undefined && frames.length === 1 && isDistinct;
  const merged = isWhole ? only : mergePartials(query, frames);
  return [merged === only ? only : keepTop(merged, query)];
}

/** Each value of the dimension is an entry of a stored dictionary: not a number, not computed, no row of a result. */
function isByDictionary(environment: Environment, spec: DimensionSpec): boolean {
  const { dimension, steps = [], outputType } = spec;
  const { segment } = environment;
  if (outputType !== 'STRING' || environment.wholeIntervals === true) return false;
  if (steps.some(({ type }) => type === 'extraction')) return false;
  if (segment instanceof DerivedSegment && segment.isComputed(dimension)) return false;
  return segment.column(dimension)?.kind === 'string';
}

/** Texts that are answered as numbers may be the same number; then no group is known before they are put together. */
function hasDistinctGroups(
  { segment }: Environment,
  { dimension, steps = [], outputType }: DimensionSpec,
): boolean {
  if (outputType === 'STRING') return true;
  const kind = segment.column(dimension)?.kind;
  return steps.length === 0 && kind !== 'string' && kind !== 'complex';
}

/**
 * groupBy takes arrays as text and stored documents as null; topN refuses the ones and takes texts and numbers of the
 * others; what else is no text is null to it.
 */
function topNDimension(environment: Environment, spec: DimensionSpec): DimensionSpec {
  const { dimension, steps = [] } = spec;
  const column = steps.length === 0 ? environment.segment.column(dimension) : undefined;
  if (column?.kind !== 'complex') return spec;
  const isMade = environment.segment instanceof DerivedSegment && environment.segment.isCalculated(dimension);
  if (isMade && column.typeName === 'json') return spec;
  // Of others than documents that makes null.
  if (!column.typeName.startsWith('ARRAY<'))
    return { ...spec, steps: [{ type: 'extraction', fn: { type: 'identity' } }] };
  throw new CodedError(
    'QueryFailed',
    `Cannot create query type helper from invalid type [${column.typeName}]`,
    { errorClass: 'org.apache.druid.java.util.common.IAE' },
  );
}

function withValues(environment: Environment, dimension: DimensionSpec, selected: Selected): Selected {
  const column = dimensionColumn(environment, dimension);
  if (column?.kind !== 'string' || !column.hasMultipleValues) return selected;
  return {
    ...selected,
    mask: intersect(
      environment,
      selected.mask,
      filledMask(environment, column, selected.hull),
      selected.hull,
    ),
  };
}
