/** Aggregators from Druid's JSON. */
import { invalidInput } from '../../proto/errors.js';
import { parseFilter } from './filters.js';
import { isMissing, objectAt, optionalText, requiredText, typeOf, unknownType } from './json-fields.js';
import type { Aggregator } from './model.js';
import { parseStateAggregator } from './state-aggregators.js';

const notYet: readonly string[] = [
  'histogram',
  'passthroughAggregator',
  'singleValue',
  'stringFirstFold',
  'stringLastFold',
];

const maxDepth = 50;

function unknown(type: string, field: string): never {
  throw unknownType('aggregator', type, field, notYet);
}

/** Throws InvalidInput or Unsupported, naming the path of the part at fault. */
export function parseAggregator(json: unknown, field: string, depth = 1): Aggregator {
  if (depth > maxDepth) throw invalidInput(`${field}: aggregators nested deeper than ${maxDepth}`, field);
  const object = objectAt(json, field);
  const type = typeOf(object, 'aggregator', field);
  switch (type) {
    case 'count':
      return {
        type,
        name: requiredText(object, 'name', field, 'Must have a valid, non-null aggregator name'),
      };
    case 'longSum':
    case 'doubleSum':
    case 'floatSum':
    case 'longMin':
    case 'longMax':
    case 'doubleMin':
    case 'doubleMax':
    case 'floatMin':
    case 'floatMax': {
      const name = requiredText(object, 'name', field, 'Must have a valid, non-null aggregator name');
      const expression = optionalText(object, 'expression', field);
      const message = 'Must have a valid, non-null fieldName or expression';
      if (expression !== undefined) {
        if (!isMissing(object['fieldName'])) throw invalidInput(`${field}: ${message}`, `${field}.fieldName`);
        return { type, name, fieldName: '', expression };
      }
      const fieldName = requiredText(object, 'fieldName', field, message);
      return { type, name, fieldName };
    }
    case 'filtered': {
      if (isMissing(object['aggregator']))
        throw invalidInput(`${field}.aggregator must not be null`, `${field}.aggregator`);
      if (isMissing(object['filter']))
        throw invalidInput(`${field}.filter must not be null`, `${field}.filter`);
      const inner = parseAggregator(object['aggregator'], `${field}.aggregator`, depth + 1);
      const given = optionalText(object, 'name', field);
      const name = given === undefined || given === '' ? inner.name : given;
      return { type, name, filter: parseFilter(object['filter'], `${field}.filter`), aggregator: inner };
    }
    default:
      return parseStateAggregator(type, object, field) ?? unknown(type, field);
  }
}
