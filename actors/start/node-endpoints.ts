/** What every process answers about itself over HTTP when it runs no gateway: `/status*` and `/metrics`. */
import { druidProperties } from '../../config/settings.js';
import { startHttp } from '../../runtime/http.js';
import type { HttpHandler, HttpResponse, HttpServer, NodeInfo } from '../../runtime/types.js';
import type { GroveProcess } from '../process.js';

export interface NodeStatus {
  readonly version: string;
  readonly self: () => NodeInfo;
  readonly properties: () => Readonly<Record<string, string>>;
  readonly metrics: () => string;
}

const json = (value: unknown, status = 200): HttpResponse => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(value),
});

/** Healthy = each of its own roles runs; what becomes of the cluster is the gateway's answer. */
export function nodeHandler(node: NodeStatus): HttpHandler {
  const isHealthy = (): boolean => {
    const { roles } = node.self();
    return roles.length > 0 && roles.every((role) => role.role === 'peon' || role.state === 'RUNNING');
  };
  const answers: Readonly<Record<string, () => HttpResponse>> = {
    '/status': () => json({ version: node.version, modules: [], roles: node.self().roles }),
    '/status/health': () => json(isHealthy(), isHealthy() ? 200 : 503),
    '/status/ready': () => ({ status: isHealthy() ? 200 : 503, body: '' }),
    '/status/properties': () => json(node.properties()),
    '/status/selfDiscovered': () => ({ status: 200, contentType: 'application/json', body: '' }),
    '/status/selfDiscovered/status': () => json({ selfDiscovered: true }),
    '/metrics': () => ({ status: 200, contentType: 'text/plain; version=0.0.4', body: node.metrics() }),
  };
  return async (request) => {
    const answer = Object.hasOwn(answers, request.path) ? answers[request.path] : undefined;
    if (answer === undefined) return { status: 404, body: '' };
    if (request.method !== 'GET') return { status: 405, headers: { allow: 'GET' }, body: '' };
    return answer();
  };
}

/** @throws CodedError Conflict when the port is taken. */
export function openNodeEndpoints(deps: {
  readonly grove: GroveProcess;
  readonly version: string;
}): Promise<HttpServer> {
  const { settings, node } = deps.grove;
  const { clock, log, random } = node;
  const { host, nodePort: port, hostsAllowed, bodyBytesMax } = settings;
  const handler = nodeHandler({
    version: deps.version,
    self: () => node.presence.self,
    properties: () => druidProperties(settings),
    metrics: () => node.metrics.render(),
  });
  return startHttp({ host, port, hostsAllowed, bodyBytesMax, handler, clock, log, random });
}
