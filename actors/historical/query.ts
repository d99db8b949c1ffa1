/** The data node's side of a query: which of the asked segments are here, scan them, stream the partial frames. */
import { CodedError } from '../../proto/errors.js';
import { DataNodeService, type grove } from '../../proto/services.js';
import type { Pool, SegmentRef } from '../../query/engine/pool-api.js';
import { parseJson } from '../../query/json/parse.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import type { CallContext, Handlers, Log } from '../../runtime/types.js';
import type { FrameCarrier } from '../frame-by-reference.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type { OpenSegment, SegmentRegistry } from './registry.js';

type DataQuery = grove.query.v1.DataQuery.$Properties;
type DataPart = grove.query.v1.DataPart.$Properties;

export interface DataNodeQueryDeps {
  readonly registry: SegmentRegistry;
  readonly pool: Pick<Pool, 'scanSegments'>;
  readonly frames: Pick<FrameCarrier, 'encode'>;
  /** '' while not known. */
  readonly clusterId: () => string;
  readonly log: Log;
  /** The number of segments in use has changed. */
  readonly loadChanged: () => void;
}

export function dataNodeHandlers(deps: DataNodeQueryDeps): Handlers<typeof DataNodeService> {
  return { Query: (request, context) => answer(deps, request, context) };
}

async function* answer(
  deps: DataNodeQueryDeps,
  request: DataQuery,
  context: CallContext,
): AsyncGenerator<DataPart> {
  const own = deps.clusterId();
  const asked = request.clusterId ?? '';
  if (own !== '' && asked !== '' && own !== asked) {
    throw new CodedError(
      'WrongCluster',
      `This node belongs to cluster[${own}], the query came from cluster[${asked}]`,
    );
  }
  const query = parseNativeQuery(parseJson(request.queryJson ?? ''), {
    queryId: request.queryId ?? '',
    timeoutMs: 0,
  });
  const refs: SegmentRef[] = [];
  const missing: string[] = [];
  const releases: (() => void)[] = [];
  let times: IntervalMs | undefined;
  for (const slice of request.segments ?? []) {
    const segmentId = slice.segmentId ?? '';
    const held = deps.registry.acquire(segmentId);
    if (held === undefined) {
      missing.push(segmentId);
      continue;
    }
    releases.push(held.release);
    const intervals = (slice.intervals ?? []).map((interval) => ({
      startMs: interval.startMs ?? 0,
      endMs: interval.endMs ?? 0,
    }));
    refs.push({ segmentId, handle: held.segment.handle, intervals });
    times = widen(times, intervals, held.segment.times);
  }
  deps.loadChanged();
  try {
    if (missing.length > 0) yield { missing };
    if (refs.length > 0) {
      const deadlineMs = Math.max(1, context.deadline.remainingMs());
      for await (const part of deps.pool.scanSegments(query, refs, { signal: context.signal, deadlineMs })) {
        yield { frame: deps.frames.encode(part.frame), segments: [...part.segmentIds] };
      }
    }
    yield times === undefined ? { last: true } : { last: true, times };
  } finally {
    for (const release of releases) release();
    deps.loadChanged();
  }
}

/** The stretch of time from the first to the last row of the segments asked, cut to what was asked of each. */
function widen(
  known: IntervalMs | undefined,
  intervals: readonly IntervalMs[],
  times: OpenSegment['times'],
): IntervalMs | undefined {
  const first = intervals[0];
  const last = intervals.at(-1);
  if (times === undefined || first === undefined || last === undefined) return known;
  const startMs = Math.max(first.startMs, times.minMs);
  const endMs = Math.min(last.endMs, times.maxMs);
  if (startMs > endMs) return known;
  if (known === undefined) return { startMs, endMs };
  return { startMs: Math.min(known.startMs, startMs), endMs: Math.max(known.endMs, endMs) };
}
