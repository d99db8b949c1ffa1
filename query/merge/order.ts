/**
 * Sorting rows by several key columns: stable counting sort, digit by digit from the last key to the first, so that
 * any number of keys of any range sort in linear time and without objects.
 */

/** Unsigned 32-bit keys of all rows; the first of a list counts most. */
export type SortKey = Uint32Array;

/** The permutation that sorts the rows ascending; equal rows keep their order. */
export function sortedOrder(keys: readonly SortKey[], rows: number): Uint32Array {
  let order: Uint32Array = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) order[i] = i;
  if (isSorted(keys, rows)) return order;
  let spare: Uint32Array = new Uint32Array(rows);
  const bits = rows > 20_000 ? 16 : 8;
  const counts = new Uint32Array(1 << bits);
  const mask = counts.length - 1;
  for (let k = keys.length - 1; k >= 0; k--) {
    const key = keys[k] ?? new Uint32Array(0);
    for (let shift = 0; shift < 32; shift += bits) {
      counts.fill(0);
      for (let i = 0; i < rows; i++) counts[((key[i] ?? 0) >>> shift) & mask]!++;
      if (counts[((key[0] ?? 0) >>> shift) & mask] === rows) continue;
      let at = 0;
      for (let digit = 0; digit <= mask; digit++) {
        const count = counts[digit] ?? 0;
        counts[digit] = at;
        at += count;
      }
      for (let i = 0; i < rows; i++) {
        const row = order[i] ?? 0;
        spare[counts[((key[row] ?? 0) >>> shift) & mask]!++] = row;
      }
      [order, spare] = [spare, order];
    }
  }
  return order;
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

/** Group number of each position of the order, groups being runs of equal keys. */
export function groupRuns(
  keys: readonly SortKey[],
  order: Uint32Array,
): { groupOf: Uint32Array; firsts: Uint32Array } {
  const groupOf = new Uint32Array(order.length);
  const firsts = new Uint32Array(order.length);
  let groups = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i] ?? 0;
    if (i === 0 || keys.some((key) => key[row] !== key[order[i - 1] ?? 0])) firsts[groups++] = row;
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
