/** Is a task still at work? The row is locked: it stays so until the transaction ends. */
import { CodedError } from '../../../proto/errors.js';
import type { Tx } from '../store.js';
import { flag } from './rows.js';

interface ActiveRow {
  readonly id: string;
  readonly active: boolean | number;
}

export async function isActive(tx: Tx, taskId: string): Promise<boolean> {
  const row = await tx<ActiveRow>('druid_tasks').where({ id: taskId }).forUpdate().first('active');
  return row !== undefined && flag(row.active);
}

/** A task that has ended (or never was) may change nothing any more. */
export async function requireActive(tx: Tx, taskId: string): Promise<void> {
  if (await isActive(tx, taskId)) return;
  throw new CodedError('NotFound', `Task[${taskId}] is not active`, { taskId });
}
