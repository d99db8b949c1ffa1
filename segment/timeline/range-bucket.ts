/** Range partitions: tuples of texts, null first, then by UTF-16 units; a partition holds start <= tuple < end. */

export type RangeTuple = readonly (string | null)[];

export function compareTuples(a: RangeTuple, b: RangeTuple): number {
  for (let i = 0; i < a.length; i++) {
    const left = a[i] ?? null;
    const right = b[i] ?? null;
    if (left === right) continue;
    if (left === null) return -1;
    if (right === null) return 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

/** Of the partitions between ascending `cuts` the number of the one that holds the tuple. */
export function rangeBucket(cuts: readonly RangeTuple[], tuple: RangeTuple): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareTuples(cuts[middle]!, tuple) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
