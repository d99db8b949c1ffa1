/** count: entries of the group, never null. */
import type { FrameColumn } from '../../frame.js';
import type { Accumulator, AccumulatorContext, AggregatorType, Batch } from './accumulator.js';
import { cellsColumn } from './result.js';

export class CountAccumulator implements Accumulator {
  readonly bytesPerGroup = 8;
  readonly #name: string;
  readonly #context: Pick<AccumulatorContext, 'environment'>;
  #cells = 0;
  #capacity = 0;

  constructor(name: string, context: Pick<AccumulatorContext, 'environment'>) {
    this.#name = name;
    this.#context = context;
  }

  reserve(capacity: number): void {
    const { scratch } = this.#context.environment;
    const cells = scratch.take(capacity * 8);
    if (this.#capacity > 0) {
      scratch.arena.bytes(cells, capacity * 8).set(scratch.arena.bytes(this.#cells, this.#capacity * 8));
      scratch.give(this.#cells);
    }
    this.#cells = cells;
    this.#capacity = capacity;
  }

  reset(from: number, to: number): void {
    this.#context.environment.kernels.fillCells(this.#cells + from * 8, to - from, 0n);
  }

  run(batch: Batch, group: number): void {
    this.#context.environment.kernels.countRun(batch.count, this.#cells + group * 8);
  }

  group(batch: Batch): void {
    this.#context.environment.kernels.countGroup(batch.groups, batch.count, this.#cells);
  }

  result(groups: number, count: number): FrameColumn {
    const { environment } = this.#context;
    return cellsColumn(environment, {
      name: this.#name,
      type: 'LONG',
      cells: this.#cells,
      seen: 0,
      groups,
      count,
    });
  }
}

export const countAggregator: AggregatorType = {
  create: (spec, context) => new CountAccumulator(spec.name, context),
  combine: () => 'sum',
  resultType: () => 'LONG',
};
