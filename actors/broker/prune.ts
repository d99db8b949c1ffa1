/**
 * Which partitions can hold rows that pass a filter: for range and single-dimension shard specs, from what the filter
 * allows on the first partition dimension. Pure; in doubt a segment stays.
 */
import type { Constant, Filter } from '../../query/native/model.js';
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
  if (spec.type === 'single') {
    const domain = domainOf(filter, spec.dimension);
    return domain === undefined || overlaps(domain, spec.start, spec.end);
  }
  if (spec.type === 'range') {
    const [dimension] = spec.dimensions;
    const domain = dimension === undefined ? undefined : domainOf(filter, dimension);
    return domain === undefined || overlaps(domain, spec.start?.[0] ?? null, spec.end?.[0] ?? null);
  }
  return true;
}

/** Partition bounds are taken as closed on both sides: with several dimensions the upper one is. */
function overlaps(domain: Domain, start: string | null, end: string | null): boolean {
  // Null sorts first, so it lies in the partition without a start.
  if (domain.hasNull && start === null) return true;
  return domain.spans.some(
    (span) =>
      (span.upper === undefined || start === null || !isLess(span.upper, start)) &&
      (span.lower === undefined || end === null || !isLess(end, span.lower)),
  );
}

/** Java compares strings by UTF-16 units, as JavaScript does. */
const isLess = (a: string, b: string): boolean => a < b;

/** Undefined: the filter says nothing about the dimension. */
function domainOf(filter: Filter, dimension: string): Domain | undefined {
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
