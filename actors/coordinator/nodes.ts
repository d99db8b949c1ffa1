/** Inventories in the plan's words. */
import type { NodeInfo, RoleInfo } from '../../runtime/types.js';
import type { NodeInventory } from '../inventory-watch.js';
import { planSteps, type CopyState, type Plan, type PlanInput, type PlanNode } from './plan.js';
import { DEFAULT_TIER } from './rules.js';

export const roleOf = (info: NodeInfo, role: string): RoleInfo | undefined =>
  info.roles.find((one) => one.role === role);

/** Which ids have a copy that is seen served: looked up when asked, not copied. */
export function servedIn(inventories: readonly NodeInventory[]): { has(id: string): boolean } {
  const fresh = inventories.filter((one) => one.fresh);
  return { has: (id) => fresh.some(({ copies }) => copies.get(id)?.state === 'served') };
}

export function bytesOf(inventory: NodeInventory): number {
  let bytes = 0;
  for (const copy of inventory.copies.values()) if (copy.state !== 'failed') bytes += copy.bytes;
  return bytes;
}

/** A node without its copies. */
export function nodeOf(inventory: NodeInventory): Omit<PlanNode, 'copies' | 'usedBytes'> {
  const { info } = inventory;
  const role = roleOf(info, inventory.role);
  const tier = role?.tier ?? '';
  return {
    name: info.node,
    tier: tier === '' ? DEFAULT_TIER : tier,
    capacityBytes: Math.max(1, role?.capacity ?? 0),
    fresh: inventory.fresh,
    closed: info.suspect || info.state === 'DRAINING' || (role !== undefined && role.state !== 'RUNNING'),
  };
}

/** With these copies alone; bytes are left out: it says what may be dropped, not where room is. */
export function withCopies(inventory: NodeInventory, ids: ReadonlySet<string>): PlanNode {
  const copies = new Map<string, CopyState>();
  for (const id of ids) {
    const copy = inventory.copies.get(id);
    if (copy !== undefined) copies.set(id, copy.state);
  }
  return { ...nodeOf(inventory), usedBytes: 0, copies };
}

/** So many copies are looked at in one step. */
const perStep = 500;

/**
 * A plan of what the inventories show while it is made. They may change meanwhile: a drop has to be looked at again
 * before it goes out.
 */
export function* planOf(
  inventories: readonly NodeInventory[],
  rest: Omit<PlanInput, 'nodes'>,
): Generator<void, Plan> {
  const nodes: PlanNode[] = [];
  for (const inventory of inventories) {
    const copies = new Map<string, CopyState>();
    let usedBytes = 0;
    for (const [id, copy] of inventory.copies) {
      if (copies.size % perStep === 0) yield;
      copies.set(id, copy.state);
      if (copy.state !== 'failed') usedBytes += copy.bytes;
    }
    nodes.push({ ...nodeOf(inventory), usedBytes, copies });
  }
  return yield* planSteps({ ...rest, nodes });
}
