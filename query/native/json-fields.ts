/**
 * Reading fields of request JSON the way Jackson binds them to Java types: scalars turn into text where text is
 * asked, texts into numbers where numbers are. Every error names the field by its path ("aggregations[0].name").
 */
import { CodedError, invalidInput } from '../../proto/errors.js';
import { extensionOf } from './extension-types.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export function objectAt(json: unknown, field: string): JsonObject {
  if (!isObject(json)) throw otherShape(field, 'an object', json);
  return json;
}

const jackson = 'com.fasterxml.jackson.databind.exc';

/**
 * What is no object or list where one is due, in Jackson's words: it looks for the type of a scalar that should be an
 * object. Nothing at all is for others to report.
 */
function otherShape(field: string, due: 'an object' | 'an array', json: unknown): CodedError {
  const message = `${field} must be ${due}, got ${describe(json)}`;
  if (isMissing(json)) return invalidInput(message, field);
  const kind = due === 'an object' && !Array.isArray(json) ? 'InvalidTypeId' : 'MismatchedInput';
  return new CodedError('InvalidInput', message, { field, errorClass: `${jackson}.${kind}Exception` });
}

/** A list, an object or a text that can't become the scalar due, by the class of Jackson's complaint. */
function otherScalar(message: string, field: string, json: unknown): CodedError {
  if (isMissing(json) || typeof json === 'number' || typeof json === 'bigint')
    return invalidInput(message, field);
  const kind = typeof json === 'string' ? 'InvalidFormat' : 'MismatchedInput';
  return new CodedError('InvalidInput', message, { field, errorClass: `${jackson}.${kind}Exception` });
}

export function describe(json: unknown): string {
  if (json === undefined) return 'nothing';
  if (json === null) return 'null';
  return Array.isArray(json) ? 'an array' : typeof json === 'object' ? 'an object' : `a ${typeof json}`;
}

export function isMissing(json: unknown): json is undefined | null {
  return json === undefined || json === null;
}

/** Text, or the text of a number or boolean; undefined when missing or null. */
export function optionalText(object: JsonObject, name: string, path: string): string | undefined {
  const json = object[name];
  return isMissing(json) ? undefined : scalarText(json, `${path}.${name}`);
}

export function scalarText(json: unknown, field: string): string {
  switch (typeof json) {
    case 'string':
      return json;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(json);
    default:
      throw otherScalar(`${field} must be a string, got ${describe(json)}`, field, json);
  }
}

export function requiredText(object: JsonObject, name: string, path: string, problem?: string): string {
  const text = optionalText(object, name, path);
  if (text === undefined) {
    const field = `${path}.${name}`;
    throw invalidInput(problem === undefined ? `${field} must not be null` : `${field}: ${problem}`, field);
  }
  return text;
}

/** An empty text says nothing; so it does for whole numbers. */
export function optionalBoolean(object: JsonObject, name: string, path: string, fallback: boolean): boolean {
  const json = object[name];
  if (isMissing(json) || json === '') return fallback;
  if (typeof json === 'boolean') return json;
  if (typeof json === 'string') {
    const text = json.trim().toLowerCase();
    if (text === 'true' || text === 'false') return text === 'true';
  }
  if (typeof json === 'number' && Number.isInteger(json)) return json !== 0;
  const field = `${path}.${name}`;
  throw otherScalar(`${field} must be true or false, got ${describe(json)}`, field, json);
}

/** A whole number within a double's exact range; fractions are cut, texts of digits are read. */
export function optionalInteger(object: JsonObject, name: string, path: string): number | undefined {
  const json = object[name];
  if (isMissing(json) || json === '') return undefined;
  const value =
    typeof json === 'number'
      ? Math.trunc(json)
      : typeof json === 'bigint'
        ? Number(json)
        : typeof json === 'string' && /^\s*[+-]?\d+\s*$/.test(json)
          ? Number(json)
          : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    const field = `${path}.${name}`;
    throw otherScalar(`${field} must be a whole number, got ${describe(json)}`, field, json);
  }
  return value;
}

/** One of Java's longs; what a double can't tell apart is cut to the last it can. */
export function optionalLong(object: JsonObject, name: string, path: string): number | undefined {
  const json = object[name];
  const isText = typeof json === 'string' && /^\s*[+-]?\d+\s*$/.test(json);
  if (!isText && typeof json !== 'bigint') return optionalInteger(object, name, path);
  const value = BigInt(json);
  if (BigInt.asIntN(64, value) !== value)
    throw invalidInput(`${path}.${name}[${value}] is out of the range of long`, `${path}.${name}`);
  return Number(value > safeMax ? safeMax : value < -safeMax ? -safeMax : value);
}
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

/** The elements of an array; a missing or null one is empty. */
export function optionalArray(object: JsonObject, name: string, path: string): readonly unknown[] {
  const json = object[name];
  if (isMissing(json)) return [];
  if (!Array.isArray(json)) throw otherShape(`${path}.${name}`, 'an array', json);
  return json as readonly unknown[];
}

export function requiredArray(object: JsonObject, name: string, path: string): readonly unknown[] {
  if (isMissing(object[name])) throw invalidInput(`${path}.${name} must not be null`, `${path}.${name}`);
  return optionalArray(object, name, path);
}

export function unsupported(field: string, message: string): CodedError {
  return new CodedError('Unsupported', message, { field });
}

/** Families that have scripts in Druid. */
const scripted: readonly string[] = ['aggregator', 'post-aggregator', 'filter', 'extraction function'];

const a = (family: string): string => `${/^[aeiou]/.test(family) ? 'an' : 'a'} ${family}`;

/**
 * What a "type" field says. `known` are Druid's other types of this family: refused as unsupported, not as unknown; so
 * are those of its extensions.
 */
export function unknownType(
  family: string,
  type: string,
  field: string,
  known: readonly string[],
): CodedError {
  if (type === 'javascript' && scripted.includes(family)) {
    // Never run; the answer is that of a Druid without it.
    const context = { field, errorClass: 'java.lang.IllegalStateException' };
    return new CodedError('QueryFailed', 'JavaScript is disabled', context);
  }
  const extension = extensionOf(family, type);
  if (extension !== undefined) {
    const text = `${field}: ${family} type[${type}] is not supported, it is of Druid's extension[${extension}]`;
    return unsupported(field, text);
  }
  if (known.includes(type))
    return unsupported(field, `${field}: ${family} type[${type}] is not supported yet`);
  const errorClass = `${jackson}.InvalidTypeIdException`;
  return new CodedError('InvalidInput', `${field}: could not resolve type id '${type}' as ${a(family)}`, {
    field,
    errorClass,
  });
}

export function missingType(family: string, field: string, name = 'type'): CodedError {
  const errorClass = `${jackson}.InvalidTypeIdException`;
  return new CodedError('InvalidInput', `${field}: missing type id property '${name}' of ${a(family)}`, {
    field,
    errorClass,
  });
}

/** The "type" of an object, which must be there and be text. */
export function typeOf(object: JsonObject, family: string, field: string): string {
  const given = object['type'];
  const type = typeof given === 'boolean' ? String(given) : given;
  if (typeof type !== 'string') throw missingType(family, field);
  return type;
}
