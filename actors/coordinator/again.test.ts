import { expect } from 'chai';
import type { NodeInventory } from '../inventory-watch.js';
import { knownStanding, stillWanted } from './again.js';
import type { Judged } from './messages.js';
import type { MetadataSnapshot } from './metadata-view.js';
import type { CopyState, Plan, PlanSegment } from './plan.js';

const segment = (id: string): PlanSegment => ({
  id,
  dataSource: 'shop',
  startMs: 0,
  endMs: 1,
  version: 'v',
  bytes: 1,
  verdict: { kind: 'none' },
  overshadowed: 'queryable',
  loadedOnce: true,
});
const inventory = (node: string, copies: Readonly<Record<string, CopyState>>): NodeInventory =>
  ({
    info: { node, roles: [], state: 'RUNNING', suspect: false },
    role: 'historical',
    fresh: true,
    complete: true,
    copies: new Map(Object.entries(copies).map(([id, state]) => [id, { state, bytes: 1 }])),
  }) as unknown as NodeInventory;

describe('commands planned before the copies changed', () => {
  const used = [segment('s1'), segment('s2')];
  const drop = (node: string, segmentId: string) => ({ kind: 'drop', node, segmentId }) as const;
  const load = { kind: 'load', node: 'a', segmentId: 's9' } as const;
  const plan: Plan = { commands: [load, drop('a', 's1'), drop('a', 's2')], missing: new Map() };
  const now = (inventories: readonly NodeInventory[], released: (id: string) => boolean = () => true) =>
    plan.commands.filter(
      stillWanted(plan, { used, inventories, inFlight: [], released, loadsPerNodeMax: 10 }),
    );

  it('go out while they would be planned again', () =>
    expect(now([inventory('a', { s1: 'served', s2: 'served' })])).to.deep.equal(plan.commands));
  it('drop no copy that is gone', () =>
    expect(now([inventory('a', { s2: 'served' })])).to.deep.equal([load, drop('a', 's2')]));
  it('drop none that a broker expects again', () => {
    const all = [inventory('a', { s1: 'served', s2: 'served' })];
    expect(now(all, (id) => id === 's1')).to.deep.equal([load, drop('a', 's1')]);
  });
});

describe('a standing of an earlier cycle', () => {
  const basis = { used: [], loadedOnce: new Set<string>(), rules: { hasPeriods: false } };
  const snapshot = basis as unknown as MetadataSnapshot;
  const judged = { ...basis, inventoryVersion: 3, atMs: 0, standing: {} } as unknown as Judged;
  const isKnown = (of: MetadataSnapshot, version: number, nowMs: number): boolean =>
    knownStanding(judged, of, version, nowMs) === judged.standing;

  it('holds while nothing that it came from has changed', () => {
    expect(isKnown(snapshot, 3, 1e9)).to.equal(true);
    expect(isKnown(snapshot, 4, 1e9)).to.equal(false);
    expect(isKnown({ ...snapshot, loadedOnce: new Set() }, 3, 1e9)).to.equal(false);
    expect(knownStanding(undefined, snapshot, 3, 0)).to.equal(undefined);
  });
  it('is made again after a while where rules speak of periods', () => {
    const rules = { hasPeriods: true } as MetadataSnapshot['rules'];
    const known = { ...judged, rules };
    expect(knownStanding(known, { ...snapshot, rules }, 3, 29_999)).to.equal(judged.standing);
    expect(knownStanding(known, { ...snapshot, rules }, 3, 30_000)).to.equal(undefined);
  });
});
