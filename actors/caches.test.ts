import { expect } from 'chai';
import { resolveSettings, type SettingName } from '../config/settings.js';
import { cellColumn } from '../query/frame-build.js';
import { createMetrics } from '../runtime/metrics.js';
import { createCaches, createLocalStore } from './caches.js';
import type { MemcachedSettings } from './memcached.js';

const frame = (rows: number) => ({
  rows,
  columns: [
    cellColumn(
      'n',
      'LONG',
      Array.from({ length: rows }, () => 1n),
    ),
  ],
});

function world(given: Partial<Record<SettingName, unknown>>) {
  const settings = resolveSettings({ flags: new Map(), environment: {}, file: given });
  const metrics = createMetrics();
  const opened: MemcachedSettings[] = [];
  const caches = createCaches({
    settings,
    metrics,
    openMemcached: (memcached) => {
      opened.push(memcached);
      return {
        store: () => createLocalStore({ bytesMax: 1 << 20, entryBytesMax: 1 << 20 }),
        close: () => undefined,
      };
    },
  });
  const metric = (name: string): string | undefined =>
    metrics
      .render()
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);
  return { caches, opened, metric };
}

const all = { brokerUseCache: true, brokerUseResultCache: true };

describe('caches as the settings want them', () => {
  it('each has a limit of its own for what it takes', async () => {
    const { caches } = world({
      ...all,
      historicalEntryBytesMax: 10_000,
      brokerEntryBytesMax: 100_000,
      brokerResultBytesMax: 500,
    });
    const [small, large] = [frame(10), frame(5_000)];
    for (const partials of [caches.partials, caches.brokerPartials]) {
      partials?.put('small', [small]);
      partials?.put('large', [large]);
    }
    caches.results?.put('small', new Uint8Array(1));
    caches.results?.put('large', new Uint8Array(501));
    expect([...((await caches.partials?.get(['small', 'large'])) ?? new Map()).keys()]).to.deep.equal([
      'small',
    ]);
    expect((await caches.brokerPartials?.get(['small', 'large']))?.size).to.equal(2);
    expect(caches.results?.figures).to.deep.include({ oversized: 1 });
  });

  it('their figures are metrics, by cache and under the names of Druid', async () => {
    const { caches, metric } = world({ ...all, cacheBytesMax: 8_000, brokerResultBytesMax: 3_000 });
    for (const key of ['a', 'b']) caches.results?.put(key, new Uint8Array(1_500));
    await caches.results?.get(['a', 'b', 'c']);
    caches.brokerPartials?.put('a', [frame(1)]);
    await caches.brokerPartials?.get(['a']);
    await caches.partials?.get(['a']);
    expect(metric('grove_cache_hits_total{cache="result"}')).to.equal('1');
    expect(metric('grove_cache_evictions_total{cache="result"}')).to.equal('1');
    const broker = '{druid_service="druid/broker"}';
    for (const [name, value] of Object.entries({
      hits: 2,
      misses: 2,
      evictions: 1,
      numEntries: 2,
      hitRate: 0.5,
      timeouts: 0,
      errors: 0,
      put_ok: 3,
      put_error: 0,
      put_oversized: 0,
    }))
      expect(metric(`druid_query_cache_total_${name}${broker}`), name).to.equal(String(value));
    const bytes = Number(metric(`druid_query_cache_total_sizeBytes${broker}`));
    expect(bytes).to.be.above(1_500);
    expect(metric(`druid_query_cache_total_averageBytes${broker}`)).to.equal(String(Math.floor(bytes / 2)));
    expect(metric(`druid_query_cache_delta_hits${broker}`)).to.equal('2');
    expect(metric('druid_query_cache_total_misses{druid_service="druid/historical"}')).to.equal('1');
  });

  it('memcached gets what Druid would tell it', () => {
    const { opened, caches } = world({
      'druid.cache.type': 'memcached',
      'druid.cache.hosts': 'a:1,b:2',
      'druid.cache.memcachedPrefix': 'shared',
      'druid.cache.maxObjectSize': '2MiB',
      'druid.cache.timeout': 70,
      'druid.cache.expiration': 80,
    } as object);
    expect(opened).to.deep.equal([
      { hosts: ['a:1', 'b:2'], timeoutMs: 70, expirationS: 80, entryBytesMax: 2 ** 21, prefix: 'shared' },
    ]);
    expect([caches.brokerPartials, caches.results]).to.deep.equal([undefined, undefined]);
  });

  it('what makes no sense is refused by name', () => {
    for (const [given, named] of [
      [{ cacheType: 'hybrid' }, 'cacheType'],
      [{ cacheType: 'memcached' }, 'cacheHosts'],
      [{ historicalUncacheable: ['groupby'] }, 'historicalUncacheable'],
    ] as const)
      expect(() => world(given)).to.throw(named);
    const { uncacheable } = world({ brokerUncacheable: 'groupBy,select' }).caches;
    expect([...uncacheable.broker]).to.deep.equal(['groupBy', 'select']);
    expect(uncacheable.historical.size).to.equal(0);
  });
});
