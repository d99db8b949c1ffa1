/** Texts as the entries of a list: in a given order, each behind its marker. */
import type { Arena } from '../kernels/arena.js';
import { withScratch } from '../kernels/scratch.js';
import type { PackedTexts } from './packed-texts.js';

/** Fewer texts, and more bytes of texts, are copied without the kernel: it needs them in its own memory. */
const KERNEL_TEXTS_MIN = 256;
const KERNEL_BYTES_MAX = 64 << 20;
/** Bytes the kernel makes at once. */
const PIECE_BYTES = 1 << 18;
const PIECE_TEXTS = 1 << 15;
/** Longer texts are copied by a call. */
const SHORT = 64;

export interface TextCopy {
  readonly texts: PackedTexts;
  /** Their numbers. */
  readonly order: Uint32Array;
  /** Gets the entries, and is filled by them. */
  readonly target: Buffer;
  /** Gets a big-endian word a text: where its entry ends, counted from `offset` at the start of `target`. */
  readonly places: Buffer;
  readonly offset: number;
}

export function copyTexts(copy: TextCopy): void {
  const { texts, order } = copy;
  const isApart = order.length >= KERNEL_TEXTS_MIN && !isAscending(order);
  if (!isApart || texts.end(texts.count - 1) > KERNEL_BYTES_MAX) copyRange(copy, 0, order.length, 0);
  else copyByKernel(copy);
}

function isAscending(order: Uint32Array): boolean {
  for (let i = 1; i < order.length; i++) if (order[i]! < order[i - 1]!) return false;
  return true;
}

/** Texts order[from, to), the first entry at `start` of the target; answers where they end. */
function copyRange(copy: TextCopy, from: number, to: number, start: number): number {
  const { texts, order, target, places, offset } = copy;
  const { bytes, ends } = texts;
  let at = start;
  for (let i = from; i < to; i++) {
    const index = order[i]!;
    const first = index === 0 ? 0 : ends[index - 1]!;
    const end = ends[index]!;
    putInt(target, at, 0);
    at += 4;
    if (end - first > SHORT) at += bytes.copy(target, at, first, end);
    else for (let source = first; source < end; source++) target[at++] = bytes[source]!;
    putInt(places, 4 * i, offset + at);
  }
  return at;
}

/** Texts lie in memory as they came: a kernel looks many up before it copies them. */
function copyByKernel(copy: TextCopy): void {
  const { texts, order, target, places, offset } = copy;
  withScratch(({ arena, segment }, alloc) => {
    const bytes = copied(arena, alloc, texts.bytes.subarray(0, texts.end(texts.count - 1)));
    const ends = copied(arena, alloc, texts.ends);
    const piece = alloc(PIECE_BYTES);
    const piecePlaces = alloc(4 * PIECE_TEXTS);
    const numbers = alloc(4 * PIECE_TEXTS);
    let at = 0;
    for (let from = 0; from < order.length;) {
      const count = Math.min(PIECE_TEXTS, order.length - from);
      arena.u32(numbers, count).set(order.subarray(from, from + count));
      const done = segment.text_gather(
        bytes,
        ends,
        numbers,
        count,
        piece,
        PIECE_BYTES,
        piecePlaces,
        offset + at,
      );
      if (done === 0) {
        at = copyRange(copy, from, from + 1, at);
        from++;
        continue;
      }
      const made = arena.buffer(piecePlaces, 4 * done);
      places.set(made, 4 * from);
      const end = made.readUInt32BE(4 * (done - 1)) - offset;
      target.set(arena.bytes(piece, end - at), at);
      at = end;
      from += done;
    }
  });
}

function copied(arena: Arena, alloc: (bytes: number) => number, source: Uint8Array | Uint32Array): number {
  const pointer = alloc(source.byteLength);
  arena
    .bytes(pointer, source.byteLength)
    .set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  return pointer;
}

/** Big-endian. */
export function putInt(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}
