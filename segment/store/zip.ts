/** `index.zip`: the one place that reads and writes zip files. Entries are flat: plain file names only. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Transform, type TransformCallback } from 'node:stream';
import { crc32 } from 'node:zlib';
import * as yauzl from 'yauzl';
import * as yazl from 'yazl';
import { CodedError } from '../../proto/errors.js';
import { listFlatFiles, syncPath, throwIfCanceled } from './durable.js';

export interface UnzipLimits {
  readonly entriesMax: number;
  /** Sum of the uncompressed sizes. */
  readonly bytesMax: number;
  /** Uncompressed / compressed; looked at from `ratioFreeBytes` on. */
  readonly ratioMax: number;
  readonly ratioFreeBytes: number;
}

export const defaultUnzipLimits: UnzipLimits = {
  entriesMax: 10_000,
  bytesMax: 64 * 2 ** 30,
  ratioMax: 250,
  ratioFreeBytes: 64 * 2 ** 20,
};

// A fixed stamp, so that the same files make the same zip.
const entryTime = new Date(1980, 0, 1);

/** Writes and flushes `zipPath` (the caller renames it into place). Answers the sum of the uncompressed sizes. */
export async function writeZip(dir: string, zipPath: string, signal?: AbortSignal): Promise<number> {
  const zip = new yazl.ZipFile();
  let total = 0;
  for (const { name, size } of await listFlatFiles(dir)) {
    zip.addFile(join(dir, name), name, { mtime: entryTime, mode: 0o100644 });
    total += size;
  }
  const failed = new Promise<never>((_, reject) => {
    zip.on('error', reject);
  });
  const options = signal === undefined ? {} : { signal };
  const written = pipeline(zip.outputStream, createWriteStream(zipPath, { flags: 'wx' }), options);
  zip.end();
  try {
    await Promise.race([written, failed]);
  } catch (thrown) {
    throwIfCanceled(signal);
    throw thrown;
  }
  await syncPath(zipPath);
  return total;
}

/**
 * Unpacks into the existing folder `dir` and flushes. Answers the sum of the sizes. Errors: CorruptSegment (no zip,
 * bad checksum, cut short, names that are no plain file names, links), LimitExceeded, Canceled.
 */
export async function unzip(
  zipPath: string,
  dir: string,
  limits: UnzipLimits,
  signal?: AbortSignal,
): Promise<number> {
  const zip = await openZip(zipPath);
  try {
    const entries = await listEntries(zip, limits);
    let total = 0;
    for (const entry of entries) {
      throwIfCanceled(signal);
      total += await extract(zip, entry, join(dir, entry.fileName), signal);
    }
    await syncPath(dir);
    return total;
  } finally {
    zip.close();
  }
}

function openZip(path: string): Promise<yauzl.ZipFile> {
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, decodeStrings: true, strictFileNames: true };
    yauzl.open(path, options, (error, zip) => {
      if (error !== null) reject(isSystemError(error) ? error : corrupt(error.message));
      else resolve(zip);
    });
  });
}

function isSystemError(error: Error): boolean {
  return 'code' in error && 'syscall' in error;
}

function corrupt(reason: string): CodedError {
  return new CodedError('CorruptSegment', `Bad index.zip: ${reason}`);
}

/** The whole directory is judged before the first byte is written. */
function listEntries(zip: yauzl.ZipFile, limits: UnzipLimits): Promise<yauzl.Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: yauzl.Entry[] = [];
    const names = new Set<string>();
    let bytes = 0;
    let packed = 0;
    zip.on('error', (error: Error) => reject(corrupt(error.message)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: yauzl.Entry) => {
      bytes += entry.uncompressedSize;
      packed += entry.compressedSize;
      const problem = entryProblem(entry, names) ?? undefined;
      const beyond = beyondLimits(entries.length + 1, bytes, packed, limits);
      if (problem !== undefined) return reject(corrupt(problem));
      if (beyond !== undefined) return reject(new CodedError('LimitExceeded', `index.zip: ${beyond}`));
      names.add(entry.fileName);
      entries.push(entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function entryProblem(entry: yauzl.Entry, names: ReadonlySet<string>): string | undefined {
  const name = entry.fileName;
  if (!isPlainName(name)) return 'an entry name is no plain file name';
  if (names.has(name)) return `entry[${name}] is there twice`;
  const kind = (entry.externalFileAttributes >>> 16) & 0o170000;
  if (kind !== 0 && kind !== 0o100000) return `entry[${name}] is no regular file`;
  if ((entry.generalPurposeBitFlag & 1) !== 0) return `entry[${name}] is encrypted`;
  return undefined;
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\:\0]/.test(name);
}

function beyondLimits(count: number, bytes: number, packed: number, limits: UnzipLimits): string | undefined {
  if (count > limits.entriesMax) return `more than ${limits.entriesMax} entries`;
  if (bytes > limits.bytesMax) return `more than ${limits.bytesMax} bytes`;
  if (bytes > limits.ratioFreeBytes && bytes > packed * limits.ratioMax) {
    return `packed more than ${limits.ratioMax} to 1`;
  }
  return undefined;
}

async function extract(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  path: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const check = new ChecksumCheck(entry.uncompressedSize);
  try {
    const content = await zip.openReadStreamPromise(entry);
    const options = signal === undefined ? {} : { signal };
    await pipeline(content, check, createWriteStream(path, { flags: 'wx' }), options);
  } catch (thrown) {
    throwIfCanceled(signal);
    if (thrown instanceof Error && isSystemError(thrown)) throw thrown;
    throw thrown instanceof CodedError
      ? thrown
      : corrupt(`entry[${entry.fileName}]: ${thrown instanceof Error ? thrown.message : 'unreadable'}`);
  }
  if (check.bytes !== entry.uncompressedSize || check.sum !== entry.crc32) {
    throw corrupt(`entry[${entry.fileName}] has a wrong checksum or length`);
  }
  await syncPath(path);
  return check.bytes;
}

/** Passes bytes through; stops at the first byte beyond the declared size. */
class ChecksumCheck extends Transform {
  bytes = 0;
  sum = 0;
  readonly #bytesMax: number;

  constructor(bytesMax: number) {
    super();
    this.#bytesMax = bytesMax;
  }

  override _transform(chunk: Uint8Array, _encoding: string, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes > this.#bytesMax) return done(corrupt('an entry is longer than it says'));
    this.sum = crc32(chunk, this.sum);
    done(null, chunk);
  }
}
