/** The groupings of one groupBy: all its dimensions, or each set of a subtotals spec in turn. */
import type { Frame, FrameColumn } from '../frame.js';
import { cellColumn } from '../frame-build.js';
import { aggregateColumns, keyColumns } from '../merge.js';
import { mergeGroups } from '../merge/groups.js';
import { joinFrames } from '../merge/scan.js';
import type { Aggregator, GroupByQuery } from '../native/model.js';
import { emptyValue } from './timeseries.js';

/** Column of the joined groups: which set of the subtotals spec a row belongs to. */
export const setColumn = '__set';

/**
 * The groups with their aggregators. Those of several sets stand one set after the other; dimensions that a set leaves
 * out are null there.
 */
export function groupedRows(query: GroupByQuery, merged: Frame): Frame {
  const sections = groupBySections(query, merged);
  const [only] = sections;
  if (query.subtotals === undefined && only !== undefined) return only;
  return joinFrames(
    sections.map(({ rows, columns }, set) => ({
      rows,
      columns: [
        ...columns,
        cellColumn(
          setColumn,
          'LONG',
          Array.from({ length: rows }, () => BigInt(set)),
        ),
      ],
    })),
  );
}

function groupBySections(query: GroupByQuery, merged: Frame): Frame[] {
  const { dimensions, subtotals, granularity } = query;
  // Grouping by nothing has one group, even of no rows.
  const isWhole = dimensions.length === 0 && granularity.type === 'all';
  const frame = merged.rows === 0 && isWhole ? groupOfNothing(query) : merged;
  if (subtotals === undefined) return [withGroupings(query, frame, undefined)];
  return subtotals.map((set) => {
    const keys = keyColumns(dimensions.filter(({ outputName }) => set.includes(outputName)));
    const bucket = { name: '__bucket', type: 'LONG' } as const;
    const grouped = mergeGroups([frame], [bucket, ...keys], aggregateColumns(query.aggregations));
    return withGroupings(query, grouped, set);
  });
}

function groupOfNothing(query: GroupByQuery): Frame {
  const bucket: FrameColumn = { name: '__bucket', type: 'LONG', values: new BigInt64Array(1) };
  return { rows: 1, columns: [bucket, ...query.aggregations.map(emptyValue)] };
}

/** Fills in the `grouping` aggregators. */
function withGroupings(query: GroupByQuery, frame: Frame, set: readonly string[] | undefined): Frame {
  const keys = query.dimensions
    .filter(({ outputName }) => set?.includes(outputName) === true)
    .map(({ dimension }) => dimension);
  const columns = frame.columns.map((column): FrameColumn => {
    const spec = query.aggregations.find(({ name }) => name === column.name);
    if (spec?.type !== 'grouping' || column.type !== 'LONG') return column;
    return {
      ...column,
      values: new BigInt64Array(frame.rows).fill(set === undefined ? 0n : groupingOf(spec, keys)),
    };
  });
  return { ...frame, columns };
}

/** A bit per name, the first counting most: 1 = not grouped by. Names are those of the columns, not of the output. */
function groupingOf(
  { groupings }: Extract<Aggregator, { type: 'grouping' }>,
  keys: readonly string[],
): bigint {
  return groupings.reduce((bits, name) => bits * 2n + (keys.includes(name) ? 0n : 1n), 0n);
}
