/** Lock rows, as the lock-box decided them. */
import type { LockRow, OpInput, OpOutput, TaskLock } from '../../../proto/metadata.js';
import type { Tx } from '../store.js';
import { bounded, pageLimit, text } from './rows.js';
import { requireActive } from './active-tasks.js';

interface LockTableRow {
  readonly id: number;
  readonly task_id: string;
  readonly lock_payload: unknown;
}

// A Druid installation's rows may lack fields with a default; a row that is no JSON at all fails its reader.
function toLock(payload: string): TaskLock {
  const lock = JSON.parse(payload) as Partial<TaskLock>;
  return {
    granularity: 'timeChunk',
    type: lock.type ?? 'EXCLUSIVE',
    groupId: lock.groupId ?? '',
    dataSource: lock.dataSource ?? '',
    interval: lock.interval ?? '',
    version: lock.version ?? '',
    priority: lock.priority ?? 0,
    revoked: lock.revoked ?? false,
  };
}
const toRow = (row: LockTableRow): LockRow => ({
  lockId: row.id,
  taskId: row.task_id,
  lock: toLock(text(row.lock_payload)),
});

export async function locksOf(tx: Tx, taskId: string): Promise<readonly LockRow[]> {
  const rows = await tx<LockTableRow>('druid_tasklocks').where({ task_id: taskId }).orderBy('id').forUpdate();
  return rows.map(toRow);
}

/** A row that can't be read is left out: it must not keep an overlord from starting. */
export async function listLocks(tx: Tx, input: OpInput<'listLocks'>): Promise<OpOutput<'listLocks'>> {
  const limit = pageLimit(input);
  const query = tx<LockTableRow>('druid_tasklocks').orderBy('id').limit(limit);
  if (input.taskId !== undefined) void query.where({ task_id: input.taskId });
  if (input.after !== undefined && input.after !== null) void query.where('id', '>', Number(input.after));
  const rows = await query;
  const locks = rows.flatMap((row) => {
    try {
      return [toRow(row)];
    } catch {
      return [];
    }
  });
  const last = rows.at(-1);
  return { locks, next: rows.length < limit || last === undefined ? null : String(last.id) };
}

export async function applyLocks(tx: Tx, input: OpInput<'applyLocks'>): Promise<OpOutput<'applyLocks'>> {
  await requireActive(tx, input.taskId);
  const revoke = [...bounded(input.revoke, 'revoke')];
  const rows = await tx<LockTableRow>('druid_tasklocks').whereIn('id', revoke).forUpdate();
  for (const row of rows) {
    const lock: TaskLock = { ...toLock(text(row.lock_payload)), revoked: true };
    await tx('druid_tasklocks')
      .where({ id: row.id })
      .update({ lock_payload: JSON.stringify(lock) });
  }
  if (input.insert === null) return { lockId: null };
  const [lockId] = (await tx('druid_tasklocks').insert({
    task_id: input.taskId,
    lock_payload: JSON.stringify(input.insert),
  })) as number[];
  return { lockId: lockId ?? null };
}

export async function deleteLocks(tx: Tx, input: OpInput<'deleteLocks'>): Promise<OpOutput<'deleteLocks'>> {
  const deleted = await tx('druid_tasklocks')
    .whereIn('id', [...bounded(input.lockIds, 'lockIds')])
    .delete();
  return { deleted };
}
