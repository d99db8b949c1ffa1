/** Who may command this worker: the leader with the highest epoch of its cluster. Pure. */
import { CodedError, invalidInput } from '../../proto/errors.js';

export interface SeenLeader {
  /** '' before the first command. */
  readonly clusterId: string;
  readonly epoch: number;
}

export function admitCommand(
  seen: SeenLeader,
  claim: SeenLeader,
): { readonly seen: SeenLeader; readonly error: CodedError | undefined } {
  if (!Number.isSafeInteger(claim.epoch) || claim.epoch <= 0) {
    const error = invalidInput(`Command epoch[${claim.epoch}] must be a whole number > 0`, 'header.epoch');
    return { seen, error };
  }
  if (seen.clusterId !== '' && claim.clusterId !== seen.clusterId) {
    const error = new CodedError(
      'WrongCluster',
      `This worker belongs to cluster[${seen.clusterId}], the command came from cluster[${claim.clusterId}]`,
    );
    return { seen, error };
  }
  if (claim.epoch < seen.epoch) {
    const error = new CodedError(
      'StaleEpoch',
      `An overlord of epoch[${seen.epoch}] was obeyed before; epoch[${claim.epoch}] is over`,
      { seen: seen.epoch },
    );
    return { seen, error };
  }
  return { seen: claim, error: undefined };
}
