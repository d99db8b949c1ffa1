/** The coordinator's REST API: one table of routes, put together from its parts. */
import type { grove } from '../../proto/services.js';
import type { CallContext } from '../../runtime/types.js';
import { RestRouter } from '../rest-router.js';
import { clusterRoutes } from './rest-cluster.js';
import { configRoutes } from './rest-config.js';
import type { RestDeps } from './rest-deps.js';
import { loadedRoutes } from './rest-loaded.js';
import { lookupRoutes } from './rest-lookups.js';
import { metadataRoutes } from './rest-metadata.js';
import { ruleRoutes } from './rest-rules.js';
import { statusRoutes } from './rest-status.js';
import { usedRoutes } from './rest-used.js';

type Call = (
  request: grove.cluster.v1.RestRequest.$Properties,
  context: CallContext,
) => Promise<grove.cluster.v1.RestResponse.$Properties>;

export function createRestHandler(deps: RestDeps): Call {
  const router = new RestRouter([
    ...statusRoutes(deps),
    ...clusterRoutes(deps),
    ...loadedRoutes(deps),
    ...metadataRoutes(deps),
    ...usedRoutes(deps),
    ...ruleRoutes(deps),
    ...configRoutes(deps),
    ...lookupRoutes(deps),
  ]);
  return (request, context) => router.call(request, context);
}
