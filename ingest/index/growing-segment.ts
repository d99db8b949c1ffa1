/**
 * A segment while its rows come in: an index in memory, and the parts of it that were written to disk to make room. In
 * the end memory and parts become one segment, rolled up across all of them.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../proto/errors.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type { Combine, MergeSpec } from '../../segment/write/merge.js';
import type { WriteOptions } from '../../segment/write/source.js';
import { writeSegmentColumns } from '../../segment/write/writer.js';
import type { PartMerger } from '../part-merger.js';
import { IncrementalIndex, type IndexSchema } from './incremental-index.js';
import { combineOf } from './metric-columns.js';

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
    const dimensions = [...new Set(this.#parts.flatMap((part) => part.dimensions))];
    const parts = this.#parts.map((part) => part.dir);
    const spec = this.#mergeSpec(dimensions);
    let rowCount = 0;
    writeWhole(dir, () => (rowCount = this.#options.merger.merge(dir, parts, spec).rowCount));
    return { rowCount, dimensions, metrics };
  }

  #mergeSpec(dimensions: readonly string[]): MergeSpec {
    const { rollup, metrics } = this.#schema;
    const combine = Object.fromEntries(
      metrics.map((metric): [string, Combine] => [metric.name, combineOf(metric)]),
    );
    const metadata = this.#index.metadata();
    return {
      interval: this.interval,
      dimensions,
      rollup,
      combine,
      metadata,
      write: this.#options.write,
    };
  }

  /** Removes the parts. */
  dispose(): void {
    rmSync(this.#options.dir, { recursive: true, force: true });
  }
}

/** Runs `write`; when it fails, no half of a segment stays behind. */
function writeWhole(dir: string, write: () => void): void {
  try {
    mkdirSync(dir, { recursive: true });
    write();
  } catch (thrown) {
    try {
      rmSync(dir, { recursive: true, force: true });
    } catch {
      // The folder could not be made; the first error tells why.
    }
    if (thrown instanceof CodedError) throw thrown;
    throw new CodedError('StorageFailure', `segment folder[${dir}] can't be written`, {}, thrown);
  }
}
