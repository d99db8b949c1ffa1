/** Sorting numbers that carry a row or an id along: no comparison function, no object a pair. */

/** Room to sort in; grows to the longest range it was used for. */
export class PairSorter {
  #keys = new Float64Array(0);
  #ids = new Uint32Array(0);

  /** Sorts keys[from, to) ascending and ids with them. Equal keys keep their order; NaN is no key. */
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
    for (let at = from; at < to; at += RUN) insertionSort(keys, ids, at, Math.min(at + RUN, to));
    let here: Pairs = { keys: keys.subarray(from, to), ids: ids.subarray(from, to) };
    let there: Pairs = { keys: this.#keys.subarray(0, count), ids: this.#ids.subarray(0, count) };
    let isInPlace = true;
    for (let width = RUN; width < count; width *= 2) {
      for (let low = 0; low < count; low += 2 * width) {
        merge(here, there, low, Math.min(low + width, count), Math.min(low + 2 * width, count));
      }
      [here, there] = [there, here];
      isInPlace = !isInPlace;
    }
    if (isInPlace) return;
    there.keys.set(here.keys);
    there.ids.set(here.ids);
  }
}

const RUN = 12;

interface Pairs {
  readonly keys: Float64Array;
  readonly ids: Uint32Array;
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
