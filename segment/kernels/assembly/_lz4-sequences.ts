// What both encoders of LZ4 blocks share: finding how long a match is, and writing sequences.

// @ts-ignore: decorator
@inline
export function matchLength(a: usize, b: usize, end: usize): u32 {
  let p = a;
  let q = b;
  while (p + 8 <= end) {
    const x = load<u64>(p) ^ load<u64>(q);
    if (x !== 0) return <u32>(p - a) + <u32>(ctz(x) >>> 3);
    p += 8;
    q += 8;
  }
  while (p < end && load<u8>(p) === load<u8>(q)) {
    p++;
    q++;
  }
  return <u32>(p - a);
}

/** Writes the extra length bytes of a token's nibble. */
// @ts-ignore: decorator
@inline
export function putLength(at: usize, rest: u32): usize {
  let op = at;
  let left = rest;
  while (left >= 255) {
    store<u8>(op++, 255);
    left -= 255;
  }
  store<u8>(op++, <u8>left);
  return op;
}

/** Literals, then a match: `extra` is its length beyond 4. Answers the end. */
export function putSequence(at: usize, literals: usize, count: u32, distance: u32, extra: u32): usize {
  const token = at;
  let op = at + 1;
  let mark: u32;
  if (count >= 15) {
    mark = 0xf0;
    op = putLength(op, count - 15);
  } else {
    mark = count << 4;
  }
  memory.copy(op, literals, count);
  op += <usize>count;
  store<u16>(op, <u16>distance);
  op += 2;
  if (extra >= 15) {
    mark |= 15;
    op = putLength(op, extra - 15);
  } else {
    mark |= extra;
  }
  store<u8>(token, <u8>mark);
  return op;
}

/** The literals behind the last match. Answers the end. */
export function putRest(at: usize, literals: usize, count: u32): usize {
  let op = at;
  if (count >= 15) {
    store<u8>(op++, 0xf0);
    op = putLength(op, count - 15);
  } else {
    store<u8>(op++, <u8>(count << 4));
  }
  memory.copy(op, literals, count);
  return op + <usize>count;
}
