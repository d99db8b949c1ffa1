/**
 * What queries must be answered from, and how each used segment stands: its rule's verdict, who hides it, whether it
 * was ever loaded. Pure.
 */
import { atOnce } from '../../runtime/slices.js';
import type { DataSegment } from '../../segment/timeline/data-segment.js';
import { Timeline } from '../../segment/timeline/timeline.js';
import type { PlanSegment } from './plan.js';
import type { RuleBook, Verdict } from './rules.js';

export interface UsedSegment {
  readonly id: string;
  readonly segment: DataSegment;
  /** Its payload as the store holds it. */
  readonly json: string;
}

export interface StandingInput {
  readonly used: readonly UsedSegment[];
  /** Sticky: loaded once since it became used. */
  readonly loadedOnce: ReadonlySet<string>;
  /** Seen served in an inventory that is heard now. */
  readonly served: { has(id: string): boolean };
  readonly rules: RuleBook;
  readonly nowMs: number;
}

export interface Standing {
  readonly segments: readonly PlanSegment[];
  /** Used, asked for by a rule, and not hidden by what is queryable. */
  readonly expected: ReadonlyMap<string, Expected>;
  /** Served for the first time: to be remembered before anyone is told. */
  readonly newlyLoaded: readonly string[];
  /** By datasource: segments a drop rule speaks about, which Druid marks unused. */
  readonly ruledOut: ReadonlyMap<string, readonly string[]>;
  /** By datasource: hidden by what is queryable. */
  readonly hidden: ReadonlyMap<string, readonly string[]>;
}
export interface Expected {
  readonly json: string;
  readonly queryable: boolean;
}

interface Judged {
  readonly used: UsedSegment;
  readonly verdict: Verdict;
  readonly wanted: boolean;
  readonly isLoaded: boolean;
}
/** The timeline's view of a judged segment. */
interface Placed {
  readonly interval: DataSegment['interval'];
  readonly version: string;
  readonly shardSpec: DataSegment['shardSpec'];
  readonly judged: Judged;
}

/** Does the verdict ask for a copy anywhere? */
export function asksForCopies(verdict: Verdict): boolean {
  if (verdict.kind === 'broadcast') return true;
  return verdict.kind === 'load' && Object.values(verdict.replicants).some((count) => count > 0);
}

export function judgeSegments(input: StandingInput): Standing {
  return atOnce(judgeSteps(input));
}

/** So many segments are looked at in one step. */
const perStep = 500;

/** The same in short steps, but for the timeline of a datasource, which is one. */
export function* judgeSteps(input: StandingInput): Generator<void, Standing> {
  const byDataSource = new Map<string, Judged[]>();
  const newlyLoaded: string[] = [];
  const ruledOut = new Map<string, string[]>();
  const verdictOf = input.rules.judgesAt(input.nowMs);
  // Verdicts are shared by many segments.
  const asks = new Map<Verdict, boolean>();
  for (const [i, used] of input.used.entries()) {
    if (i % perStep === 0) yield;
    const { dataSource, interval } = used.segment;
    const verdict = verdictOf(dataSource, interval);
    let wanted = asks.get(verdict);
    if (wanted === undefined) asks.set(verdict, (wanted = asksForCopies(verdict)));
    const isLoaded = input.loadedOnce.has(used.id);
    if (wanted && !isLoaded && input.served.has(used.id)) newlyLoaded.push(used.id);
    if (verdict.kind === 'drop') append(ruledOut, dataSource, used.id);
    append(byDataSource, dataSource, { used, verdict, wanted, isLoaded });
  }
  const segments: PlanSegment[] = [];
  const expected = new Map<string, Expected>();
  const hidden = new Map<string, string[]>();
  for (const [dataSource, judged] of byDataSource) {
    yield;
    const shadows = overshadowing(judged);
    for (const [i, one] of judged.entries()) {
      if (i % perStep === 0) yield;
      const { id, segment, json } = one.used;
      const overshadowed = shadows(id);
      segments.push({
        id,
        dataSource,
        startMs: segment.interval.startMs,
        endMs: segment.interval.endMs,
        version: segment.version,
        bytes: segment.size,
        verdict: one.verdict,
        overshadowed,
        loadedOnce: one.isLoaded,
      });
      if (overshadowed === 'queryable') append(hidden, dataSource, id);
      else if (one.wanted) expected.set(id, { json, queryable: one.isLoaded });
    }
  }
  return { segments, expected, newlyLoaded, ruledOut, hidden };
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function overshadowing(judged: readonly Judged[]): (id: string) => PlanSegment['overshadowed'] {
  const timeline = new Timeline<Placed>();
  for (const one of judged) {
    const { interval, version, shardSpec } = one.used.segment;
    timeline.add({ interval, version, shardSpec, judged: one });
  }
  const published = new Set(timeline.overshadowed().map((placed) => placed.judged.used.id));
  // Nothing is hidden by a part unless it is hidden by the whole.
  if (published.size === 0) return () => 'no';
  const queryable = new Set(
    timeline
      .overshadowed(({ judged: { wanted, isLoaded } }) => wanted && isLoaded)
      .map((placed) => placed.judged.used.id),
  );
  return (id) => (queryable.has(id) ? 'queryable' : published.has(id) ? 'published' : 'no');
}

export interface ExpectedDelta {
  readonly changed: readonly (Expected & { readonly id: string })[];
  readonly removed: readonly string[];
}

/** What to tell the watchers: `changed` in the order of `next`, `removed` = no longer expected. */
export function expectedDelta(
  before: ReadonlyMap<string, Expected>,
  next: ReadonlyMap<string, Expected>,
): ExpectedDelta {
  return atOnce(deltaSteps(before, next));
}

/** The same in short steps. */
export function* deltaSteps(
  before: ReadonlyMap<string, Expected>,
  next: ReadonlyMap<string, Expected>,
): Generator<void, ExpectedDelta> {
  const changed: (Expected & { id: string })[] = [];
  const removed: string[] = [];
  if (before === next) return { changed, removed };
  let looked = 0;
  for (const [id, entry] of next) {
    if (looked++ % perStep === 0) yield;
    const old = before.get(id);
    if (old === undefined || old.queryable !== entry.queryable || old.json !== entry.json)
      changed.push({ id, ...entry });
  }
  for (const id of before.keys()) {
    if (looked++ % perStep === 0) yield;
    if (!next.has(id)) removed.push(id);
  }
  return { changed, removed };
}
