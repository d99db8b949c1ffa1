/** `spec.tuningConfig.partitionsSpec`: how the rows of a time chunk are spread over segments. */
import { MURMUR3_32_ABS } from '../../segment/timeline/hash-bucket.js';
import type { JsonKeys } from './keys.js';
import type { Partitioning } from './model.js';

const ROWS_PER_SEGMENT = 5_000_000;
const TOTAL_ROWS = 20_000_000;

/**
 * `tuning`: the keys of tuningConfig. Hashed and range partitions need `forceGuaranteedRollup`, which in turn needs one
 * of them: rows are spread by what they hold, and no segment is closed before all rows are read.
 */
export function checkPartitions(tuning: JsonKeys): Partitioning {
  const isForced = tuning.flag('forceGuaranteedRollup', false);
  const keys = tuning.optionalObject('partitionsSpec');
  // What stood in the tuning itself before there were specs of partitions.
  if (keys === undefined) {
    tuning.accept('numShards', 'partitionDimensions');
    return isForced ? hashed(tuning) : dynamic(tuning);
  }
  tuning.refuse('goes into partitionsSpec', 'numShards', 'targetPartitionSize', 'partitionDimensions');
  tuning.accept('maxRowsPerSegment', 'maxTotalRows');
  const type = keys.text('type');
  const partitioning = checkType(keys, type);
  if (partitioning.type === 'dynamic' && isForced) {
    throw tuning.wrong(
      'partitionsSpec',
      'must be hashed, single_dim or range when forceGuaranteedRollup is true: DynamicPartitionsSpec cannot be used for perfect rollup',
    );
  }
  if (partitioning.type !== 'dynamic' && !isForced) {
    throw tuning.wrong(
      'partitionsSpec',
      'must be dynamic unless forceGuaranteedRollup is true: DynamicPartitionsSpec must be used for best-effort rollup',
    );
  }
  keys.leftovers();
  return partitioning;
}

function checkType(keys: JsonKeys, type: string): Partitioning {
  switch (type) {
    case 'dynamic':
      return dynamic(keys);
    case 'hashed':
      return hashed(keys);
    case 'single_dim': {
      const dimension = keys.optionalText('partitionDimension');
      if (dimension === undefined) {
        throw keys.wrong('partitionDimension', 'is missing: partitionDimensions must be specified');
      }
      return { type: 'range', dimensions: [dimension], ...rangeSize(keys) };
    }
    case 'range': {
      const dimensions = keys.texts('partitionDimensions') ?? [];
      if (dimensions.length === 0)
        throw keys.wrong(
          'partitionDimensions',
          'must name at least one dimension: partitionDimensions must be specified',
        );
      return { type: 'range', dimensions, ...rangeSize(keys) };
    }
    default:
      throw keys.wrong('type', `is unknown: type[${type}]`);
  }
}

function dynamic(keys: JsonKeys): Partitioning {
  return {
    type: 'dynamic',
    maxRowsPerSegment:
      positive(keys, 'maxRowsPerSegment') ?? positive(keys, 'targetPartitionSize') ?? ROWS_PER_SEGMENT,
    maxTotalRows: positive(keys, 'maxTotalRows') ?? TOTAL_ROWS,
  };
}

function hashed(keys: JsonKeys): Partitioning {
  const numShards = positiveOrUnset(keys, 'numShards');
  const target =
    positiveOrUnset(keys, 'targetRowsPerSegment') ??
    positiveOrUnset(keys, 'targetPartitionSize') ??
    positiveOrUnset(keys, 'maxRowsPerSegment');
  if (numShards !== undefined && target !== undefined) {
    throw keys.wrong(
      'numShards',
      'and targetRowsPerSegment exclude each other: At most one of them must be present',
    );
  }
  const partitionFunction = keys.text('partitionFunction', MURMUR3_32_ABS).toLowerCase();
  if (partitionFunction !== MURMUR3_32_ABS) {
    throw keys.wrong('partitionFunction', `must be ${MURMUR3_32_ABS}`);
  }
  const dimensions = keys.texts('partitionDimensions') ?? [];
  return { type: 'hashed', numShards, targetRows: target ?? ROWS_PER_SEGMENT, dimensions };
}

/** With only a maximum, partitions are cut so that none is larger; else so that they come close to the target. */
function rangeSize(keys: JsonKeys): { rows: number; isMaximum: boolean; assumeGrouped: boolean } {
  const target = positive(keys, 'targetRowsPerSegment') ?? positive(keys, 'targetPartitionSize');
  const maximum = positive(keys, 'maxRowsPerSegment') ?? positive(keys, 'maxPartitionSize');
  if ((target === undefined) === (maximum === undefined)) {
    throw keys.wrong(
      'targetRowsPerSegment',
      'or maxRowsPerSegment: Exactly one of targetRowsPerSegment or maxRowsPerSegment must be present',
    );
  }
  const assumeGrouped = keys.flag('assumeGrouped', false);
  return { rows: target ?? maximum ?? 0, isMaximum: target === undefined, assumeGrouped };
}

/** Of hashed partitions only -1 and null are "not given". */
function positiveOrUnset(keys: JsonKeys, key: string): number | undefined {
  const value = keys.whole(key, -1);
  if (value === -1 || value > 0) return value > 0 ? value : undefined;
  throw keys.wrong(key, `must be positive: ${key}[${value}] should be positive`);
}

/** Druid reads 0, -1 and null as "not given". */
function positive(keys: JsonKeys, key: string): number | undefined {
  const value = keys.whole(key, 0);
  return value > 0 ? value : undefined;
}
