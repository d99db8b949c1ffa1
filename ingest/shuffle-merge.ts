/** Second half of a shuffle: the pieces that sub-tasks wrote of one partition become its segment. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../proto/errors.js';
import { identifierOf, type DataSegment } from '../segment/timeline/data-segment.js';
import type { BatchDeps } from './batch.js';
import { GrowingSegment } from './index/growing-segment.js';
import { PartMerger } from './part-merger.js';
import { SegmentPress } from './segment-press.js';
import { writeOptionsOf, type SegmentIdentity } from './segment-output.js';
import type { IngestSpec } from './spec/model.js';

export interface ShuffledPartition extends SegmentIdentity {
  /** At least one; `loadSpec` and `dimensions` are used. In the order of the input. */
  readonly pieces: readonly Pick<DataSegment, 'loadSpec' | 'dimensions' | 'size'>[];
}

type MergeDeps = Pick<BatchDeps, 'workDir' | 'store' | 'signal' | 'hit' | 'log' | 'segmentThreadUrl'>;

/** Merges and pushes one partition after another. Throws StorageFailure, CorruptSegment, Canceled. */
export async function mergeShuffled(
  spec: IngestSpec,
  partitions: readonly ShuffledPartition[],
  deps: MergeDeps,
): Promise<DataSegment[]> {
  const merger = new PartMerger();
  const press = new SegmentPress(deps.segmentThreadUrl);
  const pushed: DataSegment[] = [];
  try {
    for (const partition of partitions)
      pushed.push(await mergeOne(spec, partition, { ...deps, merger, press }));
  } finally {
    press.close();
    merger.close();
  }
  return pushed;
}

async function mergeOne(
  spec: IngestSpec,
  { interval, version, shardSpec, pieces }: ShuffledPartition,
  deps: MergeDeps & { readonly merger: PartMerger; readonly press: SegmentPress },
): Promise<DataSegment> {
  const { workDir, store, signal, hit, log, merger, press } = deps;
  const base = join(workDir, 'shuffle');
  await rm(base, { recursive: true, force: true });
  try {
    const growing = new GrowingSegment(spec, interval, {
      dir: join(base, 'parts'),
      write: writeOptionsOf(spec),
      merger,
    });
    for (const [i, { loadSpec, dimensions, size }] of pieces.entries()) {
      if (signal.aborted) throw new CodedError('Canceled', 'The task was stopped while it merged segments');
      if (loadSpec === null) throw new CodedError('StorageFailure', 'A piece of a segment has no load spec');
      const dir = join(base, `piece-${i}`);
      await store.pull(loadSpec, dir, { signal, ...(size > 0 && { expectedSize: size }) });
      growing.adopt(dir, dimensions);
    }
    const dir = join(base, 'merged');
    const { rowCount, dimensions, metrics } = await growing.finishIn(dir, press);
    hit('ingest.segment_merged');
    const record: DataSegment = {
      dataSource: spec.dataSource,
      interval,
      version,
      loadSpec: null,
      dimensions,
      metrics,
      shardSpec,
      binaryVersion: 9,
      size: 0,
    };
    const pushed = await store.push(dir, record, { signal });
    hit('ingest.segment_pushed');
    log.info('Pushed a segment', { id: identifierOf(pushed), rows: rowCount, parts: pieces.length });
    return pushed;
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}
