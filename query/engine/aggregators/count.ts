/** count: entries of the group, never null. */
import type { FrameColumn } from '../../frame.js';
import type {
  Accumulator,
  AccumulatorContext,
  AggregatorType,
  Batch,
  GroupMarks,
  SelectedRows,
} from './accumulator.js';
import type { ByteMarks } from './byte-marks.js';
import { cellsColumn } from './result.js';
import { wideForm } from './narrow-values.js';

/** The number of this operation in `runBuckets`. */
const countRuns = 9;

export class CountAccumulator implements Accumulator {
  readonly bytesPerGroup = 8;
  readonly takesSpareGroups = true;
  readonly countsOnly = true;
  readonly name: string;
  readonly #context: Pick<AccumulatorContext, 'environment' | 'cells'>;
  readonly #column: number;
  #marks: ByteMarks | undefined;

  constructor(name: string, context: Pick<AccumulatorContext, 'environment' | 'cells'>) {
    this.name = name;
    this.#context = context;
    this.#column = context.cells.add(0n, context.environment.kernels.sumI64Group);
  }

  markGroups({ marks, isTaken }: GroupMarks): boolean {
    if (isTaken) return false;
    this.#marks = marks;
    return true;
  }

  marks(): number {
    return 0;
  }

  reserve(): void {}
  reset(): void {}

  run(batch: Batch, group: number): void {
    const { environment, cells } = this.#context;
    environment.kernels.countRun(batch.count, cells.cells(this.#column) + group * cells.stride);
  }

  group(batch: Batch): void {
    const { environment, cells } = this.#context;
    const first = cells.cells(this.#column);
    const seen = this.#marks?.pending(batch.groups, batch.count) ?? 0;
    environment.kernels.countGroup(batch.groups, batch.count, first, cells.stride, cells.copy, seen);
  }

  masked(batch: Batch, selected: SelectedRows, group: number | undefined): void {
    const { environment, cells } = this.#context;
    const { kernels } = environment;
    const { count, groups } = batch;
    const { bits, first } = selected;
    const cell = cells.cells(this.#column);
    if (group !== undefined) {
      kernels.countRun(selected.count, cell + group * cells.stride);
      return;
    }
    const seen = this.#marks?.pending() ?? 0;
    kernels.countGroupMask(groups, count, bits, first, 0, cell, cells.stride, cells.copy, seen);
  }

  inBuckets(batch: Batch, ends: number, bucket: number): number {
    const { environment, cells } = this.#context;
    const { sel, start, from, count } = batch;
    const first = cells.cells(this.#column);
    return (
      environment.kernels.runBuckets(
        countRuns,
        wideForm,
        0,
        0,
        sel,
        start,
        from,
        count,
        ends,
        bucket,
        first,
        cells.stride,
        0,
        0,
        0,
      ) >>> 0
    );
  }

  result(groups: number, count: number): FrameColumn {
    const { environment, cells } = this.#context;
    return cellsColumn(environment, {
      name: this.name,
      type: 'LONG',
      cells: cells.cells(this.#column),
      stride: cells.stride,
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
