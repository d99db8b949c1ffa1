/** How the groups of a segment are counted when its rows are given to several threads. */
import type { Arena } from '../../segment/kernels/arena.js';
import type { IntervalMs, SegmentView } from '../../segment/read/view.js';
import { bucketStart, nextBucket } from '../granularity.js';
import type { Aggregator, DimensionSpec, Granularity } from '../native/model.js';
import { isOrderless } from './piece-sums.js';

/**
 * The state of all groups of some rows of a segment, in memory that all threads share: at `cells` a row of cells a group
 * (0: there are none); at `address` a byte a group that says whether it exists, then such bytes for each aggregator that
 * keeps them. Whoever gets it shares and frees both: what nobody has got yet goes with the thread that made it.
 */
export interface GroupTable {
  readonly cells: number;
  readonly address: number;
  readonly groups: number;
  /** Of a row of cells. */
  readonly stride: number;
  /** Aggregators with bytes of their own. */
  readonly marks: number;
}

export function shareGroupTable(arena: Pick<Arena, 'share'>, { cells, address }: GroupTable): void {
  if (cells !== 0) arena.share(cells);
  arena.share(address);
}

export function freeGroupTable(arena: { free(pointer: number): void }, { cells, address }: GroupTable): void {
  if (cells !== 0) arena.free(cells);
  arena.free(address);
}

/** A part of the possible groups, when several threads read tables. */
export interface GroupRange {
  readonly index: number;
  readonly count: number;
}

/**
 * rows    every part answers its groups: they are few, merging them is nothing
 * tables  every part hands over its table; the tables are added up where they lie
 * runs    every part answers sorted groups: as most rows have a group of their own, there is little to add up
 * whole   one thread takes all rows: merging would cost more than the others save
 */
export type SliceMode = 'rows' | 'tables' | 'runs' | 'whole';

const rowGroupsMax = 16_384;
/** A topN of more is cut down to its best before anybody merges it. */
const topGroupsMax = 1_000;
/** Merging groups of a later slice costs as much as counting so many rows. */
const rowsPerMergedGroup = 8;
/** Of a table; larger ones are slower to add up than groups are to count. */
const tableBytesMax = 32 * 1024 * 1024;
const cellBytes = 9;

export function sliceMode(
  segment: SegmentView,
  query: {
    readonly granularity: Granularity;
    readonly dimensions: readonly DimensionSpec[];
    readonly aggregations: readonly Aggregator[];
    readonly isComputed: boolean;
    readonly isTop: boolean;
  },
  intervals: readonly IntervalMs[],
  evenRows: number,
): SliceMode {
  const buckets = bucketsAbout(segment, query.granularity, intervals);
  let groups = buckets;
  let isSingle = true;
  for (const { dimension, steps, arrayOf } of query.dimensions) {
    const column = segment.column(dimension);
    const isPlain = (steps === undefined || steps.length === 0) && arrayOf === undefined;
    if (!isPlain || column?.kind !== 'string') {
      groups = Infinity;
      continue;
    }
    groups *= Math.max(1, column.cardinality);
    if (column.hasMultipleValues) isSingle = false;
  }
  const otherwise = groups <= rowGroupsMax ? 'rows' : 'whole';
  if (groups <= (query.isTop ? topGroupsMax : rowGroupsMax)) return 'rows';
  if (query.granularity.type !== 'all') {
    // Slices of sorted rows share one bucket at most: there is hardly anything to add up.
    return !query.isTop && groups * rowsPerMergedGroup <= evenRows ? 'rows' : otherwise;
  }
  // Sums of fractions over entries of several values keep the order of the rows.
  const isAnyOrder = isSingle || query.aggregations.every(isOrderless);
  if (!isAnyOrder || query.isComputed || groups === Infinity) return otherwise;
  const bytes = groups * (1 + cellBytes * query.aggregations.length);
  const isShared = query.aggregations.every((spec) => isInCells(segment, spec));
  if (isShared && bytes <= tableBytesMax && groups <= evenRows) return 'tables';
  if (otherwise === 'rows') return 'rows';
  return isSingle && groups >= segment.rowCount * 2 ? 'runs' : 'whole';
}

/** Buckets that the rows fall into, by the length of the first; Infinity where telling would mean reading all times. */
function bucketsAbout(
  segment: SegmentView,
  granularity: Granularity,
  intervals: readonly IntervalMs[],
): number {
  if (granularity.type === 'all') return 1;
  const time = segment.timeSorted ? segment.timeRange() : undefined;
  const [first] = intervals;
  const last = intervals.at(-1);
  if (time === undefined || first === undefined || last === undefined) return Infinity;
  const start = bucketStart(granularity, Math.max(time.minMs, first.startMs));
  const end = Math.min(time.maxMs + 1, last.endMs);
  return Math.ceil(Math.max(1, end - start) / (nextBucket(granularity, start) - start));
}

/** Does the aggregator keep nothing but a cell that others can be added to? */
function isInCells(segment: SegmentView, spec: Aggregator): boolean {
  switch (spec.type) {
    case 'count':
      return true;
    case 'longSum':
    case 'longMin':
    case 'longMax':
    case 'doubleSum':
    case 'doubleMin':
    case 'doubleMax': {
      if (spec.expression !== undefined) return false;
      const kind = segment.column(spec.fieldName)?.kind;
      return kind === 'long' || kind === 'double' || kind === 'float';
    }
    default:
      return false;
  }
}
