/**
 * One native query: what must be answered is fixed at its start, the data nodes are asked, the partial results merged
 * and shaped. Never fewer rows than there are without saying so.
 */
import { asCoded, CodedError } from '../../proto/errors.js';
import type { grove } from '../../proto/services.js';
import type { Frame } from '../../query/frame.js';
import { formatTimestamp } from '../../query/granularity.js';
import { jsonString } from '../../query/json/write.js';
import type { LookupFinder } from '../../query/native/context.js';
import type { NativeQuery, ScanQuery } from '../../query/native/model.js';
import { pendingSources, withFrames } from '../../query/native/source.js';
import { childAbort } from '../../runtime/deadline.js';
import type { CallContext, Deadline } from '../../runtime/types.js';
import { formatInterval } from '../../segment/timeline/interval.js';
import { etagOf, matchesTag, responseContext } from './answer-head.js';
import { Asking, type AskingDeps } from './asking.js';
import { queryOfSegment, segmentEntries } from './by-segment.js';
import { Gathering, type GatherDeps, type Gathered } from './gathering.js';
import { checkOrdering, limitedRows } from './limits.js';
import { Parts } from './parts.js';
import { renderHints } from './render-hints.js';
import { cachedResult, chunksOf, ResultCopy, type CachedResult, type ResultCaching } from './result-cache.js';
import {
  askingRounds,
  assign,
  chooseSlices,
  onlyNamed,
  segmentsUnavailable,
  uncoveredIntervals,
  type Slice,
} from './route.js';
import { scanFrames, scanJson } from './scan-answer.js';
import { streamRounds, type SegmentRows } from './scan-stream.js';
import type { QueryScheduler } from './scheduler.js';
import { fetchSources, leafTables, wantedSlices } from './sources.js';
import type { BrokerView } from './view.js';
import type { WorkOptions } from './work.js';

type BrokerQuery = grove.query.v1.BrokerQuery.$Properties;
type BrokerPart = grove.query.v1.BrokerPart.$Properties;
type ResponseHead = grove.query.v1.ResponseHead.$Properties;

export interface BrokerQueryDeps extends AskingDeps, GatherDeps {
  readonly view: BrokerView;
  /** Whole answers; absent: none are kept. */
  readonly results?: ResultCaching;
  /** Registered lookups by name; absent: there are none. */
  readonly lookups?: LookupFinder;
  /** When the query names no time-out. */
  readonly timeoutMs: number;
  readonly scheduler: QueryScheduler;
}

/** A query whose segments vanished under it is planned again so often. */
const replansMax = 2;
/** `timeout: 0` means none. */
const noTimeoutMs = 2 ** 31 - 1;
const FRAMES = 1;

export class QueryRun {
  readonly stop = new AbortController();
  readonly #deps: BrokerQueryDeps;
  readonly #request: BrokerQuery;
  #query: NativeQuery;
  readonly #asking: Asking;
  readonly #gathering: Gathering;
  /** Rows of the queries and lookups inside the data source. */
  #sourceFrames: readonly Frame[] = [];
  /** Nobody answered for these, which queries inside the data source asked for: allowed by their own context. */
  readonly #missingInside: Slice[] = [];
  readonly #call: CallContext;
  /** Stopped, or left by the caller. */
  readonly #signal: AbortSignal;
  readonly #letGo: () => void;
  readonly #deadline: Deadline;

  constructor(deps: BrokerQueryDeps, request: BrokerQuery, query: NativeQuery, call: CallContext) {
    this.#deps = deps;
    this.#request = request;
    this.#query = query;
    this.#call = call;
    const either = childAbort(call.signal);
    this.#signal = either.signal;
    this.#letGo = () => either.end();
    this.stop.signal.addEventListener('abort', () => either.abort(this.stop.signal.reason), { once: true });
    const { timeoutMs } = query.context;
    this.#deadline = call.deadline.within(timeoutMs === 0 ? noTimeoutMs : timeoutMs);
    this.#asking = new Asking(deps, {
      queryJson: request.queryJson ?? '',
      queryId: query.context.queryId,
      deadline: this.#deadline,
      signal: this.#signal,
      trace: call.trace,
    });
    this.#gathering = new Gathering(deps, this.#asking, () => this.#workOptions());
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
      const gathered = await this.#gathering.gather(this.#query, slices);
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

  /** The answer as rows of a query around this one, at most `rowsMax` of them, and what was not answered for. */
  async rows(keepTime: boolean, rowsMax: number): Promise<{ frame: Frame; missing: readonly Slice[] }> {
    await this.#prepare();
    for (let attempt = 0; ; attempt++) {
      const gathered = await this.#gathering.gather(this.#query, this.#choose(), rowsMax);
      if (this.#mustReplan(gathered.missing, attempt)) continue;
      const { partials, times } = gathered;
      const hints = renderHints(this.#query, times);
      const { work } = this.#deps;
      const frame = await work.result(this.#query, partials, hints, keepTime, this.#workOptions());
      return { frame, missing: [...this.#missingInside, ...gathered.missing] };
    }
  }

  /** Nothing of the query is left in memory or on disk. */
  close(): Promise<void> {
    this.#letGo();
    return this.#gathering.close();
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
          const { frame, missing } = await run.rows(keepTime, rowsMax);
          for (const slice of missing) this.#missingInside.push(slice);
          return frame;
        } finally {
          await run.close();
        }
      },
      this.#deps.limits,
    );
    this.#asking.sendRows(this.#sourceFrames);
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
    const { queryId } = this.#query.context;
    const asked = { queryJson: this.#request.queryJson ?? '', queryId };
    return etagOf(asked, this.#request.pretty === true, slices);
  }

  #head(slices: readonly Slice[], ownMissing: readonly Slice[], etag: string): ResponseHead {
    const missing = [...this.#missingInside, ...ownMissing];
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
    { partials, times }: Gathered,
    cached: CachedResult | undefined,
  ): AsyncGenerator<BrokerPart> {
    const { work, frames: carrier, results } = this.#deps;
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
      if (copy !== undefined && whole === undefined) results?.store.tooLarge();
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
        ? this.#scanRows(query, [slice], parts)
        : this.#segmentRows(slice, parts);
      const tail = `,"segment":${jsonString(slice.segmentId)},"interval":"${formatInterval(interval)}"}}`;
      yield parts.rows(encoder.encode(tail));
    }
    yield parts.rows(encoder.encode(']'));
    yield* parts.end();
  }

  async *#segmentRows(slice: Slice, parts: Parts): AsyncGenerator<BrokerPart> {
    const { partials, missing, times } = await this.#gathering.gather(this.#query, [slice]);
    if (missing.length > 0) throw segmentsUnavailable(missing);
    const segmentStartMs = slice.segment.interval.startMs;
    const hints = { ...renderHints(this.#query, times), segmentStartMs };
    const { work } = this.#deps;
    for await (const chunk of work.finish(this.#query, partials, hints, this.#workOptions()))
      yield parts.rows(chunk);
  }

  async *#streamScan(query: ScanQuery, slices: readonly Slice[], etag: string): AsyncGenerator<BrokerPart> {
    const { missing } = assign(slices, (id) => this.#asking.holders(id));
    if (missing.length > 0 && !query.context.allowPartialResults) throw segmentsUnavailable(missing);
    const lost = new Set(missing);
    const asked = slices.filter((slice) => !lost.has(slice));
    const parts = new Parts(this.#head(slices, missing, etag), this.#request.pretty === true);
    if (this.#request.format === FRAMES) {
      for await (const frame of scanFrames(query, this.#streamed(query, asked)))
        yield parts.next({ frame: this.#deps.frames.encode(frame) });
    } else {
      yield* this.#scanRows(query, asked, parts);
    }
    yield* parts.end();
  }

  async *#scanRows(query: ScanQuery, slices: readonly Slice[], parts: Parts): AsyncGenerator<BrokerPart> {
    const { clock } = this.#deps.node;
    for await (const chunk of scanJson(query, this.#streamed(query, slices), clock, this.#signal))
      yield parts.rows(chunk);
  }

  #streamed(query: ScanQuery, slices: readonly Slice[]): AsyncIterable<SegmentRows> {
    const { scatter, request } = this.#asking;
    return limitedRows(query, streamRounds(scatter, request, askingRounds(slices)), this.#deps.limits);
  }
}
