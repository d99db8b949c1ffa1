/** String columns: dictionary, ids per row (one or several), bitmap index. */
import { CodedError } from '../../proto/errors.js';
import type { Cursor } from '../format/bytes.js';
import { idOf, lowerBound, readDictionary, type StringDictionary } from '../format/dictionary.js';
import { readIndexed, type IndexedList } from '../format/indexed.js';
import {
  Batches,
  BlockSource,
  readBlocks,
  readCodec,
  RunSource,
  type Unpacking,
  type ValueSource,
} from './blocks.js';
import {
  corruptIn,
  holderOf,
  opener,
  scratchBytes,
  type ColumnFile,
  type ReadContext,
} from './column-file.js';
import { orInto, type BitmapKind } from './numbers.js';
import { BATCH_ROWS, type StringColumnView } from './view.js';

type IdWidth = 1 | 2 | 4;

/** `cardinality` bounds the ids; `asInts` hands every width out as 4 bytes. */
interface IdShape {
  readonly count: number | undefined;
  readonly cardinality: number;
  readonly bigEndian: boolean;
  readonly asInts: boolean;
}

function widthAt(cursor: Cursor): number {
  const width = cursor.u8('id width');
  if (width < 1 || width > 4) throw cursor.fail(`id width[${width}]`, cursor.at - 1);
  return width;
}

function widened(width: number): IdWidth {
  return width === 3 ? 4 : (width as IdWidth);
}

/** `at`: where the ids start, for messages. */
function verifier(
  context: ReadContext,
  file: ColumnFile,
  ids: { readonly at: number; readonly width: IdWidth; readonly cardinality: number },
) {
  const { width, cardinality } = ids;
  if ((width === 1 && cardinality >= 256) || (width === 2 && cardinality >= 65536)) return undefined;
  return (pointer: number, n: number, start: number) => {
    if (n > 0 && context.kernels.segment.max_id(pointer, n, width) >>> 0 >= cardinality) {
      throw corruptIn(file, ids.at, `an id behind row[${start}] exceeds the dictionary of ${cardinality}`);
    }
  };
}

function wrongCount(cursor: Cursor, got: number, wanted: number): CodedError {
  return cursor.fail(`${got} ids for ${wanted} rows`);
}

/** Ids at the cursor in form 8.1 (version 0), 8.3 or 8.4 (version 2; `hasWidth` false). */
export function readIds(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
  shape: IdShape,
  hasWidth = true,
): { readonly source: ValueSource; readonly compression: string; readonly storedWidth: number } {
  const { at } = cursor;
  const version = cursor.u8('id version');
  if (version === 0) return readPlainIds(cursor, context, file, shape);
  if (version !== 2) throw cursor.fail(`ids of unknown version[${version}]`, cursor.at - 1);
  const stored = hasWidth ? widthAt(cursor) : 4;
  const count = cursor.count('id count');
  if (shape.count !== undefined && count !== shape.count) throw wrongCount(cursor, count, shape.count);
  const perBlock = cursor.count('ids per block');
  const codec = readCodec(cursor, cursor.u8('compression'));
  if (codec === 'none') throw cursor.fail('ids without blocks', cursor.at - 1);
  const plainBytes = (values: number) => values * stored;
  const blocks = readBlocks(cursor, context, { codec, perBlock, count, plainBytes });
  const width = shape.asInts ? 4 : widened(stored);
  const kernels = context.kernels.segment;
  const verify = verifier(context, file, { at, width, cardinality: shape.cardinality });
  const unpacking: Unpacking = {
    width,
    isNative: width === stored,
    ...(shape.bigEndian && stored > 1
      ? { afterDecode: (block: number, values: number) => swapIds(context, block, values, stored) }
      : {}),
    unpack: (block, first, n, target) => kernels.unpack_le(block + first * stored, n, stored, target),
    ...(verify === undefined ? {} : { verify }),
  };
  return {
    source: new BlockSource(context, file, blocks, unpacking),
    compression: codec,
    storedWidth: stored,
  };
}

function swapIds(context: ReadContext, block: number, values: number, width: number): void {
  const bytes = context.kernels.arena.buffer(block, values * width);
  if (width === 2) bytes.swap16();
  else if (width === 4) bytes.swap32();
  else {
    for (let at = 0; at < bytes.length; at += 3) {
      const first = bytes[at] as number;
      bytes[at] = bytes[at + 2] as number;
      bytes[at + 2] = first;
    }
  }
}

function readPlainIds(cursor: Cursor, context: ReadContext, file: ColumnFile, shape: IdShape) {
  const stored = widthAt(cursor);
  const size = cursor.count('ids size');
  const count = (size - (4 - stored)) / stored;
  if (!Number.isInteger(count) || count < 0) throw cursor.fail(`ids of ${size} bytes`);
  if (shape.count !== undefined && count !== shape.count) throw wrongCount(cursor, count, shape.count);
  const start = cursor.skip(size, 'ids');
  return {
    source: plainIdRun(context, file, { start, count, stored }, shape),
    compression: 'none',
    storedWidth: stored,
  };
}

/** Uncompressed big-endian ids. */
function plainIdRun(
  context: ReadContext,
  file: ColumnFile,
  run: { readonly start: number; readonly count: number; readonly stored: number },
  shape: IdShape,
): ValueSource {
  const { stored, count } = run;
  const width = shape.asInts ? 4 : widened(stored);
  const verify = verifier(context, file, { at: run.start, width, cardinality: shape.cardinality });
  return new RunSource(count, width, (first, n, target) => {
    const source = file.at(run.start + first * stored, n * stored);
    context.kernels.segment.unpack_be(source, n, stored, target, width);
    verify?.(target, n, first);
  });
}

/** Offsets (rows + 1, in ids) and ids of a multi-value column. */
interface IdRows {
  readonly offsets: ValueSource;
  readonly ids: ValueSource;
  readonly compression: string;
  readonly storedWidth: number;
}

function readIdRows(cursor: Cursor, context: ReadContext, file: ColumnFile, shape: IdShape): IdRows {
  const rows = context.rowCount;
  const all = { ...shape, count: undefined, asInts: true };
  const version = cursor.u8('id rows version');
  if (version === 1) return readPlainIdRows(cursor, context, file, shape);
  if (version !== 2 && version !== 3)
    throw cursor.fail(`id rows of unknown version[${version}]`, cursor.at - 1);
  const offsetShape = { count: rows + 1, cardinality: 2 ** 32, bigEndian: shape.bigEndian, asInts: true };
  const offsets = readIds(cursor, context, file, offsetShape, version === 2);
  const ids = readIds(cursor, context, file, all);
  return {
    offsets: offsets.source,
    ids: ids.source,
    compression: ids.compression,
    storedWidth: ids.storedWidth,
  };
}

/** Form 8.2: per row the end offset of its ids in bytes. */
function readPlainIdRows(cursor: Cursor, context: ReadContext, file: ColumnFile, shape: IdShape): IdRows {
  const stored = widthAt(cursor);
  const size = cursor.count('id rows size');
  const end = cursor.skip(size, 'id rows') + size;
  cursor.at = end - size;
  const rows = cursor.count('id rows count');
  if (rows !== context.rowCount) throw wrongCount(cursor, rows, context.rowCount);
  const ends = cursor.skip(rows * 4, 'id row ends');
  const start = cursor.at;
  cursor.at = end;
  const count = Math.floor((end - start - (4 - stored)) / stored);
  if (count < 0) throw cursor.fail('id rows are too short');
  const offsets = new RunSource(rows + 1, 4, (first, n, target) => {
    const view = context.kernels.arena.u32(target, n);
    for (let i = 0; i < n; i++) {
      const row = first + i;
      const offset = row === 0 ? 0 : file.bytes.readInt32BE(ends + 4 * (row - 1));
      if (offset < 0 || offset % stored !== 0) throw corruptIn(file, ends, `row[${row}] ends inside an id`);
      view[i] = offset / stored;
    }
  });
  const ids = plainIdRun(context, file, { start, count, stored }, { ...shape, asInts: true });
  return { offsets, ids, compression: 'none', storedWidth: stored };
}

const noBitmapsFlag = 4;
const multiFlags = 3;

export interface StringParts {
  readonly dictionary: StringDictionary;
  /** The dictionary may hold a null that no row has. */
  readonly rowsHaveNulls: boolean;
  readonly single: ValueSource | undefined;
  readonly multi: IdRows | undefined;
  readonly bitmaps: IndexedList | undefined;
  readonly bitmapFile: ColumnFile;
  readonly bitmapKind: BitmapKind;
  readonly compression: string;
  readonly storedWidth: number;
  readonly isAuto?: boolean;
}

/** The body of a `stringDictionary` part. */
export function openStringColumn(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
  shape: { readonly isMulti: boolean; readonly bitmap: BitmapKind; readonly bigEndian: boolean },
): StringColumn {
  const version = cursor.u8('string version');
  if (version > 3) throw cursor.fail(`string column of unknown version[${version}]`, cursor.at - 1);
  const flags = version >= 2 ? cursor.i32('string flags') : version === 1 ? 1 : 0;
  if (flags < 0 || flags > 7) throw cursor.fail(`string flags[${flags}]`, cursor.at - 4);
  const isMulti = (flags & multiFlags) !== 0;
  if (isMulti !== shape.isMulti)
    throw cursor.fail('the column disagrees with its descriptor on multiple values');
  const dictionary = readDictionary(cursor, opener(context), { bigEndian: shape.bigEndian });
  const ids: IdShape = {
    count: context.rowCount,
    cardinality: dictionary.count,
    bigEndian: shape.bigEndian,
    asInts: false,
  };
  const multi = isMulti ? readIdRows(cursor, context, file, ids) : undefined;
  const single = isMulti ? undefined : readIds(cursor, context, file, ids);
  let bitmaps: IndexedList | undefined;
  if ((flags & noBitmapsFlag) === 0) {
    bitmaps = readIndexed(cursor, opener(context), 'bitmap index');
    if (bitmaps.count !== dictionary.count) {
      throw cursor.fail(`${bitmaps.count} bitmaps for ${dictionary.count} values`);
    }
  }
  return new StringColumn(context, file, {
    dictionary,
    rowsHaveNulls: dictionary.hasNull,
    single: single?.source,
    multi,
    bitmaps,
    bitmapFile: file,
    bitmapKind: shape.bitmap,
    compression: (multi ?? single)?.compression ?? '',
    storedWidth: (multi ?? single)?.storedWidth ?? 0,
  });
}

export class StringColumn implements StringColumnView {
  readonly kind = 'string';
  readonly hasMultipleValues: boolean;
  readonly hasNulls: boolean;
  readonly dictionarySorted = true;
  readonly hasBitmaps: boolean;
  readonly cardinality: number;
  readonly idWidth: IdWidth;
  readonly parts: StringParts;
  readonly texts?: NonNullable<StringColumnView['texts']>;
  /** Stored as an `auto` column. */
  readonly isAuto: boolean;
  readonly #context: ReadContext;
  readonly #file: ColumnFile;
  #batches: Batches | undefined;
  #rows: RowBatches | undefined;

  constructor(context: ReadContext, file: ColumnFile, parts: StringParts) {
    this.#context = context;
    this.#file = file;
    this.parts = parts;
    this.isAuto = parts.isAuto === true;
    this.hasMultipleValues = parts.multi !== undefined;
    this.hasNulls = parts.rowsHaveNulls;
    this.hasBitmaps = parts.bitmaps !== undefined;
    this.cardinality = parts.dictionary.count;
    if (parts.dictionary.gather !== undefined) this.texts = parts.dictionary.gather;
    this.idWidth = parts.single === undefined ? 4 : (parts.single.width as IdWidth);
  }

  value(id: number): string | null {
    return this.parts.dictionary.value(id);
  }

  idOf(value: string | null): number {
    return idOf(this.parts.dictionary, value);
  }

  lowerBoundId(value: string): number {
    return lowerBound(this.parts.dictionary, value);
  }

  orBitmap(id: number, bits: number, from?: number, to?: number): void {
    const { bitmaps, bitmapFile, bitmapKind } = this.parts;
    if (bitmaps === undefined) throw new CodedError('Bug', 'the column has no bitmaps');
    const extent = bitmaps.locate(id);
    if (extent.length === 0) return;
    const { start, length } = extent;
    const holder = holderOf(this.#context, bitmapFile, extent);
    orInto(this.#context, { file: holder, start, length, kind: bitmapKind }, bits, from, to);
  }

  batch(startRow: number): number {
    if (this.parts.single === undefined) throw new CodedError('Bug', 'multiBatch reads a multi-value column');
    this.#batches ??= new Batches(this.#context, this.#file, this.parts.single);
    return this.#batches.batch(startRow);
  }

  multiBatch(startRow: number): { readonly offsets: number; readonly ids: number } {
    if (this.parts.multi === undefined) throw new CodedError('Bug', 'batch reads a single-value column');
    this.#rows ??= new RowBatches(this.#context, this.#file, this.parts.multi);
    return this.#rows.batch(startRow);
  }
}

/** Batches of a multi-value column; hot: all offsets and ids decoded in one area. */
class RowBatches {
  readonly #context: ReadContext;
  readonly #file: ColumnFile;
  readonly #rows: IdRows;
  readonly #hot: { readonly offsets: number; readonly ids: number } | undefined;
  #offsets = 0;
  #ids = 0;
  #idsRoom = 0;

  constructor(context: ReadContext, file: ColumnFile, rows: IdRows) {
    this.#context = context;
    this.#file = file;
    this.#rows = rows;
    context.onClose(() => this.#giveIds());
    if (file.isHot) {
      const offsetBytes = Math.ceil((rows.offsets.count * 4 + 64) / 64) * 64;
      const hot = context.residency.hot(file.slot, offsetBytes + rows.ids.count * 4, (pointer) => {
        rows.offsets.fill(0, rows.offsets.count, pointer);
        this.#check(pointer, rows.offsets.count);
        rows.ids.fill(0, rows.ids.count, pointer + offsetBytes);
      });
      if (hot !== 0) this.#hot = { offsets: hot, ids: hot + offsetBytes };
    }
  }

  batch(startRow: number): { readonly offsets: number; readonly ids: number } {
    if (this.#hot !== undefined) return { offsets: this.#hot.offsets + startRow * 4, ids: this.#hot.ids };
    const { arena } = this.#context.kernels;
    const n = Math.min(BATCH_ROWS, this.#context.rowCount - startRow);
    if (this.#offsets === 0) {
      this.#offsets = this.#context.scratch.take();
      this.#context.onClose(() => this.#context.scratch.give(this.#offsets));
    }
    this.#rows.offsets.fill(startRow, n + 1, this.#offsets);
    this.#check(this.#offsets, n + 1);
    const view = arena.u32(this.#offsets, n + 1);
    const first = view[0] as number;
    const total = (view[n] as number) - first;
    for (let i = 0; i <= n; i++) view[i] = (view[i] as number) - first;
    const ids = this.#room(total * 4);
    this.#rows.ids.fill(first, total, ids);
    return { offsets: this.#offsets, ids };
  }

  #check(offsets: number, count: number): void {
    if (this.#context.kernels.segment.ascending(offsets, count, this.#rows.ids.count) !== 1) {
      throw corruptIn(this.#file, 0, 'the offsets of a multi-value column descend or pass its ids');
    }
  }

  #room(bytes: number): number {
    if (this.#ids !== 0 && bytes <= this.#idsRoom) return this.#ids;
    this.#giveIds();
    const room = Math.max(bytes, scratchBytes);
    this.#ids = this.#context.kernels.arena.alloc(room);
    this.#idsRoom = room;
    return this.#ids;
  }

  #giveIds(): void {
    const ids = this.#ids;
    this.#ids = 0;
    if (ids !== 0) this.#context.kernels.arena.free(ids);
  }
}

/** A string column that is null in every row. */
export class NullColumn implements StringColumnView {
  readonly kind = 'string';
  readonly hasMultipleValues = false;
  readonly hasNulls = true;
  readonly dictionarySorted = true;
  readonly hasBitmaps = true;
  readonly cardinality = 1;
  readonly idWidth = 1;
  readonly #context: ReadContext;
  #zeros = 0;

  constructor(context: ReadContext) {
    this.#context = context;
  }

  value(id: number): null {
    if (id !== 0) throw new CodedError('Bug', `no value[${id}]`);
    return null;
  }

  idOf(value: string | null): number {
    return value === null ? 0 : -1;
  }

  lowerBoundId(_value: string): number {
    return 1;
  }

  orBitmap(_id: number, bits: number): void {
    this.#context.kernels.segment.set_range(bits, 0, this.#context.rowCount);
  }

  batch(_startRow: number): number {
    if (this.#zeros === 0) {
      this.#zeros = this.#context.scratch.take();
      this.#context.kernels.arena.bytes(this.#zeros, BATCH_ROWS).fill(0);
      this.#context.onClose(() => this.#context.scratch.give(this.#zeros));
    }
    return this.#zeros;
  }

  multiBatch(_startRow: number): { readonly offsets: number; readonly ids: number } {
    throw new CodedError('Bug', 'batch reads a single-value column');
  }
}
