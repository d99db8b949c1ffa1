/**
 * The open segments of a batch build: which one a row belongs to, when one is opened, closed, written and pushed, and
 * what there is to publish in the end.
 */
import { CodedError } from '../proto/errors.js';
import type { IntervalMs } from '../segment/read/view.js';
import { identifierOf, type DataSegment } from '../segment/timeline/data-segment.js';
import { contains, formatInterval, overlaps } from '../segment/timeline/interval.js';
import { partitionNumOf } from '../segment/timeline/shard-spec.js';
import type { BatchDeps, BatchProgress, SegmentAllocation } from './batch.js';
import type { IncrementalIndex } from './index/incremental-index.js';
import type { RowSink } from './row-sink.js';
import { SegmentOutput, type OpenSegment as OutputSegment } from './segment-output.js';
import type { IngestSpec, Partitioning } from './spec/model.js';
import { timeChunks } from './spec/time-chunks.js';

interface OpenSegment {
  readonly interval: IntervalMs;
  readonly output: OutputSegment;
  /** Its rows as counted in the total of all open segments. */
  countedRows: number;
  /** Rows read, of all segments, when the last of its own came. */
  leftAt: number;
}

/** A time chunk that rows were seen for. */
interface Chunk {
  readonly interval: IntervalMs;
  /** Order of appearance; part of sequence names. */
  readonly number: number;
  version: string | undefined;
  /** Overwrite: number of the next partition. */
  nextPartition: number;
  /** Append: segments asked for so far, and the id of the last one. */
  allocated: number;
  previousSegmentId: string | null;
}

type Dynamic = Extract<Partitioning, { type: 'dynamic' }>;

/** A segment that got none of so many rows counts as complete. */
const IDLE_ROWS = 10_000;

export class SegmentBuilders implements RowSink {
  readonly #spec: IngestSpec;
  readonly #deps: BatchDeps;
  readonly #limits: Dynamic;
  readonly #output: SegmentOutput;
  readonly #buckets;
  readonly #chunks = new Map<number, Chunk>();
  /** By the start of the chunk they were opened for. */
  readonly #open = new Map<number, OpenSegment>();
  #openRows = 0;
  #last: OpenSegment | undefined;
  #rowsRead = 0;
  /** When segments without new rows are looked for again. */
  #lookAt = IDLE_ROWS;
  /** The chunk that was last found to lie outside the intervals. */
  #outside: IntervalMs = { startMs: 0, endMs: 0 };

  constructor(
    spec: IngestSpec,
    deps: BatchDeps,
    limits: Dynamic,
    onPhase: (phase: BatchProgress['phase']) => void,
  ) {
    this.#spec = spec;
    this.#limits = limits;
    this.#deps = deps;
    this.#output = new SegmentOutput(spec, deps, onPhase);
    this.#buckets = timeChunks(spec);
  }

  get pushed(): number {
    return this.#output.pushed.length;
  }

  /** The open segment for a row's time. */
  place(timeMs: number): IncrementalIndex | 'outside' | 'open needed' {
    const last = this.#last;
    if (last !== undefined && holds(last.interval, timeMs)) return last.output.growing.index;
    if (holds(this.#outside, timeMs)) return 'outside';
    const chunk = this.#bucketOf(timeMs);
    const open = this.#open.get(chunk.startMs) ?? this.#findWider(timeMs);
    if (open !== undefined && holds(open.interval, timeMs)) {
      this.#turnTo(open);
      return open.output.growing.index;
    }
    const { intervals } = this.#spec;
    if (intervals !== undefined && !intervals.some((interval) => overlaps(interval, chunk))) {
      this.#outside = chunk;
      return 'outside';
    }
    return 'open needed';
  }

  /** Appending to segments of a coarser granularity, one segment takes the rows of several chunks. */
  #findWider(timeMs: number): OpenSegment | undefined {
    if (!this.#spec.appendToExisting) return undefined;
    for (const segment of this.#open.values()) if (holds(segment.interval, timeMs)) return segment;
    return undefined;
  }

  #bucketOf(timeMs: number): IntervalMs {
    const startMs = this.#buckets.start(timeMs);
    return { startMs, endMs: this.#buckets.next(startMs) };
  }

  async open(timeMs: number): Promise<IncrementalIndex> {
    const interval = this.#bucketOf(timeMs);
    let chunk = this.#chunks.get(interval.startMs);
    if (chunk === undefined) {
      const number = this.#chunks.size;
      chunk = {
        interval,
        number,
        version: undefined,
        nextPartition: 0,
        allocated: 0,
        previousSegmentId: null,
      };
      this.#chunks.set(interval.startMs, chunk);
    }
    const id = this.#spec.appendToExisting ? await this.#allocate(chunk, timeMs) : await this.#number(chunk);
    const older = this.#open.get(interval.startMs);
    // Appending to segments of a finer granularity: the chunk's segment before this one is done for now.
    if (older !== undefined) await this.#close([older]);
    const segment = { interval: id.interval, output: this.#output.open(id), countedRows: 0, leftAt: 0 };
    this.#open.set(interval.startMs, segment);
    this.#turnTo(segment);
    this.#writeIdle();
    return segment.output.growing.index;
  }

  #turnTo(segment: OpenSegment): void {
    if (this.#last !== undefined) this.#last.leftAt = this.#rowsRead;
    this.#last = segment;
  }

  /** Input is mostly in order of time: a segment that got no rows for long will hardly get any more. */
  #writeIdle(): void {
    if (this.#rowsRead < this.#lookAt) return;
    this.#lookAt = this.#rowsRead + IDLE_ROWS;
    for (const segment of this.#open.values()) {
      const isIdle = segment !== this.#last && this.#rowsRead - segment.leftAt >= IDLE_ROWS;
      if (isIdle) this.#output.writeAhead(segment.output);
    }
  }

  async #number(chunk: Chunk): Promise<SegmentAllocation> {
    chunk.version ??= await this.#deps.lock(chunk.interval);
    const partitionNum = chunk.nextPartition++;
    // How many partitions there will be is known at the end; see finish().
    return {
      interval: chunk.interval,
      version: chunk.version,
      shardSpec: { type: 'numbered', partitionNum, partitions: 0 },
    };
  }

  async #allocate(chunk: Chunk, timeMs: number): Promise<SegmentAllocation> {
    const id = await this.#deps.allocate({
      chunk: chunk.interval,
      timestampMs: timeMs,
      sequenceName: `${this.#deps.sequencePrefix}_${chunk.number}_${chunk.allocated}`,
      previousSegmentId: chunk.previousSegmentId,
    });
    if (!holds(id.interval, timeMs)) {
      throw new CodedError('Bug', `Allocated interval[${formatInterval(id.interval)}] does not hold its row`);
    }
    chunk.allocated++;
    chunk.previousSegmentId = identifierOf(this.#output.record(id));
    return id;
  }

  /** Closes what has reached a limit, after a row was added to the segment last placed; undefined when nothing has. */
  added(): Promise<void> | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    this.#rowsRead++;
    const relief = this.#output.relieve();
    return relief === undefined ? this.#limit(last) : relief.then(() => this.#limit(last));
  }

  #limit(last: OpenSegment): Promise<void> | undefined {
    const { maxRowsPerSegment, maxTotalRows } = this.#limits;
    const { rowCount } = last.output.growing;
    this.#openRows += rowCount - last.countedRows;
    last.countedRows = rowCount;
    if (rowCount >= maxRowsPerSegment) return this.#close([last]);
    return this.#openRows >= maxTotalRows ? this.#close(this.#inOrder()) : undefined;
  }

  #inOrder(): OpenSegment[] {
    return [...this.#open.values()].toSorted((a, b) => a.interval.startMs - b.interval.startMs);
  }

  async #close(segments: readonly OpenSegment[]): Promise<void> {
    const closing = new Set(segments);
    for (const [start, segment] of this.#open) if (closing.has(segment)) this.#open.delete(start);
    this.#last = undefined;
    for (const segment of segments) this.#openRows -= segment.countedRows;
    await this.#output.pushAll(segments.map(({ output }) => ({ identity: output, segment: output })));
  }

  /** Removes what lies on disk of unfinished segments. */
  close(): void {
    this.#output.close();
  }

  /** Closes the rest; the records to publish by interval and partition, core sizes filled in, tombstones added. */
  async finish(): Promise<DataSegment[]> {
    await this.#close(this.#inOrder());
    this.#deps.hit('ingest.all_pushed');
    const segments = this.#spec.appendToExisting
      ? [...this.#output.pushed]
      : this.#output.pushed.map((s) => this.#withCore(s));
    if (this.#spec.dropExisting) {
      const filled = [...this.#chunks.values()].map((chunk) => chunk.interval);
      segments.push(...(await this.#output.tombstones(filled)));
    }
    return segments.toSorted(
      (a, b) =>
        a.interval.startMs - b.interval.startMs || partitionNumOf(a.shardSpec) - partitionNumOf(b.shardSpec),
    );
  }

  #withCore(segment: DataSegment): DataSegment {
    const partitionNum = partitionNumOf(segment.shardSpec);
    const partitions = this.#chunks.get(segment.interval.startMs)?.nextPartition ?? 0;
    return { ...segment, shardSpec: { type: 'numbered', partitionNum, partitions } };
  }
}

function holds(interval: IntervalMs, timeMs: number): boolean {
  return contains(interval, { startMs: timeMs, endMs: timeMs + 1 });
}
