/** Logs and reports of tasks that have ended, under Druid's file names. Shared by overlord and middle manager. */
import fs from 'node:fs';
import path from 'node:path';
import { asCoded, CodedError } from '../proto/errors.js';

export interface TaskLogs {
  /** Takes over the content of `file`. Errors: StorageFailure. */
  putLog(taskId: string, file: string): Promise<void>;
  /** `json` = Druid's report object. */
  putReport(taskId: string, json: string): Promise<void>;
  /** Bytes from `offset` on (negative: that many from the end), at most `bytesMax`; undefined = there is none. */
  readLog(taskId: string, offset: number, bytesMax: number): Promise<Uint8Array | undefined>;
  readReport(taskId: string): Promise<string | undefined>;
}

/** Ids are checked when a task is submitted; a name that could leave the folder is refused here all the same. */
function fileName(taskId: string, ending: string): string {
  if (taskId === '' || taskId.startsWith('.') || /[/\\\0]/.test(taskId)) {
    throw new CodedError('InvalidInput', 'A task id must not hold a path', { field: 'taskId' });
  }
  return `${taskId}.${ending}`;
}

/** Part of a file as `readLog` describes it. */
export async function readFilePart(
  file: string,
  offset: number,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  let handle: fs.promises.FileHandle;
  try {
    handle = await fs.promises.open(file, 'r');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CodedError(
      'StorageFailure',
      `A task's log can't be read: ${asCoded(thrown).message}`,
      {},
      thrown,
    );
  }
  try {
    const { size } = await handle.stat();
    const from = Math.min(size, offset < 0 ? Math.max(0, size + offset) : offset);
    const bytes = new Uint8Array(Math.min(bytesMax, size - from));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A folder of this machine (or one that all machines share). */
export function createLocalTaskLogs(dir: string): TaskLogs {
  const write = async (name: string, fill: (temporary: string) => Promise<void>): Promise<void> => {
    const target = path.join(dir, name);
    try {
      await fs.promises.mkdir(dir, { recursive: true });
      await fill(`${target}.tmp`);
      await fs.promises.rename(`${target}.tmp`, target);
    } catch (thrown) {
      throw new CodedError(
        'StorageFailure',
        `File[${name}] can't be stored: ${asCoded(thrown).message}`,
        {},
        thrown,
      );
    }
  };
  return {
    putLog: (taskId, file) => write(fileName(taskId, 'log'), (to) => fs.promises.copyFile(file, to)),
    putReport: (taskId, json) =>
      write(fileName(taskId, 'report.json'), (to) => fs.promises.writeFile(to, json)),
    readLog: (taskId, offset, bytesMax) =>
      readFilePart(path.join(dir, fileName(taskId, 'log')), offset, bytesMax),
    readReport: async (taskId) => {
      try {
        return await fs.promises.readFile(path.join(dir, fileName(taskId, 'report.json')), 'utf8');
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw new CodedError(
          'StorageFailure',
          `A task's report can't be read: ${asCoded(thrown).message}`,
          {},
          thrown,
        );
      }
    },
  };
}
