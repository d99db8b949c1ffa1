/** The bytes of single column files: numbers, strings, complex values. */
import { CodedError } from '../../proto/errors.js';
import { wellFormed, type ByteWriter } from '../format/bytes.js';
import {
  codecIds,
  doublesPerBlock,
  floatsPerBlock,
  idsPerBlock,
  idWidth,
  intsPerBlock,
  longsPerBlock,
} from '../format/codec.js';
import { writeConcise } from '../format/concise.js';
import { checkOrder, writeDictionary } from '../format/dictionary.js';
import { IndexedWriter } from '../format/indexed.js';
import { blockBytesMax, lz4Bound, type Lz4Encoder } from '../format/lz4.js';
import type { ZstdEncoder } from '../format/zstd-encode.js';
import { encodeLongs } from '../format/longs.js';
import { dictionaryTexts, holdsNull, PackedDictionary } from '../format/packed-texts.js';
import { writeRoaring } from '../format/roaring.js';
import type { MultiStringSource, NumericSource, StringSource, WriteOptions } from './source.js';

/** What every column of one segment is written with. */
export interface WriteContext {
  readonly options: WriteOptions;
  readonly lz4: Lz4Encoder;
  readonly zstd: ZstdEncoder;
  readonly rowCount: number;
}

export type BlockCodec = 'lz4' | 'zstd' | 'uncompressed';

type Encoders = Pick<WriteContext, 'lz4' | 'zstd'>;

/** Of ids that are always in compressed form. */
export function idCodec(context: WriteContext): BlockCodec {
  return context.options.dimensionCompression === 'zstd' ? 'zstd' : 'lz4';
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The bytes of a typed array, little-endian. */
export function bytesOf(values: ArrayBufferView): Buffer {
  if (!littleEndian)
    throw new CodedError('Unsupported', 'segments are written on little-endian machines only');
  return Buffer.from(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}

/** Of a list beside each entry: where it ends, and its marker. */
const entryBytes = 8;

/** Writes a list of blocks; `fill(block)` answers a block's plain bytes, valid until the next call. */
export function writeBlocks(
  out: ByteWriter,
  count: number,
  codec: BlockCodec,
  context: Encoders,
  fill: (block: number) => Buffer,
): void {
  // At once: growing copies what is there, while room that is not used costs nothing.
  out.reserve(count * (lz4Bound(blockBytesMax) + entryBytes));
  const list = new IndexedWriter(out, count, false);
  for (let block = 0; block < count; block++) {
    const plain = fill(block);
    list.beginEntry();
    if (codec === 'lz4') {
      out.reserve(lz4Bound(blockBytesMax));
      out.length += context.lz4.encode(plain, out.buffer.subarray(out.length));
    } else if (codec === 'zstd') {
      out.bytes(context.zstd(plain));
    } else {
      out.bytes(plain);
    }
    list.endEntry();
  }
  list.finish();
}

function slicesOf(bytes: Buffer, blockBytes: number): { count: number; fill: (block: number) => Buffer } {
  return {
    count: Math.ceil(bytes.length / blockBytes),
    fill: (block) => bytes.subarray(block * blockBytes, Math.min((block + 1) * blockBytes, bytes.length)),
  };
}

/** Part 2 of a number column: head and values. */
export function writeNumbers(out: ByteWriter, source: NumericSource, context: WriteContext): void {
  const codec = context.options.metricCompression ?? 'lz4';
  if (source.kind === 'long' && context.options.longEncoding === 'auto') {
    const encoded = encodeLongs(source.values);
    if (encoded !== undefined) {
      out.u8(2);
      out.i32(context.rowCount);
      out.i32(codec === 'none' ? 0 : encoded.perBlock);
      out.u8((codecIds[codec] - 126) & 0xff);
      out.bytes(encoded.header);
      if (codec === 'none') out.bytes(encoded.pack(0, context.rowCount));
      else {
        const blocks = Math.ceil(context.rowCount / encoded.perBlock);
        writeBlocks(out, blocks, codec, context, (block) =>
          encoded.pack(block * encoded.perBlock, Math.min((block + 1) * encoded.perBlock, context.rowCount)),
        );
      }
      return;
    }
  }
  const perBlock = { long: longsPerBlock, float: floatsPerBlock, double: doublesPerBlock }[source.kind];
  const width = source.kind === 'float' ? 4 : 8;
  const bytes = bytesOf(source.values);
  out.u8(2);
  out.i32(context.rowCount);
  out.i32(codec === 'none' ? 0 : perBlock);
  out.u8(codecIds[codec]);
  if (codec === 'none') {
    out.bytes(bytes);
    return;
  }
  const { count, fill } = slicesOf(bytes, perBlock * width);
  writeBlocks(out, count, codec, context, fill);
}

function serdeOf(context: WriteContext): { type: 'roaring' | 'concise' } {
  return { type: context.options.bitmap ?? 'roaring' };
}

export function writeBitmap(
  out: ByteWriter,
  rows: Uint32Array,
  from: number,
  to: number,
  context: WriteContext,
): void {
  if (context.options.bitmap === 'concise') writeConcise(out, rows, from, to);
  else writeRoaring(out, rows, from, to);
}

/** Rows whose bit is set. */
export function rowsOf(bits: Uint8Array | undefined, rowCount: number): Uint32Array {
  const found: number[] = [];
  if (bits !== undefined) {
    for (let at = 0; at < bits.length; at++) {
      const byte = bits[at] as number;
      if (byte === 0) continue;
      for (let bit = 0; bit < 8; bit++) {
        if (byte & (1 << bit) && at * 8 + bit < rowCount) found.push(at * 8 + bit);
      }
    }
  }
  return Uint32Array.from(found);
}

export function writeNumericColumn(out: ByteWriter, source: NumericSource, context: WriteContext): void {
  const descriptor = {
    valueType: source.kind.toUpperCase(),
    hasMultipleValues: false,
    parts: [{ type: `${source.kind}V2`, byteOrder: 'LITTLE_ENDIAN', bitmapSerdeFactory: serdeOf(context) }],
  };
  out.str32(JSON.stringify(descriptor));
  const head = out.length;
  out.i32(0);
  writeNumbers(out, source, context);
  out.buffer.writeInt32BE(out.length - head - 4, head);
  const nulls = rowsOf(source.nulls, context.rowCount);
  if (nulls.length === 0) return;
  const bitmapHead = out.length;
  out.i32(0);
  writeBitmap(out, nulls, 0, nulls.length, context);
  out.buffer.writeInt32BE(out.length - bitmapHead - 4, bitmapHead);
}

/** Compressed ids (8.3). */
export function writeIds(
  out: ByteWriter,
  ids: Uint32Array,
  largest: number,
  codec: BlockCodec,
  context: Encoders,
): void {
  const width = idWidth(largest);
  const perBlock = idsPerBlock[width];
  out.u8(2);
  out.u8(width);
  out.i32(ids.length);
  out.i32(perBlock);
  out.u8(codecIds[codec]);
  const block = Buffer.allocUnsafe(perBlock * width);
  writeBlocks(out, Math.ceil(ids.length / perBlock), codec, context, (index) => {
    const from = index * perBlock;
    const to = Math.min(from + perBlock, ids.length);
    packIds(ids, from, to, width, block);
    return block.subarray(0, (to - from) * width);
  });
}

function packIds(ids: Uint32Array, from: number, to: number, width: number, target: Buffer): void {
  if (width === 1) {
    for (let i = from; i < to; i++) target[i - from] = ids[i] as number;
    return;
  }
  let at = 0;
  if (width === 2) {
    for (let i = from; i < to; i++) {
      const id = ids[i] as number;
      target[at] = id & 0xff;
      target[at + 1] = id >>> 8;
      at += 2;
    }
    return;
  }
  for (let i = from; i < to; i++) {
    const id = ids[i] as number;
    target[at] = id & 0xff;
    target[at + 1] = (id >>> 8) & 0xff;
    target[at + 2] = (id >>> 16) & 0xff;
    if (width > 3) target[at + 3] = id >>> 24;
    at += width;
  }
}

/** Ids at `width` bytes, big-endian, with the padding of the uncompressed forms. */
function writePlainIds(out: ByteWriter, ids: Uint32Array, width: number): void {
  out.reserve(ids.length * width + 4);
  for (const id of ids) out.length = out.buffer.writeUIntBE(id, out.length, width);
  out.zeros(4 - width);
}

/** Uncompressed ids (8.1). */
function writeVsize(out: ByteWriter, ids: Uint32Array, largest: number): void {
  const width = idWidth(largest);
  out.u8(0);
  out.u8(width);
  out.i32(ids.length * width + 4 - width);
  writePlainIds(out, ids, width);
}

/** Uncompressed rows of ids (8.2). */
function writeVsizeRows(out: ByteWriter, source: MultiStringSource, largest: number): void {
  const width = idWidth(largest);
  const rows = source.offsets.length - 1;
  out.u8(1);
  out.u8(width);
  out.i32(4 + 4 * rows + source.ids.length * width + 4 - width);
  out.i32(rows);
  for (let row = 1; row <= rows; row++) out.i32((source.offsets[row] as number) * width);
  writePlainIds(out, source.ids, width);
}

/** Compressed rows of ids (8.5). */
function writeIdRows(
  out: ByteWriter,
  source: MultiStringSource,
  largest: number,
  context: WriteContext,
): void {
  out.u8(3);
  out.u8(2);
  out.i32(source.offsets.length);
  out.i32(intsPerBlock);
  out.u8(codecIds[idCodec(context)]);
  const { count, fill } = slicesOf(bytesOf(source.offsets), intsPerBlock * 4);
  writeBlocks(out, count, idCodec(context), context, fill);
  writeIds(out, source.ids, largest, idCodec(context), context);
}

interface IdRows {
  readonly ids: Uint32Array;
  readonly offsets?: Uint32Array;
}

/** How often each id occurs. */
function countIds(ids: Uint32Array, cardinality: number): Uint32Array {
  const counts = new Uint32Array(cardinality);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id >= cardinality) throw new CodedError('Bug', `id[${id}] exceeds the dictionary of ${cardinality}`);
    counts[id]!++;
  }
  return counts;
}

/** Rows in order of the ids they hold: `rows` from starts[id] to ends[id]; each row once per id. */
export function invert(
  { ids, offsets }: IdRows,
  counts: Uint32Array,
): { readonly rows: Uint32Array; readonly starts: Uint32Array; readonly ends: Uint32Array } {
  const starts = new Uint32Array(counts.length);
  for (let id = 1; id < counts.length; id++) starts[id] = starts[id - 1]! + counts[id - 1]!;
  const ends = starts.slice();
  const rows = new Uint32Array(ids.length);
  if (offsets === undefined) {
    for (let row = 0; row < ids.length; row++) rows[ends[ids[row]!]!++] = row;
    return { rows, starts, ends };
  }
  for (let row = 0; row < offsets.length - 1; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      const id = ids[i]!;
      const at = ends[id]!;
      if (at > starts[id]! && rows[at - 1] === row) continue;
      rows[at] = row;
      ends[id] = at + 1;
    }
  }
  return { rows, starts, ends };
}

/** One bitmap per id. */
export function writeBitmapIndex(
  out: ByteWriter,
  source: IdRows,
  cardinality: number,
  context: WriteContext,
): void {
  writeBitmaps(out, source, countIds(source.ids, cardinality), context);
}

function writeBitmaps(out: ByteWriter, source: IdRows, counts: Uint32Array, context: WriteContext): void {
  const { rows, starts, ends } = invert(source, counts);
  out.reserve(bitmapBytes(counts.length, rows.length));
  const list = new IndexedWriter(out, counts.length, false);
  for (let id = 0; id < counts.length; id++) {
    list.beginEntry();
    writeBitmap(out, rows, starts[id]!, ends[id]!, context);
    list.endEntry();
  }
  list.finish();
}

/** Enough room for most bitmaps: a head each, and what a row adds at most where it begins a container. */
function bitmapBytes(cardinality: number, rows: number): number {
  return cardinality * (16 + entryBytes) + rows * 10;
}

/** About what a column of strings takes: room for all of it, so that nothing is copied while it grows. */
function stringBytes(source: StringSource | MultiStringSource): number {
  const { dictionary, ids } = source;
  const texts = dictionary instanceof PackedDictionary ? dictionary.texts.sizeOf(dictionary.order) : 0;
  const blocks = Math.ceil((ids.length * 4) / blockBytesMax) + 1;
  const lists = texts + dictionary.length * entryBytes + blocks * (lz4Bound(blockBytesMax) + entryBytes);
  return lists + bitmapBytes(dictionary.length, ids.length);
}

const flagMultiValue = 1;
const flagMultiValueV3 = 2;
const flagNoBitmaps = 4;

/**
 * The same rows over a dictionary that UTF-8 can hold and whose every entry is used: texts may become equal and their
 * order another one, and Druid can't read an empty bitmap at the end of an index.
 */
function settled<T extends StringSource | MultiStringSource>(source: T, counts: Uint32Array): T {
  const { ids } = source;
  const areUsed = !counts.includes(0);
  if (source.dictionary instanceof PackedDictionary && areUsed) return source;
  const dictionary = dictionaryTexts(source.dictionary);
  const texts = dictionary.map((text) => (text === null ? null : wellFormed(text)));
  if (areUsed && texts.every((text, id) => text === dictionary[id])) return source;
  checkOrder(dictionary, false);
  const kept = new Set(texts.filter((_, id) => counts[id] !== 0));
  const sorted = [...kept].sort((x, y) => (x === null ? -1 : y === null ? 1 : x < y ? -1 : 1));
  const places = new Map(sorted.map((text, id) => [text, id]));
  const newIds = Uint32Array.from(texts, (text) => places.get(text) ?? 0);
  return { ...source, dictionary: sorted, ids: ids.map((id) => newIds[id] as number) };
}

export function writeStringColumn(
  out: ByteWriter,
  given: StringSource | MultiStringSource,
  context: WriteContext,
): void {
  out.reserve(stringBytes(given));
  const givenCounts = countIds(given.ids, given.dictionary.length);
  const source = settled(given, givenCounts);
  const { options } = context;
  const compressed = options.dimensionCompression !== 'uncompressed';
  const bitmaps = options.withoutBitmaps?.includes(source.name) !== true;
  const multi = source.kind === 'multiString';
  const descriptor = {
    valueType: 'STRING',
    hasMultipleValues: multi,
    parts: [{ type: 'stringDictionary', bitmapSerdeFactory: serdeOf(context), byteOrder: 'LITTLE_ENDIAN' }],
  };
  out.str32(JSON.stringify(descriptor));
  const flags =
    (bitmaps ? 0 : flagNoBitmaps) | (multi ? (compressed ? flagMultiValueV3 : flagMultiValue) : 0);
  if (compressed || !bitmaps) {
    out.u8(compressed ? 2 : 3);
    out.i32(flags);
  } else {
    out.u8(multi ? 1 : 0);
  }
  const cardinality = source.dictionary.length;
  writeDictionary(out, source.dictionary, options);
  if (multi) {
    if (compressed) writeIdRows(out, source, cardinality, context);
    else writeVsizeRows(out, source, cardinality);
  } else if (compressed) writeIds(out, source.ids, cardinality, idCodec(context), context);
  else writeVsize(out, source.ids, cardinality);
  if (!bitmaps) return;
  const indexed = multi ? withNullRows(source) : source;
  const counts = indexed === given ? givenCounts : countIds(indexed.ids, cardinality);
  writeBitmaps(out, indexed, counts, context);
}

/** For the bitmaps: rows without values count as null, when the dictionary has it. */
function withNullRows(source: MultiStringSource): IdRows {
  const { ids, offsets, dictionary } = source;
  const rows = offsets.length - 1;
  let empty = 0;
  for (let row = 0; row < rows; row++) if (offsets[row] === offsets[row + 1]) empty++;
  if (empty === 0 || !holdsNull(dictionary)) return source;
  const filled = new Uint32Array(ids.length + empty);
  const filledOffsets = new Uint32Array(rows + 1);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const own = ids.subarray(offsets[row], offsets[row + 1]);
    filled.set(own, at);
    at += Math.max(1, own.length);
    filledOffsets[row + 1] = at;
  }
  return { ids: filled, offsets: filledOffsets };
}

export function writeNullColumn(out: ByteWriter, context: WriteContext): void {
  const descriptor = {
    valueType: 'STRING',
    hasMultipleValues: false,
    parts: [{ type: 'null', numRows: context.rowCount, bitmapSerdeFactory: serdeOf(context) }],
  };
  out.str32(JSON.stringify(descriptor));
}
