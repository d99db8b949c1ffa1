/** Wildcards for file names: `*`, `?`, `[abc]`, `[!a-c]`, `{one,two}`, `\` before a literal. */
import { invalidInput } from '../../proto/errors.js';

/** Compiles a pattern to a test. Throws InvalidInput naming `field`. */
export function nameFilter(pattern: string, field: string): (name: string) => boolean {
  if (pattern.length > 500) throw invalidInput(`${field} must not be longer than 500 characters`, field);
  const alternatives = expandBraces(pattern, field).map((text) => tokenize(text, field));
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

type Token = { readonly kind: 'any' } | { readonly kind: 'one'; readonly accepts: (char: string) => boolean };

function tokenize(pattern: string, field: string): Token[] {
  const chars = Array.from(pattern);
  const tokens: Token[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    if (char === '*') tokens.push({ kind: 'any' });
    else if (char === '?') tokens.push({ kind: 'one', accepts: () => true });
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

/** Greedy with one place to return to: linear in practice, never exponential as a regular expression could be. */
function matches(tokens: readonly Token[], chars: readonly string[]): boolean {
  let at = 0;
  let token = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < chars.length) {
    const current = tokens[token];
    if (current?.kind === 'one' && current.accepts(chars[at]!)) {
      at++;
      token++;
    } else if (current?.kind === 'any') {
      starToken = token++;
      starAt = at;
    } else if (starToken >= 0) {
      token = starToken + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (tokens[token]?.kind === 'any') token++;
  return token === tokens.length;
}
