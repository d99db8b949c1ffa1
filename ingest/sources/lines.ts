/** Bytes to lines in bounded memory. */
import { CodedError } from '../../proto/errors.js';

const LINE_BYTES_MAX = 16 * 1024 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * The lines of a byte stream, without their ends (`\n` or `\r\n`), one list per piece read; a byte order mark at the
 * beginning is dropped; bytes that are no UTF-8 become U+FFFD. Throws InvalidInput for a line longer than 16 MiB.
 */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let isFirst = true;
  // Line by line: a text cut out of a larger one would keep all of it in memory.
  const decode = (parts: readonly Uint8Array[]): string[] => {
    const bytes = parts.length === 1 ? asBuffer(parts[0]!) : Buffer.concat(parts);
    const lines: string[] = [];
    let at = isFirst && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    isFirst = false;
    for (;;) {
      const next = bytes.indexOf(NEWLINE, at);
      const stop = next < 0 ? bytes.length : next;
      const end = stop > at && bytes[stop - 1] === RETURN ? stop - 1 : stop;
      lines.push(bytes.toString('utf8', at, end));
      if (next < 0) return lines;
      at = next + 1;
    }
  };
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(NEWLINE);
    if (end >= 0) {
      rest.push(piece.subarray(0, end));
      yield decode(rest);
      rest = [];
      restBytes = 0;
    }
    const tail = piece.subarray(end + 1);
    if (tail.length > 0) {
      // The source may use its buffer again.
      rest.push(Uint8Array.from(tail));
      restBytes += tail.length;
    }
    if (restBytes > LINE_BYTES_MAX) {
      throw new CodedError('InvalidInput', `Input holds a line longer than ${LINE_BYTES_MAX} bytes`);
    }
  }
  if (restBytes > 0) yield decode(rest);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
