/** Fixed-width lists: dictionaries of numbers and of ids. */
import type { ByteWriter, Cursor } from './bytes.js';

/** `count` includes the null, which is id 0 when there is one. */
export interface FixedList<T> {
  readonly count: number;
  readonly hasNull: boolean;
  /** Null for the null id. Throws CorruptSegment outside the list. */
  at(id: number): T | null;
}

type Reader<T> = (bytes: Buffer<ArrayBufferLike>, at: number) => T;

function readFixed<T>(cursor: Cursor, width: number, read: Reader<T>): FixedList<T> {
  const version = cursor.u8('list version');
  if (version !== 0) throw cursor.fail(`fixed-width list of unknown version[${version}]`, cursor.at - 1);
  const hasNull = (cursor.u8('list flags') & 1) !== 0;
  const stored = cursor.i32le('list count');
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

export function readLongList(cursor: Cursor): FixedList<bigint> {
  return readFixed(cursor, 8, (bytes, at) => bytes.readBigInt64LE(at));
}

export function readDoubleList(cursor: Cursor): FixedList<number> {
  return readFixed(cursor, 8, (bytes, at) => bytes.readDoubleLE(at));
}

export function readIntList(cursor: Cursor): FixedList<number> {
  return readFixed(cursor, 4, (bytes, at) => bytes.readInt32LE(at));
}

const sortedFlag = 2;

/** Values as they lie in memory, ascending; the null is only announced. */
export function writeFixedList(out: ByteWriter, values: Buffer, width: number, hasNull: boolean): void {
  out.u8(0);
  out.u8(sortedFlag | (hasNull ? 1 : 0));
  out.i32le(values.length / width);
  out.bytes(values);
}
