/** Number columns: plain and packed longs, floats, doubles, with and without blocks, with null bitmaps. */
import { packedWidths, type Codec } from '../format/codec.js';
import type { Cursor } from '../format/bytes.js';
import {
  Batches,
  BlockSource,
  readBlocks,
  readCodec,
  RunSource,
  type Unpacking,
  type ValueSource,
} from './blocks.js';
import { corruptIn, type ColumnFile, type ReadContext } from './column-file.js';
import type { NarrowBatch, NumericColumnView } from './view.js';

export type NumberKind = 'long' | 'float' | 'double';
export type BitmapKind = 'roaring' | 'concise';

export interface NumberShape {
  readonly kind: NumberKind;
  readonly bigEndian: boolean;
}

/** What the inspection tools show. */
export interface Encoding {
  readonly compression: string;
  readonly encoding: string;
}

/** Zeros behind packed longs. */
const packedTailBytes = 4;

interface PackedLongs {
  readonly bits: number;
  /** Table entries, or undefined for delta. */
  readonly table: readonly bigint[] | undefined;
  readonly base: bigint;
  /** Where its head starts. */
  readonly at: number;
}

export interface NumberSource {
  readonly source: ValueSource;
  readonly encoding: Encoding;
}

export interface NumberHead {
  readonly count: number;
  readonly perBlock: number;
  readonly codec: Codec;
  readonly isPacked: boolean;
  readonly encoding: Encoding;
  readonly unpacking: Unpacking;
  /** Plain bytes of `values` values. */
  readonly plainBytes: (values: number) => number;
}

/** Reads the head of "part 2" at the cursor and stops before the values. */
export function readNumberHead(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
  shape: NumberShape,
): NumberHead {
  const version = cursor.u8('number version');
  if (version !== 1 && version !== 2)
    throw cursor.fail(`number column of unknown version[${version}]`, cursor.at - 1);
  const count = cursor.count('row count');
  if (count !== context.rowCount) throw cursor.fail(`row count[${count}] instead of ${context.rowCount}`);
  const perBlock = cursor.count('values per block');
  let codecId = version === 1 ? 0 : cursor.u8('compression');
  let packed: PackedLongs | undefined;
  if (shape.kind === 'long' && codecId >= 0x80 && codecId < 0xfe) {
    codecId = (codecId + 126) & 0xff;
    packed = readPackedHead(cursor);
  }
  const codec = readCodec(cursor, codecId);
  const width = shape.kind === 'float' ? 4 : 8;
  const unpacking =
    packed === undefined
      ? plainNumbers(context, file, width, shape.bigEndian)
      : packedNumbers(context, file, packed);
  const bits = packed?.bits ?? width * 8;
  const tail = packed === undefined ? 0 : packedTailBytes;
  const plainBytes = (values: number) => Math.ceil((values * bits) / 8) + tail;
  const encoding = {
    compression: codec,
    encoding:
      packed === undefined ? 'plain' : `${packed.table === undefined ? 'delta' : 'table'}/${packed.bits}`,
  };
  return { count, perBlock, codec, isPacked: packed !== undefined, encoding, unpacking, plainBytes };
}

/** Reads the head of "part 2" at the cursor and answers the values behind it. */
export function readNumbers(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
  shape: NumberShape,
): NumberSource {
  const head = readNumberHead(cursor, context, file, shape);
  const { count, perBlock, codec, encoding, unpacking, plainBytes } = head;
  const { width } = unpacking;
  if (codec === 'none') {
    const start = cursor.skip(plainBytes(count), 'values');
    const source = new RunSource(count, width, (first, n, target) =>
      head.isPacked ? unpackRun(start, first, n, target) : copyRun(start, first, n, target),
    );
    return { source, encoding };
  }
  const blocks = readBlocks(cursor, context, { codec, perBlock, count, plainBytes });
  return { source: new BlockSource(context, file, blocks, unpacking), encoding };

  function copyRun(start: number, first: number, n: number, target: number): void {
    const { arena } = context.kernels;
    const from = file.at(start + first * width, n * width);
    arena.bytes(target, n * width).set(arena.bytes(from, n * width));
    unpacking.afterDecode?.(target, n);
  }

  function unpackRun(start: number, first: number, n: number, target: number): void {
    // Eight packed values fill whole bytes, whatever their width.
    const skipped = first % 8;
    const from = plainBytes(first - skipped) - packedTailBytes;
    const source = file.at(start + from, plainBytes(first + n) - from);
    unpacking.unpack(source, skipped, n, target);
  }
}

function readPackedHead(cursor: Cursor): PackedLongs | undefined {
  const { at } = cursor;
  const id = cursor.u8('long encoding');
  if (id === 0xff) return undefined;
  if (id > 1) throw cursor.fail(`unknown long encoding[${id}]`, cursor.at - 1);
  const version = cursor.u8('long encoding version');
  if (version !== 1) throw cursor.fail(`long encoding of unknown version[${version}]`, cursor.at - 1);
  if (id === 0) {
    const base = cursor.i64('delta base');
    const bits = cursor.i32('delta bits');
    if (!packedWidths.some((width) => width === bits))
      throw cursor.fail(`packed width[${bits}]`, cursor.at - 4);
    return { bits, table: undefined, base, at };
  }
  const size = cursor.count('table size');
  if (size < 1 || size > 256) throw cursor.fail(`table size[${size}]`, cursor.at - 4);
  const table = Array.from({ length: size }, () => cursor.i64('table entry'));
  const bits = packedWidths.find((width) => size <= 2 ** width) ?? 64;
  return { bits, table, base: 0n, at };
}

function plainNumbers(context: ReadContext, file: ColumnFile, width: 4 | 8, bigEndian: boolean): Unpacking {
  const swap = (pointer: number, values: number) => {
    const bytes = context.kernels.arena.buffer(pointer, values * width);
    if (width === 8) bytes.swap64();
    else bytes.swap32();
  };
  return {
    width,
    isNative: true,
    ...(bigEndian ? { afterDecode: swap } : {}),
    unpack() {
      throw corruptIn(file, 0, 'plain numbers are not packed');
    },
  };
}

function packedNumbers(context: ReadContext, file: ColumnFile, packed: PackedLongs): Unpacking {
  const { arena, segment: kernels } = context.kernels;
  const { bits, base, table } = packed;
  if (table === undefined) {
    return {
      width: 8,
      isNative: false,
      unpack: (block, first, n, target) => kernels.unpack_delta(block, first, n, bits, base, target),
    };
  }
  const pointer = context.scratch.take();
  context.onClose(() => context.scratch.give(pointer));
  arena.i64(pointer, table.length).set(table);
  return {
    width: 8,
    isNative: false,
    unpack(block, first, n, target) {
      if (kernels.unpack_table(block, first, n, bits, pointer, table.length, target) !== 1) {
        throw corruptIn(file, packed.at, 'a packed number is no index of its table');
      }
    },
  };
}

/** Compressed bitmap bytes and where they lie. */
export interface StoredBitmap {
  readonly file: ColumnFile;
  readonly start: number;
  readonly length: number;
  readonly kind: BitmapKind;
}

/** ORs compressed bitmap bytes into `bits`; rows outside [from, to) may be left out. */
export function orInto(
  context: ReadContext,
  bitmap: StoredBitmap,
  bits: number,
  from = 0,
  to = context.rowCount,
): void {
  const { segment: kernels } = context.kernels;
  const { file, start, length, kind } = bitmap;
  const pointer = file.at(start, length);
  const failed =
    kind === 'roaring'
      ? kernels.roaring_or(pointer, length, bits, context.rowCount, from, to)
      : kernels.concise_or(pointer, length, bits, context.rowCount);
  if (failed !== 0) throw corruptIn(file, start, `a ${kind} bitmap is malformed`);
}

export function bitsetBytes(rowCount: number): number {
  return Math.ceil(rowCount / 64) * 8;
}

export class NumberColumn implements NumericColumnView {
  readonly kind: NumberKind;
  readonly hasNulls: boolean;
  readonly nullsAreZero = true;
  readonly encoding: Encoding;
  /** Stored as an `auto` column. */
  readonly isAuto: boolean;
  readonly hasValueIndex: boolean;
  readonly #batches: Batches;
  readonly #nullBits: () => number;
  #nulls = 0;

  constructor(
    kind: NumberKind,
    numbers: NumberSource,
    batches: Batches,
    nullBits: (() => number) | undefined,
    isAuto = false,
    hasValueIndex = isAuto,
  ) {
    this.isAuto = isAuto;
    this.hasValueIndex = hasValueIndex;
    this.kind = kind;
    this.encoding = numbers.encoding;
    this.hasNulls = nullBits !== undefined;
    this.#batches = batches;
    this.#nullBits = nullBits ?? (() => 0);
    if (this.hasNulls) batches.zeroNulls(() => this.nullBits());
  }

  batch(startRow: number): number {
    return this.#batches.batch(startRow);
  }

  readonly narrow = (startRow: number): NarrowBatch | undefined => this.#batches.narrow(startRow);

  nullBits(): number {
    if (this.#nulls === 0) this.#nulls = this.#nullBits();
    return this.#nulls;
  }
}

/** The body of `longV2`, `floatV2`, `doubleV2` (`withNulls`) and of the old parts without nulls. */
export function openNumberColumn(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
  shape: NumberShape & { readonly withNulls: boolean; readonly bitmap: BitmapKind },
): NumberColumn {
  let nullsAt = file.length;
  if (shape.withNulls) {
    const length = cursor.count('values length');
    const start = cursor.skip(length, 'values');
    nullsAt = start + length;
    cursor.at = start;
  }
  const numbers = readNumbers(cursor, context, file, shape);
  // Searches ask for single times, which would be unpacked with their batch.
  const narrowAs = file.place.column === '__time' ? undefined : shape.kind;
  const batches = new Batches(context, file, numbers.source, narrowAs);
  cursor.at = nullsAt;
  if (cursor.left === 0) return new NumberColumn(shape.kind, numbers, batches, undefined);
  const length = cursor.count('null bitmap length');
  const start = cursor.skip(length, 'null bitmap');
  if (length === 0) return new NumberColumn(shape.kind, numbers, batches, undefined);
  const bitmap = { file, start, length, kind: shape.bitmap };
  return new NumberColumn(shape.kind, numbers, batches, () => nullBitset(context, file, bitmap));
}

/** The bitset of a bitmap, kept with `file`. */
export function nullBitset(context: ReadContext, file: ColumnFile, bitmap: StoredBitmap): number {
  return keptBitset(context, file, (bits) => orInto(context, bitmap, bits));
}

/**
 * A bitset over all rows, zeros before `fill`: shared by all threads and kept with `file` or, where the budget has no
 * room for it, the view's own until it closes.
 */
export function keptBitset(context: ReadContext, file: ColumnFile, fill: (bits: number) => void): number {
  const bytes = bitsetBytes(context.rowCount);
  const { arena } = context.kernels;
  const build = (bits: number): void => {
    arena.bytes(bits, bytes).fill(0);
    fill(bits);
  };
  const kept = context.residency.companion(file.slot, bytes, build);
  if (kept !== 0) return kept;
  const own = arena.alloc(bytes);
  context.onClose(() => arena.free(own));
  build(own);
  return own;
}
