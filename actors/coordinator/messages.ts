/** What the coordinator tells itself: what was asked for, and what the steps of a cycle came to. */
import type { ExpectedDelta as Delta, Standing } from './expected.js';
import type { MetadataSnapshot } from './metadata-view.js';
import type { Plan, PlannedCommand } from './plan.js';

export type CoordinatorMessage =
  | { readonly type: 'cycle' }
  | { readonly type: 'soon' }
  | { readonly type: 'elected'; readonly epoch: number }
  | { readonly type: 'steppedDown'; readonly reason: string }
  | { readonly type: 'snapshot'; readonly snapshot: MetadataSnapshot; readonly epoch: number }
  | { readonly type: 'judged'; readonly judged: Judged; readonly epoch: number }
  | { readonly type: 'planned'; readonly planned: Planned; readonly epoch: number }
  | { readonly type: 'compared'; readonly standing: Standing; readonly delta: Delta; readonly epoch: number }
  | { readonly type: 'sent'; readonly epoch: number }
  | { readonly type: 'marked'; readonly ids: readonly string[]; readonly epoch: number }
  | {
      readonly type: 'cycleFailed';
      readonly error: Error;
      readonly step: string;
      readonly epoch: number;
    }
  | {
      readonly type: 'answered';
      readonly command: PlannedCommand;
      readonly error: Error | undefined;
      readonly epoch: number;
    }
  | { readonly type: 'markedUnused'; readonly changed: number }
  | { readonly type: 'markUnusedFailed'; readonly error: Error };

/** A standing and everything it was derived from. */
export interface Judged {
  readonly used: MetadataSnapshot['used'];
  readonly loadedOnce: MetadataSnapshot['loadedOnce'];
  readonly rules: MetadataSnapshot['rules'];
  readonly inventoryVersion: number;
  readonly atMs: number;
  readonly standing: Standing;
}

/** A plan and the state it was made of. */
export interface Planned {
  readonly plan: Plan;
  readonly standing: Standing;
  readonly state: string;
  readonly inventoryVersion: number;
}
