/**
 * What stands inside a query's data source: queries and lookups whose rows have to be here before the query itself can
 * run, and which segments some queries look at only.
 */
import { CodedError } from '../../proto/errors.js';
import type { Frame } from '../../query/frame.js';
import { frameBytes } from '../../query/frame-codec.js';
import { cellColumn } from '../../query/frame-build.js';
import { notJoinable, sourceText } from '../../query/native/datasource.js';
import type { NativeQuery } from '../../query/native/model.js';
import { leafOf, type PendingSource } from '../../query/native/source.js';
import type { Slice } from './route.js';

/** The map of a registered lookup; undefined when there is none of that name. */
export type LookupOf = (name: string) => ReadonlyMap<string, string | null> | undefined;

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
  lookupOf: LookupOf | undefined,
  run: RunInner,
): Promise<Frame[]> {
  const frames: Frame[] = [];
  const rowsMax = query.context.maxSubqueryRows ?? Infinity;
  const bytesMax = byteLimit(query);
  let rows = 0;
  let bytes = 0;
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

function byteLimit(query: NativeQuery): number | undefined {
  const given = Number(query.context.given['maxSubqueryBytes'] ?? Number.NaN);
  return Number.isFinite(given) && given > 0 ? given : undefined;
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

/** Columns k and v. A lookup nobody registered has no rows, but nothing can be joined with it. */
function lookupFrame(
  query: NativeQuery,
  pending: Extract<PendingSource, { type: 'lookup' }>,
  map: ReadonlyMap<string, string | null> | undefined,
): Frame {
  const isStreamed = query.source !== undefined && leafOf(query.source) === pending;
  if (map === undefined && !isStreamed) throw notJoinable(sourceText(pending));
  const entries = [...(map ?? [])];
  return {
    rows: entries.length,
    columns: [
      cellColumn(
        'k',
        'STRING',
        entries.map(([key]) => key),
      ),
      cellColumn(
        'v',
        'STRING',
        entries.map(([, value]) => value),
      ),
    ],
  };
}

const weekMs = 7 * 86_400_000;

/** Of the segments a query may look at those it has to. */
export function wantedSlices(query: NativeQuery, slices: Slice[]): Slice[] {
  if (slices.length === 0) return slices;
  switch (query.queryType) {
    case 'dataSourceMetadata': {
      // No earlier segment can hold a later time.
      const startMs = Math.max(...slices.map(({ segment }) => segment.interval.startMs));
      return slices.filter(({ segment }) => segment.interval.endMs > startMs);
    }
    case 'segmentMetadata': {
      if (!query.usesDefaultInterval) return slices;
      const startMs = Math.max(...slices.map(({ segment }) => segment.interval.endMs)) - weekMs;
      return slices.filter(({ segment }) => segment.interval.endMs > startMs);
    }
    default:
      return slices;
  }
}
