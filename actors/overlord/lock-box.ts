/**
 * Who may write where and when: time-chunk locks, decided here, written by the caller. Pure: rows in, decision out.
 *
 * EXCLUSIVE and REPLACE stand alone; SHARED goes with SHARED, APPEND with APPEND. A REPLACE beside running APPENDs,
 * which Druid permits and repairs at publish, waits here: an append must never end up under a newer version. Tasks of
 * one group share their locks. A higher priority revokes a lower one, except while it publishes.
 */
import { CodedError } from '../../proto/errors.js';
import type { LockRow, LockType, TaskLock } from '../../proto/metadata.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { formatInstant } from '../../segment/timeline/instant.js';
import {
  condense,
  contains,
  formatInterval,
  overlaps,
  tryParseInterval,
} from '../../segment/timeline/interval.js';

export interface LockRequest {
  readonly taskId: string;
  readonly groupId: string;
  readonly dataSource: string;
  readonly interval: IntervalMs;
  readonly type: LockType;
  readonly priority: number;
}
export interface HeldLock extends LockRow {
  readonly interval: IntervalMs;
}
export type LockDecision =
  /** The task has it already. */
  | { readonly kind: 'held'; readonly lock: TaskLock }
  | { readonly kind: 'grant'; readonly lock: TaskLock; readonly revoke: readonly HeldLock[] }
  /** In the way: locks of these tasks. */
  | { readonly kind: 'wait'; readonly blockers: readonly string[] }
  /** The task had it and lost it to a higher priority: it has to start over. */
  | { readonly kind: 'revoked' };

export interface LockSurroundings {
  readonly held: readonly HeldLock[];
  /** Tasks inside their publish transaction: never revoked. */
  readonly publishing: ReadonlySet<string>;
  readonly nowMs: number;
  /** New exclusive locks get a version above this one: used segments and locks given before. */
  readonly versionAbove: string | null;
}

/** The version of all appends: what they really write is the version that stands in the chunk. */
const appendVersion = '1970-01-01T00:00:00.000Z';

/** Undefined when the row can't be understood: it then locks nothing and fails no one but its own task. */
export function toHeldLock(row: LockRow): HeldLock | undefined {
  const interval = tryParseInterval(row.lock.interval);
  return interval === undefined ? undefined : { ...row, interval };
}

function compatible(a: LockType, b: LockType): boolean {
  return a === b && (a === 'SHARED' || a === 'APPEND');
}

export function decideLock(request: LockRequest, around: LockSurroundings): LockDecision {
  const near = around.held.filter(
    (held) => held.lock.dataSource === request.dataSource && overlaps(held.interval, request.interval),
  );
  const own = near.filter(
    (held) => held.lock.groupId === request.groupId && contains(held.interval, request.interval),
  );
  if (own.some((held) => held.taskId === request.taskId && held.lock.revoked)) return { kind: 'revoked' };
  const standing = own.filter((held) => !held.lock.revoked && held.lock.type === request.type);
  const mine = standing.find((held) => held.taskId === request.taskId);
  if (mine !== undefined) return { kind: 'held', lock: mine.lock };
  const ofGroup = standing[0];
  if (ofGroup !== undefined) {
    return {
      kind: 'grant',
      lock: { ...ofGroup.lock, interval: formatInterval(request.interval) },
      revoke: [],
    };
  }
  const conflicts = near.filter(
    (held) =>
      !held.lock.revoked &&
      held.lock.groupId !== request.groupId &&
      !compatible(held.lock.type, request.type),
  );
  const blockers = conflicts.filter(
    (held) => held.lock.priority >= request.priority || around.publishing.has(held.taskId),
  );
  if (blockers.length > 0)
    return { kind: 'wait', blockers: [...new Set(blockers.map((held) => held.taskId))] };
  return { kind: 'grant', lock: newLock(request, around, near), revoke: conflicts };
}

function newLock(request: LockRequest, around: LockSurroundings, near: readonly HeldLock[]): TaskLock {
  const { type, groupId, dataSource, priority } = request;
  const interval = formatInterval(request.interval);
  return {
    granularity: 'timeChunk',
    type,
    groupId,
    dataSource,
    interval,
    version: versionOf(request, around, near),
    priority,
    revoked: false,
  };
}

function versionOf(request: LockRequest, around: LockSurroundings, near: readonly HeldLock[]): string {
  if (request.type === 'APPEND') return appendVersion;
  if (request.type === 'SHARED') {
    // Sharers append to one version; were it not the same, one would hide the other's rows.
    const shared = near.find((held) => held.lock.type === 'SHARED' && !held.lock.revoked);
    if (shared !== undefined) return shared.lock.version;
  }
  return versionAfter(around.nowMs, around.versionAbove);
}

/** Now, or one millisecond above `above` when the clock is behind it. */
export function versionAfter(nowMs: number, above: string | null): string {
  const now = formatInstant(nowMs);
  if (above === null || now > above) return now;
  const aboveMs = Date.parse(above);
  // A version that is no instant (restored or foreign data) is passed by text order.
  return Number.isFinite(aboveMs) && formatInstant(aboveMs) === above
    ? formatInstant(aboveMs + 1)
    : `${above}_1`;
}

/** Who waits for whom. A wait that closes a circle would never end: it is refused instead. */
export class LockWaits {
  readonly #waits = new Map<string, readonly string[]>();

  /** Throws Conflict when one of the blockers waits, directly or not, for this task. */
  add(taskId: string, blockers: readonly string[]): void {
    const seen = new Set<string>();
    const open = [...blockers];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === taskId) {
        throw new CodedError(
          'Conflict',
          `Task[${taskId}] and the tasks[${blockers.join(', ')}] wait for each other's locks`,
          { taskId },
        );
      }
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(this.#waits.get(next) ?? []));
    }
    this.#waits.set(taskId, blockers);
  }

  remove(taskId: string): void {
    this.#waits.delete(taskId);
  }
}

export interface LockFilter {
  readonly datasource: string;
  readonly priority: number;
}

/** Per datasource the stretches locked at this priority or above, joined. Datasources without any are left out. */
export function lockedIntervals(
  held: readonly HeldLock[],
  filters: readonly LockFilter[],
): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, IntervalMs[]>();
  for (const { datasource, priority } of filters) {
    const locked = held.filter(
      ({ lock }) => lock.dataSource === datasource && !lock.revoked && lock.priority >= priority,
    );
    if (locked.length === 0) continue;
    found.set(datasource, [...(found.get(datasource) ?? []), ...locked.map((lock) => lock.interval)]);
  }
  return Object.fromEntries(
    [...found].map(([dataSource, intervals]) => [dataSource, condense(intervals).map(formatInterval)]),
  );
}
