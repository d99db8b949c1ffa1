/** What a batch task has of the overlord: locks, ids, the used segments, and the publish. */
import { CodedError } from '../../proto/errors.js';
import type { AllocationRequest, SegmentAllocation } from '../../ingest/batch.js';
import type { SegmentLookup } from '../../ingest/sources/source.js';
import { pause } from '../../runtime/deadline.js';
import type { Clock, HitCrashPoint, Log } from '../../runtime/types.js';
import { dataSegmentToJson, identifierOf, type DataSegment } from '../../segment/timeline/data-segment.js';
import { contains, formatInterval, parseInterval } from '../../segment/timeline/interval.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import type { IntervalMs } from '../../segment/read/view.js';
import type { DeepStorage } from '../../segment/store/deep-storage.js';
import { fittingChunk } from './fitting-chunk.js';
import type { OverlordClient } from './overlord-client.js';

export interface GroundsDeps {
  readonly overlord: OverlordClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly hit: HitCrashPoint;
  readonly signal: AbortSignal;
}

export interface Ending {
  readonly segmentsPublished: number;
  readonly availabilityConfirmed: boolean;
  readonly availabilityWaitMs: number;
}
export const noEnding: Ending = { segmentsPublished: 0, availabilityConfirmed: false, availabilityWaitMs: 0 };

export interface Lock {
  readonly interval: IntervalMs;
  readonly version: string;
}

const lockTimeoutDefaultMs = 300_000;
const lockCallMs = 20_000;
const lockRetryMs = 100;
/** Inside a publish the outcome has to be known: it is asked for much longer than other things. */
const publishPatienceMs = 600_000;
const availabilityPollMs = 500;

export class TaskGrounds {
  readonly #json: Record<string, unknown>;
  readonly #deps: GroundsDeps;
  readonly #locks = new Map<string, Lock>();

  /** `json`: the task's; its context and tuning say how long to wait. */
  constructor(json: Record<string, unknown>, deps: GroundsDeps) {
    this.#json = json;
    this.#deps = deps;
  }

  async lock(interval: IntervalMs): Promise<Lock> {
    const held = [...this.#locks.values()].find((lock) => contains(lock.interval, interval));
    if (held !== undefined) return held;
    const { overlord, clock, signal, log } = this.#deps;
    const text = formatInterval(interval);
    const limitMs = numberAt(this.#json['context'], 'taskLockTimeout', lockTimeoutDefaultMs);
    const until = clock.monotonic() + limitMs;
    for (;;) {
      const leftMs = until - clock.monotonic();
      const timeoutMs = Math.max(0, Math.min(lockCallMs, leftMs));
      const lock = await overlord.action({ type: 'lockAcquire', interval: text, timeoutMs }, { signal });
      if (lock !== null) {
        log.info('lock held', { interval: lock.interval, version: lock.version, type: lock.type });
        const mine = { interval, version: lock.version };
        this.#locks.set(text, mine);
        return mine;
      }
      if (leftMs <= 0) {
        throw new CodedError('Conflict', `No lock of interval[${text}] was to be had for ${limitMs} ms`);
      }
      await pause(clock, lockRetryMs, signal);
      signal.throwIfAborted();
    }
  }

  async allocate(dataSource: string, request: AllocationRequest): Promise<SegmentAllocation> {
    try {
      return await this.#allocateIn(dataSource, request, request.chunk);
    } catch (thrown) {
      // Segments that stand there are cut otherwise: append to the one that holds the row, or beside them.
      const other =
        thrown instanceof CodedError && thrown.code === 'Conflict' ? thrown.context['interval'] : undefined;
      if (typeof other !== 'string') throw thrown;
      const { chunk, timestampMs } = request;
      const standing = parseInterval(other);
      const interval = contains(standing, { startMs: timestampMs, endMs: timestampMs + 1 })
        ? standing
        : fittingChunk(timestampMs, chunk, await this.usedIntervals(dataSource, [chunk]));
      if (interval === undefined) throw thrown;
      return this.#allocateIn(dataSource, request, interval);
    }
  }

  async #allocateIn(
    dataSource: string,
    request: AllocationRequest,
    chunk: IntervalMs,
  ): Promise<SegmentAllocation> {
    await this.lock(chunk);
    const interval = formatInterval(chunk);
    const segment = await this.#deps.overlord.action(
      {
        type: 'segmentAllocate',
        dataSource,
        timestamp: formatInstant(request.timestampMs),
        queryGranularity: 'NONE',
        preferredSegmentGranularity: 'ALL',
        interval,
        sequenceName: request.sequenceName,
        previousSegmentId: request.previousSegmentId,
        skipSegmentLineageCheck: false,
        lockGranularity: 'TIME_CHUNK',
      },
      { signal: this.#deps.signal },
    );
    if (segment === null)
      throw new CodedError('Conflict', `No segment of interval[${interval}] could be allocated`);
    const { version, partitionNum, corePartitions } = segment;
    const shardSpec = { type: 'numbered', partitionNum, partitions: corePartitions } as const;
    return {
      interval: parseInterval(`${segment.interval.start}/${segment.interval.end}`),
      version,
      shardSpec,
    };
  }

  async usedIntervals(dataSource: string, intervals: readonly IntervalMs[]): Promise<readonly IntervalMs[]> {
    const payloads = await this.#usedSegments(dataSource, intervals.map(formatInterval));
    return payloads.map((text) => parseInterval((JSON.parse(text) as { interval: string }).interval));
  }

  /** For tasks that read segments of the same or another data source. */
  segmentLookup(store: DeepStorage): SegmentLookup {
    return {
      usedSegments: (dataSource, intervals) => this.#usedSegments(dataSource, intervals),
      fetch: async ({ loadSpec, size }, dir, signal) => {
        if (loadSpec === null) throw new CodedError('StorageFailure', 'A used segment has no load spec');
        await store.pull(loadSpec, dir, { signal, ...(size > 0 && { expectedSize: size }) });
      },
    };
  }

  async #usedSegments(dataSource: string, intervals: readonly string[]): Promise<readonly string[]> {
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page: { readonly segments: readonly string[]; readonly next: string | null } =
        await this.#deps.overlord.action(
          { type: 'retrieveUsedSegments', dataSource, intervals, after },
          { signal: this.#deps.signal },
        );
      found.push(...page.segments);
      after = page.next;
    } while (after !== null);
    return found;
  }

  /** One transaction, then the waiting for the segments to be loaded when that was asked for. */
  async publish(dataSource: string, segments: readonly DataSegment[]): Promise<Ending> {
    const { overlord, hit, log, signal } = this.#deps;
    signal.throwIfAborted();
    hit('publish.before');
    if (segments.length > 0) {
      const payloads = segments.map((segment) => JSON.stringify(dataSegmentToJson(segment)));
      await overlord.action(
        { type: 'segmentTransactionalInsert', dataSource, segments: payloads },
        { patienceMs: publishPatienceMs },
      );
    }
    hit('publish.after');
    log.info('published', { segments: segments.length });
    const ending = await this.#awaitAvailability(segments);
    hit('handoff');
    return { ...ending, segmentsPublished: segments.length };
  }

  async #awaitAvailability(segments: readonly DataSegment[]): Promise<Ending> {
    const spec = this.#json['spec'] as { tuningConfig?: unknown } | undefined;
    const waitMs = numberAt(spec?.tuningConfig, 'awaitSegmentAvailabilityTimeoutMillis', 0);
    if (waitMs <= 0 || segments.length === 0) return noEnding;
    const { overlord, clock, signal } = this.#deps;
    const segmentIds = segments.map(identifierOf);
    const startedAt = clock.monotonic();
    for (;;) {
      const availabilityWaitMs = Math.round(clock.monotonic() - startedAt);
      // The data is published whatever becomes of the waiting: being stopped here is no failure of the task's.
      if (signal.aborted || availabilityWaitMs >= waitMs) return { ...noEnding, availabilityWaitMs };
      if (await overlord.action({ type: 'segmentsLoaded', segmentIds })) {
        return { ...noEnding, availabilityConfirmed: true, availabilityWaitMs };
      }
      await pause(clock, availabilityPollMs, signal);
    }
  }
}

function numberAt(object: unknown, name: string, missing: number): number {
  const value = (object as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : missing;
}
