/** Which partitions can hold rows that pass a filter. Pure; in doubt a segment stays. */
import { filterDomain } from '../../query/native/filter-domain.js';
import type { Filter } from '../../query/native/model.js';
import { mayHold } from '../../segment/timeline/partition-domain.js';
import type { ShardSpec } from '../../segment/timeline/shard-spec.js';

/** False: no row of the partition can pass. */
export function mayMatch(spec: ShardSpec, filter: Filter | undefined): boolean {
  return filter === undefined || mayHold(spec, (dimension) => filterDomain(filter, dimension, 'sound'));
}
