/** Columns of times and values: times as differences to the smallest one, cell after cell in compressed blocks. */
import type { ByteWriter } from '../format/bytes.js';
import { blockBytesMax, lz4Bound, type Lz4Encoder } from '../format/lz4.js';
import { timedTime } from '../format/timed-values.js';

const VERSION = 3;
const SHORT_DIFFERENCES = 0x80;
const INT_MAX = 0x7fffffffn;
const LONG_MAX = 2n ** 63n - 1n;

/** The body of the column; values as in format/timed-values.ts. */
export function writeTimedValues(
  out: ByteWriter,
  values: readonly (Uint8Array | null)[],
  lz4: Lz4Encoder,
): void {
  const { from, isShort } = timeSpan(values);
  out.u8(VERSION);
  out.u8(isShort ? SHORT_DIFFERENCES : 0);
  out.u8(0);
  out.u8(0);
  i64le(out, from);
  const index = new CellBlocks(lz4);
  const cells = new CellBlocks(lz4);
  const head = Buffer.alloc(8);
  let position = 0n;
  const place = Buffer.alloc(8);
  for (const value of values) {
    place.writeBigInt64LE(position);
    index.add(place);
    if (value === null) continue;
    const difference = BigInt.asIntN(64, timedTime(value) - from);
    if (isShort) head.writeInt32LE(Number(difference));
    else head.writeBigInt64LE(difference);
    cells.add(head.subarray(0, isShort ? 4 : 8));
    cells.add(value.subarray(8));
    position += BigInt((isShort ? 4 : 8) + value.length - 8);
  }
  place.writeBigInt64LE(position);
  index.add(place);
  index.writeTo(out);
  cells.writeTo(out);
}

/** The smallest time, and whether differences to it fit 32 bits; without any, or when 64 bits are exceeded, from 0. */
function timeSpan(values: readonly (Uint8Array | null)[]): { from: bigint; isShort: boolean } {
  let from = LONG_MAX;
  let to = -LONG_MAX - 1n;
  for (const value of values) {
    if (value === null) continue;
    const time = timedTime(value);
    if (time < from) from = time;
    if (time > to) to = time;
  }
  if (from > to || to - from > LONG_MAX) return { from: 0n, isShort: false };
  return { from, isShort: to - from <= INT_MAX };
}

function i64le(out: ByteWriter, value: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  out.bytes(bytes);
}

/** Bytes end to end, cut into blocks that are compressed one by one. */
class CellBlocks {
  readonly #lz4: Lz4Encoder;
  readonly #block = Buffer.alloc(blockBytesMax);
  #filled = 0;
  readonly #packed: Buffer[] = [];
  readonly #ends = [0];

  constructor(lz4: Lz4Encoder) {
    this.#lz4 = lz4;
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(bytes.length - at, blockBytesMax - this.#filled);
      this.#block.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === blockBytesMax) this.#flush();
    }
  }

  #flush(): void {
    const packed = Buffer.alloc(lz4Bound(this.#filled));
    const size = this.#lz4.encode(this.#block.subarray(0, this.#filled), packed);
    this.#packed.push(Buffer.from(packed.subarray(0, size)));
    this.#ends.push((this.#ends.at(-1) ?? 0) + size);
    this.#filled = 0;
  }

  writeTo(out: ByteWriter): void {
    if (this.#filled > 0) this.#flush();
    const size = this.#ends.at(-1) ?? 0;
    out.i32le(4 + 4 * this.#ends.length + 4 + size);
    out.i32le(4 * this.#ends.length);
    for (const end of this.#ends) out.i32le(end);
    out.i32le(size);
    for (const packed of this.#packed) out.bytes(packed);
  }
}
