/** Reading bytes with every step checked, and writing them into one growing buffer. */
import { constants } from 'node:buffer';
import { CodedError } from '../../proto/errors.js';

/** Where bytes come from, for messages: the file on disk and the column (or internal file) inside it. */
export interface Place {
  readonly file: string;
  readonly column: string;
}

export function corrupt(place: Place, offset: number, what: string): CodedError {
  return new CodedError(
    'CorruptSegment',
    `corrupt segment: ${what}; file[${place.file}] column[${place.column}] offset[${offset}]`,
    { file: place.file, column: place.column, offset },
  );
}

/**
 * Bytes that are read at positions: a Buffer, or a file behind a window (`subarray` may then be a copy). Positions must
 * lie inside.
 */
export interface ByteSource {
  readonly length: number;
  readUInt8(at: number): number;
  readInt32BE(at: number): number;
  readInt32LE(at: number): number;
  readBigInt64BE(at: number): bigint;
  readBigInt64LE(at: number): bigint;
  readDoubleBE(at: number): number;
  readDoubleLE(at: number): number;
  toString(encoding: 'utf8', start: number, end: number): string;
  subarray(start: number, end: number): Buffer<ArrayBufferLike>;
}

/** Walks over bytes; every read past the end is a CorruptSegment. Offsets count from the start of `bytes`. */
export class Cursor {
  readonly bytes: ByteSource;
  readonly place: Place;
  readonly end: number;
  at: number;

  constructor(bytes: ByteSource, place: Place, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.place = place;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  fail(what: string, offset: number = this.at): CodedError {
    return corrupt(this.place, offset, what);
  }

  /** Steps over `length` bytes and answers where they start. */
  skip(length: number, what: string): number {
    if (!(length >= 0 && length <= this.end - this.at)) {
      throw this.fail(`${what} of ${length} bytes runs past the end`);
    }
    const start = this.at;
    this.at += length;
    return start;
  }

  /** The next byte, not stepped over; -1 at the end. */
  peek(): number {
    return this.left > 0 ? this.bytes.readUInt8(this.at) : -1;
  }

  u8(what: string): number {
    return this.bytes.readUInt8(this.skip(1, what));
  }

  i32(what: string): number {
    return this.bytes.readInt32BE(this.skip(4, what));
  }

  i32le(what: string): number {
    return this.bytes.readInt32LE(this.skip(4, what));
  }

  /** In the column's byte order. */
  i32in(bigEndian: boolean, what: string): number {
    return bigEndian ? this.i32(what) : this.i32le(what);
  }

  i64(what: string): bigint {
    return this.bytes.readBigInt64BE(this.skip(8, what));
  }

  /** An i32 that counts something: never negative. */
  count(what: string): number {
    const value = this.i32(what);
    if (value < 0) throw this.fail(`${what}[${value}] is negative`, this.at - 4);
    return value;
  }

  /** Seven bits a byte, least significant first, the high bit marking the last byte. */
  vbyte(what: string): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8(what);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte >= 0x80) {
        if (value > 0x7fffffff) break;
        return value;
      }
    }
    throw this.fail(`${what} is no number of at most 31 bits`);
  }

  text(length: number, what: string): string {
    const start = this.skip(length, what);
    return this.bytes.toString('utf8', start, this.at);
  }

  /** i32 length, then UTF-8. */
  str32(what: string): string {
    return this.text(this.count(`${what} length`), what);
  }
}

const halfPair = /\p{Surrogate}/u;
const halfPairs = /\p{Surrogate}/gu;

/** Text as it comes back from UTF-8: half surrogate pairs become U+FFFD. */
export function wellFormed(text: string): string {
  return halfPair.test(text) ? text.replaceAll(halfPairs, '\uFFFD') : text;
}

/** The next size of a buffer of `bytes` that shall hold `wanted`. Errors: LimitExceeded. */
export function grownTo(bytes: number, wanted: number, bytesMax: number = constants.MAX_LENGTH): number {
  if (wanted > bytesMax) {
    throw new CodedError(
      'LimitExceeded',
      `One piece of a segment would take ${wanted} bytes, and more than ${bytesMax} are not written: put fewer rows into a segment`,
      { bytes: wanted, bytesMax },
    );
  }
  return Math.min(bytesMax, Math.max(wanted, Math.ceil(bytes * 1.5)));
}

/** A buffer that grows; positions are absolute and may be patched later. */
export class ByteWriter {
  buffer: Buffer;
  length = 0;

  constructor(capacity = 65536) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for `more` bytes behind the end. Errors: LimitExceeded. */
  reserve(more: number): void {
    const wanted = this.length + more;
    if (wanted <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(grownTo(this.buffer.length, wanted));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  clear(): void {
    this.length = 0;
  }

  written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  i32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeInt32BE(value, this.length);
  }

  i32le(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeInt32LE(value, this.length);
  }

  i64(value: bigint): void {
    this.reserve(8);
    this.length = this.buffer.writeBigInt64BE(value, this.length);
  }

  vbyte(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.u8(rest & 0x7f);
      rest >>>= 7;
    }
    this.u8(rest | 0x80);
  }

  bytes(source: Uint8Array): void {
    this.reserve(source.length);
    this.buffer.set(source, this.length);
    this.length += source.length;
  }

  zeros(count: number): void {
    this.reserve(count);
    this.buffer.fill(0, this.length, this.length + count);
    this.length += count;
  }

  utf8(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.buffer.write(text, this.length, 'utf8');
  }

  /** i32 length, then UTF-8. */
  str32(text: string): void {
    const head = this.length;
    this.i32(0);
    this.utf8(text);
    this.buffer.writeInt32BE(this.length - head - 4, head);
  }
}
