/**
 * What to load and drop where, derived from scratch each time: used segments and their verdicts, the data nodes'
 * inventories, commands still under way. Pure: state in, commands out.
 */
import { atOnce } from '../../runtime/slices.js';
import type { Verdict } from './rules.js';

export interface PlanSegment {
  readonly id: string;
  readonly dataSource: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly version: string;
  readonly bytes: number;
  readonly verdict: Verdict;
  /**
   * `queryable`: newer versions that queries are answered from cover it: its copies may go. `published`: newer ones
   * cover it that were never loaded yet; it is kept where it is, and not loaded when it never was.
   */
  readonly overshadowed: 'no' | 'queryable' | 'published';
  readonly loadedOnce: boolean;
}

export type CopyState = 'loading' | 'served' | 'failed' | 'dropping' | 'realtime';

export interface PlanNode {
  readonly name: string;
  readonly tier: string;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** Its inventory stream is whole and alive: what it shows has been seen, not remembered. */
  readonly fresh: boolean;
  /** Gets nothing new: it drains, or is suspect. */
  readonly closed: boolean;
  readonly copies: ReadonlyMap<string, CopyState>;
}

export interface InFlight {
  readonly node: string;
  readonly segmentId: string;
  readonly kind: 'load' | 'drop';
}

export interface PlanInput {
  readonly used: readonly PlanSegment[];
  readonly nodes: readonly PlanNode[];
  readonly inFlight: readonly InFlight[];
  /** Every broker has applied an expected set without this segment: its last copies may go. */
  readonly released: (segmentId: string) => boolean;
  /** Absent: any copy may be dropped; else only these are thought of. */
  readonly dropsAsked?: (node: string, segmentId: string) => boolean;
  /** Loads under way on one node, commands and unfinished copies together. */
  readonly loadsPerNodeMax: number;
}

export interface PlannedCommand {
  readonly kind: 'load' | 'drop';
  readonly node: string;
  readonly segmentId: string;
}
export interface Plan {
  /** In the order they should go out: first copies (newest data first), further copies, drops. */
  readonly commands: readonly PlannedCommand[];
  /** Tier → datasource → copies that are still missing (the most a tier can hold is asked for). */
  readonly missing: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

interface NodeState {
  readonly node: PlanNode;
  /** Bytes with everything on its way. */
  bytes: number;
  loads: number;
  readonly loading: Set<string>;
  readonly dropping: Set<string>;
}

export function makePlan(input: PlanInput): Plan {
  return atOnce(planSteps(input));
}

/** The same in steps of bounded length: there may be very many segments. */
export function planSteps(input: PlanInput): Generator<void, Plan> {
  return new Planner(input).run();
}

/** So many segments or copies are looked at in one step. */
const perStep = 500;

/** Copies asked for in each tier; `_default_tier` with no nodes still counts as asked for. */
export function wantedPerTier(
  verdict: Verdict,
  nodes: readonly Pick<PlanNode, 'tier'>[],
): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  if (verdict.kind === 'load') {
    for (const [tier, count] of Object.entries(verdict.replicants)) if (count > 0) wanted.set(tier, count);
  } else if (verdict.kind === 'broadcast') {
    for (const node of nodes) wanted.set(node.tier, (wanted.get(node.tier) ?? 0) + 1);
  }
  return wanted;
}

class Planner {
  readonly #input: PlanInput;
  readonly #states = new Map<string, NodeState>();
  readonly #tiers = new Map<string, NodeState[]>();
  readonly #bytesOf: ReadonlyMap<string, number>;
  readonly #firstLoads: PlannedCommand[] = [];
  readonly #moreLoads: PlannedCommand[] = [];
  readonly #drops: PlannedCommand[] = [];
  readonly #missing = new Map<string, Map<string, number>>();
  /** Verdicts are shared by many segments. */
  readonly #wanted = new Map<Verdict, ReadonlyMap<string, number>>();

  constructor(input: PlanInput) {
    this.#input = input;
    this.#bytesOf = new Map(input.used.map((segment) => [segment.id, segment.bytes]));
    for (const node of input.nodes) this.#states.set(node.name, this.#stateOf(node));
    for (const flight of input.inFlight) {
      const state = this.#states.get(flight.node);
      if (state === undefined) continue;
      if (flight.kind === 'drop') state.dropping.add(flight.segmentId);
      else this.#startLoad(state, flight.segmentId);
    }
    for (const state of this.#states.values()) {
      const tier = this.#tiers.get(state.node.tier) ?? [];
      tier.push(state);
      this.#tiers.set(state.node.tier, tier);
    }
  }

  *run(): Generator<void, Plan> {
    const newestFirst = this.#input.used.toSorted(
      (a, b) => b.endMs - a.endMs || b.startMs - a.startMs || (a.id < b.id ? -1 : 1),
    );
    // First copies before second ones: answering all data once matters more than answering some of it twice.
    for (const isFirst of [true, false]) {
      for (const [i, segment] of newestFirst.entries()) {
        if (i % perStep === 0) yield;
        this.#loadCopies(segment, isFirst);
      }
    }
    yield* this.#planDrops();
    return {
      commands: [...this.#firstLoads, ...this.#moreLoads, ...this.#drops],
      missing: this.#missing,
    };
  }

  #wantedOf(verdict: Verdict): ReadonlyMap<string, number> {
    let wanted = this.#wanted.get(verdict);
    if (wanted === undefined) {
      wanted = wantedPerTier(verdict, this.#input.nodes);
      this.#wanted.set(verdict, wanted);
    }
    return wanted;
  }

  #stateOf(node: PlanNode): NodeState {
    const loading = new Set<string>();
    for (const [id, copy] of node.copies) if (copy === 'loading') loading.add(id);
    return { node, bytes: node.usedBytes, loads: loading.size, loading, dropping: new Set() };
  }

  #startLoad(state: NodeState, segmentId: string): void {
    if (state.loading.has(segmentId) || state.node.copies.get(segmentId) === 'served') return;
    state.loading.add(segmentId);
    state.loads += 1;
    state.bytes += this.#bytesOf.get(segmentId) ?? 0;
  }

  #has(state: NodeState, segmentId: string): boolean {
    if (state.loading.has(segmentId)) return true;
    return state.node.copies.get(segmentId) === 'served' && !state.dropping.has(segmentId);
  }

  #loadCopies(segment: PlanSegment, first: boolean): void {
    if (segment.overshadowed === 'queryable') return;
    if (segment.overshadowed === 'published' && !segment.loadedOnce) return;
    let held = 0;
    for (const state of this.#states.values()) if (this.#has(state, segment.id)) held += 1;
    for (const [tier, wanted] of this.#wantedOf(segment.verdict)) {
      const states = this.#tiers.get(tier) ?? [];
      let have = 0;
      for (const state of states) if (this.#has(state, segment.id)) have += 1;
      const target = first ? Math.min(wanted, held === 0 ? 1 : 0) : wanted;
      while (have < target) {
        const state = this.#choose(states, segment);
        if (state === undefined) break;
        this.#startLoad(state, segment.id);
        const command = { kind: 'load', node: state.node.name, segmentId: segment.id } as const;
        (held === 0 ? this.#firstLoads : this.#moreLoads).push(command);
        have += 1;
        held += 1;
      }
      if (!first) this.#countMissing(segment, tier, states, wanted);
    }
  }

  #countMissing(segment: PlanSegment, tier: string, states: readonly NodeState[], wanted: number): void {
    let served = 0;
    for (const { node } of states) if (node.copies.get(segment.id) === 'served') served += 1;
    const byDataSource = this.#missing.get(tier) ?? new Map<string, number>();
    const missing = Math.max(0, wanted - served);
    byDataSource.set(segment.dataSource, (byDataSource.get(segment.dataSource) ?? 0) + missing);
    this.#missing.set(tier, byDataSource);
  }

  /** Least loaded first by share of capacity; a node where this very segment failed only when there is no other. */
  #choose(states: readonly NodeState[], segment: PlanSegment): NodeState | undefined {
    let best: NodeState | undefined;
    let bestRank = Infinity;
    for (const state of states) {
      const { node } = state;
      if (node.closed || !node.fresh || this.#has(state, segment.id)) continue;
      if (state.dropping.has(segment.id) || state.loads >= this.#input.loadsPerNodeMax) continue;
      if (state.bytes + segment.bytes > node.capacityBytes) continue;
      const rank = state.bytes / node.capacityBytes + (node.copies.get(segment.id) === 'failed' ? 2 : 0);
      if (rank < bestRank || (rank === bestRank && node.name < (best?.node.name ?? ''))) {
        best = state;
        bestRank = rank;
      }
    }
    return best;
  }

  *#planDrops(): Generator<void, void> {
    const used = new Map(this.#input.used.map((segment) => [segment.id, segment]));
    const busiestFirst = [...this.#states.values()].toSorted(
      (a, b) => b.bytes / b.node.capacityBytes - a.bytes / a.node.capacityBytes,
    );
    for (const state of busiestFirst) {
      // A node that isn't heard now would not show the drop either.
      if (!state.node.fresh) continue;
      let looked = 0;
      for (const [id, copy] of state.node.copies) {
        if (looked++ % perStep === 0) yield;
        if (copy === 'dropping' || copy === 'realtime' || state.dropping.has(id)) continue;
        if (this.#input.dropsAsked?.(state.node.name, id) === false) continue;
        if (this.#mayDrop(used.get(id), id, state, copy)) {
          state.dropping.add(id);
          this.#drops.push({ kind: 'drop', node: state.node.name, segmentId: id });
        }
      }
    }
  }

  #mayDrop(segment: PlanSegment | undefined, id: string, state: NodeState, copy: CopyState): boolean {
    const unwanted =
      segment === undefined ||
      segment.overshadowed === 'queryable' ||
      segment.verdict.kind === 'drop' ||
      (segment.verdict.kind === 'load' && this.#wantedOf(segment.verdict).size === 0);
    if (unwanted) return this.#input.released(id);
    if (segment.verdict.kind === 'none' || segment.verdict.kind === 'broadcast') return false;
    if (segment.overshadowed === 'published' && !segment.loadedOnce) return false;
    return this.#isSurplus(segment, segment.verdict.replicants, state, copy);
  }

  /** A copy too many in its tier, while every tier has all it asks for *seen served* elsewhere, at least one at all. */
  #isSurplus(
    segment: PlanSegment,
    replicants: Readonly<Record<string, number>>,
    state: NodeState,
    copy: CopyState,
  ): boolean {
    const seenElsewhere = (tier: string): number => {
      let seen = 0;
      for (const other of this.#tiers.get(tier) ?? []) {
        if (other === state || !other.node.fresh || other.dropping.has(segment.id)) continue;
        if (other.node.copies.get(segment.id) === 'served') seen += 1;
      }
      return seen;
    };
    let total = 0;
    for (const tier of this.#tiers.keys()) total += seenElsewhere(tier);
    if (total === 0) return false;
    for (const [tier, wanted] of Object.entries(replicants)) {
      const most = Math.max(1, this.#tiers.get(tier)?.length ?? 0);
      if (seenElsewhere(tier) < Math.min(wanted, most)) return false;
    }
    // A load that goes on where it is not asked for is stopped too; one that failed leaves its place.
    return copy === 'served' || copy === 'loading' || copy === 'failed';
  }
}
