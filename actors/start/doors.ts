/** Opens the public doors of a process that runs the gateway: HTTP and gRPC with health and reflection. */
import type { Settings } from '../../config/settings.js';
import { HealthService, QueryService } from '../../proto/services.js';
import { pause } from '../../runtime/deadline.js';
import { createGrpcServer, type GrpcServer } from '../../runtime/grpc.js';
import { createHealth } from '../../runtime/grpc-health.js';
import { serveReflection } from '../../runtime/grpc-reflection.js';
import { startHttp } from '../../runtime/http.js';
import { makeTrace } from '../../runtime/trace.js';
import type { HttpHandler, HttpServer, Node, Presence, Subscription } from '../../runtime/types.js';
import type { Gateway } from '../gateway/actor.js';
import type { GroveProcess } from '../process.js';

export interface Doors {
  /** host:port as people type it. */
  readonly http: string;
  readonly grpc: string;
  /** Resolves when `/status/health` is true; rejects when aborted. */
  healthy(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const healthPollMs = 10;
/** Router, coordinator, broker, historical and overlord of a Druid installation. */
const druidPorts = [8081, 8082, 8083, 8090] as const;

const shown = (host: string, port: number): string => `${host === '127.0.0.1' ? 'localhost' : host}:${port}`;

function listen(node: Node, settings: Settings, port: number, handler: HttpHandler): Promise<HttpServer> {
  const { clock, log, random } = node;
  const { host, hostsAllowed, bodyBytesMax } = settings;
  return startHttp({ host, port, hostsAllowed, bodyBytesMax, handler, clock, log, random });
}

/** Keeps the health service at what `/status/health` says; told on every change. */
export function followHealth(
  presence: Pick<Presence, 'onChange'>,
  isHealthy: () => boolean,
  set: (service: string, serving: boolean) => void,
): Subscription {
  let told: boolean | undefined;
  const tell = (): void => {
    const now = isHealthy();
    if (now === told) return;
    told = now;
    set('', now);
    set(QueryService.Native.service, now);
  };
  tell();
  return presence.onChange(tell);
}

async function openGrpc(
  node: Node,
  settings: Settings,
  gateway: Gateway,
): Promise<Pick<GrpcServer, 'close'>> {
  const { clock, log, random } = node;
  const server = await createGrpcServer({
    host: settings.host,
    port: settings.grpcPort,
    token: undefined,
    clock,
    log,
    makeTrace: () => makeTrace(random),
  });
  server.serve(QueryService, gateway.grpc);
  const health = createHealth();
  server.serve(HealthService, health.handlers);
  const following = followHealth(
    node.presence,
    () => gateway.health().isHealthy,
    (service, serving) => health.set(service, serving),
  );
  serveReflection(server);
  return {
    close: async () => {
      following.stop();
      await server.close();
    },
  };
}

/** @throws CodedError Conflict naming a port that is taken; what was opened is closed again. */
export async function openDoors(deps: {
  readonly grove: GroveProcess;
  readonly gateway: Gateway;
}): Promise<Doors> {
  const { gateway } = deps;
  const { node, settings } = deps.grove;
  const open: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const one of open.splice(0).reverse()) await one.close();
  };
  try {
    open.push(await listen(node, settings, settings.httpPort, gateway.http));
    if (settings.druidPorts) {
      for (const port of druidPorts) open.push(await listen(node, settings, port, gateway.http));
    }
    open.push(await openGrpc(node, settings, gateway));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    http: shown(settings.host, settings.httpPort),
    grpc: shown(settings.host, settings.grpcPort),
    healthy: async (signal) => {
      while (!gateway.health().isHealthy) {
        // A pause ends at once when aborted: without this the loop would never give the thread back.
        signal.throwIfAborted();
        await pause(node.clock, healthPollMs, signal);
      }
    },
    close,
  };
}
