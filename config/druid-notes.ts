/**
 * Druid's properties that have nothing to set here: taken, so that a configuration need not be cleaned first, and told
 * of when a process starts. Values that would mean something are refused.
 */
import { invalidInput } from '../proto/errors.js';

const grows = 'rows that still grow are never cached';
const keptByItself = 'the in-memory cache is bounded by its bytes alone';
const oneConnection = 'one connection a server is kept, and its buffers grow by themselves';
const inForeground = 'answers are put into caches while they are sent';

const withoutEffect: Readonly<Record<string, string>> = {
  'druid.historical.cache.numBackgroundThreads': inForeground,
  'druid.broker.cache.numBackgroundThreads': inForeground,
  'druid.historical.cache.cacheBulkMergeLimit': 'data nodes look for the segments they are asked for',
  'druid.realtime.cache.unCacheable': grows,
  'druid.realtime.cache.maxEntrySize': grows,
  'druid.realtime.cache.numBackgroundThreads': grows,
  'druid.cache.expireAfter': 'what is kept by segment and version is never out of date',
  'druid.cache.evictOnClose': keptByItself,
  'druid.cache.cacheExecutorFactory': keptByItself,
  'druid.cache.initialSize': keptByItself,
  'druid.cache.logEvictionCount': keptByItself,
  'druid.cache.numConnections': oneConnection,
  'druid.cache.readBufferSize': oneConnection,
  'druid.cache.maxOperationQueueSize': 'at most 16 MiB are on their way to memcached',
  'druid.cache.locator': 'a key goes to the server that ranks highest for it',
  'druid.cache.skipTlsHostnameVerification': 'memcached is spoken to without TLS',
};

/** The only value that is meant here, and why. */
const onlyAs: Readonly<Record<string, readonly [string, string]>> = {
  'druid.realtime.cache.useCache': ['false', grows],
  'druid.realtime.cache.populateCache': ['false', grows],
  'druid.cache.protocol': ['binary', 'the client speaks the binary protocol'],
  'druid.cache.enableTls': ['false', 'memcached is spoken to without TLS'],
  'druid.cache.clientMode': ['static', 'the servers are those of druid.cache.hosts'],
};

/** Why the property changes nothing; undefined: not such a property. Throws InvalidInput for a value that is refused. */
export function noteOf(property: string, value: unknown): string | undefined {
  const only = Object.hasOwn(onlyAs, property) ? onlyAs[property] : undefined;
  if (only !== undefined) {
    const [taken, why] = only;
    if (String(value) !== taken)
      throw invalidInput(`Setting[${property}] can only be ${taken}: ${why}`, property);
    return why;
  }
  return Object.hasOwn(withoutEffect, property) ? withoutEffect[property] : undefined;
}

/** Of a whole configuration file: what stands there in vain. */
export function notesOf(file: unknown): readonly { readonly property: string; readonly reason: string }[] {
  if (typeof file !== 'object' || file === null) return [];
  return Object.entries(file).flatMap(([property, value]) => {
    const reason = noteOf(property, value);
    return reason === undefined ? [] : [{ property, reason }];
  });
}
