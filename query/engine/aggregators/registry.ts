/** The table of aggregators: a new type is one file and one line here. */
import type { Aggregator } from '../../native/model.js';
import type { Accumulator, AccumulatorContext, AggregatorType } from './accumulator.js';
import { countAggregator } from './count.js';
import { cardinalityAggregator, hyperUniqueAggregator } from './distinct-count.js';
import { expressionAggregator } from './expression-fold.js';
import { filteredAggregator } from './filtered.js';
import { anyAggregator, firstLastAggregator, meanAggregator } from './first-last.js';
import { groupingAggregator } from './grouping.js';
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
  doubleMean: meanAggregator,
  longFirst: firstLastAggregator,
  longLast: firstLastAggregator,
  doubleFirst: firstLastAggregator,
  doubleLast: firstLastAggregator,
  floatFirst: firstLastAggregator,
  floatLast: firstLastAggregator,
  stringFirst: firstLastAggregator,
  stringLast: firstLastAggregator,
  longAny: anyAggregator,
  doubleAny: anyAggregator,
  floatAny: anyAggregator,
  stringAny: anyAggregator,
  cardinality: cardinalityAggregator,
  hyperUnique: hyperUniqueAggregator,
  expression: expressionAggregator,
  grouping: groupingAggregator,
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
