/** Who may command this node: the leader with the highest epoch of this very cluster. Pure. */
import { CodedError } from '../../proto/errors.js';
import type { SeenEpoch } from './cache.js';

export interface CommandClaim {
  readonly clusterId: string;
  readonly epoch: number;
}
export type Admission =
  | {
      readonly kind: 'admitted';
      readonly seen: SeenEpoch;
      /** To be persisted before the command is obeyed. */ readonly isNew: boolean;
    }
  | { readonly kind: 'refused'; readonly error: CodedError; readonly epochSeen: number };

export function admit(seen: SeenEpoch, claim: CommandClaim): Admission {
  if (!(claim.epoch > 0) || !Number.isSafeInteger(claim.epoch)) {
    const error = new CodedError('InvalidInput', `Command epoch[${claim.epoch}] must be a whole number > 0`, {
      field: 'header.epoch',
    });
    return { kind: 'refused', error, epochSeen: seen.epoch };
  }
  if (seen.clusterId !== '' && claim.clusterId !== seen.clusterId) {
    const error = new CodedError(
      'WrongCluster',
      `This node's segment cache belongs to cluster[${seen.clusterId}], the command came from ` +
        `cluster[${claim.clusterId}]. Give this node its own data folder, or empty its segment cache to let it join.`,
      { seen: seen.clusterId, given: claim.clusterId },
    );
    return { kind: 'refused', error, epochSeen: seen.epoch };
  }
  if (claim.epoch < seen.epoch) {
    const error = new CodedError(
      'StaleEpoch',
      `A leader of epoch[${seen.epoch}] was obeyed before; epoch[${claim.epoch}] is over`,
      { seen: seen.epoch },
    );
    return { kind: 'refused', error, epochSeen: seen.epoch };
  }
  const isNew = claim.epoch > seen.epoch || seen.clusterId === '';
  return { kind: 'admitted', seen: { clusterId: claim.clusterId, epoch: claim.epoch }, isNew };
}
