// Shared by the kernels of this folder; no entry of its own.

/** Sets the bits [from, to) of a bitset of 64-bit words. */
// @ts-ignore: decorator
@inline
export function setRange(bits: usize, from: u32, to: u32): void {
  if (from >= to) return;
  const last = (to - 1) >>> 6;
  let word = from >>> 6;
  const head = ~(<u64>0) << (<u64>(from & 63));
  const tail = ~(<u64>0) >> (<u64>(63 - ((to - 1) & 63)));
  let at = bits + ((<usize>word) << 3);
  if (word === last) {
    store<u64>(at, load<u64>(at) | (head & tail));
    return;
  }
  store<u64>(at, load<u64>(at) | head);
  for (word++; word < last; word++) {
    at += 8;
    store<u64>(at, ~(<u64>0));
  }
  at += 8;
  store<u64>(at, load<u64>(at) | tail);
}

/** Sets one bit. */
// @ts-ignore: decorator
@inline
export function setBit(bits: usize, row: u32): void {
  const at = bits + ((<usize>(row >>> 6)) << 3);
  store<u64>(at, load<u64>(at) | ((<u64>1) << (<u64>(row & 63))));
}
