/** Filters from Druid's JSON. */
import { type CodedError, invalidInput } from '../../proto/errors.js';
import { parseOrdering } from '../sort/comparators.js';
import { parseIntervalList } from './intervals.js';
import {
  describe,
  isMissing,
  type JsonObject,
  objectAt,
  optionalBoolean,
  optionalText,
  requiredArray,
  requiredText,
  scalarText,
  typeOf,
  unknownType,
  unsupported,
} from './json-fields.js';
import type { Constant, Filter, ValueType } from './model.js';
import { parseConstant, parseValueType } from './constants.js';
import { parseDimension } from './dimensions.js';
import { parseSearchSpec, patternText } from './search-spec.js';
import { optionalExtraction } from './transforms.js';

const notYet: readonly string[] = ['spatial'];

const maxDepth = 200;

export function parseOptionalFilter(json: unknown, field: string): Filter | undefined {
  return isMissing(json) ? undefined : parseFilter(json, field);
}

/** Throws InvalidInput (or Unsupported for Druid's other filters), naming the path of the part at fault. */
export function parseFilter(json: unknown, field: string, depth = 1): Filter {
  if (depth > maxDepth) throw invalidInput(`${field}: filters nested deeper than ${maxDepth}`, field);
  const object = objectAt(json, field);
  const type = typeOf(object, 'filter', field);
  switch (type) {
    case 'true':
    case 'false':
      return { type };
    case 'and':
    case 'or':
      return combination(object, type, field, depth);
    case 'not':
      if (isMissing(object['field']))
        throw invalidInput(`${field}.field: NOT operator requires at least one field`, `${field}.field`);
      return { type: 'not', field: parseFilter(object['field'], `${field}.field`, depth + 1) };
    case 'istrue':
    case 'isfalse':
      return { type, field: parseFilter(object['field'], `${field}.field`, depth + 1) };
    default:
      return leaf(object, type, field);
  }
}

function combination(object: JsonObject, type: 'and' | 'or', field: string, depth: number): Filter {
  const fields = requiredArray(object, 'fields', field)
    .map((inner, i) => ({ inner, path: `${field}.fields[${i}]` }))
    .filter(({ inner }) => inner !== null)
    .map(({ inner, path }) => parseFilter(inner, path, depth + 1));
  if (fields.length === 0) {
    throw invalidInput(
      `${field}.fields: ${type.toUpperCase()} operator requires at least one field`,
      `${field}.fields`,
    );
  }
  return { type, fields };
}

function leaf(object: JsonObject, type: string, field: string): Filter {
  const dimension = (): string => requiredText(object, 'dimension', field, 'dimension must not be null');
  const extraction = optionalExtraction(object, field);
  switch (type) {
    case 'selector':
    case 'extraction': {
      const value = optionalText(object, 'value', field) ?? null;
      if (type === 'extraction' && isMissing(object['extractionFn']))
        throw invalidInput(`${field}: extraction function must not be null`, `${field}.extractionFn`);
      return { type: 'selector', dimension: dimension(), value, ...extraction };
    }
    case 'in': {
      const values = textValues(object, 'values', field);
      const name = dimension();
      return values.length === 0 ? { type: 'false' } : { type, dimension: name, values, ...extraction };
    }
    case 'inType':
      return typedIn(object, field);
    case 'null':
      return { type, column: requiredText(object, 'column', field) };
    case 'equals':
      return equals(object, field);
    case 'range':
      return range(object, field);
    case 'bound':
      return { ...bound(object, field, dimension()), ...extraction };
    case 'like':
      return { ...like(object, field, dimension()), ...extraction };
    case 'interval': {
      const given = requiredArray(object, 'intervals', field);
      if (given.length === 0)
        throw invalidInput(`${field}: must specify at least one interval`, `${field}.intervals`);
      const intervals = parseIntervalList(given, `${field}.intervals`);
      return { type, dimension: dimension(), intervals, ...extraction };
    }
    case 'regex':
      return { type, dimension: dimension(), pattern: patternText(object, 'pattern', field), ...extraction };
    case 'search':
      return {
        type,
        dimension: dimension(),
        query: parseSearchSpec(object['query'], `${field}.query`),
        ...extraction,
      };
    case 'expression':
      return { type, expression: requiredText(object, 'expression', field) };
    case 'columnComparison':
      return columnComparison(object, field);
    case 'arrayContainsElement':
      return arrayContainsElement(object, field);
    default:
      throw unknownType('filter', type, field, notYet);
  }
}

function columnComparison(object: JsonObject, field: string): Filter {
  const dimensions = requiredArray(object, 'dimensions', field).map((each, i) =>
    parseDimension(each, `${field}.dimensions[${i}]`),
  );
  if (dimensions.length < 2)
    throw invalidInput(`${field}: dimensions must have a least 2 dimensions`, `${field}.dimensions`);
  return { type: 'columnComparison', dimensions };
}

function arrayContainsElement(object: JsonObject, field: string): Filter {
  const elementType = parseValueType(object['elementMatchValueType'], `${field}.elementMatchValueType`);
  const value = object['elementMatchValue'];
  return {
    type: 'arrayContainsElement',
    column: requiredText(object, 'column', field),
    elementType,
    element: isMissing(value) ? null : parseConstant(value, elementType, `${field}.elementMatchValue`),
  };
}

/** The element type of ARRAY<…>; undefined for other types. */
function arrayElementType(json: unknown, field: string): ValueType | undefined {
  const inner = typeof json === 'string' ? /^ARRAY<(.*)>$/i.exec(json)?.[1] : undefined;
  return inner === undefined ? undefined : parseValueType(inner, field);
}

function arrayConstant(json: unknown, type: ValueType, field: string): (Constant | null)[] {
  if (!Array.isArray(json)) throw invalidInput(`${field} must be an array, got ${describe(json)}`, field);
  return (json as unknown[]).map((each, i) =>
    each === null ? null : parseConstant(each, type, `${field}[${i}]`),
  );
}

function textValues(object: JsonObject, name: string, field: string): (string | null)[] {
  return requiredArray(object, name, field).map((value, i) =>
    value === null || typeof value === 'string' ? value : scalarText(value, `${field}.${name}[${i}]`),
  );
}

/** A list of typed values. None match no row, one alone is an equality. */
function typedIn(object: JsonObject, field: string): Filter {
  const column = requiredText(object, 'column', field);
  const name = isMissing(object['values']) ? 'sortedValues' : 'values';
  if (name === 'values' && !isMissing(object['sortedValues'])) {
    throw invalidInput(
      `${field}: invalid IN filter on column[${column}], exactly one of values or sortedValues must be given`,
      field,
    );
  }
  const given = requiredArray(object, name, field);
  if (arrayElementType(object['matchValueType'], `${field}.matchValueType`) !== undefined)
    return arrayIn(object, field, column, name, given);
  const matchValueType = parseValueType(object['matchValueType'], `${field}.matchValueType`);
  const values = given.map((value, i) =>
    value === null ? null : parseConstant(value, matchValueType, `${field}.${name}[${i}]`),
  );
  const [first] = values;
  if (first === undefined) return { type: 'false' };
  if (values.some((other) => other !== first)) return { type: 'inType', column, matchValueType, values };
  return first === null
    ? { type: 'null', column }
    : { type: 'equals', column, matchValueType, matchValue: first };
}

/** Of arrays there can be none or one, which is an equality: Druid has no predicate for several. */
function arrayIn(
  object: JsonObject,
  field: string,
  column: string,
  name: 'values' | 'sortedValues',
  given: readonly unknown[],
): Filter {
  const matchValueType = object['matchValueType'];
  if (name === 'values')
    throw invalidInput(
      `${field}: Unsupported matchValueType[${String(matchValueType)}]`,
      `${field}.matchValueType`,
    );
  const [first, ...more] = given;
  if (first === undefined) return { type: 'false' };
  if (more.length > 0)
    throw unsupported(`${field}.${name}`, `${field}: Predicate does not support ARRAY types`);
  return first === null
    ? { type: 'null', column }
    : equals({ column, matchValueType, matchValue: first }, field);
}

function equals(object: JsonObject, field: string): Filter {
  const column = requiredText(object, 'column', field);
  const elementType = arrayElementType(object['matchValueType'], `${field}.matchValueType`);
  const value = object['matchValue'];
  if (elementType !== undefined && !isMissing(value)) {
    const whole = arrayConstant(value, elementType, `${field}.matchValue`);
    const closed = { lowerOpen: false, upperOpen: false } as const;
    return {
      type: 'arrayRange',
      isEquality: true,
      column,
      elementType,
      lower: whole,
      upper: whole,
      ...closed,
    };
  }
  const matchValueType = parseValueType(object['matchValueType'], `${field}.matchValueType`);
  if (isMissing(value)) {
    throw invalidInput(
      `${field}.matchValue: invalid equality filter on column[${column}], matchValue cannot be null`,
      `${field}.matchValue`,
    );
  }
  return {
    type: 'equals',
    column,
    matchValueType,
    matchValue: parseConstant(value, matchValueType, `${field}.matchValue`),
  };
}

function range(object: JsonObject, field: string): Filter {
  const column = requiredText(object, 'column', field);
  const elementType = arrayElementType(object['matchValueType'], `${field}.matchValueType`);
  if (elementType !== undefined) return arrayRange(object, field, column, elementType);
  const matchValueType = parseValueType(object['matchValueType'], `${field}.matchValueType`);
  const constant = (name: string): Constant | undefined =>
    isMissing(object[name]) ? undefined : parseConstant(object[name], matchValueType, `${field}.${name}`);
  const lower = constant('lower');
  const upper = constant('upper');
  if (lower === undefined && upper === undefined) throw noEnds(field, column);
  const lowerOpen = optionalBoolean(object, 'lowerOpen', field, false);
  const upperOpen = optionalBoolean(object, 'upperOpen', field, false);
  return { type: 'range', column, matchValueType, lower, upper, lowerOpen, upperOpen };
}

function noEnds(field: string, column: string): CodedError {
  return invalidInput(
    `${field}: invalid range filter on column[${column}], lower and upper cannot be null at the same time`,
    field,
  );
}

function arrayRange(object: JsonObject, field: string, column: string, elementType: ValueType): Filter {
  const end = (name: string): (Constant | null)[] | undefined =>
    isMissing(object[name]) ? undefined : arrayConstant(object[name], elementType, `${field}.${name}`);
  const lower = end('lower');
  const upper = end('upper');
  if (lower === undefined && upper === undefined) throw noEnds(field, column);
  return {
    type: 'arrayRange',
    column,
    elementType,
    lower,
    upper,
    lowerOpen: optionalBoolean(object, 'lowerOpen', field, false),
    upperOpen: optionalBoolean(object, 'upperOpen', field, false),
  };
}

function bound(object: JsonObject, field: string, dimension: string): Filter {
  const lower = optionalText(object, 'lower', field);
  const upper = optionalText(object, 'upper', field);
  if (lower === undefined && upper === undefined) {
    throw invalidInput(`${field}: lower and upper can not be null at the same time`, field);
  }
  const legacy = optionalBoolean(object, 'alphaNumeric', field, false);
  const ordering = parseOrdering(
    object['ordering'],
    legacy ? 'alphanumeric' : 'lexicographic',
    `${field}.ordering`,
  );
  if (ordering === 'natural')
    throw unsupported(`${field}.ordering`, `${field}.ordering[natural] can't order text`);
  const lowerStrict = optionalBoolean(object, 'lowerStrict', field, false);
  const upperStrict = optionalBoolean(object, 'upperStrict', field, false);
  return { type: 'bound', dimension, lower, upper, lowerStrict, upperStrict, ordering };
}

function like(object: JsonObject, field: string, dimension: string): Filter {
  const pattern = requiredText(object, 'pattern', field);
  const escape = optionalText(object, 'escape', field);
  if (escape !== undefined && escape.length !== 1) {
    throw invalidInput(`${field}.escape must be a single character`, `${field}.escape`);
  }
  return { type: 'like', dimension, pattern, escape };
}
