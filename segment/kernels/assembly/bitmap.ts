// Compressed bitmaps ORed into a bitset over all rows (64-bit words). Every read and every row is checked.
import { setBit, setRange } from './_bytes';

// @ts-ignore: decorator
@inline
const OK: u32 = 0;
// @ts-ignore: decorator
@inline
const CORRUPT: u32 = 1;

/**
 * Portable roaring bytes. Containers (65,536 rows each) without a row of [from, to) are passed over, whatever they hold.
 * Answers 1 when the others are corrupt, when containers are not in order, or when there are rows outside [0, rows).
 */
export function roaring_or(
  source: usize,
  length: u32,
  bits: usize,
  rows: u32,
  from: u32,
  to: u32,
): u32 {
  if (length === 0) return OK;
  const end = source + <usize>length;
  if (length < 4) return CORRUPT;
  const cookie = load<u32>(source);
  let containers: u32;
  let runs: usize = 0;
  let q = source + 4;
  if ((cookie & 0xffff) === 12347) {
    containers = (cookie >>> 16) + 1;
    runs = q;
    const flags = <usize>((containers + 7) >>> 3);
    if (flags > end - q) return CORRUPT;
    q += flags;
  } else {
    if (cookie !== 12346 || length < 8) return CORRUPT;
    containers = load<u32>(q);
    q += 4;
  }
  if (containers > 65536) return CORRUPT;
  const heads = q;
  const headBytes = (<usize>containers) << 2;
  if (headBytes > end - q) return CORRUPT;
  q += headBytes;
  if (runs === 0 || containers >= 4) {
    if (headBytes > end - q) return CORRUPT;
    q += headBytes;
  }
  // Containers that are not in order could hide behind one that ends the search.
  for (let i: u32 = 0, last: i32 = -1; i < containers; i++) {
    const key = <i32>load<u16>(heads + ((<usize>i) << 2));
    if (key <= last || (<u32>key) << 16 >= rows) return CORRUPT;
    last = key;
  }
  for (let i: u32 = 0; i < containers; i++) {
    const head = heads + ((<usize>i) << 2);
    const base = (<u32>load<u16>(head)) << 16;
    const room = rows - base < 65536 ? rows - base : 65536;
    const count = <u32>load<u16>(head, 2) + 1;
    const isRun = runs !== 0 && ((load<u8>(runs + <usize>(i >>> 3)) >>> <u8>(i & 7)) & 1) !== 0;
    if (base >= to) return OK;
    const isOutside = from - base >= 65536 && from > base;
    const next = isOutside
      ? behind(q, end, isRun, count)
      : isRun
      ? orRuns(q, end, bits, base, room)
      : count <= 4096
        ? orArray(q, end, bits, base, room, count)
        : orBitset(q, end, bits, base, room);
    if (next === 0) return CORRUPT;
    q = next;
  }
  return OK;
}

/** Where a container ends. */
function behind(q: usize, end: usize, isRun: bool, count: u32): usize {
  const left = end - q;
  if (isRun && left < 2) return 0;
  const bytes: usize = isRun
    ? 2 + ((<usize>load<u16>(q)) << 2)
    : count <= 4096
    ? (<usize>count) << 1
    : 8192;
  return bytes > left ? 0 : q + bytes;
}

function orRuns(from: usize, end: usize, bits: usize, base: u32, room: u32): usize {
  let q = from;
  if (end - q < 2) return 0;
  const count = <u32>load<u16>(q);
  q += 2;
  if (((<usize>count) << 2) > end - q) return 0;
  for (let r: u32 = 0; r < count; r++) {
    const start = <u32>load<u16>(q);
    const stop = start + <u32>load<u16>(q, 2) + 1;
    if (stop > room) return 0;
    setRange(bits, base + start, base + stop);
    q += 4;
  }
  return q;
}

function orArray(from: usize, end: usize, bits: usize, base: u32, room: u32, count: u32): usize {
  let q = from;
  if (((<usize>count) << 1) > end - q) return 0;
  const part = bits + <usize>(base >>> 3);
  for (let k: u32 = 0; k < count; k++) {
    const v = <u32>load<u16>(q);
    if (v >= room) return 0;
    q += 2;
    setBit(part, v);
  }
  return q;
}

function orBitset(from: usize, end: usize, bits: usize, base: u32, room: u32): usize {
  if (end - from < 8192) return 0;
  const part = bits + <usize>(base >>> 3);
  const whole = room >>> 6;
  for (let w: u32 = 0; w < whole; w++) {
    const at = (<usize>w) << 3;
    store<u64>(part + at, load<u64>(part + at) | load<u64>(from + at));
  }
  for (let w = whole; w < 1024; w++) {
    const at = (<usize>w) << 3;
    const word = load<u64>(from + at);
    if (word === 0) continue;
    const left = w === whole ? room & 63 : 0;
    if (left === 0 || word >>> <u64>left !== 0) return 0;
    store<u64>(part + at, load<u64>(part + at) | word);
  }
  return from + 8192;
}

/** Concise words (big-endian). Answers 1 when they are corrupt or name a row outside [0, rows). */
export function concise_or(source: usize, length: u32, bits: usize, rows: u32): u32 {
  if ((length & 3) !== 0) return CORRUPT;
  const end = source + <usize>length;
  let row: u64 = 0;
  const limit = <u64>rows;
  for (let q = source; q < end; q += 4) {
    const word = bswap<u32>(load<u32>(q));
    if (word >>> 31) {
      let literal = word & 0x7fffffff;
      while (literal !== 0) {
        const at = row + <u64>ctz(literal);
        if (at >= limit) return CORRUPT;
        setBit(bits, <u32>at);
        literal &= literal - 1;
      }
      row += 31;
      continue;
    }
    const flipped = (word >>> 25) & 31;
    const blocks = <u64>((word & 0x1ffffff) + 1);
    const until = row + blocks * 31;
    if ((word >>> 30) === 0) {
      if (flipped !== 0) {
        const at = row + <u64>flipped - 1;
        if (at >= limit) return CORRUPT;
        setBit(bits, <u32>at);
      }
    } else {
      if (until > limit) return CORRUPT;
      if (flipped === 0) {
        setRange(bits, <u32>row, <u32>until);
      } else {
        const hole = row + <u64>flipped - 1;
        setRange(bits, <u32>row, <u32>hole);
        setRange(bits, <u32>hole + 1, <u32>until);
      }
    }
    row = until;
  }
  return OK;
}

/** Sets the rows [from, to). */
export function set_range(bits: usize, from: u32, to: u32): void {
  setRange(bits, from, to);
}

/** Values of rows whose bit is set become 0: `n` of `width` (4 or 8) bytes, the first that of a row at a multiple of 8. */
export function zero_marked(p: usize, width: u32, n: u32, bits: usize, first: u32): void {
  for (let i: u32 = 0; i < n; i += 8) {
    let byte = <u32>load<u8>(bits + <usize>((first + i) >>> 3));
    if (n - i < 8) byte &= (1 << (n - i)) - 1;
    while (byte != 0) {
      const at = p + <usize>(i + ctz<u32>(byte)) * <usize>width;
      if (width == 8) store<u64>(at, 0);
      else store<u32>(at, 0);
      byte &= byte - 1;
    }
  }
}
