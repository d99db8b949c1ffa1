/** The overlord's REST API: one table of routes. */
import type { grove } from '../../proto/services.js';
import type { CallContext } from '../../runtime/types.js';
import { answerJson, RestRouter, type RestRoute } from '../rest-router.js';
import { OVERLORD, type RestDeps } from './rest-deps.js';
import { chatRoutes } from './rest-chat.js';
import { listRoutes } from './rest-lists.js';
import { taskRoutes } from './rest-tasks.js';
import { workerRoutes } from './rest-workers.js';

type Call = (
  request: grove.cluster.v1.RestRequest.$Properties,
  context: CallContext,
) => Promise<grove.cluster.v1.RestResponse.$Properties>;

function leaderRoutes(deps: RestDeps): RestRoute[] {
  return [
    {
      method: 'GET',
      path: `${OVERLORD}/leader`,
      handle: () => {
        const leader = deps.node.presence.leader('overlord');
        if (leader === undefined) return { status: 404, type: 'application/json' };
        const host = leader.httpAddress === '' ? leader.grpcAddress : leader.httpAddress;
        return { status: 200, text: `http://${host}`, type: 'application/json' };
      },
    },
    {
      method: 'GET',
      path: `${OVERLORD}/isLeader`,
      handle: () => {
        const leader = deps.isLeader();
        return answerJson({ leader }, leader ? 200 : 404);
      },
    },
  ];
}

export function createRestHandler(deps: RestDeps): Call {
  const router = new RestRouter([
    ...leaderRoutes(deps),
    ...taskRoutes(deps),
    ...chatRoutes(deps),
    ...listRoutes(deps),
    ...workerRoutes(deps),
  ]);
  return (request, context) => router.call(request, context);
}
