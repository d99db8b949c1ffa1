/** Between the values of rows and the typed values of expressions. */
import { doubleText } from '../../query/json/java-number.js';
import {
  bestEffort,
  double,
  elementType,
  isArrayType,
  nullValue,
  type Json,
  type Value,
} from '../../query/expression/value.js';
import type { InputRow } from '../formats/row-reader.js';
import { isTooDeep } from '../values.js';

/** A field as an expression sees it: whole numbers are LONG unless they were written like doubles. */
export function expressionValue(row: InputRow, name: string): Value {
  const value = Object.hasOwn(row.fields, name) ? row.fields[name] : undefined;
  if (value === undefined || value === null) return nullValue;
  if (typeof value === 'number') {
    const isDouble = !Number.isInteger(value) || row.doubleText(name) !== undefined;
    return isDouble ? double(value) : bestEffort(jsonOf(value));
  }
  if (Array.isArray(value)) {
    // Druid hands over the only value of a list of one.
    const items = value.map((item: unknown, i) => listItem(row, name, item, i));
    const [only] = items;
    return bestEffort(items.length === 1 && only !== undefined ? only : items);
  }
  return isTooDeep(value) ? nullValue : bestEffort(jsonOf(value));
}

function listItem(row: InputRow, name: string, item: unknown, i: number): Json {
  const isDouble = typeof item === 'number' && row.doubleText(name, i) !== undefined;
  return isDouble ? item : jsonOf(item);
}

const BIGINT_FROM = 2 ** 63;

/** As `json/parse.ts` reads it with `allLongs`. */
function jsonOf(value: unknown): Json {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < BIGINT_FROM ? BigInt(value) : value;
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return value.map(jsonOf);
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOf(item)]));
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    default:
      return null;
  }
}

/** A result as a field: longs are numbers where a double holds them. */
export function fieldValue({ value }: Value): unknown {
  return plain(value);
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** Java's text of a whole double in a result; undefined for everything else. */
export function resultDoubleText({ type, value }: Value, item: number | undefined): string | undefined {
  const single: unknown = item !== undefined && Array.isArray(value) ? value[item] : value;
  const itemType = item !== undefined && isArrayType(type) ? elementType(type) : type;
  return itemType === 'DOUBLE' && typeof single === 'number' ? doubleText(single) : undefined;
}
