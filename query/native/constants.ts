/** Types of values and constants of a type from Druid's JSON. */
import { type CodedError, invalidInput } from '../../proto/errors.js';
import { doubleText, doubleToLong } from '../json/java-number.js';
import { describe, unsupported } from './json-fields.js';
import type { Constant, ValueType } from './model.js';

/** STRING, LONG, FLOAT or DOUBLE in any case; arrays and complex types are Druid's but not supported here. */
export function parseValueType(json: unknown, field: string): ValueType {
  if (typeof json !== 'string') throw invalidInput(`${field} must be a type, got ${describe(json)}`, field);
  const name = json.toUpperCase();
  if (name === 'STRING' || name === 'LONG' || name === 'FLOAT' || name === 'DOUBLE') return name;
  if (name.startsWith('ARRAY<') || name.startsWith('COMPLEX')) {
    throw unsupported(field, `${field}: type[${json}] is not supported yet`);
  }
  throw invalidInput(`${field}: unknown type[${json}]`, field);
}

/** A constant in its own type: numbers are cast as Java casts them, text is read as a number where one is asked. */
export function parseConstant(json: unknown, type: ValueType, field: string): Constant {
  if (
    typeof json !== 'string' &&
    typeof json !== 'number' &&
    typeof json !== 'bigint' &&
    typeof json !== 'boolean'
  ) {
    throw invalidInput(`${field} must be a value of type[${type}], got ${describe(json)}`, field);
  }
  if (type === 'STRING')
    return typeof json === 'number' && !Number.isInteger(json) ? doubleText(json) : String(json);
  const value = typeof json === 'boolean' ? Number(json) : typeof json === 'string' ? readNumber(json) : json;
  if (value === undefined) throw mismatch(json, type, field);
  if (type === 'LONG') return typeof value === 'bigint' ? wrapLong(value, json, field) : doubleToLong(value);
  return type === 'FLOAT' ? Math.fround(Number(value)) : Number(value);
}

function mismatch(json: unknown, type: ValueType, field: string): CodedError {
  return invalidInput(`${field}: value[${String(json)}] is not of type[${type}]`, field);
}

function wrapLong(value: bigint, json: unknown, field: string): bigint {
  if (BigInt.asIntN(64, value) !== value) throw mismatch(json, 'LONG', field);
  return value;
}

function readNumber(text: string): number | bigint | undefined {
  if (/^[+-]?\d+$/.test(text)) return BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  return text === 'NaN'
    ? Number.NaN
    : text === 'Infinity'
      ? Infinity
      : text === '-Infinity'
        ? -Infinity
        : undefined;
}
