/** Fixed-width lists: dictionaries of numbers and of ids. */
import type { ByteSource, ByteWriter, Cursor } from './bytes.js';

/** `count` includes the null, which is id 0 when there is one. */
export interface FixedList<T> {
  readonly count: number;
  readonly hasNull: boolean;
  /** Null for the null id. Throws CorruptSegment outside the list. */
  at(id: number): T | null;
}

type Reader<T> = (bytes: ByteSource, at: number) => T;

interface Values<T> {
  readonly width: number;
  readonly bigEndian: boolean;
  readonly read: Reader<T>;
}

function readFixed<T>(cursor: Cursor, { width, bigEndian, read }: Values<T>): FixedList<T> {
  const version = cursor.u8('list version');
  if (version !== 0) throw cursor.fail(`fixed-width list of unknown version[${version}]`, cursor.at - 1);
  const hasNull = (cursor.u8('list flags') & 1) !== 0;
  const stored = cursor.i32in(bigEndian, 'list count');
  if (stored < 0) throw cursor.fail(`list count[${stored}]`, cursor.at - 4);
  const start = cursor.skip(stored * width, 'list values');
  const shift = hasNull ? 1 : 0;
  const { bytes } = cursor;
  return {
    count: stored + shift,
    hasNull,
    at(id) {
      if (!(id >= 0 && id < stored + shift)) throw cursor.fail(`no list entry[${id}]`, start);
      return hasNull && id === 0 ? null : read(bytes, start + (id - shift) * width);
    },
  };
}

export function readLongList(cursor: Cursor, bigEndian = false): FixedList<bigint> {
  const read: Reader<bigint> = bigEndian
    ? (bytes, at) => bytes.readBigInt64BE(at)
    : (bytes, at) => bytes.readBigInt64LE(at);
  return readFixed(cursor, { width: 8, bigEndian, read });
}

export function readDoubleList(cursor: Cursor, bigEndian = false): FixedList<number> {
  const read: Reader<number> = bigEndian
    ? (bytes, at) => bytes.readDoubleBE(at)
    : (bytes, at) => bytes.readDoubleLE(at);
  return readFixed(cursor, { width: 8, bigEndian, read });
}

export function readIntList(cursor: Cursor, bigEndian = false): FixedList<number> {
  const read: Reader<number> = bigEndian
    ? (bytes, at) => bytes.readInt32BE(at)
    : (bytes, at) => bytes.readInt32LE(at);
  return readFixed(cursor, { width: 4, bigEndian, read });
}

const sortedFlag = 2;

/** Values as they lie in memory, ascending; the null is only announced. */
export function writeFixedList(out: ByteWriter, values: Buffer, width: number, hasNull: boolean): void {
  out.u8(0);
  out.u8(sortedFlag | (hasNull ? 1 : 0));
  out.i32le(values.length / width);
  out.bytes(values);
}
