/** The gateway: Druid's Router as one HTTP handler, and the public gRPC service. */
import type { QueryService } from '../../proto/services.js';
import type { Behavior, ChildSpec, Handlers, HttpHandler, Node } from '../../runtime/types.js';
import { judgeHealth, type Health } from './health.js';
import { createHttpHandler } from './http.js';
import { queryServiceHandlers } from './native.js';

export interface GatewayDeps {
  readonly node: Node;
  /** Of Grove, as `/status` tells it. */
  readonly version: string;
  /** Settings without secrets, as `/status/properties` shows them, under Druid's names where there is one. */
  readonly properties: () => Readonly<Record<string, string>>;
}

export interface Gateway {
  /** Keeps the role in presence. */
  readonly child: ChildSpec<never>;
  /** For runtime/http.ts. */
  readonly http: HttpHandler;
  /** For the public gRPC server. */
  readonly grpc: Handlers<typeof QueryService>;
  health(): Health;
}

export function createGateway(deps: GatewayDeps): Gateway {
  const { presence } = deps.node;
  const health = (): Health => judgeHealth({ self: presence.self, all: presence.all() });
  return {
    child: { name: 'gateway', behavior: () => new GatewayRole(deps.node) },
    http: createHttpHandler({ ...deps, health }),
    grpc: queryServiceHandlers(deps.node),
    health,
  };
}

class GatewayRole implements Behavior<never> {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  started(): void {
    this.#node.presence.setRole('gateway', { state: 'RUNNING' });
  }
  receive(): void {
    // Requests don't go through the mailbox: each is answered by a role of its own.
  }
  draining(): void {
    this.#node.presence.setRole('gateway', { state: 'DRAINING' });
  }
  stopping(): void {
    this.#node.presence.setRole('gateway', { state: 'STOPPED' });
  }
}
