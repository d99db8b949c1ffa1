/**
 * Which partitions can hold rows that pass a filter: for hashed, range and single-dimension shard specs, from what the
 * filter allows on the partition dimensions. Pure; in doubt a segment stays.
 */
import type { Constant, Filter } from '../../query/native/model.js';
import { hashBucket, MURMUR3_32_ABS, valuesKey } from '../../segment/timeline/hash-bucket.js';
import type { ShardSpec } from '../../segment/timeline/shard-spec.js';

/** Values a dimension may take: closed ranges of strings; undefined ends are open; `null` is the null value. */
interface Span {
  readonly lower: string | undefined;
  readonly upper: string | undefined;
}
interface Domain {
  readonly spans: readonly Span[];
  readonly hasNull: boolean;
}

const point = (value: string | null): Domain =>
  value === null ? { spans: [], hasNull: true } : { spans: [{ lower: value, upper: value }], hasNull: false };

const nothing: Domain = { spans: [], hasNull: false };

/** False: no row of the partition can pass. */
export function mayMatch(spec: ShardSpec, filter: Filter | undefined): boolean {
  if (filter === undefined) return true;
  switch (spec.type) {
    case 'single':
      return mayLieBetween([spec.dimension], [spec.start], [spec.end], filter);
    case 'range':
      return mayLieBetween(spec.dimensions, spec.start ?? [], spec.end ?? [], filter);
    case 'hashed':
      return mayHashTo(spec, filter);
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
  filter: Filter,
): boolean {
  let onStart = true;
  let onEnd = true;
  for (const [i, dimension] of dimensions.entries()) {
    const from: string | null = onStart ? (start[i] ?? null) : null;
    const to: string | null = onEnd ? (end[i] ?? null) : null;
    const part = cutTo(domainOf(filter, dimension) ?? everything, from, to);
    if (!part.hasNull && part.spans.length === 0) return false;
    onStart = from !== null && isPoint(part, from);
    onEnd = to !== null && isPoint(part, to);
    if (!onStart && !onEnd) return true;
  }
  return true;
}

const everything: Domain = { spans: [{ lower: undefined, upper: undefined }], hasNull: true };

/** What of the domain lies in [from, to]; null sorts first, so that it lies before any `from`. */
function cutTo(domain: Domain, from: string | null, to: string | null): Domain {
  const spans = domain.spans.flatMap(({ lower, upper }): Span[] => {
    const low = from !== null && (lower === undefined || isLess(lower, from)) ? from : lower;
    const high = to !== null && (upper === undefined || isLess(to, upper)) ? to : upper;
    return low !== undefined && high !== undefined && isLess(high, low) ? [] : [{ lower: low, upper: high }];
  });
  return { spans, hasNull: domain.hasNull && from === null };
}

function isPoint({ spans, hasNull }: Domain, value: string): boolean {
  return !hasNull && spans.every(({ lower, upper }) => lower === value && upper === value);
}

const combinationsMax = 10_000;

/** Only when every partition dimension is held to single values: then their buckets are known. */
function mayHashTo(spec: Extract<ShardSpec, { type: 'hashed' }>, filter: Filter): boolean {
  const { partitionDimensions, partitionFunction, bucketId, numBuckets } = spec;
  if (partitionDimensions.length === 0 || partitionFunction !== MURMUR3_32_ABS || numBuckets < 1) return true;
  let combinations: string[][] = [[]];
  for (const dimension of partitionDimensions) {
    const values = pointsOf(domainOf(filter, dimension));
    if (values === undefined || values.length * combinations.length > combinationsMax) return true;
    combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
  }
  return combinations.some((values) => {
    return hashBucket(valuesKey(values.map((value) => [value])), numBuckets) === bucketId;
  });
}

/** Undefined: other values than these, or null, may pass. */
function pointsOf(domain: Domain | undefined): string[] | undefined {
  if (domain === undefined || domain.hasNull) return undefined;
  const points = domain.spans.flatMap(({ lower, upper }) =>
    lower !== undefined && lower === upper ? [lower] : [],
  );
  return points.length === domain.spans.length ? points : undefined;
}

/** Java compares strings by UTF-16 units, as JavaScript does. */
const isLess = (a: string, b: string): boolean => a < b;

/** Undefined: the filter says nothing about the dimension. */
function domainOf(filter: Filter, dimension: string): Domain | undefined {
  // What an extraction function makes of a value says nothing about the value.
  if ('extractionFn' in filter && filter.extractionFn !== undefined) return undefined;
  switch (filter.type) {
    case 'false':
      return nothing;
    case 'selector':
      return filter.dimension === dimension ? point(filter.value) : undefined;
    case 'in':
      return filter.dimension === dimension ? union(filter.values.map(point)) : undefined;
    case 'null':
      return filter.column === dimension ? point(null) : undefined;
    case 'equals':
      return filter.column === dimension && filter.matchValueType === 'STRING'
        ? point(String(filter.matchValue))
        : undefined;
    case 'range':
      return filter.column === dimension && filter.matchValueType === 'STRING'
        ? { spans: [{ lower: textOf(filter.lower), upper: textOf(filter.upper) }], hasNull: false }
        : undefined;
    case 'bound':
      return filter.dimension === dimension && filter.ordering === 'lexicographic'
        ? {
            spans: [{ lower: filter.lower, upper: filter.upper }],
            // Druid's bound takes null for less than everything when there is no lower limit.
            hasNull: filter.lower === undefined,
          }
        : undefined;
    case 'and':
      return narrowest(filter.fields.map((field) => domainOf(field, dimension)));
    case 'or': {
      const parts = filter.fields.map((field) => domainOf(field, dimension));
      const known = parts.filter((part) => part !== undefined);
      return known.length === parts.length ? union(known) : undefined;
    }
    default:
      return undefined;
  }
}

const textOf = (value: Constant | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

function union(domains: readonly Domain[]): Domain {
  return {
    spans: domains.flatMap((domain) => domain.spans),
    hasNull: domains.some((domain) => domain.hasNull),
  };
}

/** Any one side of an AND is a sound limit; the one with the fewest spans prunes best. */
function narrowest(domains: readonly (Domain | undefined)[]): Domain | undefined {
  let best: Domain | undefined;
  for (const domain of domains) {
    if (domain !== undefined && (best === undefined || domain.spans.length < best.spans.length))
      best = domain;
  }
  return best;
}
