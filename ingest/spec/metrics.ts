/** `spec.dataSchema.metricsSpec`. */
import { parseOptionalFilter } from '../../query/native/filters.js';
import type { JsonKeys } from './keys.js';
import type { MetricSpec, NumericMetricType, PlainMetric } from './model.js';

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
function checkFiltered(keys: JsonKeys, checkName: CheckName): MetricSpec {
  const inner = keys.object('aggregator');
  if (inner.text('type') === 'filtered') {
    throw inner.unsupported(
      'type',
      'filtered metrics inside each other are not supported; use an and filter',
    );
  }
  const aggregator = checkPlain(inner, checkName);
  const own = keys.optionalText('name') ?? '';
  const name = own === '' ? aggregator.name : checkName(own, keys.at('name'));
  const filter = parseOptionalFilter(keys.raw('filter'), keys.at('filter'));
  if (filter === undefined) throw keys.wrong('filter', 'is missing');
  keys.leftovers();
  return { type: 'filtered', name, filter, aggregator: { ...aggregator, name } };
}

function checkPlain(keys: JsonKeys, checkName: CheckName): PlainMetric {
  const type = keys.text('type');
  const name = checkName(keys.text('name'), keys.at('name'));
  keys.refuse('expressions are not supported yet', 'expression');
  if (type === 'count') {
    keys.leftovers();
    return { type, name };
  }
  if (type !== 'hyperUnique' && !isNumericMetric(type)) {
    throw keys.unsupported('type', `aggregators of type[${type}] are not supported yet`);
  }
  const fieldName = keys.text('fieldName');
  if (type !== 'hyperUnique') {
    keys.leftovers();
    return { type, name, fieldName };
  }
  keys.refuse('sketches as input are not supported yet', 'isInputHyperUnique');
  const round = keys.flag('round', false);
  keys.leftovers();
  return { type, name, fieldName, round };
}

function isNumericMetric(type: string): type is NumericMetricType {
  return numericMetrics.has(type);
}
