/** Casts between the types of the expression language. */
import { CodedError } from '../../proto/errors.js';
import { doubleToLong } from '../json/java-number.js';
import { parseNumberText } from './number-text.js';
import {
  array,
  asString,
  double,
  elementType,
  bestEffort,
  type ExprType,
  type Json,
  isArrayType,
  isComplex,
  long,
  string,
  unwrapJson,
  type Value,
} from './value.js';

const legacyNames: Readonly<Record<string, ExprType>> = {
  LONG_ARRAY: 'ARRAY<LONG>',
  DOUBLE_ARRAY: 'ARRAY<DOUBLE>',
  STRING_ARRAY: 'ARRAY<STRING>',
};

/** A type by its name in any case; undefined for names the language doesn't have (FLOAT, BIGINT, …). */
export function parseType(name: string): ExprType | undefined {
  const upper = name.toUpperCase();
  if (upper === 'LONG' || upper === 'DOUBLE' || upper === 'STRING') return upper;
  const legacy = Object.hasOwn(legacyNames, upper) ? legacyNames[upper] : undefined;
  if (legacy !== undefined) return legacy;
  const inner = /^ARRAY<(.+)>$/.exec(upper)?.[1];
  if (inner !== undefined) {
    const element = parseType(name.slice('ARRAY<'.length, -1));
    return element === undefined ? undefined : `ARRAY<${element}>`;
  }
  const complex = /^COMPLEX<(.+)>$/i.exec(name)?.[1];
  return complex === undefined ? undefined : `COMPLEX<${complex}>`;
}

function refused(from: ExprType, to: ExprType): CodedError {
  return new CodedError('InvalidInput', `Invalid type, cannot cast [${from}] to [${to}]`, {
    field: 'expression',
  });
}

/** Throws InvalidInput when the types don't fit; text that is no number becomes null. */
export function castTo(value: Value, target: ExprType): Value {
  if (value.value === null) return { type: target, value: null };
  if (isComplex(target)) throw refused(value.type, target);
  if (value.type === target) return value;
  const from = unwrapJson(value);
  if (from.value === null) return { type: target, value: null };
  if (isComplex(from.type)) throw refused(value.type, target);
  if (isArrayType(target)) return castToArray(from, target);
  if (isArrayType(from.type)) {
    const elements = from.value as readonly unknown[];
    if (elements.length !== 1) throw refused(from.type, target);
    if (isComplex(elementType(from.type))) return castLoneJson(elements[0] as Json, target);
    return castTo({ type: elementType(from.type), value: elements[0] as Value['value'] }, target);
  }
  switch (target) {
    case 'STRING':
      return string(asString(from));
    case 'LONG':
      return long(toLong(from));
    case 'DOUBLE':
      return double(toDouble(from));
    default:
      throw refused(from.type, target);
  }
}

/** The only element of an array of JSON: an object counts as 0. */
function castLoneJson(json: Json, target: ExprType): Value {
  const inner = bestEffort(json);
  if (!isComplex(inner.type)) return castTo(inner, target);
  if (target === 'STRING') return string(asString({ type: 'ARRAY<COMPLEX<json>>', value: [json] }));
  return target === 'LONG' ? long(0n) : double(0);
}

function castToArray(from: Value, target: ExprType): Value {
  const element = elementType(target);
  if (!isArrayType(from.type)) return array(element, [castTo(from, element).value]);
  const inner = elementType(from.type);
  const elements = from.value as readonly unknown[];
  if (inner === element) return { type: target, value: elements };
  if (isComplex(inner)) throw refused(from.type, target);
  return array(
    element,
    elements.map((each) => castTo({ type: inner, value: each as Value['value'] }, element).value),
  );
}

function toLong({ value }: Value): bigint | null {
  const number = typeof value === 'string' ? parseNumberText(value) : value;
  if (typeof number === 'bigint') return number;
  return typeof number === 'number' ? doubleToLong(number) : null;
}

function toDouble({ value }: Value): number | null {
  const number = typeof value === 'string' ? parseNumberText(value) : value;
  return typeof number === 'bigint' || typeof number === 'number' ? Number(number) : null;
}

/** The type both can be cast to without losing: LONG and DOUBLE give DOUBLE, with STRING STRING, arrays win. */
export function leastRestrictive(a: ExprType, b: ExprType): ExprType {
  if (a === b) return a;
  if (isComplex(a) || isComplex(b)) throw refused(a, b);
  if (isArrayType(a) || isArrayType(b)) {
    const left = isArrayType(a) ? elementType(a) : a;
    const right = isArrayType(b) ? elementType(b) : b;
    return `ARRAY<${leastRestrictive(left, right)}>`;
  }
  return a === 'STRING' || b === 'STRING' ? 'STRING' : 'DOUBLE';
}
