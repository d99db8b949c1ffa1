/** What of an earlier step still holds when the cycle comes to the next one. Pure. */
import type { NodeInventory } from '../inventory-watch.js';
import { flightKey } from './commands.js';
import type { Standing } from './expected.js';
import type { Judged } from './messages.js';
import type { MetadataSnapshot } from './metadata-view.js';
import { withCopies } from './nodes.js';
import { makePlan, type Plan, type PlanInput, type PlannedCommand } from './plan.js';

/** Period rules are looked at again this often when nothing else changes. */
const judgeAgainMs = 30_000;

/** Undefined when something it is derived from has changed. */
export function knownStanding(
  known: Judged | undefined,
  snapshot: MetadataSnapshot,
  inventoryVersion: number,
  nowMs: number,
): Standing | undefined {
  const isSame =
    known !== undefined &&
    known.used === snapshot.used &&
    known.loadedOnce === snapshot.loadedOnce &&
    known.rules === snapshot.rules &&
    known.inventoryVersion === inventoryVersion &&
    (!snapshot.rules.hasPeriods || nowMs - known.atMs < judgeAgainMs);
  return isSame ? known.standing : undefined;
}

/** The copies changed since the plan was made: only such drops go out that would be planned now as well. */
export function stillWanted(
  plan: Plan,
  now: Pick<PlanInput, 'used' | 'inFlight' | 'released' | 'loadsPerNodeMax'> & {
    readonly inventories: readonly NodeInventory[];
  },
): (command: PlannedCommand) => boolean {
  const planned = plan.commands.filter(({ kind }) => kind === 'drop');
  if (planned.length === 0) return () => true;
  const { inventories, ...rest } = now;
  const keys = new Set(planned.map(flightKey));
  const ids = new Set(planned.map((one) => one.segmentId));
  const again = makePlan({
    ...rest,
    used: now.used.filter((segment) => ids.has(segment.id)),
    nodes: inventories.map((one) => withCopies(one, ids)),
    dropsAsked: (node, segmentId) => keys.has(flightKey({ kind: 'drop', node, segmentId })),
  });
  const drops = new Set(again.commands.filter(({ kind }) => kind === 'drop').map(flightKey));
  return (command) => command.kind === 'load' || drops.has(flightKey(command));
}
