/** Paths into JSON: `$`, `.name`, `['name']`, `[n]` (negative from the end). No wildcards. */
import { invalidInput } from '../../proto/errors.js';
import type { Json } from './value.js';

export type PathPart = string | number;

function broken(path: string, problem: string): Error {
  return invalidInput(`JSONPath [${path}] is invalid, ${problem}`, 'expression');
}

/** "" and "$" are the root. Throws InvalidInput. */
export function parseJsonPath(path: string): PathPart[] {
  if (path === '' || path === '$' || path === '$.') return [];
  if (!path.startsWith('$')) throw broken(path, "it must start with '$'");
  const parts: PathPart[] = [];
  let at = 1;
  while (at < path.length) {
    if (path.charAt(at) === '[') {
      const { part, end } = bracket(path, at);
      parts.push(part);
      at = end;
      continue;
    }
    if (path.charAt(at) !== '.') throw broken(path, `found '${path.charAt(at)}' at invalid position [${at}]`);
    let end = at + 1;
    while (end < path.length && path.charAt(end) !== '.' && path.charAt(end) !== '[') end++;
    if (end === at + 1) throw broken(path, "path parts separated by '.' must not be empty");
    parts.push(path.slice(at + 1, end));
    at = end;
  }
  return parts;
}

function bracket(path: string, at: number): { part: PathPart; end: number } {
  if (path.charAt(at + 1) === "'") {
    const close = path.indexOf("']", at + 2);
    if (close < 0) throw broken(path, 'unterminated single-quote');
    if (close === at + 2) throw broken(path, 'path parts must not be empty');
    return { part: path.slice(at + 2, close), end: close + 2 };
  }
  const close = path.indexOf(']', at);
  if (close < 0) throw broken(path, "unterminated '['");
  const text = path.slice(at + 1, close);
  if (!/^-?\d{1,9}$/.test(text)) throw broken(path, `array specifier [${text}] should be a number`);
  return { part: Number(text), end: close + 1 };
}

/** The value at a path; null when there is none. */
export function findJson(json: Json, path: readonly PathPart[]): Json {
  let at = json;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return null;
    if (Array.isArray(at)) {
      if (typeof part !== 'number') return null;
      at = (at as readonly Json[])[part < 0 ? at.length + part : part] ?? null;
    } else {
      const object = at as Readonly<Record<string, Json>>;
      if (typeof part !== 'string' || !Object.hasOwn(object, part)) return null;
      at = object[part] ?? null;
    }
  }
  return at;
}
