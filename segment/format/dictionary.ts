/** String dictionaries, plain and front-coded: reading by id, looking values up, writing. */
import { CodedError } from '../../proto/errors.js';
import { ByteWriter, Cursor } from './bytes.js';
import { IndexedWriter, readIndexed, type Gathered, type OpenInternal } from './indexed.js';
import { PackedDictionary, type TextDictionary } from './packed-texts.js';

/** Values in id order: null first, then ascending UTF-16 order. Throws CorruptSegment. */
export interface StringDictionary {
  readonly count: number;
  readonly hasNull: boolean;
  value(id: number): string | null;
  /** UTF-8 of several values, none of them null, end to end; absent where values are not stored one by one. */
  readonly gather?: (ids: Uint32Array) => Gathered;
}

const frontCodedMark = 0x7f;

export interface DictionaryForm {
  /** Lists of field names may be empty, unlike dictionaries of values. */
  readonly mayBeEmpty?: boolean;
  /** Byte order of the column. */
  readonly bigEndian?: boolean;
}

export function readDictionary(
  cursor: Cursor,
  open: OpenInternal,
  form: DictionaryForm = {},
): StringDictionary {
  const { mayBeEmpty = false, bigEndian = false } = form;
  if (cursor.peek() === frontCodedMark) {
    cursor.at++;
    const encoding = cursor.u8('dictionary encoding');
    if (encoding === 1) return readFrontCoded(cursor, mayBeEmpty, bigEndian);
    if (encoding !== 0) throw cursor.fail(`dictionary of unknown encoding[${encoding}]`, cursor.at - 1);
  }
  return readPlain(cursor, open, mayBeEmpty);
}

function readPlain(cursor: Cursor, open: OpenInternal, mayBeEmpty: boolean): StringDictionary {
  const list = readIndexed(cursor, open, 'dictionary');
  if (list.count === 0 && !mayBeEmpty) throw cursor.fail('the dictionary is empty');
  const { bytes } = cursor;
  return {
    count: list.count,
    hasNull: list.count > 0 && list.locate(0).isNull,
    ...(list.gather === undefined ? {} : { gather: list.gather }),
    value(id) {
      const at = list.locate(id);
      if (at.isNull) return null;
      const source = at.file === undefined ? bytes : open(at.file);
      return source.toString('utf8', at.start, at.start + at.length);
    },
  };
}

/** The buckets of a front-coded list: `read(id)` walks one bucket. Values are byte strings. */
export interface FrontCoded {
  readonly count: number;
  readonly hasNull: boolean;
  /** `unit` bytes a length step (1 for text, 4 for ints). */
  entry(index: number): Buffer;
}

/** From the version byte on. `unit` = bytes that a length counts. */
export function readFrontCodedList(cursor: Cursor, unit: 1 | 4, bigEndian = false): FrontCoded {
  const version = cursor.u8('front-coded version');
  if (version > 1) throw cursor.fail(`front-coded version[${version}]`, cursor.at - 1);
  const bucketSize = cursor.u8('bucket size');
  if (bucketSize === 0 || bucketSize > 128 || (bucketSize & (bucketSize - 1)) !== 0) {
    throw cursor.fail(`bucket size[${bucketSize}] is no power of two`, cursor.at - 1);
  }
  const hasNull = cursor.u8('null flag') === 1;
  const count = cursor.vbyte('front-coded count');
  const size = cursor.vbyte('front-coded size');
  const start = cursor.skip(size, 'front-coded values');
  const end = start + size;
  if (count > size) throw cursor.fail(`${count} front-coded values in ${size} bytes`, start);
  const buckets = Math.ceil(count / bucketSize);
  const table = Math.max(0, buckets - 1) * 4;
  if (table > size) throw cursor.fail('front-coded buckets do not fit', start);
  const { bytes, place } = cursor;
  const base = start + table;
  const offsetOf = (bucket: number) => {
    const at = start + 4 * (bucket - 1);
    const offset = bucket === 0 ? 0 : bigEndian ? bytes.readInt32BE(at) : bytes.readInt32LE(at);
    if (offset < 0 || base + offset > end) throw cursor.fail('a front-coded bucket lies outside', start);
    return base + offset;
  };
  return {
    count,
    hasNull,
    entry(index) {
      if (!(index >= 0 && index < count)) throw cursor.fail(`no front-coded entry[${index}]`, start);
      const bucket = Math.floor(index / bucketSize);
      const reader = new Cursor(bytes, place, offsetOf(bucket), end);
      let length = reader.vbyte('entry length') * unit;
      let at = reader.skip(length, 'entry');
      let value = bytes.subarray(at, at + length);
      const first = value;
      for (let i = index % bucketSize; i > 0; i--) {
        const prefix = reader.vbyte('prefix length') * unit;
        length = reader.vbyte('suffix length') * unit;
        at = reader.skip(length, 'suffix');
        // Text of version 0 counts its prefix from the bucket's first value; int arrays from the preceding one.
        const before = version === 0 && unit === 1 ? first : value;
        if (prefix > before.length) throw reader.fail('a prefix is longer than its value');
        value = Buffer.concat([before.subarray(0, prefix), bytes.subarray(at, at + length)]);
      }
      return value as Buffer;
    },
  };
}

function readFrontCoded(cursor: Cursor, mayBeEmpty: boolean, bigEndian: boolean): StringDictionary {
  const start = cursor.at;
  const list = readFrontCodedList(cursor, 1, bigEndian);
  const shift = list.hasNull ? 1 : 0;
  const count = list.count + shift;
  if (count === 0 && !mayBeEmpty) throw cursor.fail('the dictionary is empty', start);
  return {
    count,
    hasNull: list.hasNull,
    value(id) {
      if (shift === 1 && id === 0) return null;
      return list.entry(id - shift).toString('utf8');
    },
  };
}

/** First id whose value is >= `value` in UTF-16 order, null before everything. */
export function lowerBound(dictionary: StringDictionary, value: string): number {
  let low = dictionary.hasNull ? 1 : 0;
  let high = dictionary.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = dictionary.value(middle);
    if (there === null || there < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The id of a value, -1 when absent. */
export function idOf(dictionary: StringDictionary, value: string | null): number {
  if (value === null) return dictionary.hasNull ? 0 : -1;
  const id = lowerBound(dictionary, value);
  return id < dictionary.count && dictionary.value(id) === value ? id : -1;
}

/** null first, ascending, unique, and text that UTF-8 can hold; anything else is a bug of whoever made it. */
export function checkOrder(values: readonly (string | null)[], mayBeEmpty: boolean): void {
  if (values.length === 0 && !mayBeEmpty) throw new CodedError('Bug', 'a dictionary is empty');
  let before: string | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as string | null;
    if (i > 0 && (value === null || (before !== null && before >= value))) {
      throw new CodedError('Bug', `dictionary entry[${i}] is not in ascending order`);
    }
    before = value;
  }
}

export interface DictionaryOptions {
  readonly frontCodedBucketSize?: number;
  readonly frontCodedVersion?: 0 | 1;
}

export function writeDictionary(
  out: ByteWriter,
  values: TextDictionary,
  options: DictionaryOptions = {},
  mayBeEmpty = false,
): void {
  if (values instanceof PackedDictionary) {
    writePacked(out, values, options);
    return;
  }
  checkOrder(values, mayBeEmpty);
  if (options.frontCodedBucketSize !== undefined) {
    const hasNull = values[0] === null;
    const texts = (hasNull ? values.slice(1) : values).map((value) => Buffer.from(value ?? '', 'utf8'));
    writeFrontCoded(out, texts, hasNull, options);
    return;
  }
  const list = new IndexedWriter(out, values.length, true);
  for (const value of values) {
    list.beginEntry(value === null);
    if (value !== null) out.utf8(value);
    list.endEntry();
  }
  list.finish();
}

function writePacked(out: ByteWriter, values: PackedDictionary, options: DictionaryOptions): void {
  const { bytes, hasNull, length } = values;
  const first = hasNull ? 1 : 0;
  if (options.frontCodedBucketSize !== undefined) {
    const texts: Buffer[] = [];
    for (let id = first; id < length; id++) texts.push(bytes.subarray(values.start(id), values.end(id)));
    writeFrontCoded(out, texts, hasNull, options);
    return;
  }
  const list = new IndexedWriter(out, length, true);
  if (hasNull) list.entry(null);
  list.texts(values.texts, values.order);
  list.finish();
}

function writeFrontCoded(
  out: ByteWriter,
  texts: readonly Buffer[],
  hasNull: boolean,
  options: DictionaryOptions,
): void {
  out.u8(frontCodedMark);
  out.u8(1);
  writeFrontCodedList(out, texts, {
    bucketSize: options.frontCodedBucketSize ?? 4,
    version: options.frontCodedVersion ?? 1,
    hasNull,
    unit: 1,
  });
}

export interface FrontCodedOptions {
  readonly bucketSize: number;
  readonly version: 0 | 1;
  readonly hasNull: boolean;
  readonly unit: 1 | 4;
}

function commonPrefix(a: Buffer, b: Buffer, unit: number): number {
  const limit = Math.min(a.length, b.length);
  let at = 0;
  while (at < limit && a[at] === b[at]) at++;
  return at - (at % unit);
}

/** Writes from the version byte on. */
export function writeFrontCodedList(
  out: ByteWriter,
  values: readonly Buffer[],
  options: FrontCodedOptions,
): void {
  const { bucketSize, unit } = options;
  out.u8(options.version);
  out.u8(bucketSize);
  out.u8(options.hasNull ? 1 : 0);
  out.vbyte(values.length);
  const buckets = Math.ceil(values.length / bucketSize);
  const body = new ByteWriter(1024);
  const ends: number[] = [];
  let before: Buffer = Buffer.alloc(0);
  values.forEach((value, i) => {
    if (i % bucketSize === 0) {
      if (i > 0) ends.push(body.length);
      body.vbyte(value.length / unit);
      body.bytes(value);
      before = value;
    } else {
      const prefix = commonPrefix(before, value, unit);
      body.vbyte(prefix / unit);
      body.vbyte((value.length - prefix) / unit);
      body.bytes(value.subarray(prefix));
      if (options.version === 1 || unit === 4) before = value;
    }
  });
  out.vbyte(Math.max(0, buckets - 1) * 4 + body.length);
  for (const end of ends) out.i32le(end);
  out.bytes(body.written());
}
