// LZ4 blocks in their high-compression form: hash chains and one step of lazy matching. Slower to write, smaller, and
// faster to decode, since there are fewer and longer matches.

import { matchLength, putRest, putSequence } from './_lz4-sequences';

// @ts-ignore: decorator
@inline
const HASH_BITS: u32 = 15;
/** Candidates looked at for one position. */
// @ts-ignore: decorator
@inline
const DEPTH: u32 = 48;
/** A match of this length is good enough. */
// @ts-ignore: decorator
@inline
const NICE: u32 = 96;

// @ts-ignore: decorator
@inline
function hash(at: usize): usize {
  return (<usize>((load<u32>(at) * 2654435761) >>> (32 - HASH_BITS))) << 2;
}

/** Chains hold, per position, the distance to the one before with the same hash; heads hold the last position + 1. */
// @ts-ignore: decorator
@inline
function insert(source: usize, position: u32, heads: usize, chains: usize): void {
  const head = heads + hash(source + <usize>position);
  const before = load<u32>(head);
  store<u16>(chains + ((<usize>position) << 1), before === 0 ? 0 : <u16>(position + 1 - before));
  store<u32>(head, position + 1);
}

/** The longest match for a position not yet inserted: length << 32 | distance; 0 when none is 4 bytes. */
function longest(source: usize, position: u32, heads: usize, chains: usize, end: usize): u64 {
  const at = source + <usize>position;
  let candidate = load<u32>(heads + hash(at));
  if (candidate === 0) return 0;
  candidate--;
  let best: u32 = 3;
  let distance: u32 = 0;
  const wanted = load<u32>(at);
  for (let left = DEPTH; left > 0; left--) {
    const there = source + <usize>candidate;
    if (load<u32>(there) === wanted && load<u8>(there + <usize>best) === load<u8>(at + <usize>best)) {
      const length = matchLength(at, there, end);
      if (length > best) {
        best = length;
        distance = position - candidate;
        if (length >= NICE || at + <usize>length >= end) break;
      }
    }
    const step = <u32>load<u16>(chains + ((<usize>candidate) << 1));
    if (step === 0) break;
    candidate -= step;
  }
  return distance === 0 ? 0 : ((<u64>best) << 32) | <u64>distance;
}

/**
 * Encodes one block of at most 65536 bytes. `target` needs length + length / 255 + 16 bytes; `table` is scratch of
 * 262144 bytes. Answers the bytes written.
 */
export function lz4_encode_high(source: usize, length: u32, target: usize, table: usize): u32 {
  const heads = table;
  const chains = table + 131072;
  const end = source + <usize>length;
  let op = target;
  let anchor: u32 = 0;
  if (length >= 13) {
    memory.fill(heads, 0, 131072);
    const matchEnd = end - 5;
    const last = length - 12;
    let position: u32 = 0;
    while (position <= last) {
      let found = longest(source, position, heads, chains, matchEnd);
      insert(source, position, heads, chains);
      if (found === 0) {
        position++;
        continue;
      }
      // A longer match one byte on is worth a literal.
      while (<u32>(found >>> 32) < NICE && position + 1 <= last) {
        const next = longest(source, position + 1, heads, chains, matchEnd);
        if (<u32>(next >>> 32) <= <u32>(found >>> 32)) break;
        position++;
        insert(source, position, heads, chains);
        found = next;
      }
      const size = <u32>(found >>> 32);
      op = putSequence(op, source + <usize>anchor, position - anchor, <u32>found, size - 4);
      const stop = position + size;
      for (position++; position < stop && position <= last; position++) insert(source, position, heads, chains);
      position = stop;
      anchor = stop;
    }
  }
  return <u32>(putRest(op, source + <usize>anchor, length - anchor) - target);
}
