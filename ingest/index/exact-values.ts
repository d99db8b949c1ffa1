/** Values of json and auto dimensions in their exact form (longs bigint, doubles number), and casts between them. */
import { doubleText } from '../../query/json/java-number.js';
import type { JsonValue } from '../../segment/write/source.js';
import type { CastType } from '../spec/model.js';
import { ValueError, numberToLong, parseExactLong, parseJavaDouble } from '../values.js';

type ScalarType = 'STRING' | 'LONG' | 'DOUBLE';

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);
const loneSurrogate = /\p{Surrogate}/u;
const loneSurrogates = /\p{Surrogate}/gu;

/**
 * Whole numbers become longs, all others stay doubles; longs beyond 64 bits become doubles. With `isExact` every
 * number is a double already.
 */
export function exactValue(value: unknown, isExact = false): JsonValue {
  switch (typeof value) {
    case 'number':
      return !isExact && Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
    case 'bigint':
      return value > LONG_MAX || value < LONG_MIN ? Number(value) : value;
    case 'boolean':
      return value;
    case 'string':
      return loneSurrogate.test(value) ? value.replace(loneSurrogates, '?') : value;
    case 'object': {
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((item) => exactValue(item, isExact));
      const members: Record<string, JsonValue> = {};
      for (const [key, member] of Object.entries(value)) setMember(members, key, exactValue(member, isExact));
      return members;
    }
    default:
      return null;
  }
}

function setMember(members: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key !== '__proto__') members[key] = value;
  else Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A cast as the expression language does it: texts that are no number become null, lists and objects are refused. */
export function castValue(value: JsonValue, type: CastType, name: string): JsonValue | ValueError {
  if (value === null || type === 'COMPLEX<json>') return value;
  if (type === 'STRING' || type === 'LONG' || type === 'DOUBLE') {
    const single: JsonValue = isList(value) && value.length === 1 ? (value[0] ?? null) : value;
    if (typeof single === 'object' && single !== null) return refuse(name, type);
    return castScalar(single, type);
  }
  const element = type.slice('ARRAY<'.length, -1) as ScalarType;
  const items = isList(value) ? value : [value];
  const cast: JsonValue[] = [];
  for (const item of items) {
    if (typeof item === 'object' && item !== null) return refuse(name, type);
    cast.push(castScalar(item, element));
  }
  return cast;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function refuse(name: string, type: CastType): ValueError {
  return new ValueError(`could not cast the value of column[${name}] to ${type}`);
}

function castScalar(value: string | number | bigint | boolean | null, type: ScalarType): JsonValue {
  if (value === null) return null;
  const plain = typeof value === 'boolean' ? (value ? 1n : 0n) : value;
  if (type === 'STRING') return typeof plain === 'number' ? doubleText(plain) : String(plain);
  if (typeof plain === 'string' && /^(?:true|false)$/i.test(plain)) {
    const isTrue = plain.toLowerCase() === 'true';
    return type === 'DOUBLE' ? Number(isTrue) : BigInt(isTrue);
  }
  if (type === 'DOUBLE') return typeof plain === 'string' ? (parseJavaDouble(plain) ?? null) : Number(plain);
  if (typeof plain === 'bigint') return plain;
  if (typeof plain === 'number') return BigInt(numberToLong(plain));
  const long = parseExactLong(plain);
  if (long !== undefined) return BigInt(long);
  const double = parseJavaDouble(plain);
  return double === undefined ? null : BigInt(numberToLong(double));
}
