/** Having specs and limit specs of groupBy from Druid's JSON. */
import { invalidInput } from '../../proto/errors.js';
import { parseOrdering } from '../sort/comparators.js';
import { parseFilter } from './filters.js';
import {
  describe,
  isMissing,
  type JsonObject,
  objectAt,
  optionalArray,
  optionalInteger,
  optionalText,
  requiredText,
  typeOf,
  unknownType,
} from './json-fields.js';
import type { Having, OrderByColumn } from './model.js';

const maxDepth = 100;

export function parseHaving(json: unknown, field: string, depth = 1): Having {
  if (depth > maxDepth) throw invalidInput(`${field}: having specs nested deeper than ${maxDepth}`, field);
  const object = objectAt(json, field);
  const type = typeOf(object, 'having spec', field);
  switch (type) {
    case 'always':
      return { type };
    case 'equalTo':
    case 'greaterThan':
    case 'lessThan':
      return {
        type,
        aggregation: requiredText(object, 'aggregation', field),
        value: number(object['value'], `${field}.value`),
      };
    case 'dimSelector':
      if (!isMissing(object['extractionFn'])) {
        return { type: 'filter', filter: parseFilter({ ...object, type: 'selector' }, field) };
      }
      return {
        type,
        dimension: requiredText(object, 'dimension', field, "Must have attribute 'dimension'"),
        value: optionalText(object, 'value', field) ?? null,
      };
    case 'and':
    case 'or':
      return {
        type,
        havingSpecs: optionalArray(object, 'havingSpecs', field).map((each, i) =>
          parseHaving(each, `${field}.havingSpecs[${i}]`, depth + 1),
        ),
      };
    case 'not':
      return { type, havingSpec: parseHaving(object['havingSpec'], `${field}.havingSpec`, depth + 1) };
    case 'filter':
      return { type, filter: parseFilter(object['filter'], `${field}.filter`) };
    default:
      throw unknownType('having spec', type, field, []);
  }
}

function number(json: unknown, field: string): number | bigint {
  if (typeof json === 'bigint') return BigInt.asIntN(64, json);
  if (typeof json === 'number') return json;
  if (typeof json === 'string' && /^-?\d+$/.test(json)) return BigInt.asIntN(64, BigInt(json));
  if (typeof json === 'string' && json.trim() !== '' && Number.isFinite(Number(json))) return Number(json);
  throw invalidInput(`${field} must be a number, got ${describe(json)}`, field);
}

export interface LimitSpec {
  readonly orderBy: readonly OrderByColumn[];
  readonly limit: number | undefined;
  readonly offset: number;
}

const MAX_INT = 0x7fffffff;

export function parseLimitSpec(json: unknown, field: string): LimitSpec {
  if (isMissing(json)) return { orderBy: [], limit: undefined, offset: 0 };
  const object = objectAt(json, field);
  // What has no type, or another one, limits nothing.
  if (object['type'] !== 'default') return { orderBy: [], limit: undefined, offset: 0 };
  const limit = optionalInteger(object, 'limit', field);
  const offset = optionalInteger(object, 'offset', field) ?? 0;
  if (limit !== undefined && limit <= 0)
    throw invalidInput(`${field}.limit: limit[${limit}] must be > 0`, `${field}.limit`);
  if (offset < 0) throw invalidInput(`${field}.offset: offset[${offset}] must be >= 0`, `${field}.offset`);
  const orderBy = optionalArray(object, 'columns', field).map((each, i) =>
    orderByColumn(each, `${field}.columns[${i}]`),
  );
  // Java's largest int means no limit.
  return { orderBy, limit: limit === MAX_INT ? undefined : limit, offset };
}

/** A name, or {dimension, direction, dimensionOrder}. What does not begin "desc" is ascending, as in Druid. */
function orderByColumn(json: unknown, field: string): OrderByColumn {
  if (typeof json === 'string') return { dimension: json, direction: 'ascending', ordering: 'lexicographic' };
  const object: JsonObject = objectAt(json, field);
  const direction = optionalText(object, 'direction', field) ?? 'ascending';
  if (direction === '') {
    const text = `${field}.direction: Ambiguous directions[ascending] and [descending]`;
    throw invalidInput(text, `${field}.direction`);
  }
  return {
    dimension: requiredText(object, 'dimension', field),
    direction: /^d/i.test(direction) ? 'descending' : 'ascending',
    ordering: parseOrdering(object['dimensionOrder'], 'lexicographic', `${field}.dimensionOrder`),
  };
}
