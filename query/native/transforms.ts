/** Virtual columns, extraction functions and search specs from Druid's JSON. */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { columnsOf } from '../expression/ast.js';
import { expression } from '../expression/expression.js';
import { parseJqPath, parseJsonPath } from '../expression/json-path.js';
import { parseExpression } from '../expression/parser.js';
import { parseGranularity } from '../granularity.js';
import {
  describe,
  isMissing,
  isObject,
  type JsonObject,
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalInteger,
  optionalText,
  requiredArray,
  requiredText,
  scalarText,
  typeOf,
  unknownType,
  unsupported,
} from './json-fields.js';
import { parseSearchSpec, patternText } from './search-spec.js';
import type { ExtractionFn, ValueStep, VirtualColumn } from './transform-model.js';

const maxDepth = 50;

export function textsOf(object: JsonObject, name: string, path: string): (string | null)[] {
  return requiredArray(object, name, path).map((value, i) =>
    value === null ? null : scalarText(value, `${path}.${name}[${i}]`),
  );
}

/** Of a filter or dimension; undefined when there is none. */
export function optionalExtraction(object: JsonObject, field: string): { extractionFn?: ExtractionFn } {
  const json = object['extractionFn'];
  return isMissing(json) ? {} : { extractionFn: parseExtraction(json, `${field}.extractionFn`) };
}

export function parseExtraction(json: unknown, field: string, depth = 1): ExtractionFn {
  if (depth > maxDepth) throw invalidInput(`${field}: functions nested deeper than ${maxDepth}`, field);
  const object = objectAt(json, field);
  const type = typeOf(object, 'extraction function', field);
  const text = (name: string): string | undefined => optionalText(object, name, field);
  switch (type) {
    case 'upper':
    case 'lower':
      return { type, locale: localeOf(text('locale')) };
    case 'strlen':
    case 'identity':
      return { type };
    case 'substring':
      return substring(object, field);
    case 'regex':
      return {
        type,
        expr: patternText(object, 'expr', field),
        index: optionalInteger(object, 'index', field) ?? 1,
        replaceMissingValue: optionalBoolean(object, 'replaceMissingValue', field, false),
        replaceMissingValueWith: text('replaceMissingValueWith') ?? null,
      };
    case 'partial':
      return { type, expr: patternText(object, 'expr', field) };
    case 'searchQuery':
      return { type, query: parseSearchSpec(object['query'], `${field}.query`) };
    case 'timeFormat':
      return {
        type,
        format: text('format'),
        timeZone: text('timeZone'),
        locale: localeOf(text('locale')),
        granularity: isMissing(object['granularity'])
          ? undefined
          : parseGranularity(object['granularity'], `${field}.granularity`),
        asMillis: optionalBoolean(object, 'asMillis', field, false),
      };
    case 'time':
      return {
        type,
        timeFormat: requiredText(object, 'timeFormat', field),
        resultFormat: requiredText(object, 'resultFormat', field),
        joda: optionalBoolean(object, 'joda', field, false),
      };
    case 'stringFormat':
      if (optionalText(object, 'format', field) === '')
        throw invalidInput(`${field}.format: format string should not be empty`, `${field}.format`);
      return {
        type,
        format: requiredText(object, 'format', field),
        nullHandling: nullHandling(object, field),
      };
    case 'bucket':
      return { type, size: number(object, 'size', field, 1), offset: number(object, 'offset', field, 0) };
    case 'lookup':
      return parseMapLookup(object, field);
    case 'registeredLookup':
      return parseRegisteredLookup(object, 'lookup', field);
    case 'cascade':
      return {
        type,
        extractionFns: requiredArray(object, 'extractionFns', field).map((each, i) =>
          parseExtraction(each, `${field}.extractionFns[${i}]`, depth + 1),
        ),
      };
    default:
      throw unknownType('extraction function', type, field, []);
  }
}

/** A language tag that exists in form; others, as in Java, stand for no language. */
function localeOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

function substring(object: JsonObject, field: string): ExtractionFn {
  const index = optionalInteger(object, 'index', field) ?? 0;
  const length = optionalInteger(object, 'length', field);
  if (index < 0) throw invalidInput(`${field}.index: substring index must be >= 0`, `${field}.index`);
  if (length !== undefined && length <= 0)
    throw invalidInput(`${field}.length: length must be strictly positive`, `${field}.length`);
  return { type: 'substring', index, length };
}

function nullHandling(object: JsonObject, field: string): 'nullString' | 'emptyString' | 'returnNull' {
  const text = optionalText(object, 'nullHandling', field)?.toLowerCase() ?? 'nullstring';
  const found = (['nullString', 'emptyString', 'returnNull'] as const).find(
    (each) => each.toLowerCase() === text,
  );
  if (found === undefined)
    throw invalidInput(`${field}.nullHandling[${text}] is unknown`, `${field}.nullHandling`);
  return found;
}

function number(object: JsonObject, name: string, path: string, fallback: number): number {
  const json = object[name];
  if (isMissing(json)) return fallback;
  const value = typeof json === 'string' ? Number(json) : json;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalidInput(`${path}.${name} must be a number, got ${describe(json)}`, `${path}.${name}`);
  }
  return value;
}

/** `{"lookup":{"type":"map","map":{…}}, retainMissingValue, replaceMissingValueWith}`. */
export function parseMapLookup(object: JsonObject, field: string): Extract<ExtractionFn, { type: 'lookup' }> {
  const lookup = objectAt(object['lookup'], `${field}.lookup`);
  if (typeOf(lookup, 'lookup', `${field}.lookup`) !== 'map') {
    throw unsupported(`${field}.lookup`, `${field}.lookup: only lookups of type[map] are supported yet`);
  }
  const map = objectAt(lookup['map'], `${field}.lookup.map`);
  return {
    type: 'lookup',
    entries: Object.entries(map)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, scalarText(value, `${field}.lookup.map.${key}`)]),
    ...oneToOne(object, 'injective', field, oneToOne(lookup, 'isOneToOne', `${field}.lookup`)),
    ...(optionalBoolean(object, 'optimize', field, true) ? {} : { isOptimized: false as const }),
    ...checkedMissing(object, field),
  };
}

function oneToOne(
  object: JsonObject,
  name: string,
  field: string,
  fallback: { readonly isOneToOne?: boolean } = {},
): { readonly isOneToOne?: boolean } {
  return isMissing(object[name]) ? fallback : { isOneToOne: optionalBoolean(object, name, field, false) };
}

function checkedMissing(object: JsonObject, field: string): ReturnType<typeof missingValue> {
  const missing = missingValue(object, field);
  if (contradicts(missing)) throw invalidInput(`${field}: ${contradiction}`, field);
  return missing;
}

/** The lookup's name stands in `key`. */
export function parseRegisteredLookup(object: JsonObject, key: string, field: string): ExtractionFn {
  const lookup = requiredText(object, key, field, '`lookup` required');
  const missing = missingValue(object, field);
  // Druid finds out when the query runs.
  if (contradicts(missing)) {
    throw new CodedError('QueryFailed', contradiction, { errorClass: 'java.lang.IllegalArgumentException' });
  }
  return { type: 'registeredLookup', lookup, ...oneToOne(object, 'injective', field), ...missing };
}

const contradiction = 'Cannot specify a [replaceMissingValueWith] and set [retainMissingValue] to true';
const contradicts = (missing: ReturnType<typeof missingValue>): boolean =>
  missing.retainMissingValue && (missing.replaceMissingValueWith ?? '') !== '';

/** What becomes of values that the lookup does not know. */
function missingValue(
  object: JsonObject,
  field: string,
): { readonly retainMissingValue: boolean; readonly replaceMissingValueWith: string | null } {
  const retainMissingValue = optionalBoolean(object, 'retainMissingValue', field, false);
  const replaceMissingValueWith = optionalText(object, 'replaceMissingValueWith', field) ?? null;
  return { retainMissingValue, replaceMissingValueWith };
}

/** What a filtered dimension spec or virtual column keeps of a row's values. */
export function parseFilteredStep(
  kind: 'list' | 'regex' | 'prefix',
  object: JsonObject,
  field: string,
): ValueStep {
  switch (kind) {
    case 'list': {
      const name = isMissing(object['isWhitelist']) ? 'isAllowList' : 'isWhitelist';
      return {
        type: 'listFiltered',
        values: textsOf(object, 'values', field),
        isWhitelist: optionalBoolean(object, name, field, true),
      };
    }
    case 'regex':
      return { type: 'regexFiltered', pattern: patternText(object, 'pattern', field) };
    case 'prefix':
      return { type: 'prefixFiltered', prefix: requiredText(object, 'prefix', field) };
  }
}

export function parseVirtualColumns(
  json: unknown,
  field: string,
): { virtualColumns?: readonly VirtualColumn[] } {
  if (isMissing(json) || (isObject(json) && Object.keys(json).length === 0)) return {};
  const list = optionalArray({ virtualColumns: json }, 'virtualColumns', 'query');
  const columns = list.map((each, i) => parseVirtualColumn(each, `${field}[${i}]`));
  const names = new Set<string>();
  for (const [i, { name }] of columns.entries()) {
    if (name === '') throw invalidInput(`${field}[${i}]: Empty or null virtualColumn name`, `${field}[${i}]`);
    if (name === '__time')
      throw invalidInput(`${field}[${i}]: virtual column name[__time] not allowed`, `${field}[${i}]`);
    if (names.has(name))
      throw invalidInput(`${field}[${i}]: Duplicate virtualColumn name[${name}]`, `${field}[${i}]`);
    names.add(name);
  }
  refuseCycles(columns, field);
  return columns.length === 0 ? {} : { virtualColumns: columns };
}

/**
 * A virtual column hides the stored one of its name: reading that name would be reading itself. Chains may be long, so
 * they are followed without recursion.
 */
function refuseCycles(columns: readonly VirtualColumn[], field: string): void {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const checked = new Set<string>();
  for (const [i, root] of columns.entries()) {
    const open = new Map<string, Iterator<string>>();
    const path: string[] = [];
    const enter = (column: VirtualColumn): void => {
      const { name } = column;
      if (checked.has(name)) return;
      if (open.has(name))
        throw invalidInput(`${field}[${i}]: Self-referential column[${name}]`, `${field}[${i}]`);
      open.set(name, columnsRead(column)[Symbol.iterator]());
      path.push(name);
    };
    enter(root);
    for (let name = path.at(-1); name !== undefined; name = path.at(-1)) {
      const read = open.get(name)?.next();
      const next = read?.done === false ? byName.get(read.value) : undefined;
      if (next !== undefined) enter(next);
      if (read?.done !== false) {
        checked.add(name);
        open.delete(name);
        path.pop();
      }
    }
  }
}

/** Names of the columns that a virtual column is made from. */
export function columnsRead(column: VirtualColumn): Iterable<string> {
  switch (column.type) {
    case 'expression':
      return columnsOf(parseExpression(column.expression));
    case 'nested-field':
      return [column.columnName];
    case 'filtered':
      return [column.delegate];
    case 'fallback':
      return column.columns;
  }
}

/** An expression that can't be made, its constant parts worked out, is a column that can't be made. */
function checkedExpression(text: string, field: string): string {
  try {
    expression(text);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw invalidInput(error.message, `${field}.expression`);
  }
  return text;
}

export function parseVirtualColumn(json: unknown, field: string): VirtualColumn {
  const object = objectAt(json, field);
  const type = typeOf(object, 'virtual column', field);
  const name = (): string => requiredText(object, 'name', field);
  const delegate = (): string => requiredText(object, 'delegate', field);
  switch (type) {
    case 'expression':
      return {
        type,
        name: name(),
        expression: checkedExpression(requiredText(object, 'expression', field), field),
        outputType: optionalText(object, 'outputType', field),
      };
    case 'nested-field':
      return nestedField(object, field);
    case 'mv-filtered':
    case 'mv-regex-filtered':
    case 'mv-prefix-filtered': {
      const kind = type === 'mv-filtered' ? 'list' : type === 'mv-regex-filtered' ? 'regex' : 'prefix';
      const steps = [parseFilteredStep(kind, object, field)];
      const dimension = isObject(object['delegate'])
        ? requiredText(object['delegate'], 'dimension', `${field}.delegate`)
        : delegate();
      return { type: 'filtered', name: name(), delegate: dimension, steps };
    }
    case 'fallback':
      return {
        type,
        name: name(),
        columns: requiredArray(object, 'columns', field).map((each, i) =>
          isObject(each)
            ? requiredText(each, 'dimension', `${field}.columns[${i}]`)
            : scalarText(each, `${field}.columns[${i}]`),
        ),
      };
    default:
      throw unknownType('virtual column', type, field, ['list-filtered']);
  }
}

/** `path` is in JSONPath or, with `useJqSyntax`, in jq's form; `pathParts` stand before it. */
function nestedField(object: JsonObject, field: string): VirtualColumn {
  const parts = object['pathParts'];
  const isJq = optionalBoolean(object, 'useJqSyntax', field, false);
  const text = optionalText(object, 'path', field);
  let path: (string | number)[];
  if (!isMissing(parts)) {
    path = optionalArray(object, 'pathParts', field).map((each, i) =>
      pathPart(each, `${field}.pathParts[${i}]`),
    );
  } else if (text === undefined) {
    throw invalidInput(`${field}.path: path or pathParts must be given`, `${field}.path`);
  } else {
    path = isJq ? parseJqPath(text) : parseJsonPath(text);
  }
  return {
    type: 'nested-field',
    name: requiredText(object, 'outputName', field),
    columnName: requiredText(object, 'columnName', field),
    path,
    expectedType: optionalText(object, 'expectedType', field),
    processFromRaw: optionalBoolean(object, 'processFromRaw', field, false),
  };
}

function pathPart(json: unknown, field: string): string | number {
  const object = objectAt(json, field);
  const type = typeOf(object, 'path part', field);
  if (type === 'field') return requiredText(object, 'field', field);
  const index = type === 'arrayElement' ? optionalInteger(object, 'index', field) : undefined;
  if (index === undefined) throw invalidInput(`${field}: type[${type}] is no part of a path`, field);
  return index;
}
