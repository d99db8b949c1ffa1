/**
 * The standard health service: `''` is the whole server, other names are services.
 */
import { CodedError } from '../proto/errors.js';
import { HealthService, type grpc } from '../proto/services.js';
import { untilAborted } from './deadline.js';
import type { CallContext, Handlers } from './types.js';

type Request = grpc.health.v1.HealthCheckRequest.$Properties;
type Response = grpc.health.v1.HealthCheckResponse.$Properties;

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

export interface Health {
  /** A change is told to everybody who watches. */
  set(service: string, serving: boolean): void;
  readonly handlers: Handlers<typeof HealthService>;
}

export function createHealth(): Health {
  const states = new Map<string, boolean>();
  const listeners = new Set<() => void>();
  const statusOf = (service: string): number => {
    const serving = states.get(service);
    if (serving === undefined) return SERVICE_UNKNOWN;
    return serving ? SERVING : NOT_SERVING;
  };
  async function* watch(request: Request, context: CallContext): AsyncGenerator<Response> {
    const service = request.service ?? '';
    let wake = (): void => undefined;
    const listener = (): void => wake();
    listeners.add(listener);
    try {
      for (let last: number | undefined; ;) {
        const changed = new Promise<void>((resolve) => (wake = resolve));
        const status = statusOf(service);
        if (status !== last) yield { status };
        last = status;
        // A change while the answer was being read has already replaced this promise's outcome.
        if (statusOf(service) === last) await untilAborted(changed, context.signal, 'Health.Watch');
      }
    } finally {
      listeners.delete(listener);
    }
  }
  return {
    set: (service, serving) => {
      states.set(service, serving);
      for (const listener of listeners) listener();
    },
    handlers: {
      Check: async (request: Request): Promise<Response> => {
        const status = statusOf(request.service ?? '');
        if (status === SERVICE_UNKNOWN)
          throw new CodedError('NotFound', `service[${request.service ?? ''}] is not known here`);
        return { status };
      },
      Watch: watch,
    },
  };
}
