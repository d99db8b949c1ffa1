/** What open segments share: one limit of memory, one way to disk and to deep storage. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../proto/errors.js';
import { identifierOf, type DataSegment } from '../segment/timeline/data-segment.js';
import type { IntervalMs } from '../segment/read/view.js';
import type { ShardSpec } from '../segment/timeline/shard-spec.js';
import type { WriteOptions } from '../segment/write/source.js';
import type { BatchDeps, BatchProgress } from './batch.js';
import { GrowingSegment } from './index/growing-segment.js';
import { PartMerger } from './part-merger.js';
import type { IngestSpec } from './spec/model.js';
import { planTombstones } from './tombstones.js';

export interface SegmentIdentity {
  readonly interval: IntervalMs;
  readonly version: string;
  readonly shardSpec: ShardSpec;
}

/** Where rows go that fit an open segment. */
export interface OpenSegment extends SegmentIdentity {
  readonly growing: GrowingSegment;
}

/** Bytes are asked for this often: asking costs more than a row. */
const MEMORY_CHECK_ROWS = 1024;

export class SegmentOutput {
  readonly #spec: IngestSpec;
  readonly #deps: BatchDeps;
  readonly #onPhase: (phase: BatchProgress['phase']) => void;
  readonly #writeOptions: WriteOptions;
  readonly #merger = new PartMerger();
  readonly #open = new Set<OpenSegment>();
  readonly #pushed: DataSegment[] = [];
  #written = 0;
  #rowsSinceCheck = 0;

  constructor(spec: IngestSpec, deps: BatchDeps, onPhase: (phase: BatchProgress['phase']) => void) {
    this.#spec = spec;
    this.#deps = deps;
    this.#onPhase = onPhase;
    const withoutBitmaps = spec.dimensions
      .filter((dimension) => dimension.type === 'string' && !dimension.createBitmapIndex)
      .map((dimension) => dimension.name);
    this.#writeOptions = { ...spec.tuning.write, ...(withoutBitmaps.length > 0 && { withoutBitmaps }) };
  }

  get pushed(): readonly DataSegment[] {
    return this.#pushed;
  }

  open(identity: SegmentIdentity): OpenSegment {
    const growing = new GrowingSegment(this.#spec, identity.interval, {
      dir: join(this.#deps.workDir, `parts-${this.#written++}`),
      write: this.#writeOptions,
      merger: this.#merger,
    });
    const segment = { ...identity, growing };
    this.#open.add(segment);
    return segment;
  }

  /** After every row: writes the largest open segments' rows to disk when memory is full. */
  relieve(): void {
    const rowsMax = this.#spec.tuning.maxRowsInMemory;
    if (++this.#rowsSinceCheck < Math.min(MEMORY_CHECK_ROWS, rowsMax)) return;
    this.#rowsSinceCheck = 0;
    const bytesMax = Math.min(this.#spec.tuning.maxBytesInMemory, this.#deps.memoryBytesMax ?? Infinity);
    let rows = 0;
    let bytes = 0;
    for (const { growing } of this.#open) {
      rows += growing.index.rowCount;
      bytes += growing.index.bytes;
    }
    if (rows < rowsMax && bytes < bytesMax) return;
    this.#deps.log.info('Writing rows to disk', { rows, rowsMax, bytes, bytesMax });
    this.#onPhase('PERSISTING');
    const largest = [...this.#open].toSorted((a, b) => b.growing.index.bytes - a.growing.index.bytes);
    // The many small ones stay in memory: their parts would be too small to be worth a file.
    for (const { growing } of largest) {
      if (rows * 2 < rowsMax && bytes * 2 < bytesMax) break;
      rows -= growing.index.rowCount;
      bytes -= growing.index.bytes;
      growing.persist();
      this.#deps.hit('ingest.part_written');
    }
  }

  /** Writes the segment whole, pushes it as `identity` and forgets it. */
  async push(identity: SegmentIdentity, segment: OpenSegment): Promise<void> {
    const { signal, hit, store, workDir, log } = this.#deps;
    if (signal.aborted)
      throw new CodedError('Canceled', 'The task was stopped before its segments were pushed');
    this.#onPhase('PERSISTING');
    const dir = join(workDir, String(this.#written++));
    const { growing } = segment;
    const parts = growing.partCount;
    const { rowCount, dimensions, metrics } = growing.finish(dir);
    this.#open.delete(segment);
    growing.dispose();
    hit('ingest.segment_written');
    this.#onPhase('PUSHING');
    const record = await store.push(dir, this.record(identity, dimensions, metrics), { signal });
    hit('ingest.segment_pushed');
    await rm(dir, { recursive: true, force: true });
    this.#pushed.push(record);
    log.info('Pushed a segment', { id: identifierOf(record), rows: rowCount, parts, bytes: record.size });
  }

  record(
    id: SegmentIdentity,
    dimensions: readonly string[] = [],
    metrics: readonly string[] = [],
  ): DataSegment {
    return {
      dataSource: this.#spec.dataSource,
      interval: id.interval,
      version: id.version,
      loadSpec: null,
      dimensions,
      metrics,
      shardSpec: id.shardSpec,
      binaryVersion: 9,
      size: 0,
    };
  }

  /** `dropExisting`: what hides the old rows of chunks that are not in `filled`. */
  async tombstones(filled: readonly IntervalMs[]): Promise<DataSegment[]> {
    const { dataSource, intervals = [], segmentGranularity } = this.#spec;
    const used = await this.#deps.usedIntervals(intervals);
    const plan = planTombstones({ intervals, used, filled, granularity: segmentGranularity });
    const tombstones: DataSegment[] = [];
    for (const interval of plan) {
      const version = await this.#deps.lock(interval);
      tombstones.push({
        dataSource,
        interval,
        version,
        loadSpec: { type: 'tombstone', path: null },
        dimensions: [],
        metrics: [],
        shardSpec: { type: 'tombstone', partitionNum: 0, partitions: 1 },
        binaryVersion: null,
        size: 1,
      });
    }
    return tombstones;
  }

  /** Removes what is left on disk of segments that were not finished. */
  close(): void {
    for (const { growing } of this.#open) growing.dispose();
    this.#open.clear();
    this.#merger.close();
  }
}
