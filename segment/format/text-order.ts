/** The order of many texts, found by a kernel that never makes a string of them. */
import type { Arena } from '../kernels/arena.js';
import { withScratch } from '../kernels/scratch.js';
import type { PackedTexts } from './packed-texts.js';

/** Texts and bytes that are handed to the kernel at once; a longer text goes alone. */
const PIECE = 4096;
const PIECE_BYTES = 1 << 17;
const ENTRY_BYTES = 16;
/** Behind the packed texts, since they are written and read by words. */
const OVERRUN_BYTES = 32;

/**
 * The texts' numbers in ascending UTF-16 order of the texts, which are well-formed UTF-8; equal texts keep their order.
 * `rounds` of partitions, a factor of the logarithm of their number, are tried before a range is sorted as a heap.
 */
export function textOrder(texts: PackedTexts, rounds = 2): Uint32Array {
  const { count } = texts;
  if (count < 2) return new Uint32Array(count);
  return withScratch(({ arena, segment }, alloc) => {
    const entries = alloc(count * ENTRY_BYTES);
    const numbers = alloc(count * 4);
    const packed = alloc(texts.end(count - 1) + count + OVERRUN_BYTES);
    const piece = { bytes: alloc(longestPiece(texts)), ends: alloc(PIECE * 4) };
    let to = packed;
    for (let from = 0; from < count;) {
      const until = pieceEnd(texts, from);
      copyPiece(arena, texts, from, until, piece);
      const base = texts.start(from);
      const at = entries + from * ENTRY_BYTES;
      to = segment.text_pack(piece.bytes, piece.ends, base, until - from, to, at, from) >>> 0;
      from = until;
    }
    segment.text_sort(entries, count, numbers, rounds);
    segment.text_numbers(entries, count, numbers);
    return new Uint32Array(arena.u32(numbers, count));
  });
}

function pieceEnd(texts: PackedTexts, from: number): number {
  const base = texts.start(from);
  let until = Math.min(from + PIECE, texts.count);
  while (until > from + 1 && texts.end(until - 1) - base > PIECE_BYTES) until = from + ((until - from) >>> 1);
  return until;
}

function longestPiece(texts: PackedTexts): number {
  let longest = PIECE_BYTES;
  const { count, ends } = texts;
  for (let i = 0, start = 0; i < count; i++) {
    const end = ends[i]!;
    if (end - start > longest) longest = end - start;
    start = end;
  }
  return longest;
}

function copyPiece(
  arena: Arena,
  texts: PackedTexts,
  from: number,
  until: number,
  piece: { readonly bytes: number; readonly ends: number },
): void {
  const base = texts.start(from);
  const bytes = texts.bytes.subarray(base, texts.end(until - 1));
  arena.bytes(piece.bytes, bytes.length).set(bytes);
  arena.u32(piece.ends, until - from).set(texts.ends.subarray(from, until));
}
