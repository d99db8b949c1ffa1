/**
 * Local files. Nothing is opened that does not lie, after every symbolic link is followed, below one of the allowed
 * folders: whoever may submit a task may not thereby read what the process can read.
 */
import { constants, realpathSync } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CodedError } from '../../proto/errors.js';
import type { JsonKeys } from '../spec/keys.js';
import { nameFilter } from './glob.js';
import type { InputEntity } from './input-entity.js';
import type { InputSource, SourceKind } from './source.js';
import { checkSystemFields, systemFieldsOf, type SystemField } from './system-fields.js';
import { HEAD_BYTES, unpacked } from './unpack.js';

export interface LocalSpec {
  /** With `filter`: every matching file below it. */
  readonly baseDir: string | undefined;
  /** Wildcard for file names: `*`, `?`, `[…]`, `{a,b}`. */
  readonly filter: string;
  readonly files: readonly string[];
  readonly systemFields: readonly SystemField[];
}

export const localSource: SourceKind = {
  type: 'local',
  parse(keys: JsonKeys): InputSource {
    const baseDir = keys.optionalText('baseDir');
    const files = keys.texts('files') ?? [];
    if (baseDir === undefined && files.length === 0) throw keys.wrong('baseDir', 'or files must be given');
    if (baseDir !== undefined && !keys.has('filter'))
      throw keys.wrong('filter', 'must be given with baseDir');
    const filter = keys.text('filter', '*');
    const spec: LocalSpec = { baseDir, filter, files, systemFields: checkSystemFields(keys) };
    keys.leftovers();
    return {
      type: 'local',
      open: ({ inputDirs }) => findLocalFiles(spec, inputDirs),
      check: (inputDirs) => checkLocalPaths(spec, inputDirs),
    };
  },
};

const FIELD = 'spec.ioConfig.inputSource';
const DEPTH_MAX = 16;
const FILES_MAX = 100_000;
const READ_BYTES = 256 * 1024;

/** The files to read, in a fixed order. Throws InvalidInput (not there, not allowed, nothing matches), LimitExceeded. */
export async function findLocalFiles(
  source: LocalSpec,
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
  return await Promise.all(files.map((path) => fileEntity(path, roots, source.systemFields)));
}

/**
 * Refuses absolute paths that don't begin with an allowed folder (as named, or with its links followed). Links below it
 * are judged when the files are opened.
 */
export function checkLocalPaths(source: LocalSpec, allowedDirs: readonly string[]): void {
  const roots = allowedDirs.flatMap((dir) => [resolve(dir), linkFree(dir)]);
  const check = (path: string, field: string): void => {
    if (path.includes('\0') || (isAbsolute(path) && !isInside(resolve(path), roots))) throw outside(field);
  };
  for (const [i, file] of source.files.entries()) check(file, `${FIELD}.files[${i}]`);
  if (source.baseDir !== undefined) check(source.baseDir, `${FIELD}.baseDir`);
}

function linkFree(dir: string): string {
  try {
    return realpathSync(dir);
  } catch {
    // Not there: nothing lies inside it.
    return resolve(dir);
  }
}

function outside(field: string): CodedError {
  return bad('is not there, or not inside the folders that input may be read from', field);
}

async function fileEntity(
  path: string,
  roots: readonly string[],
  systemFields: readonly SystemField[],
): Promise<InputEntity> {
  const sizeBytes = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  const fields = systemFieldsOf(systemFields, { __file_uri: pathToFileURL(path).href, __file_path: path });
  return {
    name: basename(path),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(fields !== undefined && { systemFields: fields }),
    alone: { type: 'local', files: [path], systemFields },
    open: (signal) => readFile(path, roots, signal),
  };
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
  throw outside(field);
}

/** The content of a file inside the allowed folders, e.g. a descriptor. Throws InvalidInput, LimitExceeded. */
export async function readAllowedFile(
  path: string,
  allowedDirs: readonly string[],
  field: string,
  bytesMax: number,
): Promise<Uint8Array> {
  const roots = await realRoots(allowedDirs);
  const real = await allowedPath(path, roots, field);
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => {
      throw outside(field);
    },
  );
  try {
    const found = await handle.stat();
    if (!found.isFile() || !isInside(await realpath(real), roots)) throw bad('is no plain file', field);
    if (found.size > bytesMax) {
      throw new CodedError('LimitExceeded', `${field}: the file is larger than ${bytesMax} bytes`, { field });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
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
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    yield* unpacked(bytes, { head: head.subarray(0, bytesRead), name: basename(path), field: FIELD, signal });
  } finally {
    await handle.close();
  }
}
