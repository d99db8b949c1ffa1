/** What the supervisor of sub-tasks decides: which to start, repeat, do itself; and how their pieces fit. Pure. */
import { CodedError } from '../../proto/errors.js';
import { partitionNumOf, type ShardSpec } from '../../segment/timeline/shard-spec.js';
import type { DataSegment } from '../../segment/timeline/data-segment.js';
import { formatInterval } from '../../segment/timeline/interval.js';
import { compareTuples, type RangeTuple } from '../../segment/timeline/range-bucket.js';

/** `here`: the supervisor does it in its own process. `failed`: its last run did. */
export type PieceState = 'waiting' | 'pending' | 'running' | 'here' | 'failed' | 'done';

export interface PieceOfWork {
  readonly state: PieceState;
  /** Runs that failed. */
  readonly failures: number;
  /** When the state began; monotonic ms. */
  readonly sinceMs: number;
}

export interface PhaseLimits {
  /** At the same time. */
  readonly subTasksMax: number;
  readonly triesMax: number;
  /** How long a sub-task may wait for a slot while none runs. */
  readonly slotPatienceMs: number;
}

export type PhaseStep =
  | { readonly kind: 'start'; readonly index: number }
  | { readonly kind: 'here'; readonly index: number }
  /** Its sub-task waits for a slot in vain: taken back, then done here. */
  | { readonly kind: 'takeBack'; readonly index: number }
  | { readonly kind: 'giveUp'; readonly index: number }
  | { readonly kind: 'done' };

/**
 * `slots`: of all workers together, this supervisor's own included. With no slot to be had the supervisor would wait for
 * sub-tasks that wait for its own slot: it then does the work itself, one piece after another.
 */
export function planPhase(
  pieces: readonly PieceOfWork[],
  limits: PhaseLimits,
  slots: number,
  nowMs: number,
): PhaseStep[] {
  const lost = pieces.findIndex((piece) => piece.state === 'failed' && piece.failures >= limits.triesMax);
  if (lost >= 0) return [{ kind: 'giveUp', index: lost }];
  if (pieces.every((piece) => piece.state === 'done')) return [{ kind: 'done' }];
  const inState = (...states: PieceState[]): number[] =>
    [...pieces.keys()].filter((i) => states.includes(pieces[i]!.state));
  const open = inState('failed', 'waiting');
  const isBusyHere = inState('here').length > 0;
  if (slots <= 1) {
    const [index] = [...open, ...inState('pending')];
    if (isBusyHere || index === undefined) return [];
    return [{ kind: pieces[index]!.state === 'pending' ? 'takeBack' : 'here', index }];
  }
  const active = inState('pending', 'running', 'here').length;
  const steps: PhaseStep[] = open
    .slice(0, Math.max(0, limits.subTasksMax - active))
    .map((index) => ({ kind: 'start', index }));
  const [oldest] = inState('pending').toSorted((a, b) => pieces[a]!.sinceMs - pieces[b]!.sinceMs);
  const isStuck = !isBusyHere && inState('running').length === 0 && oldest !== undefined;
  if (isStuck && nowMs - pieces[oldest]!.sinceMs > limits.slotPatienceMs) {
    steps.push({ kind: 'takeBack', index: oldest });
  }
  return steps;
}

/** Segments of sub-tasks, in the order of the input, become one set for each time chunk: numbers and core sizes. */
export function numberSegments(bySubTask: readonly (readonly DataSegment[])[]): DataSegment[] {
  const chunks = new Map<string, DataSegment[]>();
  for (const segment of bySubTask.flat()) {
    const key = formatInterval(segment.interval);
    const chunk = chunks.get(key);
    if (chunk === undefined) chunks.set(key, [segment]);
    else chunk.push(segment);
  }
  return [...chunks.values()]
    .toSorted((a, b) => a[0]!.interval.startMs - b[0]!.interval.startMs)
    .flatMap((chunk) => {
      requireOneVersion(chunk);
      return chunk.map((segment, partitionNum) => ({
        ...segment,
        shardSpec: { type: 'numbered' as const, partitionNum, partitions: chunk.length },
      }));
    });
}

/** One partition to be: the segment without its files, and the pieces that it is made of. */
export interface GatheredPartition {
  readonly segment: DataSegment;
  readonly pieces: readonly DataSegment[];
}

/** Pieces of the same time chunk and bucket belong together, in the order of the input. */
export function gatherPartitions(bySubTask: readonly (readonly DataSegment[])[]): GatheredPartition[] {
  const chunks = new Map<string, Map<string, DataSegment[]>>();
  for (const piece of bySubTask.flat()) {
    const key = formatInterval(piece.interval);
    const chunk = chunks.get(key) ?? new Map<string, DataSegment[]>();
    chunks.set(key, chunk);
    const bucket = JSON.stringify(bucketStart(piece.shardSpec));
    chunk.set(bucket, [...(chunk.get(bucket) ?? []), piece]);
  }
  const gathered: GatheredPartition[] = [];
  for (const chunk of chunks.values()) {
    const buckets = [...chunk.values()].toSorted((a, b) => compareBuckets(a[0]!.shardSpec, b[0]!.shardSpec));
    requireOneVersion(buckets.flat());
    for (const [number, pieces] of buckets.entries()) {
      const shardSpec = joinedSpec(
        pieces.map((piece) => piece.shardSpec),
        number,
        buckets.length,
      );
      const segment = { ...pieces[0]!, loadSpec: null, dimensions: [], metrics: [], size: 0, shardSpec };
      gathered.push({ segment, pieces });
    }
  }
  return gathered.toSorted(
    (a, b) =>
      a.segment.interval.startMs - b.segment.interval.startMs ||
      partitionNumOf(a.segment.shardSpec) - partitionNumOf(b.segment.shardSpec),
  );
}

/** One version would hide the other's rows: locks of the supervisor make sure that it can't happen. */
function requireOneVersion(chunk: readonly DataSegment[]): void {
  const versions = new Set(chunk.map((segment) => segment.version));
  if (versions.size <= 1) return;
  throw new CodedError(
    'LockRevoked',
    `Sub-tasks wrote interval[${formatInterval(chunk[0]!.interval)}] in versions[${[...versions].join(', ')}]`,
  );
}

function bucketStart(spec: ShardSpec): number | RangeTuple | null {
  switch (spec.type) {
    case 'hashed':
      return spec.bucketId;
    case 'single':
      return spec.start === null ? null : [spec.start];
    case 'range':
      return spec.start;
    default:
      throw new CodedError('Bug', `A piece of a partition has a shard spec of type[${spec.type}]`);
  }
}

function compareBuckets(a: ShardSpec, b: ShardSpec): number {
  const [left, right] = [bucketStart(a), bucketStart(b)];
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left !== 'object' || typeof right !== 'object') return 0;
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  return compareTuples(left, right);
}

function joinedSpec(specs: readonly ShardSpec[], partitionNum: number, partitions: number): ShardSpec {
  const [spec] = specs;
  if (spec?.type === 'hashed') {
    // Rows of several values in one piece keep the whole partition from being pruned.
    const isPrunable = specs.every((one) => one.type === 'hashed' && one.partitionFunction !== null);
    const partitionFunction = isPrunable ? spec.partitionFunction : null;
    return { ...spec, partitionNum, partitions, partitionFunction };
  }
  if (spec?.type === 'single' || spec?.type === 'range') {
    return { ...spec, partitionNum, numCorePartitions: partitions };
  }
  throw new CodedError('Bug', 'Pieces of a partition have no bucket');
}

/** `count` lists of about the same length, in order; none is empty. */
export function spread<T>(items: readonly T[], count: number): T[][] {
  const lists = Math.min(count, items.length);
  return Array.from({ length: lists }, (_, i) =>
    items.slice(Math.floor((i * items.length) / lists), Math.floor(((i + 1) * items.length) / lists)),
  );
}
