/**
 * Hash join of a segment's rows with rows in memory: the pairs of row numbers first, values when somebody reads them.
 * Right and full joins add the right rows that no row of this segment met: over several segments they appear several
 * times, as in Druid.
 */
import { CodedError } from '../../../proto/errors.js';
import type { ColumnView, IntervalMs } from '../../../segment/read/view.js';
import type { Frame, FrameColumn } from '../../frame.js';
import { isNull } from '../../merge/columns.js';
import { pickRows } from '../../merge/scan.js';
import { bucketStart, nextBucket } from '../../granularity.js';
import type { Granularity } from '../../native/model.js';
import type { Source } from '../../native/source.js';
import type { Environment } from '../environment.js';
import { frameColumnView } from './frame-columns.js';
import { GatherView, noRow } from './gather-view.js';
import type { JoinCondition } from './join-condition.js';
import { joinMatcher } from './join-match.js';
import { JoinTable } from './join-table.js';
import { filterValuesMax } from './semi-join.js';

export type Join = Extract<Source, { type: 'join' }>;

/** Pairs that one segment may become. */
const pairsMax = 50_000_000;
const checkEvery = 8192;

/**
 * `environment.segment` is the left side, `rows` those of it that take part, ascending. `filtersLeft`: an inner join asks
 * the left side for the values of the right one first, so that other rows are not looked at.
 */
export function joined(
  environment: Environment,
  rows: Uint32Array,
  join: Join,
  condition: JoinCondition,
  intervals: readonly IntervalMs[],
  granularity: Granularity | 'rows' | undefined,
  filtersLeft = false,
): GatherView {
  if (join.right.type !== 'inline') throw new CodedError('Bug', "a join's right side was not fetched");
  const { frame } = join.right;
  const noRowTimeMs = timeOfNoRow(environment, intervals, granularity);
  const pairs = pairsOf(environment, rows, join, condition, {
    frame,
    keepsUnmet: noRowTimeMs !== undefined,
    filtersLeft,
  });
  const columns = new Map(
    frame.columns.map((column) => [
      join.rightPrefix + column.name,
      () => rightColumn(environment, column, frame, pairs.right),
    ]),
  );
  return new GatherView(environment, {
    rows: pairs.left,
    columns,
    inOrder: true,
    ...(noRowTimeMs === undefined ? {} : { noRowTimeMs }),
  });
}

/**
 * A time that lets right rows without a left one through to the one bucket they belong to. As in Druid they have no
 * time of their own: they count where the segment's part of the interval is a single bucket, and are lost (undefined)
 * where there are several, or where the segment has nothing in the interval. Without a granularity all are kept, and
 * `rows`: none says anything of times.
 */
function timeOfNoRow(
  { segment, wholeIntervals }: Environment,
  intervals: readonly IntervalMs[],
  granularity: Granularity | 'rows' | undefined,
): number | undefined {
  if (granularity === 'rows') return segment.timeRange()?.minMs ?? 0;
  const interval = intervals[0];
  if (interval === undefined) return 0;
  const { startMs, endMs } = interval;
  if (granularity === undefined) return startMs;
  const range = wholeIntervals === true ? { minMs: startMs, maxMs: endMs - 1 } : segment.timeRange();
  if (range === undefined) return undefined;
  const from = Math.max(startMs, range.minMs);
  if (granularity.type === 'all') return from < endMs ? from : undefined;
  const segmentEnd = nextBucket(granularity, bucketStart(granularity, range.maxMs));
  const to = Math.min(endMs, segmentEnd);
  if (from >= to) return undefined;
  return nextBucket(granularity, bucketStart(granularity, from)) >= to ? from : undefined;
}

interface Pairs {
  readonly left: Uint32Array;
  readonly right: Uint32Array;
}

interface PairOptions {
  readonly frame: Frame;
  readonly keepsUnmet: boolean;
  readonly filtersLeft: boolean;
}

function pairsOf(
  environment: Environment,
  rows: Uint32Array,
  join: Join,
  condition: JoinCondition,
  { frame, keepsUnmet, filtersLeft }: PairOptions,
): Pairs {
  const table = new JoinTable(frame, condition.equalities);
  const keepsLeft = join.joinType === 'LEFT' || join.joinType === 'FULL';
  const keepsRight = keepsUnmet && (join.joinType === 'RIGHT' || join.joinType === 'FULL');
  const met = new Uint8Array(frame.rows);
  const pairs = new PairList();
  const find = joinMatcher(
    environment,
    table,
    condition,
    filtersLeft && join.joinType === 'INNER' && table.distinct <= filterValuesMax,
  );
  for (const [i, row] of rows.entries()) {
    if (i % checkEvery === 0) environment.check();
    const found = find(row);
    for (const right of found) {
      pairs.add(row, right);
      met[right] = 1;
    }
    if (found.length === 0 && keepsLeft) pairs.add(row, noRow);
  }
  if (keepsRight) {
    for (let right = 0; right < frame.rows; right++) if (met[right] === 0) pairs.add(noRow, right);
  }
  return pairs.lists();
}

class PairList {
  #left = new Uint32Array(1024);
  #right = new Uint32Array(1024);
  #count = 0;

  add(left: number, right: number): void {
    if (this.#count === this.#left.length) this.#grow();
    this.#left[this.#count] = left;
    this.#right[this.#count++] = right;
  }
  lists(): Pairs {
    return { left: this.#left.subarray(0, this.#count), right: this.#right.subarray(0, this.#count) };
  }
  #grow(): void {
    if (this.#count >= pairsMax)
      throw new CodedError('LimitExceeded', `a join makes more than ${pairsMax} rows of a segment`);
    const larger = (list: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const more = new Uint32Array(list.length * 2);
      more.set(list);
      return more;
    };
    this.#left = larger(this.#left);
    this.#right = larger(this.#right);
  }
}

/** The column's values in the order of the pairs, null where there is no right row. */
function rightColumn(
  environment: Environment,
  column: FrameColumn,
  frame: Frame,
  rows: Uint32Array,
): ColumnView {
  const [padded] = withGap(column, frame.rows);
  const picked = pickRows(
    { rows: frame.rows + 1, columns: [padded] },
    rows.map((row) => (row === noRow ? frame.rows : row)),
  ).columns[0];
  if (picked === undefined) throw new CodedError('Bug', 'a column got lost');
  return frameColumnView(picked, rows.length, environment.scratch);
}

/** The column with one more row, which is null. */
function withGap(column: FrameColumn, rows: number): [FrameColumn] {
  const nulls = new Uint8Array(Math.ceil((rows + 1) / 8));
  for (let row = 0; row <= rows; row++) {
    if (row === rows || isNull(column.nulls, row))
      nulls[row >> 3] = (nulls[row >> 3] ?? 0) | (1 << (row & 7));
  }
  switch (column.type) {
    case 'LONG': {
      const values = new BigInt64Array(rows + 1);
      values.set(column.values);
      return [{ ...column, values, nulls }];
    }
    case 'DOUBLE': {
      const values = new Float64Array(rows + 1);
      values.set(column.values);
      return [{ ...column, values, nulls }];
    }
    case 'FLOAT': {
      const values = new Float32Array(rows + 1);
      values.set(column.values);
      return [{ ...column, values, nulls }];
    }
    case 'STRING_ARRAY': {
      const offsets = new Uint32Array(rows + 2);
      offsets.set(column.offsets);
      offsets[rows + 1] = column.offsets[rows] ?? 0;
      return [{ ...column, offsets, nulls }];
    }
    default: {
      const values = new Uint32Array(rows + 1);
      values.set(column.values);
      return [{ ...column, values, nulls }];
    }
  }
}
