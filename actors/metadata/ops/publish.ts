/** The publish transaction: lock check, offsets and segment rows, all or nothing. */
import { CodedError, invalidInput } from '../../../proto/errors.js';
import type { NewSegment, OpInput, OpOutput, PublishInput, TaskLock } from '../../../proto/metadata.js';
import type { Tx } from '../store.js';
import { locksOf } from './locks.js';
import { contains, parseInterval } from '../../../segment/timeline/interval.js';
import { bounded, bumpSegmentsRevision, sha1, text } from './rows.js';
import type { SegmentTableRow } from './segment-rows.js';
import { requireActive } from './active-tasks.js';

/** Does this lock permit publishing that segment? Appends keep the version of the chunk they append to. */
export function lockCovers(lock: TaskLock, dataSource: string, segment: NewSegment): boolean {
  return (
    !lock.revoked &&
    lock.dataSource === dataSource &&
    (lock.type === 'APPEND' || lock.version >= segment.version) &&
    contains(parseInterval(lock.interval), parseInterval(`${segment.start}/${segment.end}`))
  );
}

async function checkLocks(tx: Tx, input: PublishInput): Promise<void> {
  const locks = await locksOf(tx, input.taskId);
  for (const segment of input.segments) {
    if (locks.some(({ lock }) => lockCovers(lock, input.dataSource, segment))) continue;
    throw new CodedError(
      'LockRevoked',
      `Task[${input.taskId}] holds no lock that is in force for interval[${segment.start}/${segment.end}] ` +
        `and version[${segment.version}]`,
      { taskId: input.taskId },
    );
  }
}

interface OffsetsRow {
  readonly commit_metadata_payload: unknown;
}

async function swapOffsets(tx: Tx, input: PublishInput): Promise<void> {
  const { offsets, dataSource } = input;
  if (offsets === undefined) return;
  const row = (await tx('druid_dataSource')
    .where({ dataSource })
    .forUpdate()
    .first('commit_metadata_payload')) as OffsetsRow | undefined;
  const stored = row === undefined ? null : text(row.commit_metadata_payload);
  if (stored !== offsets.start) {
    throw new CodedError(
      'Conflict',
      `The stored stream offsets of datasource[${dataSource}] are not the task's start`,
    );
  }
  await tx('druid_dataSource')
    .insert({
      dataSource,
      created_date: input.nowDate,
      commit_metadata_payload: offsets.end,
      commit_metadata_sha1: sha1(offsets.end),
    })
    .onConflict('dataSource')
    .merge(['commit_metadata_payload', 'commit_metadata_sha1']);
}

/** True when every row is there already, just so: the same call once more. */
async function alreadyPublished(tx: Tx, segments: readonly NewSegment[]): Promise<boolean> {
  const ids = segments.map((segment) => segment.id);
  const rows = await tx<SegmentTableRow>('druid_segments').whereIn('id', ids).select('id', 'payload');
  if (rows.length === 0) return false;
  const stored = new Map(rows.map((row) => [row.id, text(row.payload)]));
  const other = segments.find((segment) => stored.get(segment.id) !== segment.payload);
  if (other === undefined) return true;
  throw new CodedError(
    'Conflict',
    `Segment[${[...stored.keys()][0]}] has been published before with other content`,
    {
      segmentId: other.id,
    },
  );
}

/** For {@link finishTask}: however the task's process ends, its rows are there. */
async function notePublished(tx: Tx, { taskId, nowDate }: PublishInput): Promise<void> {
  await tx('grove_task_published')
    .insert({ task_id: taskId, published_date: nowDate })
    .onConflict('task_id')
    .ignore();
}

export async function publishSegments(
  tx: Tx,
  input: OpInput<'publishSegments'>,
): Promise<OpOutput<'publishSegments'>> {
  const segments = bounded(input.segments, 'segments');
  if (new Set(segments.map((segment) => segment.id)).size !== segments.length) {
    throw invalidInput('segments holds an id twice', 'segments');
  }
  await requireActive(tx, input.taskId);
  if (segments.length > 0 && input.offsets === undefined) await notePublished(tx, input);
  if (segments.length > 0 && (await alreadyPublished(tx, segments))) return { published: [] };
  await checkLocks(tx, input);
  await swapOffsets(tx, input);
  const rows = segments.map((segment) => ({
    id: segment.id,
    dataSource: input.dataSource,
    created_date: input.nowDate,
    start: segment.start,
    end: segment.end,
    partitioned: true,
    version: segment.version,
    used: true,
    payload: segment.payload,
    used_status_last_updated: input.nowDate,
  }));
  for (let at = 0; at < rows.length; at += 200) await tx('druid_segments').insert(rows.slice(at, at + 200));
  if (rows.length > 0) await bumpSegmentsRevision(tx);
  return { published: segments.map((segment) => segment.id) };
}
