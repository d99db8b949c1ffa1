/**
 * A native query at the broker: what must be answered is fixed at the start, the data nodes are asked, the partial
 * results merged and shaped. Never fewer rows than there are without saying so.
 */
import { createHash } from 'node:crypto';
import { asCoded, CodedError, toErrorInfo } from '../../proto/errors.js';
import type { grove } from '../../proto/services.js';
import type { Frame } from '../../query/frame.js';
import { parseJson } from '../../query/json/parse.js';
import { errorEnvelope } from '../../query/native/errors.js';
import type { NativeQuery } from '../../query/native/model.js';
import { parseNativeQuery } from '../../query/native/parse.js';
import type { CallContext, Deadline, Log, Node } from '../../runtime/types.js';
import { formatInterval } from '../../segment/timeline/interval.js';
import { partitionNumOf } from '../../segment/timeline/shard-spec.js';
import type { FrameCarrier } from '../frame-by-reference.js';
import { PrettyJson } from './pretty.js';
import { roleLoad, type LoadBook } from './load-book.js';
import { chooseSlices, segmentsUnavailable, uncoveredIntervals, type Holder, type Slice } from './route.js';
import { scatter } from './scatter.js';
import type { BrokerWork, WorkOptions } from './work.js';
import type { BrokerView } from './view.js';

type BrokerQuery = grove.query.v1.BrokerQuery.$Properties;
type BrokerPart = grove.query.v1.BrokerPart.$Properties;

export interface BrokerQueryDeps {
  readonly node: Node;
  readonly view: BrokerView;
  readonly loads: LoadBook;
  readonly work: BrokerWork;
  readonly frames: FrameCarrier;
  /** Is the node's inventory stream open? */
  readonly isFresh: (node: string) => boolean;
  /** When the query names no time-out. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** A chunk whose segments vanished under the query is planned again so often. */
const replansMax = 2;
/** `timeout: 0` means none. */
const noTimeoutMs = 2 ** 31 - 1;
/** So many partial frames are folded into one while others are still coming. */
const framesBeforeFold = 16;
const FRAMES = 1;

interface Running {
  readonly stop: AbortController;
}

export class BrokerQueries {
  readonly #deps: BrokerQueryDeps;
  readonly #running = new Map<string, Set<Running>>();
  #count = 0;

  constructor(deps: BrokerQueryDeps) {
    this.#deps = deps;
  }

  get inFlight(): number {
    return this.#count;
  }

  /** True when a query of that id was running. */
  cancel(queryId: string): boolean {
    const running = this.#running.get(queryId);
    for (const one of running ?? [])
      one.stop.abort(new CodedError('Canceled', `Query [${queryId}] was cancelled`));
    return running !== undefined;
  }

  cancelAll(): void {
    for (const queryId of this.#running.keys()) this.cancel(queryId);
  }

  async *native(request: BrokerQuery, call: CallContext): AsyncGenerator<BrokerPart> {
    const given = request.queryId ?? '';
    let queryId = given === '' ? madeUpId(this.#deps.node) : given;
    let query: NativeQuery;
    try {
      query = parseNativeQuery(parseJson(request.queryJson ?? ''), {
        queryId,
        timeoutMs: this.#deps.timeoutMs,
      });
    } catch (thrown) {
      yield refusal(asCoded(thrown), isUnbound(thrown) ? '' : queryId);
      return;
    }
    queryId = query.context.queryId;
    const run = new QueryRun(this.#deps, request, query, call);
    const release = this.#register(queryId, run);
    let isHeadSent = false;
    try {
      for await (const part of run.answer()) {
        isHeadSent = true;
        yield part;
      }
    } catch (thrown) {
      const error = run.errorOf(thrown);
      // After the first bytes only breaking the stream says that something is missing.
      if (isHeadSent) throw error;
      yield refusal(error, queryId);
    } finally {
      run.stop.abort();
      release();
    }
  }

  #register(queryId: string, run: Running): () => void {
    const running = this.#running.get(queryId) ?? new Set();
    running.add(run);
    this.#running.set(queryId, running);
    this.#count += 1;
    this.#deps.node.presence.setRole('broker', { load: this.#count });
    return () => {
      running.delete(run);
      if (running.size === 0 && this.#running.get(queryId) === running) this.#running.delete(queryId);
      this.#count -= 1;
      this.#deps.node.presence.setRole('broker', { load: this.#count });
    };
  }
}

interface Gathered {
  readonly frames: readonly Frame[];
  readonly missing: readonly Slice[];
  /** Of the rows in the segments asked. */
  readonly firstMs: number | undefined;
}

class QueryRun {
  readonly stop = new AbortController();
  readonly #deps: BrokerQueryDeps;
  readonly #request: BrokerQuery;
  readonly #query: NativeQuery;
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
    if (!this.#deps.view.hasExpected) {
      throw new CodedError('Unavailable', 'The broker does not know yet which segments must be answered');
    }
    for (let attempt = 0; ; attempt++) {
      const slices = this.#choose();
      const etag = this.#etag(slices);
      if (etag !== '' && sameTag(this.#request.ifNoneMatch ?? '', etag)) {
        yield { head: { queryId: this.#query.context.queryId, etag, notModified: true, status: 304 } };
        return;
      }
      const gathered = await this.#gather(slices);
      const isPartial = gathered.missing.length > 0;
      if (isPartial && !this.#query.context.allowPartialResults) {
        // The same segments are still asked for: nobody has them. Others are: the view has moved on.
        const stillAsked = new Set(this.#choose().map((slice) => slice.segmentId));
        const isGone = gathered.missing.every((slice) => stillAsked.has(slice.segmentId));
        if (isGone || attempt >= replansMax) throw segmentsUnavailable(gathered.missing);
        continue;
      }
      const responseContext = this.#responseContext(gathered.missing);
      const head = {
        queryId: this.#query.context.queryId,
        etag: isPartial ? '' : etag,
        responseContext,
        segmentCount: slices.length,
        status: 200,
      };
      yield* this.#finish(head, gathered);
      return;
    }
  }

  #choose(): Slice[] {
    const { view } = this.#deps;
    return chooseSlices(this.#query, (name) => view.timeline(name));
  }

  async #gather(slices: readonly Slice[]): Promise<Gathered> {
    const { node, loads } = this.#deps;
    let firstMs: number | undefined;
    let frames: Frame[] = [];
    let folding: Promise<void> = Promise.resolve();
    const fold = async (): Promise<void> => {
      if (frames.length < framesBeforeFold || this.#query.queryType === 'scan') return;
      const some = frames;
      frames = [];
      const merged = await this.#deps.work.merge(this.#query, some, this.#workOptions());
      frames.push(merged);
    };
    const missing = await scatter(
      {
        clientOf: (name) => {
          const info = node.presence.find(name);
          return info === undefined ? undefined : node.transport.client(info.grpcAddress);
        },
        holdersOf: (id) => this.#holders(id),
        decodeFrame: (frame) => this.#deps.frames.decode(frame),
        inFlight: (name, change) => loads.add(name, change),
        nodeFailed: (name, error) =>
          this.#deps.log.warn('a data node failed: its segments are asked from others', {
            node: name,
            error: error.message,
            trace: this.#call.trace,
          }),
      },
      {
        queryJson: this.#request.queryJson ?? '',
        queryId: this.#query.context.queryId,
        clusterId: node.clusterId(),
        slices,
        deadline: this.#deadline,
        signal: this.#signal,
        trace: this.#call.trace,
        take: async (parts, times) => {
          frames.push(...parts);
          if (times !== undefined) firstMs = Math.min(firstMs ?? Infinity, times.startMs);
          folding = folding.then(fold);
          await folding;
          return !this.#hasEnough(frames);
        },
      },
    );
    await folding;
    return { frames, missing, firstMs };
  }

  /** An unordered scan needs no more than its limit. */
  #hasEnough(frames: readonly Frame[]): boolean {
    const query = this.#query;
    if (query.queryType !== 'scan' || query.order !== 'none' || query.limit === undefined) return false;
    let rows = 0;
    for (const frame of frames) rows += frame.rows;
    return rows >= query.offset + query.limit;
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
        load: loads.of(name) + roleLoad(info),
      });
    }
    return holders;
  }

  #workOptions(): WorkOptions {
    return { signal: this.#signal, deadlineMs: Math.max(1, this.#deadline.remainingMs()) };
  }

  async *#finish(
    head: grove.query.v1.ResponseHead.$Properties,
    gathered: Gathered,
  ): AsyncGenerator<BrokerPart> {
    const { work, frames: carrier } = this.#deps;
    const options = this.#workOptions();
    const { frames, firstMs } = gathered;
    const hints = firstMs === undefined ? {} : { allStartMs: firstMs };
    let first: typeof head | undefined = head;
    const withHead = (part: BrokerPart): BrokerPart => {
      const whole = first === undefined ? part : { ...part, head: first };
      first = undefined;
      return whole;
    };
    if (this.#request.format === FRAMES) {
      for await (const frame of work.finishFrames(this.#query, frames, options)) {
        yield withHead({ frame: carrier.encode(frame) });
      }
    } else {
      const pretty = this.#request.pretty === true ? new PrettyJson() : undefined;
      for await (const chunk of work.finish(this.#query, frames, hints, options)) {
        const rows = pretty === undefined ? chunk : pretty.push(chunk);
        yield withHead({ rows });
      }
    }
    if (first !== undefined) yield { head: first };
  }

  #responseContext(missing: readonly Slice[]): string {
    const context: Record<string, unknown> = {};
    if (missing.length > 0) {
      context['missingSegments'] = missing.map((slice) => ({
        itvl: formatInterval(slice.segment.interval),
        ver: slice.version,
        part: partitionNumOf(slice.segment.shardSpec),
      }));
    }
    const limit = Number(this.#query.context.given['uncoveredIntervalsLimit'] ?? 0);
    if (limit > 0) {
      const uncovered = uncoveredIntervals(this.#query, (name) => this.#deps.view.timeline(name));
      if (uncovered.length > 0) {
        context['uncoveredIntervals'] = uncovered.slice(0, limit).map(formatInterval);
        context['uncoveredIntervalsOverflowed'] = uncovered.length > limit;
      }
    }
    return JSON.stringify(context);
  }

  /** Only when the client asked for one; never over rows that still grow. */
  #etag(slices: readonly Slice[]): string {
    if ((this.#request.ifNoneMatch ?? '') === '' || slices.some((slice) => slice.segment.realtime)) return '';
    const hash = createHash('sha1');
    hash
      .update(stableQuery(this.#request.queryJson ?? ''))
      .update(this.#request.pretty === true ? '\npretty' : '\n');
    for (const slice of slices) {
      hash.update(`\n${slice.segmentId} ${slice.intervals.map(formatInterval).join(',')}`);
    }
    return hash.digest('base64');
  }
}

/** The query without what differs from one sending to the next. */
function stableQuery(json: string): string {
  return json.replace(/"(?:queryId|sqlQueryId)"\s*:\s*"[^"]*"/g, '');
}

function sameTag(given: string, etag: string): boolean {
  return (
    given === '*' ||
    given.split(',').some((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', '') === etag)
  );
}

/** A body that was no query at all: Druid answers it without a query id. */
function isUnbound(thrown: unknown): boolean {
  const { context } = asCoded(thrown);
  return 'json' in context || String(context['errorClass'] ?? '').startsWith('com.fasterxml');
}

function refusal(error: CodedError, queryId: string): BrokerPart {
  const { status, body } = errorEnvelope(error);
  const info = toErrorInfo(error);
  return {
    head: { queryId, status, errorBody: body },
    error: { code: info.code, message: info.message, context: [...info.context] },
  };
}

/** In the form of a UUID, version 4. */
export function madeUpId(node: Pick<Node, 'random'>): string {
  const hex = node.random.hex(16);
  const variant = '89ab'[Math.floor(node.random.next() * 4)] ?? '8';
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
