/** grouping: known when a result is shaped; its column is a place for it. */
import type { FrameColumn } from '../../frame.js';
import type { Accumulator, AggregatorType } from './accumulator.js';

class PlaceAccumulator implements Accumulator {
  readonly bytesPerGroup = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
  reserve(): void {}
  reset(): void {}
  run(): void {}
  group(): void {}
  result(_groups: number, count: number): FrameColumn {
    return { name: this.name, type: 'LONG', values: new BigInt64Array(count) };
  }
}

export const groupingAggregator: AggregatorType = {
  create: ({ name }) => new PlaceAccumulator(name),
  combine: () => 'max',
  resultType: () => 'LONG',
};
