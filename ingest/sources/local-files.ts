/**
 * Local files. Nothing is opened that does not lie, after every symbolic link is followed, below one of the allowed
 * folders: whoever may submit a task may not thereby read what the process can read.
 */
import { constants } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import { basename, isAbsolute, join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CodedError } from '../../proto/errors.js';
import type { InputSource } from '../spec/model.js';
import { nameFilter } from './glob.js';
import type { InputEntity } from './input-entity.js';

type LocalSource = Extract<InputSource, { type: 'local' }>;

const FIELD = 'spec.ioConfig.inputSource';
const DEPTH_MAX = 16;
const FILES_MAX = 100_000;
const READ_BYTES = 256 * 1024;

/** The files to read, in a fixed order. Throws InvalidInput (not there, not allowed, nothing matches), LimitExceeded. */
export async function findLocalFiles(
  source: LocalSource,
  allowedDirs: readonly string[],
): Promise<InputEntity[]> {
  const roots = await realRoots(allowedDirs);
  const found: string[] = [];
  for (const [i, file] of source.files.entries()) {
    found.push(await allowedPath(file, roots, `${FIELD}.files[${i}]`));
  }
  if (source.baseDir !== undefined) {
    const base = await allowedPath(source.baseDir, roots, `${FIELD}.baseDir`);
    await walk({ dir: base, matches: nameFilter(source.filter, `${FIELD}.filter`), roots, found, depth: 0 });
  }
  const files = [...new Set(found)].toSorted();
  if (files.length === 0) throw bad('no file matches', `${FIELD}.filter`);
  return files.map((path) => ({
    name: basename(path),
    open: (signal) => readFile(path, roots, signal),
  }));
}

function bad(what: string, field: string): CodedError {
  return new CodedError('InvalidInput', `${field}: ${what}`, { field });
}

async function realRoots(dirs: readonly string[]): Promise<string[]> {
  const roots = await Promise.all(dirs.map((dir) => realpath(dir).catch(() => undefined)));
  return roots.filter((root) => root !== undefined);
}

function isInside(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep));
}

/** A missing path and a forbidden one give the same words, so that nobody can probe for files. */
async function allowedPath(path: string, roots: readonly string[], field: string): Promise<string> {
  // A relative path is looked for in each allowed folder.
  const places = isAbsolute(path) ? [path] : roots.map((root) => join(root, path));
  for (const place of path.includes('\0') ? [] : places) {
    const real = await realpath(place).catch(() => undefined);
    if (real !== undefined && isInside(real, roots)) return real;
  }
  throw bad('is not there, or not inside the folders that input may be read from', field);
}

interface Walk {
  readonly dir: string;
  readonly matches: (name: string) => boolean;
  readonly roots: readonly string[];
  readonly found: string[];
  readonly depth: number;
}

async function walk(step: Walk): Promise<void> {
  if (step.depth > DEPTH_MAX) {
    throw new CodedError('LimitExceeded', `${FIELD}.baseDir: more than ${DEPTH_MAX} levels of folders`);
  }
  const entries = await readdir(step.dir, { withFileTypes: true }).catch(() => {
    throw bad('is no folder that can be read', `${FIELD}.baseDir`);
  });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(step.dir, entry.name);
    if (entry.isDirectory()) {
      await walk({ ...step, dir: path, depth: step.depth + 1 });
    } else if (step.matches(entry.name)) {
      // Links to folders are not followed (they may run in circles); links to files only when they stay inside.
      const real = entry.isFile() ? path : await realpath(path).catch(() => '');
      if (isInside(real, step.roots)) step.found.push(real);
    }
    if (step.found.length > FILES_MAX) {
      throw new CodedError('LimitExceeded', `${FIELD}.filter: more than ${FILES_MAX} files match`);
    }
  }
}

async function* readFile(
  path: string,
  roots: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  // The path was resolved before; a link put in its place since then is not followed.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => {
      throw bad(`file[${basename(path)}] can't be opened`, FIELD);
    },
  );
  try {
    if (!(await handle.stat()).isFile() || !isInside(await realpath(path), roots)) {
      throw bad(`file[${basename(path)}] is no plain file`, FIELD);
    }
    const bytes = handle.createReadStream({ highWaterMark: READ_BYTES, autoClose: false, start: 0 });
    const magic = Buffer.alloc(MAGIC_BYTES);
    const { bytesRead } = await handle.read(magic, 0, MAGIC_BYTES, 0);
    const packing = packingOf(magic.subarray(0, bytesRead).toString('latin1'));
    if (packing !== undefined && packing !== 'gzip') {
      const message = `${FIELD}: file[${basename(path)}] is packed with ${packing}; only gzip can be read`;
      throw new CodedError('Unsupported', message, { field: FIELD });
    }
    yield* packing === 'gzip' ? unpack(bytes, basename(path), signal) : cancelable(bytes, signal);
  } finally {
    await handle.close();
  }
}

const MAGIC_BYTES = 10;

/** By the first bytes, whatever the name says; undefined: not packed. None of these can begin a text. */
function packingOf(head: string): string | undefined {
  if (head.startsWith('\x1f\x8b')) return 'gzip';
  if (head.startsWith('\xfd7zXZ\0')) return 'xz';
  if (head.startsWith('\x28\xb5\x2f\xfd')) return 'zstd';
  if (head.startsWith('PK\x03\x04')) return 'zip';
  return /^BZh[1-9]1AY&SY/.test(head) ? 'bzip2' : undefined;
}

async function* cancelable(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    if (signal.aborted) throw new CodedError('Canceled', 'Stopped while reading');
    yield piece;
  }
}

async function* unpack(packed: Readable, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const unpacked = new PassThrough({ highWaterMark: READ_BYTES });
  const gunzip = createGunzip({ chunkSize: READ_BYTES });
  const done = pipeline(packed, gunzip, unpacked, { signal });
  // The error is taken from `done` below; without this an early one would count as unhandled.
  done.catch(() => undefined);
  try {
    yield* cancelable(unpacked as AsyncIterable<Uint8Array>, signal);
    await done;
  } catch (thrown) {
    if (thrown instanceof CodedError) throw thrown;
    if (signal.aborted) throw new CodedError('Canceled', 'Stopped while reading');
    throw bad(`file[${name}] is no whole gzip file`, FIELD);
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
}
