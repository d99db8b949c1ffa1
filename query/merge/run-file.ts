/**
 * Runs of frames on disk: per frame the length of its protocol bytes and their CRC-32 (4 bytes each, little-endian), then
 * these, LZ4 packed where that saves something. A file is whole or it is an error to read it; nothing in it is trusted.
 */
import fs from 'node:fs';
import { crc32 } from 'node:zlib';
import { CodedError } from '../../proto/errors.js';
import { grove } from '../../proto/gen/messages.js';
import { threadCompressor } from '../engine/block-compressor.js';
import { decodeFrame, encodeFrame } from '../frame-codec.js';
import type { Frame } from '../frame.js';

const headBytes = 8;

/** Writes a new file, which is gone again unless `end` is reached. */
export class RunWriter {
  readonly #path: string;
  readonly #bytesMax: number;
  readonly #fd: number;
  #bytes = 0;
  #isOpen = true;

  /** Errors: StorageFailure. */
  constructor(path: string, bytesMax: number) {
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#fd = storing(() => fs.openSync(path, 'wx', 0o600));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Errors: LimitExceeded, StorageFailure. */
  add(frame: Frame): void {
    const body = grove.query.v1.Frame.encode(encodeFrame(frame, threadCompressor)).finish();
    const head = Buffer.allocUnsafe(headBytes);
    head.writeUInt32LE(body.length);
    head.writeUInt32LE(crc32(body), 4);
    if (this.#bytes + headBytes + body.length > this.#bytesMax) throw diskFull();
    storing(() => {
      writeWhole(this.#fd, head);
      writeWhole(this.#fd, body);
    });
    this.#bytes += headBytes + body.length;
  }

  end(): void {
    this.#close();
  }

  discard(): void {
    try {
      this.#close();
    } finally {
      fs.rmSync(this.#path, { force: true });
    }
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // Some disks tell of a failed write only here.
    storing(() => fs.closeSync(this.#fd));
  }
}

/** Druid's words. */
export function diskFull(): CodedError {
  return new CodedError(
    'LimitExceeded',
    'Not enough disk space to execute this query. Try raising druid.query.groupBy.maxOnDiskStorage.',
  );
}

/**
 * The frames of a file of `bytes` bytes in their order. The file is closed when the loop over them ends. Errors:
 * StorageFailure.
 */
export function* readRun(path: string, bytes: number): Generator<Frame, void, undefined> {
  const fd = storing(() => fs.openSync(path, 'r'));
  try {
    const head = Buffer.allocUnsafe(headBytes);
    for (let at = 0; at < bytes;) {
      readWhole(fd, head, at);
      const length = head.readUInt32LE();
      if (at + headBytes + length > bytes) throw damaged();
      // A buffer of its own: decoded arrays may be views of it.
      const body = new Uint8Array(length);
      readWhole(fd, body, at + headBytes);
      if (crc32(body) !== head.readUInt32LE(4)) throw damaged();
      at += headBytes + length;
      yield decoded(body);
    }
  } finally {
    fs.closeSync(fd);
  }
}

function decoded(body: Uint8Array): Frame {
  try {
    return decodeFrame(grove.query.v1.Frame.decode(body), threadCompressor);
  } catch {
    throw damaged();
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at, bytes.length - at);
}

function readWhole(fd: number, into: Uint8Array, position: number): void {
  const count = storing(() => fs.readSync(fd, into, 0, into.length, position));
  if (count !== into.length) throw damaged();
}

const damaged = (): CodedError =>
  new CodedError('StorageFailure', 'A file of partial results is damaged: the query has to be asked again');

function storing<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const { code = '' } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull();
    throw new CodedError('StorageFailure', `Partial results can't be kept on disk: ${code}`, {}, thrown);
  }
}
