/**
 * A segment while its rows come in: an index in memory, and the parts of it that were written to disk to make room. In
 * the end memory and parts become one segment, rolled up across all of them.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { IntervalMs } from '../../segment/read/view.js';
import type { WriteOptions } from '../../segment/write/source.js';
import { writeSegmentColumns } from '../../segment/write/writer.js';
import type { PartMerger } from '../part-merger.js';
import type { SegmentPress } from '../segment-press.js';
import { mergeParts, moveWhole, writeWhole, type PartsSpec } from '../segment-work.js';
import { plainMetric } from '../spec/model.js';
import { IncrementalIndex, type IndexSchema } from './incremental-index.js';

export interface GrowingOptions {
  /** Made when it is needed; parts are its subfolders. */
  readonly dir: string;
  readonly write: WriteOptions;
  readonly merger: PartMerger;
}

export interface FinishedSegment {
  readonly rowCount: number;
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
}

interface Part {
  readonly dir: string;
  readonly rowCount: number;
  readonly dimensions: readonly string[];
  /** Written as the segment is to be if no more rows come. */
  readonly isWhole?: boolean;
}

export class GrowingSegment {
  readonly interval: IntervalMs;
  readonly #schema: IndexSchema;
  readonly #options: GrowingOptions;
  readonly #parts: Part[] = [];
  #index: IncrementalIndex;
  #partRows = 0;
  #tries = 0;

  constructor(schema: IndexSchema, interval: IntervalMs, options: GrowingOptions) {
    this.interval = interval;
    this.#schema = schema;
    this.#options = options;
    this.#index = new IncrementalIndex(schema, interval);
  }

  /** Takes rows until the next {@link persist}. */
  get index(): IncrementalIndex {
    return this.#index;
  }

  /** Rows in memory and in parts; equal rows of different parts count more than once. */
  get rowCount(): number {
    return this.#partRows + this.#index.rowCount;
  }

  get partCount(): number {
    return this.#parts.length;
  }

  /**
   * Writes what is in memory as a part and begins anew. Throws StorageFailure: then memory is as before, nothing is
   * left on disk, and it may be tried again.
   */
  persist(): void {
    if (this.#index.rowCount === 0) return;
    const dir = join(this.#options.dir, String(this.#tries++));
    const plan = this.#index.plan();
    const dimensions = plan.dimensions.map((dimension) => dimension.name);
    // Parts are only read from end to end.
    writeWhole(dir, () => writeSegmentColumns(dir, plan, { withoutBitmaps: dimensions }));
    this.#parts.push({ dir, rowCount: plan.rowCount, dimensions });
    this.#partRows += plan.rowCount;
    this.#index = new IncrementalIndex(this.#schema, this.interval);
  }

  /** Takes a segment folder of the same schema that was written elsewhere as a part; it stays its owner's to remove. */
  adopt(dir: string, dimensions: readonly string[]): void {
    this.#parts.push({ dir, rowCount: 0, dimensions });
  }

  /** Writes everything into the folder `dir`, which is made. At least one row. Throws StorageFailure and may be tried again. */
  finish(dir: string): FinishedSegment {
    const metrics = this.#schema.metrics.map((metric) => metric.name);
    if (this.#parts.length === 0) {
      const plan = this.#index.plan();
      writeWhole(dir, () => writeSegmentColumns(dir, plan, this.#options.write));
      return {
        rowCount: plan.rowCount,
        dimensions: plan.dimensions.map((dimension) => dimension.name),
        metrics,
      };
    }
    this.persist();
    const { parts, spec } = this.#partsSpec();
    const rowCount = writeWhole(dir, () => mergeParts(dir, parts, spec, this.#options.merger));
    return { rowCount, dimensions: spec.dimensions, metrics };
  }

  /**
   * As {@link persist}, elsewhere: new rows are taken at once, while what was there is being written. When that fails,
   * the segment can't be finished. `isWhole`: no more rows are expected; then little is left to do for {@link finishIn}.
   */
  async persistIn(press: SegmentPress, isWhole = false): Promise<void> {
    if (this.#index.rowCount === 0) return;
    const data = this.#index.data();
    const dir = join(this.#options.dir, String(this.#tries++));
    const dimensions = data.dimensions.map((dimension) => dimension.name);
    this.#parts.push({ dir, rowCount: data.rowCount, dimensions, isWhole });
    this.#partRows += data.rowCount;
    this.#index = new IncrementalIndex(this.#schema, this.interval);
    // Other parts are only read from end to end.
    const write = isWhole ? this.#options.write : { withoutBitmaps: dimensions };
    await press.run({ kind: 'write', dir, data, write });
  }

  /** As {@link finish}, elsewhere. All that {@link persistIn} began must have ended well. */
  async finishIn(dir: string, press: SegmentPress): Promise<FinishedSegment> {
    const metrics = this.#schema.metrics.map((metric) => metric.name);
    if (this.#parts.length === 0) {
      const data = this.#index.data();
      const dimensions = data.dimensions.map((dimension) => dimension.name);
      this.#index = new IncrementalIndex(this.#schema, this.interval);
      const rowCount = await press.run({ kind: 'write', dir, data, write: this.#options.write });
      return { rowCount, dimensions, metrics };
    }
    const [first] = this.#parts;
    if (this.#parts.length === 1 && first?.isWhole === true && this.#index.rowCount === 0) {
      moveWhole(first.dir, dir);
      return { rowCount: first.rowCount, dimensions: first.dimensions, metrics };
    }
    await this.persistIn(press);
    const { parts, spec } = this.#partsSpec();
    const rowCount = await press.run({ kind: 'merge', dir, parts, spec });
    return { rowCount, dimensions: spec.dimensions, metrics };
  }

  #partsSpec(): { readonly parts: readonly string[]; readonly spec: PartsSpec } {
    const { rollup, metrics } = this.#schema;
    const dimensions = [...new Set(this.#parts.flatMap((part) => part.dimensions))];
    const metadata = this.#index.metadata();
    const { interval } = this;
    return {
      parts: this.#parts.map((part) => part.dir),
      spec: {
        interval,
        dimensions,
        rollup,
        metrics: metrics.map(plainMetric),
        metadata,
        write: this.#options.write,
      },
    };
  }

  /** Removes the parts. */
  dispose(): void {
    // A thread that was just ended may have had a file open there.
    rmSync(this.#options.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}
