/**
 * The state of the aggregators that keep an 8-byte cell a group: one row a group, one column an aggregator, so that an
 * entry touches one place in memory however many aggregators there are.
 */
import { CodedError } from '../../../proto/errors.js';
import type { GroupKernel } from '../../kernels/exports.js';
import type { Environment } from '../environment.js';

interface Column {
  readonly initial: bigint;
  readonly fold: GroupKernel | undefined;
}

/** Entries go in turn to so many copies of a small table: see aggregate.ts. */
const copiesMax = 4;
/** Rows behind the last group, for entries that don't count: see spareGroups in masks.ts. */
export const spareRows = 4;
/** Tables are added up so many groups at a time: what one column has touched is still near for the next. */
const nearGroups = 2048;
/** Larger tables don't make an update wait for the one before. */
const copiedGroupsMax = 1024;

export class CellTable {
  readonly #environment: Environment;
  readonly #columns: Column[] = [];
  #cells = 0;
  #capacity = 0;
  #copies = 1;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Bytes of a row. Fixed once there is room for groups. */
  get stride(): number {
    return this.#columns.length * 8;
  }

  /** Bytes from a cell to the same cell in the next copy of the table; 0 = there is one table. */
  get copy(): number {
    return this.#copies === 1 ? 0 : (this.#capacity + spareRows) * this.stride;
  }

  /** Number of the first of the spare rows: what is aggregated there is never read. */
  get spare(): number {
    return this.#capacity;
  }

  /**
   * A further column, of cells that start as `initial`; answers its number. `fold` adds cells of 8 bytes to others;
   * without it the table is never kept in several copies.
   */
  add(initial: bigint, fold?: GroupKernel): number {
    if (this.#capacity > 0) throw new CodedError('Bug', 'a table of cells with groups takes no more columns');
    this.#columns.push({ initial, fold });
    return this.#columns.length - 1;
  }

  /** Address of a column's cell of group 0. */
  cells(column: number): number {
    return this.#cells + column * 8;
  }

  /** Makes room for groups 0 … capacity - 1 and starts the new ones. */
  reserve(capacity: number, isBusy = false): void {
    if (capacity <= this.#capacity || this.#columns.length === 0) return;
    const { scratch } = this.#environment;
    const { stride } = this;
    const canCopy = this.#columns.every(({ fold }) => fold !== undefined);
    const copies = isBusy && canCopy && capacity <= copiedGroupsMax && this.#capacity === 0 ? copiesMax : 1;
    if (this.#copies > copies) this.fold();
    const cells = scratch.take((capacity + spareRows) * stride * copies);
    if (this.#capacity > 0) {
      const kept = this.#capacity * stride;
      scratch.arena.bytes(cells, kept).set(scratch.arena.bytes(this.#cells, kept));
      scratch.give(this.#cells);
    }
    const from = this.#capacity;
    this.#cells = cells;
    this.#capacity = capacity;
    this.#copies = copies;
    this.reset(from, capacity + spareRows);
  }

  /** Groups [from, to) start afresh. */
  reset(from: number, to: number): void {
    const { kernels } = this.#environment;
    this.#columns.forEach(({ initial }, column) => {
      for (let copy = 0; copy < this.#copies; copy++) {
        const first = this.cells(column) + copy * this.copy + from * this.stride;
        kernels.fillCells(first, to - from, this.stride, initial);
      }
    });
  }

  /** Gives the table away: its address, 0 = there are no columns. Only results of a table taken over can follow. */
  handOver(): number {
    this.fold();
    if (this.#cells !== 0) this.#environment.scratch.handOver(this.#cells);
    return this.#cells;
  }

  /** Works on a table like this one that was handed over, of so many groups. It stays whose it is. */
  takeOver(address: number, groups: number): void {
    if (this.#capacity > 0) throw new CodedError('Bug', 'a table of cells with groups takes over no other');
    this.#cells = address;
    this.#capacity = groups;
  }

  /** Adds groups [from, to) of tables like this one. */
  addUp(addresses: readonly number[], from: number, to: number): void {
    const count = to - from;
    const { stride } = this;
    if (stride === 0 || count <= 0) return;
    const { kernels, scratch } = this.#environment;
    const most = Math.min(count, nearGroups);
    const groups = scratch.take(most * 4);
    const values = scratch.take(most * 8);
    for (let first = from; first < to; first += nearGroups) {
      const some = Math.min(nearGroups, to - first);
      kernels.selectRange(first, some, groups);
      for (const address of addresses) {
        this.#columns.forEach(({ fold }, column) => {
          if (fold === undefined) throw new CodedError('Bug', 'cells that can not be added up');
          // The cells of a single column stand side by side as they are.
          const isSingle = stride === 8;
          if (!isSingle) kernels.gatherCells(address + column * 8, stride, groups, some, values);
          const theirs = isSingle ? address + first * 8 : values;
          fold(groups, theirs, some, this.cells(column), stride, 0, 0);
        });
      }
    }
    scratch.give(groups);
    scratch.give(values);
  }

  /** Everything into the first copy; the only one that results are read from. */
  fold(): void {
    if (this.#copies === 1) return;
    const { kernels, scratch } = this.#environment;
    const groups = scratch.take(this.#capacity * 4);
    const values = scratch.take(this.#capacity * 8);
    kernels.selectRange(0, this.#capacity, groups);
    this.#columns.forEach(({ fold, initial }, column) => {
      const first = this.cells(column);
      for (let copy = 1; copy < this.#copies; copy++) {
        const from = first + copy * this.copy;
        kernels.gatherCells(from, this.stride, groups, this.#capacity, values);
        fold?.(groups, values, this.#capacity, first, this.stride, 0, 0);
        kernels.fillCells(from, this.#capacity, this.stride, initial);
      }
    });
    scratch.give(groups);
    scratch.give(values);
  }
}
