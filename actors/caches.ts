/** The process's caches of answers, as its settings want them, with their figures as metrics. */
import type { Settings } from '../config/settings.js';
import { invalidInput } from '../proto/errors.js';
import { ByteLru, type CacheFigures } from '../query/cache/byte-lru.js';
import {
  createLocalPartials,
  createStoredPartials,
  type ByteStore,
  type PartialCache,
} from '../query/cache/partial-cache.js';
import type { MetricsRegistry } from '../runtime/metrics.js';
import type { MemcachedSettings } from './memcached.js';

export interface Caches {
  /** Partial results by segment, at data nodes; undefined: off. */
  readonly partials: PartialCache | undefined;
  /** The same at the broker, with the times of their rows; undefined: off. */
  readonly brokerPartials: PartialCache | undefined;
  /** Whole answers at the broker; undefined: off. */
  readonly results: ByteStore | undefined;
  close(): void;
}

export interface CacheDeps {
  readonly settings: Settings;
  readonly metrics: MetricsRegistry;
  readonly openMemcached: (settings: MemcachedSettings) => ByteStore & { close(): void };
}

/** Whole answers get this share of the memory, where both are kept in it. */
const resultShare = 0.25;
const typesKnown = ['local', 'caffeine', 'memcached', 'none'];

/** @throws InvalidInput naming the setting. */
export function createCaches(deps: CacheDeps): Caches {
  const { settings } = deps;
  const { cacheType, cacheBytesMax, cacheEntryBytesMax, cacheHosts } = settings;
  if (!typesKnown.includes(cacheType)) {
    throw invalidInput(`Setting[cacheType] must be one of ${typesKnown.join(', ')}`, 'cacheType');
  }
  const wantsPartials = settings.historicalUseCache || settings.historicalPopulateCache;
  const wantsResults = settings.brokerUseResultCache || settings.brokerPopulateResultCache;
  const wantsBroker = settings.brokerUseCache || settings.brokerPopulateCache;
  if (cacheType === 'none' || (!wantsPartials && !wantsResults && !wantsBroker)) return noCaches;
  if (cacheType === 'memcached') {
    if (cacheHosts.length === 0) {
      throw invalidInput('Setting[cacheHosts] must name the memcached servers as host:port', 'cacheHosts');
    }
    const { cacheTimeoutMs, cacheExpirationS } = settings;
    const store = deps.openMemcached({
      hosts: cacheHosts,
      timeoutMs: cacheTimeoutMs,
      expirationS: cacheExpirationS,
      entryBytesMax: cacheEntryBytesMax,
      prefix: settings.cluster,
    });
    watch(deps.metrics, { memcached: () => store.figures });
    return {
      partials: wantsPartials ? createStoredPartials(named('segment', store), cacheEntryBytesMax) : undefined,
      brokerPartials: wantsBroker
        ? createStoredPartials(named('broker', store), cacheEntryBytesMax)
        : undefined,
      results: wantsResults ? named('result', store) : undefined,
      close: () => store.close(),
    };
  }
  const limits = localLimits(cacheBytesMax, cacheEntryBytesMax, { wantsPartials, wantsBroker, wantsResults });
  const partials = createLocalPartials(limits.partials);
  const brokerPartials = createLocalPartials(limits.brokerPartials);
  const results = createLocalStore(limits.results);
  watch(deps.metrics, {
    segment: () => partials.figures,
    broker: () => brokerPartials.figures,
    result: () => results.figures,
  });
  return {
    partials: wantsPartials ? partials : undefined,
    brokerPartials: wantsBroker ? brokerPartials : undefined,
    results: wantsResults ? results : undefined,
    close: () => undefined,
  };
}

const noCaches: Caches = {
  partials: undefined,
  brokerPartials: undefined,
  results: undefined,
  close: () => undefined,
};

interface Limits {
  readonly bytesMax: number;
  readonly entryBytesMax: number;
}

/** Whole answers get their share, partial results the rest: half each where both roles keep them. */
function localLimits(
  bytesMax: number,
  entryBytesMax: number,
  wants: { readonly wantsPartials: boolean; readonly wantsBroker: boolean; readonly wantsResults: boolean },
): Readonly<Record<'partials' | 'brokerPartials' | 'results', Limits>> {
  const results = wants.wantsResults ? Math.floor(bytesMax * resultShare) : 0;
  const rest = bytesMax - results;
  const brokerPartials = wants.wantsBroker ? Math.floor(wants.wantsPartials ? rest / 2 : rest) : 0;
  return {
    results: { bytesMax: results, entryBytesMax },
    brokerPartials: { bytesMax: brokerPartials, entryBytesMax },
    partials: { bytesMax: rest - brokerPartials, entryBytesMax },
  };
}

/** One store for several kinds of values: no key of one is a key of another. */
function named(kind: string, store: ByteStore): ByteStore {
  return {
    get: async (keys) => {
      const found = await store.get(keys.map((key) => `${kind} ${key}`));
      return new Map([...found].map(([key, value]) => [key.slice(kind.length + 1), value]));
    },
    put: (key, value) => store.put(`${kind} ${key}`, value),
    get figures() {
      return store.figures;
    },
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
    get figures() {
      return lru.figures;
    },
  };
}

function watch(metrics: MetricsRegistry, caches: Readonly<Record<string, () => CacheFigures>>): void {
  const family = (name: string, kind: 'counter' | 'gauge', figure: keyof CacheFigures): void =>
    metrics.collect(name, kind, () =>
      Object.entries(caches).map(([cache, figures]) => ({ labels: { cache }, value: figures()[figure] })),
    );
  family('grove_cache_hits_total', 'counter', 'hits');
  family('grove_cache_misses_total', 'counter', 'misses');
  family('grove_cache_evictions_total', 'counter', 'evictions');
  family('grove_cache_refused_total', 'counter', 'refused');
  family('grove_cache_entries', 'gauge', 'entries');
  family('grove_cache_bytes', 'gauge', 'bytes');
}
