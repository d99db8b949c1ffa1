/**
 * Where sub-tasks leave what they made for their supervisor and for each other: below deep storage, a folder for each
 * supervisor, in it one for each run of a sub-task. Nothing there is ever published; it goes with the supervisor.
 * A run also notes there which segment files it is about to push, so that they can be found when it dies without a
 * word. The notes go before anything is published: files that are noted still are of no use to anybody.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { asCoded, CodedError } from '../proto/errors.js';
import { LocalStorage } from '../segment/store/local-storage.js';

const SHUFFLE = 'shuffle-data';
const RESULT = 'result.json';
const PUSHES = 'pushes';

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
    return await ifThere(fs.readFile(path.join(folder, RESULT), 'utf8'));
  } catch (thrown) {
    const reason = asCoded(thrown).message;
    throw new CodedError('StorageFailure', `The result of a sub-task can't be read: ${reason}`, {}, thrown);
  }
}

/** Before a segment is pushed. `place`: its folder, relative to the root of deep storage. Throws StorageFailure. */
export async function notePush(folder: string, place: string): Promise<void> {
  try {
    await fs.mkdir(folder, { recursive: true });
    await fs.appendFile(path.join(folder, PUSHES), `${place}\n`, { flush: true });
  } catch (thrown) {
    const reason = asCoded(thrown).message;
    throw new CodedError('StorageFailure', `A push can't be noted: ${reason}`, {}, thrown);
  }
}

/** Undefined where there is no such file. What can't be read may well be there: that is an error. */
async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Removes the segment files that the run of this folder has noted, but for those in `kept` (relative to the root). */
async function removePushed(
  storageRoot: string,
  folder: string,
  kept: ReadonlySet<string> = new Set(),
): Promise<void> {
  const notes = (await ifThere(fs.readFile(path.join(folder, PUSHES), 'utf8'))) ?? '';
  const store = new LocalStorage({ root: storageRoot });
  // A note that was cut off by a crash has no end, and its push had not begun.
  for (const place of notes.split('\n').slice(0, -1)) {
    if (!kept.has(place)) await store.kill({ type: 'local', path: path.resolve(storageRoot, place) });
  }
}

/**
 * Everything the sub-tasks of this task left, the segments they pushed included: all but those in `kept` (folders
 * relative to the root). Throws StorageFailure: then something may still be there, and nothing may be published.
 */
export async function removeShuffle(
  storageRoot: string,
  supervisorTaskId: string,
  kept?: ReadonlySet<string>,
): Promise<void> {
  const folder = path.join(storageRoot, SHUFFLE, nameOf(supervisorTaskId));
  try {
    for (const run of (await ifThere(fs.readdir(folder))) ?? []) {
      await removePushed(storageRoot, path.join(folder, run), kept);
    }
    await fs.rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (thrown) {
    const reason = asCoded(thrown).message;
    throw new CodedError('StorageFailure', `What sub-tasks left can't be removed: ${reason}`, {}, thrown);
  }
}

/** What a run of a sub-task left that came to nothing, pushed or not; the supervisor's folder too when it was the last. */
export async function removeShuffleOf(storageRoot: string, subTaskId: string): Promise<void> {
  const root = path.join(storageRoot, SHUFFLE);
  for (const supervisor of (await ifThere(fs.readdir(root))) ?? []) {
    const folder = path.join(root, supervisor);
    await removePushed(storageRoot, path.join(folder, nameOf(subTaskId)));
    await fs.rm(path.join(folder, nameOf(subTaskId)), { recursive: true, force: true, maxRetries: 3 });
    // Not empty: others still have something there.
    await fs.rmdir(folder).catch(() => undefined);
  }
}
