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
import { SegmentPress } from './segment-press.js';
import type { IngestSpec } from './spec/model.js';
import { planTombstones } from './tombstones.js';
import { timeChunks } from './spec/time-chunks.js';

export interface SegmentIdentity {
  readonly interval: IntervalMs;
  readonly version: string;
  readonly shardSpec: ShardSpec;
}

/** Where rows go that fit an open segment. */
export interface OpenSegment extends SegmentIdentity {
  readonly growing: GrowingSegment;
}

interface Load {
  readonly rows: number;
  readonly bytes: number;
}

export function writeOptionsOf(spec: IngestSpec): WriteOptions {
  const withoutBitmaps = spec.dimensions
    .filter((dimension) => dimension.type === 'string' && !dimension.createBitmapIndex)
    .map((dimension) => dimension.name);
  return { ...spec.tuning.write, ...(withoutBitmaps.length > 0 && { withoutBitmaps }) };
}

/** Bytes are asked for this often: asking costs more than a row. */
const MEMORY_CHECK_ROWS = 1024;

/** Smaller segments are written soon enough in the end. */
const ROWS_AHEAD_MIN = 10_000;

export class SegmentOutput {
  readonly #spec: IngestSpec;
  readonly #deps: BatchDeps;
  readonly #onPhase: (phase: BatchProgress['phase']) => void;
  readonly #writeOptions: WriteOptions;
  readonly #press: SegmentPress;
  /** For what is not left to the press. */
  readonly #merger = new PartMerger();
  /** What is being written while rows are read. */
  #persisting: Promise<void> | undefined;
  readonly #open = new Set<OpenSegment>();
  readonly #pushed: DataSegment[] = [];
  /** Segments that are being written ahead. */
  #ahead = 0;
  #written = 0;
  #rowsSinceCheck = 0;

  constructor(spec: IngestSpec, deps: BatchDeps, onPhase: (phase: BatchProgress['phase']) => void) {
    this.#spec = spec;
    this.#deps = deps;
    this.#onPhase = onPhase;
    this.#press = new SegmentPress(deps.segmentThreadUrl);
    this.#writeOptions = writeOptionsOf(spec);
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
    this.#deps.hit('ingest.segment_opened');
    return segment;
  }

  /** After every row: writes the largest open segments' rows to disk when memory is full. */
  relieve(): Promise<void> | undefined {
    const rowsMax = this.#spec.tuning.maxRowsInMemory;
    if (++this.#rowsSinceCheck < Math.min(MEMORY_CHECK_ROWS, rowsMax)) return undefined;
    this.#rowsSinceCheck = 0;
    const bytesMax = Math.min(this.#spec.tuning.maxBytesInMemory, this.#deps.memoryBytesMax ?? Infinity);
    let rows = 0;
    let bytes = 0;
    for (const { growing } of this.#open) {
      rows += growing.index.rowCount;
      bytes += growing.index.bytes;
    }
    if (rows < rowsMax && bytes < bytesMax) return undefined;
    this.#deps.log.info('Writing rows to disk', { rows, rowsMax, bytes, bytesMax });
    return this.#persist({ rows, bytes }, { rows: rowsMax, bytes: bytesMax });
  }

  async #persist(held: Load, max: Load): Promise<void> {
    this.#onPhase('PERSISTING');
    let { rows, bytes } = held;
    const largest = [...this.#open].toSorted((a, b) => b.growing.index.bytes - a.growing.index.bytes);
    // The many small ones stay in memory: their parts would be too small to be worth a file.
    for (const { growing } of largest) {
      if (rows * 2 < max.rows && bytes * 2 < max.bytes) break;
      rows -= growing.index.rowCount;
      bytes -= growing.index.bytes;
      // One at a time: what is being written takes memory too.
      await this.#persisting;
      const writing = growing.persistIn(this.#press).then(() => this.#deps.hit('ingest.part_written'));
      // Whoever waits for it next hears how it ended.
      writing.catch(() => undefined);
      this.#persisting = writing;
    }
  }

  /**
   * Begins to write a segment that looks complete while rows of others are still read, when there is a thread for it
   * and something to gain. Should more of its rows come, they are merged with what was written.
   */
  writeAhead({ growing }: OpenSegment): void {
    const { lanes } = this.#press;
    if (lanes < 2 || this.#ahead >= lanes || growing.partCount > 0) return;
    if (growing.index.rowCount < ROWS_AHEAD_MIN) return;
    this.#ahead++;
    const writing = growing
      .persistIn(this.#press, true)
      .then(() => this.#deps.hit('ingest.part_written'))
      .finally(() => this.#ahead--);
    const all = Promise.all([this.#persisting, writing]).then(() => undefined);
    all.catch(() => undefined);
    this.#persisting = all;
  }

  /** Writes the segments whole, pushes each as its identity and forgets it. */
  async pushAll(
    segments: readonly { readonly identity: SegmentIdentity; readonly segment: OpenSegment }[],
  ): Promise<void> {
    await this.#persisting;
    const left = [...segments];
    const lane = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        await this.#push(next.identity, next.segment);
      }
    };
    const lanes = Array.from({ length: Math.min(this.#press.lanes, segments.length) }, () =>
      lane().catch((thrown: unknown) => {
        left.length = 0;
        throw thrown;
      }),
    );
    const ended = await Promise.allSettled(lanes);
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  async #push(identity: SegmentIdentity, segment: OpenSegment): Promise<void> {
    const { signal, hit, store, workDir, log } = this.#deps;
    if (signal.aborted)
      throw new CodedError('Canceled', 'The task was stopped before its segments were pushed');
    this.#onPhase('PERSISTING');
    const dir = join(workDir, String(this.#written++));
    const { growing } = segment;
    const parts = growing.partCount;
    const { rowCount, dimensions, metrics } = await growing.finishIn(dir, this.#press);
    this.#open.delete(segment);
    growing.dispose();
    hit('ingest.segment_written');
    this.#onPhase('PUSHING');
    let record: DataSegment;
    try {
      record = await store.push(dir, this.record(identity, dimensions, metrics), { signal });
      hit('ingest.segment_pushed');
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
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
    const { dataSource, intervals = [] } = this.#spec;
    const used = await this.#deps.usedIntervals(intervals);
    const plan = planTombstones({ intervals, used, filled, buckets: timeChunks(this.#spec) });
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
    this.#press.close();
    for (const { growing } of this.#open) growing.dispose();
    this.#open.clear();
    this.#merger.close();
  }
}
