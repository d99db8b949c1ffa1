/**
 * Sorting rows by several key columns: stable counting sort, digit by digit from the last key to the first, so that
 * any number of keys of any range sort in linear time and without objects.
 */

/** Unsigned 32-bit keys of all rows; the first of a list counts most. */
export type SortKey = Uint32Array;

/**
 * Fewer keys of the same order: those that are equal in all rows are left out, neighbours whose ranges fit 32 bits
 * together become one.
 */
export function packKeys(keys: readonly SortKey[], rows: number): SortKey[] {
  const packed: { key: SortKey; range: number }[] = [];
  for (const key of keys) {
    let least = 0xffffffff;
    let most = 0;
    for (let i = 0; i < rows; i++) {
      const value = key[i] ?? 0;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (least >= most) continue;
    const range = most - least + 1;
    const last = packed.at(-1);
    if (last === undefined || last.range * range > 2 ** 32) {
      const own = new Uint32Array(rows);
      for (let i = 0; i < rows; i++) own[i] = (key[i] ?? 0) - least;
      packed.push({ key: own, range });
      continue;
    }
    const { key: high } = last;
    for (let i = 0; i < rows; i++) high[i] = (high[i] ?? 0) * range + (key[i] ?? 0) - least;
    last.range *= range;
  }
  return packed.map(({ key }) => key);
}

/** The permutation that sorts the rows ascending; equal rows keep their order. */
export function sortedOrder(keys: readonly SortKey[], rows: number): Uint32Array {
  let order: Uint32Array = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) order[i] = i;
  if (isSorted(keys, rows)) return order;
  let spare: Uint32Array = new Uint32Array(rows);
  const bits = rows > 20_000 ? 16 : 8;
  for (let k = keys.length - 1; k >= 0; k--) {
    const key = keys[k] ?? new Uint32Array(0);
    for (let shift = 0; shift < 32; shift += bits) {
      if (!sortByDigit(key, shift, bits, order, spare)) continue;
      [order, spare] = [spare, order];
    }
  }
  return order;
}

/** Counting sort of `from` into `to` by some bits of the key; false (and nothing done) when they are all equal. */
function sortByDigit(key: SortKey, shift: number, bits: number, from: Uint32Array, to: Uint32Array): boolean {
  const rows = from.length;
  const counts = new Uint32Array(1 << bits);
  const mask = counts.length - 1;
  for (let i = 0; i < rows; i++) {
    const digit = ((key[i] ?? 0) >>> shift) & mask;
    counts[digit] = (counts[digit] ?? 0) + 1;
  }
  if (counts[((key[0] ?? 0) >>> shift) & mask] === rows) return false;
  let at = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const count = counts[digit] ?? 0;
    counts[digit] = at;
    at += count;
  }
  for (let i = 0; i < rows; i++) {
    const row = from[i] ?? 0;
    const digit = ((key[row] ?? 0) >>> shift) & mask;
    const place = counts[digit] ?? 0;
    to[place] = row;
    counts[digit] = place + 1;
  }
  return true;
}

/** Ascending, equal neighbours allowed. */
function isSorted(keys: readonly SortKey[], rows: number): boolean {
  for (let i = 1; i < rows; i++) {
    for (const key of keys) {
      const before = key[i - 1] ?? 0;
      const here = key[i] ?? 0;
      if (before < here) break;
      if (before > here) return false;
    }
  }
  return true;
}

/** Group number of each position of the order, groups being runs of equal keys, and the first row of each. */
export function groupRuns(
  keys: readonly SortKey[],
  order: Uint32Array,
): { groupOf: Uint32Array; firsts: Uint32Array } {
  const differs = new Uint8Array(order.length);
  for (const key of keys) {
    let before = key[order[0] ?? 0] ?? 0;
    for (let i = 1; i < order.length; i++) {
      const here = key[order[i] ?? 0] ?? 0;
      if (here !== before) differs[i] = 1;
      before = here;
    }
  }
  const groupOf = new Uint32Array(order.length);
  const firsts = new Uint32Array(order.length);
  let groups = 0;
  for (let i = 0; i < order.length; i++) {
    if (i === 0 || differs[i] === 1) firsts[groups++] = order[i] ?? 0;
    groupOf[i] = groups - 1;
  }
  return { groupOf, firsts: firsts.slice(0, groups) };
}

/** Signed 64-bit values as two keys, upper half first. */
export function longKeys(values: BigInt64Array): SortKey[] {
  const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const high = new Uint32Array(values.length);
  const low = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    low[i] = halves[i * 2] ?? 0;
    high[i] = (halves[i * 2 + 1] ?? 0) ^ 0x80000000;
  }
  return [high, low];
}

/** Keys in the order of Java's Double.compare, NaN last. */
export function doubleKeys(values: Float64Array | Float32Array): SortKey[] {
  const doubles = values instanceof Float64Array ? values.slice() : Float64Array.from(values);
  const halves = new Uint32Array(doubles.buffer);
  const high = new Uint32Array(doubles.length);
  const low = new Uint32Array(doubles.length);
  for (let i = 0; i < doubles.length; i++) {
    const upper = halves[i * 2 + 1] ?? 0;
    const negative = upper >= 0x80000000;
    high[i] = negative ? ~upper : upper ^ 0x80000000;
    low[i] = negative ? ~(halves[i * 2] ?? 0) : (halves[i * 2] ?? 0);
  }
  return [high, low];
}
