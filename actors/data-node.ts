/**
 * The data node's side of a query, the same for every role that serves segments, stored or growing: which of the asked
 * ones are here, scan them, stream the partial frames.
 */
import { CodedError } from '../proto/errors.js';
import { DataNodeService, type grove } from '../proto/services.js';
import type { Pool, RunOptions, SegmentRef, SegmentsPart } from '../query/engine/pool-api.js';
import { KnownQueries, readQuery } from '../query/engine/read-query.js';
import type { Frame } from '../query/frame.js';
import { bucketEnd } from '../query/granularity.js';
import { sharedFrame } from '../query/frame-build.js';
import { framePieces } from '../query/frame-pieces.js';
import { parseJson } from '../query/json/parse.js';
import { type JsonObject, objectAt } from '../query/native/json-fields.js';
import type { LookupFinder } from '../query/native/context.js';
import { mergePartials } from '../query/merge.js';
import type { GroupByQuery, NativeQuery, ScanQuery } from '../query/native/model.js';
import { traceIdOf } from '../runtime/trace.js';
import type { CallContext, Clock, Handlers, Log, Metrics } from '../runtime/types.js';
import { frameBuffers } from '../query/engine/execute.js';
import { cachedScan, type PartialCaching } from './cached-scan.js';
import type { FrameCarrier } from './frame-by-reference.js';
import type { GroupMemory } from './group-memory.js';
import { Pieces } from './pieces.js';
import type { IntervalMs } from '../segment/read/view.js';
import type { OpenSegment, SegmentRegistry } from './segment-registry.js';

type DataQuery = grove.query.v1.DataQuery.$Properties;
type DataPart = grove.query.v1.DataPart.$Properties;

export interface DataNodeQueryDeps {
  readonly registry: SegmentRegistry;
  readonly pool: Pick<Pool, 'scanSegments' | 'run'>;
  /** Absent: every query scans. */
  readonly caching?: PartialCaching;
  readonly frames: FrameCarrier;
  /** Absent: no lookups are registered. */
  readonly lookups?: LookupFinder;
  /** Where many groups are put together before they go to a broker elsewhere; absent: they are not. */
  readonly groups?: GroupMemory;
  /** '' while not known. */
  readonly clusterId: () => string;
  readonly log: Log;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly metrics: Pick<Metrics, 'counter'>;
  /** The number of segments in use has changed. */
  readonly loadChanged: () => void;
}

interface Deps extends DataNodeQueryDeps {
  readonly known: KnownQueries;
}

export function dataNodeHandlers(given: DataNodeQueryDeps): Handlers<typeof DataNodeService> {
  const deps: Deps = { ...given, known: new KnownQueries() };
  return { Query: (request, context) => answer(deps, request, context) };
}

async function* answer(deps: Deps, request: DataQuery, context: CallContext): AsyncGenerator<DataPart> {
  const own = deps.clusterId();
  const asked = request.clusterId ?? '';
  if (own !== '' && asked !== '' && own !== asked) {
    throw new CodedError(
      'WrongCluster',
      `This node belongs to cluster[${own}], the query came from cluster[${asked}]`,
    );
  }
  const defaults = {
    queryId: request.queryId ?? '',
    timeoutMs: 0,
    context: contextOf(request),
    ...(deps.lookups === undefined ? {} : { lookups: deps.lookups }),
    frames: (request.frames ?? []).map((frame) => sharedFrame(deps.frames.decode(frame))),
  };
  const query = await readQuery(deps.pool, request.queryJson ?? '', defaults, {
    signal: context.signal,
    deadlineMs: Math.max(1, context.deadline.remainingMs()),
    known: deps.known,
    key: request.contextJson ?? '',
  });
  const since = deps.clock.monotonic();
  const watch = new Stopwatch(deps.clock);
  const held = hold(deps, request, query);
  try {
    deps.loadChanged();
    if (held.missing.length + held.empty.length > 0) yield { missing: held.missing, segments: held.empty };
    const bySegment = request.bySegment === true;
    const deadlineMs = Math.max(1, context.deadline.remainingMs());
    const options = { signal: context.signal, deadlineMs, bySegment };
    if (query.queryType === 'scan' && query.order === 'none') {
      yield* scanInOrder(deps, query, held.refs, options);
    } else if (held.refs.length > 0) {
      const isStored = (id: string): boolean => !held.growing.has(id);
      const scanned = cachedScan(deps.pool, deps.caching, query, held.refs, isStored, options);
      const isMerged = query.queryType === 'groupBy' && context.byReference !== true && !bySegment;
      const parts =
        isMerged && deps.groups !== undefined
          ? mergedParts(deps.pool, deps.groups, query, scanned, options)
          : scanned;
      for await (const part of parts) {
        if (part === undefined) {
          // Whoever waits is told that there is somebody.
          yield* watch.idle({});
          continue;
        }
        const pieces = context.byReference === true ? [part.frame] : framePieces(part.frame);
        let before: Frame | undefined;
        const piece = (frame: Frame, segmentIds: readonly string[]): DataPart => ({
          frame: deps.frames.encode(frame),
          segments: [...segmentIds],
          ...(bySegment ? partOf(part, held) : {}),
        });
        for (const frame of pieces) {
          // A segment is named by the last piece of it.
          if (before !== undefined) yield* watch.idle(piece(before, []));
          before = frame;
        }
        if (before !== undefined) yield* watch.idle(piece(before, part.segmentIds));
      }
    }
    yield { last: true, times: timesTold(query, held.times) };
  } finally {
    for (const release of held.releases) release();
    deps.loadChanged();
    watch.pause();
    deps.metrics.counter('grove_data_node_queries_total').add();
    deps.metrics.counter('grove_data_node_query_busy_ms_total').add(watch.ms);
    deps.log.debug('query scanned', {
      trace: traceIdOf(context.trace),
      queryId: query.context.queryId.slice(0, 200),
      segments: held.refs.length,
      missing: held.missing.length,
      ms: Math.round(deps.clock.monotonic() - since),
    });
  }
}

/** Fewer groups are put together by the broker. */
const mergedRowsMin = 100_000;

/**
 * The groups of all segments as few sorted runs, a piece at a time; undefined: it goes on. What goes to the broker is
 * bounded by the groups there are, not by the segments that have them.
 */
async function* mergedParts(
  pool: Pick<Pool, 'run'>,
  memory: GroupMemory,
  query: GroupByQuery,
  parts: AsyncIterable<SegmentsPart>,
  options: RunOptions,
): AsyncGenerator<SegmentsPart | undefined> {
  const groups = memory.open(
    query,
    () => undefined,
    () => options,
  );
  try {
    const sink = groups.sink();
    sink.accept();
    const segmentIds: string[] = [];
    let rows = 0;
    for await (const part of parts) {
      await sink.add(part.frame);
      segmentIds.push(...part.segmentIds);
      rows += part.frame.rows;
      yield undefined;
    }
    const frames = [...groups.frames];
    const stored = groups.runs;
    const last = frames.pop();
    if (stored.length === 0 && (rows < mergedRowsMin || frames.length === 0) && last !== undefined) {
      for (const frame of frames) yield { frame, segmentIds: [] };
      yield { frame: last, segmentIds };
      return;
    }
    const all = last === undefined ? frames : [...frames, last];
    const pieces = new Pieces<Frame>();
    const onPiece = (piece: unknown): Promise<void> => {
      pieces.push(...(piece as readonly Frame[]));
      return pieces.room(piecesWaitingMax);
    };
    const transfer = [...new Set(all.flatMap(frameBuffers))];
    pool.run('pieces', { query, frames: all, stored }, transfer, { ...options, onPiece }).then(
      (rest) => {
        pieces.push(...(rest as readonly Frame[]));
        pieces.end();
      },
      (error: unknown) => pieces.end({ error }),
    );
    for await (const frame of pieces.read()) yield { frame, segmentIds: [] };
    yield { frame: mergePartials(query, []), segmentIds };
  } finally {
    await groups.close();
  }
}

/** Of sorted groups, for a broker that takes its time. */
const piecesWaitingMax = 4;

/** Time spent here, without that of a receiver that takes its time. */
class Stopwatch {
  ms = 0;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #since: number | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.resume();
  }
  *idle<T>(item: T): Generator<T> {
    this.pause();
    yield item;
    this.resume();
  }
  pause(): void {
    if (this.#since !== undefined) this.ms += this.#clock.monotonic() - this.#since;
    this.#since = undefined;
  }
  resume(): void {
    this.#since = this.#clock.monotonic();
  }
}

function contextOf({ contextJson }: DataQuery): JsonObject {
  return contextJson === null || contextJson === undefined || contextJson === ''
    ? {}
    : objectAt(parseJson(contextJson), 'contextJson');
}

interface Held {
  readonly refs: readonly SegmentRef[];
  readonly missing: string[];
  /** Here, but without a row yet: answered by nothing. */
  readonly empty: string[];
  /** Those that rows are still added to. */
  readonly growing: ReadonlySet<string>;
  readonly releases: readonly (() => void)[];
  /** Of the rows in what was asked of each segment. */
  readonly times: IntervalMs[];
  readonly timesOf: ReadonlyMap<string, readonly IntervalMs[]>;
}

/**
 * A part of one segment: which, and with its last one where its rows are. Of one that grows nothing is said: it has
 * several such parts, and whoever kept one would take it for the whole.
 */
function partOf(part: SegmentsPart, held: Held): Pick<DataPart, 'ofSegment' | 'times'> {
  if (part.ofSegment !== undefined && held.growing.has(part.ofSegment)) return {};
  const times = part.segmentIds.flatMap((id) => held.timesOf.get(id) ?? []);
  return { ofSegment: part.ofSegment ?? '', times };
}

/** Nothing is waited for in here: what is taken is always given back by the caller, or here when this fails. */
function hold(deps: DataNodeQueryDeps, request: DataQuery, query: NativeQuery): Held {
  const releases: (() => void)[] = [];
  try {
    return held(deps, request, query, releases);
  } catch (thrown) {
    for (const release of releases) release();
    throw thrown;
  }
}

function held(
  deps: DataNodeQueryDeps,
  request: DataQuery,
  query: NativeQuery,
  releases: (() => void)[],
): Held {
  const refs: SegmentRef[] = [];
  const missing: string[] = [];
  const empty: string[] = [];
  const growing = new Set<string>();
  const times: IntervalMs[] = [];
  const timesOf = new Map<string, readonly IntervalMs[]>();
  for (const slice of request.segments ?? []) {
    const segmentId = slice.segmentId ?? '';
    const taken = deps.registry.acquire(segmentId);
    if (taken === undefined) {
      missing.push(segmentId);
      continue;
    }
    releases.push(taken.release);
    const intervals = (slice.intervals ?? []).map((interval) => ({
      startMs: interval.startMs ?? 0,
      endMs: interval.endMs ?? 0,
    }));
    const { segment } = taken;
    const handles = segment.parts?.() ?? [segment.handle];
    if (segment.parts !== undefined) growing.add(segmentId);
    if (handles.length === 0) empty.push(segmentId);
    const size = segment.parts === undefined ? { rows: segment.rows } : {};
    for (const handle of handles) refs.push({ segmentId, handle, intervals, ...size });
    const own = cut(query, segment.times, intervals);
    times.push(...own);
    timesOf.set(segmentId, timesTold(query, own));
  }
  return { refs, missing, empty, growing, releases, times, timesOf };
}

/**
 * One segment after the other, each part labelled with its segment, its rows in their order: a broker that lost us in
 * the middle can go on behind the rows it has, with another holder of the same segment.
 */
async function* scanInOrder(
  deps: DataNodeQueryDeps,
  query: ScanQuery,
  refs: readonly SegmentRef[],
  options: RunOptions,
): AsyncGenerator<DataPart> {
  const rowsMax = query.limit === undefined ? Infinity : query.limit + query.offset;
  let rows = 0;
  for (const [i, ref] of refs.entries()) {
    if (rows < rowsMax) {
      for await (const part of deps.pool.scanSegments(query, [ref], options)) {
        rows += part.frame.rows;
        yield { frame: deps.frames.encode(part.frame), ofSegment: ref.segmentId };
      }
    }
    if (refs[i + 1]?.segmentId !== ref.segmentId) yield { segments: [ref.segmentId] };
  }
}

/**
 * Buckets without a match are answered too by a topN over time: the broker must know where each segment has rows. A
 * descending timeseries without buckets bears the time of the last segment.
 */
const wantsEveryTime = (query: NativeQuery): boolean =>
  (query.queryType === 'topN' && !['all', 'none'].includes(query.granularity.type)) ||
  (query.queryType === 'timeseries' && query.descending && query.granularity.type === 'all');

/** From the first row of a segment to the end of the last one's bucket, cut to what was asked of it. */
function cut(
  query: NativeQuery,
  times: OpenSegment['times'],
  intervals: readonly IntervalMs[],
): IntervalMs[] {
  if (times === undefined) return [];
  const hasBuckets = query.queryType === 'timeseries' || query.queryType === 'topN';
  const lastMs = hasBuckets ? bucketEnd(query.granularity, times.maxMs) - 1 : times.maxMs;
  return intervals
    .map((interval) => ({
      startMs: Math.max(interval.startMs, times.minMs),
      endMs: Math.min(interval.endMs - 1, lastMs),
    }))
    .filter(({ startMs, endMs }) => startMs <= endMs);
}

const timesTold = (query: NativeQuery, times: IntervalMs[]): IntervalMs[] =>
  wantsEveryTime(query) ? times : widest(times);

function widest(times: readonly IntervalMs[]): IntervalMs[] {
  if (times.length === 0) return [];
  let startMs = Infinity;
  let endMs = -Infinity;
  for (const one of times) {
    startMs = Math.min(startMs, one.startMs);
    endMs = Math.max(endMs, one.endMs);
  }
  return [{ startMs, endMs }];
}
