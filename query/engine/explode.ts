/**
 * Rows with several values become one entry per value, and per combination of values when several dimensions have
 * them. A batch is taken in halves until its entries fit a batch again; a single row may still have more entries.
 */
import { CodedError } from '../../proto/errors.js';
import { BATCH_ROWS, type StringColumnView } from '../../segment/read/view.js';
import type { Batch } from './aggregators/accumulator.js';
import type { Environment } from './environment.js';

interface MultiKey {
  readonly view: StringColumnView;
  /** Number of a row without values. */
  readonly nullNumber: number;
}

/** One row may become at most so many entries. */
const entriesPerRowMax = 4_000_000;

type Visit = (sel: number, count: number, ids: readonly (number | undefined)[]) => void;

interface Blocks {
  readonly offsets: number;
  readonly ids: number;
  readonly nullNumber: number;
}

export class EntryExploder {
  readonly #environment: Environment;
  readonly #keys: readonly (MultiKey | undefined)[];
  readonly #rows: number;

  constructor(environment: Environment, keys: readonly (MultiKey | undefined)[]) {
    this.#environment = environment;
    this.#keys = keys;
    this.#rows = environment.scratch.take(BATCH_ROWS * 4);
  }

  /** `visit` gets at most BATCH_ROWS entries at a time: their rows, and per multi-value key their ids (u32). */
  explode(batch: Batch, visit: Visit): void {
    const { kernels } = this.#environment;
    if (batch.sel === 0) kernels.selectRange(batch.from, batch.count, this.#rows);
    const sel = batch.sel === 0 ? this.#rows : batch.sel;
    const blocks = this.#keys.map((key) =>
      key === undefined ? undefined : { ...key.view.multiBatch(batch.start), nullNumber: key.nullNumber },
    );
    this.#part(sel, batch.count, blocks, visit);
  }

  #part(sel: number, count: number, blocks: readonly (Blocks | undefined)[], visit: Visit): void {
    if (count === 0) return;
    const entries = this.#entriesOf(sel, count, blocks);
    if (entries > BATCH_ROWS && count > 1) {
      const half = count >>> 1;
      this.#part(sel, half, blocks, visit);
      this.#part(sel + half * 4, count - half, blocks, visit);
      return;
    }
    this.#entries(sel, count, entries, blocks, visit);
  }

  /** An upper bound, exact for one row or one key: a product of sums bounds the sum of products. */
  #entriesOf(sel: number, count: number, blocks: readonly (Blocks | undefined)[]): number {
    let entries = 1;
    for (const block of blocks) {
      if (block === undefined) continue;
      entries *= this.#environment.kernels.explodedCount(block.offsets, sel, count) >>> 0;
    }
    return entries;
  }

  #entries(
    sel: number,
    count: number,
    entries: number,
    blocks: readonly (Blocks | undefined)[],
    visit: Visit,
  ): void {
    const { kernels, scratch } = this.#environment;
    if (entries > entriesPerRowMax) {
      throw new CodedError('LimitExceeded', `a row has more than ${entriesPerRowMax} combinations of values`);
    }
    const taken: number[] = [];
    const buffer = (): number => {
      const pointer = scratch.take(Math.max(entries, count) * 4);
      taken.push(pointer);
      return pointer;
    };
    let rows = sel;
    let n = count;
    const ids: (number | undefined)[] = blocks.map(() => undefined);
    blocks.forEach((block, b) => {
      if (block === undefined) return;
      const source = buffer();
      const out = buffer();
      const more = kernels.explode(block.offsets, block.ids, rows, n, block.nullNumber, source, out) >>> 0;
      const gather = (from: number): number => {
        const to = buffer();
        kernels.gather32(from, source, more, to);
        return to;
      };
      rows = gather(rows);
      for (let i = 0; i < b; i++) {
        const earlier = ids[i];
        if (earlier !== undefined) ids[i] = gather(earlier);
      }
      ids[b] = out;
      n = more;
    });
    for (let at = 0; at < n; at += BATCH_ROWS) {
      const part = Math.min(BATCH_ROWS, n - at);
      visit(
        rows + at * 4,
        part,
        ids.map((pointer) => (pointer === undefined ? undefined : pointer + at * 4)),
      );
    }
    for (const pointer of taken) scratch.give(pointer);
  }
}
