/**
 * Runs `kill`: removes unused segments for good. Rows go first, files after; a file whose row may still be needed, or
 * that other segments stand on, stays.
 */
import { asCoded, CodedError } from '../../proto/errors.js';
import type { Clock, Log } from '../../runtime/types.js';
import type { DeepStorage } from '../../segment/store/deep-storage.js';
import { identifierOf, isTombstone, parseDataSegmentText } from '../../segment/timeline/data-segment.js';
import type { OverlordClient } from './overlord-client.js';

export interface KillTaskDeps {
  readonly taskId: string;
  readonly overlord: Pick<OverlordClient, 'action'>;
  readonly store: Pick<DeepStorage, 'kill'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}
interface KillSpec {
  readonly dataSource: string;
  readonly interval: string;
  readonly versions: readonly string[] | null;
  readonly batchSize: number;
  readonly limit: number | null;
  readonly maxUsedStatusLastUpdatedTime: string | null;
}

const lockMs = 20_000;
const lockTries = 15;
const batchMax = 1_000;

/** Answers the task's report. Rejects when it gets no lock, is stopped, or a row can't be deleted. */
export async function runKillTask(
  json: Readonly<Record<string, unknown>>,
  deps: KillTaskDeps,
): Promise<string> {
  const spec = json as unknown as KillSpec;
  await lockInterval(spec, deps);
  let killed = 0;
  let batches = 0;
  for (;;) {
    deps.signal.throwIfAborted();
    const limit = Math.min(spec.batchSize, batchMax, (spec.limit ?? Infinity) - killed);
    if (limit <= 0) break;
    const deleted = await killBatch(spec, deps, limit);
    if (deleted === 0) break;
    killed += deleted;
    batches += 1;
  }
  deps.log.info('killed', { segments: killed, batches });
  const payload = { numSegmentsKilled: killed, numBatchesProcessed: batches };
  return JSON.stringify({ killUnusedSegments: { type: 'killUnusedSegments', taskId: deps.taskId, payload } });
}

async function lockInterval(spec: KillSpec, deps: KillTaskDeps): Promise<void> {
  const { overlord, signal } = deps;
  const { interval } = spec;
  for (let tries = 0; tries < lockTries; tries++) {
    const action = { type: 'lockAcquire', lockType: 'EXCLUSIVE', interval, timeoutMs: lockMs } as const;
    if ((await overlord.action(action, { signal })) !== null) return;
    signal.throwIfAborted();
  }
  throw new CodedError('Conflict', `No lock of interval[${interval}] was to be had`);
}

async function killBatch(spec: KillSpec, deps: KillTaskDeps, limit: number): Promise<number> {
  const { overlord, store, log, signal } = deps;
  const { dataSource, interval, versions, maxUsedStatusLastUpdatedTime } = spec;
  const found = await overlord.action(
    {
      type: 'retrieveUnusedSegments',
      dataSource,
      interval,
      limit,
      ...(versions === null ? {} : { versions }),
      ...(maxUsedStatusLastUpdatedTime === null ? {} : { maxUsedStatusLastUpdatedTime }),
    },
    { signal },
  );
  if (found.segments.length === 0) return 0;
  const nuked = await overlord.action({ type: 'segmentNuke', dataSource, segments: found.segments });
  const removable = new Set(nuked.deleted.filter((id) => !nuked.sharing.includes(id)));
  for (const text of found.segments) {
    const segment = parseDataSegmentText(text);
    if (segment.loadSpec === null || isTombstone(segment) || !removable.has(identifierOf(segment))) continue;
    try {
      await store.kill(segment.loadSpec);
    } catch (thrown) {
      // Its row is gone: what is left is a file nobody knows, never a row without its file.
      log.warn('files of a killed segment are left', {
        id: identifierOf(segment),
        reason: asCoded(thrown).message,
      });
    }
  }
  return nuked.deleted.length;
}
