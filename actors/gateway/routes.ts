/**
 * The gateway's routes as data: pattern → method → what to do. `{name}` takes one part of the path, a last `*` the rest.
 * Pure.
 */
export type Action =
  | { readonly kind: 'query' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'sql' }
  /** Answered by the role: its leader, or (broker) any. */
  | { readonly kind: 'rest'; readonly role: string }
  /** `/proxy/ROLE/…`: the rest is a path of that role's own. */
  | { readonly kind: 'proxy'; readonly role: string }
  | {
      readonly kind: 'local';
      readonly what:
        | 'status'
        | 'health'
        | 'ready'
        | 'properties'
        | 'selfDiscovered'
        | 'selfDiscoveredStatus'
        | 'brokers'
        | 'proxyEnabled'
        | 'metrics'
        | 'historicalLoadStatus'
        | 'historicalReadiness'
        | 'home';
    };

/** `*` = every method: the role decides. */
interface Route {
  readonly path: string;
  readonly methods: Readonly<Record<string, Action>>;
}

const local = (what: (Action & { kind: 'local' })['what']): Action => ({ kind: 'local', what });
const get = (path: string, action: Action): Route => ({ path, methods: { GET: action } });

const routes: readonly Route[] = [
  get('/', local('home')),
  get('/status', local('status')),
  get('/status/health', local('health')),
  get('/status/ready', local('ready')),
  get('/status/properties', local('properties')),
  get('/status/selfDiscovered', local('selfDiscovered')),
  get('/status/selfDiscovered/status', local('selfDiscoveredStatus')),
  get('/metrics', local('metrics')),
  get('/proxy/enabled', local('proxyEnabled')),
  get('/druid/router/v1/brokers', local('brokers')),
  get('/druid/broker/v1/loadstatus', { kind: 'rest', role: 'broker' }),
  get('/druid/broker/v1/readiness', { kind: 'rest', role: 'broker' }),
  get('/druid/historical/v1/loadstatus', local('historicalLoadStatus')),
  get('/druid/historical/v1/readiness', local('historicalReadiness')),
  { path: '/proxy/coordinator/*', methods: { '*': { kind: 'proxy', role: 'coordinator' } } },
  { path: '/proxy/overlord/*', methods: { '*': { kind: 'proxy', role: 'overlord' } } },
  { path: '/druid/v2', methods: { POST: { kind: 'query' } } },
  { path: '/druid/v2/sql', methods: { POST: { kind: 'sql' } } },
  { path: '/druid/v2/sql/{id}', methods: { DELETE: { kind: 'sql' } } },
  {
    path: '/druid/v2/sql/*',
    methods: { GET: { kind: 'sql' }, POST: { kind: 'sql' }, DELETE: { kind: 'sql' } },
  },
  { path: '/druid/v2/datasources', methods: { GET: { kind: 'rest', role: 'broker' } } },
  { path: '/druid/v2/datasources/*', methods: { GET: { kind: 'rest', role: 'broker' } } },
  { path: '/druid/v2/candidates', methods: { POST: { kind: 'rest', role: 'broker' } } },
  { path: '/druid/v2/{id}', methods: { DELETE: { kind: 'cancel' }, POST: { kind: 'query' } } },
  { path: '/druid/v1/lookups/*', methods: { '*': { kind: 'rest', role: 'lookups' } } },
  { path: '/druid/listen/v1/lookups', methods: { '*': { kind: 'rest', role: 'lookups' } } },
  { path: '/druid/listen/v1/lookups/*', methods: { '*': { kind: 'rest', role: 'lookups' } } },
  { path: '/druid/coordinator/*', methods: { '*': { kind: 'rest', role: 'coordinator' } } },
  { path: '/druid/worker/v1/chat/*', methods: { GET: { kind: 'rest', role: 'overlord' } } },
  { path: '/druid/indexer/*', methods: { '*': { kind: 'rest', role: 'overlord' } } },
];

export type Match =
  | { readonly kind: 'action'; readonly action: Action; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'notAllowed'; readonly methods: readonly string[] }
  | { readonly kind: 'unknown' };

const compiled = routes.map((route) => ({ parts: split(route.path), methods: route.methods }));

/** A trailing slash is the same path. */
function split(path: string): readonly string[] {
  return path.replace(/\/+$/, '').split('/').slice(1);
}

export function matchRoute(method: string, path: string): Match {
  const parts = split(path);
  for (const { parts: pattern, methods } of compiled) {
    const params = fit(pattern, parts);
    if (params === undefined) continue;
    const action = methods[method] ?? methods['*'];
    return action === undefined
      ? { kind: 'notAllowed', methods: Object.keys(methods) }
      : { kind: 'action', action, params };
  }
  return { kind: 'unknown' };
}

function fit(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [i, wanted] of pattern.entries()) {
    if (wanted === '*') {
      if (parts.length <= i) return undefined;
      params['rest'] = parts.slice(i).join('/');
      return params;
    }
    const given = parts[i];
    if (given === undefined) return undefined;
    if (wanted.startsWith('{')) params[wanted.slice(1, -1)] = given;
    else if (wanted !== given) return undefined;
  }
  return pattern.length === parts.length ? params : undefined;
}

/** Druid's router refuses these whatever the path. */
export const refusedMethods: ReadonlySet<string> = new Set(['OPTIONS', 'HEAD', 'PATCH', 'TRACE']);

export type ContentVerdict = 'json' | 'smile' | 'other' | 'none';
export function contentOf(header: string | undefined): ContentVerdict {
  const type = (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === '') return 'none';
  if (type === 'application/json') return 'json';
  return smileTypes.includes(type) ? 'smile' : 'other';
}

const smileTypes: readonly string[] = ['application/x-jackson-smile', 'application/smile'];
const jsonTypes: readonly string[] = ['application/json', 'application/*', '*/*'];

/** The first form in the Accept header that there is; without the header that of the body. Undefined: none. */
export function answerType(
  accept: string | undefined,
  content: ContentVerdict,
): 'json' | 'smile' | undefined {
  if (accept === undefined || accept.trim() === '') return content === 'smile' ? 'smile' : 'json';
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.trim().toLowerCase().split(';');
    if (parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter))) continue;
    if (jsonTypes.includes(type.trim())) return 'json';
    if (smileTypes.includes(type.trim())) return 'smile';
  }
  return undefined;
}
