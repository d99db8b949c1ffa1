/** Open segments of a build whose rows are spread by what they hold: all stay open until all rows are read. */
import type { IntervalMs } from '../segment/read/view.js';
import type { DataSegment } from '../segment/timeline/data-segment.js';
import { overlaps } from '../segment/timeline/interval.js';
import { partitionNumOf } from '../segment/timeline/shard-spec.js';
import type { BatchDeps, BatchProgress } from './batch.js';
import type { InputRow } from './formats/row-reader.js';
import type { IncrementalIndex } from './index/incremental-index.js';
import type { ChunkPartitions, PartitionPlan } from './partition/partition-plan.js';
import type { RowSink } from './row-sink.js';
import { SegmentOutput, type OpenSegment, type SegmentIdentity } from './segment-output.js';
import type { IngestSpec } from './spec/model.js';
import { timeChunks } from './spec/time-chunks.js';

interface Chunk {
  readonly interval: IntervalMs;
  readonly partitions: ChunkPartitions;
  readonly segments: Map<number, OpenSegment>;
  version: string | undefined;
}

export class PartitionedBuilders implements RowSink {
  readonly #spec: IngestSpec;
  readonly #deps: BatchDeps;
  readonly #plan: PartitionPlan;
  readonly #output: SegmentOutput;
  readonly #buckets;
  readonly #chunks = new Map<number, Chunk>();
  #last: Chunk | undefined;

  constructor(
    spec: IngestSpec,
    deps: BatchDeps,
    plan: PartitionPlan,
    onPhase: (phase: BatchProgress['phase']) => void,
  ) {
    this.#spec = spec;
    this.#deps = deps;
    this.#plan = plan;
    this.#output = new SegmentOutput(spec, deps, onPhase);
    this.#buckets = timeChunks(spec);
  }

  get pushed(): number {
    return this.#output.pushed.length;
  }

  place(timeMs: number, row: InputRow): IncrementalIndex | 'outside' | 'open needed' {
    const chunk = this.#chunkOf(timeMs);
    if (chunk === undefined) return 'outside';
    const segment = chunk.segments.get(chunk.partitions.bucketOf(timeMs, row));
    return segment === undefined ? 'open needed' : segment.growing.index;
  }

  #chunkOf(timeMs: number): Chunk | undefined {
    const last = this.#last;
    if (last !== undefined && timeMs >= last.interval.startMs && timeMs < last.interval.endMs) return last;
    const startMs = this.#buckets.start(timeMs);
    let chunk = this.#chunks.get(startMs);
    if (chunk === undefined) {
      const interval = { startMs, endMs: this.#buckets.next(startMs) };
      const { intervals } = this.#spec;
      if (intervals !== undefined && !intervals.some((one) => overlaps(one, interval))) return undefined;
      chunk = { interval, partitions: this.#plan.of(startMs), segments: new Map(), version: undefined };
      this.#chunks.set(startMs, chunk);
    }
    this.#last = chunk;
    return chunk;
  }

  async open(timeMs: number, row: InputRow): Promise<IncrementalIndex> {
    const chunk = this.#chunkOf(timeMs)!;
    chunk.version ??= await this.#deps.lock(chunk.interval);
    const bucket = chunk.partitions.bucketOf(timeMs, row);
    const segment = this.#output.open({
      interval: chunk.interval,
      version: chunk.version,
      // How many partitions there are is known in the end.
      shardSpec: chunk.partitions.shardSpec(bucket, 0, 0),
    });
    chunk.segments.set(bucket, segment);
    return segment.growing.index;
  }

  added(): Promise<void> | undefined {
    return this.#output.relieve();
  }

  close(): void {
    this.#output.close();
  }

  async finish(): Promise<DataSegment[]> {
    const chunks = [...this.#chunks.values()].filter((chunk) => chunk.segments.size > 0);
    const all: { identity: SegmentIdentity; segment: OpenSegment }[] = [];
    for (const chunk of chunks.toSorted((a, b) => a.interval.startMs - b.interval.startMs)) {
      const buckets = [...chunk.segments].toSorted(([a], [b]) => a - b);
      for (const [number, [bucket, segment]] of buckets.entries()) {
        const shardSpec = chunk.partitions.shardSpec(bucket, number, buckets.length);
        all.push({ identity: { ...segment, shardSpec }, segment });
      }
    }
    await this.#output.pushAll(all);
    this.#deps.hit('ingest.all_pushed');
    const filled = chunks.map((chunk) => chunk.interval);
    const tombstones = this.#spec.dropExisting ? await this.#output.tombstones(filled) : [];
    return [...this.#output.pushed, ...tombstones].toSorted(
      (a, b) =>
        a.interval.startMs - b.interval.startMs || partitionNumOf(a.shardSpec) - partitionNumOf(b.shardSpec),
    );
  }
}
