/** Registered lookups: Druid's REST API of them, and what the nodes that load them ask. */
import { createHash } from 'node:crypto';
import { asCoded, CodedError } from '../../proto/errors.js';
import { type LookupService, RestService } from '../../proto/services.js';
import { parseJson } from '../../query/json/parse.js';
import { jsonText } from '../../query/json/write.js';
import type { Handlers, NodeInfo } from '../../runtime/types.js';
import { checkNesting } from '../json-nesting.js';
import { lookupsChanged, lookupsRole } from '../lookup-names.js';
import {
  answerError,
  bareText,
  emptyJson,
  type RestAnswer,
  type RestCall,
  type RestRoute,
} from '../rest-router.js';
import {
  briefly,
  entriesOf,
  entryOf,
  type LookupConfig,
  LookupConflict,
  lookupStatus,
  type NodeLookups,
  nothingLoaded,
  parseConfig,
  parseEntry,
  parseNodeLookups,
  type TierLookups,
  withoutLookup,
  withoutTier,
  withUpdates,
} from './lookup-config.js';
import { hostOf } from './rest-cluster.js';
import { COORDINATOR, type RestDeps } from './rest-deps.js';
import { auditOf } from './rest-rules.js';
import { transactAsLeader } from './rest-write.js';

const NAME = 'lookupsConfig';
const callMs = 10_000;
/** A node that says nothing for so long counts as one that has loaded nothing. */
const nodeMs = 2_000;
/** A change that meets another one is made again. */
const triesMax = 5;

type LookupDeps = Pick<RestDeps, 'node' | 'metadata' | 'state' | 'failed'>;

/** JSON with 64-bit integers as they were given. */
const answer = (json: unknown, status = 200): RestAnswer => bareText(jsonText(json), status);
const notFound = (message: string): RestAnswer => answerError(message, 404);
const isAsked = (call: RestCall, name: string): boolean => call.query(name)?.toLowerCase() === 'true';

export function lookupRoutes(deps: RestDeps): RestRoute[] {
  const base = `${COORDINATOR}/lookups`;
  const tier = `${base}/config/{tier}`;
  const one = `${tier}/{id}`;
  return [
    { method: 'GET', path: `${base}/config`, handle: (call) => tiers(deps, call) },
    { method: 'POST', path: `${base}/config`, handle: (call) => postAll(deps, call) },
    { method: 'GET', path: `${base}/config/all`, handle: () => all(deps) },
    { method: 'GET', path: tier, handle: (call) => getTier(deps, call) },
    {
      method: 'DELETE',
      path: tier,
      handle: (call) => remove(deps, call, (config) => withoutTier(config, call.params['tier'] ?? '')),
    },
    { method: 'GET', path: one, handle: (call) => getOne(deps, call) },
    { method: 'POST', path: one, handle: (call) => postOne(deps, call) },
    {
      method: 'DELETE',
      path: one,
      handle: (call) =>
        remove(deps, call, (config) =>
          withoutLookup(config, call.params['tier'] ?? '', call.params['id'] ?? ''),
        ),
    },
    { method: 'GET', path: `${base}/status`, handle: (call) => status(deps, call) },
    { method: 'GET', path: `${base}/status/{tier}`, handle: (call) => tierStatus(deps, call) },
    { method: 'GET', path: `${base}/status/{tier}/{id}`, handle: (call) => oneStatus(deps, call) },
    { method: 'GET', path: `${base}/nodeStatus`, handle: (call) => nodeStatus(deps, call) },
    {
      method: 'GET',
      path: `${base}/nodeStatus/{tier}`,
      handle: async (call) => answer(await statesIn(deps, call.params['tier'] ?? '', (state) => state)),
    },
    { method: 'GET', path: `${base}/nodeStatus/{tier}/{node}`, handle: (call) => oneNode(deps, call) },
  ];
}

// ---- the store

interface Stored {
  readonly text: string | null;
  /** Undefined: nobody has initialised it. */
  readonly config: LookupConfig | undefined;
}

async function read({ metadata, node }: LookupDeps): Promise<Stored> {
  const { payload } = await metadata.read('readConfig', { name: NAME }, { deadline: node.deadline(callMs) });
  return { text: payload, config: payload === null ? undefined : parseConfig(parseJson(payload)) };
}

/** Throws what `change` throws; false: `change` had nothing to change. */
async function write(
  deps: RestDeps,
  call: RestCall,
  change: (config: LookupConfig | undefined) => LookupConfig | undefined,
): Promise<boolean> {
  for (let tries = 0; tries < triesMax; tries++) {
    const { text, config } = await read(deps);
    const after = change(config);
    if (after === undefined) return false;
    const payload = jsonText(after);
    if (payload === text) return true;
    const input = { name: NAME, payload, expected: text, audit: auditOf(deps, call) };
    const { changed } = await transactAsLeader(deps, 'setConfig', input);
    if (!changed) continue;
    announce(deps);
    return true;
  }
  throw new CodedError('Conflict', 'The lookups are being changed by others: try again');
}

/** Nodes that miss it hear of the change when they ask again. */
function announce({ node }: RestDeps): void {
  try {
    node.bus.publish(lookupsChanged, new Uint8Array(0));
  } catch (thrown) {
    node.log.debug('a change of lookups was not announced', { reason: asCoded(thrown).message });
  }
}

/** Druid's answers to a change that can't be made. */
async function refusing(change: () => Promise<RestAnswer>): Promise<RestAnswer> {
  try {
    return await change();
  } catch (thrown) {
    if (thrown instanceof LookupConflict) return answerError(thrown.message, 500);
    if (thrown instanceof CodedError && ['InvalidInput', 'Unsupported'].includes(thrown.code))
      return answerError(thrown.message, 400);
    throw thrown;
  }
}

function bodyOf(call: RestCall): unknown {
  const text = Buffer.from(call.body).toString('utf8');
  checkNesting(text, 'body');
  return parseJson(text);
}

// ---- config

async function tiers(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const { config } = await read(deps);
  if (isAsked(call, 'discover'))
    return answer([...new Set([...tiersOf(deps), ...Object.keys(config ?? {})])]);
  return config === undefined ? emptyJson(404) : answer(Object.keys(config));
}

async function all(deps: RestDeps): Promise<RestAnswer> {
  const { config } = await read(deps);
  return config === undefined ? emptyJson(404) : answer(config);
}

function postAll(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  return refusing(async () => {
    const updates = parseConfig(bodyOf(call));
    await write(deps, call, (config) => withUpdates(config, updates));
    return answer(updates, 202);
  });
}

function postOne(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  return refusing(async () => {
    const { tier = '', id = '' } = call.params;
    const updates = { [tier]: { [id]: parseEntry(bodyOf(call), 'body') } };
    await write(deps, call, (config) => withUpdates(config, updates));
    return emptyJson(202);
  });
}

async function remove(
  deps: RestDeps,
  call: RestCall,
  change: (config: LookupConfig | undefined) => LookupConfig | undefined,
): Promise<RestAnswer> {
  return emptyJson((await write(deps, call, change)) ? 202 : 404);
}

async function getTier(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const { tier = '' } = call.params;
  const { config } = await read(deps);
  if (config === undefined) return notFound('No lookups found');
  const lookups = entriesOf(config, tier);
  if (lookups === undefined) return notFound(`Tier [${tier}] not found`);
  return answer(isAsked(call, 'detailed') ? lookups : Object.keys(lookups));
}

async function getOne(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const { tier = '', id = '' } = call.params;
  const { config } = await read(deps);
  const entry = entryOf(config, tier, id);
  return entry === undefined ? notFound(`lookup [${id}] not found`) : answer(entry);
}

// ---- status

const tierOf = (info: NodeInfo): string => info.roles.find(({ role }) => role === lookupsRole)?.tier ?? '';
const nodesIn = (deps: RestDeps, tier: string): readonly NodeInfo[] =>
  deps.node.presence.nodes(lookupsRole).filter((info) => tierOf(info) === tier);
const tiersOf = (deps: RestDeps): readonly string[] => [
  ...new Set(deps.node.presence.nodes(lookupsRole).map(tierOf)),
];

/** What a node has loaded; undefined when it does not say. */
async function stateOf({ node }: RestDeps, info: NodeInfo): Promise<NodeLookups | undefined> {
  try {
    const { status: code, body } = await node.transport
      .client(info.grpcAddress)
      .unary(
        RestService.Call,
        { method: 'GET', path: '/druid/listen/v1/lookups' },
        { deadline: node.deadline(nodeMs), metadata: { scope: lookupsRole } },
      );
    if (code !== 200) return undefined;
    return parseNodeLookups(parseJson(Buffer.from(body ?? new Uint8Array()).toString('utf8')));
  } catch (thrown) {
    node.log.debug('a node does not tell its lookups', { node: info.node, reason: asCoded(thrown).message });
    return undefined;
  }
}

async function nodeStates(
  deps: RestDeps,
  tier: string,
): Promise<ReadonlyMap<string, NodeLookups | undefined>> {
  const nodes = nodesIn(deps, tier);
  return new Map(
    await Promise.all(nodes.map(async (info) => [hostOf(info), await stateOf(deps, info)] as const)),
  );
}

async function statesIn(
  deps: RestDeps,
  tier: string,
  shown: (state: NodeLookups) => unknown,
): Promise<Record<string, unknown>> {
  const states = await nodeStates(deps, tier);
  return Object.fromEntries([...states].map(([host, state]) => [host, shown(state ?? nothingLoaded)]));
}

async function statuses(
  deps: RestDeps,
  call: RestCall,
  tier: string,
  lookups: TierLookups,
): Promise<Record<string, unknown>> {
  const nodes = await nodeStates(deps, tier);
  const isDetailed = isAsked(call, 'detailed');
  return Object.fromEntries(
    Object.entries(lookups).map(([name, entry]) => {
      const { loaded, pendingNodes } = lookupStatus(name, entry, nodes);
      return [name, isDetailed ? { loaded, pendingNodes } : { loaded }];
    }),
  );
}

async function status(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const { config } = await read(deps);
  if (config === undefined) return notFound('No lookups found');
  const found = await Promise.all(
    Object.entries(config).map(
      async ([tier, lookups]) => [tier, await statuses(deps, call, tier, lookups)] as const,
    ),
  );
  return answer(Object.fromEntries(found));
}

async function tierStatus(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const { tier = '' } = call.params;
  const { config } = await read(deps);
  if (config === undefined) return notFound('No lookups found');
  const lookups = entriesOf(config, tier);
  if (lookups === undefined) return notFound(`No lookups found for tier [${tier}].`);
  return answer(await statuses(deps, call, tier, lookups));
}

async function oneStatus(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const { tier = '', id = '' } = call.params;
  const { config } = await read(deps);
  if (config === undefined) return notFound('No lookups found');
  const lookups = entriesOf(config, tier);
  if (lookups === undefined) return notFound(`No lookups found for tier [${tier}].`);
  const entry = entryOf(config, tier, id);
  if (entry === undefined) return notFound(`Lookup [${id}] not found for tier [${tier}].`);
  return answer((await statuses(deps, call, tier, { [id]: entry }))[id]);
}

async function nodeStatus(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const { config } = await read(deps);
  const isDiscovered = isAsked(call, 'discover');
  if (config === undefined && !isDiscovered) return notFound('No lookups configured.');
  const asked = isDiscovered ? tiersOf(deps) : Object.keys(config ?? {});
  const shown = call.query('detailed') === 'false' ? briefly : (state: NodeLookups): unknown => state;
  const found = await Promise.all(
    asked.map(async (tier) => [tier, await statesIn(deps, tier, shown)] as const),
  );
  return answer(Object.fromEntries(found));
}

async function oneNode(deps: RestDeps, call: RestCall): Promise<RestAnswer> {
  const { tier = '', node = '' } = call.params;
  const info = nodesIn(deps, tier).find((one) => hostOf(one) === node);
  const state = info === undefined ? undefined : await stateOf(deps, info);
  return state === undefined ? notFound(`Node [${node}] status is unknown.`) : answer(state);
}

// ---- for the nodes

export function lookupHandlers(deps: LookupDeps): Handlers<typeof LookupService> {
  // A large configuration is taken apart once, not for each node that asks.
  let last: { readonly text: string | null; readonly config: LookupConfig } = { text: null, config: {} };
  const current = async (): Promise<LookupConfig> => {
    const { metadata, node } = deps;
    const { payload } = await metadata.read(
      'readConfig',
      { name: NAME },
      { deadline: node.deadline(callMs) },
    );
    if (payload !== last.text)
      last = { text: payload, config: payload === null ? {} : parseConfig(parseJson(payload)) };
    return last.config;
  };
  return {
    List: async ({ tier }) => {
      const lookups = Object.entries(entriesOf(await current(), tier ?? '') ?? {});
      return {
        lookups: lookups.map(([name, entry]) => ({
          name,
          version: entry.version ?? '',
          digest: digestOf(entry),
        })),
      };
    },
    Get: async ({ tier, name }) => {
      const entry = entryOf(await current(), tier ?? '', name ?? '');
      if (entry === undefined) return { known: false };
      const type = entry.lookupExtractorFactory['type'];
      return {
        known: true,
        lookup: { name: name ?? '', version: entry.version ?? '', digest: digestOf(entry) },
        type: typeof type === 'string' ? type : '',
        factoryJson: jsonText(entry.lookupExtractorFactory),
      };
    },
  };
}

const digests = new WeakMap<object, string>();

function digestOf(entry: TierLookups[string]): string {
  let digest = digests.get(entry);
  if (digest === undefined) {
    digest = createHash('sha256').update(jsonText(entry)).digest('hex').slice(0, 32);
    digests.set(entry, digest);
  }
  return digest;
}
