/**
 * Which segments answer a query and who is asked for which: versions per time chunk, pruning, replicas by load. Pure.
 */
import { CodedError } from '../../proto/errors.js';
import { condense } from '../../query/native/intervals.js';
import type { Filter, NamedSegment } from '../../query/native/model.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { formatInterval } from '../../segment/timeline/interval.js';
import { partitionNumOf } from '../../segment/timeline/shard-spec.js';
import type { Timeline } from '../../segment/timeline/timeline.js';
import { mayMatch } from './prune.js';
import type { ViewSegment } from './view.js';

/** One segment's share of a query. */
export interface Slice {
  readonly dataSource: string;
  readonly segmentId: string;
  /** Of the partition set it belongs to. */
  readonly chunk: IntervalMs;
  readonly version: string;
  /** Sorted, not overlapping. */
  readonly intervals: readonly IntervalMs[];
  readonly segment: ViewSegment;
}

export interface Question {
  readonly dataSources: readonly string[];
  /** Sorted, not overlapping. */
  readonly intervals: readonly IntervalMs[];
  readonly filter: Filter | undefined;
}

/** The segments that answer, in time order, once for each time that their table is named; fixed for the whole query. */
export function chooseSlices(
  question: Question,
  timelineOf: (dataSource: string) => Pick<Timeline<ViewSegment>, 'lookup'> | undefined,
): Slice[] {
  const slices: Slice[] = [];
  const isAsked = mayMatch(question.filter);
  for (const dataSource of question.dataSources) {
    const timeline = timelineOf(dataSource);
    if (timeline === undefined) continue;
    const byId = new Map<string, { slice: Slice; intervals: IntervalMs[] }>();
    for (const interval of question.intervals) {
      for (const chunk of timeline.lookup(interval, (segment) => segment.queryable)) {
        for (const segment of chunk.segments) {
          const known = byId.get(segment.id);
          if (known !== undefined) {
            known.intervals.push(chunk.interval);
            continue;
          }
          if (!isAsked(segment.shardSpec)) continue;
          const intervals = [chunk.interval];
          const slice: Slice = {
            dataSource,
            segmentId: segment.id,
            chunk: chunk.chunkInterval,
            version: chunk.version,
            intervals,
            segment,
          };
          byId.set(segment.id, { slice, intervals });
        }
      }
    }
    for (const { slice } of byId.values()) slices.push(slice);
  }
  return slices;
}

/**
 * A union counts a table as often as it names it, but a node answers for each segment once: slices are asked for in
 * rounds, none of which holds a segment twice.
 */
export function askingRounds(slices: readonly Slice[]): readonly (readonly Slice[])[] {
  const rounds: Slice[][] = [];
  const seen = new Map<string, number>();
  for (const slice of slices) {
    const round = seen.get(slice.segmentId) ?? 0;
    seen.set(slice.segmentId, round + 1);
    (rounds[round] ??= []).push(slice);
  }
  return rounds;
}

/** A union is one question for each of its tables; tables in the order they are named. */
export function slicesByTable(slices: readonly Slice[]): readonly (readonly Slice[])[] {
  const tables = new Map<string, Slice[]>();
  for (const slice of slices) {
    const ofTable = tables.get(slice.dataSource);
    if (ofTable === undefined) tables.set(slice.dataSource, [slice]);
    else ofTable.push(slice);
  }
  return [...tables.values()];
}

/**
 * Of the slices those that a query names one by one, cut to what it says of each. Throws SegmentsUnavailable for one
 * that is none of the segments that answer: it may be hidden by a newer one, or gone.
 */
export function onlyNamed(slices: readonly Slice[], named: readonly NamedSegment[]): Slice[] {
  const intervals = new Map<Slice, IntervalMs[]>();
  for (const { interval, version, partitionNum } of named) {
    const slice = slices.find(
      ({ segment, version: own, chunk }) =>
        own === version &&
        partitionNumOf(segment.shardSpec) === partitionNum &&
        chunk.startMs <= interval.startMs &&
        chunk.endMs >= interval.endMs,
    );
    if (slice === undefined) throw notNamed(interval, version, partitionNum);
    intervals.set(slice, [...(intervals.get(slice) ?? []), interval]);
  }
  return slices.flatMap((slice) => {
    const own = intervals.get(slice);
    return own === undefined ? [] : [{ ...slice, intervals: intersect(slice.intervals, condense(own)) }];
  });
}

function notNamed(interval: IntervalMs, version: string, partitionNum: number): CodedError {
  const text = formatInterval(interval);
  return new CodedError(
    'SegmentsUnavailable',
    `No segment of interval[${text}], version[${version}] and partition[${partitionNum}] answers queries now`,
    { interval: text, version, partitionNum },
  );
}

function intersect(a: readonly IntervalMs[], b: readonly IntervalMs[]): IntervalMs[] {
  return a.flatMap((one) =>
    b.flatMap((other) => {
      const startMs = Math.max(one.startMs, other.startMs);
      const endMs = Math.min(one.endMs, other.endMs);
      return startMs < endMs ? [{ startMs, endMs }] : [];
    }),
  );
}

/** Parts of the asked intervals that nothing answers for, per datasource joined. */
export function uncoveredIntervals(
  question: Question,
  timelineOf: (dataSource: string) => Pick<Timeline<ViewSegment>, 'lookup'> | undefined,
): IntervalMs[] {
  const uncovered: IntervalMs[] = [];
  for (const dataSource of new Set(question.dataSources)) {
    const timeline = timelineOf(dataSource);
    for (const interval of question.intervals) {
      let at = interval.startMs;
      for (const chunk of timeline?.lookup(interval, (segment) => segment.queryable) ?? []) {
        if (chunk.interval.startMs > at) uncovered.push({ startMs: at, endMs: chunk.interval.startMs });
        at = chunk.interval.endMs;
      }
      if (at < interval.endMs) uncovered.push({ startMs: at, endMs: interval.endMs });
    }
  }
  return uncovered;
}

export interface Holder {
  readonly node: string;
  /** Its inventory stream is open now. */
  readonly fresh: boolean;
  /** Queries in flight there. */
  readonly load: number;
}

export interface Assignment {
  /** Node → its slices. */
  readonly byNode: ReadonlyMap<string, readonly Slice[]>;
  /** Nobody serves these. */
  readonly missing: readonly Slice[];
}

/** Heard nodes before unheard ones, then the least loaded; what is given out here counts too. */
export function assign(
  slices: readonly Slice[],
  holdersOf: (segmentId: string) => readonly Holder[],
  isExcluded: (slice: Slice, node: string) => boolean = () => false,
): Assignment {
  const byNode = new Map<string, Slice[]>();
  const missing: Slice[] = [];
  for (const slice of slices) {
    let best: Holder | undefined;
    let bestRank = Infinity;
    for (const holder of holdersOf(slice.segmentId)) {
      if (isExcluded(slice, holder.node)) continue;
      const rank =
        (holder.fresh ? 0 : 1e9) + holder.load * sliceWeight + (byNode.get(holder.node)?.length ?? 0);
      if (rank < bestRank) {
        best = holder;
        bestRank = rank;
      }
    }
    if (best === undefined) {
      missing.push(slice);
      continue;
    }
    const assigned = byNode.get(best.node);
    if (assigned === undefined) byNode.set(best.node, [slice]);
    else assigned.push(slice);
  }
  return { byNode, missing };
}
/** One query in flight weighs as much as so many segments of this one. */
const sliceWeight = 8;

/** Never a silent partial answer: the error names what is not there. */
export function segmentsUnavailable(missing: readonly Slice[]): CodedError {
  const [first] = missing;
  const dataSource = first?.dataSource ?? '';
  const ofOne = missing.filter((slice) => slice.dataSource === dataSource);
  let [startMs, endMs] = [Infinity, -Infinity];
  for (const { segment } of ofOne) {
    startMs = Math.min(startMs, segment.interval.startMs);
    endMs = Math.max(endMs, segment.interval.endMs);
  }
  const interval = formatInterval({ startMs, endMs });
  return new CodedError(
    'SegmentsUnavailable',
    `No data node serves ${ofOne.length} segments of dataSource[${dataSource}] in interval[${interval}] now`,
    { dataSource, interval, count: ofOne.length },
  );
}
