/**
 * Who is alive, judged from heartbeats alone: no clock, no bus. All times are monotonic milliseconds of the listener.
 * While the listener itself is cut off (it knows so, or does not hear its own beats), or was too late to listen, it
 * judges nobody; afterwards everybody gets a fresh lease.
 */
export interface DetectorLimits {
  readonly beatMs: number;
  /** Missed beats before a node is suspect. */
  readonly suspectBeats: number;
  /** Silence before a node is dead. */
  readonly deadMs: number;
  /** A check this late after the one before means that we ourselves were not running. */
  readonly lateMs: number;
  /** My own beats not heard for so long: the silence may be mine. Below (suspectBeats - 1) × beatMs. */
  readonly echoMs: number;
}
export const detectorLimitsDefault: DetectorLimits = {
  beatMs: 500,
  suspectBeats: 3,
  deadMs: 1_750,
  lateMs: 1_000,
  echoMs: 900,
};

const DEPARTED_MAX = 1_000;

export interface Beat {
  readonly node: string;
  readonly incarnation: string;
  readonly sequence: number;
  readonly startedAtMs: number;
}
/** `joined`: new, or back from the dead, or a new incarnation; `recovered`: was suspect; `ignored`: old news. */
export type BeatVerdict = 'joined' | 'recovered' | 'alive' | 'ignored';

interface Lease {
  readonly incarnation: string;
  readonly startedAtMs: number;
  sequence: number;
  heardMs: number;
  suspect: boolean;
}

export class FailureDetector {
  private readonly limits: DetectorLimits;
  private readonly leases = new Map<string, Lease>();
  /** The last word of incarnations that have left: their stray beats must not bring them back. */
  private readonly departed = new Map<string, string>();
  private connected = true;
  private checkedMs: number | undefined;
  /** When I last heard myself; undefined = not yet listening for it. */
  private echoedMs: number | undefined;
  private deaf = false;

  constructor(limits: DetectorLimits = detectorLimitsDefault) {
    this.limits = limits;
  }

  beat(beat: Beat, nowMs: number): BeatVerdict {
    if (this.departed.get(beat.node) === beat.incarnation) return 'ignored';
    const lease = this.leases.get(beat.node);
    if (lease === undefined || lease.incarnation !== beat.incarnation) {
      if (lease !== undefined && !this.replaces(beat, lease, nowMs)) return 'ignored';
      const { incarnation, startedAtMs, sequence } = beat;
      const fresh = { incarnation, startedAtMs, sequence, heardMs: nowMs, suspect: false };
      this.leases.set(beat.node, fresh);
      this.departed.delete(beat.node);
      return 'joined';
    }
    if (beat.sequence <= lease.sequence) return 'ignored';
    lease.sequence = beat.sequence;
    lease.heardMs = nowMs;
    const { suspect } = lease;
    lease.suspect = false;
    return suspect ? 'recovered' : 'alive';
  }

  /** The node said goodbye. False when that is old news. */
  leaving(beat: Beat): boolean {
    const lease = this.leases.get(beat.node);
    if (lease !== undefined && lease.incarnation !== beat.incarnation) return false;
    this.departed.delete(beat.node);
    this.departed.set(beat.node, beat.incarnation);
    // Names of short-lived nodes would pile up for ever; a stray beat is never this late.
    for (const oldest of this.departed.keys()) {
      if (this.departed.size <= DEPARTED_MAX) break;
      this.departed.delete(oldest);
    }
    return this.leases.delete(beat.node);
  }

  /** To be called regularly; names those whose state has changed. The dead are forgotten. */
  check(nowMs: number): { readonly suspect: readonly string[]; readonly dead: readonly string[] } {
    const late = this.checkedMs !== undefined && nowMs - this.checkedMs > this.limits.lateMs;
    this.checkedMs = nowMs;
    const suspect: string[] = [];
    const dead: string[] = [];
    if (this.echoedMs !== undefined && nowMs - this.echoedMs > this.limits.echoMs) this.deaf = true;
    if (!this.connected || this.deaf) return { suspect, dead };
    if (late) this.renewAll(nowMs);
    for (const [node, lease] of this.leases) {
      const silentMs = nowMs - lease.heardMs;
      if (silentMs > this.limits.deadMs) {
        this.leases.delete(node);
        dead.push(node);
      } else if (!lease.suspect && silentMs > this.suspectMs) {
        lease.suspect = true;
        suspect.push(node);
      }
    }
    return { suspect, dead };
  }

  /** I have heard my own beat (or begin to listen for it). */
  ownBeat(nowMs: number): void {
    this.echoedMs = nowMs;
    if (!this.deaf) return;
    this.deaf = false;
    this.renewAll(nowMs);
  }

  /** My own connection is down. */
  cutOff(): void {
    this.connected = false;
  }

  /** My own connection is back. */
  reconnected(nowMs: number): void {
    this.connected = true;
    this.renewAll(nowMs);
  }

  isSuspect(node: string): boolean {
    return this.leases.get(node)?.suspect ?? false;
  }

  private get suspectMs(): number {
    return this.limits.beatMs * this.limits.suspectBeats;
  }

  private renewAll(nowMs: number): void {
    for (const lease of this.leases.values()) lease.heardMs = nowMs;
  }

  /**
   * Of two incarnations the later start is the newer one. Wall clocks may be set back between two starts, so silence
   * of the known one decides as well.
   */
  private replaces(beat: Beat, lease: Lease, nowMs: number): boolean {
    return beat.startedAtMs >= lease.startedAtMs || nowMs - lease.heardMs > this.suspectMs;
  }
}
