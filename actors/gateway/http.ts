/** The gateway's HTTP handler: Druid's Router paths, status codes, headers and refusals. */
import { getHeapStatistics } from 'node:v8';
import { asCoded, CodedError } from '../../proto/errors.js';
import { RestService } from '../../proto/services.js';
import { plain } from '../../query/native/errors.js';
import { traceIdOf } from '../../runtime/trace.js';
import type { HttpHandler, HttpRequest, HttpResponse, Node } from '../../runtime/types.js';
import { allowOf } from '../rest-router.js';
import type { Health } from './health.js';
import { answerNative, cancelNative, chooseBroker } from './native.js';
import { contentOf, matchRoute, refusedMethods, type Action } from './routes.js';

export interface HttpDeps {
  readonly node: Node;
  readonly version: string;
  readonly properties: () => Readonly<Record<string, string>>;
  readonly health: () => Health;
}

const JSON_TYPE = 'application/json';
const restMs = 60_000;

/** Druid puts these on everything but POSTs. */
const pageHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache, no-store, max-age=0',
  'content-security-policy': "frame-ancestors 'none'",
};
/** Headers the roles look at. */
const forwarded = ['accept', 'if-none-match', 'x-druid-author', 'x-druid-comment'];

export function createHttpHandler(deps: HttpDeps): HttpHandler {
  return async (request) => {
    if (refusedMethods.has(request.method)) return { status: 405, body: '' };
    const { clock, log } = deps.node;
    const since = clock.monotonic();
    const response = await answer(deps, request);
    log.debug('http request', {
      trace: traceIdOf(request.trace),
      method: request.method,
      path: request.path.slice(0, 300),
      status: response.status,
      ms: Math.round(clock.monotonic() - since),
    });
    if (request.method === 'POST') return response;
    return { ...response, headers: { ...pageHeaders, ...response.headers } };
  };
}

async function answer(deps: HttpDeps, request: HttpRequest): Promise<HttpResponse> {
  const match = matchRoute(request.method, request.path);
  if (match.kind === 'unknown') return notFound(request.path);
  if (match.kind === 'notAllowed')
    return { status: 405, headers: { allow: allowOf(match.methods) }, body: '' };
  try {
    return await act(deps, request, match.action, match.params);
  } catch (thrown) {
    return failed(asCoded(thrown));
  }
}

function failed(error: CodedError): HttpResponse {
  const { status, body } = plain(error);
  return { status, contentType: JSON_TYPE, body };
}

async function act(
  deps: HttpDeps,
  request: HttpRequest,
  action: Action,
  params: Readonly<Record<string, string>>,
): Promise<HttpResponse> {
  switch (action.kind) {
    case 'query':
      return answerNative(deps.node, request);
    case 'cancel':
      await cancelNative(deps.node, params['id'] ?? '');
      return { status: 202, contentType: JSON_TYPE, body: '' };
    case 'sql':
      throw new CodedError('Unsupported', 'SQL is not built yet: send native queries to /druid/v2');
    case 'rest':
      return rest(deps.node, action.role, request, request.path);
    case 'proxy':
      return proxy(deps, request, action.role, `/${params['rest'] ?? ''}`);
    case 'local':
      return local(deps, action.what);
  }
}

/** A role's own path through the management proxy: its REST API, or what every process answers. */
async function proxy(
  deps: HttpDeps,
  request: HttpRequest,
  role: string,
  path: string,
): Promise<HttpResponse> {
  if (path.startsWith('/druid/')) return rest(deps.node, role, request, path);
  const match = matchRoute(request.method, path);
  if (match.kind === 'action' && match.action.kind === 'local' && path.startsWith('/status')) {
    return local(deps, match.action.what);
  }
  if (match.kind === 'notAllowed' && path.startsWith('/status')) {
    return { status: 405, headers: { allow: allowOf(match.methods) }, body: '' };
  }
  return { status: 404, body: '' };
}

function addressOf(node: Node, role: string): string {
  // A broker's process has lookups too.
  if (role === 'broker' || role === 'lookups') return chooseBroker(node);
  const leader = node.presence.leader(role);
  if (leader === undefined) throw new CodedError('Unavailable', `No ${role} leads at the moment`);
  return leader.grpcAddress;
}

/** Hands the request to the role that owns the path. */
async function rest(node: Node, role: string, request: HttpRequest, path: string): Promise<HttpResponse> {
  const isWrite = request.method !== 'GET';
  if (isWrite && request.body.length > 0 && contentOf(request.headers['content-type']) !== 'json') {
    return { status: 415, body: '' };
  }
  const headers = forwarded.flatMap((key) => {
    const value = request.headers[key];
    return value === undefined ? [] : [{ key, value }];
  });
  const response = await node.transport.client(addressOf(node, role)).unary(
    RestService.Call,
    {
      method: request.method,
      path,
      query: request.query.map(([key, value]) => ({ key, value })),
      headers: [...headers, { key: 'x-forwarded-for', value: request.remoteAddress }],
      body: request.body,
      trace: request.trace,
    },
    {
      deadline: node.deadline(restMs),
      signal: request.signal,
      trace: request.trace,
      metadata: { scope: role },
    },
  );
  const contentType = response.contentType ?? '';
  return {
    status: response.status ?? 500,
    ...(contentType === '' ? {} : { contentType }),
    headers: Object.fromEntries((response.headers ?? []).map((pair) => [pair.key ?? '', pair.value ?? ''])),
    body: response.body ?? '',
  };
}

const json = (value: unknown, status = 200): HttpResponse => ({
  status,
  contentType: JSON_TYPE,
  body: JSON.stringify(value),
});

type LocalPath = (Action & { kind: 'local' })['what'];

function local(deps: HttpDeps, what: LocalPath): HttpResponse {
  switch (what) {
    case 'status':
      return json({ version: deps.version, modules: [], memory: memory() });
    case 'health': {
      const { isHealthy } = deps.health();
      return json(isHealthy, isHealthy ? 200 : 503);
    }
    case 'ready':
      return { status: deps.health().isHealthy ? 200 : 503, body: '' };
    case 'properties':
      return json(deps.properties());
    case 'selfDiscovered':
      return { status: 200, contentType: JSON_TYPE, body: '' };
    case 'selfDiscoveredStatus':
      return json({ selfDiscovered: true });
    case 'brokers':
      return json({ 'druid/broker': brokerHosts(deps.node) });
    case 'proxyEnabled':
      return json({ enabled: true });
    case 'metrics':
      return { status: 200, contentType: 'text/plain; version=0.0.4', body: deps.node.metrics.render() };
    case 'historicalLoadStatus':
      return json({ cacheInitialized: runsHistorical(deps.node) });
    case 'historicalReadiness':
      return { status: runsHistorical(deps.node) ? 200 : 503, body: '' };
    case 'home':
      return { status: 200, contentType: 'text/html; charset=utf-8', body: home };
  }
}

const runsHistorical = (node: Node): boolean =>
  node.presence.self.roles.some(({ role, state }) => role === 'historical' && state === 'RUNNING');

function brokerHosts(node: Node): string[] {
  return node.presence
    .nodes('broker')
    .map((info) => (info.httpAddress === '' ? info.grpcAddress : info.httpAddress));
}

function memory() {
  const { heapUsed, heapTotal, external } = process.memoryUsage();
  return {
    maxMemory: getHeapStatistics().heap_size_limit,
    totalMemory: heapTotal,
    freeMemory: heapTotal - heapUsed,
    usedMemory: heapUsed,
    directMemory: external,
  };
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`);

/** Druid's servlet container answers unknown paths with a page. */
function notFound(path: string): HttpResponse {
  const body =
    '<html>\n<head><title>Error 404 Not Found</title></head>\n<body><h2>HTTP ERROR 404 Not Found</h2>\n' +
    `<table>\n<tr><th>URI:</th><td>${escaped(path.slice(0, 500))}</td></tr>\n` +
    '<tr><th>STATUS:</th><td>404</td></tr>\n<tr><th>MESSAGE:</th><td>Not Found</td></tr>\n</table>\n</body>\n</html>\n';
  return { status: 404, contentType: 'text/html;charset=utf-8', body };
}

const home =
  '<html>\n<head><title>Grove</title></head>\n<body><h1>Grove</h1>\n' +
  '<p>Send native queries to <code>POST /druid/v2</code>, tasks to <code>POST /druid/indexer/v1/task</code>.</p>\n' +
  '<p><a href="/status">status</a>, <a href="/status/health">health</a>, <a href="/metrics">metrics</a></p>\n</body>\n</html>\n';
