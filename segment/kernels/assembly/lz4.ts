// LZ4 blocks: decoding with full bounds checks, and a fast single-pass encoder.

import {
  decodeCopies,
  decodeFew,
  decodeMixed,
  INPUT_MARGIN,
  LENGTH_BYTES_MAX,
  OUTPUT_MARGIN,
  SHAPE_COPIES,
  SHAPE_MIXED,
  shapeAt,
} from './_lz4-fast';
import { matchLength, putRest, putSequence } from './_lz4-sequences';

// @ts-ignore: decorator
@inline
const CORRUPT: u32 = 0xffffffff;

/**
 * Decodes one block. Answers the number of bytes written, at most `capacity`, or 0xffffffff when the block is corrupt.
 * Never reads outside [source, source + sourceLength), never writes outside [target, target + capacity).
 */
export function lz4_decode(source: usize, sourceLength: u32, target: usize, capacity: u32): u32 {
  let ip = source;
  let op = target;
  const iend = source + <usize>sourceLength;
  const oend = target + <usize>capacity;
  // The fast loops stop this far from both ends, so that their wide copies stay inside.
  const isafe = sourceLength > INPUT_MARGIN ? iend - INPUT_MARGIN : source;
  const osafe = capacity > OUTPUT_MARGIN ? oend - OUTPUT_MARGIN : target;
  // A loop that fits what comes runs at about twice the speed. A block begins with what was not seen before, so what
  // follows is looked at in growing steps.
  let shape = SHAPE_MIXED;
  let step: usize = 128;
  let until = source;
  while (ip < isafe && op < osafe) {
    if (ip >= until) {
      // (Below 64 KiB the loops of one shape could not tell a distance too far from one that is not.)
      if (until !== source && target >= 65536) shape = shapeAt(ip, isafe);
      if (step < 8192) step <<= 1;
      until = isafe - ip > step ? ip + step : isafe;
    }
    if (shape !== SHAPE_MIXED) {
      const done =
        shape === SHAPE_COPIES ? decodeCopies(ip, op, until, osafe, target) : decodeFew(ip, op, until, osafe, target);
      ip = <usize>(done >>> 32);
      op = <usize>(<u32>done);
      if (ip >= isafe || op >= osafe) break;
    }
    // The shape's loop stopped at a sequence of another kind, or there is no shape.
    const done = decodeMixed(ip, op, shape === SHAPE_MIXED ? until : ip + 1, iend, osafe, target);
    if (done === 0) return CORRUPT;
    if (<usize>(done >>> 32) === ip) break;
    ip = <usize>(done >>> 32);
    op = <usize>(<u32>done);
  }
  return finish(ip, iend, op, target, oend);
}

/** The rest of a block, every step checked. */
function finish(from: usize, iend: usize, at: usize, target: usize, oend: usize): u32 {
  let ip = from;
  let op = at;
  while (true) {
    if (ip >= iend) return CORRUPT;
    const start = ip;
    const token = <u32>load<u8>(ip++);
    let literals = token >>> 4;
    if (literals === 15) {
      let b: u32;
      do {
        if (ip >= iend) return CORRUPT;
        b = <u32>load<u8>(ip++);
        literals += b;
      } while (b === 255);
      if (ip - start > LENGTH_BYTES_MAX) return CORRUPT;
    }
    if (<usize>literals > iend - ip || <usize>literals > oend - op) return CORRUPT;
    memory.copy(op, ip, literals);
    ip += literals;
    op += literals;
    if (ip === iend) return <u32>(op - target);
    if (iend - ip < 2) return CORRUPT;
    const distance = <u32>load<u16>(ip);
    ip += 2;
    let length = token & 15;
    if (length === 15) {
      const more = ip;
      let b: u32;
      do {
        if (ip >= iend) return CORRUPT;
        b = <u32>load<u8>(ip++);
        length += b;
      } while (b === 255);
      if (ip - more > LENGTH_BYTES_MAX) return CORRUPT;
    }
    length += 4;
    if (<usize>(distance - 1) >= op - target || <usize>length > oend - op) return CORRUPT;
    let m = op - <usize>distance;
    const e = op + <usize>length;
    while (op < e) store<u8>(op++, load<u8>(m++));
  }
}

/**
 * Encodes one block of at most 65536 bytes. `target` needs length + length / 255 + 16 bytes;
 * `table` is scratch of 16384 bytes (2^13 positions of 16 bits). Answers the bytes written.
 */
export function lz4_encode(source: usize, length: u32, target: usize, table: usize): u32 {
  let op = target;
  let anchor = source;
  const end = source + <usize>length;
  if (length >= 13) {
    memory.fill(table, 0, 16384);
    // Matches end 5 bytes before the block's end and start 12 before it.
    const matchEnd = end - 5;
    const last = end - 12;
    let ip = source + 1;
    let misses: u32 = 64;
    while (ip <= last) {
      const sequence = load<u32>(ip);
      const slot = table + ((<usize>((sequence * 2654435761) >>> 19)) << 1);
      const candidate = source + <usize>load<u16>(slot);
      store<u16>(slot, <u16>(ip - source));
      if (candidate >= ip || load<u32>(candidate) !== sequence) {
        ip += <usize>(misses >>> 6);
        misses++;
        continue;
      }
      misses = 64;
      let start = ip;
      let match = candidate;
      while (start > anchor && match > source && load<u8>(start - 1) === load<u8>(match - 1)) {
        start--;
        match--;
      }
      const distance = <u32>(start - match);
      const stop = ip + <usize>matchLength(ip, candidate, matchEnd);
      op = putSequence(op, anchor, <u32>(start - anchor), distance, <u32>(stop - start) - 4);
      if (stop - 2 <= last && stop - 2 > source) {
        const inside = load<u32>(stop - 2);
        store<u16>(table + ((<usize>((inside * 2654435761) >>> 19)) << 1), <u16>(stop - 2 - source));
      }
      ip = stop;
      anchor = stop;
    }
  }
  return <u32>(putRest(op, anchor, <u32>(end - anchor)) - target);
}
