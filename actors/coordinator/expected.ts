/**
 * What queries must be answered from, and how each used segment stands: its rule's verdict, who hides it, whether it
 * was ever loaded. Pure.
 */
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
  readonly served: ReadonlySet<string>;
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

interface Judged extends UsedSegment {
  readonly verdict: Verdict;
  readonly queryable: boolean;
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
  const byDataSource = new Map<string, Judged[]>();
  const newlyLoaded: string[] = [];
  const ruledOut = new Map<string, string[]>();
  for (const used of input.used) {
    const { dataSource, interval } = used.segment;
    const verdict = input.rules.judge(dataSource, interval, input.nowMs);
    const wanted = asksForCopies(verdict);
    const isLoaded = input.loadedOnce.has(used.id);
    if (wanted && !isLoaded && input.served.has(used.id)) newlyLoaded.push(used.id);
    if (verdict.kind === 'drop') append(ruledOut, dataSource, used.id);
    append(byDataSource, dataSource, { ...used, verdict, queryable: wanted && isLoaded });
  }
  const segments: PlanSegment[] = [];
  const expected = new Map<string, Expected>();
  const hidden = new Map<string, string[]>();
  for (const [dataSource, judged] of byDataSource) {
    const shadows = overshadowing(judged);
    for (const one of judged) {
      const overshadowed = shadows(one.id);
      segments.push({
        id: one.id,
        dataSource,
        startMs: one.segment.interval.startMs,
        endMs: one.segment.interval.endMs,
        version: one.segment.version,
        bytes: one.segment.size,
        verdict: one.verdict,
        overshadowed,
        loadedOnce: input.loadedOnce.has(one.id),
      });
      if (overshadowed === 'queryable') append(hidden, dataSource, one.id);
      else if (asksForCopies(one.verdict)) expected.set(one.id, { json: one.json, queryable: one.queryable });
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
    const { interval, version, shardSpec } = one.segment;
    timeline.add({ interval, version, shardSpec, judged: one });
  }
  const published = new Set(timeline.overshadowed().map((placed) => placed.judged.id));
  // Nothing is hidden by a part unless it is hidden by the whole.
  if (published.size === 0) return () => 'no';
  const queryable = new Set(
    timeline.overshadowed((placed) => placed.judged.queryable).map((placed) => placed.judged.id),
  );
  return (id) => (queryable.has(id) ? 'queryable' : published.has(id) ? 'published' : 'no');
}

/** What to tell the watchers: `changed` in the order of `next`, `removed` = no longer expected. */
export function expectedDelta(
  before: ReadonlyMap<string, Expected>,
  next: ReadonlyMap<string, Expected>,
): {
  readonly changed: readonly (Expected & { readonly id: string })[];
  readonly removed: readonly string[];
} {
  if (before === next) return { changed: [], removed: [] };
  const changed: (Expected & { id: string })[] = [];
  for (const [id, entry] of next) {
    const old = before.get(id);
    if (old === undefined || old.queryable !== entry.queryable || old.json !== entry.json)
      changed.push({ id, ...entry });
  }
  const removed = [...before.keys()].filter((id) => !next.has(id));
  return { changed, removed };
}
