/** Smoosh: many internal files in a few big ones, with a text index. */
import fs from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../proto/errors.js';
import { corrupt } from './bytes.js';

export interface InternalFile {
  readonly name: string;
  readonly chunk: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export const smooshLimitMax = 2147483647;

export function chunkName(chunk: number): string {
  return `${String(chunk).padStart(5, '0')}.smoosh`;
}

/** Reads meta.smoosh; `chunkBytes(n)` answers the size of chunk file n, or -1 when it is missing. */
export function parseSmoosh(
  text: string,
  file: string,
  chunkBytes: (chunk: number) => number,
): InternalFile[] {
  const place = { file, column: '' };
  const lines = text.split('\n');
  const head = /^v1,(\d{1,10}),(\d{1,6})$/.exec((lines[0] ?? '').trimEnd());
  if (head === null) throw corrupt(place, 0, 'meta.smoosh does not start with v1');
  const sizes = Array.from({ length: Number(head[2]) }, (_, chunk) => {
    const size = chunkBytes(chunk);
    if (size < 0) throw corrupt(place, 0, `${chunkName(chunk)} is missing`);
    return size;
  });
  const found: InternalFile[] = [];
  const seen = new Set<string>();
  let offset = (lines[0] ?? '').length + 1;
  for (const line of lines.slice(1)) {
    if (line !== '') {
      const parts = /^([^,]*),(\d{1,6}),(\d{1,10}),(\d{1,10})$/.exec(line);
      if (parts === null) throw corrupt(place, offset, 'a line of meta.smoosh has not four parts');
      const entry = {
        name: parts[1] ?? '',
        chunk: Number(parts[2]),
        start: Number(parts[3]),
        end: Number(parts[4]),
      };
      if (entry.start > entry.end || entry.end > (sizes[entry.chunk] ?? -1)) {
        throw corrupt(place, offset, `internal file[${entry.name}] lies outside its chunk`);
      }
      if (seen.has(entry.name)) throw corrupt(place, offset, `internal file[${entry.name}] appears twice`);
      seen.add(entry.name);
      found.push(entry);
    }
    offset += line.length + 1;
  }
  return found;
}

/** Writes the chunks and meta.smoosh of a directory. */
export class SmooshWriter {
  readonly #dir: string;
  readonly #limit: number;
  readonly #entries: InternalFile[] = [];
  #chunk = 0;
  #offset = 0;
  #total = 0;
  #fd: number;

  constructor(dir: string, limit: number = smooshLimitMax) {
    this.#dir = dir;
    this.#limit = limit;
    this.#fd = fs.openSync(path.join(dir, chunkName(0)), 'w');
  }

  add(name: string, bytes: Buffer): void {
    if (/[,\n\r]/.test(name)) {
      throw new CodedError('InvalidInput', `column name[${name}] holds a comma or a line break`, {
        field: name,
      });
    }
    if (bytes.length > this.#limit) {
      throw new CodedError(
        'LimitExceeded',
        `column[${name}] of ${bytes.length} bytes exceeds ${this.#limit}`,
      );
    }
    if (this.#limit - this.#offset < bytes.length) {
      fs.fsyncSync(this.#fd);
      fs.closeSync(this.#fd);
      this.#chunk++;
      this.#offset = 0;
      this.#fd = fs.openSync(path.join(this.#dir, chunkName(this.#chunk)), 'w');
    }
    for (let done = 0; done < bytes.length;) done += fs.writeSync(this.#fd, bytes, done);
    const start = this.#offset;
    this.#offset += bytes.length;
    this.#total += bytes.length;
    this.#entries.push({ name, chunk: this.#chunk, start, end: this.#offset });
  }

  /** Answers the bytes of all chunks and of meta.smoosh. */
  finish(): number {
    fs.fsyncSync(this.#fd);
    fs.closeSync(this.#fd);
    this.#fd = -1;
    const sorted = this.#entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const lines = sorted.map((e) => `${e.name},${e.chunk},${e.start},${e.end}\n`);
    const text = `v1,${this.#limit},${this.#chunk + 1}\n${lines.join('')}`;
    const meta = fs.openSync(path.join(this.#dir, 'meta.smoosh'), 'w');
    try {
      fs.writeFileSync(meta, text);
      fs.fsyncSync(meta);
    } finally {
      fs.closeSync(meta);
    }
    return this.#total + Buffer.byteLength(text);
  }

  /** Closes without finishing, after an error. */
  abandon(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = -1;
  }
}
