/**
 * Leader election as a state machine: event in, next state and actions out. The lease (a key with a time to live) makes
 * it quick; the epoch row in SQL makes it safe, and it is raised before the first act. A leader trusts its lease by its
 * own monotonic clock, for two thirds of its life counted from the moment the renewal was sent.
 */
export interface LeaderTiming {
  /** Life of the lease at the server. */
  readonly leaseMs: number;
  /** Renewals, and tries of candidates. */
  readonly renewMs: number;
  /** Own time-out of each lease operation. */
  readonly operationMs: number;
  /** How long after sending a successful renewal the leader may act. */
  readonly actMs: number;
  /** Own time-out of raising the epoch. */
  readonly bumpMs: number;
}
export const leaderTimingDefault: LeaderTiming = {
  leaseMs: 3_000,
  renewMs: 750,
  operationMs: 700,
  actMs: 2_000,
  bumpMs: 5_000,
};

/** Whose lease it is, as a candidate sees it. `free` = mine, released, or of an incarnation known to be dead. */
export type LeaseView =
  | { readonly owner: 'me' | 'free' | 'other'; readonly revision: number }
  | { readonly owner: 'nobody' };

export interface LeaderState {
  readonly phase: 'candidate' | 'winning' | 'leading' | 'stopped';
  /** My lease's newest revision, while I hold it. */
  readonly revision: number;
  readonly validUntilMs: number;
  /** > 0 while leading. */
  readonly epoch: number;
  /** A lease operation is in flight. */
  readonly busy: boolean;
  /** Number of the epoch bump in flight; 0 = none. */
  readonly bump: number;
  readonly bumps: number;
  /** Next lease operation. */
  readonly dueMs: number;
  /** An epoch seen above mine, to be outbid once a renewal sent after `sinceMs` proves that the lease is mine. */
  readonly outbid: { readonly above: number; readonly sinceMs: number } | undefined;
}

export type LeaderEvent =
  /** Time has passed. `jitter` in [0, 1). */
  | { readonly type: 'tick'; readonly jitter: number }
  /** The bus is back. */
  | { readonly type: 'connected' }
  /** Outcomes of lease operations; `revision` undefined = refused. */
  | { readonly type: 'created' | 'updated'; readonly sentMs: number; readonly revision: number | undefined }
  | { readonly type: 'inspected'; readonly lease: LeaseView }
  /** The lease operation failed or timed out: it may have taken effect. */
  | { readonly type: 'failed' }
  | { readonly type: 'bumped'; readonly bump: number; readonly epoch: number }
  | { readonly type: 'bumpFailed'; readonly bump: number; readonly message: string }
  | { readonly type: 'superseded'; readonly seen: number }
  | { readonly type: 'stop' };

export type LeaderAction =
  | { readonly type: 'create' | 'inspect' }
  | { readonly type: 'update' | 'release'; readonly revision: number }
  | { readonly type: 'bump'; readonly bump: number; readonly atLeast: number }
  | { readonly type: 'elected'; readonly epoch: number }
  | { readonly type: 'steppedDown'; readonly reason: string };

export interface LeaderStep {
  readonly state: LeaderState;
  readonly actions: readonly LeaderAction[];
}

const RETRY_SOON_MS = 50;

export function firstLeaderState(nowMs: number): LeaderState {
  return {
    phase: 'candidate',
    revision: 0,
    validUntilMs: Number.NEGATIVE_INFINITY,
    epoch: 0,
    busy: false,
    bump: 0,
    bumps: 0,
    dueMs: nowMs,
    outbid: undefined,
  };
}

/** The epoch under which I may act at this moment; 0 = not at all. */
export function epochAt(state: LeaderState, nowMs: number): number {
  return state.phase === 'leading' && nowMs < state.validUntilMs ? state.epoch : 0;
}

/** When the next `tick` is needed. */
export function wakeAt(state: LeaderState): number {
  if (state.phase === 'stopped') return Number.POSITIVE_INFINITY;
  const due = state.busy ? Number.POSITIVE_INFINITY : state.dueMs;
  return holds(state) ? Math.min(due, state.validUntilMs) : due;
}

export function leaderStep(
  state: LeaderState,
  event: LeaderEvent,
  nowMs: number,
  timing: LeaderTiming = leaderTimingDefault,
): LeaderStep {
  if (state.phase === 'stopped') return { state, actions: [] };
  if (!holds(state) || nowMs < state.validUntilMs) return handle(state, event, nowMs, timing);
  // Whatever has happened, the lease ran out first.
  const lost = lose(state, 'the lease could not be renewed in time');
  const then = handle(lost.state, event, nowMs, timing);
  return { state: then.state, actions: [...lost.actions, ...then.actions] };
}

function handle(state: LeaderState, event: LeaderEvent, nowMs: number, timing: LeaderTiming): LeaderStep {
  switch (event.type) {
    case 'tick':
      return onTick(state, event.jitter, nowMs, timing);
    case 'connected':
      return { state: { ...state, dueMs: nowMs }, actions: [] };
    case 'failed':
      return { state: { ...state, busy: false }, actions: [] };
    case 'created':
    case 'updated':
      return onWritten({ ...state, busy: false }, event, nowMs, timing);
    case 'inspected':
      return onInspected({ ...state, busy: false }, event.lease, nowMs);
    case 'bumped':
    case 'bumpFailed':
      return event.bump === state.bump && state.bump > 0
        ? onBump({ ...state, bump: 0 }, event, nowMs, timing)
        : { state, actions: [] };
    case 'superseded': {
      if (state.phase !== 'leading' || event.seen === state.epoch) return { state, actions: [] };
      // Below mine: the record has forgotten my epoch (restored from a backup) and takes nothing from me until it is
      // raised again, above what everybody else has seen.
      const above = Math.max(event.seen, state.epoch, state.outbid?.above ?? 0);
      return { state: { ...state, outbid: { above, sinceMs: nowMs }, dueMs: nowMs }, actions: [] };
    }
    case 'stop': {
      const { revision } = state;
      const lost = lose(state, 'stopped');
      const release: LeaderAction[] = holds(state) ? [{ type: 'release', revision }] : [];
      return {
        state: { ...lost.state, phase: 'stopped' },
        actions: [...lost.actions, ...release],
      };
    }
  }
}

function onTick(state: LeaderState, jitter: number, nowMs: number, timing: LeaderTiming): LeaderStep {
  if (state.busy || nowMs < state.dueMs) return { state, actions: [] };
  // Candidates spread out a little; a leader keeps its pace.
  const pace = holds(state) ? timing.renewMs : timing.renewMs * (0.9 + 0.2 * jitter);
  const next = { ...state, busy: true, dueMs: nowMs + pace };
  return holds(state)
    ? { state: next, actions: [{ type: 'update', revision: state.revision }] }
    : { state: next, actions: [{ type: 'create' }] };
}

function onWritten(
  state: LeaderState,
  event: { readonly sentMs: number; readonly revision: number | undefined },
  nowMs: number,
  timing: LeaderTiming,
): LeaderStep {
  const { revision, sentMs } = event;
  // Refused. Perhaps by my own earlier write whose answer was lost: look before judging.
  if (revision === undefined) return { state: { ...state, busy: true }, actions: [{ type: 'inspect' }] };
  const validUntilMs = sentMs + timing.actMs;
  if (nowMs >= validUntilMs) return { state, actions: [] };
  const held = { ...state, revision, validUntilMs: Math.max(state.validUntilMs, validUntilMs) };
  if (!holds(state)) return startBump({ ...held, phase: 'winning' }, 0);
  const { outbid } = state;
  if (outbid === undefined || sentMs < outbid.sinceMs) return { state: held, actions: [] };
  return startBump({ ...held, outbid: undefined }, outbid.above);
}

function startBump(state: LeaderState, atLeast: number): LeaderStep {
  const bump = state.bumps + 1;
  return {
    state: { ...state, bump, bumps: bump },
    actions: [{ type: 'bump', bump, atLeast }],
  };
}

function onInspected(state: LeaderState, lease: LeaseView, nowMs: number): LeaderStep {
  const busy = { ...state, busy: true };
  switch (lease.owner) {
    case 'nobody':
      // Holding it, this means that the server lost its memory: put it back. Else it has just run out.
      return holds(state)
        ? { state: busy, actions: [{ type: 'create' }] }
        : { state: { ...state, dueMs: Math.min(state.dueMs, nowMs + RETRY_SOON_MS) }, actions: [] };
    case 'me':
      return { state: busy, actions: [{ type: 'update', revision: lease.revision }] };
    case 'free':
      if (!holds(state)) {
        return { state: busy, actions: [{ type: 'update', revision: lease.revision }] };
      }
      return lose(state, 'the lease is not mine any more');
    case 'other':
      return holds(state) ? lose(state, 'another process holds the lease') : { state, actions: [] };
  }
}

function onBump(
  state: LeaderState,
  event: LeaderEvent & { readonly type: 'bumped' | 'bumpFailed' },
  nowMs: number,
  timing: LeaderTiming,
): LeaderStep {
  if (event.type === 'bumped') {
    const { epoch } = event;
    return { state: { ...state, phase: 'leading', epoch }, actions: [{ type: 'elected', epoch }] };
  }
  // Without SQL nobody leads; perhaps another candidate reaches it.
  const { revision } = state;
  const lost = lose(state, `the epoch could not be raised: ${event.message}`);
  return {
    state: { ...lost.state, dueMs: nowMs + 2 * timing.renewMs },
    actions: [...lost.actions, { type: 'release', revision }],
  };
}

function lose(state: LeaderState, reason: string): LeaderStep {
  return {
    state: {
      ...state,
      phase: 'candidate',
      revision: 0,
      validUntilMs: Number.NEGATIVE_INFINITY,
      epoch: 0,
      bump: 0,
      outbid: undefined,
    },
    actions: state.phase === 'leading' ? [{ type: 'steppedDown', reason }] : [],
  };
}

function holds(state: LeaderState): boolean {
  return state.phase === 'winning' || state.phase === 'leading';
}
