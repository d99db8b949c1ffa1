/** From the streamed leaf of a data source to the view that a query runs over. */
import { CodedError } from '../../../proto/errors.js';
import type { IntervalMs, SegmentView } from '../../../segment/read/view.js';
import { sourceText } from '../../native/datasource.js';
import type { Filter, Granularity, VirtualColumn } from '../../native/model.js';
import { both, earlyPart } from '../../native/filter-columns.js';
import { leafOf, type Source } from '../../native/source.js';
import { DerivedSegment } from '../columns/derived-segment.js';
import type { Environment } from '../environment.js';
import { selectRows } from '../filter.js';
import { selectedRows } from '../scan.js';
import type { Scratch } from '../scratch.js';
import { FrameView } from './frame-view.js';
import { GatherView } from './gather-view.js';
import { type Join, joined } from './join.js';
import { type JoinCondition, parseJoinCondition } from './join-condition.js';
import { type JoinClause, type JoinFilterOptions, readsRight, splitJoinFilter } from './join-filter.js';
import { semiJoinFilter } from './semi-join.js';
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

/** What is asked of a source. */
export interface Asked {
  readonly filter: Filter | undefined;
  readonly virtualColumns: readonly VirtualColumn[];
}

export interface Applied {
  readonly segment: SegmentView;
  /** What of the filter is left to ask, of the segment with the virtual columns beside it. */
  readonly filter: Filter | undefined;
  /** Virtual columns that the segment has already. */
  readonly early: ReadonlySet<string>;
}

export interface ApplyOptions {
  readonly intervals: readonly IntervalMs[];
  /** Of a query which puts rows into buckets while it reads them; `rows`: it asks for the times of rows. */
  readonly granularity: Granularity | 'rows' | undefined;
  /** Asked where there are joins. */
  readonly joinFilters: () => JoinFilterOptions;
}

const none: ReadonlySet<string> = new Set();

/**
 * `environment.segment` is the leaf, the caller's to close. Rows outside of the intervals, and rows that do not pass the
 * filter, may be left out.
 */
export function applySource(
  environment: Environment,
  source: Source | undefined,
  asked: Asked,
  options: ApplyOptions,
): Applied {
  switch (source?.type) {
    case 'join':
      return applyJoins(environment, source, asked, options);
    case 'unnest':
      return applyUnnest(environment, source, asked, options);
    case 'filter': {
      // Over joins it is split as the query's own is.
      if (hasJoin(source.base)) {
        const filter = both([asked.filter, source.filter]);
        return applySource(environment, source.base, { ...asked, filter }, options);
      }
      const filter = earlyPart(asked.filter, (column) => isVirtual(asked, column));
      const base = applySource(environment, source.base, { filter, virtualColumns: [] }, options);
      const view = filtered({ ...environment, segment: base.segment }, options, source.filter);
      return { segment: view, filter: asked.filter, early: none };
    }
    default:
      return { segment: environment.segment, filter: asked.filter, early: none };
  }
}

function hasJoin(source: Source): boolean {
  return source.type === 'join' || ('base' in source && hasJoin(source.base));
}

function isVirtual({ virtualColumns }: Asked, column: string): boolean {
  return virtualColumns.some(({ name }) => name === column);
}

/** The joins down to the first left side that is none, and that side. */
function chainOf(join: Join): { readonly joins: readonly Join[]; readonly base: Source } {
  const joins = [join];
  let base = join.left;
  for (; base.type === 'join'; base = base.left) joins.unshift(base);
  return { joins, base };
}

function applyJoins(environment: Environment, join: Join, asked: Asked, options: ApplyOptions): Applied {
  const { lookups } = environment;
  const { joins, base } = chainOf(join);
  const joinFilters = options.joinFilters();
  const conditions = joins.map(({ condition, rightPrefix, right }) =>
    parseJoinCondition(condition, rightPrefix, sourceText(right), lookups),
  );
  const clauses = joins.map(({ rightPrefix, joinType }, i): JoinClause => {
    const equalities = conditions[i]?.equalities ?? [];
    return { prefix: rightPrefix, joinType, equalities };
  });
  const leftFilter = both(joins.map((each) => each.leftFilter));
  const filters = { leftFilter, filter: both([leftFilter, asked.filter]) };
  const split = splitJoinFilter(clauses, asked.virtualColumns, filters, joinFilters, lookups);
  const leftColumns = asked.virtualColumns.filter((column) => !readsRight(clauses, column));
  // Without rows that have no left one it makes no difference when a column is computed.
  const hasUnmet = joins.some(({ joinType }) => joinType === 'RIGHT' || joinType === 'FULL');
  const early = hasUnmet ? leftColumns : [];
  const left = applySource(
    environment,
    base,
    { filter: split.left, virtualColumns: [...leftColumns, ...split.leftColumns] },
    options,
  );
  const plain = { ...environment, segment: left.segment };
  const forFilter = derived(plain, [...leftColumns, ...split.leftColumns], left.early);
  const instead = joins.map((each, i) =>
    hasUnmet || !joinFilters.asksLeft ? undefined : asFilter(joins, conditions, i, forFilter, joinFilters),
  );
  let rows = rowsOf(forFilter, options.intervals, both([left.filter, ...instead]));
  let current = derived(plain, early, left.early);
  const kept = joins.flatMap((each, i) =>
    instead[i] === undefined ? [{ each, condition: conditions[i] }] : [],
  );
  if (kept.length === 0)
    current = { ...environment, segment: new GatherView(current, { rows, inOrder: true }) };
  for (const [i, { each, condition }] of kept.entries()) {
    if (condition === undefined) throw new CodedError('Bug', 'a join without a condition');
    const { intervals, granularity } = options;
    const filtersLeft = i === 0 && joinFilters.asksLeft;
    const view = joined(current, rows, each, condition, intervals, granularity, filtersLeft);
    current = { ...environment, segment: view };
    rows = Uint32Array.from({ length: view.rowCount }, (_, row) => row);
  }
  return { segment: current.segment, filter: split.after, early: new Set(early.map(({ name }) => name)) };
}

/** What is asked of rows with several values instead of join `i`; undefined: it has to be joined. */
function asFilter(
  joins: readonly Join[],
  conditions: readonly (JoinCondition | undefined)[],
  i: number,
  { segment }: Environment,
  { isUnused }: JoinFilterOptions,
): Filter | undefined {
  const join = joins[i];
  const condition = conditions[i];
  if (join?.joinType !== 'INNER' || join.right.type !== 'inline' || condition === undefined) return undefined;
  const leftColumn = condition.equalities[0]?.leftColumn;
  const column = leftColumn === undefined ? undefined : segment.column(leftColumn);
  if (leftColumn === undefined || column?.kind !== 'string' || !column.hasMultipleValues) return undefined;
  const { rightPrefix: prefix } = join;
  const isRead = joins.some((each, at) => at !== i && each.condition.includes(prefix));
  const isLeft = !joins.some((each) => leftColumn.startsWith(each.rightPrefix));
  return isRead || !isLeft || !isUnused(prefix) ? undefined : semiJoinFilter(condition, join.right.frame);
}

function derived(
  environment: Environment,
  columns: readonly VirtualColumn[],
  early: ReadonlySet<string>,
): Environment {
  if (columns.length === 0) return environment;
  return { ...environment, segment: new DerivedSegment(environment, columns, early) };
}

/** What is asked of the base alone is not asked again where joins below it may answer it by rows of theirs. */
function applyUnnest(
  environment: Environment,
  source: Extract<Source, { type: 'unnest' }>,
  asked: Asked,
  options: ApplyOptions,
): Applied {
  const { column } = source;
  const isLater = (name: string): boolean => name === column.name || isVirtual(asked, name);
  const filter = earlyPart(asked.filter, isLater);
  const below = { filter, virtualColumns: [column] };
  const applied = applySource(environment, source.base, below, options);
  const base = { ...environment, segment: applied.segment };
  const forFilter = derived(base, [column], applied.early);
  const rows = rowsOf(forFilter, options.intervals, applied.filter);
  const view = unnested(base, rows, column);
  const segment =
    source.filter === undefined ? view : filtered({ ...environment, segment: view }, options, source.filter);
  const isWhole = filter !== undefined && filter === asked.filter;
  return { segment, filter: isWhole && hasJoin(source.base) ? undefined : asked.filter, early: none };
}

function filtered(environment: Environment, { intervals }: ApplyOptions, filter: Filter): GatherView {
  return new GatherView(environment, { rows: rowsOf(environment, intervals, filter), inOrder: true });
}

function rowsOf(
  environment: Environment,
  intervals: readonly IntervalMs[],
  filter: Filter | undefined,
): Uint32Array {
  return selectedRows(environment, selectRows(environment, intervals, filter), Infinity);
}
