/** Partition numbers: handed out once, never again, whatever becomes of the rows. */
import { CodedError, invalidInput } from '../../../proto/errors.js';
import type { AllocatedSegment, AllocateInput, OpInput, OpOutput } from '../../../proto/metadata.js';
import type { Tx } from '../store.js';
import { requireActive } from './active-tasks.js';
import { contains, overlaps, sha1, text } from './rows.js';
import { whereOverlaps, type SegmentTableRow } from './segment-rows.js';

interface PendingRow {
  readonly id: string;
  readonly dataSource: string;
  readonly start: string;
  readonly end: string;
  readonly payload: unknown;
}
interface PendingPayload {
  readonly dataSource: string;
  readonly interval: string;
  readonly version: string;
  readonly shardSpec: { readonly type: string; readonly partitionNum: number; readonly partitions: number };
}
type Chunk = Pick<AllocatedSegment, 'dataSource' | 'version' | 'interval'>;

const chunkKey = (dataSource: string, start: string, end: string, version: string): string =>
  sha1(dataSource, start, end, version);

/** `datasource_start_end_version`, with `_N` behind it from partition 1 on. */
export function segmentId(chunk: Chunk, partitionNum: number): string {
  const base = `${chunk.dataSource}_${chunk.interval.start}_${chunk.interval.end}_${chunk.version}`;
  return partitionNum === 0 ? base : `${base}_${partitionNum}`;
}

/** Of an id whose chunk is known; 0 when nothing follows the version. */
export function partitionOf(id: string, chunk: Chunk): number {
  const rest = id.slice(segmentId(chunk, 0).length);
  if (rest === '') return 0;
  const number = Number(rest.slice(1));
  if (!rest.startsWith('_') || !Number.isInteger(number)) {
    throw invalidInput(`segment id[${id}] does not belong to its interval and version`, 'id');
  }
  return number;
}

function chunkOf(row: Pick<SegmentTableRow, 'dataSource' | 'start' | 'end' | 'version'>): Chunk {
  return { dataSource: row.dataSource, version: row.version, interval: { start: row.start, end: row.end } };
}

/** Called before rows are deleted: their numbers are not given again. */
export async function keepPartitionsTaken(
  tx: Tx,
  rows: readonly Pick<SegmentTableRow, 'id' | 'dataSource' | 'start' | 'end' | 'version'>[],
): Promise<void> {
  const next = new Map<string, number>();
  for (const row of rows) {
    const key = chunkKey(row.dataSource, row.start, row.end, row.version);
    next.set(key, Math.max(next.get(key) ?? 0, partitionOf(row.id, chunkOf(row)) + 1));
  }
  for (const [key, value] of next) {
    const mark = await readMark(tx, key);
    if (value <= mark) continue;
    await tx('grove_partition_mark')
      .insert({ chunk_sha1: key, next_partition: value })
      .onConflict('chunk_sha1')
      .merge();
  }
}

async function readMark(tx: Tx, key: string): Promise<number> {
  const row = (await tx('grove_partition_mark').where({ chunk_sha1: key }).first('next_partition')) as
    | { readonly next_partition: number }
    | undefined;
  return row?.next_partition ?? 0;
}

function fromPayload(id: string, payload: PendingPayload): AllocatedSegment {
  const [start = '', end = ''] = payload.interval.split('/');
  return {
    id,
    dataSource: payload.dataSource,
    interval: { start, end },
    version: payload.version,
    partitionNum: payload.shardSpec.partitionNum,
    corePartitions: payload.shardSpec.partitions,
  };
}

/** What this sequence was given before, or undefined. */
async function earlierAllocation(tx: Tx, input: AllocateInput): Promise<AllocatedSegment | undefined> {
  const query = tx<PendingRow>('druid_pendingSegments').where({
    dataSource: input.dataSource,
    sequence_name: input.sequenceName,
  } as never);
  if (input.skipLineageCheck) void query.where({ start: input.start, end: input.end });
  else void query.where({ sequence_prev_id: input.previousSegmentId } as never);
  const row = await query.orderBy('created_date', 'desc').first();
  if (row === undefined) return undefined;
  if (row.start !== input.start || row.end !== input.end) {
    throw new CodedError(
      'Conflict',
      `Sequence[${input.sequenceName}] was given segment[${row.id}] of another interval before`,
      { segmentId: row.id },
    );
  }
  return fromPayload(row.id, JSON.parse(text(row.payload)) as PendingPayload);
}

interface ChunkVersion {
  readonly version: string;
  readonly corePartitions: number;
}

/** The version that stands for this chunk among used segments; undefined when there is none. */
async function standingVersion(tx: Tx, input: AllocateInput): Promise<ChunkVersion | undefined> {
  const query = tx<SegmentTableRow>('druid_segments').where({ dataSource: input.dataSource, used: true });
  whereOverlaps(query, input);
  const rows = (await query.select('id', 'start', 'end', 'version', 'payload')).filter((row) =>
    overlaps(row, input),
  );
  const same = rows.filter((row) => row.start === input.start && row.end === input.end);
  const newest = same.reduce((max, row) => (row.version > max ? row.version : max), '');
  const other = rows.find(
    (row) =>
      (row.start !== input.start || row.end !== input.end) && !(contains(input, row) && row.version < newest),
  );
  if (other !== undefined) {
    throw new CodedError(
      'Conflict',
      `interval[${input.start}/${input.end}] overlaps used segments of interval[${other.start}/${other.end}]`,
      { interval: `${other.start}/${other.end}` },
    );
  }
  const sample = same.find((row) => row.version === newest);
  if (sample === undefined) return undefined;
  const { shardSpec } = JSON.parse(text(sample.payload)) as {
    shardSpec?: { type?: string; partitions?: number };
  };
  if (shardSpec?.type === 'single' && shardSpec.partitions === undefined) {
    throw new CodedError(
      'Conflict',
      `Segments of version[${newest}] with shard type single can't be appended to`,
    );
  }
  return { version: newest, corePartitions: shardSpec?.partitions ?? 0 };
}

/** One above every number ever given in this chunk: used, unused, pending and deleted rows count. */
async function nextPartition(tx: Tx, chunk: Chunk): Promise<number> {
  const { dataSource, interval, version } = chunk;
  const where = { dataSource, start: interval.start, end: interval.end };
  const rows = await tx<SegmentTableRow>('druid_segments')
    .where({ ...where, version })
    .select('id');
  const pending = await tx<PendingRow>('druid_pendingSegments').where(where).select('id', 'payload');
  const ofVersion = pending.filter(
    (row) => (JSON.parse(text(row.payload)) as PendingPayload).version === version,
  );
  let next = await readMark(tx, chunkKey(dataSource, interval.start, interval.end, version));
  for (const row of [...rows, ...ofVersion]) next = Math.max(next, partitionOf(row.id, chunk) + 1);
  return next;
}

export async function allocateSegment(
  tx: Tx,
  input: OpInput<'allocateSegment'>,
): Promise<OpOutput<'allocateSegment'>> {
  await requireActive(tx, input.taskId);
  const before = await earlierAllocation(tx, input);
  if (before !== undefined) return { segment: before };
  const standing = await standingVersion(tx, input);
  const interval = { start: input.start, end: input.end };
  const version = standing?.version ?? input.versionIfNew;
  const chunk: Chunk = { dataSource: input.dataSource, version, interval };
  const partitionNum = await nextPartition(tx, chunk);
  const corePartitions = standing?.corePartitions ?? 0;
  const payload: PendingPayload = {
    dataSource: input.dataSource,
    interval: `${input.start}/${input.end}`,
    version,
    shardSpec: { type: 'numbered', partitionNum, partitions: corePartitions },
  };
  const id = segmentId(chunk, partitionNum);
  await tx('druid_pendingSegments').insert({
    id,
    dataSource: input.dataSource,
    created_date: input.nowDate,
    start: input.start,
    end: input.end,
    sequence_name: input.sequenceName,
    sequence_prev_id: input.previousSegmentId,
    sequence_name_prev_id_sha1: input.skipLineageCheck
      ? sha1(input.dataSource, input.sequenceName, input.start, input.end, version)
      : sha1(input.dataSource, input.sequenceName, input.previousSegmentId, version),
    payload: JSON.stringify(payload),
    task_allocator_id: input.taskId,
  });
  return { segment: fromPayload(id, payload) };
}

/** What a task that has ended was given and did not publish is of no use to anyone. */
export async function deletePendingOf(tx: Tx, taskId: string): Promise<void> {
  const rows = await tx<PendingRow>('druid_pendingSegments').where({ task_allocator_id: taskId } as never);
  await deletePendingRows(tx, rows);
}

export async function deletePendingSegments(
  tx: Tx,
  input: OpInput<'deletePendingSegments'>,
): Promise<OpOutput<'deletePendingSegments'>> {
  const query = tx<PendingRow>('druid_pendingSegments').where({ dataSource: input.dataSource });
  if (input.interval !== undefined) whereOverlaps(query, input.interval);
  const { interval } = input;
  const rows = (await query).filter((row) => interval === undefined || contains(interval, row));
  await deletePendingRows(tx, rows);
  return { deleted: rows.length };
}

async function deletePendingRows(tx: Tx, rows: readonly PendingRow[]): Promise<void> {
  const chunks = rows.map((row) => ({
    id: row.id,
    dataSource: row.dataSource,
    start: row.start,
    end: row.end,
    version: (JSON.parse(text(row.payload)) as PendingPayload).version,
  }));
  await keepPartitionsTaken(tx, chunks);
  for (let at = 0; at < rows.length; at += 500) {
    const ids = rows.slice(at, at + 500).map((row) => row.id);
    await tx('druid_pendingSegments').whereIn('id', ids).delete();
  }
}
