/** Sorting numbers that carry a row or an id along: no comparison function, no object a pair. */

/** Shorter ranges are merged: counting takes as long as it does for these. */
const COUNTED = 3000;
/** Keys that spread over at most so many places a key are sorted by counting. */
const SPREAD_MAX = 4;
const WHOLE_MAX = 2 ** 51;
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const DIGIT_MASK = DIGITS - 1;
/** Digits of 64 bits, the lowest first; the last one has nine. */
const PLACES = 6;

/** Room to sort in; grows to the longest range it was used for. */
export class PairSorter {
  #keys = new Float64Array(0);
  #ids = new Uint32Array(0);
  #starts = new Uint32Array(0);
  readonly #counts = new Uint32Array(PLACES * DIGITS);

  /** Sorts keys[from, to) ascending and ids with them. Equal keys keep their order; NaN is no key; -0 becomes 0. */
  sort(keys: Float64Array, ids: Uint32Array, from: number, to: number): void {
    const count = to - from;
    if (isAscending(keys, from, to)) return;
    if (count <= 2 * RUN) {
      insertionSort(keys, ids, from, to);
      return;
    }
    const spread = spreadOf(keys, from, to);
    if (spread !== undefined) {
      this.#sortBySpread(keys, ids, from, to, spread);
      return;
    }
    this.#reserve(count);
    const here: Pairs = { keys: keys.subarray(from, to), ids: ids.subarray(from, to) };
    const there: Pairs = { keys: this.#keys.subarray(0, count), ids: this.#ids.subarray(0, count) };
    const last = count < COUNTED ? mergePasses(here, there) : this.#radixPasses(here, there);
    if (last === here) return;
    here.keys.set(there.keys);
    here.ids.set(there.ids);
  }

  #reserve(count: number): void {
    if (this.#keys.length >= count) return;
    this.#keys = new Float64Array(count);
    this.#ids = new Uint32Array(count);
  }

  /** One pass: each id to where those of its key belong. */
  #sortBySpread(keys: Float64Array, ids: Uint32Array, from: number, to: number, spread: Spread): void {
    const { least, step, places } = spread;
    const count = to - from;
    this.#reserve(count);
    if (this.#starts.length <= places) this.#starts = new Uint32Array(2 * places);
    const starts = this.#starts.fill(0, 0, places + 1);
    const perStep = step === 1;
    const own = this.#keys;
    for (let i = 0; i < count; i++) {
      const place = perStep ? keys[from + i]! - least : (keys[from + i]! - least) / step;
      own[i] = place;
      starts[place + 1]!++;
    }
    for (let place = 0; place < places; place++) starts[place + 1]! += starts[place]!;
    const sorted = this.#ids;
    for (let i = 0; i < count; i++) sorted[starts[own[i]!]!++] = ids[from + i]!;
    ids.set(sorted.subarray(0, count), from);
    // A place's start has become its end.
    for (let place = 0, at = from; place < places; place++) {
      for (const key = least + place * step; at < from + starts[place]!; at++) keys[at] = key;
    }
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

/** Keys that are `least` and whole multiples of `step` more, the largest of them at `places` - 1. */
interface Spread {
  readonly least: number;
  readonly step: number;
  readonly places: number;
}

/** Undefined where the keys spread over more places than there are a few times of them, or are not whole. */
function spreadOf(keys: Float64Array, from: number, to: number): Spread | undefined {
  let least = Infinity;
  let most = -Infinity;
  for (let at = from; at < to; at++) {
    const key = keys[at]!;
    if (key < least) least = key;
    if (key > most) most = key;
  }
  const range = most - least;
  if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most) || !(range <= WHOLE_MAX)) return undefined;
  const places = SPREAD_MAX * (to - from);
  let step = range;
  for (let at = from; at < to; at++) {
    const above = keys[at]! - least;
    // A quotient is whole only where it is exact: both are far below 2^53.
    const times = above / step;
    if (times === Math.floor(times)) continue;
    if (!Number.isInteger(above)) return undefined;
    step = commonStep(step, above);
    if (range / step >= places) return undefined;
  }
  return { least, step, places: range / step + 1 };
}

/** Of whole numbers above 0. */
function commonStep(a: number, b: number): number {
  let [larger, smaller] = [a, b];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return larger;
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
