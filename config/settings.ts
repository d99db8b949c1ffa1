/**
 * What can be set: one table. A setting is given by flag (`--http-port 8888`), by environment
 * (`GROVE_HTTP_PORT`), in a JSON configuration file under its own name (`httpPort`), or there under Druid's property
 * name where one exists; earlier sources win. Units stand in the names.
 */
import { bytesOfText } from '../proto/byte-size.js';
import { CodedError, invalidInput } from '../proto/errors.js';
import { noteOf } from './druid-notes.js';

type Kind = 'string' | 'number' | 'boolean' | 'list';
interface Setting<T> {
  readonly kind: Kind;
  readonly fallback: T;
  readonly about: string;
  /** Druid's property of the same meaning, if any. */
  readonly druid?: string;
  readonly min?: number;
  readonly max?: number;
}

const text = (fallback: string, about: string, druid?: string): Setting<string> => ({
  kind: 'string',
  fallback,
  about,
  ...(druid === undefined ? {} : { druid }),
});
const list = (fallback: readonly string[], about: string, druid?: string): Setting<readonly string[]> => ({
  kind: 'list',
  fallback,
  about,
  ...(druid === undefined ? {} : { druid }),
});
const flag = (fallback: boolean, about: string, druid?: string): Setting<boolean> => ({
  kind: 'boolean',
  fallback,
  about,
  ...(druid === undefined ? {} : { druid }),
});
const count = (
  fallback: number,
  about: string,
  limits: { readonly min: number; readonly max: number; readonly druid?: string },
): Setting<number> => ({ kind: 'number', fallback, about, ...limits });

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;
const portLimits = { min: 0, max: 65535 };

export const allRoles = [
  'metadata',
  'coordinator',
  'overlord',
  'historical',
  'middlemanager',
  'broker',
  'gateway',
] as const;
export type RoleName = (typeof allRoles)[number];

export const settings = {
  roles: list(allRoles, 'roles this process runs'),
  cluster: text('main', 'cluster name; first token after `grove.` in NATS subjects'),
  nodeName: text('', 'unique name of this process; made from the host name when empty'),
  dataDir: text('var', 'folder for everything kept on this machine'),
  config: text('', 'JSON file with settings'),
  ephemeral: flag(false, 'temporary data folder, no sample, removed at the end'),
  portBase: count(0, 'gateway on N, gRPC on N + 1, NATS on N + 2', { min: 0, max: 65533 }),
  host: text('127.0.0.1', 'address the doors bind to', 'druid.host'),
  httpPort: count(8888, 'HTTP gateway', { ...portLimits, druid: 'druid.plaintextPort' }),
  grpcPort: count(8889, 'public gRPC', portLimits),
  nodePort: count(
    0,
    'HTTP of a process without the gateway (/status, /metrics); a free port when 0',
    portLimits,
  ),
  internalHost: text('127.0.0.1', 'address the gRPC between processes binds to'),
  internalPort: count(0, 'gRPC between processes; a free port when 0', portLimits),
  internalAddress: text('', 'host:port at which other processes reach the internal gRPC, where it differs'),
  natsPort: count(4222, 'NATS server that this process starts', { min: 1, max: 65535 }),
  nats: text('', 'URL of a NATS server that is already there'),
  natsToken: text('', 'token for NATS; made and kept in the data folder when empty'),
  hostsAllowed: list([], 'further names the gateway answers to in the Host header'),
  insecure: flag(false, 'bind to other addresses than loopback without authentication'),
  druidPorts: flag(false, 'also answer on 8081, 8082, 8083 and 8090, as Druid does'),
  sample: flag(true, 'load the bundled sample on first start'),
  strict: flag(false, 'encode and decode every message, also inside one process'),
  unsafeFaults: flag(false, 'arm crash points and fault shims'),
  logLevel: text('info', 'debug, info, warn or error'),
  logBytesMax: count(64 * MiB, 'a full log file makes place for a new one', { min: 64 * 1024, max: GiB }),
  logFilesKept: count(4, 'full log files kept', { min: 0, max: 1000 }),
  inputDirs: list([], 'further folders local input sources may read'),
  inputHosts: list(
    [],
    'hosts, addresses or networks http input sources may reach although they are not in the open internet',
  ),
  deepStorageDir: text(
    '',
    'local deep storage; <dataDir>/deep-storage when empty',
    'druid.storage.storageDirectory',
  ),
  taskLogsDir: text(
    '',
    'logs and reports of tasks, shared by overlords and middle managers; <dataDir>/task-logs when empty',
    'druid.indexer.logs.directory',
  ),
  segmentCacheBytesMax: count(100 * GiB, 'segments a historical takes', {
    min: 1,
    max: 2 ** 53,
    druid: 'druid.server.maxSize',
  }),
  tier: text('_default_tier', 'tier of this historical', 'druid.server.tier'),
  lookupTier: text('__default', 'tier of the lookups this process loads', 'druid.lookup.lookupTier'),
  arenaBytesMax: count(2 * GiB, 'shared memory for columns and scans', { min: 64 * MiB, max: 4 * GiB }),
  hotBytesMax: count(512 * MiB, 'decoded columns kept in the arena', { min: 0, max: 4 * GiB }),
  cacheType: text('local', 'cache of answers: local (or caffeine), memcached, none', 'druid.cache.type'),
  cacheBytesMax: count(64 * MiB, 'answers kept in memory', {
    min: 0,
    max: 64 * GiB,
    druid: 'druid.cache.sizeInBytes',
  }),
  cacheHosts: list([], 'memcached servers, as host:port', 'druid.cache.hosts'),
  cacheTimeoutMs: count(500, 'memcached is waited for', {
    min: 1,
    max: 60_000,
    druid: 'druid.cache.timeout',
  }),
  cacheExpirationS: count(2_592_000, 'memcached keeps an answer', {
    min: 0,
    max: 2_592_000,
    druid: 'druid.cache.expiration',
  }),
  cachePrefix: text(
    '',
    'before every key in memcached; the cluster when empty',
    'druid.cache.memcachedPrefix',
  ),
  cacheObjectBytesMax: count(50 * MiB, 'a larger answer is not sent to memcached', {
    min: 0,
    max: GiB,
    druid: 'druid.cache.maxObjectSize',
  }),
  historicalUseCache: flag(
    true,
    'take partial results of segments from the cache',
    'druid.historical.cache.useCache',
  ),
  historicalPopulateCache: flag(
    true,
    'put partial results of segments into the cache',
    'druid.historical.cache.populateCache',
  ),
  historicalUncacheable: list(
    [],
    'types of queries that data nodes keep nothing of',
    'druid.historical.cache.unCacheable',
  ),
  historicalEntryBytesMax: count(1_000_000, 'a larger partial result is not kept at data nodes', {
    min: 0,
    max: GiB,
    druid: 'druid.historical.cache.maxEntrySize',
  }),
  brokerUseCache: flag(
    false,
    'the broker takes partial results of segments from its cache',
    'druid.broker.cache.useCache',
  ),
  brokerPopulateCache: flag(
    false,
    'the broker puts partial results of segments into its cache',
    'druid.broker.cache.populateCache',
  ),
  brokerUseResultCache: flag(
    false,
    'take whole answers from the cache',
    'druid.broker.cache.useResultLevelCache',
  ),
  brokerPopulateResultCache: flag(
    false,
    'put whole answers into the cache',
    'druid.broker.cache.populateResultLevelCache',
  ),
  brokerUncacheable: list(
    [],
    'types of queries that the broker keeps nothing of',
    'druid.broker.cache.unCacheable',
  ),
  brokerEntryBytesMax: count(1_000_000, 'a larger partial result is not kept at the broker', {
    min: 0,
    max: GiB,
    druid: 'druid.broker.cache.maxEntrySize',
  }),
  brokerResultBytesMax: count(MiB, 'a longer answer is not kept', {
    min: 0,
    max: 2 ** 31 - 1,
    druid: 'druid.broker.cache.resultLevelCacheLimit',
  }),
  brokerCacheLookupsMax: count(2 ** 31 - 1, 'segments of a query that the broker looks for in its cache', {
    min: 0,
    max: 2 ** 31 - 1,
    druid: 'druid.broker.cache.cacheBulkMergeLimit',
  }),
  workerThreads: count(0, 'scan threads; one per core when 0', {
    min: 0,
    max: 256,
    druid: 'druid.processing.numThreads',
  }),
  workerSlots: count(0, 'tasks at a time; max(4, cores) when 0', {
    min: 0,
    max: 1024,
    druid: 'druid.worker.capacity',
  }),
  coordinatorPeriodMs: count(5000, 'coordinator cycle', { min: 50, max: 3_600_000 }),
  dropDelayMs: count(30_000, 'a dropped segment stays open this long', { min: 0, max: 3_600_000 }),
  queryTimeoutMs: count(300_000, 'default query time-out', {
    min: 1,
    max: 2 ** 31,
    druid: 'druid.server.http.defaultQueryTimeout',
  }),
  queryTimeoutMsMax: count(0, 'longest time-out a query may ask for; any when 0', {
    min: 0,
    max: 2 ** 31,
    druid: 'druid.server.http.maxQueryTimeout',
  }),
  queryContext: text('', 'context keys of every query that does not set them, as a JSON object'),
  queriesMax: count(0, 'queries a broker runs at a time; any number when 0', {
    min: 0,
    max: 2 ** 31,
    druid: 'druid.query.scheduler.numThreads',
  }),
  queryLaning: text(
    'none',
    'lanes of queries: none, hilo (by priority) or manual (by context.lane)',
    'druid.query.scheduler.laning.strategy',
  ),
  queryLowPercentMax: count(20, 'hilo: share of queriesMax for queries of negative priority', {
    min: 1,
    max: 100,
    druid: 'druid.query.scheduler.laning.maxLowPercent',
  }),
  queryLanes: list([], 'manual: lanes as NAME=COUNT or NAME=SHARE%'),
  queryBytesMax: count(2 * GiB, 'partial results a broker holds for one query; any when 0', {
    min: 0,
    max: 2 ** 53,
  }),
  groupByBytesMax: count(256 * MiB, 'groups of groupBys in memory; more of them go to disk', {
    min: 0,
    max: 2 ** 53,
  }),
  groupByDiskBytesMax: count(4 * GiB, 'groups of one groupBy on disk; none go there when 0', {
    min: 0,
    max: 2 ** 53,
    druid: 'druid.query.groupBy.maxOnDiskStorage',
  }),
  scatterGatherBytesMax: count(0, 'bytes data nodes may answer to one query; any when 0', {
    min: 0,
    max: 2 ** 53,
    druid: 'druid.server.http.maxScatterGatherBytes',
  }),
  dictionaryBytesMax: count(4 * GiB, 'texts that one groupBy groups by; any when 0', {
    min: 0,
    max: 2 ** 53,
    druid: 'druid.query.groupBy.maxMergingDictionarySize',
  }),
  subqueryRowsMax: count(100_000, 'rows of the queries inside a data source', {
    min: 1,
    max: 2 ** 31,
    druid: 'druid.server.http.maxSubqueryRows',
  }),
  bodyBytesMax: count(64 * MiB, 'largest HTTP request body', { min: 1024, max: GiB }),
  drainGraceMs: count(15_000, 'time to finish work after SIGTERM', { min: 0, max: 600_000 }),
} as const satisfies Record<
  string,
  Setting<string> | Setting<number> | Setting<boolean> | Setting<readonly string[]>
>;

export type SettingName = keyof typeof settings;
export type Settings = {
  -readonly [K in SettingName]: (typeof settings)[K]['fallback'] extends infer T
    ? T extends string
      ? string
      : T extends number
        ? number
        : T extends boolean
          ? boolean
          : readonly string[]
    : never;
};

export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
export const environmentOf = (name: string): string =>
  `GROVE_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;

function readValue(
  name: SettingName,
  given: unknown,
  from: string,
): string | number | boolean | readonly string[] {
  const setting: Setting<unknown> = settings[name];
  const bad = (wanted: string): CodedError => invalidInput(`Setting[${from}] must be ${wanted}`, from);
  switch (setting.kind) {
    case 'string':
      if (typeof given !== 'string') throw bad('a text');
      return given;
    case 'list': {
      if (Array.isArray(given) && given.every((x) => typeof x === 'string'))
        return given as readonly string[];
      if (typeof given !== 'string') throw bad('a list');
      // As Druid's own property files have lists.
      if (given.trimStart().startsWith('[')) {
        const texts = textsOf(given);
        if (texts === undefined) throw bad('a list of texts');
        return texts;
      }
      const parts = given.split(name === 'inputDirs' ? /[:,]/ : ',');
      return parts.map((part) => part.trim()).filter((part) => part !== '');
    }
    case 'boolean':
      if (given === true || given === 'true' || given === '') return true;
      if (given === false || given === 'false') return false;
      throw bad('true or false');
    case 'number': {
      const size = name.includes('Bytes') && typeof given === 'string' ? bytesOfText(given) : undefined;
      const value = typeof given === 'number' ? given : (size ?? Number(given === '' ? NaN : given));
      const { min = -Infinity, max = Infinity } = setting;
      if (!Number.isSafeInteger(value) || value < min || value > max) {
        throw bad(`a whole number from ${min} to ${max}`);
      }
      return value;
    }
  }
}

/** Of a JSON array; undefined: not one of texts. */
function textsOf(json: string): readonly string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    return Array.isArray(parsed) && parsed.every((one) => typeof one === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

/** Flags of a command line; what is no flag is answered as `rest`. `--no-x` sets a boolean to false. */
export function readFlags(argv: readonly string[]): {
  readonly given: Map<SettingName, unknown>;
  readonly rest: string[];
} {
  const byFlag = new Map((Object.keys(settings) as SettingName[]).map((name) => [flagOf(name), name]));
  const given = new Map<SettingName, unknown>();
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    const equals = word.indexOf('=');
    const head = word.startsWith('--') && equals > 0 ? word.slice(0, equals) : word;
    const negated = byFlag.get(head.replace(/^--no-/, '--'));
    const name = byFlag.get(head);
    if (name === undefined && head.startsWith('--no-') && negated !== undefined) {
      given.set(negated, false);
    } else if (name === undefined) {
      rest.push(word);
    } else if (equals > 0 && head !== word) {
      given.set(name, word.slice(equals + 1));
    } else if (settings[name].kind === 'boolean') {
      given.set(name, true);
    } else {
      i++;
      if (i >= argv.length) throw invalidInput(`Flag[${word}] needs a value`, word);
      given.set(name, argv[i]);
    }
  }
  return { given, rest };
}

/** A configuration file's content: own names or Druid's; anything else is an error that names it. */
function fromFile(content: unknown): Map<SettingName, unknown> {
  const byDruid = new Map<string, SettingName>();
  for (const name of Object.keys(settings) as SettingName[]) {
    const setting: Setting<unknown> = settings[name];
    if (setting.druid !== undefined) byDruid.set(setting.druid, name);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw invalidInput('The configuration file must hold one JSON object', 'config');
  }
  const found = new Map<SettingName, unknown>();
  for (const [key, value] of Object.entries(content)) {
    const name = isSetting(key) ? key : byDruid.get(key);
    if (name === undefined && noteOf(key, value) !== undefined) continue;
    if (name === undefined) throw invalidInput(`Unknown setting[${key}] in the configuration file`, key);
    found.set(name, value);
  }
  return found;
}

export interface ConfigSources {
  readonly flags: ReadonlyMap<SettingName, unknown>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON of the configuration file, if any. */
  readonly file?: unknown;
}

/** Flags over environment over file over defaults. Throws InvalidInput naming the setting. */
export function resolveSettings(sources: ConfigSources): Settings {
  const file = sources.file === undefined ? new Map<SettingName, unknown>() : fromFile(sources.file);
  const resolved: Partial<Record<SettingName, unknown>> = {};
  for (const name of Object.keys(settings) as SettingName[]) {
    const environment = sources.environment[environmentOf(name)];
    if (sources.flags.has(name)) resolved[name] = readValue(name, sources.flags.get(name), flagOf(name));
    else if (environment !== undefined) resolved[name] = readValue(name, environment, environmentOf(name));
    else if (file.has(name)) resolved[name] = readValue(name, file.get(name), name);
    else resolved[name] = settings[name].fallback;
  }
  const all = resolved as unknown as Settings;
  if (all.roles.length === 0) throw invalidInput('Setting[roles] must name at least one role', 'roles');
  for (const role of all.roles) {
    if (!(allRoles as readonly string[]).includes(role)) {
      throw invalidInput(`Unknown role[${role}]; roles are ${allRoles.join(', ')}`, 'roles');
    }
  }
  return withPortBase(all, sources);
}

function withPortBase(all: Settings, sources: ConfigSources): Settings {
  if (all.portBase === 0) return all;
  const isGiven = (name: SettingName): boolean =>
    sources.flags.has(name) || sources.environment[environmentOf(name)] !== undefined;
  return {
    ...all,
    httpPort: isGiven('httpPort') ? all.httpPort : all.portBase,
    grpcPort: isGiven('grpcPort') ? all.grpcPort : all.portBase + 1,
    natsPort: isGiven('natsPort') ? all.natsPort : all.portBase + 2,
  };
}

/** Settings that have a name in Druid, as texts, for `/status/properties`. Secrets have none. */
export function druidProperties(all: Settings): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name of Object.keys(settings) as SettingName[]) {
    const setting: Setting<unknown> = settings[name];
    if (setting.druid !== undefined) shown[setting.druid] = String(all[name]);
  }
  return shown;
}
