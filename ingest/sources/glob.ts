/** Wildcards for file names: `*`, `?`, `[abc]`, `[!a-c]`, `{one,two}`, `\` before a literal. */
import { invalidInput } from '../../proto/errors.js';

/** Compiles a pattern to a test. Throws InvalidInput naming `field`. */
export function nameFilter(pattern: string, field: string): (name: string) => boolean {
  return filterOf(pattern, field, isAnything);
}

/** For whole keys: `*` and `?` stop at a slash, `**` does not. */
export function keyFilter(pattern: string, field: string): (key: string) => boolean {
  return filterOf(pattern, field, isNoSlash);
}

function filterOf(
  pattern: string,
  field: string,
  wild: (char: string) => boolean,
): (name: string) => boolean {
  if (pattern.length > 500) throw invalidInput(`${field} must not be longer than 500 characters`, field);
  const alternatives = expandBraces(pattern, field).map((text) => tokenize(text, field, wild));
  return (name) => alternatives.some((tokens) => matches(tokens, Array.from(name)));
}

const ALTERNATIVES_MAX = 1000;

function expandBraces(pattern: string, field: string): string[] {
  const open = pattern.search(/(?<!\\)\{/);
  if (open < 0) return [pattern];
  const close = pattern.indexOf('}', open);
  if (close < 0) throw invalidInput(`${field}: '{' without '}'`, field);
  const inner = pattern.slice(open + 1, close);
  if (inner.includes('{')) throw invalidInput(`${field}: '{' inside '{'`, field);
  const all = inner
    .split(',')
    .flatMap((part) => expandBraces(pattern.slice(0, open) + part + pattern.slice(close + 1), field));
  if (all.length > ALTERNATIVES_MAX) throw invalidInput(`${field}: too many alternatives`, field);
  return all;
}

/** `any`: a run of accepted characters, perhaps empty. */
interface Token {
  readonly kind: 'any' | 'one';
  readonly accepts: (char: string) => boolean;
}

const isAnything = (): boolean => true;
const isNoSlash = (char: string): boolean => char !== '/';

/** `wild`: what `*` and `?` stand for. */
function tokenize(pattern: string, field: string, wild: (char: string) => boolean): Token[] {
  const chars = Array.from(pattern);
  const tokens: Token[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    if (char === '*') {
      const isDouble = chars[i + 1] === '*';
      if (isDouble) i++;
      tokens.push({ kind: 'any', accepts: isDouble ? isAnything : wild });
    } else if (char === '?') tokens.push({ kind: 'one', accepts: wild });
    else if (char === '[') {
      const close = chars.indexOf(']', i + 2);
      if (close < 0) throw invalidInput(`${field}: '[' without ']'`, field);
      tokens.push({ kind: 'one', accepts: charClass(chars.slice(i + 1, close)) });
      i = close;
    } else {
      const literal = char === '\\' && i + 1 < chars.length ? chars[++i]! : char;
      tokens.push({ kind: 'one', accepts: (other) => other === literal });
    }
  }
  return tokens;
}

function charClass(inner: readonly string[]): (char: string) => boolean {
  const isNegated = inner[0] === '!' || inner[0] === '^';
  const items = isNegated ? inner.slice(1) : inner;
  const ranges: [string, string][] = [];
  for (let i = 0; i < items.length; i++) {
    if (items[i + 1] === '-' && i + 2 < items.length) {
      ranges.push([items[i]!, items[i + 2]!]);
      i += 2;
    } else {
      ranges.push([items[i]!, items[i]!]);
    }
  }
  return (char) => ranges.some(([low, high]) => low <= char && char <= high) !== isNegated;
}

/** All places of the pattern that a beginning of the text may have led to: bounded whatever the pattern. */
function matches(tokens: readonly Token[], chars: readonly string[]): boolean {
  let places = reached(tokens, [0]);
  for (const char of chars) {
    const next: number[] = [];
    for (const place of places) {
      const token = tokens[place];
      if (token === undefined || !token.accepts(char)) continue;
      next.push(token.kind === 'any' ? place : place + 1);
    }
    places = reached(tokens, next);
    if (places.length === 0) return false;
  }
  return places.includes(tokens.length);
}

/** With what an empty run of `*` leads to. */
function reached(tokens: readonly Token[], places: readonly number[]): number[] {
  const all = new Set<number>();
  for (let place of places) {
    all.add(place);
    while (tokens[place]?.kind === 'any') all.add(++place);
  }
  return [...all];
}
