/** Walks the selected rows block by block; the selection vector is made once per block. */
import { BATCH_ROWS } from '../../segment/read/view.js';
import type { Batch, SelectedRows } from './aggregators/accumulator.js';
import { claimedRanges, type SliceClaims } from './claims.js';
import type { Environment } from './environment.js';
import type { Selected } from './filter.js';
import { forEachBlock } from './rows.js';

/** What takes a batch with all its rows, and a bitset of those that are selected. */
export interface MaskedVisit {
  /** From such a part of the rows on. */
  readonly share: number;
  readonly visit: (batch: Batch, selected: SelectedRows) => void;
}

/**
 * Calls `visit` with every block that has selected rows, in row order, until it answers false. The batch is reused.
 * Where many rows are selected, `masked`, when there is one, is called instead. With claims only blocks that are claimed
 * are visited.
 */
export function forEachBatch(
  environment: Environment,
  selected: Selected,
  visit: (batch: Batch) => boolean | void,
  masked?: MaskedVisit,
  claims?: SliceClaims,
): void {
  const { kernels, scratch, segment, check } = environment;
  const { mask } = selected;
  if (mask.kind === 'none') return;
  const sel = mask.kind === 'bits' ? scratch.take(BATCH_ROWS * 4) : 0;
  const batch: Batch = { start: 0, rows: 0, sel: 0, from: 0, count: 0, groups: 0 };
  let isDone = false;
  for (const range of claimedRanges(selected.ranges, claims)) {
    forEachBlock(range, segment.rowCount, (start, rows, from, to) => {
      if (isDone) return;
      check();
      batch.start = start;
      batch.rows = rows;
      batch.from = from - start;
      batch.sel = 0;
      batch.groups = 0;
      batch.count = to - from;
      if (mask.kind === 'bits') {
        const count = kernels.bitsCount(mask.bits, from, to) >>> 0;
        if (count === 0) return;
        if (count < batch.count) {
          if (masked !== undefined && count >= batch.count * masked.share) {
            masked.visit(batch, { bits: mask.bits, first: from, count });
            return;
          }
          kernels.bitsToSelection(mask.bits, start, from, to, 0, sel);
          batch.sel = sel;
          batch.count = count;
        }
      }
      isDone = visit(batch) === false;
    });
  }
  if (sel !== 0) scratch.give(sel);
}

/** Rows selected, without visiting them. */
export function selectedCount(environment: Environment, selected: Selected): number {
  const { mask } = selected;
  if (mask.kind === 'none') return 0;
  let count = 0;
  for (const { from, to } of selected.ranges) {
    count += mask.kind === 'all' ? to - from : environment.kernels.bitsCount(mask.bits, from, to) >>> 0;
  }
  return count;
}
