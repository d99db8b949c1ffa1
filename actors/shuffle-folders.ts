/**
 * Where sub-tasks leave what they made for their supervisor and for each other: below deep storage, a folder for each
 * supervisor, in it one for each run of a sub-task. Nothing there is ever published; it goes with the supervisor.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { asCoded, CodedError } from '../proto/errors.js';

const SHUFFLE = 'shuffle-data';
const RESULT = 'result.json';

/** Task ids hold neither slashes nor a leading dot; they are checked when a task is submitted. */
function nameOf(taskId: string): string {
  if (taskId === '' || taskId.startsWith('.') || /[/\\\0]/.test(taskId)) {
    throw new CodedError('InvalidInput', 'A task id must not hold a path', { field: 'taskId' });
  }
  return taskId;
}

export function shuffleFolder(storageRoot: string, supervisorTaskId: string, subTaskId: string): string {
  return path.join(storageRoot, SHUFFLE, nameOf(supervisorTaskId), nameOf(subTaskId));
}

/** Readers see it as a whole or not at all. Throws StorageFailure. */
export async function writeResult(folder: string, json: string): Promise<void> {
  const target = path.join(folder, RESULT);
  try {
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(`${target}.tmp`, json, { flush: true });
    await fs.rename(`${target}.tmp`, target);
  } catch (thrown) {
    const reason = asCoded(thrown).message;
    throw new CodedError('StorageFailure', `The result of a sub-task can't be stored: ${reason}`, {}, thrown);
  }
}

/** Undefined when the sub-task left none. */
export async function readResult(folder: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path.join(folder, RESULT), 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const reason = asCoded(thrown).message;
    throw new CodedError('StorageFailure', `The result of a sub-task can't be read: ${reason}`, {}, thrown);
  }
}

/** Everything the sub-tasks of this task left. */
export async function removeShuffle(storageRoot: string, supervisorTaskId: string): Promise<void> {
  const folder = path.join(storageRoot, SHUFFLE, nameOf(supervisorTaskId));
  await fs.rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** What a run of a sub-task left that came to nothing; the supervisor's folder too when it was the last. */
export async function removeShuffleOf(storageRoot: string, subTaskId: string): Promise<void> {
  const root = path.join(storageRoot, SHUFFLE);
  for (const supervisor of await fs.readdir(root).catch(() => [])) {
    const folder = path.join(root, supervisor);
    await fs.rm(path.join(folder, nameOf(subTaskId)), { recursive: true, force: true, maxRetries: 3 });
    // Not empty: others still have something there.
    await fs.rmdir(folder).catch(() => undefined);
  }
}
