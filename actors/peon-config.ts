/** What a middle manager leaves for a task process in its work folder; plain JSON files, replaced as a whole. */
import fs from 'node:fs';
import path from 'node:path';
import { CodedError } from '../proto/errors.js';

/** `config.json`, the process's one argument. */
export interface PeonConfig {
  readonly taskId: string;
  readonly groupId: string;
  /** Of this run; another run of the same task is refused by the overlord. */
  readonly incarnation: string;
  readonly node: string;
  /** For calls to the overlord. */
  readonly token: string;
  readonly folder: string;
  /** File with the overlord's current address, see {@link OverlordAddress}. */
  readonly overlordFile: string;
  readonly deepStorage: DeepStorageConfig;
  /** Folders that local input sources may read. */
  readonly inputDirs: readonly string[];
  /** Hosts, addresses and networks that http sources may reach although they are private. */
  readonly inputHosts: readonly string[];
  /** Of the lookups that tasks use. */
  readonly lookupTier: string;
  readonly unsafeFaults: boolean;
  readonly logLevel: string;
  readonly beatMs: number;
  /** No overlord for so long ⇒ the task stops (before its publish). */
  readonly overlordPatienceMs: number;
}
export type DeepStorageConfig = { readonly type: 'local'; readonly root: string; readonly zip: boolean };

export interface OverlordAddress {
  /** host:port; '' while there is no leader. */
  readonly address: string;
}

/** `end.json`: how the process ended, written before the overlord is told. */
export interface PeonEnd {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly errorMessage: string;
}

export const peonFiles = {
  config: (folder: string): string => path.join(folder, 'config.json'),
  /** Text: the process id, written first of all by the process itself. */
  pid: (folder: string): string => path.join(folder, 'pid'),
  end: (folder: string): string => path.join(folder, 'end.json'),
  log: (folder: string): string => path.join(folder, 'log'),
  work: (folder: string): string => path.join(folder, 'work'),
} as const;

/** Readers see the old content or the new, never a part; `durable`: also after a power failure. */
export function writeWhole(
  file: string,
  content: string,
  options: { readonly durable?: boolean } = {},
): void {
  fs.writeFileSync(`${file}.tmp`, content, { mode: 0o600, flush: options.durable === true });
  fs.renameSync(`${file}.tmp`, file);
}

/** Undefined when it is not there. Throws InvalidInput when it is no JSON. */
export function readJsonFile<T>(file: string): T | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new CodedError('InvalidInput', `file[${path.basename(file)}] is not JSON`, {
      file: path.basename(file),
    });
  }
}
