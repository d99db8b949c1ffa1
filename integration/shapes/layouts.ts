/**
 * The rows of a data set, taken in once and laid out twice: a growing index for each time chunk as a whole, and growing
 * indexes of parts of it. Equal rows that rollup makes one are always in the same part.
 */
import path from 'node:path';
import { IncrementalIndex } from '../../ingest/index/incremental-index.js';
import { fixedPlan, type PartitionPlan } from '../../ingest/partition/partition-plan.js';
import { PartMerger } from '../../ingest/part-merger.js';
import { RowTally } from '../../ingest/report.js';
import { RowStream } from '../../ingest/row-stream.js';
import { mergeParts, writeWhole } from '../../ingest/segment-work.js';
import { writeOptionsOf } from '../../ingest/segment-output.js';
import type { InputRow } from '../../ingest/formats/row-reader.js';
import type { SegmentLookup } from '../../ingest/sources/source.js';
import { plainMetric, type IngestSpec } from '../../ingest/spec/model.js';
import { compileTask } from '../../ingest/spec/task.js';
import { CodedError } from '../../proto/errors.js';
import { bucketer } from '../../query/granularity/buckets.js';
import { silentLog } from '../../runtime/log.js';
import type { Clock } from '../../segment/ports.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type { DataSegment } from '../../segment/timeline/data-segment.js';
import { overlaps } from '../../segment/timeline/interval.js';
import { writeSegmentColumns } from '../../segment/write/writer.js';

/** One version of a time chunk. Each step that adds rows to it brings indexes of its own, as it would segments. */
export interface Chunk {
  readonly dataSource: string;
  readonly interval: IntervalMs;
  readonly version: string;
  readonly spec: IngestSpec;
  readonly wholes: IncrementalIndex[];
  readonly parts: IncrementalIndex[];
}

export interface LayoutDeps {
  readonly dataDir: string;
  readonly workDir: string;
  readonly clock: Clock;
  readonly segments: SegmentLookup;
  /** Into so many parts each chunk of a step is cut. */
  readonly parts: number;
}

/** Oldest version first; a later one hides those before it. Throws what the tasks would. */
export async function layOut(steps: readonly unknown[], deps: LayoutDeps): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for (const [number, step] of steps.entries()) {
    const { spec } = compileTask(step);
    if (spec.dropExisting) throw new CodedError('Unsupported', 'dropExisting makes no rows to be laid out');
    const sink = new StepSink(spec, `2000-01-01T00:00:00.${String(number).padStart(3, '0')}Z`, chunks, deps);
    const tally = new RowTally(
      spec.tuning,
      () => 0,
      () => undefined,
    );
    const sourceDeps = {
      inputDirs: [deps.dataDir],
      httpAllow: [],
      workDir: deps.workDir,
      segments: deps.segments,
      clock: deps.clock,
      log: silentLog(),
      signal: new AbortController().signal,
    };
    const stream = new RowStream(spec, sourceDeps, tally, 2026, deps.workDir);
    await stream.readAll({ take: (timeMs, row) => sink.take(timeMs, row), pause: () => undefined });
    chunks.push(...sink.made);
  }
  return chunks;
}

/** What one step makes of one chunk. */
interface Open {
  readonly interval: IntervalMs;
  readonly whole: IncrementalIndex;
  readonly parts: (IncrementalIndex | undefined)[];
  readonly chunk: Chunk;
  rows: number;
}

class StepSink {
  /** Chunks that were not there before. */
  readonly made: Chunk[] = [];
  readonly #spec: IngestSpec;
  readonly #version: string;
  readonly #before: readonly Chunk[];
  readonly #parts: number;
  readonly #plan: PartitionPlan | undefined;
  readonly #buckets;
  readonly #open = new Map<number, Open>();

  constructor(spec: IngestSpec, version: string, before: readonly Chunk[], { parts }: LayoutDeps) {
    this.#spec = spec;
    this.#version = version;
    this.#before = before;
    this.#parts = parts;
    const partitioning = { type: 'hashed', numShards: parts, targetRows: 1, dimensions: [] } as const;
    this.#plan = spec.rollup ? fixedPlan({ ...spec, tuning: { ...spec.tuning, partitioning } }) : undefined;
    this.#buckets = bucketer(spec.segmentGranularity);
  }

  take(timeMs: number, row: InputRow): undefined {
    const open = this.#at(timeMs);
    if (open === undefined) return;
    const number =
      this.#plan === undefined
        ? open.rows++ % this.#parts
        : this.#plan.of(open.interval.startMs).bucketOf(timeMs, row);
    let part = open.parts[number];
    if (part === undefined) {
      part = new IncrementalIndex(this.#spec, open.interval);
      open.parts[number] = part;
      open.chunk.parts.push(part);
    }
    open.whole.add(timeMs, row);
    part.add(timeMs, row);
  }

  #at(timeMs: number): Open | undefined {
    const old = this.#spec.appendToExisting ? this.#newestAt(timeMs) : undefined;
    const startMs = old?.interval.startMs ?? this.#buckets.start(timeMs);
    const known = this.#open.get(startMs);
    if (known !== undefined) return known;
    const interval = old?.interval ?? { startMs, endMs: this.#buckets.next(startMs) };
    const { intervals } = this.#spec;
    if (intervals !== undefined && !intervals.some((one) => overlaps(one, interval))) return undefined;
    const chunk = old ?? this.#newChunk(interval);
    const whole = new IncrementalIndex(this.#spec, interval);
    chunk.wholes.push(whole);
    const open = { interval, whole, parts: [], chunk, rows: 0 };
    this.#open.set(startMs, open);
    return open;
  }

  #newChunk(interval: IntervalMs): Chunk {
    const { dataSource } = this.#spec;
    const chunk = {
      dataSource,
      interval,
      version: this.#version,
      spec: this.#spec,
      wholes: [],
      parts: [],
    };
    this.made.push(chunk);
    return chunk;
  }

  /** Appended rows go to the segments that are there, whatever chunks their own task asked for. */
  #newestAt(timeMs: number): Chunk | undefined {
    return this.#before.findLast(({ interval }) => timeMs >= interval.startMs && timeMs < interval.endMs);
  }
}

/** One folder of the rows of all indexes, none of them rolled up again. */
export function writeOne(dir: string, { spec, interval }: Chunk, indexes: readonly IncrementalIndex[]): void {
  const [index] = indexes;
  if (index === undefined) return;
  const write = writeOptionsOf(spec);
  if (indexes.length === 1) {
    writeWhole(dir, () => writeSegmentColumns(dir, index.plan(), write));
    return;
  }
  const merger = new PartMerger();
  try {
    const parts = indexes.map((one, i) => {
      const part = path.join(`${dir}-parts`, String(i));
      writeWhole(part, () => writeSegmentColumns(part, one.plan(), {}));
      return part;
    });
    const dimensions = [...new Set(indexes.flatMap(dimensionsOf))];
    const metrics = spec.metrics.map(plainMetric);
    const metadata = index.metadata();
    mergeParts(dir, parts, { interval, dimensions, rollup: false, metrics, metadata, write }, merger);
  } finally {
    merger.close();
  }
}

const dimensionsOf = (index: IncrementalIndex): string[] =>
  index.plan().dimensions.map((dimension) => dimension.name);

/** What becomes one segment of a chunk. */
export interface Piece {
  readonly chunk: Chunk;
  readonly indexes: readonly IncrementalIndex[];
  readonly number: number;
  readonly count: number;
}

export function recordOf({ chunk, indexes, number, count }: Piece): DataSegment {
  return {
    dataSource: chunk.dataSource,
    interval: chunk.interval,
    version: chunk.version,
    loadSpec: null,
    dimensions: [...new Set(indexes.flatMap(dimensionsOf))],
    metrics: chunk.spec.metrics.map((metric) => metric.name),
    shardSpec: { type: 'numbered', partitionNum: number, partitions: count },
    binaryVersion: 9,
    size: 1,
  };
}
