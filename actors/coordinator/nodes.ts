/** Inventories in the plan's words. */
import type { NodeInfo, RoleInfo } from '../../runtime/types.js';
import type { NodeInventory } from '../inventory-watch.js';
import type { PlanNode } from './plan.js';
import { DEFAULT_TIER } from './rules.js';

export const roleOf = (info: NodeInfo, role: string): RoleInfo | undefined =>
  info.roles.find((one) => one.role === role);

/** Ids with a copy that is seen served now. */
export function servedSegments(inventories: readonly NodeInventory[]): Set<string> {
  const served = new Set<string>();
  for (const { fresh, copies } of inventories) {
    if (!fresh) continue;
    for (const copy of copies.values()) if (copy.state === 'served') served.add(copy.segmentId);
  }
  return served;
}

export function bytesOf(inventory: NodeInventory): number {
  let bytes = 0;
  for (const copy of inventory.copies.values()) if (copy.state !== 'failed') bytes += copy.bytes;
  return bytes;
}

export function planNodes(inventories: readonly NodeInventory[]): PlanNode[] {
  return inventories.map((inventory) => {
    const { info } = inventory;
    const role = roleOf(info, inventory.role);
    const copies = new Map([...inventory.copies].map(([id, copy]) => [id, copy.state] as const));
    const tier = role?.tier ?? '';
    return {
      name: info.node,
      tier: tier === '' ? DEFAULT_TIER : tier,
      capacityBytes: Math.max(1, role?.capacity ?? 0),
      usedBytes: bytesOf(inventory),
      fresh: inventory.fresh,
      closed: info.suspect || info.state === 'DRAINING' || (role !== undefined && role.state !== 'RUNNING'),
      copies,
    };
  });
}
