// One LZ4 block out of any number of bytes: greedy, single pass, one candidate per hash. Frames are packed with it
// before they cross the network; blocks of segments have their own encoder.

// @ts-ignore: decorator
@inline function putLength(op: usize, length: u32): usize {
  for (; length >= 255; length -= 255) store<u8>(op++, 255);
  store<u8>(op, length);
  return op + 1;
}

// @ts-ignore: decorator
@inline function putLiterals(op: usize, from: usize, length: u32, matchCode: u32): usize {
  store<u8>(op++, (min<u32>(length, 15) << 4) | min<u32>(matchCode, 15));
  if (length >= 15) op = putLength(op, length - 15);
  memory.copy(op, from, <usize>length);
  return op + <usize>length;
}

/**
 * Bytes written at `target`, which has room for length + length / 255 + 16. `table`: 65536 bytes, cleared here; it
 * holds positions + 1 by the hash of the four bytes that stand there.
 */
export function packLz4(source: usize, length: u32, target: usize, table: usize): u32 {
  let op = target;
  let anchor: u32 = 0;
  if (length >= 13) {
    memory.fill(table, 0, 65536);
    // The format wants the last 5 bytes as literals, and no match to start in the last 12.
    const last = length - 12;
    const matchEnd = length - 5;
    let at: u32 = 0;
    let misses: u32 = 64;
    while (at <= last) {
      const sequence = load<u32>(source + <usize>at);
      const slot = table + (<usize>((sequence * 2654435761) >>> 18) << 2);
      const found = load<u32>(slot);
      store<u32>(slot, at + 1);
      if (found == 0 || at + 1 - found > 65535 || load<u32>(source + <usize>(found - 1)) != sequence) {
        at += misses >>> 6;
        misses++;
        continue;
      }
      misses = 64;
      let match = found - 1;
      while (at > anchor && match > 0 && load<u8>(source + <usize>(at - 1)) == load<u8>(source + <usize>(match - 1))) {
        at--;
        match--;
      }
      let end = at + 4;
      let other = match + 4;
      while (end < matchEnd && load<u8>(source + <usize>end) == load<u8>(source + <usize>other)) {
        end++;
        other++;
      }
      const code = end - at - 4;
      op = putLiterals(op, source + <usize>anchor, at - anchor, code);
      store<u16>(op, <u16>(at - match));
      op += 2;
      if (code >= 15) op = putLength(op, code - 15);
      anchor = end;
      at = end;
    }
  }
  op = putLiterals(op, source + <usize>anchor, length - anchor, 0);
  return <u32>(op - target);
}
