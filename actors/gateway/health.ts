/** Is the cluster there, as far as a query or a task sent now is concerned? Pure, over what presence shows. */
import type { NodeInfo } from '../../runtime/types.js';

export interface PresenceView {
  readonly self: NodeInfo;
  readonly all: readonly NodeInfo[];
}
export interface Health {
  readonly isHealthy: boolean;
  /** What is not there yet, for the log and the start screen. */
  readonly waitingFor: readonly string[];
}

/** Roles whose leader must be elected. */
const ledRoles = ['coordinator', 'overlord'] as const;
/** Roles of which at least one must run. A broker runs from its first expected set on. */
const neededRoles = ['metadata', 'broker', 'historical', 'middlemanager'] as const;

export function judgeHealth({ self, all }: PresenceView): Health {
  const waitingFor: string[] = [];
  for (const { role, state } of self.roles) {
    if (role !== 'peon' && state !== 'RUNNING') waitingFor.push(`${role} is ${state}`);
  }
  const running = all
    .filter((info) => !info.suspect)
    .flatMap((info) => info.roles)
    .filter((role) => role.state === 'RUNNING');
  for (const needed of neededRoles) {
    if (!running.some(({ role }) => role === needed)) waitingFor.push(`no ${needed} runs`);
  }
  for (const led of ledRoles) {
    if (!running.some(({ role, leaderEpoch }) => role === led && leaderEpoch > 0)) {
      waitingFor.push(`no ${led} leads`);
    }
  }
  return { isHealthy: waitingFor.length === 0, waitingFor };
}
