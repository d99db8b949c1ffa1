/** File steps that survive a power cut: what they promise is on disk when their promise resolves. */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CodedError } from '../../proto/errors.js';

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes `dir` and its parents; every new entry is flushed in its parent. */
export async function makeDirDurably(dir: string): Promise<void> {
  const firstMade = await mkdir(dir, { recursive: true });
  if (firstMade === undefined) return;
  for (let at = dir; at.length >= firstMade.length; at = dirname(at)) await syncPath(dirname(at));
}

export interface FileSize {
  readonly name: string;
  readonly size: number;
}

/** The regular files of a flat directory, by name. Subfolders, links and other things are StorageFailure. */
export async function listFlatFiles(dir: string): Promise<FileSize[]> {
  const files: FileSize[] = [];
  for (const name of (await readdir(dir)).toSorted()) {
    const stat = await lstat(join(dir, name));
    if (!stat.isFile()) {
      throw new CodedError('StorageFailure', `Not a plain file in a segment directory: file[${name}]`);
    }
    files.push({ name, size: stat.size });
  }
  return files;
}

/** Copies and flushes; answers the sum of the sizes. Checks that each copy is as long as its source was. */
export async function copyFlatFiles(from: string, to: string, signal?: AbortSignal): Promise<number> {
  let total = 0;
  for (const { name, size } of await listFlatFiles(from)) {
    throwIfCanceled(signal);
    const target = join(to, name);
    await copyFile(join(from, name), target, constants.COPYFILE_FICLONE);
    const copied = (await lstat(target)).size;
    if (copied !== size) {
      throw new CodedError('StorageFailure', `Copied ${copied} of ${size} bytes of file[${name}]`);
    }
    await syncPath(target);
    total += size;
  }
  await syncPath(to);
  return total;
}

export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

export function throwIfCanceled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new CodedError('Canceled', 'Stopped before the end');
}

/** Any error of the file system as StorageFailure; coded errors stay what they are. */
export function storageError(thrown: unknown, doing: string): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'error';
  return new CodedError('StorageFailure', `${doing} failed: ${code}`, { reason: code }, thrown);
}
