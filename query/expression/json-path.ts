/** Paths into JSON: `$`, `.name`, `['name']`, `[n]` (negative from the end), or the same in jq's form. No wildcards. */
import { invalidInput } from '../../proto/errors.js';
import type { Json } from './value.js';

export type PathPart = string | number;

/** "" and "$" are the root; a lone "." or "[" at the end is ignored, as Druid does. Throws InvalidInput. */
export function parseJsonPath(path: string): PathPart[] {
  if (path === '') return [];
  if (!path.startsWith('$')) throw broken(path, "it must start with '$'");
  return new PathParser(path, 1, "'").parts();
}

/** As `parseJsonPath`, for `.name`, `."name"`, `.["name"]`, `[n]`; `?` is ignored. */
export function parseJqPath(path: string): PathPart[] {
  if (path === '') return [];
  if (!path.startsWith('.')) throw broken(path, "it must start with '.'");
  return new PathParser(path, 0, '"').parts();
}

function broken(path: string, problem: string): Error {
  return invalidInput(`JSONPath [${path}] is invalid, ${problem}`, 'expression');
}

class PathParser {
  readonly #path: string;
  readonly #quote: string;
  readonly #found: PathPart[] = [];
  #at: number;

  constructor(path: string, start: number, quote: "'" | '"') {
    this.#path = path;
    this.#at = start;
    this.#quote = quote;
  }

  parts(): PathPart[] {
    while (this.#at < this.#path.length) this.#part();
    return this.#found;
  }

  #part(): void {
    const path = this.#path;
    const sign = path.charAt(this.#at);
    const isLast = this.#at === path.length - 1;
    if (sign === '?' && this.#quote === '"' && this.#at > 0) {
      this.#at++;
      return;
    }
    if (sign !== '.' && sign !== '[') throw broken(path, "path parts must be separated with '.'");
    if (isLast) {
      this.#at++;
      return;
    }
    if (sign === '[') {
      this.#bracket();
      return;
    }
    const next = path.charAt(this.#at + 1);
    if (next === '[' && this.#quote === '"' && this.#at === 0) this.#at++;
    else if (next === '"' && this.#quote === '"') this.#at = this.#quoted(this.#at + 1) + 1;
    else this.#name();
  }

  #name(): void {
    const path = this.#path;
    const stop = this.#quote === '"' ? /[.[?]/ : /[.[]/;
    let end = this.#at + 1;
    while (end < path.length && !stop.test(path.charAt(end))) end++;
    this.#add(path.slice(this.#at + 1, end));
    this.#at = end;
  }

  #add(name: string): void {
    if (name === '') throw broken(this.#path, "path parts separated by '.' must not be empty");
    this.#found.push(name);
  }

  #bracket(): void {
    const path = this.#path;
    if (path.charAt(this.#at + 1) === this.#quote) {
      const close = this.#quoted(this.#at + 1);
      if (path.charAt(close + 1) !== ']')
        throw broken(path, "the closing quote must immediately precede ']'");
      this.#at = close + 2;
      return;
    }
    const close = path.indexOf(']', this.#at);
    if (close < 0) throw broken(path, "unterminated '['");
    const text = path.slice(this.#at + 1, close);
    const index = Number(text);
    if (!/^[+-]?\d+$/.test(text) || index > 0x7fffffff || index < -0x80000000)
      throw broken(path, `array specifier [${text}] should be a number, it was not`);
    this.#found.push(index);
    this.#at = close + 1;
  }

  /** The place of the closing quote; in brackets one that no "]" follows belongs to the name. */
  #quoted(open: number): number {
    const path = this.#path;
    for (let at = open + 1; at < path.length; at++) {
      if (path.charAt(at) !== this.#quote || path.charAt(at - 1) === '\\') continue;
      if (this.#quote === "'" && path.charAt(at + 1) !== ']') continue;
      this.#add(path.slice(open + 1, at));
      return at;
    }
    throw broken(path, `unterminated ${this.#quote}`);
  }
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

/** A path in jq's form: every name in quotes. */
export function jqPathText(path: readonly PathPart[]): string {
  if (path.length === 0) return '.';
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `."${part}"`));
  return typeof path[0] === 'number' ? `.${parts.join('')}` : parts.join('');
}

/**
 * Paths of all leaves: scalars and (unless `intoArrays`) arrays of nothing but scalars. Ordered as Java's hash set of such paths is.
 */
export function leafPaths(json: Json, intoArrays = false): string[] {
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
      const isPlain = elements.every((each) => typeof each !== 'object' || each === null);
      if (isPlain && !intoArrays) leaves.push(path);
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
