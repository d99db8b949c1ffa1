/** What the coordinator answers: what brokers are to expect, lookups, and its part of the REST API. */
import { ExpectedService, LookupService, RestService } from '../../proto/services.js';
import { watchExpected, type Reign } from './reign.js';
import { createRestHandler } from './rest.js';
import type { RestDeps } from './rest-deps.js';
import { lookupHandlers } from './rest-lookups.js';

export interface DoorDeps extends RestDeps {
  readonly reign: () => Reign | undefined;
  /** A broker has seen what was published. */
  readonly acknowledged: () => void;
}

/** Answers how to stop. */
export function serveCoordinator(deps: DoorDeps): () => void {
  const { transport } = deps.node;
  const handle = createRestHandler(deps);
  const served = [
    transport.serve(ExpectedService, {
      WatchExpected: (request, call) => watchExpected(deps.reign(), request, call.signal),
      Ack: async (request) => {
        const reign = deps.reign();
        if (reign === undefined || request.epoch !== reign.epoch) return { ok: false };
        reign.releases.acknowledged(request.broker ?? '', request.sequence ?? 0);
        deps.acknowledged();
        return { ok: true };
      },
    }),
    transport.serve(LookupService, lookupHandlers(deps)),
    transport.serve(
      RestService,
      { Call: (request, call) => handle(request, call) },
      { scope: 'coordinator' },
    ),
  ];
  return () => {
    for (const one of served) one.stop();
  };
}
