/** Complex columns: opaque bytes a row. */
import { CodedError } from '../../proto/errors.js';
import type { Cursor } from '../format/bytes.js';
import { readIndexed, type IndexedList } from '../format/indexed.js';
import { openBlobs } from './blobs.js';
import { nullBitset, type BitmapKind } from './numbers.js';
import { corruptIn, cursorOf, opener, type ColumnFile, type ReadContext } from './column-file.js';
import type { ComplexColumnView } from './view.js';

export class ComplexColumn implements ComplexColumnView {
  readonly kind = 'complex';
  readonly typeName: string;
  readonly #read: (row: number) => Uint8Array | null;

  constructor(typeName: string, read: (row: number) => Uint8Array | null) {
    this.typeName = typeName;
    this.#read = read;
  }

  bytes(row: number): Uint8Array | null {
    return this.#read(row);
  }
}

/** The body of a `complex` part. */
export function openComplexColumn(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
  typeName: string,
): ComplexColumn {
  const mark = cursor.left > 0 ? (cursor.bytes[cursor.at] as number) : 0;
  if (typeName === 'json' && mark >= 3 && mark <= 5) {
    throw new CodedError(
      'Unsupported',
      `column[${file.place.column}] is json as Druid 24 to 27 stored it (form[${mark}]); Druid 28 or later rewrites it by compaction`,
      { column: file.place.column },
    );
  }
  if (mark === compressedMark) {
    return openCompressed(cursor, context, typeName);
  }
  const list: IndexedList = readIndexed(cursor, opener(context), 'complex values');
  if (list.count < context.rowCount)
    throw corruptIn(file, cursor.at, `${list.count} complex values are too few`);
  return new ComplexColumn(typeName, (row) => {
    const at = list.locate(row);
    if (at.isNull) return null;
    const bytes = at.file === undefined ? file.bytes : context.open(at.file).bytes;
    return Uint8Array.prototype.slice.call(bytes, at.start, at.start + at.length) as Uint8Array;
  });
}

const compressedMark = 0x7f;

/** Values in a blob set, null rows in a bitmap beside it. */
function openCompressed(cursor: Cursor, context: ReadContext, typeName: string): ComplexColumn {
  cursor.at++;
  const version = cursor.u8('complex version');
  if (version !== 0)
    throw cursor.fail(`compressed complex column of unknown version[${version}]`, cursor.at - 1);
  const { base, hasNulls, bitmap } = readComplexHead(cursor);
  const blobs = openBlobs(context, `${base}.__complexColumn`);
  let nulls: Uint8Array | undefined;
  if (hasNulls) {
    const file = context.open(`${base}.__nullIndex`);
    const head = cursorOf(file);
    const length = head.count('null bitmap length');
    const pointer = file.pointer + head.skip(length, 'null bitmap');
    const bits = nullBitset(context, file, { pointer, length, kind: bitmap });
    nulls = context.kernels.arena.bytes(bits, Math.ceil(context.rowCount / 8));
  }
  return new ComplexColumn(typeName, (row) => {
    if (nulls !== undefined && ((nulls[row >>> 3] as number) >>> (row & 7)) & 1) return null;
    return blobs.blob(row);
  });
}

function readComplexHead(cursor: Cursor) {
  const start = cursor.at;
  const text = cursor.str32('complex head');
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch {
    throw cursor.fail('the head of a complex column is not JSON', start);
  }
  const { fileNameBase, hasNulls, bitmapSerdeFactory } = (head ?? {}) as Record<string, unknown>;
  if (typeof fileNameBase !== 'string')
    throw cursor.fail('the head of a complex column names no file', start);
  const type = (bitmapSerdeFactory as { readonly type?: unknown } | undefined)?.type;
  const bitmap: BitmapKind = type === 'roaring' ? 'roaring' : 'concise';
  return { base: fileNameBase, hasNulls: hasNulls === true, bitmap };
}
