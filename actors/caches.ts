/** The process's caches of answers, as its settings want them, with their figures as metrics. */
import type { Settings } from '../config/settings.js';
import { invalidInput } from '../proto/errors.js';
import { ByteLru } from '../query/cache/byte-lru.js';
import {
  createLocalPartials,
  createStoredPartials,
  type ByteStore,
  type PartialCache,
} from '../query/cache/partial-cache.js';
import type { MetricsRegistry } from '../runtime/metrics.js';
import { publishCacheMetrics } from './cache-metrics.js';
import type { Memcached, MemcachedSettings } from './memcached.js';

export interface Caches {
  /** Partial results by segment, at data nodes; undefined: off. */
  readonly partials: PartialCache | undefined;
  /** The same at the broker, with the times of their rows; undefined: off. */
  readonly brokerPartials: PartialCache | undefined;
  /** Whole answers at the broker; undefined: off. */
  readonly results: ByteStore | undefined;
  /** Types of queries of which nothing is kept. */
  readonly uncacheable: { readonly historical: ReadonlySet<string>; readonly broker: ReadonlySet<string> };
  close(): void;
}

export interface CacheDeps {
  readonly settings: Settings;
  readonly metrics: MetricsRegistry;
  readonly openMemcached: (settings: MemcachedSettings) => Pick<Memcached, 'store' | 'close'>;
}

/** Whole answers get this share of the memory, where both are kept in it. */
const resultShare = 0.25;
const typesKnown = ['local', 'caffeine', 'memcached', 'none'];
/** `select` is no query any more, but stands in many a configuration. */
const queriesKnown = [
  'timeseries',
  'topN',
  'groupBy',
  'scan',
  'search',
  'timeBoundary',
  'segmentMetadata',
  'dataSourceMetadata',
  'select',
];

/** @throws InvalidInput naming the setting. */
export function createCaches(deps: CacheDeps): Caches {
  const { settings } = deps;
  const { cacheType } = settings;
  if (!typesKnown.includes(cacheType)) {
    throw invalidInput(`Setting[cacheType] must be one of ${typesKnown.join(', ')}`, 'cacheType');
  }
  const uncacheable = {
    historical: queryTypes(settings, 'historicalUncacheable'),
    broker: queryTypes(settings, 'brokerUncacheable'),
  };
  const wants: Wants = {
    partials: settings.historicalUseCache || settings.historicalPopulateCache,
    broker: settings.brokerUseCache || settings.brokerPopulateCache,
    results: settings.brokerUseResultCache || settings.brokerPopulateResultCache,
  };
  const isOff = cacheType === 'none' || Object.values(wants).every((wanted) => !wanted);
  if (isOff) return { ...none, uncacheable };
  const { stores, close } =
    cacheType === 'memcached'
      ? inMemcached(deps, wants)
      : { stores: inMemory(settings, wants), close: none.close };
  const { partials, brokerPartials, results } = stores;
  publishCacheMetrics(deps.metrics, {
    ...(partials === undefined ? {} : { segment: () => partials.figures }),
    ...(brokerPartials === undefined ? {} : { broker: () => brokerPartials.figures }),
    ...(results === undefined ? {} : { result: () => results.figures }),
  });
  return { partials, brokerPartials, results, uncacheable, close };
}

/** Which caches are used at all. */
interface Wants {
  readonly partials: boolean;
  readonly broker: boolean;
  readonly results: boolean;
}
type Stores = Pick<Caches, 'partials' | 'brokerPartials' | 'results'>;

const none = {
  partials: undefined,
  brokerPartials: undefined,
  results: undefined,
  close: (): void => undefined,
};

function queryTypes(
  settings: Settings,
  name: 'historicalUncacheable' | 'brokerUncacheable',
): ReadonlySet<string> {
  const unknown = settings[name].find((type) => !queriesKnown.includes(type));
  if (unknown !== undefined) {
    throw invalidInput(
      `Setting[${name}] names query type[${unknown}]; types are ${queriesKnown.join(', ')}`,
      name,
    );
  }
  return new Set(settings[name]);
}

function inMemcached({ settings, openMemcached }: CacheDeps, wants: Wants) {
  const { cacheHosts, historicalEntryBytesMax, brokerEntryBytesMax } = settings;
  if (cacheHosts.length === 0) {
    throw invalidInput('Setting[cacheHosts] must name the memcached servers as host:port', 'cacheHosts');
  }
  const memcached = openMemcached({
    hosts: cacheHosts,
    timeoutMs: settings.cacheTimeoutMs,
    expirationS: settings.cacheExpirationS,
    entryBytesMax: settings.cacheObjectBytesMax,
    prefix: settings.cachePrefix === '' ? settings.cluster : settings.cachePrefix,
  });
  const stores: Stores = {
    partials: wants.partials
      ? createStoredPartials(memcached.store('segment'), historicalEntryBytesMax)
      : undefined,
    brokerPartials: wants.broker
      ? createStoredPartials(memcached.store('broker'), brokerEntryBytesMax)
      : undefined,
    results: wants.results ? memcached.store('result') : undefined,
  };
  return { stores, close: () => memcached.close() };
}

function inMemory(settings: Settings, wants: Wants): Stores {
  const limits = localLimits(settings, wants);
  return {
    partials: wants.partials ? createLocalPartials(limits.partials) : undefined,
    brokerPartials: wants.broker ? createLocalPartials(limits.brokerPartials) : undefined,
    results: wants.results ? createLocalStore(limits.results) : undefined,
  };
}

interface Limits {
  readonly bytesMax: number;
  readonly entryBytesMax: number;
}

/** Whole answers get their share, partial results the rest: half each where both roles keep them. */
function localLimits(
  settings: Settings,
  wants: Wants,
): Readonly<Record<'partials' | 'brokerPartials' | 'results', Limits>> {
  const { cacheBytesMax: bytesMax } = settings;
  const results = wants.results ? Math.floor(bytesMax * resultShare) : 0;
  const rest = bytesMax - results;
  const brokerPartials = wants.broker ? Math.floor(wants.partials ? rest / 2 : rest) : 0;
  return {
    results: { bytesMax: results, entryBytesMax: settings.brokerResultBytesMax },
    brokerPartials: { bytesMax: brokerPartials, entryBytesMax: settings.brokerEntryBytesMax },
    partials: { bytesMax: rest - brokerPartials, entryBytesMax: settings.historicalEntryBytesMax },
  };
}

/** Bytes by key in this process's memory. */
export function createLocalStore(limits: {
  readonly bytesMax: number;
  readonly entryBytesMax: number;
}): ByteStore {
  const lru = new ByteLru<Uint8Array>({ ...limits, sizeOf: (value) => value.byteLength });
  return {
    get: async (keys) => {
      const found = new Map<string, Uint8Array>();
      for (const key of keys) {
        const value = lru.get(key);
        if (value !== undefined) found.set(key, value);
      }
      return await Promise.resolve(found);
    },
    put: (key, value) => void lru.put(key, value),
    tooLarge: () => lru.tooLarge(),
    get figures() {
      return lru.figures;
    },
  };
}
