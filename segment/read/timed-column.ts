/** Columns of times and values (first and last aggregators), in both forms that Druid writes. */
import type { Cursor } from '../format/bytes.js';
import { blockBytesMax } from '../format/codec.js';
import { encodeTimed, type TimedKind } from '../format/timed-values.js';
import { unpackBytes } from './blocks.js';
import { corruptIn, type ColumnFile, type ReadContext } from './column-file.js';

const VERSION = 3;
const SHORT_DIFFERENCES = 0x80;

/** Do cells in compressed blocks follow? Texts may also be stored as a list of values, which begins with 1 or 2. */
export function isTimedCells(cursor: Cursor): boolean {
  return cursor.left > 0 && cursor.bytes.readUInt8(cursor.at) === VERSION;
}

/** Row to pair as in format/timed-values.ts. */
export function openTimedCells(
  cursor: Cursor,
  context: ReadContext,
  file: ColumnFile,
): (row: number) => Uint8Array | null {
  cursor.skip(1, 'version');
  const isShort = (cursor.u8('encoding') & SHORT_DIFFERENCES) !== 0;
  cursor.skip(2, 'encoding');
  const from = i64le(cursor, 'smallest time');
  const index = new CellBlocks(cursor, context, file);
  const cells = new CellBlocks(cursor, context, file);
  const timeBytes = isShort ? 4 : 8;
  return (row) => {
    const hasNext = row + 1 < context.rowCount;
    const places = index.read(8 * row, hasNext ? 24 : 16);
    const start = Number(places.readBigInt64LE(0));
    const end = Number(places.readBigInt64LE(8));
    const length = end - start;
    if (length === 0) return null;
    // What a block unpacks to may be 255 times its size: a length that the next cell does not confirm is not tried.
    const isConfirmed = !hasNext || Number(places.readBigInt64LE(16)) >= end;
    if (!(start >= 0) || !(length >= timeBytes) || !isConfirmed || end > cells.bytesMax)
      throw corruptIn(file, 0, `cell[${row}] lies outside its blocks`);
    const cell = cells.read(start, length);
    const difference = isShort ? BigInt(cell.readInt32LE(0)) : cell.readBigInt64LE(0);
    const pair = Buffer.alloc(8 + length - timeBytes);
    pair.writeBigInt64LE(BigInt.asIntN(64, from + difference));
    cell.copy(pair, 8, timeBytes);
    return pair;
  };
}

/** A pair as Druid's older form of texts has it: big-endian, and without a difference of null and the empty text. */
export function timedFromList(kind: TimedKind, bytes: Uint8Array): Uint8Array {
  if (kind !== 'string' || bytes.length < 12) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getInt32(8);
  const text = size > 0 ? Buffer.from(bytes.subarray(12, 12 + size)).toString('utf8') : size < 0 ? '' : null;
  return encodeTimed(kind, view.getBigInt64(0), text);
}

function i64le(cursor: Cursor, what: string): bigint {
  return cursor.bytes.readBigInt64LE(cursor.skip(8, what));
}

/** Bytes end to end in compressed blocks; the last block read stays unpacked. */
class CellBlocks {
  readonly #context: ReadContext;
  readonly #file: ColumnFile;
  /** Offsets in the file: of the list of block ends, and of the blocks. */
  readonly #ends: number;
  readonly #data: number;
  readonly #dataBytes: number;
  readonly #blocks: number;
  #scratch = 0;
  #current = -1;
  #length = 0;

  constructor(cursor: Cursor, context: ReadContext, file: ColumnFile) {
    this.#context = context;
    this.#file = file;
    const size = cursor.i32le('cell blocks');
    const end = cursor.at + size;
    const indexBytes = cursor.i32le('block index');
    if (indexBytes < 4 || indexBytes % 4 !== 0) throw cursor.fail(`block index of ${indexBytes} bytes`);
    this.#blocks = indexBytes / 4 - 1;
    this.#ends = cursor.skip(indexBytes, 'block index');
    this.#dataBytes = cursor.i32le('blocks');
    this.#data = cursor.skip(this.#dataBytes, 'blocks');
    if (cursor.at !== end) throw cursor.fail('cell blocks are not as long as they say');
  }

  /** More bytes than the blocks can hold are none. */
  get bytesMax(): number {
    return this.#blocks * blockBytesMax;
  }

  /** A copy of the bytes [start, start + length). */
  read(start: number, length: number): Buffer {
    const parts: Buffer[] = [];
    for (let done = 0; done < length;) {
      const block = Math.floor((start + done) / blockBytesMax);
      const inBlock = start + done - block * blockBytesMax;
      this.#load(block);
      const take = Math.min(length - done, this.#length - inBlock);
      if (!(take > 0)) throw corruptIn(this.#file, this.#data, 'a cell runs past its blocks');
      parts.push(Buffer.from(this.#context.kernels.arena.bytes(this.#scratch + inBlock, take)));
      done += take;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  #load(block: number): void {
    if (block === this.#current) return;
    if (!(block >= 0 && block < this.#blocks)) throw corruptIn(this.#file, this.#data, `no block[${block}]`);
    if (this.#scratch === 0) {
      this.#scratch = this.#context.scratch.take();
      this.#context.onClose(() => this.#context.scratch.give(this.#scratch));
    }
    const { bytes } = this.#file;
    const from = bytes.readInt32LE(this.#ends + 4 * block);
    const to = bytes.readInt32LE(this.#ends + 4 * block + 4);
    if (from < 0 || to < from || to > this.#dataBytes) {
      throw corruptIn(this.#file, this.#ends, `block[${block}] lies outside its file`);
    }
    this.#current = -1;
    const source = this.#file.at(this.#data + from, to - from);
    const got = unpackBytes(this.#context, 'lz4', source, to - from, this.#scratch, blockBytesMax);
    if (got < 0 || (block < this.#blocks - 1 && got !== blockBytesMax)) {
      throw corruptIn(this.#file, this.#data + from, `block[${block}] does not unpack to its size`);
    }
    this.#length = got;
    this.#current = block;
  }
}
