// LZ4 blocks: decoding with full bounds checks, and a fast single-pass encoder.

import { matchLength, putRest, putSequence } from './_lz4-sequences';

// @ts-ignore: decorator
@inline
const CORRUPT: u32 = 0xffffffff;

/** Copies a match of `length` bytes that may overlap itself; writes up to 31 bytes past its end. */
// @ts-ignore: decorator
@inline
function copyMatch(op: usize, distance: u32, length: u32): void {
  let m = op - <usize>distance;
  let d = op;
  const e = op + <usize>length;
  if (distance >= 16) {
    do {
      v128.store(d, v128.load(m));
      d += 16;
      m += 16;
    } while (d < e);
  } else if (distance === 8) {
    const v = i64x2.splat(load<i64>(m));
    do {
      v128.store(d, v);
      d += 16;
    } while (d < e);
  } else if (distance > 8) {
    do {
      store<u64>(d, load<u64>(m));
      d += 8;
      m += 8;
    } while (d < e);
  } else if (distance === 1) {
    const v = i8x16.splat(load<i8>(m));
    do {
      v128.store(d, v);
      d += 16;
    } while (d < e);
  } else if (distance === 4) {
    const v = i32x4.splat(load<i32>(m));
    do {
      v128.store(d, v);
      d += 16;
    } while (d < e);
  } else if (distance === 2) {
    const v = i16x8.splat(load<i16>(m));
    do {
      v128.store(d, v);
      d += 16;
    } while (d < e);
  } else {
    // 3, 5, 6, 7: byte by byte until a multiple of the distance is at least 8.
    const until = op + 16 < e ? op + 16 : e;
    while (d < until) store<u8>(d++, load<u8>(m++));
    if (d < e) {
      m = d - <usize>(distance * (distance === 3 ? 3 : 2));
      do {
        store<u64>(d, load<u64>(m));
        d += 8;
        m += 8;
      } while (d < e);
    }
  }
}

/**
 * Decodes one block. Answers the number of bytes written, at most `capacity`, or 0xffffffff when the block is corrupt.
 * Never reads outside [source, source + sourceLength), never writes outside [target, target + capacity).
 */
export function lz4_decode(source: usize, sourceLength: u32, target: usize, capacity: u32): u32 {
  let ip = source;
  let op = target;
  const iend = source + <usize>sourceLength;
  const oend = target + <usize>capacity;
  // The fast loop stops this far from both ends, so that its wide copies stay inside.
  const isafe = sourceLength > 48 ? iend - 48 : source;
  const osafe = capacity > 96 ? oend - 96 : target;
  while (ip < isafe && op < osafe) {
    const start = ip;
    const token = <u32>load<u8>(ip++);
    let literals = token >>> 4;
    if ((token & 15) < 15 && literals < 15) {
      // By far the most: at most 14 literals, and a match of at most 18 bytes, which the margins leave room for.
      v128.store(op, v128.load(ip));
      ip += literals;
      op += literals;
      const back = <usize>load<u16>(ip);
      if (back - 1 >= op - target) return CORRUPT;
      ip += 2;
      const from = op - back;
      if (back >= 8) {
        // Not 16 bytes at once: a load of what several stores just wrote has to wait for them.
        store<u64>(op, load<u64>(from));
        store<u64>(op, load<u64>(from, 8), 8);
        store<u16>(op, load<u16>(from, 16), 16);
      } else copyMatch(op, <u32>back, (token & 15) + 4);
      op += <usize>((token & 15) + 4);
      continue;
    }
    if (literals < 15) {
      v128.store(op, v128.load(ip));
      ip += literals;
      op += literals;
    } else {
      let b: u32;
      do {
        b = <u32>load<u8>(ip++);
        literals += b;
      } while (b === 255 && ip < isafe);
      if (ip >= isafe || <usize>literals > isafe - ip || <usize>literals > osafe - op) {
        ip = start;
        break;
      }
      let s = ip;
      let d = op;
      const e = op + <usize>literals;
      do {
        v128.store(d, v128.load(s));
        d += 16;
        s += 16;
      } while (d < e);
      ip += literals;
      op += literals;
    }
    const distance = <u32>load<u16>(ip);
    let length = token & 15;
    let next = ip + 2;
    if (length === 15) {
      let b: u32;
      do {
        b = <u32>load<u8>(next++);
        length += b;
      } while (b === 255 && next < iend);
    }
    length += 4;
    if (<usize>(distance - 1) >= op - target) return CORRUPT;
    if (<usize>length + 32 > oend - op) {
      // Too close to the end for wide copies: this match byte by byte, checked.
      if (<usize>length > oend - op || next >= iend) return CORRUPT;
      let m = op - <usize>distance;
      const e = op + <usize>length;
      while (op < e) store<u8>(op++, load<u8>(m++));
      ip = next;
      break;
    }
    copyMatch(op, distance, length);
    op += <usize>length;
    ip = next;
  }
  return finish(ip, iend, op, target, oend);
}

/** The rest of a block, every step checked. */
function finish(from: usize, iend: usize, at: usize, target: usize, oend: usize): u32 {
  let ip = from;
  let op = at;
  while (true) {
    if (ip >= iend) return CORRUPT;
    const token = <u32>load<u8>(ip++);
    let literals = token >>> 4;
    if (literals === 15) {
      let b: u32;
      do {
        if (ip >= iend) return CORRUPT;
        b = <u32>load<u8>(ip++);
        literals += b;
      } while (b === 255);
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
      let b: u32;
      do {
        if (ip >= iend) return CORRUPT;
        b = <u32>load<u8>(ip++);
        length += b;
      } while (b === 255);
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
