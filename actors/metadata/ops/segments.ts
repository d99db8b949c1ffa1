/** Reading, marking and deleting segment rows. */
import { invalidInput } from '../../../proto/errors.js';
import type { MarkInput, OpInput, OpOutput } from '../../../proto/metadata.js';
import {
  identifierOf,
  parseDataSegmentText,
  type DataSegment,
} from '../../../segment/timeline/data-segment.js';
import { Timeline } from '../../../segment/timeline/timeline.js';
import type { Tx } from '../store.js';
import { keepPartitionsTaken } from './allocation.js';
import { toSegmentRow, whereOverlaps, type SegmentTableRow } from './segment-rows.js';
import {
  bounded,
  bumpSegmentsRevision,
  contains,
  overlaps,
  pageLimit,
  segmentsRevision,
  text,
} from './rows.js';

export async function readUsedSegments(
  tx: Tx,
  input: OpInput<'readUsedSegments'>,
): Promise<OpOutput<'readUsedSegments'>> {
  const limit = pageLimit(input);
  const { dataSource, after } = input;
  const intervals = input.intervals === undefined ? undefined : bounded(input.intervals, 'intervals');
  const revision = await segmentsRevision(tx);
  if (intervals?.length === 0) return { segments: [], next: null, revision };
  const query = tx<SegmentTableRow>('druid_segments').where({ used: true });
  if (dataSource !== undefined) void query.where({ dataSource });
  if (after !== undefined && after !== null) void query.where('id', '>', after);
  if (intervals !== undefined) {
    void query.where((any) => {
      for (const interval of intervals) void any.orWhere((one) => whereOverlaps(one, interval));
    });
  }
  const rows = await query.orderBy('id').limit(limit);
  const found = rows.map(toSegmentRow);
  const segments =
    intervals === undefined
      ? found
      : found.filter((row) => intervals.some((interval) => overlaps(row, interval)));
  return { segments, next: rows.length < limit ? null : (rows.at(-1)?.id ?? null), revision };
}

export async function readUnusedSegments(
  tx: Tx,
  input: OpInput<'readUnusedSegments'>,
): Promise<OpOutput<'readUnusedSegments'>> {
  const limit = pageLimit(input);
  const { dataSource, interval, versions, usedStatusLastUpdatedMax, newestFirst = false, after } = input;
  const query = tx<SegmentTableRow>('druid_segments').where({ used: false, dataSource });
  if (interval !== undefined) whereOverlaps(query, interval);
  if (versions !== undefined) void query.whereIn('version', [...bounded(versions, 'versions')]);
  if (usedStatusLastUpdatedMax !== undefined) {
    void query.where('used_status_last_updated', '<=', usedStatusLastUpdatedMax);
  }
  if (after !== undefined && after !== null) void query.where('id', newestFirst ? '<' : '>', after);
  const rows = await query.orderBy('id', newestFirst ? 'desc' : 'asc').limit(limit);
  const segments = rows.map(toSegmentRow).filter((row) => interval === undefined || contains(interval, row));
  return { segments, next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) };
}

export async function readSegments(
  tx: Tx,
  input: OpInput<'readSegments'>,
): Promise<OpOutput<'readSegments'>> {
  const ids = [...bounded(input.segmentIds, 'segmentIds')];
  const rows = await tx<SegmentTableRow>('druid_segments').whereIn('id', ids).orderBy('id');
  return { segments: rows.map(toSegmentRow) };
}

export async function readSegmentsRevision(tx: Tx): Promise<OpOutput<'readSegmentsRevision'>> {
  return { revision: await segmentsRevision(tx) };
}

export async function readNewestVersion(
  tx: Tx,
  input: OpInput<'readNewestVersion'>,
): Promise<OpOutput<'readNewestVersion'>> {
  const query = tx<SegmentTableRow>('druid_segments').where({ dataSource: input.dataSource, used: true });
  whereOverlaps(query, input.interval);
  const rows = await query.select('start', 'end').max('version as newest').groupBy('start', 'end');
  const found = rows as unknown as readonly { start: string; end: string; newest: string }[];
  const versions = found.filter((row) => overlaps(row, input.interval)).map((row) => row.newest);
  return { version: versions.toSorted().at(-1) ?? null };
}

export async function listDataSources(
  tx: Tx,
  input: OpInput<'listDataSources'>,
): Promise<OpOutput<'listDataSources'>> {
  const query = tx<SegmentTableRow>('druid_segments').distinct('dataSource').orderBy('dataSource');
  if (input.includeUnused !== true) void query.where({ used: true });
  const rows = (await query) as readonly { readonly dataSource: string }[];
  return { dataSources: rows.map((row) => row.dataSource) };
}

type MarkRow = Pick<SegmentTableRow, 'id' | 'start' | 'end' | 'payload'>;

async function rowsToMark(tx: Tx, input: MarkInput, used: boolean): Promise<readonly MarkRow[]> {
  if (input.segmentIds !== undefined && input.interval !== undefined) {
    throw invalidInput('Only one of segmentIds and interval may be given', 'interval');
  }
  const query = tx<SegmentTableRow>('druid_segments')
    .where({ dataSource: input.dataSource, used })
    .select('id', 'start', 'end', 'payload')
    .forUpdate();
  if (input.segmentIds !== undefined) void query.whereIn('id', [...bounded(input.segmentIds, 'segmentIds')]);
  if (input.interval !== undefined) whereOverlaps(query, input.interval);
  if (input.versions !== undefined) void query.whereIn('version', [...bounded(input.versions, 'versions')]);
  const rows = await query;
  const { interval } = input;
  return interval === undefined ? rows : rows.filter((row) => contains(interval, row));
}

async function setUsed(tx: Tx, ids: readonly string[], used: boolean, nowDate: string): Promise<void> {
  for (let at = 0; at < ids.length; at += 500) {
    await tx('druid_segments')
      .whereIn('id', ids.slice(at, at + 500))
      .update({ used, used_status_last_updated: nowDate });
  }
  if (ids.length > 0) await bumpSegmentsRevision(tx);
}

export async function markSegmentsUnused(
  tx: Tx,
  input: OpInput<'markSegmentsUnused'>,
): Promise<OpOutput<'markSegmentsUnused'>> {
  const rows = await rowsToMark(tx, input, true);
  const ids = rows.map((row) => row.id);
  await setUsed(tx, ids, false, input.nowDate);
  // "Loaded once" holds since it became used: marked used again, a segment is answered only when it is loaded again.
  for (let at = 0; at < ids.length; at += 500) {
    await tx('grove_queryable')
      .whereIn('segment_id', ids.slice(at, at + 500))
      .delete();
  }
  return { changed: ids.length };
}

/** Segments that complete newer versions hide stay unused: marking them would show nothing. */
export async function markSegmentsUsed(
  tx: Tx,
  input: OpInput<'markSegmentsUsed'>,
): Promise<OpOutput<'markSegmentsUsed'>> {
  const rows = await rowsToMark(tx, input, false);
  const used = await tx<SegmentTableRow>('druid_segments')
    .where({ dataSource: input.dataSource, used: true })
    .select('id', 'payload');
  const ids = visibleIds(rows, used);
  await setUsed(tx, ids, true, input.nowDate);
  return { changed: ids.length };
}

type PayloadRow = Pick<SegmentTableRow, 'id' | 'payload'>;

/** Ids of the candidates that would answer for something if they were used beside `used`. */
function visibleIds(candidates: readonly PayloadRow[], used: readonly PayloadRow[]): string[] {
  const timeline = new Timeline<DataSegment>();
  for (const row of [...used, ...candidates]) timeline.add(parseDataSegmentText(text(row.payload)));
  const hidden = new Set(timeline.overshadowed().map(identifierOf));
  return candidates.map((row) => row.id).filter((id) => !hidden.has(id));
}

export async function deleteUnusedSegments(
  tx: Tx,
  input: OpInput<'deleteUnusedSegments'>,
): Promise<OpOutput<'deleteUnusedSegments'>> {
  const ids = [...bounded(input.segmentIds, 'segmentIds')];
  const rows = await tx<SegmentTableRow>('druid_segments')
    .where({ dataSource: input.dataSource, used: false })
    .whereIn('id', ids)
    .forUpdate();
  const deleted = rows.map((row) => row.id);
  if (deleted.length === 0) return { deleted, sharing: [] };
  await keepPartitionsTaken(tx, rows);
  await tx('druid_segments').whereIn('id', deleted).delete();
  await tx('grove_queryable').whereIn('segment_id', deleted).delete();
  await bumpSegmentsRevision(tx);
  return { deleted, sharing: await stillStoodOn(tx, rows) };
}

/** An upgraded segment has the files of the one it came from: either may go first, the files only with the last. */
async function stillStoodOn(tx: Tx, gone: readonly SegmentTableRow[]): Promise<string[]> {
  const rootOf = (row: SegmentTableRow): string => row.upgraded_from_segment_id ?? row.id;
  const roots = [...new Set(gone.map(rootOf))];
  const left = await tx<SegmentTableRow>('druid_segments')
    .whereIn('id', roots)
    .orWhereIn('upgraded_from_segment_id', roots)
    .select('id', 'upgraded_from_segment_id');
  const needed = new Set(left.map((row) => row.upgraded_from_segment_id ?? row.id));
  return gone.filter((row) => needed.has(rootOf(row))).map((row) => row.id);
}

export async function markQueryable(
  tx: Tx,
  input: OpInput<'markQueryable'>,
): Promise<OpOutput<'markQueryable'>> {
  const ids = [...new Set(bounded(input.segmentIds, 'segmentIds'))];
  const known = (await tx('grove_queryable').whereIn('segment_id', ids)) as readonly {
    readonly segment_id: string;
  }[];
  const there = new Set(known.map((row) => row.segment_id));
  // A segment that became unused meanwhile gets no mark: it would outlive its reason.
  const used = await tx<SegmentTableRow>('druid_segments')
    .whereIn('id', ids)
    .where({ used: true })
    .select('id');
  const isUsed = new Set(used.map((row) => row.id));
  const fresh = ids.filter((id) => isUsed.has(id) && !there.has(id));
  for (let at = 0; at < fresh.length; at += 500) {
    await tx('grove_queryable').insert(fresh.slice(at, at + 500).map((id) => ({ segment_id: id })));
  }
  if (fresh.length > 0) await bumpSegmentsRevision(tx);
  return { added: fresh.length };
}

export async function filterQueryable(
  tx: Tx,
  input: OpInput<'filterQueryable'>,
): Promise<OpOutput<'filterQueryable'>> {
  const ids = [...bounded(input.segmentIds, 'segmentIds')];
  const rows = await tx<{ segment_id: string }>('grove_queryable').whereIn('segment_id', ids);
  return { segmentIds: rows.map((row) => row.segment_id) };
}

export async function readQueryable(
  tx: Tx,
  input: OpInput<'readQueryable'>,
): Promise<OpOutput<'readQueryable'>> {
  const limit = pageLimit(input);
  const query = tx<{ segment_id: string }>('grove_queryable').orderBy('segment_id').limit(limit);
  if (input.after !== undefined && input.after !== null) void query.where('segment_id', '>', input.after);
  const segmentIds = (await query).map((row) => row.segment_id);
  return { segmentIds, next: segmentIds.length < limit ? null : (segmentIds.at(-1) ?? null) };
}
