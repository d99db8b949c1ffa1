// Sorting many texts by their UTF-8 in the order of their UTF-16: quicksort over eight bytes at a time.
//
// Texts lie end to end in a form of their own: bytes that sort as the texts do, none of them 0, and a 0 behind each
// text. An entry is 16 bytes: eight bytes of its text as a number (zeros from its end on), where they lie, and the
// text's number.

// @ts-ignore: decorator
@inline
const ENTRY: usize = 16;
/** Ranges this short are sorted by inserting. */
// @ts-ignore: decorator
@inline
const FEW: usize = 12 * ENTRY;

/**
 * Packs `count` texts that lie end to end at `source`, text i up to ends[i] - base, behind those packed before, and
 * makes their entries, numbers from `first` on. `target` needs their bytes, one more a text, and 16 more. Answers the
 * end of what was written.
 */
export function text_pack(
  source: usize,
  ends: usize,
  base: u32,
  count: u32,
  target: usize,
  entries: usize,
  first: u32,
): usize {
  let to = target;
  let from = source;
  let entry = entries;
  for (let i: u32 = 0; i < count; i++) {
    const end = source + <usize>(load<u32>(ends + ((<usize>i) << 2)) - base);
    store<u32>(entry, <u32>to, 8);
    store<u32>(entry, first + i, 12);
    entry += ENTRY;
    const stop = to + (end - from);
    while (to < stop) {
      const bytes = v128.load(from);
      // The first bytes of U+E000 to U+FFFF count more than those of what lies beyond: UTF-16 has it in surrogates.
      const isLate = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>0xee)), i8x16.eq(bytes, i8x16.splat(<i8>0xef)));
      const late = v128.and(isLate, i8x16.splat(8));
      v128.store(to, i8x16.add(i8x16.add(bytes, late), i8x16.splat(1)));
      from += 16;
      to += 16;
    }
    from = end;
    store<u8>(stop, 0);
    to = stop + 1;
  }
  return to;
}

/** Rounds of partitions, a factor of the logarithm, before a range counts as one that no pivot fits. */
let patience: i32 = 2;

/**
 * Sorts the entries of texts that were packed; `pending` = scratch of four bytes an entry. Equal texts: by number.
 * `rounds`: usually 2; 0 = without any partition.
 */
export function text_sort(entries: usize, count: u32, pending: usize, rounds: i32): void {
  if (count < 2) return;
  patience = rounds;
  const end = entries + (<usize>count) * ENTRY;
  takeKeys(entries, end, 0);
  let top = sortKeys(entries, end, budgetOf(count), pending);
  while (top > pending) {
    top -= 8;
    const low = <usize>load<u32>(top);
    const high = <usize>load<u32>(top, 4);
    takeKeys(low, high, 8);
    top = sortKeys(low, high, budgetOf(<u32>((high - low) / ENTRY)), top);
  }
}

/** The numbers of entries, in their order. */
export function text_numbers(entries: usize, count: u32, target: usize): void {
  for (let i: usize = 0; i < <usize>count; i++) store<u32>(target + (i << 2), load<u32>(entries + i * ENTRY, 12));
}

// @ts-ignore: decorator
@inline
function keyAt(at: usize): u64 {
  const bytes = load<u64>(at);
  const zeros = (bytes - 0x0101010101010101) & ~bytes & 0x8080808080808080;
  // Of the marks only the lowest is sure; what lies above it is no part of this text.
  return bswap<u64>(zeros === 0 ? bytes : bytes & (((zeros & (0 - zeros)) >> 7) - 1));
}

/** A text whose key ends in 0 ends with it. */
// @ts-ignore: decorator
@inline
function isEnded(key: u64): bool {
  return (key & 0xff) === 0;
}

/** Goes on by `step` bytes. */
function takeKeys(low: usize, high: usize, step: u32): void {
  for (let entry = low; entry < high; entry += ENTRY) {
    const at = load<u32>(entry, 8) + step;
    store<u32>(entry, at, 8);
    store<u64>(entry, keyAt(<usize>at));
  }
}

function budgetOf(count: u32): i32 {
  return patience * (32 - <i32>clz(count));
}

/** Sorts by key; ranges of equal keys whose texts go on are left for later, on the stack `pending`. Answers its top. */
function sortKeys(from: usize, to: usize, rounds: i32, pending: usize): usize {
  let low = from;
  let high = to;
  let budget = rounds;
  let top = pending;
  while (high - low > FEW) {
    if (budget-- === 0) {
      heapSort(low, high);
      return pushEqual(low, high, top);
    }
    const pivot = pivotOf(low, high);
    const equal = partition(low, high, pivot);
    const more = partition(equal, high, pivot + 1);
    top = settleEqual(equal, more, pivot, top);
    // The shorter side first: the depth of calls stays small.
    if (equal - low < high - more) {
      top = sortKeys(low, equal, budget, top);
      low = more;
    } else {
      top = sortKeys(more, high, budget, top);
      high = equal;
    }
  }
  sortFew(low, high);
  return top;
}

/** Entries of one key. */
function settleEqual(low: usize, high: usize, key: u64, top: usize): usize {
  if (high - low <= ENTRY) return top;
  if (isEnded(key)) {
    // Equal texts: their numbers become keys that look ended.
    for (let entry = low; entry < high; entry += ENTRY) store<u64>(entry, (<u64>load<u32>(entry, 12)) << 8);
    return sortKeys(low, high, budgetOf(<u32>((high - low) / ENTRY)), top);
  }
  store<u32>(top, <u32>low);
  store<u32>(top, <u32>high, 4);
  return top + 8;
}

/** The runs of equal keys in a range that is sorted. */
function pushEqual(low: usize, high: usize, pending: usize): usize {
  let top = pending;
  let start = low;
  while (start < high) {
    const key = load<u64>(start);
    let end = start + ENTRY;
    while (end < high && load<u64>(end) === key) end += ENTRY;
    top = settleEqual(start, end, key, top);
    start = end;
  }
  return top;
}

// @ts-ignore: decorator
@inline
function median(a: u64, b: u64, c: u64): u64 {
  const least = a < b ? a : b;
  const most = a < b ? b : a;
  return c < least ? least : c > most ? most : c;
}

/** Never the largest number there is, which no key is. */
function pivotOf(low: usize, high: usize): u64 {
  const count = (high - low) / ENTRY;
  const step = (count >> 3) * ENTRY;
  const middle = low + (count >> 1) * ENTRY;
  const last = high - ENTRY;
  if (count < 64) return median(load<u64>(low), load<u64>(middle), load<u64>(last));
  return median(
    median(load<u64>(low), load<u64>(low + step), load<u64>(low + step + step)),
    median(load<u64>(middle - step), load<u64>(middle), load<u64>(middle + step)),
    median(load<u64>(last - step - step), load<u64>(last - step), load<u64>(last)),
  );
}

/** Entries below a key to the front; answers their end. Every one is swapped, so that nothing is to be foreseen. */
function partition(low: usize, high: usize, key: u64): usize {
  let end = low;
  for (let entry = low; entry < high; entry += ENTRY) {
    const there = v128.load(entry);
    const isBelow = <usize>(load<u64>(entry) < key);
    v128.store(entry, v128.load(end));
    v128.store(end, there);
    end += isBelow << 4;
  }
  return end;
}

function sortFew(low: usize, high: usize): void {
  for (let next = low + ENTRY; next < high; next += ENTRY) {
    const key = load<u64>(next);
    let at = next;
    if (!isBefore(next, key, next - ENTRY)) continue;
    const entry = v128.load(next);
    const where = load<u32>(next, 8);
    const number = load<u32>(next, 12);
    do {
      v128.store(at, v128.load(at - ENTRY));
      at -= ENTRY;
    } while (at > low && isTextBefore(key, where, number, at - ENTRY));
    v128.store(at, entry);
  }
}

// @ts-ignore: decorator
@inline
function isBefore(entry: usize, key: u64, other: usize): bool {
  return isTextBefore(key, load<u32>(entry, 8), load<u32>(entry, 12), other);
}

/** Whether a text comes before that of an entry; texts of equal keys are compared on. */
// @ts-ignore: decorator
@inline
function isTextBefore(key: u64, where: u32, number: u32, other: usize): bool {
  const otherKey = load<u64>(other);
  return key < otherKey || (key === otherKey && isRestBefore(key, <usize>where, number, other));
}

function isRestBefore(shared: u64, where: usize, number: u32, other: usize): bool {
  let key = shared;
  let at = where;
  let otherAt = <usize>load<u32>(other, 8);
  while (!isEnded(key)) {
    at += 8;
    otherAt += 8;
    key = keyAt(at);
    const otherKey = keyAt(otherAt);
    if (key !== otherKey) return key < otherKey;
  }
  return number < load<u32>(other, 12);
}

/** For ranges where no pivot fits: never slower than a logarithm an entry. */
function heapSort(low: usize, high: usize): void {
  const count = (high - low) / ENTRY;
  for (let i = count >> 1; i > 0; i--) sink(low, i - 1, count);
  for (let last = count - 1; last > 0; last--) {
    const entry = v128.load(low + last * ENTRY);
    v128.store(low + last * ENTRY, v128.load(low));
    v128.store(low, entry);
    sink(low, 0, last);
  }
}

function sink(low: usize, from: usize, count: usize): void {
  const entry = v128.load(low + from * ENTRY);
  const key = load<u64>(low + from * ENTRY);
  let at = from;
  for (let child = (at << 1) + 1; child < count; child = (at << 1) + 1) {
    if (child + 1 < count && load<u64>(low + child * ENTRY) < load<u64>(low + (child + 1) * ENTRY)) child++;
    if (load<u64>(low + child * ENTRY) <= key) break;
    v128.store(low + at * ENTRY, v128.load(low + child * ENTRY));
    at = child;
  }
  v128.store(low + at * ENTRY, entry);
}

/** Texts looked up before any of them is copied, so that they are fetched side by side. */
// @ts-ignore: decorator
@inline
const AHEAD: u32 = 32;

/**
 * Copies texts in a given order, each behind a word of 0, to `target`, as many as fit into `room` bytes with 16 to
 * spare; texts[i] begins at `source` + ends[i - 1]. Notes where each ends, counted from `offset`, as big-endian words
 * at `places`. Answers how many texts were copied.
 */
export function text_gather(
  source: usize,
  ends: usize,
  order: usize,
  count: u32,
  target: usize,
  room: u32,
  places: usize,
  offset: u32,
): u32 {
  let to = target;
  const limit = target + <usize>room - 16;
  for (let first: u32 = 0; first < count; first += AHEAD) {
    const until = first + AHEAD < count ? first + AHEAD : count;
    let touched: u32 = 0;
    for (let i = first; i < until; i++) {
      const index = load<u32>(order + ((<usize>i) << 2));
      const start = index === 0 ? 0 : load<u32>(ends + ((<usize>index) << 2) - 4);
      touched ^= <u32>load<u8>(source + <usize>start);
    }
    // What was read has to go somewhere.
    store<u32>(to, touched);
    for (let i = first; i < until; i++) {
      const index = load<u32>(order + ((<usize>i) << 2));
      const start = index === 0 ? 0 : load<u32>(ends + ((<usize>index) << 2) - 4);
      let from = source + <usize>start;
      const stop = to + 4 + <usize>(load<u32>(ends + ((<usize>index) << 2)) - start);
      if (stop > limit) return i;
      store<u32>(to, 0);
      for (to += 4; to < stop; to += 16, from += 16) v128.store(to, v128.load(from));
      to = stop;
      store<u32>(places + ((<usize>i) << 2), bswap<u32>(offset + <u32>(stop - target)));
    }
  }
  return count;
}
