/** `spec.dataSchema.metricsSpec`. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { columnsOf } from '../../query/expression/ast.js';
import { valueMap } from '../../query/engine/columns/dimension-column.js';
import { expression } from '../../query/expression/expression.js';
import { nullValue } from '../../query/expression/value.js';
import { parseAggregator } from '../../query/native/aggregators.js';
import { parseOptionalFilter } from '../../query/native/filters.js';
import type { Aggregator, Filter } from '../../query/native/model.js';
import { askingFor, anyLookup } from '../transform/lookup-asking.js';
import type { JsonKeys } from './keys.js';
import {
  plainMetric,
  type FilteredMetric,
  type FoldMetric,
  type MetricSpec,
  type NumericMetricType,
  type PlainMetric,
} from './model.js';

const DEPTH_MAX = 50;

const numericMetrics: ReadonlySet<string> = new Set<NumericMetricType>([
  'longSum',
  'longMin',
  'longMax',
  'doubleSum',
  'doubleMin',
  'doubleMax',
  'floatSum',
  'floatMin',
  'floatMax',
]);

type CheckName = (name: string, path: string) => string;

/** `checkName` refuses what can't be a column's name. */
export function checkMetrics(schema: JsonKeys, checkName: CheckName): MetricSpec[] {
  const list = schema.list('metricsSpec') ?? [];
  return list.map((item, i) => {
    const keys = schema.item(item, `${schema.at('metricsSpec')}[${i}]`);
    return keys.text('type') === 'filtered' ? checkFiltered(keys, checkName) : checkPlain(keys, checkName);
  });
}

/** The inner metric's name is the column's, unless the outer one has a name of its own. */
function checkFiltered(keys: JsonKeys, checkName: CheckName, depth = 1): FilteredMetric {
  if (depth > DEPTH_MAX) throw keys.wrong('aggregator', `is nested deeper than ${DEPTH_MAX}`);
  const inside = keys.object('aggregator');
  const inner =
    inside.text('type') === 'filtered'
      ? checkFiltered(inside, checkName, depth + 1)
      : checkPlain(inside, checkName);
  const own = keys.optionalText('name') ?? '';
  const name = own === '' ? inner.name : checkName(own, keys.at('name'));
  const outer = parseOptionalFilter(keys.raw('filter'), keys.at('filter'));
  if (outer === undefined) throw keys.wrong('filter', 'is missing');
  keys.leftovers();
  const filter: Filter = inner.type === 'filtered' ? { type: 'and', fields: [outer, inner.filter] } : outer;
  return { type: 'filtered', name, filter, aggregator: { ...plainMetric(inner), name } };
}

function checkPlain(keys: JsonKeys, checkName: CheckName): PlainMetric {
  const type = keys.text('type');
  const name = checkName(keys.text('name'), keys.at('name'));
  if (type === 'count') {
    keys.leftovers();
    return { type, name };
  }
  if (isNumericMetric(type)) return checkNumeric(type, name, keys);
  if (type === 'hyperUnique') {
    // Stored sketches are told from texts by what they are.
    keys.flag('isInputHyperUnique', false);
    const round = keys.flag('round', false);
    const fieldName = keys.text('fieldName');
    keys.leftovers();
    return { type, name, fieldName, round };
  }
  const reason = queryOnly.get(type);
  if (reason !== undefined) {
    throw keys.unsupported('type', `aggregators of type[${type}] can't be stored: ${reason}`);
  }
  return checkState(keys, type);
}

/** Aggregators that are for queries only, in Druid too: it has no column for what they make. */
const queryOnly: ReadonlyMap<string, string> = new Map([
  ['doubleMean', 'store a doubleSum and a count and divide in the query'],
  ['stringAny', 'use stringFirst or stringLast'],
  ['grouping', 'it only has a meaning in queries'],
]);

function checkNumeric(type: NumericMetricType, name: string, keys: JsonKeys): PlainMetric {
  const text = keys.optionalText('expression');
  if (text === undefined || keys.has('fieldName')) {
    if (text !== undefined) throw keys.wrong('expression', 'and fieldName exclude each other');
    const fieldName = keys.text('fieldName');
    keys.leftovers();
    return { type, name, fieldName };
  }
  checkExpression(text, keys.at('expression'));
  keys.leftovers();
  return { type, name, fieldName: '', expression: text };
}

/**
 * Compiled once, so that a bad expression fails the submission and not the first row. Answers the lookups that it
 * names.
 */
function checkExpression(text: string, field: string): ReadonlySet<string> {
  const lookups = new Set<string>();
  try {
    expression(text, askingFor(lookups));
    return lookups;
  } catch (thrown) {
    if (!(thrown instanceof CodedError)) throw thrown;
    throw invalidInput(`${field}: ${thrown.message}`, field);
  }
}

/** first, last, any, cardinality and folds, as queries have them. */
function checkState(keys: JsonKeys, type: string): PlainMetric {
  const spec = parsedAggregator(keys);
  keys.accept(...stateKeys);
  keys.leftovers();
  switch (spec.type) {
    case 'longAny':
    case 'doubleAny':
    case 'floatAny':
      return { type: spec.type, name: spec.name, fieldName: spec.fieldName };
    case 'cardinality':
      for (const field of spec.fields) valueMap(field.steps ?? [], anyLookup);
      return spec;
    case 'expression':
      for (const key of ['fold', 'combine', 'initialValue', 'initialCombineValue'] as const) {
        if (checkExpression(spec[key], keys.at(key)).size > 0)
          throw keys.unsupported(key, "lookups by name can't be used in a fold");
      }
      if (foldKind(spec) === undefined) {
        const key = keys.has('initialCombineValue') ? 'initialCombineValue' : 'initialValue';
        throw keys.unsupported(key, 'only numbers can be stored: a long or double is needed here');
      }
      return spec;
    default:
      if ('timeColumn' in spec) return spec;
      throw keys.unsupported('type', `aggregators of type[${type}] are not supported while ingesting`);
  }
}

/** The type that a fold's state is stored as; undefined: it is no number. */
export function foldKind(spec: FoldMetric): 'long' | 'double' | undefined {
  const { type } = expression(spec.initialCombineValue).evaluate(() => nullValue);
  return type === 'LONG' ? 'long' : type === 'DOUBLE' ? 'double' : undefined;
}

function parsedAggregator(keys: JsonKeys): Aggregator {
  try {
    return parseAggregator(keys.json, keys.path);
  } catch (thrown) {
    if (thrown instanceof CodedError && thrown.code === 'Unsupported') {
      throw keys.unsupported('type', thrown.message);
    }
    throw thrown;
  }
}

const stateKeys: readonly string[] = [
  'fieldName',
  'timeColumn',
  'maxStringBytes',
  'aggregateMultipleValues',
  'fields',
  'fieldNames',
  'byRow',
  'round',
  'accumulatorIdentifier',
  'initialValue',
  'initialCombineValue',
  'isNullUnlessAggregated',
  'shouldAggregateNullInputs',
  'shouldCombineAggregateNullInputs',
  'fold',
  'combine',
  'compare',
  'finalize',
  'maxSizeBytes',
];

function isNumericMetric(type: string): type is NumericMetricType {
  return numericMetrics.has(type);
}

/** Input fields that a metric reads, those of its filter apart. */
export function metricFields(metric: PlainMetric): readonly string[] {
  switch (metric.type) {
    case 'count':
      return [];
    case 'expression':
      return metric.fields;
    case 'cardinality':
      return metric.fields.map((field) => field.dimension);
    default: {
      if ('expression' in metric) return [...columnsOf(expression(metric.expression).node)];
      const isTimed = 'timeColumn' in metric && metric.timeColumn !== '__time';
      return isTimed ? [metric.fieldName, metric.timeColumn] : [metric.fieldName];
    }
  }
}
