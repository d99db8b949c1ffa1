/**
 * How the rows of each time chunk are spread over partitions: worked out in a pass over the whole input before the
 * segments are built, unless the number of hash buckets was given.
 */
import { CodedError } from '../../proto/errors.js';
import { estimateHyperUnique } from '../../segment/format/hyper-unique.js';
import { hashBucket, MURMUR3_32_ABS, rowKey, valuesKey } from '../../segment/timeline/hash-bucket.js';
import { overlaps } from '../../segment/timeline/interval.js';
import { rangeBucket, type RangeTuple } from '../../segment/timeline/range-bucket.js';
import type { ShardSpec } from '../../segment/timeline/shard-spec.js';
import type { InputRow } from '../formats/row-reader.js';
import { HyperUnique } from '../../segment/format/hyper-unique-sketch.js';
import { truncation } from '../index/truncation.js';
import type { IngestSpec, Partitioning } from '../spec/model.js';
import { KeySieve } from './key-sieve.js';
import { rowStrings, sortedDimensions } from './row-strings.js';
import { ENTRIES_MAX, ENTRIES_MIN, TupleCounts } from './tuple-counts.js';
import { timeChunks } from '../spec/time-chunks.js';

/** The buckets of one time chunk. */
export interface ChunkPartitions {
  /** The number of a row's bucket. Throws InvalidInput for several values in a range dimension. */
  bucketOf(timeMs: number, row: InputRow): number;
  /** `partitionNum`: the place of the bucket among those that got rows; `partitions`: how many these are. */
  shardSpec(bucket: number, partitionNum: number, partitions: number): ShardSpec;
}

export type Hashed = Extract<Partitioning, { type: 'hashed' }>;
export type Range = Extract<Partitioning, { type: 'range' }>;

/** The text that tells which rows belong together, by which they are hashed. */
function hashKey(
  spec: IngestSpec,
  dimensions: readonly string[],
  onSeveral: () => void,
): (timeMs: number, row: InputRow) => string {
  if (dimensions.length > 0) {
    return (_, row) => {
      const values = dimensions.map((name) => rowStrings(row, name));
      if (values.some((list) => list.length > 1)) onSeveral();
      return valuesKey(values);
    };
  }
  const truncate = truncation(spec.queryGranularity);
  return (timeMs, row) => rowKey(truncate(timeMs), sortedDimensions(row, spec));
}

function hashedPartitions(spec: IngestSpec, { dimensions }: Hashed, numBuckets: number): ChunkPartitions {
  let holdsSeveral = false;
  const keyOf = hashKey(spec, dimensions, () => (holdsSeveral = true));
  return {
    bucketOf: (timeMs, row) => hashBucket(keyOf(timeMs, row), numBuckets),
    shardSpec: (bucketId, partitionNum, partitions) => ({
      type: 'hashed',
      partitionNum,
      partitions,
      bucketId,
      numBuckets,
      partitionDimensions: dimensions,
      // A row of several values lies where none of them alone would be looked for: no function, no pruning.
      partitionFunction: holdsSeveral ? null : MURMUR3_32_ABS,
    }),
  };
}

function tupleOf(row: InputRow, dimensions: readonly string[]): RangeTuple {
  return dimensions.map((name) => {
    const values = rowStrings(row, name);
    if (values.length > 1) {
      throw new CodedError('InvalidInput', `can't partition by column[${name}]: a row holds several values`, {
        field: 'spec.tuningConfig.partitionsSpec',
      });
    }
    return values[0] ?? null;
  });
}

function rangePartitions({ dimensions }: Range, cuts: readonly RangeTuple[]): ChunkPartitions {
  const [dimension = ''] = dimensions;
  return {
    bucketOf: (_, row) => rangeBucket(cuts, tupleOf(row, dimensions)),
    shardSpec(bucket, partitionNum, numCorePartitions) {
      const start = cuts[bucket - 1] ?? null;
      const end = cuts[bucket] ?? null;
      const numbers = { partitionNum, numCorePartitions };
      return dimensions.length > 1
        ? { type: 'range', dimensions, start, end, ...numbers }
        : { type: 'single', dimension, start: start?.[0] ?? null, end: end?.[0] ?? null, ...numbers };
    },
  };
}

/** What was seen of one time chunk, as plain JSON: sub-tasks look at parts of the input. */
export interface ChunkSurvey {
  /** Epoch ms. */
  readonly startMs: number;
  /** Hashed: the sketch of distinct keys, base64. */
  readonly distinct?: string;
  /** Ranges: how often tuples occur. */
  readonly tuples?: readonly (readonly [tuple: RangeTuple, count: number])[];
}

/** The partitions of one time chunk, as plain JSON. */
export type ChunkCut =
  | { readonly startMs: number; readonly numBuckets: number }
  | { readonly startMs: number; readonly cuts: readonly RangeTuple[] };

/** Partitions by the start of their chunk; a chunk that was not seen before is one partition. */
export class PartitionPlan {
  readonly #known: ReadonlyMap<number, ChunkPartitions>;
  readonly #unseen: ChunkPartitions;

  constructor(known: ReadonlyMap<number, ChunkPartitions>, unseen: ChunkPartitions) {
    this.#known = known;
    this.#unseen = unseen;
  }

  of(chunkStartMs: number): ChunkPartitions {
    return this.#known.get(chunkStartMs) ?? this.#unseen;
  }
}

/** The plan that needs no look at the rows, if there is one. */
export function fixedPlan(spec: IngestSpec): PartitionPlan | undefined {
  const { partitioning } = spec.tuning;
  if (partitioning.type !== 'hashed' || partitioning.numShards === undefined) return undefined;
  return new PartitionPlan(new Map(), hashedPartitions(spec, partitioning, partitioning.numShards));
}

/** The plan of these cuts; chunks that are not among them are one partition. */
export function planOfCuts(
  spec: IngestSpec,
  partitioning: Hashed | Range,
  cuts: readonly ChunkCut[],
): PartitionPlan {
  const partitionsOf = (cut: Partial<{ numBuckets: number; cuts: readonly RangeTuple[] }>): ChunkPartitions =>
    partitioning.type === 'hashed'
      ? hashedPartitions(spec, partitioning, cut.numBuckets ?? 1)
      : rangePartitions(partitioning, cut.cuts ?? []);
  return new PartitionPlan(new Map(cuts.map((cut) => [cut.startMs, partitionsOf(cut)])), partitionsOf({}));
}

interface ChunkCounts {
  readonly distinct: HyperUnique;
  readonly tuples: TupleCounts;
}

/** Sees every row once and makes the plan. */
export class PlanMaker {
  readonly #spec: IngestSpec;
  readonly #partitioning: Hashed | Range;
  readonly #buckets;
  readonly #chunks = new Map<number, ChunkCounts>();
  /** Tuples that each chunk may tell apart. */
  #share = ENTRIES_MAX;
  readonly #keyOf: (timeMs: number, row: InputRow) => string;
  /** Rows that rollup will fold together count once. */
  readonly #sieve: KeySieve | undefined;

  constructor(spec: IngestSpec, partitioning: Hashed | Range) {
    this.#spec = spec;
    this.#partitioning = partitioning;
    this.#buckets = timeChunks(spec);
    const isHashed = partitioning.type === 'hashed';
    this.#keyOf = hashKey(spec, isHashed ? partitioning.dimensions : [], () => undefined);
    const needsSieve = !isHashed && spec.rollup && !partitioning.assumeGrouped;
    this.#sieve = needsSieve ? new KeySieve() : undefined;
  }

  /** False when the row lies outside the intervals. */
  add(timeMs: number, row: InputRow): boolean {
    const startMs = this.#buckets.start(timeMs);
    const { intervals } = this.#spec;
    const interval = { startMs, endMs: this.#buckets.next(startMs) };
    if (intervals !== undefined && !intervals.some((one) => overlaps(one, interval))) return false;
    const counts = this.#countsOf(startMs);
    const partitioning = this.#partitioning;
    if (partitioning.type === 'hashed') counts.distinct.addText(this.#keyOf(timeMs, row));
    else if (this.#sieve?.add(this.#keyOf(timeMs, row)) !== false) {
      counts.tuples.add(tupleOf(row, partitioning.dimensions));
    }
    return true;
  }

  survey(): ChunkSurvey[] {
    const isHashed = this.#partitioning.type === 'hashed';
    return [...this.#chunks].map(([startMs, { distinct, tuples }]) =>
      isHashed
        ? { startMs, distinct: Buffer.from(distinct.toBytes()).toString('base64') }
        : { startMs, tuples: tuples.entries() },
    );
  }

  /** Adds what another one saw of other rows. */
  merge(survey: readonly ChunkSurvey[]): void {
    for (const { startMs, distinct, tuples = [] } of survey) {
      const counts = this.#countsOf(startMs);
      if (distinct !== undefined) {
        counts.distinct.merge(HyperUnique.fromBytes(Buffer.from(distinct, 'base64')));
      }
      for (const [tuple, count] of tuples) counts.tuples.add(tuple, count);
    }
  }

  #countsOf(startMs: number): ChunkCounts {
    let counts = this.#chunks.get(startMs);
    if (counts === undefined) {
      const share = Math.max(ENTRIES_MIN, Math.floor(ENTRIES_MAX / (this.#chunks.size + 1)));
      // Halved as the chunks double: not looked at for each of them.
      if (share * 2 <= this.#share) {
        this.#share = share;
        for (const { tuples } of this.#chunks.values()) tuples.limit(share);
      }
      counts = { distinct: new HyperUnique(), tuples: new TupleCounts(this.#share) };
      this.#chunks.set(startMs, counts);
    }
    return counts;
  }

  cuts(): ChunkCut[] {
    const partitioning = this.#partitioning;
    return [...this.#chunks].map(([startMs, { distinct, tuples }]) => {
      if (partitioning.type === 'range') {
        return { startMs, cuts: tuples.cuts(partitioning.rows, partitioning.isMaximum) };
      }
      const ratio = estimateHyperUnique(distinct.toBytes()) / partitioning.targetRows;
      return { startMs, numBuckets: Math.max(1, Math.round(ratio)) };
    });
  }

  plan(): PartitionPlan {
    return planOfCuts(this.#spec, this.#partitioning, this.cuts());
  }
}
