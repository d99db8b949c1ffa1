// The fast loops of the LZ4 decoder, one for each shape that sequences have. Each decodes from (input, output) until
// the input reaches `until` or the output reaches `outputEnd`, or until a sequence it can't take, and answers where it
// stopped: input << 32 | output. What they need of room behind these two ends are the margins.
//
// What costs time: the address of a sequence is known only when the length of the literals before it is (a load, a
// shift and an addition for each), and V8 makes eight instructions of every `a && b` in a loop's condition.

/** Bytes behind `until` that may be read: at most 6 + 17 + 4 are. */
// @ts-ignore: decorator
@inline
export const INPUT_MARGIN: u32 = 48;
/** Bytes behind `outputEnd` that may be written. */
// @ts-ignore: decorator
@inline
export const OUTPUT_MARGIN: u32 = 96;

/** So many bytes that lengthen a run say more than 32 bits hold, added up; no block unpacks to as much. */
// @ts-ignore: decorator
@inline
export const LENGTH_BYTES_MAX: usize = 1 << 24;

// @ts-ignore: decorator
@inline
export const SHAPE_MIXED: u32 = 0;
/** Nearly all sequences are matches of 4 to 16 bytes without literals. */
// @ts-ignore: decorator
@inline
export const SHAPE_COPIES: u32 = 1;
/** Nearly all sequences have at most 4 literals, some of them, and matches of at most 8 bytes. */
// @ts-ignore: decorator
@inline
export const SHAPE_FEW: u32 = 2;

// @ts-ignore: decorator
@inline
const SAMPLE: u32 = 16;
// @ts-ignore: decorator
@inline
const SAMPLE_LIKE: u32 = 12;

/** Whether a token stands for no literals and a match of at most 16 bytes; the same for two tokens in one word. */
// @ts-ignore: decorator
@inline
function areCopies(tokens: u32, addend: u32, mask: u32): bool {
  return ((tokens | (tokens + addend)) & mask) === 0;
}

/** Whether a token stands for at most 4 literals and a match of at most 8 bytes. */
// @ts-ignore: decorator
@inline
function isFew(token: u32): bool {
  return ((token | (token + 0x33)) & 0x88) === 0;
}

// @ts-ignore: decorator
@inline
function at(input: usize, output: usize): u64 {
  return ((<u64>input) << 32) | <u64>output;
}

/** The shape of most of the next sequences. Reads nothing at `end` or behind it. */
export function shapeAt(from: usize, end: usize): u32 {
  let ip = from;
  let copies: u32 = 0;
  let few: u32 = 0;
  for (let i: u32 = 0; i < SAMPLE; i++) {
    if (ip >= end) return SHAPE_MIXED;
    const token = <u32>load<u8>(ip);
    if (token >= 0xf0) return SHAPE_MIXED;
    if (areCopies(token, 3, 0xf0)) copies++;
    else if (isFew(token)) few++;
    ip += <usize>((token >>> 4) + 3);
    if ((token & 15) === 15) ip++;
  }
  if (copies >= SAMPLE_LIKE) return SHAPE_COPIES;
  return few >= SAMPLE_LIKE ? SHAPE_FEW : SHAPE_MIXED;
}

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

/** Copies a match of at most 18 bytes; writes at most 35 bytes. */
// @ts-ignore: decorator
@inline
function copyShort(op: usize, distance: usize, length: u32): void {
  if (distance >= 8) {
    // Not 16 bytes at once: a load of what several stores just wrote has to wait for them.
    const from = op - distance;
    store<u64>(op, load<u64>(from));
    store<u64>(op, load<u64>(from, 8), 8);
    store<u16>(op, load<u16>(from, 16), 16);
  } else copyMatch(op, <u32>distance, length);
}

/**
 * A sequence of at most 14 literals and a match of at most 18 bytes, or 50 when one more byte says so. Answers where it
 * ends, or 0 when it is another one or corrupt. `target` is at least 65536.
 */
// @ts-ignore: decorator
@inline
function decodeShort(ip: usize, op: usize, target: usize): u64 {
  const token = <u32>load<u8>(ip);
  if (token >= 0xf0) return 0;
  const literals = <usize>(token >>> 4);
  v128.store(op, v128.load(ip, 1));
  const end = op + literals;
  const distance = <usize>load<u16>(ip + literals, 1);
  if (distance - 1 >= end - target) return 0;
  const length = (token & 15) + 4;
  if (length < 19) {
    copyShort(end, distance, length);
    return at(ip + literals + 3, end + <usize>length);
  }
  const more = <u32>load<u8>(ip + literals, 3);
  if (more > 31) return 0;
  copyMatch(end, <u32>distance, 19 + more);
  return at(ip + literals + 4, end + <usize>(19 + more));
}

/** Two matches without literals at a time, since both addresses are known at once. */
export function decodeCopies(input: usize, output: usize, until: usize, outputEnd: usize, target: usize): u64 {
  let ip = input;
  let op = output;
  while (ip < until && op < outputEnd) {
    // No pair takes more than 8 bytes of input or 32 of output; the last of these may pass the ends.
    let pairs = <u32>(until - ip) >>> 3;
    const room = <u32>(outputEnd - op) >>> 5;
    if (room < pairs) pairs = room;
    for (pairs++; pairs > 0; pairs--) {
      const head = load<u32>(ip);
      if (!areCopies(head & 0xff0000ff, 0x03000003, 0xf00000f0)) break;
      const first = <usize>load<u16>(ip, 1);
      let from = op - first;
      if (first < 8) break;
      if (from < target) break;
      store<u64>(op, load<u64>(from));
      store<u64>(op, load<u64>(from, 8), 8);
      op += <usize>((head & 15) + 4);
      const second = <usize>load<u16>(ip, 4);
      from = op - second;
      ip += 3;
      if (second < 8) break;
      if (from < target) break;
      store<u64>(op, load<u64>(from));
      store<u64>(op, load<u64>(from, 8), 8);
      op += <usize>(((head >>> 24) & 15) + 4);
      ip += 3;
    }
    if (pairs === 0) continue;
    // One of the next two is no such match.
    for (let i = 0; i < 2; i++) {
      if (ip >= until || op >= outputEnd) break;
      const done = decodeShort(ip, op, target);
      if (done === 0) return at(ip, op);
      ip = <usize>(done >>> 32);
      op = <usize>(<u32>done);
    }
  }
  return at(ip, op);
}

/** Each sequence's token comes with the word its forerunner was read from, so that it needn't be waited for. */
export function decodeFew(input: usize, output: usize, until: usize, outputEnd: usize, target: usize): u64 {
  let ip = input;
  let op = output;
  while (ip < until && op < outputEnd) {
    // None takes more than 8 bytes of input or 16 of output; the last may pass the ends.
    let count = <u32>(until - ip) >>> 3;
    const room = <u32>(outputEnd - op) >>> 4;
    if (room < count) count = room;
    let token = <u32>load<u8>(ip);
    for (count++; count > 0; count--) {
      if (!isFew(token)) break;
      const word = load<u64>(ip);
      store<u64>(op, word >>> 8);
      const literals = <usize>(token >>> 4);
      const end = op + literals;
      const distance = <usize>load<u16>(ip + literals, 1);
      const from = end - distance;
      if (distance < 8) break;
      if (from < target) break;
      store<u64>(end, load<u64>(from));
      op = end + <usize>((token & 15) + 4);
      ip += 3 + literals;
      token = <u32>(word >>> 24 >>> (<u64>((token >>> 1) & 0x78))) & 0xff;
    }
    if (count === 0 || ip >= until || op >= outputEnd) continue;
    const done = decodeShort(ip, op, target);
    if (done === 0) break;
    ip = <usize>(done >>> 32);
    op = <usize>(<u32>done);
  }
  return at(ip, op);
}

/**
 * Sequences of any kind, at least one. Answers 0 when the block is corrupt, and where it began when the rest has to be
 * decoded byte by byte.
 */
export function decodeMixed(
  input: usize,
  output: usize,
  until: usize,
  end: usize,
  outputEnd: usize,
  target: usize,
): u64 {
  let ip = input;
  let op = output;
  const isafe = end - INPUT_MARGIN;
  const oend = outputEnd + OUTPUT_MARGIN;
  while (ip < until && op < outputEnd) {
    const start = ip;
    const token = <u32>load<u8>(ip++);
    let literals = token >>> 4;
    if ((token & 15) < 15 && literals < 15) {
      // By far the most: at most 14 literals, and a match of at most 18 bytes, which the margins leave room for.
      v128.store(op, v128.load(ip));
      ip += literals;
      op += literals;
      const distance = <usize>load<u16>(ip);
      if (distance - 1 >= op - target) return 0;
      ip += 2;
      copyShort(op, distance, (token & 15) + 4);
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
      if (ip - start > LENGTH_BYTES_MAX) return 0;
      if (ip >= isafe || <usize>literals > isafe - ip || <usize>literals > outputEnd - op) {
        return at(start, op);
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
      } while (b === 255 && next < end);
      if (next - ip > LENGTH_BYTES_MAX) return 0;
    }
    length += 4;
    if (<usize>(distance - 1) >= op - target) return 0;
    // (Not `length + 32`: a length made of millions of bytes would pass the end of 32 bits.)
    if (<usize>length > oend - op - 32) {
      // Too close to the end for wide copies: this match byte by byte, checked.
      if (<usize>length > oend - op || next >= end) return 0;
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
  return at(ip, op);
}
