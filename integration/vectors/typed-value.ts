/** Values as vector files write them: `{"type": "LONG", "value": {"long": "…"}}`. */
import { elementType, isArrayType, type Json, type Value } from '../../query/expression/value.js';
import { parseJson } from '../../query/json/parse.js';

export interface TypedJson {
  readonly type: string;
  readonly value: unknown;
}

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** A number that may stand as `{"long": …}` or `{"double": …}`. */
export function decodeLong(json: unknown): bigint {
  if (isObject(json)) return BigInt(String(json['long'] ?? json['big']));
  return BigInt(json as number);
}

export function decodeDouble(json: unknown): number {
  return Number(isObject(json) ? (json['double'] ?? json['long'] ?? json['big']) : json);
}

export function decodeValue({ type, value }: TypedJson): Value {
  return { type, value: decode(type, value) as Value['value'] };
}

function decode(type: string, json: unknown): unknown {
  if (json === null || json === undefined) return null;
  if (isArrayType(type)) {
    // A scalar in an array of arrays is an array of one.
    if (!Array.isArray(json)) return [decode(elementType(type), json)];
    return json.map((each: unknown) => decode(elementType(type), each));
  }
  if (type === 'LONG') return decodeLong(json);
  if (type === 'DOUBLE') return decodeDouble(json);
  if (type === 'COMPLEX<json>') return decodeJson(json);
  return json;
}

/** `{"json": text}`, or the elements of an array of JSON as they are; infinite doubles come as texts. */
function decodeJson(json: unknown): unknown {
  if (isObject(json)) {
    if (typeof json['json'] === 'string') return unquoted(readJson(json['json']));
    if ('double' in json) return decodeDouble(json);
    if ('long' in json) return decodeLong(json);
  }
  if (typeof json === 'number' && Number.isInteger(json)) return BigInt(json);
  return Array.isArray(json) ? json.map(decodeJson) : json;
}

function unquoted(json: unknown): unknown {
  if (json === 'Infinity' || json === '-Infinity' || json === 'NaN') return Number(json);
  if (Array.isArray(json)) return json.map(unquoted);
  if (!isObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, each]) => [name, unquoted(each)]));
}

/** The value does not fit its own type: a text inside an array of LONG. */
export function isIllTyped({ type, value }: TypedJson): boolean {
  if (value === null || value === undefined) return false;
  if (isArrayType(type)) {
    if (!Array.isArray(value)) return true;
    return value.some((each: unknown) => isIllTyped({ type: elementType(type), value: each }));
  }
  if (type === 'LONG')
    return !(typeof value === 'number' ? Number.isInteger(value) : isObject(value) && 'long' in value);
  if (type === 'DOUBLE') return !(typeof value === 'number' || (isObject(value) && 'double' in value));
  return type === 'STRING' && typeof value !== 'string';
}

export function readJson(text: string): Json {
  return parseJson(text, { maxDepth: 1000, allLongs: true }) as Json;
}

/** Bits of a double in the order of their values; all NaN are one. */
function ordered(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigInt64(0);
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) - 1n : bits;
}

export function sameDouble(a: number, b: number, ulps: number): boolean {
  if (Object.is(a, b)) return true;
  if (ulps === 0 || Number.isNaN(a) || Number.isNaN(b)) return false;
  const distance = ordered(a) - ordered(b);
  return (distance < 0n ? -distance : distance) <= BigInt(ulps);
}

/** Equal representations; doubles may differ by `ulps` units in the last place. */
export function sameData(a: unknown, b: unknown, ulps: number): boolean {
  if (typeof a === 'number' && typeof b === 'number') return sameDouble(a, b, ulps);
  // JSON has no other way to write these, and a text may look like one.
  if (typeof a === 'number' && !Number.isFinite(a) && typeof b === 'string') return String(a) === b;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, i) => sameData(each, b[i], ulps));
  }
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return (
      names.length === Object.keys(b).length &&
      names.every((name) => name in b && sameData(a[name], b[name], ulps))
    );
  }
  // JSON inside arrays is written without the sign of a double.
  if (typeof a === 'bigint' && typeof b === 'number') return Number(a) === b;
  return a === b;
}

export function show(data: unknown): string {
  return JSON.stringify(data, (_, each: unknown) => {
    if (typeof each === 'bigint') return `${each}n`;
    if (typeof each === 'number' && (!Number.isFinite(each) || Object.is(each, -0)))
      return Object.is(each, -0) ? '-0.0' : String(each);
    return each;
  });
}
