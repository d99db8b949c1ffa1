/** The broker's native queries: read, run, cancelled by id, refused in Druid's words. */
import { asCoded, CodedError, errorTable, stackOf, toErrorInfo, type ErrorCode } from '../../proto/errors.js';
import type { grove } from '../../proto/services.js';
import { errorEnvelope } from '../../query/native/errors.js';
import type { NativeQuery } from '../../query/native/model.js';
import { traceIdOf } from '../../runtime/trace.js';
import type { CallContext, Node } from '../../runtime/types.js';
import { checkAsked } from './limits.js';
import { QueryRun, type BrokerQueryDeps } from './query-run.js';

type BrokerQuery = grove.query.v1.BrokerQuery.$Properties;
type BrokerPart = grove.query.v1.BrokerPart.$Properties;

const queryBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 30_000];

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
      query = await this.#read(request.queryJson ?? '', queryId, call);
      checkAsked(query, this.#deps.limits);
    } catch (thrown) {
      yield refusal(asCoded(thrown), isUnbound(thrown) ? '' : queryId);
      return;
    }
    queryId = query.context.queryId;
    let leave: () => void;
    try {
      leave = this.#deps.scheduler.admit(query.context);
    } catch (thrown) {
      const error = asCoded(thrown);
      this.#countQuery(query, error.code);
      yield refusal(error, queryId);
      return;
    }
    const run = new QueryRun(this.#deps, request, query, call);
    const release = this.#register(queryId, run);
    const { clock } = this.#deps.node;
    const since = clock.monotonic();
    let isHeadSent = false;
    let outcome = 'abandoned';
    try {
      for await (const part of run.answer()) {
        isHeadSent = true;
        yield part;
      }
      outcome = 'answered';
    } catch (thrown) {
      const error = this.#told(run.errorOf(thrown), queryId);
      outcome = error.code;
      // After the first bytes only breaking the stream says that something is missing.
      if (isHeadSent) throw error;
      yield refusal(error, queryId);
    } finally {
      this.#note(query, outcome, clock.monotonic() - since, call.trace);
      // What has been answered has nothing left to stop.
      if (outcome !== 'answered') run.stop.abort();
      await run.close();
      release();
      leave();
      this.#countQuery(query, outcome);
      this.#deps.node.metrics
        .histogram('grove_broker_query_ms', queryBuckets, { type: query.queryType })
        .observe(clock.monotonic() - since);
    }
  }

  #read(text: string, queryId: string, call: CallContext): Promise<NativeQuery> {
    const { work, timeoutMs, context, lookups } = this.#deps;
    const defaults = { queryId, timeoutMs, context, ...(lookups === undefined ? {} : { lookups }) };
    return work.read(text, defaults, {
      signal: call.signal,
      deadlineMs: Math.max(1, call.deadline.remainingMs()),
    });
  }

  /** A bug is told with its place, and answered with whom it hit. */
  #told(error: CodedError, queryId: string): CodedError {
    if (error.code !== 'Bug') return error;
    this.#deps.log.error('a query failed by a bug', { queryId, stack: stackOf(error) ?? '' });
    return new CodedError(
      'Bug',
      `Query [${queryId}] failed by a bug: ${error.message}`,
      error.context,
      error,
    );
  }

  #countQuery({ queryType }: NativeQuery, outcome: string): void {
    const { metrics } = this.#deps.node;
    metrics.counter('grove_broker_queries_total', { type: queryType, outcome }).add();
  }

  /** What our side could not answer is worth a line; the rest is for who looks for it. */
  #note(query: NativeQuery, outcome: string, ms: number, trace: string): void {
    const { log } = this.#deps;
    const fields = {
      trace: traceIdOf(trace),
      queryId: query.context.queryId.slice(0, 200),
      type: query.queryType,
      outcome,
      ms: Math.round(ms),
    };
    if (isServerSide(outcome)) log.warn('query', fields);
    else log.debug('query', fields);
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

const isServerSide = (outcome: string): boolean =>
  Object.hasOwn(errorTable, outcome) &&
  !['Unsupported', 'Canceled'].includes(outcome) &&
  errorTable[outcome as ErrorCode].http >= 500;

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
