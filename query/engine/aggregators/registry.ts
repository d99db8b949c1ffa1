/** The table of aggregators: a new type is one file and one line here. */
import type { Aggregator } from '../../native/model.js';
import type { Accumulator, AccumulatorContext, AggregatorType } from './accumulator.js';
import { countAggregator } from './count.js';
import { filteredAggregator } from './filtered.js';
import { numericAggregator } from './numeric.js';

const types: Record<Aggregator['type'], AggregatorType> = {
  count: countAggregator,
  longSum: numericAggregator,
  doubleSum: numericAggregator,
  floatSum: numericAggregator,
  longMin: numericAggregator,
  longMax: numericAggregator,
  doubleMin: numericAggregator,
  doubleMax: numericAggregator,
  floatMin: numericAggregator,
  floatMax: numericAggregator,
  filtered: filteredAggregator,
};

export function aggregatorType(spec: Aggregator): AggregatorType {
  return types[spec.type];
}

export function createAccumulators(
  specs: readonly Aggregator[],
  context: Omit<AccumulatorContext, 'types'>,
): Accumulator[] {
  return specs.map((spec) => aggregatorType(spec).create(spec, { ...context, types: aggregatorType }));
}
