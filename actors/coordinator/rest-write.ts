/** Writes of REST calls: only the leader's, fenced by its epoch. */
import { asCoded, CodedError } from '../../proto/errors.js';
import type { OpInput, OpOutput, TransactionName } from '../../proto/metadata.js';
import type { RestDeps } from './rest-deps.js';

const writeMs = 30_000;

/** Refused while another node leads: only the leader's view is the cluster's. */
export function mustLead(deps: RestDeps): number {
  const { epoch } = deps.state();
  if (epoch === 0) throw new CodedError('Unavailable', 'This coordinator does not lead');
  return epoch;
}

export async function transactAsLeader<Name extends TransactionName>(
  deps: RestDeps,
  name: Name,
  input: OpInput<Name>,
): Promise<OpOutput<Name>> {
  const leader = { role: 'coordinator', epoch: mustLead(deps) };
  try {
    return await deps.metadata.transact(name, input, { deadline: deps.node.deadline(writeMs), leader });
  } catch (thrown) {
    deps.failed(asCoded(thrown));
    throw thrown;
  }
}
