/** Tasks ask the overlord for registered lookups; it asks the leading coordinator, who keeps them. */
import { CodedError } from '../../proto/errors.js';
import { LookupService } from '../../proto/services.js';
import type { RegisteredLookup, RegisteredLookups } from '../../proto/task-actions.js';
import type { Node } from '../../runtime/types.js';

const callMs = 10_000;

/** Throws Unavailable while no coordinator leads. */
export async function registeredLookups(
  node: Node,
  { tier, names }: RegisteredLookups,
): Promise<{ readonly lookups: readonly RegisteredLookup[] }> {
  const leader = node.presence.leader('coordinator');
  if (leader === undefined) throw new CodedError('Unavailable', 'No coordinator leads just now');
  const client = node.transport.client(leader.grpcAddress);
  const lookups: RegisteredLookup[] = [];
  for (const name of names) {
    const found = await client.unary(LookupService.Get, { tier, name }, { deadline: node.deadline(callMs) });
    if (found.known !== true) continue;
    lookups.push({ name, version: found.lookup?.version ?? '', factoryJson: found.factoryJson ?? '' });
  }
  return { lookups };
}
