/** The registered lookups as they stand in the store: tier → name → version and factory. Changes of them are pure. */
import { invalidInput } from '../../proto/errors.js';
import { isObject, type JsonObject, objectAt, optionalText } from '../../query/native/json-fields.js';
import { parseLookupSpec } from '../../query/lookup/spec.js';

export interface LookupEntry {
  /** Old entries may have none. */
  readonly version: string | null;
  readonly lookupExtractorFactory: JsonObject;
}
export type TierLookups = Readonly<Record<string, LookupEntry>>;
export type LookupConfig = Readonly<Record<string, TierLookups>>;

/** A change that Druid refuses with status 500. */
export class LookupConflict extends Error {}

export function parseEntry(json: unknown, field: string): LookupEntry {
  const object = objectAt(json, field);
  if (!isObject(object['lookupExtractorFactory'])) throw invalidInput(`${field}: null factory`, field);
  return {
    version: optionalText(object, 'version', field) ?? null,
    lookupExtractorFactory: object['lookupExtractorFactory'],
  };
}

export function parseConfig(json: unknown): LookupConfig {
  const tiers = Object.entries(objectAt(json, 'lookups')).map(([tier, lookups]) => {
    checkName(tier, 'tier');
    const entries = Object.entries(objectAt(lookups, tier)).map(([name, entry]) => {
      checkName(name, tier);
      return [name, parseEntry(entry, `${tier}.${name}`)];
    });
    return [tier, Object.fromEntries(entries)];
  });
  return Object.fromEntries(tiers) as LookupConfig;
}

/** A key of that name would not be one of ours. */
function checkName(name: string, field: string): void {
  if (name === '' || name === '__proto__')
    throw invalidInput(`${field}: name[${name}] is not allowed`, field);
}

/** What is registered, and nothing that every object has. */
export function entriesOf(config: LookupConfig | undefined, tier: string): TierLookups | undefined {
  return config !== undefined && Object.hasOwn(config, tier) ? config[tier] : undefined;
}
export function entryOf(
  config: LookupConfig | undefined,
  tier: string,
  name: string,
): LookupEntry | undefined {
  const lookups = entriesOf(config, tier);
  return lookups !== undefined && Object.hasOwn(lookups, name) ? lookups[name] : undefined;
}

/** New and changed entries; nothing is removed. Throws LookupConflict, InvalidInput, Unsupported. */
export function withUpdates(before: LookupConfig | undefined, updates: LookupConfig): LookupConfig {
  for (const [tier, lookups] of Object.entries(updates)) {
    checkName(tier, 'tier');
    for (const [name, { version, lookupExtractorFactory }] of Object.entries(lookups)) {
      checkName(name, tier);
      if (version === null) throw new LookupConflict(`lookup [${tier}]:[${name}] does not have version.`);
      parseLookupSpec(lookupExtractorFactory, `${tier}.${name}.lookupExtractorFactory`);
    }
  }
  if (before === undefined) {
    if (Object.keys(updates).length === 0) return {};
    // Whoever has not seen what there is could overwrite it.
    throw new LookupConflict('Not initialized. If this is the first lookup, post an empty map to initialize');
  }
  const after: Record<string, TierLookups> = { ...before };
  for (const [tier, lookups] of Object.entries(updates)) {
    for (const [name, entry] of Object.entries(lookups)) {
      const known = entryOf(before, tier, name);
      if (known === undefined || replaces(entry.version, known.version)) continue;
      throw new LookupConflict(
        `given update for lookup [${tier}]:[${name}] can't replace existing spec [${entryText(known)}].`,
      );
    }
    after[tier] = { ...entriesOf(before, tier), ...lookups };
  }
  return after;
}

/** Versions are texts; a later one is a greater one, and any is later than none. */
export function replaces(version: string | null, known: string | null): boolean {
  if (version === null || known === null) return version !== null;
  return version > known;
}

/** Undefined: there is no such tier. */
export function withoutTier(before: LookupConfig | undefined, tier: string): LookupConfig | undefined {
  if (before === undefined || !Object.hasOwn(before, tier)) return undefined;
  const { [tier]: _, ...after } = before;
  return after;
}

/** A tier goes with its last lookup. Undefined: there is no such lookup. */
export function withoutLookup(
  before: LookupConfig | undefined,
  tier: string,
  name: string,
): LookupConfig | undefined {
  const lookups = entriesOf(before, tier);
  if (before === undefined || lookups === undefined || !Object.hasOwn(lookups, name)) return undefined;
  const { [name]: _, ...rest } = lookups;
  return Object.keys(rest).length === 0 ? withoutTier(before, tier) : { ...before, [tier]: rest };
}

const textMax = 2_000;

/** As Druid's error shows it. */
function entryText({ version, lookupExtractorFactory }: LookupEntry): string {
  const shown = version === null ? 'null' : `'${version}'`;
  const text = `LookupExtractorFactoryContainer{version=${shown}, lookupExtractorFactory=${javaText(lookupExtractorFactory)}}`;
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`;
}

function javaText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([key, each]) => `${key}=${javaText(each)}`)
      .join(', ')}}`;
  return String(value as string | number | bigint | boolean | null);
}

export interface NodeLookups {
  readonly current: TierLookups;
  readonly toLoad: TierLookups;
  readonly toDrop: readonly string[];
}
export const nothingLoaded: NodeLookups = { current: {}, toLoad: {}, toDrop: [] };

/** Is the entry, or a later one, on each of the nodes? */
export function lookupStatus(
  name: string,
  entry: LookupEntry,
  nodes: ReadonlyMap<string, NodeLookups | undefined>,
): { readonly loaded: boolean; readonly pendingNodes: readonly string[] } {
  const pendingNodes = [...nodes]
    .filter(([, state]) => {
      const there =
        state !== undefined && Object.hasOwn(state.current, name) ? state.current[name] : undefined;
      return there === undefined || replaces(entry.version, there.version);
    })
    .map(([node]) => node);
  return { loaded: pendingNodes.length === 0, pendingNodes };
}

/** Of a node's answer to who asks for its lookups. */
export function parseNodeLookups(json: unknown): NodeLookups {
  const object = objectAt(json, 'lookups');
  const part = (key: string): TierLookups =>
    Object.fromEntries(
      Object.entries(objectAt(object[key], key)).map(([name, each]) => [name, parseEntry(each, name)]),
    );
  const toDrop = Array.isArray(object['toDrop']) ? object['toDrop'].map(String) : [];
  return { current: part('current'), toLoad: part('toLoad'), toDrop };
}

/** Names and versions only. */
export function briefly({ current, toLoad, toDrop }: NodeLookups): unknown {
  const versions = (lookups: TierLookups): unknown =>
    Object.fromEntries(Object.entries(lookups).map(([name, { version }]) => [name, version]));
  return { current: versions(current), toLoad: versions(toLoad), toDrop };
}
