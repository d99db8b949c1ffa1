/** The first and the last time of a segment sorted by it, without reading the column: its head and two blocks. */
import { CodedError } from '../../proto/errors.js';
import { corrupt, Cursor, type Place } from '../format/bytes.js';
import { blockBytesMax } from '../format/codec.js';
import { readDescriptor } from '../format/descriptor.js';
import { lz4Bound } from '../format/lz4.js';
import { unpackBytes } from './blocks.js';
import type { ReadContext } from './column-file.js';
import { readNumberHead, type NumberHead } from './numbers.js';

/** Reads part of the column's file; offsets count from its start. */
export type ReadPart = (start: number, length: number) => Buffer;

const headBytes = 65536;

/** Epoch milliseconds of the first and the last row; undefined when the column's form does not allow it. */
export function readTimeEnds(
  context: ReadContext,
  place: Place,
  length: number,
  read: ReadPart,
): readonly [first: number, last: number] | undefined {
  const bytes = read(0, Math.min(length, headBytes));
  const cursor = new Cursor(bytes, place);
  const { part } = readDescriptor(cursor);
  if (part.type === 'longV2') cursor.skip(4, 'values length');
  else if (part.type !== 'long') return undefined;
  const at = () => {
    throw new CodedError('Bug', 'only the head of the column is read');
  };
  const file = { place, length, slot: -1, isHot: false, bytes, at };
  const shape = { kind: 'long', bigEndian: part.byteOrder === 'BIG_ENDIAN' } as const;
  const head = readNumberHead(cursor, context, file, shape);
  const last = head.count - 1;
  if (head.codec === 'none') {
    if (head.isPacked || shape.bigEndian) return undefined;
    const at = cursor.at;
    return [Number(read(at, 8).readBigInt64LE()), Number(read(at + 8 * last, 8).readBigInt64LE())];
  }
  if (head.perBlock <= 0 || head.plainBytes(head.perBlock) > blockBytesMax) return undefined;
  const version = cursor.u8('block list version');
  if (version !== 1) return undefined;
  cursor.skip(5, 'block list head');
  const count = cursor.count('block count');
  const blocks = { place, length, read, table: cursor.at, count };
  if (count !== Math.ceil(head.count / head.perBlock)) {
    throw cursor.fail(`${count} blocks can't hold ${head.count} values`);
  }
  const first = valueAt(context, head, blocks, 0);
  return [Number(first), Number(last === 0 ? first : valueAt(context, head, blocks, last))];
}

interface BlockTable {
  readonly place: Place;
  /** Of the whole file. */
  readonly length: number;
  readonly read: ReadPart;
  /** Where the blocks' ends stand. */
  readonly table: number;
  readonly count: number;
}

function valueAt(context: ReadContext, head: NumberHead, blocks: BlockTable, row: number): bigint {
  const { arena } = context.kernels;
  const index = Math.floor(row / head.perBlock);
  const packed = blockBytes(blocks, index);
  const wanted = head.plainBytes(Math.min(head.perBlock, head.count - index * head.perBlock));
  const source = arena.alloc(packed.length);
  const target = context.scratch.take();
  try {
    arena.buffer(source, packed.length).set(packed);
    const { codec } = head;
    if (codec === 'none' || unpackBytes(context, codec, source, packed.length, target, wanted) !== wanted) {
      throw corrupt(blocks.place, blocks.table, `block[${index}] does not unpack to its size`);
    }
    const inBlock = row - index * head.perBlock;
    if (!head.unpacking.isNative) {
      head.unpacking.unpack(target, inBlock, 1, source);
      return arena.i64(source, 1)[0] as bigint;
    }
    head.unpacking.afterDecode?.(target, inBlock + 1);
    return arena.i64(target, inBlock + 1)[inBlock] as bigint;
  } finally {
    arena.free(source);
    context.scratch.give(target);
  }
}

function blockBytes(blocks: BlockTable, index: number): Buffer {
  const { table, count, length, place } = blocks;
  const values = table + 4 * count;
  const endOf = (block: number) => {
    const at = table + 4 * block;
    if (at + 4 > length) throw corrupt(place, at, 'the block list runs past the end');
    return blocks.read(at, 4).readInt32BE();
  };
  const from = index === 0 ? 0 : endOf(index - 1);
  const to = endOf(index);
  const size = to - from - 4;
  if (from < 0 || size < 0 || size > lz4Bound(blockBytesMax) || values + to > length) {
    throw corrupt(place, table, `block[${index}] lies outside its list`);
  }
  return blocks.read(values + from + 4, size);
}
