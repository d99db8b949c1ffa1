/** What every operator over one segment is handed. */
import type { SegmentView } from '../../segment/read/view.js';
import type { ExpressionContext } from '../expression/expression.js';
import type { QueryKernels } from '../kernels/exports.js';
import type { SliceClaims } from './claims.js';
import type { Mask } from './filter.js';
import type { GroupTable } from './group-slices.js';
import type { RowSpan } from './rows.js';
import type { Scratch } from './scratch.js';

export interface RowSlice {
  /** Slices abut. */
  readonly span: RowSpan;
  /** Rows of a slice if all were of one size: the same number in each. */
  readonly evenRows: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Its rows are taken piece by piece, and so are those of the others; absent = they are its own. */
  readonly claims?: SliceClaims | undefined;
}

export interface Environment {
  readonly segment: SegmentView;
  readonly kernels: QueryKernels;
  readonly scratch: Scratch;
  /** The rows say nothing of when there is data: empty buckets are those of the query's intervals. */
  readonly wholeIntervals?: boolean;
  /** Called once per batch; throws Canceled or Timeout. */
  readonly check: () => void;
  /** The registered lookups that come with the query. */
  readonly lookups?: ExpressionContext;
  /** The part of the segment's rows that is asked for; absent = all. */
  readonly slice?: RowSlice | undefined;
  /** Takes the groups of a slice where they are handed over as a table. */
  readonly handOver?: (table: GroupTable) => void;
  /** Filters are answered by the indexes of stored columns where there are any, as Druid does for a query's own. */
  readonly byIndex?: boolean;
  /** Asked by a query that Druid runs on whole vectors of values, not row by row. */
  readonly byVector?: boolean;
  /** Among rows that are as good the last one counts, not the first: Druid reads them from the end. */
  readonly isBackwards?: boolean;
  /** Rows that computed columns are asked for; absent = all. */
  readonly wanted?: Mask;
}

/** Words of a bitset over `rows` rows. */
export function wordsOf(rows: number): number {
  return Math.ceil(rows / 64);
}
