/** Typed values of the expression language. */
import { exactDoubleText } from '../../segment/format/java-digits.js';
import { doubleToLong } from '../json/java-number.js';
import { parseNumberText } from './number-text.js';

/** "LONG", "DOUBLE", "STRING", "ARRAY<…>" (nested too), "COMPLEX<json>" and other complex types. */
export type ExprType = string;

/** JSON as json/parse.ts reads it with `allLongs`: integers are bigint, numbers are doubles. */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

export type Scalar = bigint | number | string | null;

/**
 * LONG holds bigint (64 bits), DOUBLE number, STRING string, ARRAY an array of its elements' representation, COMPLEX its
 * JSON. Null belongs to any type.
 */
export interface Value {
  readonly type: ExprType;
  readonly value: Scalar | readonly unknown[] | Json;
}

export const nullValue: Value = { type: 'STRING', value: null };

export const long = (value: bigint | null): Value => ({
  type: 'LONG',
  value: value === null ? null : BigInt.asIntN(64, value),
});
export const double = (value: number | null): Value => ({ type: 'DOUBLE', value });
export const string = (value: string | null): Value => ({ type: 'STRING', value });
export const bool = (value: boolean): Value => ({ type: 'LONG', value: value ? 1n : 0n });
export const array = (elementType: ExprType, value: readonly unknown[] | null): Value => ({
  type: `ARRAY<${elementType}>`,
  value,
});

export function isArrayType(type: ExprType): boolean {
  return type.startsWith('ARRAY<');
}

export function elementType(type: ExprType): ExprType {
  return type.slice('ARRAY<'.length, -1);
}

export function isNumeric(type: ExprType): boolean {
  return type === 'LONG' || type === 'DOUBLE';
}

export function isComplex(type: ExprType): boolean {
  return type.startsWith('COMPLEX');
}

/** The elements of an array value; undefined when it is null or no array. */
export function elementsOf({ type, value }: Value): readonly unknown[] | undefined {
  return isArrayType(type) && Array.isArray(value) ? (value as readonly unknown[]) : undefined;
}

/** JSON seen as the typed value inside: scalars and arrays of scalars lose their wrapping. */
export function unwrapJson(value: Value): Value {
  return isComplex(value.type) ? bestEffort(value.value as Json) : value;
}

/** The type of a JSON value found at run time. Booleans are LONG 1 and 0. */
export function bestEffort(json: Json): Value {
  if (json === null) return nullValue;
  if (typeof json === 'boolean') return bool(json);
  if (typeof json === 'bigint') return long(json);
  if (typeof json === 'number') return double(json);
  if (typeof json === 'string') return string(json);
  return bestArray(json) ?? { type: 'COMPLEX<json>', value: json };
}

/** ARRAY of the elements' common type, text when they are mixed; nothing but nulls is ARRAY<STRING>, objects make it JSON. */
function bestArray(json: Exclude<Json, null | boolean | number | bigint | string>): Value | undefined {
  if (!Array.isArray(json)) return undefined;
  const elements = (json as readonly Json[]).map((each): Value => {
    // Whole numbers beyond 64 bits are text among others.
    if (typeof each === 'bigint' && BigInt.asIntN(64, each) !== each) return string(each.toString());
    // So are booleans once any other element is text.
    return typeof each === 'boolean' ? { type: 'BOOLEAN', value: each } : bestEffort(each);
  });
  const type = elements
    .filter(({ value }) => value !== null)
    .map((each) => each.type)
    .reduce<ExprType | undefined>(
      (common, each) => (common === undefined ? each : commonOf(common, each)),
      undefined,
    );
  if (type?.endsWith(jsonType) === true) return array(jsonType, json);
  const found = type === undefined ? 'STRING' : type.replace('BOOLEAN', 'LONG');
  return array(
    found,
    elements.map((each) => conformed(each, found)),
  );
}

const jsonType = 'COMPLEX<json>';

function commonOf(a: ExprType, b: ExprType): ExprType {
  if (a === b) return a;
  if (a.includes(jsonType) || b.includes(jsonType)) return jsonType;
  if (isArrayType(a) || isArrayType(b)) {
    return `ARRAY<${commonOf(isArrayType(a) ? elementType(a) : a, isArrayType(b) ? elementType(b) : b)}>`;
  }
  if (a === 'STRING' || b === 'STRING') return 'STRING';
  return a === 'DOUBLE' || b === 'DOUBLE' ? 'DOUBLE' : 'LONG';
}

/** An element in the array's element type. */
function conformed({ type, value }: Value, wanted: ExprType): unknown {
  if (value === null) return null;
  if (isArrayType(wanted)) {
    const inner = elementType(wanted);
    if (!isArrayType(type)) return [conformed({ type, value }, inner)];
    const from = elementType(type);
    return (value as readonly Value['value'][]).map((each) => conformed({ type: from, value: each }, inner));
  }
  if (wanted === 'STRING') return elementText(value);
  if (typeof value === 'boolean') return wanted === 'LONG' ? BigInt(value) : Number(value);
  return wanted === 'DOUBLE' ? Number(value) : value;
}

/** A value as a double; null when it is null or no number. Arrays of one element count as the element. */
export function asDouble(value: Value): number | null {
  const inner = single(value);
  switch (typeof inner) {
    case 'number':
      return inner;
    case 'bigint':
      return Number(inner);
    case 'string': {
      const number = parseNumberText(inner);
      return number === undefined ? null : Number(number);
    }
    default:
      return null;
  }
}

export function asLong(value: Value): bigint | null {
  const inner = single(value);
  switch (typeof inner) {
    case 'bigint':
      return inner;
    case 'number':
      return doubleToLong(inner);
    case 'string': {
      const number = parseNumberText(inner);
      if (number === undefined) return null;
      return typeof number === 'bigint' ? number : doubleToLong(number);
    }
    default:
      return null;
  }
}

/** The scalar inside an array of one element, a JSON scalar, or the value itself. */
function single(value: Value): unknown {
  const { value: inner } = unwrapJson(value);
  if (!Array.isArray(inner)) return inner;
  return inner.length === 1 ? (inner[0] as unknown) : null;
}

/** Java's text of a value: arrays as "[a, b]" (one element alone as itself), objects as "{a=1}". */
export function asString(value: Value): string | null {
  const { value: inner } = unwrapJson(value);
  const only: unknown = Array.isArray(inner) && inner.length === 1 ? inner[0] : inner;
  return only === null ? null : elementText(only);
}

/** Java's text of what stands in an array or an object. */
export function elementText(inner: unknown): string {
  if (inner === null) return 'null';
  if (typeof inner === 'string') return inner;
  if (typeof inner === 'bigint') return inner.toString();
  if (typeof inner === 'number') return exactDoubleText(inner);
  if (typeof inner === 'boolean') return String(inner);
  if (Array.isArray(inner)) return `[${inner.map(elementText).join(', ')}]`;
  return typeof inner === 'object' ? objectText(inner) : '';
}

/** Java's text of a map. */
function objectText(object: object): string {
  const members = Object.entries(object).map(([name, each]) => `${name}=${elementText(each)}`);
  return `{${members.join(', ')}}`;
}

/** Druid's truth: numbers above zero, the text "true" in any case, an array of one true element. */
export function isTrue(value: Value): boolean {
  let inner = single(value);
  // A double in an array is cut to a long first: Druid's quirk.
  if (typeof inner === 'number' && isArrayType(value.type)) inner = Math.trunc(inner);
  if (typeof inner === 'number' || typeof inner === 'bigint') return inner > 0;
  return typeof inner === 'string' && inner.toLowerCase() === 'true';
}
