/** The text of a jq filter to its tree. A subset: see `jq.ts`. */
import { invalidInput } from '../../proto/errors.js';

export type JqNode =
  | { readonly kind: 'identity' }
  | { readonly kind: 'recurse' }
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'text'; readonly parts: readonly (string | JqNode)[] }
  | { readonly kind: 'field'; readonly of: JqNode; readonly name: JqNode; readonly quiet: boolean }
  | {
      readonly kind: 'slice';
      readonly of: JqNode;
      readonly from: JqNode | undefined;
      readonly to: JqNode | undefined;
    }
  | { readonly kind: 'each'; readonly of: JqNode; readonly quiet: boolean }
  | { readonly kind: 'list'; readonly of: JqNode | undefined }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [JqNode, JqNode])[] }
  | { readonly kind: 'negative'; readonly of: JqNode }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: JqNode; readonly right: JqNode }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly JqNode[] }
  | { readonly kind: 'if'; readonly test: JqNode; readonly yes: JqNode; readonly no: JqNode };

interface Token {
  readonly kind: 'number' | 'text' | 'field' | 'name' | 'symbol' | 'end';
  readonly text: string;
  /** Texts only: literal pieces and, between them, the tokens of `\(…)`. */
  readonly parts?: readonly (string | JqNode)[];
}

const identity: JqNode = { kind: 'identity' };
const symbolForm = /\/\/|==|!=|<=|>=|\.\.|[|,+\-*/%<>()[\]{}:;.?]/y;

/** Throws InvalidInput with the text and the place. */
export function parseJq(text: string): JqNode {
  const parser = new Parser(text);
  const node = parser.pipe();
  parser.expect('end');
  return node;
}

function lex(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  while (at < text.length) {
    if (take(/\s+|#[^\n]*/y) !== undefined) continue;
    const number = take(/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) {
      tokens.push({ kind: 'number', text: number });
      continue;
    }
    const field = take(/\.[A-Za-z_]\w*/y);
    if (field !== undefined) {
      tokens.push({ kind: 'field', text: field.slice(1) });
      continue;
    }
    const name = take(/@?[A-Za-z_]\w*/y);
    if (name !== undefined) {
      tokens.push({ kind: 'name', text: name });
      continue;
    }
    if (text.charAt(at) === '"') {
      const { parts, end } = lexText(text, at + 1);
      tokens.push({ kind: 'text', text: text.slice(at, end), parts });
      at = end;
      continue;
    }
    const symbol = take(symbolForm);
    if (symbol === undefined) throw broken(text, `unexpected character at ${at}`);
    tokens.push({ kind: 'symbol', text: symbol });
  }
  tokens.push({ kind: 'end', text: 'end' });
  return tokens;
}

function broken(text: string, problem: string): Error {
  return invalidInput(`jq[${text}]: ${problem}; Grove reads a subset of jq`, 'expr');
}

function lexText(text: string, from: number): { parts: (string | JqNode)[]; end: number } {
  const parts: (string | JqNode)[] = [];
  let piece = '';
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') return { parts: [...parts, piece], end: at + 1 };
    if (char !== '\\') {
      piece += char;
      continue;
    }
    at++;
    const escape = text.charAt(at);
    if (escape === '(') {
      const end = closing(text, at + 1);
      parts.push(piece, parseJq(text.slice(at + 1, end)));
      piece = '';
      at = end;
    } else if (escape === 'u') {
      piece += String.fromCharCode(Number.parseInt(text.slice(at + 1, at + 5), 16));
      at += 4;
    } else {
      const known = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' }[escape];
      if (known === undefined) throw broken(text, `unknown escape at ${at}`);
      piece += known;
    }
  }
  throw broken(text, 'a text does not end');
}

function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text.charAt(at) === '(') depth++;
    else if (text.charAt(at) === ')' && --depth === 0) return at;
  }
  throw broken(text, 'a parenthesis does not end');
}

const DEPTH_MAX = 100;

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = lex(text);
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(symbol: string): boolean {
    const token = this.#peek();
    if ((token.kind !== 'symbol' && token.kind !== 'name') || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  expect(what: string): void {
    const token = this.#peek();
    if (token.kind === 'end' && what === 'end') return;
    if (!this.#take(what)) throw broken(this.#text, `expected ${what}, found ${token.text}`);
  }

  pipe(): JqNode {
    if (++this.#depth > DEPTH_MAX) throw broken(this.#text, 'nested too deep');
    const node = this.#leftToRight(['|'], () => this.#comma());
    this.#depth--;
    return node;
  }

  #comma(): JqNode {
    return this.#leftToRight([','], () => this.#alternative());
  }

  #alternative(): JqNode {
    const left = this.#or();
    if (!this.#take('//')) return left;
    return { kind: 'binary', operator: '//', left, right: this.#alternative() };
  }

  #or(): JqNode {
    return this.#leftToRight(['or'], () => this.#leftToRight(['and'], () => this.#comparison()));
  }

  #comparison(): JqNode {
    const left = this.#sum();
    for (const operator of ['==', '!=', '<=', '>=', '<', '>']) {
      if (this.#take(operator)) return { kind: 'binary', operator, left, right: this.#sum() };
    }
    return left;
  }

  #sum(): JqNode {
    return this.#leftToRight(['+', '-'], () => this.#leftToRight(['*', '/', '%'], () => this.#unary()));
  }

  #leftToRight(operators: readonly string[], next: () => JqNode): JqNode {
    let left = next();
    for (;;) {
      const operator = operators.find((each) => this.#take(each));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: next() };
    }
  }

  #unary(): JqNode {
    return this.#take('-') ? { kind: 'negative', of: this.#postfix() } : this.#postfix();
  }

  #postfix(): JqNode {
    let node = this.#primary();
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'field') {
        this.#at++;
        node = this.#field(node, { kind: 'literal', value: token.text });
      } else if (token.kind === 'symbol' && token.text === '.' && this.#isAfterDot()) {
        this.#at++;
        if (this.#peek().kind === 'text') node = this.#field(node, this.#textNode());
      } else if (this.#take('[')) node = this.#bracket(node);
      else return node;
    }
  }

  /** A dot joins a name in quotes or a bracket to what stands before it. */
  #isAfterDot(): boolean {
    const next = this.#tokens[this.#at + 1];
    return next?.kind === 'text' || (next?.kind === 'symbol' && next.text === '[');
  }

  #field(of: JqNode, name: JqNode): JqNode {
    return { kind: 'field', of, name, quiet: this.#take('?') };
  }

  #bracket(of: JqNode): JqNode {
    if (this.#take(']')) return { kind: 'each', of, quiet: this.#take('?') };
    if (this.#take(':')) {
      const to = this.pipe();
      this.expect(']');
      return { kind: 'slice', of, from: undefined, to };
    }
    const name = this.pipe();
    if (this.#take(':')) {
      const to = this.#take(']') ? undefined : this.pipe();
      if (to !== undefined) this.expect(']');
      return { kind: 'slice', of, from: name, to };
    }
    this.expect(']');
    return this.#field(of, name);
  }

  #textNode(): JqNode {
    const { parts = [] } = this.#peek();
    this.#at++;
    const [only] = parts;
    return parts.length === 1 && typeof only === 'string'
      ? { kind: 'literal', value: only }
      : { kind: 'text', parts };
  }

  #primary(): JqNode {
    const token = this.#peek();
    switch (token.kind) {
      case 'number':
        this.#at++;
        return { kind: 'literal', value: Number(token.text) };
      case 'text':
        return this.#textNode();
      case 'field':
        this.#at++;
        return this.#field(identity, { kind: 'literal', value: token.text });
      case 'name':
        this.#at++;
        return this.#named(token.text);
      default:
        return this.#symbol(token);
    }
  }

  #symbol(token: Token): JqNode {
    if (this.#take('..')) return { kind: 'recurse' };
    if (this.#take('.')) {
      return this.#peek().kind === 'text' ? this.#field(identity, this.#textNode()) : identity;
    }
    if (this.#take('(')) {
      const node = this.pipe();
      this.expect(')');
      return node;
    }
    if (this.#take('[')) {
      if (this.#take(']')) return { kind: 'list', of: undefined };
      const of = this.pipe();
      this.expect(']');
      return { kind: 'list', of };
    }
    if (this.#take('{')) return this.#object();
    throw broken(this.#text, `unexpected ${token.text}`);
  }

  #object(): JqNode {
    const entries: [JqNode, JqNode][] = [];
    while (!this.#take('}')) {
      const token = this.#peek();
      let key: JqNode;
      if (token.kind === 'text') key = this.#textNode();
      else if (this.#take('(')) {
        key = this.pipe();
        this.expect(')');
      } else if (token.kind === 'name') {
        this.#at++;
        key = { kind: 'literal', value: token.text };
      } else throw broken(this.#text, `unexpected ${token.text} in an object`);
      const value: JqNode = this.#take(':')
        ? this.#leftToRight(['|'], () => this.#alternative())
        : { kind: 'field', of: identity, name: key, quiet: false };
      entries.push([key, value]);
      if (!this.#take(',') && this.#peek().text !== '}') this.expect('}');
    }
    return { kind: 'object', entries };
  }

  #named(name: string): JqNode {
    switch (name) {
      case 'true':
      case 'false':
        return { kind: 'literal', value: name === 'true' };
      case 'null':
        return { kind: 'literal', value: null };
      case 'if':
        return this.#condition();
      case 'then':
      case 'elif':
      case 'else':
      case 'reduce':
      case 'foreach':
      case 'def':
      case 'try':
      case 'catch':
      case 'as':
        throw broken(this.#text, `${name} can't stand here`);
      default: {
        const args: JqNode[] = [];
        if (this.#take('(')) {
          do args.push(this.pipe());
          while (this.#take(';'));
          this.expect(')');
        }
        return { kind: 'call', name, args };
      }
    }
  }

  #condition(): JqNode {
    const test = this.pipe();
    this.expect('then');
    const yes = this.pipe();
    if (this.#take('elif')) return { kind: 'if', test, yes, no: this.#condition() };
    const no = this.#take('else') ? this.pipe() : identity;
    this.expect('end');
    return { kind: 'if', test, yes, no };
  }
}
