/** Retention rules: Druid's JSON read, written back with defaults, and matched against segments. */
import { invalidInput } from '../../proto/errors.js';
import { addPeriod, parsePeriod, type Period } from '../../query/granularity/period.js';
import { utcZone } from '../../query/granularity/zone.js';
import type { IntervalMs } from '../../segment/read/view.js';
import { formatInterval, parseInterval } from '../../segment/timeline/interval.js';

export const DEFAULT_TIER = '_default_tier';
/** Druid's, when the store holds no `_default` list. */
export const DEFAULT_REPLICANTS = 2;
export const CLUSTER_RULES = '_default';

/** When a rule speaks about a segment. Periods end now (and, with `includeFuture`, go on). */
type Span =
  | { readonly span: 'forever' }
  | { readonly span: 'interval'; readonly interval: IntervalMs; readonly given: string }
  | {
      readonly span: 'period';
      readonly period: Period;
      readonly given: string;
      readonly includeFuture: boolean;
    }
  | { readonly span: 'before'; readonly period: Period; readonly given: string };

export type Rule = Span &
  (
    | {
        readonly kind: 'load';
        /** Tier → copies. */
        readonly replicants: Readonly<Record<string, number>>;
        readonly useDefaultTierForNull: boolean;
      }
    | { readonly kind: 'drop' }
    /** A copy on every data node. */
    | { readonly kind: 'broadcast' }
  );

const kinds = ['load', 'drop', 'broadcast'] as const;
const spans = ['Forever', 'ByInterval', 'ByPeriod'] as const;
const knownTypes: readonly string[] = [
  ...kinds.flatMap((kind) => spans.map((span) => `${kind}${span}`)),
  'dropBeforeByPeriod',
].toSorted();

/** Reads a rule list. Throws InvalidInput naming the rule and the key. */
export function parseRules(json: unknown): Rule[] {
  if (!Array.isArray(json)) {
    const what = json === null ? 'null' : typeof json === 'object' ? 'Object value' : typeof json;
    throw invalidInput(`Cannot deserialize a list of rules from ${what}`, 'rules');
  }
  return json.map((item: unknown, i) => parseRule(item, `rules[${i}]`));
}

/** The text of a metadata row. */
export function parseRulesText(text: string): Rule[] {
  return parseRules(JSON.parse(text));
}

function parseRule(json: unknown, field: string): Rule {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalidInput(`${field} must be an object`, field);
  }
  const row = json as Record<string, unknown>;
  const type = row['type'];
  if (typeof type !== 'string' || !knownTypes.includes(type)) {
    throw invalidInput(
      `Could not resolve type id '${String(type)}' of ${field} as a rule; known type ids = [${knownTypes.join(', ')}]`,
      `${field}.type`,
    );
  }
  const kind = kinds.find((name) => type.startsWith(name)) ?? 'drop';
  const span = parseSpan(type.slice(kind.length), row, field);
  if (kind !== 'load') return { kind, ...span };
  const useDefaultTierForNull = row['useDefaultTierForNull'] !== false;
  return {
    kind,
    ...span,
    useDefaultTierForNull,
    replicants: parseReplicants(row, useDefaultTierForNull, field),
  };
}

function parseSpan(name: string, row: Record<string, unknown>, field: string): Span {
  if (name === 'Forever') return { span: 'forever' };
  if (name === 'ByInterval') {
    const given = row['interval'];
    if (typeof given !== 'string')
      throw invalidInput(`${field}.interval must be a text`, `${field}.interval`);
    return { span: 'interval', interval: parseInterval(given, `${field}.interval`), given };
  }
  const given = row['period'];
  const period = typeof given === 'string' ? parsePeriod(given) : undefined;
  if (typeof given !== 'string' || period === undefined) {
    throw invalidInput(`${field}.period must be an ISO period`, `${field}.period`);
  }
  if (name === 'BeforeByPeriod') return { span: 'before', period, given };
  return { span: 'period', period, given, includeFuture: row['includeFuture'] !== false };
}

function parseReplicants(
  row: Record<string, unknown>,
  useDefault: boolean,
  field: string,
): Readonly<Record<string, number>> {
  const given = row['tieredReplicants'] ?? null;
  if (given === null) return useDefault ? { [DEFAULT_TIER]: DEFAULT_REPLICANTS } : {};
  const key = `${field}.tieredReplicants`;
  if (typeof given !== 'object' || Array.isArray(given)) throw invalidInput(`${key} must be an object`, key);
  const replicants: Record<string, number> = {};
  for (const [tier, count] of Object.entries(given)) {
    if (!Number.isInteger(count) || (count as number) < 0) {
      throw invalidInput(`${key}[${tier}] must be a whole number >= 0`, key);
    }
    replicants[tier] = count as number;
  }
  return replicants;
}

/** Druid's JSON, keys in its order. */
export function ruleToJson(rule: Rule): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  if (rule.span === 'interval') json['interval'] = formatInterval(rule.interval);
  if (rule.span === 'period') {
    json['period'] = rule.given;
    json['includeFuture'] = rule.includeFuture;
  }
  if (rule.span === 'before') json['period'] = rule.given;
  if (rule.kind === 'load') {
    json['tieredReplicants'] = rule.replicants;
    json['useDefaultTierForNull'] = rule.useDefaultTierForNull;
  }
  const suffix = { forever: 'Forever', interval: 'ByInterval', period: 'ByPeriod', before: 'BeforeByPeriod' };
  json['type'] = `${rule.kind}${suffix[rule.span]}`;
  return json;
}

/** Load and broadcast rules take what they touch, drop rules only what they hold whole. */
export function ruleApplies(rule: Rule, segment: IntervalMs, nowMs: number): boolean {
  return isFor(reachOf(rule, nowMs), segment);
}

/** The time a rule speaks about at a given moment. */
interface Reach extends IntervalMs {
  /** Only segments that lie in it as a whole, and not those that touch it. */
  readonly whole: boolean;
}

function reachOf(rule: Rule, nowMs: number): Reach {
  const whole = rule.kind === 'drop';
  switch (rule.span) {
    case 'forever':
      return { startMs: -Infinity, endMs: Infinity, whole: false };
    case 'interval':
      return { ...rule.interval, whole };
    case 'before':
      return { startMs: -Infinity, endMs: addPeriod(nowMs, rule.period, -1, utcZone), whole: true };
    case 'period': {
      const startMs = addPeriod(nowMs, rule.period, -1, utcZone);
      return { startMs, endMs: rule.includeFuture ? Infinity : nowMs, whole };
    }
  }
}

function isFor({ startMs, endMs, whole }: Reach, segment: IntervalMs): boolean {
  return whole
    ? startMs <= segment.startMs && segment.endMs <= endMs
    : startMs < segment.endMs && segment.startMs < endMs;
}

/** What the first fitting rule asks for. */
export type Verdict =
  | { readonly kind: 'load'; readonly replicants: Readonly<Record<string, number>> }
  | { readonly kind: 'broadcast' }
  | { readonly kind: 'drop' }
  /** No rule speaks about the segment: it stays as it is. */
  | { readonly kind: 'none' };

export const defaultRules: readonly Rule[] = [
  {
    kind: 'load',
    span: 'forever',
    replicants: { [DEFAULT_TIER]: DEFAULT_REPLICANTS },
    useDefaultTierForNull: true,
  },
];

const noVerdict: Verdict = { kind: 'none' };

/** A datasource's own list, then the cluster's. */
export class RuleBook {
  readonly #lists: ReadonlyMap<string, readonly Rule[]>;
  readonly #verdicts = new Map<Rule, Verdict>();

  constructor(lists: ReadonlyMap<string, readonly Rule[]>) {
    this.#lists = lists;
  }

  get cluster(): readonly Rule[] {
    return this.#lists.get(CLUSTER_RULES) ?? defaultRules;
  }
  own(dataSource: string): readonly Rule[] {
    return dataSource === CLUSTER_RULES ? this.cluster : (this.#lists.get(dataSource) ?? []);
  }
  get dataSources(): readonly string[] {
    return [...this.#lists.keys()];
  }

  /** Some verdict may change by time alone. */
  get hasPeriods(): boolean {
    return [...this.#lists.values()].some((list) =>
      list.some(({ span }) => span === 'period' || span === 'before'),
    );
  }

  judge(dataSource: string, interval: IntervalMs, nowMs: number): Verdict {
    return this.judgesAt(nowMs)(dataSource, interval);
  }

  /** All segments of a moment: what a rule speaks about is worked out once. */
  judgesAt(nowMs: number): (dataSource: string, interval: IntervalMs) => Verdict {
    const listOf = (rules: readonly Rule[]): { readonly reach: Reach; readonly verdict: Verdict }[] =>
      rules.map((rule) => ({ reach: reachOf(rule, nowMs), verdict: this.#verdictOf(rule) }));
    const cluster = listOf(this.cluster);
    const lists = new Map([...this.#lists.keys()].map((name) => [name, listOf(this.own(name))]));
    return (dataSource, interval) => {
      for (const { reach, verdict } of lists.get(dataSource) ?? [])
        if (isFor(reach, interval)) return verdict;
      for (const { reach, verdict } of cluster) if (isFor(reach, interval)) return verdict;
      return noVerdict;
    };
  }

  /** One object a rule: there may be very many segments. */
  #verdictOf(rule: Rule): Verdict {
    const known = this.#verdicts.get(rule);
    if (known !== undefined) return known;
    const verdict: Verdict =
      rule.kind === 'load' ? { kind: 'load', replicants: rule.replicants } : { kind: rule.kind };
    this.#verdicts.set(rule, verdict);
    return verdict;
  }
}
