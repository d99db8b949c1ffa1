/** Which partitions can hold rows whose dimensions take only certain values. Pure; in doubt a partition stays. */
import { hashBucket, MURMUR3_32_ABS, valuesKey } from './hash-bucket.js';
import type { ShardSpec } from './shard-spec.js';
import { TextRanges } from './text-ranges.js';

/** The values that a dimension may take; undefined: any. */
export type DomainOf = (dimension: string) => TextRanges | undefined;

/** Of hashed sets that were looked at: by their dimensions and numbers of buckets, what was found; undefined: any bucket. */
export type HashBuckets = Map<string, ReadonlySet<number> | undefined>;

/** False: no row of the partition takes such values. `known` serves all partitions of one question. */
export function mayHold(spec: ShardSpec, domainOf: DomainOf, known: HashBuckets = new Map()): boolean {
  switch (spec.type) {
    case 'single':
      return mayLieBetween([spec.dimension], [spec.start], [spec.end], domainOf);
    case 'range':
      return mayLieBetween(spec.dimensions, spec.start ?? [], spec.end ?? [], domainOf);
    case 'hashed':
      return mayHashTo(spec, domainOf, known);
    default:
      return true;
  }
}

/**
 * Dimension by dimension, as long as the ones before pin the row to the partition's very start or end. The end is taken
 * for part of the partition: with several dimensions it may be.
 */
function mayLieBetween(
  dimensions: readonly string[],
  start: readonly (string | null)[],
  end: readonly (string | null)[],
  domainOf: DomainOf,
): boolean {
  let onStart = true;
  let onEnd = true;
  for (const [i, dimension] of dimensions.entries()) {
    const lower: string | null = onStart ? (start[i] ?? null) : null;
    const upper: string | null = onEnd ? (end[i] ?? null) : null;
    const here = TextRanges.between({ lower, lowerClosed: true, upper, upperClosed: true });
    const part = (domainOf(dimension) ?? TextRanges.everything).intersection(here);
    if (part.isEmpty) return false;
    const points = part.points();
    const [only] = points?.length === 1 ? points : [];
    onStart = lower !== null && only === lower;
    onEnd = upper !== null && only === upper;
    if (!onStart && !onEnd) return true;
  }
  return true;
}

const COMBINATIONS_MAX = 10_000;

/** Only when every partition dimension is held to single values: then their buckets are known. */
function mayHashTo(
  spec: Extract<ShardSpec, { type: 'hashed' }>,
  domainOf: DomainOf,
  known: HashBuckets,
): boolean {
  const { partitionDimensions, partitionFunction, bucketId, numBuckets } = spec;
  if (partitionDimensions.length === 0 || partitionFunction !== MURMUR3_32_ABS || numBuckets < 1) return true;
  const key = JSON.stringify([numBuckets, partitionDimensions]);
  if (!known.has(key)) known.set(key, bucketsOf(partitionDimensions, numBuckets, domainOf));
  return known.get(key)?.has(bucketId) ?? true;
}

/** Undefined: any. */
function bucketsOf(
  dimensions: readonly string[],
  numBuckets: number,
  domainOf: DomainOf,
): ReadonlySet<number> | undefined {
  let combinations: string[][] = [[]];
  for (const dimension of dimensions) {
    const values = domainOf(dimension)?.points();
    // A filter that contradicts itself rules out no partition: there are buckets, if empty ones.
    if (values === undefined || values.length === 0 || values.length * combinations.length > COMBINATIONS_MAX)
      return undefined;
    combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
  }
  return new Set(
    combinations.map((values) => hashBucket(valuesKey(values.map((value) => [value])), numBuckets)),
  );
}
