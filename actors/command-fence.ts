/** Who may command this node: the leader with the highest epoch of this very cluster. Pure. */
import { CodedError } from '../proto/errors.js';

/** Kept on disk by whoever obeys: a restart must not make it listen to an older leader. */
export interface SeenEpoch {
  /** '' before the first command. */
  readonly clusterId: string;
  readonly epoch: number;
}
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

/** `folder`: what keeps `seen` on this node, for the message. */
export function admit(
  seen: SeenEpoch,
  claim: CommandClaim,
  folder: 'segment cache' | 'tasks folder',
): Admission {
  if (!(claim.epoch > 0) || !Number.isSafeInteger(claim.epoch)) {
    const error = new CodedError('InvalidInput', `Command epoch[${claim.epoch}] must be a whole number > 0`, {
      field: 'header.epoch',
    });
    return { kind: 'refused', error, epochSeen: seen.epoch };
  }
  if (seen.clusterId !== '' && claim.clusterId !== seen.clusterId) {
    const error = new CodedError(
      'WrongCluster',
      `This node's ${folder} belongs to cluster[${seen.clusterId}], the command came from ` +
        `cluster[${claim.clusterId}]. Give this node its own data folder, or empty its ${folder} to let it join.`,
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
