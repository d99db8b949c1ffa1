/** Functions on JSON. Inside COMPLEX<json> integers are bigint where they were read exactly, doubles number. */
import { CodedError } from '../../../proto/errors.js';
import { exactDoubleText } from '../../../segment/format/java-digits.js';
import { parseJson } from '../../json/parse.js';
import { jsonString } from '../../json/write.js';
import { castTo, parseType } from '../cast.js';
import { argument, type ExprFunction, validationError } from '../function.js';
import { findJson, leafPaths, parseJsonPath, type PathPart } from '../json-path.js';
import { evaluationError } from '../operators.js';
import {
  array,
  asString,
  bestEffort,
  elementsOf,
  isComplex,
  type Json,
  nullValue,
  string,
  type Value,
} from '../value.js';

type Constants = readonly (Value | undefined)[];
type Apply = (args: readonly Value[]) => Value;

const complex = (value: Json): Value => ({ type: 'COMPLEX<json>', value });

const maxDepth = 200;
const readLimits = { maxDepth, allLongs: true, firstValueOnly: true };

/** A value of any type as JSON. */
function toJson({ value }: Value): Json {
  return value as Json;
}

function isObject(json: Json): json is { readonly [name: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function pathAt(name: string, constants: Constants): PathPart[] {
  const literal = constants[1];
  if (literal === undefined || literal.type !== 'STRING' || literal.value === null) {
    throw validationError(`Function[${name}] path must be a literal`);
  }
  return parseJsonPath(asString(literal) ?? '');
}

/** Without a type the path may come from a column. */
function jsonValue(constants: Constants): Apply {
  const name = 'json_value';
  const known = constants.length === 2 && constants[1] === undefined ? undefined : pathAt(name, constants);
  let target: string | undefined;
  if (constants.length > 2) {
    const text = constants[2] === undefined ? null : asString(constants[2]);
    target = text === null ? undefined : parseType(text);
    if (target === undefined)
      throw validationError(`Function[${name}] invalid output type[${text ?? 'no literal'}]`);
  }
  return (args) => {
    const path = known ?? pathAt(name, args);
    const found = bestEffort(findJson(toJson(argument(args, 0)), path));
    if (found.value === null || found.type.includes('COMPLEX') || found.type.startsWith('ARRAY<ARRAY'))
      return target === undefined ? nullValue : { type: target, value: null };
    return target === undefined ? found : castTo(found, target);
  };
}

function jsonQuery(constants: Constants): Apply {
  const path = pathAt('json_query', constants);
  return (args) => complex(findJson(toJson(argument(args, 0)), path));
}

/** Arrays as they are, scalars as an array of one, objects as null. */
function jsonQueryArray(constants: Constants): Apply {
  const path = pathAt('json_query_array', constants);
  return (args) => {
    const found = bestEffort(findJson(toJson(argument(args, 0)), path));
    if (found.value === null || isComplex(found.type)) return array('COMPLEX<json>', null);
    return array('COMPLEX<json>', elementsOf(found) ?? [found.value]);
  };
}

function jsonKeys(constants: Constants): Apply {
  const path = pathAt('json_keys', constants);
  return (args) => {
    const found = findJson(toJson(argument(args, 0)), path);
    if (found === null || typeof found !== 'object') return array('STRING', null);
    return array('STRING', Object.keys(found));
  };
}

/** Paths of all leaves; an array that holds only scalars is a leaf. In the order of Druid's hash set of paths. */
function jsonPaths(args: readonly Value[]): Value {
  return array('STRING', leafPaths(toJson(argument(args, 0))));
}

/** Compact text; NaN and the infinities are strings. */
export function jsonTextOf(json: Json, depth = 0): string {
  if (depth > maxDepth) throw evaluationError(`JSON nested deeper than ${maxDepth}`);
  switch (typeof json) {
    case 'string':
      return jsonString(json);
    case 'number':
      return Number.isFinite(json) ? exactDoubleText(json) : `"${exactDoubleText(json)}"`;
    case 'bigint':
    case 'boolean':
      return String(json);
    default:
      if (json === null) return 'null';
  }
  if (Array.isArray(json))
    return `[${(json as readonly Json[]).map((each) => jsonTextOf(each, depth + 1)).join(',')}]`;
  const members = Object.entries(json).map(
    ([name, each]) => `${jsonString(name)}:${jsonTextOf(each as Json, depth + 1)}`,
  );
  return `{${members.join(',')}}`;
}

function readJson(text: string): Json | undefined {
  try {
    return parseJson(text, readLimits) as Json;
  } catch (thrown) {
    if (thrown instanceof CodedError) return undefined;
    throw thrown;
  }
}

/** Text → JSON; what is no JSON is an error, or null when tried. */
function parsing(name: string, tried: boolean): ExprFunction {
  const apply = (args: readonly Value[]): Value => {
    const value = argument(args, 0);
    if (value.type !== 'STRING') {
      if (tried || value.value === null) return complex(null);
      throw evaluationError(`Function[${name}] invalid input expected STRING but got ${value.type} instead`);
    }
    const text = asString(value);
    if (text === null) return complex(null);
    const json = readJson(text);
    if (json !== undefined) return complex(json);
    if (tried) return complex(null);
    throw evaluationError(`Function[${name}] bad string input`);
  };
  return { name, arity: [1, 1], apply };
}

function jsonObject(args: readonly Value[]): Value {
  const members: [string, Json][] = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const name = argument(args, i);
    if (name.type !== 'STRING' || typeof name.value !== 'string') {
      throw evaluationError('Function[json_object] field names must be STRING');
    }
    members.push([name.value, toJson(argument(args, i + 1))]);
  }
  return complex(Object.fromEntries(members));
}

/** Objects merge deeply, arrays concatenate, otherwise the right one wins. */
function mergeInside(left: Json, right: Json): Json {
  if (isObject(left) && isObject(right)) {
    const merged = new Map(Object.entries(left));
    for (const [name, value] of Object.entries(right)) {
      const before = merged.get(name);
      merged.set(name, before === undefined ? value : mergeInside(before, value));
    }
    return Object.fromEntries(merged);
  }
  if (!Array.isArray(right)) return right;
  if (Array.isArray(left)) return [...(left as readonly Json[]), ...(right as readonly Json[])];
  // Onto what is no array Druid's reader puts only the first element.
  return left === null ? right : ((right as readonly Json[])[0] ?? right);
}

function jsonMerge(args: readonly Value[]): Value {
  const jsonOf = (value: Value): Json | undefined =>
    value.type === 'STRING' && typeof value.value === 'string' ? readJson(value.value) : toJson(value);
  if (args[0]?.value === null) return complex(null);
  let merged: Json | undefined;
  for (const [i, arg] of args.entries()) {
    const json = jsonOf(arg);
    if (json === undefined) throw evaluationError('Function[json_merge] bad string input');
    if (i === 0) {
      merged = json;
      continue;
    }
    if (json === null) continue;
    const fits =
      (isObject(merged ?? null) && isObject(json)) || (Array.isArray(merged) && Array.isArray(json));
    if (!fits)
      throw evaluationError('Function[json_merge] bad string input: the values have different kinds');
    merged = mergeInside(merged ?? null, json);
  }
  return complex(merged ?? null);
}

function evenCount(count: number): void {
  if (count % 2 !== 0) throw validationError('Function[json_object] requires an even number of arguments');
}

export const jsonFunctions: readonly ExprFunction[] = [
  { name: 'json_value', arity: [2, 3], prepare: jsonValue },
  { name: 'json_query', arity: [2, 2], prepare: jsonQuery },
  { name: 'json_query_array', arity: [2, 2], prepare: jsonQueryArray },
  { name: 'json_keys', arity: [2, 2], prepare: jsonKeys },
  { name: 'json_paths', arity: [1, 1], apply: jsonPaths },
  {
    name: 'to_json_string',
    arity: [1, 1],
    apply: (args) => {
      const json = toJson(argument(args, 0));
      return json === null ? nullValue : string(jsonTextOf(json));
    },
  },
  parsing('parse_json', false),
  parsing('try_parse_json', true),
  { name: 'json_object', arity: [0, Infinity], check: evenCount, apply: jsonObject },
  { name: 'json_merge', arity: [2, Infinity], apply: jsonMerge },
];
