/** Dimension specs and topN metric specs from Druid's JSON. */
import { invalidInput } from '../../proto/errors.js';
import { parseOrdering } from '../sort/comparators.js';
import { parseValueType } from './constants.js';
import {
  describe,
  isMissing,
  type JsonObject,
  missingType,
  objectAt,
  optionalText,
  requiredText,
} from './json-fields.js';
import type { DimensionSpec, TopNMetric, ValueStep } from './model.js';
import { parseExtraction, parseFilteredStep, parseMapLookup, parseRegisteredLookup } from './transforms.js';

const maxNesting = 20;

/** A column name, or a dimension spec of any type. */
export function parseDimension(json: unknown, field: string, depth = 1): DimensionSpec {
  if (typeof json === 'string') return { dimension: json, outputName: json, outputType: 'STRING' };
  if (depth > maxNesting)
    throw invalidInput(`${field}: dimension specs nested deeper than ${maxNesting}`, field);
  if (Array.isArray(json)) throw invalidInput(`${field} must be a name or an object, got an array`, field);
  const object = objectAt(json, field);
  switch (object['type']) {
    case 'default':
      return plainDimension(object, field, []);
    case 'extraction': {
      const fn = parseExtraction(object['extractionFn'], `${field}.extractionFn`);
      return plainDimension(object, field, [{ type: 'extraction', fn }]);
    }
    case 'lookup':
      return lookupDimension(object, field);
    case 'listFiltered':
    case 'regexFiltered':
    case 'prefixFiltered': {
      const inner = parseDimension(object['delegate'], `${field}.delegate`, depth + 1);
      const kind =
        object['type'] === 'listFiltered' ? 'list' : object['type'] === 'regexFiltered' ? 'regex' : 'prefix';
      return { ...inner, steps: [...(inner.steps ?? []), parseFilteredStep(kind, object, field)] };
    }
    default:
      return olderDimension(object, field);
  }
}

/**
 * Without a type, or with one that is none, a spec is of the older form: a column under a name, as text. Whatever else
 * it says is not looked at.
 */
function olderDimension(object: JsonObject, field: string): DimensionSpec {
  const { type, dimension, outputName } = object;
  if (typeof type === 'object' && type !== null) throw missingType('dimension spec', field);
  for (const [name, given] of Object.entries({ dimension, outputName })) {
    if (!isMissing(given) && typeof given !== 'string')
      throw invalidInput(`${field}.${name} must be a string, got ${describe(given)}`, `${field}.${name}`);
  }
  return plainDimension({ dimension, outputName }, field, []);
}

function plainDimension(object: JsonObject, field: string, steps: readonly ValueStep[]): DimensionSpec {
  const name = optionalText(object, 'outputName', field);
  // Of a column that has a name to be answered by, but none of its own, there are no values.
  const isNowhere = isMissing(object['dimension']) && name !== undefined && steps.length === 0;
  const dimension = isNowhere ? '' : requiredText(object, 'dimension', field);
  const outputName = name ?? dimension;
  const outputType = knownType(object['outputType']);
  const more = steps.length === 0 ? {} : { steps };
  const element = typeof outputType === 'string' ? /^ARRAY<(.*)>$/i.exec(outputType)?.[1] : undefined;
  if (element !== undefined) {
    const arrayOf = parseValueType(element, `${field}.outputType`);
    return { dimension, outputName, outputType: 'STRING', arrayOf, ...more };
  }
  if (typeof outputType === 'string' && /^COMPLEX<json>$/i.test(outputType))
    return { dimension, outputName, outputType: 'STRING', arrayOf: 'json', ...more };
  return {
    dimension,
    outputName,
    outputType: isMissing(outputType) ? 'STRING' : parseValueType(outputType, `${field}.outputType`),
    ...more,
  };
}

/** A text that names no type says nothing. */
function knownType(given: unknown): unknown {
  return typeof given !== 'string' || /^(?:STRING|LONG|FLOAT|DOUBLE|(?:ARRAY|COMPLEX)<.*>)$/i.test(given)
    ? given
    : undefined;
}

/** Of a map in the query, or by the name of a registered one. */
function lookupDimension(object: JsonObject, field: string): DimensionSpec {
  const name = optionalText(object, 'name', field) ?? '';
  if ((name === '') === isMissing(object['lookup'])) {
    throw invalidInput(
      `${field}: name [${name}] and lookup [${describe(object['lookup'])}] are mutually exclusive please provide either a name or a lookup`,
      field,
    );
  }
  requiredText(object, 'outputName', field, 'outputName can not be Null');
  const fn = name === '' ? parseMapLookup(object, field) : parseRegisteredLookup(object, 'name', field);
  const { outputType: _, ...rest } = object;
  return plainDimension(rest, field, [{ type: 'extraction', fn }]);
}

const maxDepth = 20;

/** A name, or numeric, dimension, inverted and the two older forms of dimension. */
export function parseTopNMetric(json: unknown, field: string, depth = 1): TopNMetric {
  if (isMissing(json)) throw invalidInput(`${field}: must specify a metric`, field);
  if (typeof json === 'string') return { type: 'numeric', metric: json };
  if (depth > maxDepth) throw invalidInput(`${field}: metrics nested deeper than ${maxDepth}`, field);
  const object = objectAt(json, field);
  const { type, metric } = object;
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
      if (typeof type === 'object' && type !== null) throw missingType('topN metric', field);
      // The older form: another type, or none, means a number.
      if (typeof metric !== 'string')
        throw invalidInput(`${field}.metric must be a string, got ${describe(metric)}`, `${field}.metric`);
      return { type: 'numeric', metric };
  }
}
