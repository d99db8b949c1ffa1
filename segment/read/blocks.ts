/**
 * Fixed-width values in compressed blocks or in one run, handed out in batches: straight from a decoded block where
 * that is possible, else unpacked into a batch buffer; from the shared decoded ("hot") form once a column is in use.
 */
import type { CodedError } from '../../proto/errors.js';
import { blockBytesMax, codecOf, type Codec } from '../format/codec.js';
import type { Cursor } from '../format/bytes.js';
import { readIndexed, type IndexedList } from '../format/indexed.js';
import { decodeLzf } from '../format/lzf.js';
import { decodeZstd } from '../format/zstd.js';
import { corruptIn, holderOf, opener, type ColumnFile, type ReadContext } from './column-file.js';
import { HotNumbers } from './hot-numbers.js';
import { BATCH_ROWS, type NarrowBatch, type NumericColumnView } from './view.js';

/** Blocks of one column: every block but the last unpacks to the same number of values. */
export interface Blocks {
  readonly codec: Exclude<Codec, 'none'>;
  readonly list: IndexedList;
  readonly perBlock: number;
  readonly count: number;
  /** Plain bytes of a block of `values` values. */
  plainBytes(values: number): number;
}

export function readCodec(cursor: Cursor, id: number): Codec {
  const codec = codecOf(id);
  if (codec === undefined) throw cursor.fail(`unknown compression[${id}]`, cursor.at - 1);
  return codec;
}

/** The list of blocks at the cursor, its size checked against `count` values. */
export function readBlocks(
  cursor: Cursor,
  context: ReadContext,
  shape: {
    readonly codec: Exclude<Codec, 'none'>;
    readonly perBlock: number;
    readonly count: number;
    plainBytes(values: number): number;
  },
): Blocks {
  const { perBlock, count } = shape;
  if (perBlock <= 0 || shape.plainBytes(perBlock) > blockBytesMax) {
    throw cursor.fail(`blocks of ${perBlock} values are not allowed`);
  }
  const list = readIndexed(cursor, opener(context), 'block list');
  if (list.count !== Math.ceil(count / perBlock)) {
    throw cursor.fail(`${list.count} blocks can't hold ${count} values`);
  }
  return { ...shape, list };
}

/** Unpacks block `index` to `target`, whose room is the block's plain size; answers how many values it holds. */
export function decodeBlock(
  context: ReadContext,
  file: ColumnFile,
  blocks: Blocks,
  index: number,
  target: number,
): number {
  const extent = blocks.list.locate(index);
  const values = Math.min(blocks.perBlock, blocks.count - index * blocks.perBlock);
  const wanted = blocks.plainBytes(values);
  const source = holderOf(context, file, extent).at(extent.start, extent.length);
  const got = unpackBytes(context, blocks.codec, source, extent.length, target, wanted);
  if (got !== wanted) throw blockFault(file, extent.start, index);
  return values;
}

/** Unpacks `length` bytes into at most `capacity`; answers how many were written, -1 when they are corrupt. */
export function unpackBytes(
  context: ReadContext,
  codec: Codec,
  source: number,
  length: number,
  target: number,
  capacity: number,
): number {
  const { arena, segment: kernels } = context.kernels;
  switch (codec) {
    case 'lz4':
      return kernels.lz4_decode(source, length, target, capacity) | 0;
    case 'lzf':
      return decodeLzf(arena.bytes(source, length), arena.bytes(target, capacity));
    case 'zstd':
      return decodeZstd(arena.bytes(source, length), arena.bytes(target, capacity));
    default:
      if (length > capacity) return -1;
      arena.bytes(target, length).set(arena.bytes(source, length));
      return length;
  }
}

function blockFault(file: ColumnFile, offset: number, index: number): CodedError {
  return corruptIn(file, offset, `block[${index}] does not unpack to its size`);
}

/** Values of a fixed width that can be copied out by range. */
export interface ValueSource {
  readonly count: number;
  /** Bytes of a value as handed out. */
  readonly width: 1 | 2 | 4 | 8;
  /** Rows that are decoded together. */
  readonly perBlock: number;
  /** Copies values [start, start + n) to `target`. */
  fill(start: number, n: number, target: number): void;
  /** The address of [start, start + n) inside a decoded block, when that is possible without copying. */
  direct(start: number, n: number): number | undefined;
}

/** How a decoded block's values become `width`-byte values. */
export interface Unpacking {
  readonly width: 1 | 2 | 4 | 8;
  /** Bytes of a value in the block when they are the values as they are; undefined = `unpack` is needed. */
  readonly isNative: boolean;
  /** After a block was decoded (byte order). */
  afterDecode?(block: number, values: number): void;
  /** Values first … first + n - 1 of the decoded block at `block`. */
  unpack(block: number, first: number, n: number, target: number): void;
  /** Checks unpacked values. */
  verify?(pointer: number, n: number, start: number): void;
}

export class BlockSource implements ValueSource {
  readonly count: number;
  readonly width: 1 | 2 | 4 | 8;
  readonly perBlock: number;
  readonly #context: ReadContext;
  readonly #file: ColumnFile;
  readonly #blocks: Blocks;
  readonly #unpacking: Unpacking;
  #scratch = 0;
  #current = -1;

  constructor(context: ReadContext, file: ColumnFile, blocks: Blocks, unpacking: Unpacking) {
    this.#context = context;
    this.#file = file;
    this.#blocks = blocks;
    this.#unpacking = unpacking;
    this.count = blocks.count;
    this.width = unpacking.width;
    this.perBlock = blocks.perBlock;
  }

  fill(start: number, n: number, target: number): void {
    const { perBlock } = this;
    const native = this.#unpacking.isNative;
    for (let done = 0; done < n;) {
      const block = Math.floor((start + done) / perBlock);
      const first = start + done - block * perBlock;
      const values = Math.min(n - done, perBlock - first);
      const at = target + done * this.width;
      const whole = first === 0 && values === Math.min(perBlock, this.count - block * perBlock);
      if (native && whole && block !== this.#current) {
        decodeBlock(this.#context, this.#file, this.#blocks, block, at);
        this.#unpacking.afterDecode?.(at, values);
        this.#unpacking.verify?.(at, values, start + done);
      } else {
        const source = this.#load(block);
        if (native) this.#copy(source + first * this.width, at, values * this.width);
        else {
          this.#unpacking.unpack(source, first, values, at);
          this.#unpacking.verify?.(at, values, start + done);
        }
      }
      done += values;
    }
  }

  direct(start: number, n: number): number | undefined {
    if (!this.#unpacking.isNative) return undefined;
    const block = Math.floor(start / this.perBlock);
    const first = start - block * this.perBlock;
    if (first + n > this.perBlock) return undefined;
    return this.#load(block) + first * this.width;
  }

  #load(block: number): number {
    if (this.#scratch === 0) {
      this.#scratch = this.#context.scratch.take();
      this.#context.onClose(() => this.#context.scratch.give(this.#scratch));
    }
    if (block !== this.#current) {
      this.#current = -1;
      const values = decodeBlock(this.#context, this.#file, this.#blocks, block, this.#scratch);
      this.#unpacking.afterDecode?.(this.#scratch, values);
      if (this.#unpacking.isNative) this.#unpacking.verify?.(this.#scratch, values, block * this.perBlock);
      this.#current = block;
    }
    return this.#scratch;
  }

  #copy(source: number, target: number, length: number): void {
    const { arena } = this.#context.kernels;
    arena.bytes(target, length).set(arena.bytes(source, length));
  }
}

/** Values in one uncompressed run. */
export class RunSource implements ValueSource {
  readonly count: number;
  readonly width: 1 | 2 | 4 | 8;
  readonly perBlock = BATCH_ROWS;
  readonly #copy: (start: number, n: number, target: number) => void;

  constructor(count: number, width: 1 | 2 | 4 | 8, copy: (start: number, n: number, target: number) => void) {
    this.count = count;
    this.width = width;
    this.#copy = copy;
  }

  fill(start: number, n: number, target: number): void {
    this.#copy(start, n, target);
  }

  direct(): undefined {
    return undefined;
  }
}

const stateNone = 0;
const stateBusy = 1;
const stateDone = 2;

/** Batches of a source: the hot form where there is one, else this thread's own buffer. */
export class Batches {
  readonly #context: ReadContext;
  readonly #file: ColumnFile;
  readonly #source: ValueSource;
  readonly #unit: number;
  readonly #narrowAs: NumericColumnView['kind'] | undefined;
  #started = false;
  #numbers: HotNumbers | undefined;
  #hot = 0;
  #states: Int32Array | undefined;
  #buffer = 0;
  #nullBits: (() => number) | undefined;

  /** `narrowAs`: the hot form may keep values, which are such numbers, in fewer bytes than they have. */
  constructor(
    context: ReadContext,
    file: ColumnFile,
    source: ValueSource,
    narrowAs?: NumericColumnView['kind'],
  ) {
    this.#context = context;
    this.#file = file;
    this.#source = source;
    this.#narrowAs = narrowAs;
    const { perBlock } = source;
    this.#unit = perBlock > BATCH_ROWS && perBlock % BATCH_ROWS === 0 ? perBlock : BATCH_ROWS;
  }

  /** Values of rows whose bit is set are 0 from now on, whatever is stored there. */
  zeroNulls(nullBits: () => number): void {
    this.#nullBits = nullBits;
  }

  #zeroNulls(pointer: number, start: number, n: number): void {
    if (this.#nullBits === undefined) return;
    const { segment: kernels } = this.#context.kernels;
    kernels.zero_marked(pointer, this.#source.width, n, this.#nullBits(), start);
  }

  /** Only when values are asked for: looking at bitmaps alone must not decode a column. */
  #start(): void {
    this.#started = true;
    if (!this.#file.isHot) return;
    if (this.#narrowAs !== undefined) {
      this.#numbers = HotNumbers.open(this.#context, this.#file, {
        kind: this.#narrowAs,
        source: this.#source,
        zeroNulls: (pointer, start, n) => this.#zeroNulls(pointer, start, n),
      });
      return;
    }
    const { count, width } = this.#source;
    const { arena } = this.#context.kernels;
    const units = Math.ceil(count / this.#unit);
    const valueBytes = Math.ceil((count * width + 64) / 64) * 64;
    this.#hot = this.#context.residency.hot(this.#file.slot, valueBytes + units * 4, (pointer) => {
      arena.i32(pointer + valueBytes, units).fill(0);
    });
    if (this.#hot !== 0) this.#states = arena.i32(this.#hot + valueBytes, units);
  }

  /** Address of the values from `start`, a multiple of BATCH_ROWS. */
  batch(start: number): number {
    if (!this.#started) this.#start();
    const { count, width } = this.#source;
    const n = Math.min(BATCH_ROWS, count - start);
    if (this.#states !== undefined && this.#inHot(this.#states, start)) return this.#hot + start * width;
    const pointer = this.#numbers?.batch(start) ?? 0;
    if (pointer !== 0) return pointer;
    const direct = this.#source.direct(start, n);
    if (direct !== undefined) {
      this.#zeroNulls(direct, start, n);
      return direct;
    }
    if (this.#buffer === 0) {
      this.#buffer = this.#context.scratch.take();
      this.#context.onClose(() => this.#context.scratch.give(this.#buffer));
    }
    this.#source.fill(start, n, this.#buffer);
    this.#zeroNulls(this.#buffer, start, n);
    return this.#buffer;
  }

  /** The same values in fewer bytes, where the hot form has them so. */
  narrow(start: number): NarrowBatch | undefined {
    if (!this.#started) this.#start();
    return this.#numbers?.narrow(start);
  }

  #inHot(states: Int32Array, start: number): boolean {
    const unit = Math.floor(start / this.#unit);
    const state = Atomics.compareExchange(states, unit, stateNone, stateBusy);
    if (state === stateDone) return true;
    // Another thread is at it: this one decodes for itself rather than wait.
    if (state === stateBusy) return false;
    let done = stateNone;
    try {
      const first = unit * this.#unit;
      const n = Math.min(this.#unit, this.#source.count - first);
      const target = this.#hot + first * this.#source.width;
      this.#source.fill(first, n, target);
      this.#zeroNulls(target, first, n);
      done = stateDone;
    } finally {
      Atomics.store(states, unit, done);
    }
    return true;
  }
}
