/** Answers by segment (`bySegment`): what each segment says, before anything is put together. Pure. */
import type { GroupByQuery, NativeQuery, PostAggregator } from '../../query/native/model.js';
import { slicesByTable, type Slice } from './route.js';

/**
 * What is asked of one segment. Groups are answered as the segment has them: having, limits, subtotals and
 * post-aggregators come later, so post-aggregators are null in objects and absent from arrays.
 */
export function queryOfSegment(query: NativeQuery): NativeQuery {
  if (query.queryType !== 'groupBy') return query;
  const { subtotals: _, ...whole } = query;
  const { resultAsArray } = query.context;
  const plain: GroupByQuery = {
    ...whole,
    having: undefined,
    orderBy: [],
    limit: undefined,
    offset: 0,
    postAggregations: resultAsArray ? [] : query.postAggregations.map(({ name }) => nothing(name)),
  };
  return plain;
}

const nothing = (name: string): PostAggregator => ({
  type: 'expression',
  name,
  expression: 'null',
  ordering: undefined,
  outputType: undefined,
  reads: [],
});

/** An entry for each interval of a segment that was asked for: by the segments' starts, in the order of the query. */
export function segmentEntries(query: NativeQuery, slices: readonly Slice[]): readonly Slice[] {
  const sign = query.queryType === 'timeseries' && query.descending ? -1 : 1;
  return entrySlices(query, slices)
    .flatMap((slice) => slice.intervals.map((interval) => ({ ...slice, intervals: [interval] })))
    .sort((a, b) => sign * (a.segment.interval.startMs - b.segment.interval.startMs));
}

/** Without a filter the bounds of a table are in its first and last segments. */
function entrySlices(query: NativeQuery, slices: readonly Slice[]): readonly Slice[] {
  if (query.queryType !== 'timeBoundary' || query.filter !== undefined) return slices;
  const { bound } = query;
  return slicesByTable(slices).flatMap((ofTable) => {
    const first = bound === 'maxTime' ? undefined : ofTable[0]?.chunk;
    const last = bound === 'minTime' ? undefined : ofTable.at(-1)?.chunk;
    return ofTable.filter(({ chunk }) =>
      [first, last].some(
        (end) => end !== undefined && chunk.startMs < end.endMs && end.startMs < chunk.endMs,
      ),
    );
  });
}
