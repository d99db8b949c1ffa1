/** Bytes to lines in bounded memory. */
import { CodedError } from '../../proto/errors.js';

const LINE_BYTES_MAX = 16 * 1024 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Blocks of whole lines (`\n` or `\r\n` between them, none at the end), each at least one line, good until the next one
 * is asked for; a byte order mark at the beginning is dropped. Throws InvalidInput for a line longer than 16 MiB.
 */
export async function* lineBlocksOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let isFirst = true;
  const unmarked = (bytes: Buffer): Buffer => {
    const isMarked = isFirst && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    isFirst = false;
    return isMarked ? bytes.subarray(3) : bytes;
  };
  for await (const piece of pieces) {
    const bytes = asBuffer(piece);
    let start = 0;
    if (restBytes > 0) {
      const next = bytes.indexOf(NEWLINE);
      if (next >= 0) {
        rest.push(bytes.subarray(0, next));
        yield unmarked(Buffer.concat(rest));
        rest = [];
        restBytes = 0;
        start = next + 1;
      }
    }
    const end = bytes.lastIndexOf(NEWLINE);
    if (end >= start) yield unmarked(bytes.subarray(start, end));
    const tail = bytes.subarray(Math.max(start, end + 1));
    if (tail.length > 0) {
      // The source may use its buffer again.
      rest.push(Uint8Array.from(tail));
      restBytes += tail.length;
    }
    if (restBytes > LINE_BYTES_MAX) {
      throw new CodedError('InvalidInput', `Input holds a line longer than ${LINE_BYTES_MAX} bytes`);
    }
  }
  if (restBytes > 0) yield unmarked(Buffer.concat(rest));
}

/** Goes from line to line of a block: bytes [start, end), without what ends the line. */
export class LineCursor {
  readonly #bytes: Buffer;
  #next = 0;
  start = 0;
  end = 0;

  constructor(block: Buffer) {
    this.#bytes = block;
  }

  /** To the next line; false when there is none. */
  advance(): boolean {
    const bytes = this.#bytes;
    if (this.#next > bytes.length) return false;
    this.start = this.#next;
    const found = bytes.indexOf(NEWLINE, this.start);
    const stop = found < 0 ? bytes.length : found;
    this.end = stop > this.start && bytes[stop - 1] === RETURN ? stop - 1 : stop;
    this.#next = stop + 1;
    return true;
  }

  /** Bytes that are no UTF-8 become U+FFFD. */
  text(): string {
    return this.#bytes.toString('utf8', this.start, this.end);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
