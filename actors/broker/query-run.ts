/**
 * One native query: what must be answered is fixed at its start, the data nodes are asked, the partial results merged
 * and shaped. Never fewer rows than there are without saying so.
 */
import { setImmediate } from 'node:timers/promises';
import { asCoded, CodedError } from '../../proto/errors.js';
import type { grove } from '../../proto/services.js';
import type { Frame } from '../../query/frame.js';
import { formatTimestamp } from '../../query/granularity.js';
import { ChunkSink, jsonString, jsonText } from '../../query/json/write.js';
import type { LookupFinder } from '../../query/native/context.js';
import type { JsonObject } from '../../query/native/json-fields.js';
import type { GroupByQuery, NativeQuery, ScanQuery } from '../../query/native/model.js';
import { pendingSources, withFrames } from '../../query/native/source.js';
import { ScanWriter } from '../../query/results/scan.js';
import type { CallContext, Deadline, Log, Node } from '../../runtime/types.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { formatInterval } from '../../segment/timeline/interval.js';
import type { PartialCaching } from '../cached-scan.js';
import type { FrameCarrier } from '../frame-by-reference.js';
import type { GroupMemory, QueryGroups } from '../group-memory.js';
import { queryOfSegment, segmentEntries } from './by-segment.js';
import { etagOf, matchesTag, responseContext } from './answer-head.js';
import { keptPartials } from './kept-partials.js';
import { roleLoad, type LoadBook } from './load-book.js';
import { cachedResult, chunksOf, ResultCopy, type CachedResult, type ResultCaching } from './result-cache.js';
import { PrettyJson } from './pretty.js';
import { allTime, renderHints } from './render-hints.js';
import {
  askingRounds,
  assign,
  chooseSlices,
  onlyNamed,
  segmentsUnavailable,
  uncoveredIntervals,
  type Holder,
  type Slice,
} from './route.js';
import { scatter, type FrameSink, type NodeRequest, type ScatterDeps } from './scatter.js';
import { ByteLimit, checkOrdering, HeldLimit, limitedRows, type QueryLimits } from './limits.js';
import type { QueryScheduler } from './scheduler.js';
import { fetchSources, leafTables, tooManyRows, wantedSlices } from './sources.js';
import { rowsOf, streamRounds, type SegmentRows } from './scan-stream.js';
import type { BrokerView } from './view.js';
import type { BrokerWork, Partials, WorkOptions } from './work.js';

type BrokerQuery = grove.query.v1.BrokerQuery.$Properties;
type BrokerPart = grove.query.v1.BrokerPart.$Properties;
type ResponseHead = grove.query.v1.ResponseHead.$Properties;

export interface BrokerQueryDeps {
  readonly node: Node;
  readonly view: BrokerView;
  readonly loads: LoadBook;
  readonly work: BrokerWork;
  readonly frames: FrameCarrier;
  /** Whole answers; absent: none are kept. */
  readonly results?: ResultCaching;
  /** Partial results by segment; absent: none are kept here. */
  readonly partials?: PartialCaching;
  /** Registered lookups by name; absent: there are none. */
  readonly lookups?: LookupFinder;
  /** Where the groups of groupBys are held; absent: in memory alone. */
  readonly groups?: GroupMemory;
  /** Is the node's inventory stream open? */
  readonly isFresh: (node: string) => boolean;
  /** When the query names no time-out. */
  readonly timeoutMs: number;
  /** Context keys below a query's own. */
  readonly context: JsonObject;
  readonly limits: QueryLimits;
  readonly scheduler: QueryScheduler;
  readonly log: Log;
}

/** A query whose segments vanished under it is planned again so often. */
const replansMax = 2;
/** `timeout: 0` means none. */
const noTimeoutMs = 2 ** 31 - 1;
/** So many partial frames are folded into one while others are still coming. */
const framesBeforeFold = 16;
/** Writing rows gives way to others after this long. */
const sliceMs = 5;
const FRAMES = 1;

interface Gathered extends Partials {
  readonly missing: readonly Slice[];
  /** Where the segments asked have rows. */
  readonly times: readonly IntervalMs[];
}

export class QueryRun {
  readonly stop = new AbortController();
  readonly #deps: BrokerQueryDeps;
  readonly #request: BrokerQuery;
  #query: NativeQuery;
  #groups: QueryGroups | undefined;
  /** Rows of the queries and lookups inside the data source; data nodes are sent them. */
  #sourceFrames: readonly Frame[] = [];
  readonly #call: CallContext;
  readonly #signal: AbortSignal;
  readonly #deadline: Deadline;

  constructor(deps: BrokerQueryDeps, request: BrokerQuery, query: NativeQuery, call: CallContext) {
    this.#deps = deps;
    this.#request = request;
    this.#query = query;
    this.#call = call;
    this.#signal = AbortSignal.any([call.signal, this.stop.signal]);
    const { timeoutMs } = query.context;
    this.#deadline = call.deadline.within(timeoutMs === 0 ? noTimeoutMs : timeoutMs);
  }

  /** What an aborted or expired query is told, whatever the wreckage threw. */
  errorOf(thrown: unknown): CodedError {
    const { queryId, timeoutMs } = this.#query.context;
    const reason: unknown = this.stop.signal.reason;
    if (this.stop.signal.aborted && reason instanceof CodedError) return reason;
    if (this.#deadline.expired()) {
      return new CodedError('Timeout', `Query [${queryId}] timed out after ${timeoutMs} ms`);
    }
    return asCoded(thrown);
  }

  async *answer(): AsyncGenerator<BrokerPart> {
    await this.#prepare();
    if (this.#query.context.bySegment === true && leafTables(this.#query)) {
      if (this.#request.format === FRAMES)
        throw new CodedError('Unsupported', 'context.bySegment: ask for ROWS', {
          field: 'context.bySegment',
        });
      yield* this.#answerBySegment();
      return;
    }
    for (let attempt = 0; ; attempt++) {
      const slices = this.#choose();
      const etag = this.#etag(slices);
      if (etag !== '' && matchesTag(this.#request.ifNoneMatch ?? '', etag)) {
        yield { head: { queryId: this.#query.context.queryId, etag, notModified: true, status: 304 } };
        return;
      }
      if (this.#query.queryType === 'scan' && this.#query.order === 'none' && leafTables(this.#query)) {
        yield* this.#streamScan(this.#query, slices, etag);
        return;
      }
      const cached = this.#cachedResult(slices);
      const kept = cached?.use === true ? await this.#kept(cached.key) : undefined;
      if (kept !== undefined) {
        const parts = new Parts(this.#head(slices, [], etag), false);
        for (const chunk of chunksOf(kept)) yield parts.rows(chunk);
        return;
      }
      const gathered = await this.#gather(slices);
      const { missing } = gathered;
      if (this.#mustReplan(missing, attempt)) continue;
      yield* this.#finish(
        this.#head(slices, missing, etag),
        gathered,
        missing.length > 0 ? undefined : cached,
      );
      return;
    }
  }

  /** The answer as rows of a query around this one, at most `rowsMax` of them. */
  async rows(keepTime: boolean, rowsMax: number): Promise<Frame> {
    await this.#prepare();
    for (let attempt = 0; ; attempt++) {
      const gathered = await this.#gather(this.#choose(), rowsMax);
      if (this.#mustReplan(gathered.missing, attempt)) continue;
      const hints = renderHints(this.#query, gathered.times);
      return this.#deps.work.result(this.#query, partialsOf(gathered), hints, keepTime, this.#workOptions());
    }
  }

  /** Nothing of the query is left in memory or on disk. */
  async close(): Promise<void> {
    const groups = this.#groups;
    this.#groups = undefined;
    await groups?.close();
  }

  /** Fetches what stands inside the data source. */
  async #prepare(): Promise<void> {
    if (!this.#deps.view.hasExpected) {
      throw new CodedError('Unavailable', 'The broker does not know yet which segments must be answered');
    }
    const { source } = this.#query;
    if (source === undefined) return;
    const pending = pendingSources(source);
    const call = { ...this.#call, signal: this.#signal, deadline: this.#deadline };
    this.#sourceFrames = await fetchSources(
      this.#query,
      pending,
      this.#deps.lookups,
      async (inner, keepTime, rowsMax) => {
        const run = new QueryRun(this.#deps, { queryJson: inner.json }, inner.query, call);
        try {
          return await run.rows(keepTime, rowsMax);
        } finally {
          await run.close();
        }
      },
      this.#deps.limits,
    );
    this.#query = { ...this.#query, source: withFrames(source, this.#sourceFrames) };
  }

  /** Throws SegmentsUnavailable when nothing better can come of it. */
  #mustReplan(missing: readonly Slice[], attempt: number): boolean {
    if (missing.length === 0 || this.#query.context.allowPartialResults) return false;
    // The same segments are still asked for: nobody has them. Others are: the view has moved on.
    const stillAsked = new Set(this.#choose().map((slice) => slice.segmentId));
    const isGone = missing.every((slice) => stillAsked.has(slice.segmentId));
    if (isGone || attempt >= replansMax) throw segmentsUnavailable(missing);
    return true;
  }

  #choose(): Slice[] {
    const { view } = this.#deps;
    const query = this.#query;
    const { dataSources, intervals } = query;
    // Columns of joins and unnesting, and virtual ones, are not those that segments are partitioned by.
    const isPlain = query.source === undefined && query.virtualColumns === undefined;
    // A segment that is named is asked whatever it may hold.
    const isPruned = isPlain && query.segments === undefined;
    const question = { dataSources, intervals, filter: isPruned ? query.filter : undefined };
    const slices = chooseSlices(question, (name) => view.timeline(name));
    const asked = query.segments === undefined ? slices : onlyNamed(slices, query.segments);
    const wanted = wantedSlices(query, asked);
    checkOrdering(query, wanted);
    return wanted;
  }

  #etag(slices: readonly Slice[]): string {
    // Druid makes one only when it is asked for.
    if ((this.#request.ifNoneMatch ?? '') === '') return '';
    // What rows in memory came from has no tag.
    if (this.#sourceFrames.length > 0 || !leafTables(this.#query) || this.#query.lookups !== undefined)
      return '';
    return etagOf(this.#request.queryJson ?? '', this.#request.pretty === true, slices);
  }

  #head(slices: readonly Slice[], missing: readonly Slice[], etag: string): ResponseHead {
    const limit = Number(this.#query.context.given['uncoveredIntervalsLimit'] ?? 0);
    const uncovered =
      limit > 0 ? uncoveredIntervals(this.#query, (name) => this.#deps.view.timeline(name)) : [];
    return {
      queryId: this.#query.context.queryId,
      etag: missing.length > 0 ? '' : etag,
      responseContext: responseContext(missing, uncovered, limit),
      segmentCount: slices.length,
      status: 200,
    };
  }

  // ---- asking

  #scatterDeps(): ScatterDeps {
    const { node, loads, frames, log } = this.#deps;
    return {
      clientOf: (name) => {
        const info = node.presence.find(name);
        return info === undefined ? undefined : node.transport.client(info.grpcAddress);
      },
      holdersOf: (id) => this.#holders(id),
      decodeFrame: (frame) => frames.decode(frame),
      inFlight: (name, change) => loads.add(name, change),
      nodeFailed: (name, error) => {
        loads.failed(name, node.clock.monotonic());
        log.warn('a data node failed: its segments are asked from others', {
          node: name,
          error: error.message,
          trace: this.#call.trace,
        });
      },
      setTimer: (ms, action) => node.clock.setTimer(ms, action),
    };
  }

  #nodeRequest(): NodeRequest {
    return {
      queryJson: this.#request.queryJson ?? '',
      queryId: this.#query.context.queryId,
      contextJson: jsonText(this.#deps.context),
      frames: this.#sourceFrames.map((frame) => this.#deps.frames.encode(frame)),
      clusterId: this.#deps.node.clusterId(),
      deadline: this.#deadline,
      signal: this.#signal,
      trace: this.#call.trace,
    };
  }

  /** More than `rowsMax` rows of a scan are refused before they are all here. */
  async #gather(slices: readonly Slice[], rowsMax = Infinity): Promise<Gathered> {
    const times: IntervalMs[] = [];
    let frames: Frame[] = [];
    if (!leafTables(this.#query)) {
      const held = new HeldLimit(this.#query, this.#deps.limits);
      for await (const frame of this.#deps.work.overRows(this.#query, this.#workOptions())) {
        frames.push(frame);
        held.check(frames);
      }
      // A lookup that nobody registered has no rows at any time.
      return { frames, missing: [], times: frames.length === 0 ? [] : allTime(this.#query) };
    }
    if (this.#query.queryType === 'groupBy' && this.#deps.groups !== undefined) {
      return this.#gatherGroups(this.#query, this.#deps.groups, slices);
    }
    const isScan = this.#query.queryType === 'scan';
    const limit = new ByteLimit(this.#query, this.#deps.limits);
    const held = new HeldLimit(this.#query, this.#deps.limits);
    let rows = 0;
    let folding: Promise<void> = Promise.resolve();
    const fold = async (): Promise<void> => {
      const error = held.over(frames);
      // What can be made fewer is, before anything is refused.
      if (error !== undefined && (isScan || frames.length === 1)) throw error;
      if (error === undefined && (frames.length < framesBeforeFold || isScan)) return;
      const some = frames;
      frames = [];
      frames.push(await this.#deps.work.merge(this.#query, some, this.#workOptions()));
      held.check(frames);
    };
    const missing: Slice[] = [];
    for (const round of askingRounds(slices)) {
      const kept = await keptPartials(this.#deps.partials, this.#query, round);
      frames.push(...kept.frames);
      times.push(...kept.times);
      // What was kept takes as much room as what is asked.
      if (kept.frames.length > 0) await (folding = fold());
      const lost = await scatter(this.#scatterDeps(), {
        ...this.#nodeRequest(),
        slices: kept.rest,
        bySegment: kept.keep !== undefined,
        take: async (parts, partTimes, segments) => {
          // Before anything is done with them that moves their memory.
          if (kept.keep !== undefined) segments.forEach(kept.keep);
          frames.push(...parts);
          times.push(...partTimes);
          for (const part of parts) {
            rows += part.rows;
            limit.add(part);
          }
          if (isScan && this.#rowsKept(rows) > rowsMax) throw tooManyRows(rowsMax);
          folding = folding.then(fold);
          await folding;
          return true;
        },
      });
      missing.push(...lost);
    }
    return { frames, missing, times };
  }

  async #gatherGroups(query: GroupByQuery, memory: GroupMemory, slices: readonly Slice[]): Promise<Gathered> {
    await this.close();
    const limit = new ByteLimit(query, this.#deps.limits);
    const held = new HeldLimit(query, this.#deps.limits);
    const groups = memory.open(
      query,
      (bytes, texts) => held.overBytes(bytes, texts),
      () => this.#workOptions(),
    );
    this.#groups = groups;
    const times: IntervalMs[] = [];
    const missing: Slice[] = [];
    for (const round of askingRounds(slices)) {
      const kept = await keptPartials(this.#deps.partials, query, round);
      times.push(...kept.times);
      const own = groups.sink();
      for (const frame of kept.frames) await own.add(frame);
      own.accept();
      const lost = await scatter(this.#scatterDeps(), {
        ...this.#nodeRequest(),
        slices: kept.rest,
        bySegment: kept.keep !== undefined,
        ...(kept.keptBytesMax === undefined ? {} : { segmentBytesMax: kept.keptBytesMax }),
        sink: () => limitedSink(groups.sink(), limit),
        take: (_frames, partTimes, segments) => {
          if (kept.keep !== undefined) segments.forEach(kept.keep);
          times.push(...partTimes);
          return true;
        },
      });
      missing.push(...lost);
    }
    return { frames: groups.frames, stored: groups.runs, bytesMax: held.bytesMax, missing, times };
  }

  /** How many rows of a scan remain behind its offset and limit. */
  #rowsKept(rows: number): number {
    if (this.#query.queryType !== 'scan') return rows;
    return Math.min(rows - this.#query.offset, this.#query.limit ?? Infinity);
  }

  #holders(segmentId: string): Holder[] {
    const { view, loads, node, isFresh } = this.#deps;
    const holders: Holder[] = [];
    for (const name of view.holders(segmentId)) {
      const info = node.presence.find(name);
      if (info === undefined) continue;
      holders.push({
        node: name,
        fresh: isFresh(name) && !info.suspect,
        load: loads.of(name, node.clock.monotonic()) + roleLoad(info),
      });
    }
    return holders;
  }

  #workOptions(): WorkOptions {
    const { priority } = this.#query.context;
    return { signal: this.#signal, deadlineMs: Math.max(1, this.#deadline.remainingMs()), priority };
  }

  // ---- answering

  #cachedResult(slices: readonly Slice[]): CachedResult | undefined {
    if (this.#request.format === FRAMES || this.#sourceFrames.length > 0) return undefined;
    return cachedResult(this.#deps.results, this.#query, this.#request.pretty === true, slices);
  }

  async #kept(key: string): Promise<Uint8Array | undefined> {
    return (await this.#deps.results?.store.get([key]))?.get(key);
  }

  async *#finish(
    head: ResponseHead,
    gathered: Gathered,
    cached: CachedResult | undefined,
  ): AsyncGenerator<BrokerPart> {
    const { work, frames: carrier, results } = this.#deps;
    const { times } = gathered;
    const partials = partialsOf(gathered);
    const parts = new Parts(head, this.#request.pretty === true);
    const hints = renderHints(this.#query, times);
    if (this.#request.format === FRAMES) {
      for await (const frame of work.finishFrames(this.#query, partials, hints, this.#workOptions())) {
        yield parts.next({ frame: carrier.encode(frame) });
      }
    } else {
      const copy = cached?.populate === true ? new ResultCopy(results?.entryBytesMax ?? 0) : undefined;
      for await (const chunk of work.finish(this.#query, partials, hints, this.#workOptions())) {
        const part = parts.rows(chunk);
        if (part.rows !== undefined && part.rows !== null) copy?.add(part.rows);
        yield part;
      }
      const whole = copy?.whole();
      if (cached !== undefined && whole !== undefined) results?.store.put(cached.key, whole);
    }
    yield* parts.end();
  }

  /** One element a segment, with the answer of that segment alone. */
  async *#answerBySegment(): AsyncGenerator<BrokerPart> {
    const slices = this.#choose();
    const parts = new Parts(this.#head(slices, [], ''), this.#request.pretty === true);
    const encoder = new TextEncoder();
    yield parts.rows(encoder.encode('['));
    const query = queryOfSegment(this.#query);
    this.#query = query;
    for (const [i, slice] of segmentEntries(query, slices).entries()) {
      const interval = slice.intervals[0] ?? slice.segment.interval;
      const start = formatTimestamp(slice.segment.interval.startMs, { type: 'all' });
      yield parts.rows(encoder.encode(`${i === 0 ? '' : ','}{"timestamp":"${start}","result":{"results":`));
      yield* query.queryType === 'scan' && query.order === 'none'
        ? this.#scanRows(query, this.#streamed(query, [slice]), parts)
        : this.#segmentRows(slice, parts);
      const tail = `,"segment":${jsonString(slice.segmentId)},"interval":"${formatInterval(interval)}"}}`;
      yield parts.rows(encoder.encode(tail));
    }
    yield parts.rows(encoder.encode(']'));
    yield* parts.end();
  }

  async *#segmentRows(slice: Slice, parts: Parts): AsyncGenerator<BrokerPart> {
    const gathered = await this.#gather([slice]);
    if (gathered.missing.length > 0) throw segmentsUnavailable(gathered.missing);
    const segmentStartMs = slice.segment.interval.startMs;
    const hints = { ...renderHints(this.#query, gathered.times), segmentStartMs };
    const { work } = this.#deps;
    for await (const chunk of work.finish(this.#query, partialsOf(gathered), hints, this.#workOptions()))
      yield parts.rows(chunk);
  }

  async *#streamScan(query: ScanQuery, slices: readonly Slice[], etag: string): AsyncGenerator<BrokerPart> {
    const { missing } = assign(slices, (id) => this.#holders(id));
    if (missing.length > 0 && !query.context.allowPartialResults) throw segmentsUnavailable(missing);
    const lost = new Set(missing);
    const asked = slices.filter((slice) => !lost.has(slice));
    const rows = this.#streamed(query, asked);
    const parts = new Parts(this.#head(slices, missing, etag), this.#request.pretty === true);
    if (this.#request.format === FRAMES) yield* this.#scanFrames(query, rows, parts);
    else yield* this.#scanRows(query, rows, parts);
    yield* parts.end();
  }

  #streamed(query: ScanQuery, slices: readonly Slice[]): AsyncIterable<SegmentRows> {
    const streamed = streamRounds(this.#scatterDeps(), this.#nodeRequest(), askingRounds(slices));
    return limitedRows(query, streamed, this.#deps.limits);
  }

  async *#scanRows(
    query: ScanQuery,
    rows: AsyncIterable<SegmentRows>,
    parts: Parts,
  ): AsyncGenerator<BrokerPart> {
    const { clock } = this.#deps.node;
    const chunks: Uint8Array[] = [];
    const sink = new ChunkSink((chunk) => chunks.push(chunk));
    const writer = new ScanWriter(query, sink);
    let sinceMs = clock.monotonic();
    for await (const { segmentId, frame } of rows) {
      for (const _ of writer.frame(frame, segmentId)) {
        if (clock.monotonic() - sinceMs < sliceMs) continue;
        await setImmediate();
        this.#signal.throwIfAborted();
        sinceMs = clock.monotonic();
        for (const chunk of chunks.splice(0)) yield parts.rows(chunk);
      }
      for (const chunk of chunks.splice(0)) yield parts.rows(chunk);
      if (writer.done) break;
    }
    writer.end();
    sink.end();
    for (const chunk of chunks) yield parts.rows(chunk);
  }

  async *#scanFrames(
    query: ScanQuery,
    rows: AsyncIterable<SegmentRows>,
    parts: Parts,
  ): AsyncGenerator<BrokerPart> {
    let skip = query.offset;
    let left = query.limit ?? Infinity;
    for await (const { frame } of rows) {
      const from = Math.min(skip, frame.rows);
      skip -= from;
      const to = Math.min(frame.rows, from + left);
      left -= to - from;
      if (from < to) yield parts.next({ frame: this.#deps.frames.encode(rowsOf(frame, from, to)) });
      if (left <= 0) return;
    }
  }
}

/** The parts of one answer: the head goes with the first. */
class Parts {
  #head: ResponseHead | undefined;
  readonly #pretty: PrettyJson | undefined;

  constructor(head: ResponseHead, isPretty: boolean) {
    this.#head = head;
    this.#pretty = isPretty ? new PrettyJson() : undefined;
  }

  next(part: BrokerPart): BrokerPart {
    const head = this.#head;
    this.#head = undefined;
    return head === undefined ? part : { ...part, head };
  }
  rows(chunk: Uint8Array): BrokerPart {
    return this.next({ rows: this.#pretty === undefined ? chunk : this.#pretty.push(chunk) });
  }
  *end(): Generator<BrokerPart> {
    if (this.#head !== undefined) yield this.next({});
  }
}

const partialsOf = ({ frames, stored, bytesMax }: Partials): Partials => ({
  frames,
  ...(stored === undefined ? {} : { stored }),
  ...(bytesMax === undefined ? {} : { bytesMax }),
});

/** Counts what data nodes answer. */
const limitedSink = (sink: FrameSink, limit: ByteLimit): FrameSink => ({
  add: (frame) => {
    limit.add(frame);
    return sink.add(frame);
  },
  accept: () => sink.accept(),
  discard: () => sink.discard(),
});
