/**
 * Deep storage in a local (or mounted) directory, laid out like Druid's: `…/partition/index/` with loose files, or
 * `…/partition/index.zip`. Half-written things live in `intermediate_pushes/` under the root and are never seen.
 */
import { lstat, mkdir, mkdtemp, readdir, realpath, rename, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { CodedError } from '../../proto/errors.js';
import type { HitCrashPoint } from '../ports.js';
import { segmentIdOf, type DataSegment, type LoadSpec } from '../timeline/data-segment.js';
import type { DeepStorage, PushOptions } from './deep-storage.js';
import {
  copyFlatFiles,
  makeDirDurably,
  removeTree,
  storageError,
  syncPath,
  throwIfCanceled,
} from './durable.js';
import { insideRoots, localPathOf, storagePath } from './paths.js';
import { defaultUnzipLimits, unzip, writeZip, type UnzipLimits } from './zip.js';

const PUSHES = 'intermediate_pushes';

export interface LocalStorageOptions {
  /** Absolute; made when absent. */
  readonly root: string;
  /** Push `index.zip` instead of an `index/` folder. Both are read. */
  readonly zip?: boolean;
  /** Further folders that load specs may name (the storage of an older installation). Never written or deleted in. */
  readonly readRoots?: readonly string[];
  readonly unzipLimits?: UnzipLimits;
  /** Pushes go to a folder of this name below the partition's: writers that don't know of each other never collide. */
  readonly writer?: string;
  readonly hit?: HitCrashPoint;
}

export class LocalStorage implements DeepStorage {
  readonly #root: string;
  readonly #zip: boolean;
  readonly #readRoots: readonly string[];
  readonly #limits: UnzipLimits;
  readonly #writer: string;
  readonly #hit: HitCrashPoint;

  constructor(options: LocalStorageOptions) {
    this.#root = resolve(options.root);
    this.#zip = options.zip ?? false;
    this.#readRoots = [this.#root, ...(options.readRoots ?? [])];
    this.#limits = options.unzipLimits ?? defaultUnzipLimits;
    this.#writer = options.writer ?? '';
    this.#hit = options.hit ?? (() => undefined);
  }

  async push(dir: string, segment: DataSegment, options: PushOptions = {}): Promise<DataSegment> {
    const partitionDir = join(this.#root, storagePath(segmentIdOf(segment)), this.#writer);
    const target = join(partitionDir, this.#zip ? 'index.zip' : 'index');
    const temporary = await this.#temporaryDir().catch((thrown: unknown) => {
      throw storageError(thrown, 'Making the storage directory');
    });
    try {
      const made = join(temporary, basename(target));
      const size = await this.#stage(dir, made, options.signal);
      this.#hit('store.push.staged');
      throwIfCanceled(options.signal);
      await moveInto(made, target, join(temporary, 'replaced'));
      this.#hit('store.push.visible');
      const path = this.#zip ? target : target + sep;
      return { ...segment, loadSpec: { type: 'local', path }, size };
    } catch (thrown) {
      throw storageError(thrown, 'Pushing a segment');
    } finally {
      await removeTree(temporary);
    }
  }

  async #stage(dir: string, made: string, signal: AbortSignal | undefined): Promise<number> {
    if (this.#zip) return await writeZip(dir, made, signal);
    await mkdir(made);
    return await copyFlatFiles(dir, made, signal);
  }

  async #temporaryDir(): Promise<string> {
    const parent = join(this.#root, PUSHES);
    await makeDirDurably(parent);
    return await mkdtemp(join(parent, 'push-'));
  }

  async pull(
    loadSpec: LoadSpec,
    targetDir: string,
    options: PushOptions & { readonly expectedSize?: number } = {},
  ): Promise<number> {
    const source = localPathOf(loadSpec, this.#readRoots);
    const parent = dirname(resolve(targetDir));
    let temporary: string | undefined;
    try {
      await makeDirDurably(parent);
      temporary = await mkdtemp(`${resolve(targetDir)}.part-`);
      await this.#checkRealPath(source);
      const bytes = await this.#fetch(source, temporary, options.signal);
      const { expectedSize = 0 } = options;
      if (bytes === 0 || (expectedSize > 0 && bytes !== expectedSize)) {
        throw new CodedError('StorageFailure', `Pulled ${bytes} bytes of a segment of ${expectedSize} bytes`);
      }
      this.#hit('store.pull.staged');
      await rename(temporary, resolve(targetDir));
      temporary = undefined;
      await syncPath(parent);
      this.#hit('store.pull.visible');
      return bytes;
    } catch (thrown) {
      throw storageError(thrown, 'Pulling a segment');
    } finally {
      if (temporary !== undefined) await removeTree(temporary);
    }
  }

  async #fetch(source: string, into: string, signal: AbortSignal | undefined): Promise<number> {
    throwIfCanceled(signal);
    const stat = await lstat(source);
    if (stat.isDirectory()) return await copyFlatFiles(source, into, signal);
    return await unzip(source, into, this.#limits, signal);
  }

  /** A link inside the storage must not lead out of it. */
  async #checkRealPath(source: string): Promise<void> {
    const real = await realpath(source);
    const roots = await Promise.all(this.#readRoots.map((root) => realpath(root).catch(() => root)));
    if (insideRoots(real, roots) === undefined) {
      throw new CodedError(
        'StorageFailure',
        'loadSpec.path leads outside the configured storage directories',
      );
    }
  }

  /**
   * Removes what pushes that died have left behind: everything in `intermediate_pushes/` that was last changed more
   * than `ageMs` before `nowMs` (epoch ms). Answers how many were removed. Errors: StorageFailure.
   */
  async sweep(nowMs: number, ageMs: number): Promise<number> {
    const parent = join(this.#root, PUSHES);
    let removed = 0;
    try {
      for (const name of await readdir(parent).catch(() => [])) {
        const stat = await lstat(join(parent, name)).catch(() => undefined);
        if (stat === undefined || stat.mtimeMs > nowMs - ageMs) continue;
        await removeTree(join(parent, name));
        removed++;
      }
    } catch (thrown) {
      throw storageError(thrown, 'Removing abandoned pushes');
    }
    return removed;
  }

  async kill(loadSpec: LoadSpec): Promise<void> {
    const path = localPathOf(loadSpec, [this.#root]);
    try {
      const real = await realpath(path).catch(() => undefined);
      if (real === undefined) return;
      if (insideRoots(real, [await realpath(this.#root)]) === undefined) {
        throw new CodedError('StorageFailure', 'loadSpec.path leads outside the storage directory');
      }
      await removeTree(path);
      this.#hit('store.kill.removed');
      await this.#removeEmptyParents(dirname(path));
    } catch (thrown) {
      throw storageError(thrown, 'Deleting a segment');
    }
  }

  /** Up to, and never including, the root; the first folder that still holds something ends it. */
  async #removeEmptyParents(from: string): Promise<void> {
    for (let at = from; insideRoots(at, [this.#root]) !== undefined; at = dirname(at)) {
      const removed = await rmdir(at).then(
        () => true,
        () => false,
      );
      if (!removed) return;
    }
  }
}

const MOVE_TRIES = 3;

/**
 * Renames `made` to `target`; an older `target` is first moved aside (a folder can't be replaced in one step). Tried
 * again when the deletion of a neighbour has just taken the empty parent folder away.
 */
async function moveInto(made: string, target: string, aside: string): Promise<void> {
  const parent = dirname(target);
  for (let tries = 1; ; tries++) {
    try {
      await makeDirDurably(parent);
      const old = await lstat(target).catch(() => undefined);
      if (old?.isDirectory() === true) await rename(target, aside);
      await rename(made, target);
      await syncPath(parent);
      return;
    } catch (thrown) {
      const isGone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
      if (!isGone || tries === MOVE_TRIES) throw thrown;
    }
  }
}
