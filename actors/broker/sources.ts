/**
 * What stands inside a query's data source: queries and lookups whose rows have to be here before the query itself can
 * run, and which segments some queries look at only.
 */
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../../query/frame.js';
import { parseJoinCondition } from '../../query/engine/sources/join-condition.js';
import { frameBytes } from '../../query/frame-codec.js';
import { pickRows } from '../../query/merge/scan.js';
import type { ExpressionContext } from '../../query/expression/expression.js';
import { openLookups, type LookupTable } from '../../query/lookup/table.js';
import type { LookupFinder } from '../../query/native/context.js';
import { realtimeMode } from '../../query/native/context-keys.js';
import { notJoinable, sourceText } from '../../query/native/datasource.js';
import type { DataSourceMetadataQuery, NativeQuery, SegmentMetadataQuery } from '../../query/native/model.js';
import { leafOf, type PendingSource, type Source } from '../../query/native/source.js';
import { noLimits, subqueryBytes } from './limits.js';
import { slicesByTable, type Slice } from './route.js';

type PendingQuery = Extract<PendingSource, { type: 'query' }>;
type RunInner = (inner: PendingQuery, keepTime: boolean, rowsMax: number) => Promise<Frame>;

/** Is the leaf that is streamed one of tables? */
export function leafTables({ source }: NativeQuery): boolean {
  return source === undefined || leafOf(source).type === 'tables';
}

/** Rows of the pending leaves, one after the other. Errors: LimitExceeded, and what the inner queries say. */
export async function fetchSources(
  query: NativeQuery,
  pending: readonly PendingSource[],
  lookupOf: LookupFinder | undefined,
  run: RunInner,
  limits = noLimits,
): Promise<Frame[]> {
  const frames: Frame[] = [];
  const rowsMax = query.context.maxSubqueryRows ?? Infinity;
  const bytesMax = subqueryBytes(query, limits);
  let rows = 0;
  let bytes = 0;
  if (query.source !== undefined) checkLookupJoins(query.source, openLookups(query.lookups));
  for (const one of pending) {
    if (one.type === 'lookup') {
      frames.push(lookupFrame(query, one, lookupOf?.(one.lookup)));
      continue;
    }
    // Druid groups the groups of a query inside as they come: nothing is held, so nothing is limited.
    const isNested =
      query.source === one && query.queryType === 'groupBy' && one.query.queryType === 'groupBy';
    const left = isNested || bytesMax !== undefined ? Infinity : rowsMax - rows;
    const frame = await run(one, isNested, left);
    if (frame.rows > left) throw tooManyRows(rowsMax);
    if (!isNested) rows += frame.rows;
    bytes += isNested ? 0 : frameBytes(frame);
    if (bytesMax !== undefined && bytes > bytesMax) throw tooManyBytes(bytesMax);
    frames.push(frame);
  }
  return frames;
}

export function tooManyRows(rowsMax: number): CodedError {
  return new CodedError(
    'LimitExceeded',
    `Cannot issue the query, subqueries generated results beyond maximum[${rowsMax}] rows. Try setting maxSubqueryBytes in the query context for a limit by memory, or raise maxSubqueryRows with care.`,
  );
}

function tooManyBytes(bytesMax: number): CodedError {
  return new CodedError(
    'LimitExceeded',
    `Cannot issue the query, subqueries generated results beyond maximum[${bytesMax}] bytes. Increase maxSubqueryBytes in the query context with care.`,
  );
}

/** Lookups are found by key only. Throws QueryFailed. */
function checkLookupJoins(source: Source, lookups: ExpressionContext): void {
  switch (source.type) {
    case 'join':
      checkLookupJoins(source.left, lookups);
      checkLookupJoins(source.right, lookups);
      if (source.right.type === 'lookup') {
        const { condition, rightPrefix, right } = source;
        const { equalities } = parseJoinCondition(condition, rightPrefix, sourceText(right), lookups);
        if (equalities.every(({ rightColumn }) => rightColumn === 'k')) return;
        throw new CodedError(
          'QueryFailed',
          `Cannot join lookup with condition referring to non-key column: ${condition}`,
          { errorClass: 'org.apache.druid.java.util.common.IAE' },
        );
      }
      break;
    case 'unnest':
    case 'filter':
      checkLookupJoins(source.base, lookups);
      break;
    default:
  }
}

/** Columns k and v. A lookup nobody registered has neither rows nor columns, but nothing can be joined with it. */
function lookupFrame(
  query: NativeQuery,
  pending: Extract<PendingSource, { type: 'lookup' }>,
  table: LookupTable | undefined,
): Frame {
  const isStreamed = query.source !== undefined && leafOf(query.source) === pending;
  if (isStreamed) return table?.frame ?? noEntries;
  if (table === undefined) throw notJoinable(sourceText(pending));
  // To a join a key without a value is none.
  const { frame } = table;
  const nulls = frame.columns[1]?.nulls;
  if (nulls === undefined) return frame;
  const isThere = (row: number): boolean => (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) === 0;
  return pickRows(frame, Uint32Array.from({ length: frame.rows }, (_, row) => row).filter(isThere));
}

const noEntries: Frame = { rows: 0, columns: [] };

const weekMs = 7 * 86_400_000;

/** Of the segments a query may look at those it has to. */
export function wantedSlices(query: NativeQuery, all: Slice[]): Slice[] {
  const mode = realtimeMode(query.context.given);
  const slices =
    mode === 'include' ? all : all.filter(({ segment }) => segment.realtime === (mode === 'exclusive'));
  if (query.queryType !== 'dataSourceMetadata' && query.queryType !== 'segmentMetadata') return slices;
  return slicesByTable(slices).flatMap((ofTable) => latest(query, ofTable));
}

function latest(
  query: DataSourceMetadataQuery | SegmentMetadataQuery,
  slices: readonly Slice[],
): readonly Slice[] {
  if (query.queryType === 'dataSourceMetadata') {
    // No earlier segment can hold a later time.
    const startMs = slices.reduce((most, { segment }) => Math.max(most, segment.interval.startMs), -Infinity);
    return slices.filter(({ segment }) => segment.interval.endMs > startMs);
  }
  if (!query.usesDefaultInterval) return slices;
  const endMs = slices.reduce((most, { segment }) => Math.max(most, segment.interval.endMs), -Infinity);
  const startMs = endMs - weekMs;
  return slices.filter(({ segment }) => segment.interval.endMs > startMs);
}
