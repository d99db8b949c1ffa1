/** The file behind a namespace: local ones below the allowed folders, or http and https, unpacked where packed. */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CodedError, invalidInput } from '../proto/errors.js';
import type { LookupSpec } from '../query/lookup/spec.js';
import { compilePattern } from '../query/regex/pattern.js';
import { findLocalFiles } from '../ingest/sources/local-files.js';
import { httpSource } from '../ingest/sources/http.js';
import type { InputEntity } from '../ingest/sources/input-entity.js';
import type { SourceDeps } from '../ingest/sources/source.js';
import { JsonKeys } from '../ingest/spec/keys.js';

type Namespace = Extract<LookupSpec, { type: 'cachedNamespace' }>;

/** Unpacked. */
const fileBytesMax = 512 * 1024 * 1024;

export interface NamespaceFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same as before = nothing has changed since; undefined: there is no telling. */
  readonly stamp: string | undefined;
}

/**
 * Undefined: the file is still the one of `stamp`. Throws InvalidInput (not there, not allowed), LimitExceeded,
 * Unavailable, Canceled.
 */
export async function readNamespace(
  spec: Namespace,
  stamp: string | undefined,
  deps: SourceDeps,
): Promise<NamespaceFile | undefined> {
  if (!spec.uri.startsWith('file:')) {
    const keys = new JsonKeys({ uris: [spec.uri] }, 'extractionNamespace');
    const [entity] = await httpSource.parse(keys, () => unreachable()).open(deps);
    if (entity === undefined) throw invalidInput(`uri[${spec.uri}] is no file`, 'uri');
    return { bytes: await whole(entity, deps.signal), stamp: undefined };
  }
  const { entity, now } = await newestFile(spec, deps.inputDirs);
  return now === stamp ? undefined : { bytes: await whole(entity, deps.signal), stamp: now };
}

const unreachable = (): never => {
  throw new CodedError('Bug', 'an http source holds no other one');
};

interface FoundFile {
  readonly entity: InputEntity;
  /** Path, size and time of the last change. */
  readonly now: string;
}

async function newestFile({ uri, fileRegex }: Namespace, inputDirs: readonly string[]): Promise<FoundFile> {
  const path = pathOf(uri);
  const where =
    fileRegex === undefined
      ? { baseDir: undefined, filter: '*', files: [path] }
      : { baseDir: path, filter: '*', files: [] };
  const entities = await findLocalFiles({ ...where, systemFields: ['__file_path'] }, inputDirs);
  const pattern = fileRegex === undefined ? undefined : compilePattern(fileRegex);
  let newest: (FoundFile & { readonly mtimeMs: number }) | undefined;
  for (const entity of entities) {
    if (pattern !== undefined && !pattern.matches(entity.name)) continue;
    const file = entity.systemFields?.['__file_path'] ?? '';
    const { size, mtimeMs } = await stat(file);
    if (newest === undefined || mtimeMs > newest.mtimeMs)
      newest = { entity, now: `${file} ${size} ${mtimeMs}`, mtimeMs };
  }
  if (newest === undefined) throw invalidInput(`fileRegex[${fileRegex ?? ''}] matches no file`, 'fileRegex');
  return newest;
}

function pathOf(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    throw invalidInput(`uri[${uri}] names no local file`, 'uri');
  }
}

async function whole(entity: InputEntity, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of entity.open(signal)) {
    bytes += piece.length;
    if (bytes > fileBytesMax)
      throw new CodedError('LimitExceeded', `file[${entity.name}] is larger than ${fileBytesMax} bytes`);
    pieces.push(piece);
  }
  // In memory of its own: it is moved to another thread.
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
