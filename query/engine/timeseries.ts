/**
 * timeseries over one segment: buckets as row ranges found by binary search when time is sorted and buckets are
 * coarse, bucket numbers per row otherwise. Columns: `__bucket`, `__rows`, then the aggregators; every bucket between
 * the segment's first and last time inside the intervals is there, matched or not. A slice whose sums are those of
 * pieces (see piece-sums.ts) answers the buckets of each piece, with `__start` behind `__bucket`.
 */
import { BATCH_ROWS, type IntervalMs } from '../../segment/read/view.js';
import type { Frame, FrameColumn } from '../frame.js';
import { mergePartials, startColumn } from '../merge.js';
import type { TimeseriesQuery } from '../native/model.js';
import type { Accumulator, Batch } from './aggregators/accumulator.js';
import { CellTable } from './aggregators/cell-table.js';
import { CountAccumulator } from './aggregators/count.js';
import { inputCache } from './aggregators/input.js';
import { createAccumulators } from './aggregators/registry.js';
import { claimedRanges, withHelp } from './claims.js';
import { restrictedTo } from './columns/derived-segment.js';
import { forEachBatch, type MaskedVisit } from './cursor.js';
import type { Environment } from './environment.js';
import { selectRows, type Selected } from './filter.js';
import { bucketPieces, isOrderless, sumsByPiece } from './piece-sums.js';
import { piecesOf, sliceUnit } from './rows.js';
import { bucketEnds, BucketNumbers, bucketsOfSlice, rowsPerBucketMin, timeBuckets } from './time-buckets.js';

/** So many buckets are put together from their pieces in no time worth mentioning, where nothing may take long. */
const pieceBucketsMax = 4_096;

export function runTimeseries(
  all: Environment,
  query: TimeseriesQuery,
  intervals: readonly IntervalMs[],
): Frame[] {
  const { segment, slice } = all;
  const every = timeBuckets(all, query.granularity, intervals, query.context.skipEmptyBuckets);
  const areRanges =
    every.length === 1 || (segment.timeSorted && segment.rowCount >= every.length * rowsPerBucketMin);
  const byPiece = areRanges && every.length <= pieceBucketsMax && sumsByPiece(query.aggregations);
  // Nobody helps where the last digits would tell.
  const isAlone = slice?.claims !== undefined && !byPiece && !query.aggregations.every(isOrderless);
  const environment = isAlone ? { ...all, slice: { ...slice, claims: undefined } } : all;
  return withHelp(environment, (own) => [runBuckets(own, query, intervals, every, byPiece)]);
}

function runBuckets(
  all: Environment,
  query: TimeseriesQuery,
  intervals: readonly IntervalMs[],
  every: Float64Array,
  byPiece: boolean,
): Frame {
  const { scratch, segment, kernels, slice } = all;
  const isCut = slice !== undefined && segment.timeSorted && every.length > 1;
  const selected = selectRows(all, intervals, query.filter);
  const own = isCut ? bucketsOfSlice(all, every, slice) : every;
  const { hull } = selected;
  const pieces =
    byPiece && (slice !== undefined || piecesOf(hull) > 1)
      ? bucketPieces(own, bucketEnds(all, own), hull)
      : undefined;
  const buckets = pieces?.starts ?? own;
  const environment = restrictedTo(all, selected.mask);
  const inputs = inputCache(environment);
  const cells = new CellTable(environment);
  const context = { environment, inputs, cells, span: hull, emptyGroups: true, typedStates: false };
  const counts = new CountAccumulator('__rows', context);
  const accumulators = [counts, ...createAccumulators(query.aggregations, context)];
  for (const accumulator of accumulators) {
    accumulator.reserve(buckets.length);
    accumulator.reset(0, buckets.length);
  }
  cells.reserve(buckets.length);
  if (every.length === 1) accumulateOne(environment, selected, pieces !== undefined, accumulators);
  else if (segment.timeSorted && segment.rowCount >= own.length * rowsPerBucketMin)
    accumulateRuns(environment, selected, pieces?.ends ?? bucketEnds(environment, own), counts, accumulators);
  else {
    accumulateRows(
      environment,
      selected,
      new BucketNumbers(environment, buckets, query.granularity),
      accumulators,
    );
  }
  const groups = scratch.take(buckets.length * 4);
  kernels.selectRange(0, buckets.length, groups);
  const columns: FrameColumn[] = [
    { name: '__bucket', type: 'LONG', values: longsOf(buckets) },
    ...accumulators.map((accumulator) => accumulator.result(groups, buckets.length)),
  ];
  if (pieces === undefined) return { rows: buckets.length, isMerged: true, columns };
  if (slice === undefined) return mergePartials(query, [{ rows: buckets.length, columns }]);
  columns.splice(1, 0, { name: startColumn.name, type: 'LONG', values: longsOf(pieces.rows) });
  return { rows: buckets.length, columns };
}

const longsOf = (values: Float64Array): BigInt64Array => BigInt64Array.from(values, BigInt);

/** All rows are in one bucket, or in that of their piece. */
function accumulateOne(
  environment: Environment,
  selected: Selected,
  byPiece: boolean,
  accumulators: readonly Accumulator[],
): void {
  const claims = environment.slice?.claims;
  if (selected.mask.kind === 'all' && accumulators.every((one) => one.countsOnly)) {
    for (const { from, to } of claimedRanges(selected.ranges, claims)) {
      const batch: Batch = { start: 0, rows: 0, sel: 0, from: 0, count: to - from, groups: 0 };
      for (const accumulator of accumulators) accumulator.run(batch, 0);
    }
    return;
  }
  const pieceOf = (row: number): number => Math.floor(row / sliceUnit);
  const first = pieceOf(selected.hull.from);
  const groupOf = (batch: Batch): number => (byPiece ? pieceOf(batch.start) - first : 0);
  const visit = (batch: Batch): void => {
    const group = groupOf(batch);
    for (const accumulator of accumulators) accumulator.run(batch, group);
  };
  const masked: MaskedVisit = {
    share: 0,
    visit(batch, selected) {
      const group = groupOf(batch);
      for (const accumulator of accumulators) accumulator.masked?.(batch, selected, group);
    },
  };
  const takeMasks = accumulators.every((accumulator) => accumulator.masked !== undefined);
  forEachBatch(environment, selected, visit, takeMasks ? masked : undefined, claims);
}

/** Each bucket is a range of rows; `ends`: the row behind the last of each. */
function accumulateRuns(
  environment: Environment,
  selected: Selected,
  ends: Uint32Array,
  counts: CountAccumulator,
  accumulators: readonly Accumulator[],
): void {
  const endsAt = environment.scratch.take(ends.length * 4);
  environment.scratch.arena.u32(endsAt, ends.length).set(ends);
  const others = accumulators.filter((accumulator) => accumulator.inBuckets === undefined);
  let bucket = 0;
  const visit = (batch: Batch): void => {
    for (const accumulator of accumulators) {
      if (accumulator !== counts) accumulator.inBuckets?.(batch, endsAt, bucket);
    }
    if (others.length > 0) cutBatch(environment, batch, ends, bucket, others);
    bucket = counts.inBuckets(batch, endsAt, bucket);
  };
  forEachBatch(environment, selected, visit, undefined, environment.slice?.claims);
}

/** Batches are cut where a bucket ends. */
function cutBatch(
  environment: Environment,
  batch: Batch,
  ends: Uint32Array,
  first: number,
  accumulators: readonly Accumulator[],
): void {
  const { kernels } = environment;
  const part: Batch = { ...batch };
  let bucket = first;
  let done = 0;
  while (done < batch.count) {
    const row =
      batch.start + (batch.sel === 0 ? batch.from + done : firstOf(environment, batch.sel + done * 4));
    while ((ends[bucket] ?? 0) <= row) bucket++;
    const end = (ends[bucket] ?? 0) - batch.start;
    const left = batch.count - done;
    if (batch.sel === 0) {
      part.from = batch.from + done;
      part.count = Math.min(left, end - part.from);
    } else {
      part.sel = batch.sel + done * 4;
      part.count = kernels.selectionLowerBound(part.sel, left, end) >>> 0;
    }
    for (const accumulator of accumulators) accumulator.run(part, bucket);
    done += part.count;
  }
}

function firstOf(environment: Environment, pointer: number): number {
  return environment.scratch.arena.u32(pointer, 1)[0] ?? 0;
}

/** A bucket number per entry. */
function accumulateRows(
  environment: Environment,
  selected: Selected,
  numbers: BucketNumbers,
  accumulators: readonly Accumulator[],
): void {
  const groups = environment.scratch.take(BATCH_ROWS * 4);
  const visit = (batch: Batch): void => {
    numbers.numbers(batch, batch.sel, batch.count, groups);
    batch.groups = groups;
    for (const accumulator of accumulators) accumulator.group(batch);
  };
  forEachBatch(environment, selected, visit, undefined, environment.slice?.claims);
}
