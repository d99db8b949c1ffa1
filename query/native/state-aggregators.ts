/** Aggregators whose state is more than a number, from Druid's JSON. */
import { invalidInput } from '../../proto/errors.js';
import { parseDimension } from './dimensions.js';
import {
  isMissing,
  type JsonObject,
  optionalArray,
  optionalBoolean,
  optionalInteger,
  optionalText,
  requiredArray,
  requiredText,
  scalarText,
} from './json-fields.js';
import type { Aggregator, DimensionSpec } from './model.js';

const DEFAULT_MAX_STRING_BYTES = 1024;
const DEFAULT_MAX_STATE_BYTES = 8192;
const MIN_STATE_BYTES = 10;

/** Undefined: the type is none of these. */
export function parseStateAggregator(
  type: string,
  object: JsonObject,
  field: string,
): Aggregator | undefined {
  const name = (): string =>
    requiredText(object, 'name', field, 'Must have a valid, non-null aggregator name');
  const fieldName = (): string =>
    requiredText(object, 'fieldName', field, 'Must have a valid, non-null fieldName');
  switch (type) {
    case 'doubleMean':
      return { type, name: name(), fieldName: fieldName() };
    case 'longFirst':
    case 'longLast':
    case 'doubleFirst':
    case 'doubleLast':
    case 'floatFirst':
    case 'floatLast':
    case 'stringFirst':
    case 'stringLast': {
      const timeColumn = optionalText(object, 'timeColumn', field) ?? '__time';
      return { type, name: name(), fieldName: fieldName(), timeColumn, ...stringBytes(object, field) };
    }
    case 'longAny':
    case 'doubleAny':
    case 'floatAny':
    case 'stringAny': {
      const aggregateMultipleValues = optionalBoolean(object, 'aggregateMultipleValues', field, true);
      const rest = { aggregateMultipleValues, ...stringBytes(object, field) };
      return { type, name: name(), fieldName: fieldName(), ...rest };
    }
    case 'cardinality':
      return {
        type,
        name: name(),
        fields: countedFields(object, field),
        byRow: optionalBoolean(object, 'byRow', field, false),
        round: optionalBoolean(object, 'round', field, false),
      };
    case 'hyperUnique':
      return {
        type,
        name: name(),
        fieldName: fieldName(),
        round: optionalBoolean(object, 'round', field, false),
      };
    case 'grouping':
      return { type, name: name(), groupings: groupings(object, field) };
    case 'expression':
      return expressionAggregator(object, field, name());
    default:
      return undefined;
  }
}

function stringBytes(object: JsonObject, field: string): { maxStringBytes: number } {
  const maxStringBytes = optionalInteger(object, 'maxStringBytes', field) ?? DEFAULT_MAX_STRING_BYTES;
  if (maxStringBytes < 0)
    throw invalidInput(`${field}.maxStringBytes must be greater than 0`, `${field}.maxStringBytes`);
  return { maxStringBytes };
}

function countedFields(object: JsonObject, field: string): DimensionSpec[] {
  const given = isMissing(object['fields']) ? 'fieldNames' : 'fields';
  if (given === 'fields' && !isMissing(object['fieldNames']))
    throw invalidInput(`${field}: Cannot specify both 'fieldNames' and 'fields'`, `${field}.fieldNames`);
  return requiredArray(object, given, field).map((each, i) => parseDimension(each, `${field}.fields[${i}]`));
}

function groupings(object: JsonObject, field: string): string[] {
  const names = texts(object, 'groupings', field);
  if (names.length === 0)
    throw invalidInput(`${field}: Must have a non-empty grouping dimensions`, `${field}.groupings`);
  return names;
}

function texts(object: JsonObject, name: string, field: string): string[] {
  return optionalArray(object, name, field).map((each, i) => scalarText(each, `${field}.${name}[${i}]`));
}

function expressionAggregator(object: JsonObject, field: string, name: string): Aggregator {
  const fields = texts(object, 'fields', field);
  const fold = requiredText(object, 'fold', field, 'Must have a non-null fold expression');
  const initialValue = requiredText(
    object,
    'initialValue',
    field,
    'Must have a non-null initial value expression',
  );
  const combine = optionalText(object, 'combine', field);
  const [only] = fields;
  if (combine === undefined && (only === undefined || fields.length !== 1)) {
    throw invalidInput(
      `${field}.combine: Must have a single input field if no combine expression is supplied`,
      field,
    );
  }
  const shouldAggregateNullInputs = optionalBoolean(object, 'shouldAggregateNullInputs', field, true);
  const maxSizeBytes = optionalInteger(object, 'maxSizeBytes', field) ?? DEFAULT_MAX_STATE_BYTES;
  if (maxSizeBytes < MIN_STATE_BYTES)
    throw invalidInput(`${field}.maxSizeBytes must be at least ${MIN_STATE_BYTES}`, `${field}.maxSizeBytes`);
  return {
    type: 'expression',
    name,
    fields,
    accumulatorIdentifier: optionalText(object, 'accumulatorIdentifier', field) ?? '__acc',
    initialValue,
    initialCombineValue: optionalText(object, 'initialCombineValue', field) ?? initialValue,
    fold,
    combine: combine ?? fold.replaceAll(only ?? '', () => name),
    compare: optionalText(object, 'compare', field),
    finalize: optionalText(object, 'finalize', field),
    isNullUnlessAggregated: optionalBoolean(object, 'isNullUnlessAggregated', field, true),
    shouldAggregateNullInputs,
    shouldCombineAggregateNullInputs: optionalBoolean(
      object,
      'shouldCombineAggregateNullInputs',
      field,
      shouldAggregateNullInputs,
    ),
    maxSizeBytes,
  };
}
