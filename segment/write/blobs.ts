/** Blob sets: values end to end in compressed blocks, and a block file of their ends. */
import type { ByteWriter } from '../format/bytes.js';
import { codecIds } from '../format/codec.js';
import { blockBytesMax, lz4Bound } from '../format/lz4.js';
import { bytesOf, type BlockCodec, type WriteContext } from './columns.js';

/** Takes one finished internal file. */
export type Emit = (name: string, bytes: Buffer) => void;

export interface Blobs {
  /** All values, end to end. */
  readonly data: Buffer;
  /** Per value where it ends in `data`. */
  readonly ends: BigInt64Array;
}

/** Emits `name`, `name_offsets` and `name_compressed`. `out` is overwritten. */
export function writeBlobs(
  name: string,
  blobs: Blobs,
  codec: BlockCodec,
  context: WriteContext,
  emit: Emit,
  out: ByteWriter,
): void {
  out.clear();
  out.u8(1);
  out.i32(blobs.ends.length);
  emit(name, out.written());
  out.clear();
  writeBlockFile(out, bytesOf(blobs.ends), codec, context);
  emit(`${name}_offsets`, out.written());
  out.clear();
  writeBlockFile(out, blobs.data, codec, context);
  emit(`${name}_compressed`, out.written());
}

function writeBlockFile(out: ByteWriter, bytes: Buffer, codec: BlockCodec, context: WriteContext): void {
  const count = Math.max(1, Math.ceil(bytes.length / blockBytesMax));
  out.u8(1);
  out.u8(codecIds[codec]);
  out.i32(blockBytesMax);
  out.i32(count);
  const ends = out.length;
  out.zeros(4 * count);
  const start = out.length;
  for (let block = 0; block < count; block++) {
    writeBlock(out, bytes.subarray(block * blockBytesMax, (block + 1) * blockBytesMax), codec, context);
    out.buffer.writeInt32LE(out.length - start, ends + 4 * block);
  }
}

function writeBlock(out: ByteWriter, plain: Buffer, codec: BlockCodec, context: WriteContext): void {
  if (codec === 'zstd') out.bytes(context.zstd(plain));
  else if (codec === 'uncompressed') out.bytes(plain);
  else if (plain.length === 0) out.u8(0);
  else {
    out.reserve(lz4Bound(blockBytesMax));
    out.length += context.lz4.encode(plain, out.buffer.subarray(out.length));
  }
}
