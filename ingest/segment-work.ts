/** The heavy part of a build: rows in memory become files, parts become segments. Done here or in a thread. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { CodedError } from '../proto/errors.js';
import type { IntervalMs } from '../segment/read/view.js';
import type { Combine } from '../segment/write/merge.js';
import type { SegmentMetadata, WriteOptions } from '../segment/write/source.js';
import { writeSegmentColumns } from '../segment/write/writer.js';
import { planOfIndex, type IndexData } from './index/index-data.js';
import { combineOf } from './index/metric-columns.js';
import type { PartMerger } from './part-merger.js';
import type { MetricSpec } from './spec/model.js';

/** How parts become one segment; plain data. */
export interface PartsSpec {
  readonly interval: IntervalMs;
  readonly dimensions: readonly string[];
  readonly rollup: boolean;
  readonly metrics: readonly MetricSpec[];
  readonly metadata: Omit<SegmentMetadata, 'ordering'>;
  readonly write: WriteOptions;
}

export type SegmentWork =
  | { readonly kind: 'write'; readonly dir: string; readonly data: IndexData; readonly write: WriteOptions }
  | {
      readonly kind: 'merge';
      readonly dir: string;
      readonly parts: readonly string[];
      readonly spec: PartsSpec;
    };

/** Makes the folder `dir`; answers the rows written. Throws StorageFailure and leaves nothing behind then. */
export function doSegmentWork(work: SegmentWork, merger: PartMerger): number {
  const { dir } = work;
  return writeWhole(dir, () => {
    if (work.kind === 'merge') return mergeParts(dir, work.parts, work.spec, merger);
    writeSegmentColumns(dir, planOfIndex(work.data), work.write);
    return work.data.rowCount;
  });
}

export function mergeParts(
  dir: string,
  parts: readonly string[],
  spec: PartsSpec,
  merger: PartMerger,
): number {
  const { metrics, ...rest } = spec;
  const combine = Object.fromEntries(
    metrics.map((metric): [string, Combine] => [metric.name, combineOf(metric)]),
  );
  return merger.merge(dir, parts, { ...rest, combine }).rowCount;
}

/** Runs `write`; when it fails, no half of a segment stays behind. */
export function writeWhole<T>(dir: string, write: () => T): T {
  try {
    mkdirSync(dir, { recursive: true });
    return write();
  } catch (thrown) {
    try {
      rmSync(dir, { recursive: true, force: true });
    } catch {
      // The folder could not be made; the first error tells why.
    }
    throw writeFailure(dir, thrown);
  }
}

/** Moves a folder within its file system. Throws StorageFailure. */
export function moveWhole(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    throw writeFailure(to, thrown);
  }
}

function writeFailure(dir: string, thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'error';
  const message = `segment folder[${dir}] can't be written: ${reason}`;
  return new CodedError('StorageFailure', message, { reason }, thrown);
}
