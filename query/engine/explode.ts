/**
 * Rows with several values become one entry per value, and per combination of values when several dimensions have
 * them. A batch is taken in halves until its entries are not too many; a single row may still have more.
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

/** Entries that are made at a time: those of a batch whose rows have three values each. */
const partEntries = BATCH_ROWS * 4;

export type Visit = (sel: number, count: number, ids: readonly (number | undefined)[]) => void;

/** Gets the rows without values apart from the entries of the others, which they may be behind. */
export type EmptyVisit = (sel: number, count: number) => void;

interface Blocks {
  readonly offsets: number;
  readonly ids: number;
  readonly nullNumber: number;
}

export class EntryExploder {
  readonly #environment: Environment;
  readonly #keys: readonly (MultiKey | undefined)[];
  readonly #rows: number;
  readonly #rowsMatter: boolean;
  /** Room for the entries of a part each. */
  readonly #buffers: number[] = [];

  /** `rowsMatter`: false when nobody looks at the rows of entries; they may then be anything. */
  constructor(environment: Environment, keys: readonly (MultiKey | undefined)[], rowsMatter: boolean) {
    this.#environment = environment;
    this.#rowsMatter = rowsMatter;
    this.#keys = keys;
    this.#rows = environment.scratch.take(BATCH_ROWS * 4);
  }

  /**
   * `visit` gets at most BATCH_ROWS entries at a time: their rows, and per multi-value key their ids (u32). With
   * `visitEmpty` it may be that instead which gets the rows without values, at most as many at a time.
   */
  explode(batch: Batch, visit: Visit, visitEmpty?: EmptyVisit): void {
    const { kernels } = this.#environment;
    if (batch.sel === 0) kernels.selectRange(batch.from, batch.count, this.#rows);
    const sel = batch.sel === 0 ? this.#rows : batch.sel;
    const blocks = this.#keys.map((key) =>
      key === undefined ? undefined : { ...key.view.multiBatch(batch.start), nullNumber: key.nullNumber },
    );
    this.#part(sel, batch.count, blocks, { visit, visitEmpty });
  }

  #part(sel: number, count: number, blocks: readonly (Blocks | undefined)[], visits: Visits): void {
    if (count === 0) return;
    const entries = this.#entriesOf(sel, count, blocks);
    if (entries > partEntries && count > 1) {
      const half = count >>> 1;
      this.#part(sel, half, blocks, visits);
      this.#part(sel + half * 4, count - half, blocks, visits);
      return;
    }
    this.#entries(sel, count, entries, blocks, visits);
  }

  /** An upper bound: a product of sums bounds the sum of products. */
  #entriesOf(sel: number, count: number, blocks: readonly (Blocks | undefined)[]): number {
    const { kernels, scratch } = this.#environment;
    const first = scratch.arena.u32(sel, 1)[0] ?? 0;
    const last = scratch.arena.u32(sel + (count - 1) * 4, 1)[0] ?? 0;
    let entries = 1;
    for (const block of blocks) {
      if (block === undefined) continue;
      if (last - first + 1 === count && count > 1) {
        const offsets = scratch.arena.u32(block.offsets + first * 4, count + 1);
        entries *= (offsets[count] ?? 0) - (offsets[0] ?? 0) + count;
      } else {
        entries *= kernels.explodedCount(block.offsets, sel, count) >>> 0;
      }
    }
    return entries;
  }

  #entries(
    sel: number,
    count: number,
    entries: number,
    blocks: readonly (Blocks | undefined)[],
    visits: Visits,
  ): void {
    const { kernels, scratch } = this.#environment;
    if (entries > entriesPerRowMax) {
      throw new CodedError('LimitExceeded', `a row has more than ${entriesPerRowMax} combinations of values`);
    }
    const large: number[] = [];
    let used = 0;
    const buffer = (): number => {
      if (entries <= partEntries) return (this.#buffers[used++] ??= scratch.take(partEntries * 4));
      const pointer = scratch.take(Math.max(entries, count) * 4);
      large.push(pointer);
      return pointer;
    };
    const only = this.#only(sel, count, blocks);
    if (only !== undefined) {
      const rows = buffer();
      this.#run(only, count, { rows, ids: buffer }, blocks, visits);
      for (const pointer of large) scratch.give(pointer);
      return;
    }
    let rows = sel;
    let n = count;
    let isFirst = true;
    const ids: (number | undefined)[] = blocks.map(() => undefined);
    blocks.forEach((block, b) => {
      if (block === undefined) return;
      const sources = buffer();
      const out = buffer();
      const from = isFirst ? rows : 0;
      n = kernels.explode(block.offsets, block.ids, rows, n, block.nullNumber, from, sources, out) >>> 0;
      const gather = (pointer: number): number => {
        const to = buffer();
        kernels.gather32(pointer, sources, n, to);
        return to;
      };
      rows = isFirst ? sources : gather(rows);
      for (let i = 0; i < b; i++) {
        const earlier = ids[i];
        if (earlier !== undefined) ids[i] = gather(earlier);
      }
      ids[b] = out;
      isFirst = false;
    });
    this.#visit(rows, n, ids, visits.visit);
    for (const pointer of large) scratch.give(pointer);
  }

  #visit(rows: number, count: number, ids: readonly (number | undefined)[], visit: Visit): void {
    for (let at = 0; at < count; at += BATCH_ROWS) {
      visit(
        rows + at * 4,
        Math.min(BATCH_ROWS, count - at),
        ids.map((pointer) => (pointer === undefined ? undefined : pointer + at * 4)),
      );
    }
  }

  /** Of the one key: the ids are entries as they stand, but for rows without values. */
  #run(
    { block, from }: RunOfRows,
    count: number,
    room: { readonly rows: number; readonly ids: () => number },
    blocks: readonly (Blocks | undefined)[],
    { visit, visitEmpty }: Visits,
  ): void {
    const { kernels, scratch } = this.#environment;
    const { offsets, ids, nullNumber } = block;
    const idsAt = (pointer: number): (number | undefined)[] =>
      blocks.map((one) => (one === undefined ? undefined : pointer));
    const hasEmpty = kernels.anyEmpty(offsets, from, count) === 1;
    if (hasEmpty && visitEmpty === undefined) {
      const out = room.ids();
      const n = kernels.explodeRange(offsets, ids, from, count, nullNumber, room.rows, out) >>> 0;
      this.#visit(room.rows, n, idsAt(out), visit);
      return;
    }
    const edges = scratch.arena.u32(offsets + from * 4, count + 1);
    const first = edges[0] ?? 0;
    if (this.#rowsMatter) kernels.rowsOfValues(offsets, from, count, room.rows);
    this.#visit(room.rows, (edges[count] ?? 0) - first, idsAt(ids + first * 4), visit);
    if (hasEmpty) visitEmpty?.(room.rows, kernels.emptyRows(offsets, from, count, room.rows) >>> 0);
  }

  /** Set when there is one key and the rows are neighbours. */
  #only(sel: number, count: number, blocks: readonly (Blocks | undefined)[]): RunOfRows | undefined {
    const { scratch } = this.#environment;
    const [block, ...others] = blocks.filter((one) => one !== undefined);
    if (block === undefined || others.length > 0) return undefined;
    const from = scratch.arena.u32(sel, 1)[0] ?? 0;
    const last = scratch.arena.u32(sel + (count - 1) * 4, 1)[0] ?? 0;
    return last - from + 1 === count ? { block, from } : undefined;
  }
}

interface Visits {
  readonly visit: Visit;
  readonly visitEmpty: EmptyVisit | undefined;
}

interface RunOfRows {
  readonly block: Blocks;
  readonly from: number;
}
