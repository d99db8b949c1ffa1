/** How the rows of one time chunk and version are spread over partitions: Druid's shard specs. */
import { invalidInput } from '../../proto/errors.js';

export type ShardSpec =
  | { readonly type: 'none' }
  | { readonly type: 'linear'; readonly partitionNum: number }
  /** `partitions`: size of the core set; 0 = appended only. */
  | { readonly type: 'numbered'; readonly partitionNum: number; readonly partitions: number }
  | { readonly type: 'tombstone'; readonly partitionNum: number; readonly partitions: number }
  | {
      readonly type: 'hashed';
      readonly partitionNum: number;
      readonly partitions: number;
      readonly bucketId: number;
      readonly numBuckets: number;
      readonly partitionDimensions: readonly string[];
      /** Null in old segments: rows can be read, but nothing can be pruned. */
      readonly partitionFunction: string | null;
    }
  | {
      readonly type: 'single';
      readonly dimension: string;
      readonly start: string | null;
      readonly end: string | null;
      readonly partitionNum: number;
      /** -1 = unknown (old segments). */
      readonly numCorePartitions: number;
    }
  | {
      readonly type: 'range';
      readonly dimensions: readonly string[];
      readonly start: readonly (string | null)[] | null;
      readonly end: readonly (string | null)[] | null;
      readonly partitionNum: number;
      readonly numCorePartitions: number;
    }
  /** Replaces root partitions [startRootPartitionId, endRootPartitionId) once its whole group is there. */
  | {
      readonly type: 'numbered_overwrite';
      readonly partitionId: number;
      readonly startRootPartitionId: number;
      readonly endRootPartitionId: number;
      readonly minorVersion: number;
      readonly atomicUpdateGroupSize: number;
    };

/** 0 for `none`; the number that stands in the segment id. */
export function partitionNumOf(spec: ShardSpec): number {
  if (spec.type === 'none') return 0;
  return spec.type === 'numbered_overwrite' ? spec.partitionId : spec.partitionNum;
}

/** Size of the core partition set; 0 = none or unknown: any member is enough. */
export function corePartitionsOf(spec: ShardSpec): number {
  switch (spec.type) {
    case 'numbered':
    case 'tombstone':
    case 'hashed':
      return spec.partitions;
    case 'single':
    case 'range':
      return Math.max(0, spec.numCorePartitions);
    case 'none':
      return 1;
    case 'linear':
    case 'numbered_overwrite':
      return 0;
  }
}

/** The JSON of a shard spec, keys in Druid's order. */
export function shardSpecToJson(spec: ShardSpec): Record<string, unknown> {
  return { ...spec };
}

/** Reads Druid's JSON. Throws InvalidInput naming the key below `field`. */
export function parseShardSpec(json: unknown, field = 'shardSpec'): ShardSpec {
  // Druid reads a missing shard spec as `none`.
  if (json === undefined || json === null) return { type: 'none' };
  if (typeof json !== 'object' || Array.isArray(json)) throw bad(field, 'an object');
  const keys = new Keys(json as Record<string, unknown>, field);
  switch (keys.text('type')) {
    case 'none':
      return { type: 'none' };
    case 'linear':
      return { type: 'linear', partitionNum: keys.count('partitionNum', 0) };
    case 'numbered':
      return {
        type: 'numbered',
        partitionNum: keys.count('partitionNum'),
        partitions: keys.count('partitions', 0),
      };
    case 'tombstone':
      return {
        type: 'tombstone',
        partitionNum: keys.count('partitionNum', 0),
        partitions: keys.count('partitions', 1),
      };
    case 'hashed':
      return parseHashed(keys);
    case 'single':
      return {
        type: 'single',
        dimension: keys.text('dimension'),
        start: keys.textOrNull('start'),
        end: keys.textOrNull('end'),
        partitionNum: keys.count('partitionNum', 0),
        numCorePartitions: keys.count('numCorePartitions', -1),
      };
    case 'range':
      return {
        type: 'range',
        dimensions: keys.texts('dimensions'),
        start: keys.tuple('start'),
        end: keys.tuple('end'),
        partitionNum: keys.count('partitionNum', 0),
        numCorePartitions: keys.count('numCorePartitions', -1),
      };
    case 'numbered_overwrite':
      return {
        type: 'numbered_overwrite',
        partitionId: keys.count('partitionId'),
        startRootPartitionId: keys.count('startRootPartitionId'),
        endRootPartitionId: keys.count('endRootPartitionId'),
        minorVersion: keys.count('minorVersion'),
        atomicUpdateGroupSize: keys.count('atomicUpdateGroupSize', 1),
      };
    default:
      throw invalidInput(`Unknown shard spec at ${field}.type: type[${keys.text('type')}]`, `${field}.type`);
  }
}

function parseHashed(keys: Keys): ShardSpec {
  const partitionNum = keys.count('partitionNum');
  const partitions = keys.count('partitions', 0);
  return {
    type: 'hashed',
    partitionNum,
    partitions,
    bucketId: keys.count('bucketId', partitionNum),
    numBuckets: keys.count('numBuckets', partitions),
    partitionDimensions: keys.texts('partitionDimensions'),
    partitionFunction: keys.textOrNull('partitionFunction'),
  };
}

const bad = (field: string, wanted: string) => invalidInput(`${field} must be ${wanted}`, field);

class Keys {
  readonly #json: Record<string, unknown>;
  readonly #field: string;

  constructor(json: Record<string, unknown>, field: string) {
    this.#json = json;
    this.#field = field;
  }

  #at(key: string): string {
    return `${this.#field}.${key}`;
  }

  text(key: string): string {
    const value = this.#json[key];
    if (typeof value !== 'string') throw bad(this.#at(key), 'a text');
    return value;
  }

  textOrNull(key: string): string | null {
    const value = this.#json[key] ?? null;
    if (value !== null && typeof value !== 'string') throw bad(this.#at(key), 'a text or null');
    return value;
  }

  count(key: string, missing?: number): number {
    const value = this.#json[key] ?? missing;
    if (typeof value !== 'number' || !Number.isInteger(value) || (value < 0 && value !== missing)) {
      throw bad(this.#at(key), 'a whole number >= 0');
    }
    return value;
  }

  texts(key: string): readonly string[] {
    const value = this.#json[key] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw bad(this.#at(key), 'a list of texts');
    }
    return value;
  }

  tuple(key: string): readonly (string | null)[] | null {
    const value = this.#json[key] ?? null;
    if (value === null) return null;
    if (!Array.isArray(value) || !value.every((item) => item === null || typeof item === 'string')) {
      throw bad(this.#at(key), 'a list of texts and nulls, or null');
    }
    return value;
  }
}
