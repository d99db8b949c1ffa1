/**
 * A log file that has an end: full, it becomes `NAME.1`, what was `NAME.1` becomes `NAME.2`, the oldest goes. Lines that
 * can't be written (a full disk) are lost, later ones are tried again.
 */
import fs from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';

export interface LogFileLimits {
  /** A file is not written to any further when the next lines would not fit. */
  readonly bytesMax: number;
  /** Older files beside the one that is written. */
  readonly keep: number;
}

/** Appends to what is there. Whole chunks only: a line is never split between two files. */
export function openLogFile(file: string, limits: LogFileLimits): Writable {
  return new RotatingFile(file, limits);
}

class RotatingFile extends Writable {
  readonly #file: string;
  readonly #limits: LogFileLimits;
  #handle: FileHandle | undefined;
  #bytes: number;

  constructor(file: string, limits: LogFileLimits) {
    super({ decodeStrings: true, autoDestroy: false });
    this.#file = file;
    this.#limits = limits;
    this.#bytes = fs.existsSync(file) ? fs.statSync(file).size : 0;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    void this.#write([chunk]).then(() => done());
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    void this.#write(chunks.map(({ chunk }) => chunk)).then(() => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    const closing = this.#handle?.close() ?? Promise.resolve();
    closing.then(() => done(), done);
  }

  async #write(chunks: readonly Buffer[]): Promise<void> {
    try {
      await this.#append(chunks);
    } catch {
      // An error would end the stream for good; there is nobody to tell but the log itself.
      await this.#handle?.close().catch(() => undefined);
      this.#handle = undefined;
    }
  }

  async #append(chunks: readonly Buffer[]): Promise<void> {
    let waiting: Buffer[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      if (waiting.length === 0) return;
      this.#handle ??= await open(this.#file, 'a');
      await this.#handle.appendFile(Buffer.concat(waiting));
      this.#bytes += bytes;
      waiting = [];
      bytes = 0;
    };
    for (const chunk of chunks) {
      if (this.#bytes + bytes > 0 && this.#bytes + bytes + chunk.length > this.#limits.bytesMax) {
        await flush();
        await this.#rotate();
      }
      waiting.push(chunk);
      bytes += chunk.length;
    }
    await flush();
  }

  async #rotate(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    const { keep } = this.#limits;
    const older = (age: number): string => `${this.#file}.${age}`;
    if (keep === 0) await rm(this.#file, { force: true });
    for (let age = keep; age > 1; age--) {
      if (fs.existsSync(older(age - 1))) await rename(older(age - 1), older(age));
    }
    if (keep > 0) await rename(this.#file, older(1));
    this.#bytes = 0;
  }
}
