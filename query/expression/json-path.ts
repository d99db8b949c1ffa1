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

/** A path as text; names that hold signs of paths are quoted. */
export function jsonPathText(path: readonly PathPart[]): string {
  if (path.length === 0) return '$';
  const parts = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`;
    return /[.[\]'"]/.test(part) ? `['${part}']` : `.${part}`;
  });
  return `$${parts.join('')}`;
}

/** Paths of all leaves: scalars and arrays of nothing but scalars. Ordered as Java's hash set of such paths is. */
export function leafPaths(json: Json): string[] {
  const leaves: PathPart[][] = [];
  const waiting: { readonly json: Json; readonly path: PathPart[] }[] = [{ json, path: [] }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { json: at, path } = next;
    if (typeof at !== 'object' || at === null) {
      leaves.push(path);
      continue;
    }
    if (Array.isArray(at)) {
      const elements = at as readonly Json[];
      if (elements.every((each) => typeof each !== 'object' || each === null)) leaves.push(path);
      else elements.forEach((each, i) => waiting.push({ json: each, path: [...path, i] }));
      continue;
    }
    for (const [name, each] of Object.entries(at))
      waiting.push({ json: each as Json, path: [...path, name] });
  }
  return hashSetOrder(leaves).map(jsonPathText);
}

/** Java's hash of a list of names and indexes, spread as a hash map does. */
function hashOf(path: readonly PathPart[]): number {
  let hash = 1;
  for (const part of path) {
    let own = 0;
    if (typeof part === 'number') own = part;
    else for (let i = 0; i < part.length; i++) own = (Math.imul(own, 31) + part.charCodeAt(i)) | 0;
    hash = (Math.imul(hash, 31) + 31 + own) | 0;
  }
  return hash ^ (hash >>> 16);
}

function hashSetOrder(paths: readonly PathPart[][]): PathPart[][] {
  let buckets = 16;
  while (paths.length > buckets * 0.75) buckets *= 2;
  const placed = paths.map((path, i) => ({ path, i, bucket: hashOf(path) & (buckets - 1) }));
  return placed.toSorted((a, b) => a.bucket - b.bucket || a.i - b.i).map(({ path }) => path);
}
