/** What the coordinator's REST handlers are handed. */
import type { Deadline, Log, Node } from '../../runtime/types.js';
import type { NodeInventory } from '../inventory-watch.js';
import type { MetadataClient } from '../metadata-client.js';
import type { InFlight } from './plan.js';
import type { Standing } from './expected.js';
import type { MetadataSnapshot } from './metadata-view.js';

/** What REST looks at; of this leader's epoch. */
export interface CoordinatorState {
  /** 0 = does not lead. */
  readonly epoch: number;
  readonly snapshot: MetadataSnapshot | undefined;
  readonly standing: Standing | undefined;
  readonly inFlight: readonly InFlight[];
}

export interface RestDeps {
  readonly node: Node;
  readonly metadata: MetadataClient;
  readonly log: Log;
  readonly state: () => CoordinatorState;
  readonly inventories: () => readonly NodeInventory[];
  /** Something was changed: derive the plan again. */
  readonly changed: () => void;
  /** A leader's write failed: perhaps another one leads. */
  readonly failed: (error: Error) => void;
  /** The store as it is now. */
  readonly readNow: (deadline: Deadline) => Promise<MetadataSnapshot>;
  readonly submitTask: ((taskJson: string) => Promise<string>) | undefined;
}

export const COORDINATOR = '/druid/coordinator/v1';
