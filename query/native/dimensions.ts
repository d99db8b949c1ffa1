/** Dimension specs and topN metric specs from Druid's JSON. */
import { invalidInput } from '../../proto/errors.js';
import { parseOrdering } from '../sort/comparators.js';
import { parseValueType } from './filters.js';
import { isMissing, objectAt, optionalText, requiredText, typeOf, unknownType } from './json-fields.js';
import type { DimensionSpec, TopNMetric } from './model.js';

const dimensionsNotYet: readonly string[] = [
  'extraction',
  'listFiltered',
  'lookup',
  'prefixFiltered',
  'regexFiltered',
];

/** A column name or {"type":"default"}. */
export function parseDimension(json: unknown, field: string): DimensionSpec {
  if (typeof json === 'string') return { dimension: json, outputName: json, outputType: 'STRING' };
  const object = objectAt(json, field);
  const type = isMissing(object['type']) ? 'default' : typeOf(object, 'dimension spec', field);
  if (type !== 'default') throw unknownType('dimension spec', type, field, dimensionsNotYet);
  const dimension = requiredText(object, 'dimension', field);
  const outputType = object['outputType'];
  return {
    dimension,
    outputName: optionalText(object, 'outputName', field) ?? dimension,
    outputType: isMissing(outputType) ? 'STRING' : parseValueType(outputType, `${field}.outputType`),
  };
}

const maxDepth = 20;

/** A name, or numeric, dimension, inverted and the two older forms of dimension. */
export function parseTopNMetric(json: unknown, field: string, depth = 1): TopNMetric {
  if (isMissing(json)) throw invalidInput(`${field}: must specify a metric`, field);
  if (typeof json === 'string') return { type: 'numeric', metric: json };
  if (depth > maxDepth) throw invalidInput(`${field}: metrics nested deeper than ${maxDepth}`, field);
  const object = objectAt(json, field);
  const type = typeOf(object, 'topN metric', field);
  const previousStop = optionalText(object, 'previousStop', field);
  switch (type) {
    case 'numeric':
      return { type, metric: requiredText(object, 'metric', field, "metric can't be null") };
    case 'inverted':
      return { type, metric: parseTopNMetric(object['metric'], `${field}.metric`, depth + 1) };
    case 'dimension': {
      const ordering = parseOrdering(object['ordering'], 'lexicographic', `${field}.ordering`);
      if (ordering === 'natural')
        throw invalidInput(`${field}.ordering[natural] can't order text`, `${field}.ordering`);
      return { type, ordering, previousStop };
    }
    case 'lexicographic':
      return { type: 'dimension', ordering: 'lexicographic', previousStop };
    case 'alphaNumeric':
      return { type: 'dimension', ordering: 'alphanumeric', previousStop };
    default:
      throw unknownType('topN metric', type, field, []);
  }
}
