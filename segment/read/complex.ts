/** Complex columns: opaque bytes a row. */
import type { Cursor } from '../format/bytes.js';
import { readIndexed, type IndexedList } from '../format/indexed.js';
import { timedKindOf } from '../format/timed-values.js';
import { openBlobs } from './blobs.js';
import { nullBitset, type BitmapKind } from './numbers.js';
import { corruptIn, cursorOf, holderOf, opener, type ColumnFile, type ReadContext } from './column-file.js';
import { isTimedCells, openTimedCells, timedFromList } from './timed-column.js';
import type { ComplexColumnView } from './view.js';

export class ComplexColumn implements ComplexColumnView {
  readonly kind = 'complex';
  readonly typeName: string;
  readonly hasNulls: boolean | undefined;
  readonly #read: (row: number) => Uint8Array | null;

  constructor(typeName: string, read: (row: number) => Uint8Array | null, hasNulls?: boolean) {
    this.typeName = typeName;
    this.hasNulls = hasNulls;
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
  const mark = cursor.peek();
  if (mark === compressedMark) {
    return openCompressed(cursor, context, typeName);
  }
  const timed = timedKindOf(typeName);
  if (timed !== undefined && isTimedCells(cursor)) {
    return new ComplexColumn(typeName, openTimedCells(cursor, context, file));
  }
  const list: IndexedList = readIndexed(cursor, opener(context), 'complex values');
  if (list.count < context.rowCount)
    throw corruptIn(file, cursor.at, `${list.count} complex values are too few`);
  return new ComplexColumn(typeName, (row) => {
    const at = list.locate(row);
    if (at.isNull) return null;
    const value = Uint8Array.from(holderOf(context, file, at).bytes.subarray(at.start, at.start + at.length));
    return timed === undefined ? value : timedFromList(timed, value);
  });
}

const compressedMark = 0x7f;

/** Values in a blob set, null rows in a bitmap beside it. */
function openCompressed(cursor: Cursor, context: ReadContext, typeName: string): ComplexColumn {
  cursor.at++;
  const version = cursor.u8('complex version');
  if (version !== 0)
    throw cursor.fail(`compressed complex column of unknown version[${version}]`, cursor.at - 1);
  const { base, hasNulls, bitmap, bigEndian } = readComplexHead(cursor);
  const blobs = openBlobs(context, `${base}.__complexColumn`, bigEndian);
  let nulls: Uint8Array | undefined;
  if (hasNulls) {
    const file = context.open(`${base}.__nullIndex`);
    const head = cursorOf(file);
    const length = head.count('null bitmap length');
    const start = head.skip(length, 'null bitmap');
    const bits = nullBitset(context, file, { file, start, length, kind: bitmap });
    nulls = context.kernels.arena.bytes(bits, Math.ceil(context.rowCount / 8));
  }
  return new ComplexColumn(typeName, (row) => {
    if (nulls !== undefined && ((nulls[row >>> 3] as number) >>> (row & 7)) & 1) return null;
    return blobs.blob(row);
  });
}

export interface ComplexHead {
  /** What the names of the column's files begin with. */
  readonly base: string;
  readonly hasNulls: boolean;
  readonly bitmap: BitmapKind;
  readonly bigEndian: boolean;
}

/** The JSON head of columns with files of their own. */
export function readComplexHead(cursor: Cursor): ComplexHead {
  const start = cursor.at;
  const text = cursor.str32('complex head');
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch {
    throw cursor.fail('the head of a complex column is not JSON', start);
  }
  const { byteOrder, fileNameBase, hasNulls, bitmapSerdeFactory } = (head ?? {}) as Record<string, unknown>;
  if (typeof fileNameBase !== 'string')
    throw cursor.fail('the head of a complex column names no file', start);
  const type = (bitmapSerdeFactory as { readonly type?: unknown } | undefined)?.type;
  const bitmap: BitmapKind = type === 'roaring' ? 'roaring' : 'concise';
  const bigEndian = byteOrder === 'BIG_ENDIAN';
  return { base: fileNameBase, hasNulls: hasNulls === true, bitmap, bigEndian };
}
