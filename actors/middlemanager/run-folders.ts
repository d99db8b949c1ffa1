/**
 * The work folders of task processes: one folder a run, named after the task; what is found there at start. Beside
 * them `command-epoch.json`: cluster id and highest epoch obeyed.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import type { SeenEpoch } from '../command-fence.js';
import { peonFiles, readJsonFile, writeWhole, type PeonConfig, type PeonEnd } from '../peon-config.js';

export interface RunRecord {
  readonly config: PeonConfig;
  /** 0 when the process never wrote it. */
  readonly pid: number;
  readonly end: PeonEnd | undefined;
}

export class RunFolders {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Ids may hold anything a file name can't. */
  folderOf(taskId: string): string {
    const hash = createHash('sha1').update(taskId).digest('hex').slice(0, 10);
    const readable = taskId.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 100);
    return path.join(this.root, `run-${readable}-${hash}`);
  }

  get overlordFile(): string {
    return path.join(this.root, 'overlord.json');
  }

  writeOverlord(address: string): void {
    fs.mkdirSync(this.root, { recursive: true });
    writeWhole(this.overlordFile, JSON.stringify({ address }));
  }

  get #epochFile(): string {
    return path.join(this.root, 'command-epoch.json');
  }

  /** On the disk before the command is obeyed. */
  writeEpoch(seen: SeenEpoch): void {
    fs.mkdirSync(this.root, { recursive: true });
    writeWhole(this.#epochFile, JSON.stringify(seen), { durable: true });
  }

  readEpoch(): SeenEpoch {
    try {
      const { clusterId, epoch } = readJsonFile<Partial<SeenEpoch>>(this.#epochFile) ?? {};
      if (typeof clusterId === 'string' && typeof epoch === 'number') return { clusterId, epoch };
    } catch (thrown) {
      if (!(thrown instanceof CodedError)) throw thrown;
    }
    return { clusterId: '', epoch: 0 };
  }

  create(config: PeonConfig): void {
    fs.rmSync(config.folder, { recursive: true, force: true });
    fs.mkdirSync(config.folder, { recursive: true, mode: 0o700 });
    writeWhole(peonFiles.config(config.folder), JSON.stringify(config));
  }

  read(folder: string): RunRecord | undefined {
    const config = readJsonFile<PeonConfig>(peonFiles.config(folder));
    if (config === undefined) return undefined;
    const pid = Number(readJsonFile<number>(peonFiles.pid(folder)) ?? 0);
    return { config, pid, end: this.readEnd(folder) };
  }

  readEnd(folder: string): PeonEnd | undefined {
    return readJsonFile<PeonEnd>(peonFiles.end(folder));
  }

  /** Runs of an earlier middle manager. Folders that hold no readable run are removed. */
  found(): RunRecord[] {
    if (!fs.existsSync(this.root)) return [];
    const records: RunRecord[] = [];
    for (const name of fs.readdirSync(this.root).filter((entry) => entry.startsWith('run-'))) {
      const folder = path.join(this.root, name);
      let record: RunRecord | undefined;
      try {
        record = this.read(folder);
      } catch {
        record = undefined;
      }
      if (record === undefined) this.remove(folder);
      else records.push(record);
    }
    return records;
  }

  /** Out of the way at once; its files, which may be many and large, go meanwhile. */
  async discard(folder: string): Promise<void> {
    const gone = path.join(this.root, `gone-${path.basename(folder)}`);
    try {
      fs.renameSync(folder, gone);
    } catch (thrown) {
      // Not there any more, or one of that name is still on its way.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
        await rm(folder, { recursive: true, force: true });
    }
    await rm(gone, { recursive: true, force: true });
  }

  /** What was being discarded when an earlier middle manager ended. */
  async discardRest(): Promise<void> {
    const names = await readdir(this.root).catch(() => []);
    for (const name of names.filter((entry) => entry.startsWith('gone-')))
      await rm(path.join(this.root, name), { recursive: true, force: true });
  }

  remove(folder: string): void {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
