/**
 * The segment cache on disk:
 *   segments/NAME/       the files of one segment, whole (renamed into place)
 *   info/NAME.json       its record; written last, removed first, so that a folder without one is not served
 *   command-epoch.json   cluster id and highest epoch obeyed
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { SeenEpoch } from '../command-fence.js';
import { identifierOf, parseDataSegmentText, type DataSegment } from '../../segment/timeline/data-segment.js';

export interface CachedSegment {
  readonly id: string;
  readonly segment: DataSegment;
  /** DataSegment JSON as the coordinator sent it. */
  readonly json: string;
}

const nameBytesMax = 200;

/** A file name for an id: readable while it fits, cut and hashed when not. */
export function cacheName(id: string): string {
  const name = encodeURIComponent(id).replace(/\*/g, '%2A');
  if (name.length <= nameBytesMax) return name;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 32);
  return `${name.slice(0, nameBytesMax - hash.length - 1)}~${hash}`;
}

/** Which folders are served and what is swept away, given what lies there. */
export function reconcileCache(
  folders: readonly string[],
  records: readonly { readonly name: string; readonly id: string | undefined }[],
): {
  readonly serve: readonly string[];
  readonly sweepFolders: readonly string[];
  readonly sweepRecords: readonly string[];
} {
  const there = new Set(folders);
  const serve: string[] = [];
  const sweepRecords: string[] = [];
  for (const { name, id } of records) {
    if (id !== undefined && cacheName(id) === name && there.has(name)) serve.push(name);
    else sweepRecords.push(name);
  }
  const kept = new Set(serve);
  return { serve, sweepFolders: folders.filter((name) => !kept.has(name)), sweepRecords };
}

export class SegmentCache {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  folderOf(id: string): string {
    return path.join(this.#dir, 'segments', cacheName(id));
  }
  #recordOf(name: string): string {
    return path.join(this.#dir, 'info', `${name}.json`);
  }

  /** Sweeps away what is not whole and answers what is. */
  async open(): Promise<readonly CachedSegment[]> {
    const segmentsDir = path.join(this.#dir, 'segments');
    const infoDir = path.join(this.#dir, 'info');
    await mkdir(segmentsDir, { recursive: true });
    await mkdir(infoDir, { recursive: true });
    const folders = await readdir(segmentsDir);
    const found = new Map<string, CachedSegment>();
    const records: { name: string; id: string | undefined }[] = [];
    for (const file of await readdir(infoDir)) {
      if (!file.endsWith('.json')) {
        await rm(path.join(infoDir, file), { recursive: true, force: true });
        continue;
      }
      const name = file.slice(0, -'.json'.length);
      const cached = await readRecord(path.join(infoDir, file));
      if (cached !== undefined) found.set(name, cached);
      records.push({ name, id: cached?.id });
    }
    const plan = reconcileCache(folders, records);
    for (const name of plan.sweepRecords) await rm(this.#recordOf(name), { force: true });
    for (const name of plan.sweepFolders) {
      await rm(path.join(segmentsDir, name), { recursive: true, force: true });
    }
    return plan.serve.flatMap((name) => found.get(name) ?? []);
  }

  /** The folder is whole from now on. */
  async keep(cached: CachedSegment): Promise<void> {
    await writeWhole(this.#recordOf(cacheName(cached.id)), cached.json);
  }

  /** Not served after a restart any more; the files stay for running queries. */
  async forget(id: string): Promise<void> {
    await rm(this.#recordOf(cacheName(id)), { force: true });
  }

  async remove(id: string): Promise<void> {
    await this.forget(id);
    await rm(this.folderOf(id), { recursive: true, force: true });
  }

  async readEpoch(): Promise<SeenEpoch> {
    try {
      const json: unknown = JSON.parse(await readFile(path.join(this.#dir, 'command-epoch.json'), 'utf8'));
      const { clusterId, epoch } = json as Partial<SeenEpoch>;
      if (typeof clusterId === 'string' && typeof epoch === 'number') return { clusterId, epoch };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
    }
    return { clusterId: '', epoch: 0 };
  }

  async writeEpoch(seen: SeenEpoch): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    await writeWhole(path.join(this.#dir, 'command-epoch.json'), JSON.stringify(seen));
  }
}

async function readRecord(file: string): Promise<CachedSegment | undefined> {
  try {
    const json = await readFile(file, 'utf8');
    const segment = parseDataSegmentText(json);
    return { id: identifierOf(segment), segment, json };
  } catch {
    return undefined;
  }
}

/** Durable before it is visible. */
async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.writing`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
