/** Expression text → tokens. */
import { invalidInput } from '../../proto/errors.js';

export type Token =
  | { readonly kind: 'number' | 'string' | 'name' | 'quoted'; readonly text: string; readonly at: number }
  | { readonly kind: 'symbol'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

const blank = /[ \t\r\n]+/y;
const name = /[_$a-zA-Z][_$a-zA-Z0-9]*/y;
const number = /[0-9]+(?:\.[0-9]*)?(?:[eE]-?[0-9]+)?/y;
const symbol = /->|<=|>=|==|!=|&&|\|\||[-+*/%^<>!(),[\]]/y;
const quotedText = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy;

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

export function syntaxError(text: string, at: number, problem: string): Error {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return invalidInput(`expression[${shown}]: ${problem} at position ${at + 1}`, 'expression');
}

/** Throws InvalidInput (field "expression") at the first character that belongs to no token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = match(blank, text, at);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token = next(text, at);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

function next(text: string, at: number): { token: Token; length: number } {
  const digits = match(number, text, at);
  if (digits !== undefined) {
    if (match(name, text, at + digits.length) !== undefined) throw syntaxError(text, at, 'malformed number');
    return { token: { kind: 'number', text: digits, at }, length: digits.length };
  }
  const word = match(name, text, at);
  if (word !== undefined) return { token: { kind: 'name', text: word, at }, length: word.length };
  const quoted = match(quotedText, text, at);
  if (quoted !== undefined) {
    const kind = quoted.startsWith("'") ? 'string' : 'quoted';
    const after = text.charAt(at + quoted.length);
    if (after === quoted.charAt(0)) throw syntaxError(text, at, 'a doubled quote does not escape one');
    return { token: { kind, text: unescape(text, at, quoted.slice(1, -1)), at }, length: quoted.length };
  }
  const sign = match(symbol, text, at);
  if (sign === undefined)
    throw syntaxError(text, at, `unexpected character[${String.fromCodePoint(text.codePointAt(at) ?? 0)}]`);
  return { token: { kind: 'symbol', text: sign, at }, length: sign.length };
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  "'": "'",
  '"': '"',
  '\\': '\\',
};

function unescape(text: string, at: number, content: string): string {
  return content.replace(
    /\\(?:u([0-9a-fA-F]{4})|(.))/gs,
    (whole, hex: string | undefined, char: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      const plain = char !== undefined && Object.hasOwn(escapes, char) ? escapes[char] : undefined;
      if (plain === undefined) throw syntaxError(text, at, `unknown escape[${whole}]`);
      return plain;
    },
  );
}
