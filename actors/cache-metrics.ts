/**
 * What caches tell of themselves: by cache, and by role under the names that Druid's metrics query/cache/total/… and
 * query/cache/delta/… have when its Prometheus emitter writes them.
 */
import type { CacheFigures } from '../query/cache/byte-lru.js';
import type { MetricsRegistry, Sample } from '../runtime/metrics.js';

export type CacheName = 'segment' | 'broker' | 'result';
export type WatchedCaches = Readonly<Partial<Record<CacheName, () => CacheFigures>>>;

/** Whose cache it is: in Druid a broker has one for both. */
const services: Readonly<Record<CacheName, string>> = {
  segment: 'druid/historical',
  broker: 'druid/broker',
  result: 'druid/broker',
};

type Figure = (figures: CacheFigures) => number;

const ours: Readonly<Record<string, readonly ['counter' | 'gauge', Figure]>> = {
  grove_cache_hits_total: ['counter', ({ hits }) => hits],
  grove_cache_misses_total: ['counter', ({ misses }) => misses],
  grove_cache_evictions_total: ['counter', ({ evictions }) => evictions],
  grove_cache_refused_total: ['counter', ({ oversized, putErrors }) => oversized + putErrors],
  grove_cache_entries: ['gauge', ({ entries }) => entries],
  grove_cache_bytes: ['gauge', ({ bytes }) => bytes],
};

/** Those that only grow: the sum of what Druid says of each minute. */
const growing: Readonly<Record<string, Figure>> = {
  hits: ({ hits }) => hits,
  misses: ({ misses }) => misses,
  evictions: ({ evictions }) => evictions,
  timeouts: ({ timeouts }) => timeouts,
  errors: ({ errors }) => errors,
  put_ok: ({ puts }) => puts,
  put_error: ({ putErrors }) => putErrors,
  put_oversized: ({ oversized }) => oversized,
};
const share = (part: number, of: number): number => (of === 0 ? 0 : part / of);
const current: Readonly<Record<string, Figure>> = {
  numEntries: ({ entries }) => entries,
  sizeBytes: ({ bytes }) => bytes,
  hitRate: ({ hits, misses }) => share(hits, hits + misses),
  averageBytes: ({ entries, bytes }) => Math.floor(share(bytes, entries)),
};

export function publishCacheMetrics(metrics: Pick<MetricsRegistry, 'collect'>, caches: WatchedCaches): void {
  const watched = Object.entries(caches) as [CacheName, () => CacheFigures][];
  for (const [name, [kind, figure]] of Object.entries(ours)) {
    metrics.collect(name, kind, () =>
      watched.map(([cache, figures]) => ({ labels: { cache }, value: figure(figures()) })),
    );
  }
  const byService = (figure: Figure) => (): Sample[] =>
    [...serviceFigures(watched)].map(([service, figures]) => ({
      labels: { druid_service: service },
      value: figure(figures),
    }));
  for (const [name, figure] of Object.entries({ ...current, ...growing }))
    metrics.collect(`druid_query_cache_total_${name}`, 'gauge', byService(figure));
  for (const [name, figure] of Object.entries(growing))
    metrics.collect(`druid_query_cache_delta_${name}`, 'counter', byService(figure));
}

function serviceFigures(
  watched: readonly (readonly [CacheName, () => CacheFigures])[],
): ReadonlyMap<string, CacheFigures> {
  const sums = new Map<string, CacheFigures>();
  for (const [cache, figures] of watched) {
    const service = services[cache];
    const sum = sums.get(service);
    sums.set(service, sum === undefined ? figures() : added(sum, figures()));
  }
  return sums;
}

function added(a: CacheFigures, b: CacheFigures): CacheFigures {
  const sum = { ...a };
  for (const key of Object.keys(a) as (keyof CacheFigures)[]) Object.assign(sum, { [key]: a[key] + b[key] });
  return sum;
}
