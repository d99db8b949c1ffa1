/**
 * What a supervisor does when a child ends, decided from data alone.
 */
import type { ChildSpec, StopReason, SupervisorSpec } from './types.js';

export type RestartPolicy = NonNullable<ChildSpec<never>['restart']>;
export type Strategy = SupervisorSpec['strategy'];

export interface RestartLimits {
  /** So many restarts within `restartsWithinMs` are borne; one more is not. */
  readonly restartsMax: number;
  readonly restartsWithinMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}
export const restartLimitsDefault: RestartLimits = {
  restartsMax: 5,
  restartsWithinMs: 60_000,
  backoffMinMs: 100,
  backoffMaxMs: 10_000,
};

export function limitsOf(spec: Partial<SupervisorSpec>): RestartLimits {
  return {
    restartsMax: spec.restartsMax ?? restartLimitsDefault.restartsMax,
    restartsWithinMs: spec.restartsWithinMs ?? restartLimitsDefault.restartsWithinMs,
    backoffMinMs: spec.backoffMinMs ?? restartLimitsDefault.backoffMinMs,
    backoffMaxMs: spec.backoffMaxMs ?? restartLimitsDefault.backoffMaxMs,
  };
}

/** A child's failures in a row; a quiet time (the restart window) ends the row. */
export interface Backoff {
  readonly inRow: number;
  readonly lastMs: number;
}
export const backoffNone: Backoff = { inRow: 0, lastMs: Number.NEGATIVE_INFINITY };

/** Children that are over for good are no longer listed. */
export interface ChildView {
  readonly restart: RestartPolicy;
  /** False while down or waiting for its restart. */
  readonly up: boolean;
}

export interface EndedChild {
  readonly strategy: Strategy;
  readonly limits: RestartLimits;
  readonly children: readonly ChildView[];
  /** The child that ended. */
  readonly index: number;
  readonly reason: StopReason;
  /** Moments of this supervisor's restarts. */
  readonly restartsAtMs: readonly number[];
  readonly backoff: Backoff;
  readonly nowMs: number;
}

export type EndPlan =
  /** Let it rest. */
  | { readonly kind: 'over' }
  /** Stop everything (right to left) and fail. */
  | { readonly kind: 'giveUp'; readonly restarts: number; readonly stop: readonly number[] }
  | {
      readonly kind: 'restart';
      /** Siblings to stop first, right to left. */
      readonly stop: readonly number[];
      /** Temporary siblings among them: not started again. */
      readonly retire: readonly number[];
      /** To start after the back-off, left to right. */
      readonly start: readonly number[];
      /** The wait is uniform in [0, ceiling). */
      readonly backoffCeilingMs: number;
      readonly restartsAtMs: readonly number[];
      readonly backoff: Backoff;
    };

export function planEnd(input: EndedChild): EndPlan {
  const { children, index, limits, nowMs } = input;
  const child = children[index];
  if (child === undefined || !wantsRestart(child.restart, input.reason)) return { kind: 'over' };

  const recent = input.restartsAtMs.filter((at) => nowMs - at < limits.restartsWithinMs);
  if (recent.length >= limits.restartsMax) {
    return { kind: 'giveUp', restarts: recent.length, stop: upOf(children, 0).reverse() };
  }
  const affected = affectedBy(input.strategy, index, children.length);
  const siblings = affected.filter((i) => i !== index);
  const quiet = nowMs - input.backoff.lastMs >= limits.restartsWithinMs;
  const inRow = quiet ? 1 : input.backoff.inRow + 1;
  return {
    kind: 'restart',
    stop: siblings.filter((i) => children[i]?.up).reverse(),
    retire: siblings.filter((i) => children[i]?.restart === 'temporary'),
    start: affected.filter((i) => children[i]?.restart !== 'temporary'),
    backoffCeilingMs: Math.min(limits.backoffMaxMs, limits.backoffMinMs * 2 ** (inRow - 1)),
    restartsAtMs: [...recent, nowMs],
    backoff: { inRow, lastMs: nowMs },
  };
}

function wantsRestart(policy: RestartPolicy, reason: StopReason): boolean {
  if (policy === 'temporary') return false;
  return policy === 'permanent' || reason.kind === 'failed';
}

function affectedBy(strategy: Strategy, index: number, count: number): number[] {
  if (strategy === 'one_for_one') return [index];
  const from = strategy === 'one_for_all' ? 0 : index;
  return Array.from({ length: count - from }, (_, i) => from + i);
}

function upOf(children: readonly ChildView[], from: number): number[] {
  return children.flatMap((child, i) => (i >= from && child.up ? [i] : []));
}
