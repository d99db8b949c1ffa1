/** Sorting numbers that carry a row or an id along: no comparison function, no object a pair. */

/** Shorter ranges are merged: counting takes as long as it does for these. */
const COUNTED = 3000;
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const DIGIT_MASK = DIGITS - 1;
/** Digits of 64 bits, the lowest first; the last one has nine. */
const PLACES = 6;

/** Room to sort in; grows to the longest range it was used for. */
export class PairSorter {
  #keys = new Float64Array(0);
  #ids = new Uint32Array(0);
  readonly #counts = new Uint32Array(PLACES * DIGITS);

  /** Sorts keys[from, to) ascending and ids with them. Equal keys keep their order; NaN is no key; -0 becomes 0. */
  sort(keys: Float64Array, ids: Uint32Array, from: number, to: number): void {
    const count = to - from;
    if (isAscending(keys, from, to)) return;
    if (count <= 2 * RUN) {
      insertionSort(keys, ids, from, to);
      return;
    }
    if (this.#keys.length < count) {
      this.#keys = new Float64Array(count);
      this.#ids = new Uint32Array(count);
    }
    const here: Pairs = { keys: keys.subarray(from, to), ids: ids.subarray(from, to) };
    const there: Pairs = { keys: this.#keys.subarray(0, count), ids: this.#ids.subarray(0, count) };
    const last = count < COUNTED ? mergePasses(here, there) : this.#radixPasses(here, there);
    if (last === here) return;
    here.keys.set(there.keys);
    here.ids.set(there.ids);
  }

  /** A pass for each digit that differs anywhere; answers where the result is. */
  #radixPasses(first: Pairs, second: Pairs): Pairs {
    const count = first.ids.length;
    const counts = this.#counts.fill(0);
    countDigits(first.keys, counts);
    let [here, there] = [first, second];
    for (let place = 0; place < PLACES; place++) {
      const starts = counts.subarray(place * DIGITS, (place + 1) * DIGITS);
      if (starts.includes(count)) continue;
      let at = 0;
      for (let digit = 0; digit < DIGITS; digit++) {
        const own = starts[digit]!;
        starts[digit] = at;
        at += own;
      }
      scatter(here, there, place, starts);
      [here, there] = [there, here];
    }
    return here;
  }
}

/** Both words of numbers, the low one first. */
function wordsOf(keys: Float64Array): Int32Array {
  return new Int32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
}

// The bits of a number sort as the number does when the highest is flipped, of negative ones all of them.

function countDigits(keys: Float64Array, counts: Uint32Array): void {
  const words = wordsOf(keys);
  for (let i = 0; i < keys.length; i++) {
    keys[i]! += 0;
    const sign = words[2 * i + 1]! >> 31;
    const low = words[2 * i]! ^ sign;
    const high = words[2 * i + 1]! ^ (sign | 0x80000000);
    counts[low & DIGIT_MASK]!++;
    counts[DIGITS + ((low >>> 11) & DIGIT_MASK)]!++;
    counts[2 * DIGITS + (((low >>> 22) | (high << 10)) & DIGIT_MASK)]!++;
    counts[3 * DIGITS + ((high >>> 1) & DIGIT_MASK)]!++;
    counts[4 * DIGITS + ((high >>> 12) & DIGIT_MASK)]!++;
    counts[5 * DIGITS + (high >>> 23)]!++;
  }
}

function scatter(from: Pairs, to: Pairs, place: number, starts: Uint32Array): void {
  const { keys, ids } = from;
  const { keys: outKeys, ids: outIds } = to;
  const words = wordsOf(keys);
  // Place 2 lies in both words.
  const lowShift = Math.min(place, 2) * DIGIT_BITS;
  const highShift = place * DIGIT_BITS - 32;
  for (let i = 0; i < ids.length; i++) {
    const sign = words[2 * i + 1]! >> 31;
    const low = words[2 * i]! ^ sign;
    const high = words[2 * i + 1]! ^ (sign | 0x80000000);
    const bits =
      place < 2 ? low >>> lowShift : place === 2 ? (low >>> 22) | (high << 10) : high >>> highShift;
    const digit = bits & DIGIT_MASK;
    const at = starts[digit]!;
    starts[digit] = at + 1;
    outKeys[at] = keys[i]!;
    outIds[at] = ids[i]!;
  }
}

interface Pairs {
  readonly keys: Float64Array;
  readonly ids: Uint32Array;
}

const RUN = 12;

/** Answers where the result is. */
function mergePasses(first: Pairs, second: Pairs): Pairs {
  const count = first.ids.length;
  for (let at = 0; at < count; at += RUN) insertionSort(first.keys, first.ids, at, Math.min(at + RUN, count));
  let [here, there] = [first, second];
  for (let width = RUN; width < count; width *= 2) {
    for (let low = 0; low < count; low += 2 * width) {
      merge(here, there, low, Math.min(low + width, count), Math.min(low + 2 * width, count));
    }
    [here, there] = [there, here];
  }
  return here;
}

function isAscending(keys: Float64Array, from: number, to: number): boolean {
  for (let at = from + 1; at < to; at++) if (keys[at]! < keys[at - 1]!) return false;
  return true;
}

function insertionSort(keys: Float64Array, ids: Uint32Array, from: number, to: number): void {
  for (let next = from + 1; next < to; next++) {
    const key = keys[next]!;
    const id = ids[next]!;
    let at = next;
    for (; at > from && keys[at - 1]! > key; at--) {
      keys[at] = keys[at - 1]!;
      ids[at] = ids[at - 1]!;
    }
    keys[at] = key;
    ids[at] = id;
  }
}

/** source[low, middle) and source[middle, high), both sorted, to the same place of `target`. */
function merge(source: Pairs, target: Pairs, low: number, middle: number, high: number): void {
  const { keys, ids } = source;
  const { keys: outKeys, ids: outIds } = target;
  let left = low;
  let right = middle;
  let at = low;
  if (middle < high && keys[middle - 1]! > keys[middle]!) {
    while (left < middle && right < high) {
      const isLeft = keys[left]! <= keys[right]!;
      const taken = isLeft ? left++ : right++;
      outKeys[at] = keys[taken]!;
      outIds[at++] = ids[taken]!;
    }
  }
  for (; left < middle; at++, left++) {
    outKeys[at] = keys[left]!;
    outIds[at] = ids[left]!;
  }
  for (; right < high; at++, right++) {
    outKeys[at] = keys[right]!;
    outIds[at] = ids[right]!;
  }
}
