/**
 * Life states of actors, supervisors, roles and nodes, and what a supervisor needs of what it supervises.
 */
import { CodedError } from '../proto/errors.js';
import type { ChildSpec, Deadline, LifecycleState, StopReason } from './types.js';

const next: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  NEW: ['STARTING', 'STOPPED'],
  STARTING: ['RUNNING', 'STOPPED', 'FAILED'],
  RUNNING: ['DRAINING', 'STOPPED', 'FAILED'],
  DRAINING: ['STOPPED', 'FAILED'],
  // What ended may be started again by its supervisor.
  STOPPED: ['STARTING'],
  FAILED: ['STARTING', 'STOPPED'],
};

export function mayFollow(from: LifecycleState, to: LifecycleState): boolean {
  return next[from].includes(to);
}

/** A state that only moves along the allowed ways; anything else is a Bug. */
export class Lifecycle {
  private current: LifecycleState = 'NEW';
  private readonly name: string;
  private readonly changed: ((state: LifecycleState) => void) | undefined;

  constructor(name: string, changed?: (state: LifecycleState) => void) {
    this.name = name;
    this.changed = changed;
  }

  get state(): LifecycleState {
    return this.current;
  }

  move(to: LifecycleState): void {
    if (to === this.current) return;
    if (!mayFollow(this.current, to)) {
      throw new CodedError('Bug', `${this.name} can't go from ${this.current} to ${to}`);
    }
    this.current = to;
    this.changed?.(to);
  }

  /** STOPPED or FAILED, from wherever it is. */
  end(reason: StopReason): void {
    const to = reason.kind === 'failed' ? 'FAILED' : 'STOPPED';
    if (mayFollow(this.current, to)) this.move(to);
  }
}

/** True between a successful start and the end. */
export function isUp(state: LifecycleState): boolean {
  return state === 'RUNNING' || state === 'DRAINING';
}

export interface StateRow {
  readonly path: string;
  readonly state: LifecycleState;
  readonly restarts: number;
}

/** An actor or a supervisor, as its supervisor sees it. */
export interface Supervised {
  readonly path: string;
  readonly restart: NonNullable<ChildSpec<never>['restart']>;
  /** Grace for draining + stopping. */
  readonly shutdownMs: number;
  /** Set by the supervisor: called when it ends on its own, at most once per start. */
  ended: (reason: StopReason) => void;
  /** A new run. Rejects when it can't start. */
  start(): Promise<void>;
  /** Resolves when no work is left, or at the deadline. */
  drain(deadline: Deadline): Promise<void>;
  /** Ends the run; may be started again. Resolves at the deadline at the latest. */
  halt(reason: StopReason, deadline: Deadline): Promise<void>;
  /** Never to be started again: refs die, watchers hear of it. */
  retire(reason: StopReason): void;
  states(): Iterable<StateRow>;
}

export function describeReason(reason: StopReason): string {
  return reason.kind === 'failed' ? `failed: ${reason.error.message}` : reason.kind;
}
