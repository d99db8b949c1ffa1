/** Cluster id and the leaders' epoch rows. */
import { CodedError, invalidInput } from '../../../proto/errors.js';
import type { LeaderClaim, OpInput, OpOutput } from '../../../proto/metadata.js';
import type { Tx } from '../store.js';

interface ClusterRow {
  readonly cluster_id: string;
}
interface LeaderRow {
  readonly role: string;
  readonly epoch: number;
  readonly holder: string;
}

export async function readClusterId(tx: Tx): Promise<OpOutput<'readClusterId'>> {
  const row = await tx<ClusterRow>('grove_cluster').first('cluster_id');
  if (row === undefined) throw new CodedError('Bug', 'The metadata store has no cluster id');
  return { clusterId: row.cluster_id };
}

export async function readEpoch(tx: Tx, input: OpInput<'readEpoch'>): Promise<OpOutput<'readEpoch'>> {
  const row = await tx<LeaderRow>('grove_leader').where({ role: input.role }).first();
  return { epoch: row?.epoch ?? 0, holder: row?.holder ?? '' };
}

export async function bumpEpoch(tx: Tx, input: OpInput<'bumpEpoch'>): Promise<OpOutput<'bumpEpoch'>> {
  const { role, holder, atLeast } = input;
  if (!Number.isSafeInteger(atLeast) || atLeast < 0) {
    throw invalidInput(`atLeast[${atLeast}] is not a whole number`, 'atLeast');
  }
  const row = await tx<LeaderRow>('grove_leader').where({ role }).forUpdate().first();
  const epoch = Math.max(row?.epoch ?? 0, atLeast) + 1;
  await tx('grove_leader').insert({ role, epoch, holder }).onConflict('role').merge();
  return { epoch };
}

/** First statement of every leader transaction: the row stays locked until it commits. */
export async function claimLeadership(tx: Tx, claim: LeaderClaim): Promise<void> {
  const row = await tx<LeaderRow>('grove_leader').where({ role: claim.role }).forUpdate().first();
  const seen = row?.epoch ?? 0;
  if (seen !== claim.epoch) {
    throw new CodedError(
      'StaleEpoch',
      `${claim.role} epoch[${claim.epoch}] is not the newest: seen[${seen}]`,
      {
        seen,
        role: claim.role,
      },
    );
  }
}
