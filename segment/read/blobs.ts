/** Blob sets: opaque values end to end in compressed blocks, with a block file of their end offsets. */
import { blockBytesMax } from '../format/codec.js';
import { readCodec, unpackBytes } from './blocks.js';
import { corruptIn, cursorOf, type ColumnFile, type ReadContext } from './column-file.js';

/** Reads byte ranges of a block file, keeping the last block unpacked. */
class BlockStream {
  readonly #context: ReadContext;
  readonly #file: ColumnFile;
  readonly #codec: ReturnType<typeof readCodec>;
  readonly #ends: number;
  readonly #data: number;
  readonly #blocks: number;
  readonly #bigEndian: boolean;
  #scratch = 0;
  #current = -1;
  #length = 0;

  constructor(context: ReadContext, file: ColumnFile, bigEndian: boolean) {
    this.#bigEndian = bigEndian;
    this.#context = context;
    this.#file = file;
    const cursor = cursorOf(file);
    const version = cursor.u8('block file version');
    if (version !== 1) throw cursor.fail(`block file of unknown version[${version}]`, 0);
    this.#codec = readCodec(cursor, cursor.u8('compression'));
    const size = cursor.i32('block size');
    if (size !== blockBytesMax) throw cursor.fail(`block size[${size}]`, 2);
    this.#blocks = cursor.count('block count');
    this.#ends = cursor.skip(this.#blocks * 4, 'block ends');
    this.#data = cursor.at;
  }

  /** A copy of the bytes [start, start + length). */
  read(start: number, length: number): Buffer {
    if (start + length > this.#blocks * blockBytesMax)
      throw corruptIn(this.#file, this.#ends, 'a blob ends behind its blocks');
    // Part by part: a damaged length must not be believed before the blocks are there.
    const parts: Buffer[] = [];
    for (let done = 0; done < length;) {
      const block = Math.floor((start + done) / blockBytesMax);
      const inBlock = start + done - block * blockBytesMax;
      this.#load(block);
      const take = Math.min(length - done, this.#length - inBlock);
      if (take <= 0) throw corruptIn(this.#file, this.#data, 'a blob runs past its blocks');
      parts.push(Buffer.from(this.#context.kernels.arena.bytes(this.#scratch + inBlock, take)));
      done += take;
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  #end(block: number): number {
    const { bytes } = this.#file;
    const at = this.#ends + 4 * block;
    return this.#bigEndian ? bytes.readInt32BE(at) : bytes.readInt32LE(at);
  }

  #load(block: number): void {
    if (block === this.#current) return;
    if (block >= this.#blocks) throw corruptIn(this.#file, this.#data, `no block[${block}]`);
    if (this.#scratch === 0) {
      this.#scratch = this.#context.scratch.take();
      this.#context.onClose(() => this.#context.scratch.give(this.#scratch));
    }
    const from = block === 0 ? 0 : this.#end(block - 1);
    const to = this.#end(block);
    if (from < 0 || to < from || this.#data + to > this.#file.length) {
      throw corruptIn(this.#file, this.#ends, `block[${block}] lies outside its file`);
    }
    this.#current = -1;
    const source = this.#file.at(this.#data + from, to - from);
    const got = unpackBytes(this.#context, this.#codec, source, to - from, this.#scratch, blockBytesMax);
    if (got < 0 || (block < this.#blocks - 1 && got !== blockBytesMax)) {
      throw corruptIn(this.#file, this.#data + from, `block[${block}] does not unpack to its size`);
    }
    this.#length = got;
    this.#current = block;
  }
}

export interface BlobSet {
  readonly count: number;
  /** A copy of one blob. */
  blob(index: number): Buffer;
}

/** Opens `name`, `name_offsets` and `name_compressed`. */
export function openBlobs(context: ReadContext, name: string, bigEndian: boolean): BlobSet {
  const file = context.open(name);
  const cursor = cursorOf(file);
  const version = cursor.u8('blob version');
  if (version !== 1) throw cursor.fail(`blobs of unknown version[${version}]`, 0);
  const count = cursor.count('blob count');
  const offsets = new BlockStream(context, context.open(`${name}_offsets`), bigEndian);
  const data = new BlockStream(context, context.open(`${name}_compressed`), bigEndian);
  const endOf = (index: number): bigint => {
    const bytes = offsets.read(index * 8, 8);
    return bigEndian ? bytes.readBigInt64BE() : bytes.readBigInt64LE();
  };
  return {
    count,
    blob(index) {
      if (!(index >= 0 && index < count)) throw corruptIn(file, 0, `no blob[${index}]`);
      const from = index === 0 ? 0n : endOf(index - 1);
      const to = endOf(index);
      // What a block unpacks to may be 255 times its size: a length that the next blob does not confirm is not tried.
      if (
        from < 0n ||
        to < from ||
        to - from > BigInt(1 << 30) ||
        (index + 1 < count && to > endOf(index + 1))
      ) {
        throw corruptIn(file, 0, `blob[${index}] has no sensible length`);
      }
      return data.read(Number(from), Number(to - from));
    },
  };
}
