/** Which partitions can hold rows that pass a filter. Pure; in doubt a segment stays. */
import { filterDomain } from '../../query/native/filter-domain.js';
import type { Filter } from '../../query/native/model.js';
import { mayHold, type HashBuckets } from '../../segment/timeline/partition-domain.js';
import type { ShardSpec } from '../../segment/timeline/shard-spec.js';
import type { TextRanges } from '../../segment/timeline/text-ranges.js';

/** Tells of partitions, false: no row of it can pass. What the filter says is worked out once for all of them. */
export function mayMatch(filter: Filter | undefined): (spec: ShardSpec) => boolean {
  if (filter === undefined) return () => true;
  const domains = new Map<string, TextRanges | undefined>();
  const domainOf = (dimension: string): TextRanges | undefined => {
    if (!domains.has(dimension)) domains.set(dimension, filterDomain(filter, dimension, 'sound'));
    return domains.get(dimension);
  };
  const buckets: HashBuckets = new Map();
  return (spec) => mayHold(spec, domainOf, buckets);
}
