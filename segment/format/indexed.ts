/** GenericIndexed: a list of byte strings; reading versions 1 and 2, writing version 1. */
import { CodedError } from '../../proto/errors.js';
import { corrupt, type ByteSource, type ByteWriter, type Cursor, type Place } from './bytes.js';
import { copyTexts, putInt } from './text-copy.js';
import type { PackedTexts } from './packed-texts.js';

/** Entries of one list; offsets count from the start of the bytes the list was read from. */
export interface IndexedList {
  readonly count: number;
  readonly sorted: boolean;
  /** Where entry i's value lies (without its marker); -1 as `start` of a null entry. Throws CorruptSegment. */
  locate(index: number): Extent;
  /** The bytes of several entries, none of them null or asked for twice, end to end. Absent where a list is not in memory as a whole. */
  readonly gather?: (indexes: Uint32Array) => Gathered;
}

/** `ends[i]` = end offset of entry i. */
export interface Gathered {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

export interface Extent {
  /** Which internal file: undefined = the one that holds the list. */
  readonly file: string | undefined;
  readonly start: number;
  readonly length: number;
  readonly isNull: boolean;
}

/** Reads other internal files of the segment (version 2 lists are spread over several). */
export type OpenInternal = (name: string) => ByteSource;

export function readIndexed(cursor: Cursor, open: OpenInternal, what: string): IndexedList {
  const version = cursor.u8(`${what} version`);
  const flag = cursor.u8(`${what} sorted flag`);
  if (flag > 1) throw cursor.fail(`${what} sorted flag[${flag}]`, cursor.at - 1);
  if (version === 1) return readVersion1(cursor, flag === 1, what);
  if (version === 2) return readVersion2(cursor, flag === 1, open, what);
  throw cursor.fail(`${what} is a list of unknown version[${version}]`);
}

function readVersion1(cursor: Cursor, sorted: boolean, what: string): IndexedList {
  const size = cursor.count(`${what} size`);
  const start = cursor.skip(size, what);
  if (size < 4) throw cursor.fail(`${what} size[${size}] is too small`, start);
  const { bytes, place } = cursor;
  const count = bytes.readInt32BE(start);
  const values = start + 4 + 4 * count;
  const end = start + size;
  if (count < 0 || values > end) throw cursor.fail(`${what} count[${count}] does not fit its size`, start);
  return {
    count,
    sorted,
    locate(index) {
      if (!(index >= 0 && index < count)) throw corrupt(place, start, `${what} has no entry[${index}]`);
      const from = index === 0 ? 0 : bytes.readInt32BE(start + 4 * index);
      const to = bytes.readInt32BE(start + 4 + 4 * index);
      return entryAt(
        bytes,
        { from: values + from, to: values + to, low: values, end },
        undefined,
        place,
        what,
      );
    },
    ...(bytes instanceof Uint8Array
      ? { gather: gatherer(bytes, { start, count, values, end }, place, what) }
      : {}),
  };
}

interface ListBounds {
  readonly start: number;
  readonly count: number;
  readonly values: number;
  readonly end: number;
}

/** Copies entries byte by byte: they are short, and a call for each would cost more. */
function gatherer(
  bytes: Uint8Array,
  { start, count, values, end }: ListBounds,
  place: Place,
  what: string,
): (indexes: Uint32Array) => Gathered {
  const offsetAt = (at: number): number =>
    (byteAt(bytes, at) << 24) |
    (byteAt(bytes, at + 1) << 16) |
    (byteAt(bytes, at + 2) << 8) |
    byteAt(bytes, at + 3);
  return (indexes) => {
    const starts = new Uint32Array(indexes.length);
    const ends = new Uint32Array(indexes.length);
    let total = 0;
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i] as number;
      if (index >= count) throw corrupt(place, start, `${what} has no entry[${index}]`);
      const from = index === 0 ? 0 : offsetAt(start + 4 * index);
      const to = offsetAt(start + 4 + 4 * index);
      if (from < 0 || to - from < 4 || values + to > end) {
        throw corrupt(place, values, `${what} has an entry outside its list`);
      }
      starts[i] = values + from + 4;
      total += to - from - 4;
      // Entries of a sound list do not overlap; those of a damaged one may add up to any size.
      if (total > end - values) throw corrupt(place, values, `${what} has entries that overlap`);
      ends[i] = total;
    }
    const out = new Uint8Array(total);
    let at = 0;
    for (let i = 0; i < indexes.length; i++) {
      let source = starts[i] as number;
      for (const stop = ends[i] as number; at < stop; at++) out[at] = byteAt(bytes, source++);
    }
    return { bytes: out, ends };
  };
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly end: number;
}

function entryAt(
  bytes: ByteSource,
  span: Span,
  file: string | undefined,
  place: Place,
  what: string,
): Extent {
  const { from, to } = span;
  if (from < span.low || to - from < 4 || to > span.end) {
    throw corrupt(place, span.low, `${what} has an entry outside its list`);
  }
  const length = to - from - 4;
  return { file, start: from + 4, length, isNull: length === 0 && bytes.readUInt8(from) >= 0x80 };
}

function readVersion2(cursor: Cursor, sorted: boolean, open: OpenInternal, what: string): IndexedList {
  const power = cursor.count(`${what} power`);
  if (power > 30) throw cursor.fail(`${what} power[${power}]`);
  const count = cursor.count(`${what} count`);
  const base = cursor.str32(`${what} base name`);
  const { place } = cursor;
  const header = open(`${base}_header`);
  if (header.length < 4 * count) throw cursor.fail(`${what} header file is too short`);
  const perFile = 2 ** power;
  return {
    count,
    sorted,
    locate(index) {
      if (!(index >= 0 && index < count)) throw corrupt(place, 0, `${what} has no entry[${index}]`);
      const file = `${base}_value_${Math.floor(index / perFile)}`;
      const bytes = open(file);
      const from = index % perFile === 0 ? 0 : header.readInt32LE(4 * (index - 1));
      const to = header.readInt32LE(4 * index);
      return entryAt(bytes, { from, to, low: 0, end: bytes.length }, file, place, what);
    },
  };
}

const sizeMax = 2147479551;

function tooLarge(size: number): CodedError {
  return new CodedError('LimitExceeded', `a list of ${size} bytes exceeds 2 GiB`);
}

/** Writes one version 1 list whose count is known: `begin`, then per entry its bytes and `endEntry`, then `finish`. */
export class IndexedWriter {
  readonly #out: ByteWriter;
  readonly #head: number;
  readonly #count: number;
  readonly #values: number;
  #index = 0;

  constructor(out: ByteWriter, count: number, sorted: boolean) {
    this.#out = out;
    this.#count = count;
    out.u8(1);
    out.u8(sorted ? 1 : 0);
    this.#head = out.length;
    out.zeros(8 + 4 * count);
    out.buffer.writeInt32BE(count, this.#head + 4);
    this.#values = out.length;
  }

  /** Writes an entry's marker; its bytes follow. */
  beginEntry(isNull = false): void {
    const out = this.#out;
    out.reserve(4);
    putInt(out.buffer, out.length, isNull ? -1 : 0);
    out.length += 4;
  }

  endEntry(): void {
    const out = this.#out;
    putInt(out.buffer, this.#head + 8 + 4 * this.#index, out.length - this.#values);
    this.#index++;
  }

  /** As many entries as `order` has numbers of texts, each of them once. */
  texts(texts: PackedTexts, order: Uint32Array): void {
    const out = this.#out;
    const size = texts.sizeOf(order) + 4 * order.length;
    if (size > sizeMax) throw tooLarge(size);
    out.reserve(size);
    const places = out.buffer.subarray(this.#head + 8 + 4 * this.#index);
    const target = out.buffer.subarray(out.length, out.length + size);
    copyTexts({ texts, order, target, places, offset: out.length - this.#values });
    out.length += size;
    this.#index += order.length;
  }

  entry(value: Uint8Array | null): void {
    this.beginEntry(value === null);
    if (value !== null) this.#out.bytes(value);
    this.endEntry();
  }

  finish(): void {
    const size = this.#out.length - this.#head - 4;
    if (this.#index !== this.#count) throw new CodedError('Bug', 'a list was not filled');
    if (size > sizeMax) throw tooLarge(size);
    this.#out.buffer.writeInt32BE(size, this.#head);
  }
}

/** A list of names, null allowed; the sorted flag tells the truth. */
export function writeNames(out: ByteWriter, names: readonly (string | null)[]): void {
  const sorted = names.every((name, i) => {
    const before = names[i - 1];
    return i === 0 || (name !== null && (before === null || before === undefined || before < name));
  });
  const list = new IndexedWriter(out, names.length, sorted);
  for (const name of names) list.entry(name === null ? null : Buffer.from(name, 'utf8'));
  list.finish();
}
