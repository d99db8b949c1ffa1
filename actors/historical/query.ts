/** The data node's side of a query: which of the asked segments are here, scan them, stream the partial frames. */
import { CodedError } from '../../proto/errors.js';
import { DataNodeService, type grove } from '../../proto/services.js';
import type { Pool, SegmentRef } from '../../query/engine/pool-api.js';
import type { Frame } from '../../query/frame.js';
import type { NativeQuery } from '../../query/native/model.js';
import type { CallContext, Handlers, Log } from '../../runtime/types.js';
import type { SegmentRegistry } from './registry.js';

type DataQuery = grove.query.v1.DataQuery.$Properties;
type DataPart = grove.query.v1.DataPart.$Properties;

export interface DataNodeQueryDeps {
  readonly registry: SegmentRegistry;
  readonly pool: Pick<Pool, 'scanSegments'>;
  readonly parseQuery: (json: string) => NativeQuery;
  readonly encodeFrame: (frame: Frame) => grove.query.v1.Frame.$Properties;
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
    throw new CodedError('WrongCluster', `This node belongs to cluster[${own}], the query came from cluster[${asked}]`);
  }
  const query = deps.parseQuery(request.queryJson ?? '');
  const refs: SegmentRef[] = [];
  const missing: string[] = [];
  const releases: (() => void)[] = [];
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
  }
  deps.loadChanged();
  try {
    if (missing.length > 0) yield { missing };
    if (refs.length > 0) {
      const deadlineMs = Math.max(1, context.deadline.remainingMs());
      for await (const part of deps.pool.scanSegments(query, refs, { signal: context.signal, deadlineMs })) {
        yield { frame: deps.encodeFrame(part.frame), segments: [...part.segmentIds] };
      }
    }
    yield { last: true };
  } finally {
    for (const release of releases) release();
    deps.loadChanged();
  }
}
