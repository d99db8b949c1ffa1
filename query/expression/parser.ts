/** Tokens → tree, by precedence climbing. Texts that Druid's own parser repairs silently are refused here. */
import { invalidInput } from '../../proto/errors.js';
import type { BinaryOperator, Node } from './ast.js';
import { syntaxError, type Token, tokenize } from './lexer.js';
import { array, asString, double, long, nullValue, string, type Value } from './value.js';

/** Comparisons share a level, and so do && and ||; all associate to the left but ^. */
const levels: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 1,
  '==': 2,
  '!=': 2,
  '<': 2,
  '<=': 2,
  '>': 2,
  '>=': 2,
  '+': 3,
  '-': 3,
  '*': 4,
  '/': 4,
  '%': 4,
  '^': 5,
};

const overLambdas: ReadonlySet<string> = new Set([
  'map',
  'filter',
  'fold',
  'any',
  'all',
  'cartesian_map',
  'cartesian_fold',
]);

const maxDepth = 200;
const maxLength = 1_000_000;

/** Throws InvalidInput (field "expression") with the position; deep nesting is refused. */
export function parseExpression(text: string): Node {
  if (text.length > maxLength)
    throw invalidInput(`expression has more than ${maxLength} characters`, 'expression');
  const parser = new Parser(text);
  return parser.whole();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  whole(): Node {
    const node = this.#expression(1);
    if (this.#peek().kind !== 'end') throw this.#unexpected();
    return node;
  }

  #peek(ahead = 0): Token {
    return (
      this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] ?? { kind: 'end', text: '', at: 0 }
    );
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }

  #isSymbol(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === 'symbol' && token.text === text;
  }

  #expect(text: string): void {
    if (!this.#isSymbol(text)) throw this.#unexpected();
    this.#next++;
  }

  #unexpected(): Error {
    const token = this.#peek();
    return syntaxError(
      this.#text,
      token.at,
      token.kind === 'end' ? 'the text ends too early' : `unexpected[${token.text}]`,
    );
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > maxDepth)
      throw syntaxError(this.#text, this.#peek().at, `nested deeper than ${maxDepth}`);
    const result = read();
    this.#depth--;
    return result;
  }

  #expression(level: number): Node {
    let left = this.#unary();
    let chained = 0;
    for (;;) {
      const token = this.#peek();
      const own =
        token.kind === 'symbol' && Object.hasOwn(levels, token.text) ? levels[token.text] : undefined;
      if (own === undefined || own < level) return left;
      if (++chained > maxDepth * 5) throw syntaxError(this.#text, token.at, 'too many operators in a row');
      this.#next++;
      const right = this.#deeper(() => this.#expression(token.text === '^' ? own : own + 1));
      left = { kind: 'binary', operator: token.text as BinaryOperator, left, right };
    }
  }

  #unary(): Node {
    const token = this.#peek();
    if (token.kind !== 'symbol' || (token.text !== '-' && token.text !== '!')) return this.#primary();
    const operator = token.text;
    this.#next++;
    const inner = this.#peek();
    if (operator === '-' && inner.kind === 'number') {
      this.#next++;
      return { kind: 'literal', value: this.#number(`-${inner.text}`, inner.at) };
    }
    return { kind: 'unary', operator, operand: this.#deeper(() => this.#unary()) };
  }

  #number(text: string, at: number): Value {
    if (/[.eE]/.test(text)) return double(Number(text));
    const value = BigInt(text);
    if (BigInt.asIntN(64, value) !== value)
      throw syntaxError(this.#text, at, `number[${text}] has more than 64 bits`);
    return long(value);
  }

  #primary(): Node {
    const token = this.#peek();
    switch (token.kind) {
      case 'number':
        this.#next++;
        return { kind: 'literal', value: this.#number(token.text, token.at) };
      case 'string':
        this.#next++;
        return { kind: 'literal', value: string(token.text) };
      case 'quoted':
        this.#next++;
        return { kind: 'identifier', name: token.text };
      case 'name':
        return this.#named(token);
      case 'symbol':
        if (token.text === '(') {
          this.#next++;
          const inner = this.#deeper(() => this.#expression(1));
          // As Druid's parser mends it: a group that the text's end closes.
          if (this.#peek().kind !== 'end') this.#expect(')');
          return inner;
        }
        if (token.text === '[') return { kind: 'literal', value: this.#arrayLiteral(undefined) };
        if (token.text === '<') {
          this.#next++;
          return { kind: 'literal', value: this.#typedArray() };
        }
        return this.#withoutOperator(token);
      default:
        throw this.#unexpected();
    }
  }

  /** As Druid's parser mends it: one operator too many before a value is passed over. */
  #withoutOperator(token: Token): Node {
    const next = this.#peek(1);
    const isValue = ['number', 'string', 'quoted', 'name'].includes(next.kind) || this.#isSymbol('(', 1);
    const isFirst = this.#next === 0 || this.#peek(-1).kind !== 'symbol' || this.#isSymbol('(', -1);
    if (isFirst || !isValue || !Object.hasOwn(levels, token.text)) throw this.#unexpected();
    this.#next++;
    return this.#primary();
  }

  #named(token: Token): Node {
    this.#next++;
    if (this.#isSymbol('(')) return this.#call(token.text);
    if (token.text === 'ARRAY' && this.#isSymbol('<')) {
      this.#next++;
      return { kind: 'literal', value: this.#typedArray() };
    }
    if (token.text === 'null') return { kind: 'literal', value: nullValue };
    if (token.text === 'NaN') return { kind: 'literal', value: double(Number.NaN) };
    if (token.text === 'Infinity') return { kind: 'literal', value: double(Infinity) };
    return { kind: 'identifier', name: token.text };
  }

  #call(name: string): Node {
    this.#expect('(');
    if (overLambdas.has(name.toLowerCase())) {
      const lambda = this.#lambda();
      const args: Node[] = [];
      while (this.#isSymbol(',')) {
        this.#next++;
        args.push(this.#deeper(() => this.#expression(1)));
      }
      this.#expect(')');
      return { kind: 'apply', name, lambda, args };
    }
    const args: Node[] = [];
    if (!this.#isSymbol(')')) {
      args.push(this.#deeper(() => this.#expression(1)));
      while (this.#isSymbol(',')) {
        this.#next++;
        args.push(this.#deeper(() => this.#expression(1)));
      }
    }
    this.#expect(')');
    return { kind: 'call', name, args };
  }

  #lambda(): { parameters: string[]; body: Node } {
    const parameters: string[] = [];
    if (this.#isSymbol('(')) {
      this.#next++;
      if (!this.#isSymbol(')')) {
        parameters.push(this.#parameter());
        while (this.#isSymbol(',')) {
          this.#next++;
          parameters.push(this.#parameter());
        }
      }
      this.#expect(')');
    } else {
      parameters.push(this.#parameter());
    }
    this.#expect('->');
    return { parameters, body: this.#deeper(() => this.#expression(1)) };
  }

  #parameter(): string {
    const token = this.#peek();
    if (token.kind !== 'name' && token.kind !== 'quoted') throw this.#unexpected();
    this.#next++;
    return token.text;
  }

  #typedArray(): Value {
    const type = this.#take();
    if (type.kind !== 'name' || !['LONG', 'DOUBLE', 'STRING'].includes(type.text)) {
      this.#next--;
      throw this.#unexpected();
    }
    this.#expect('>');
    return this.#arrayLiteral(type.text);
  }

  /** Literals only: numbers without a sign, strings, null; not nested, not mixed. */
  #arrayLiteral(given: string | undefined): Value {
    this.#expect('[');
    const elements: Value[] = [];
    while (!this.#isSymbol(']')) {
      if (elements.length > 0) this.#expect(',');
      const token = this.#take();
      if (token.kind === 'number') elements.push(this.#number(token.text, token.at));
      else if (token.kind === 'string') elements.push(string(token.text));
      else if (token.kind === 'name' && token.text === 'null') elements.push(nullValue);
      else {
        this.#next--;
        throw this.#unexpected();
      }
    }
    const at = this.#peek().at;
    this.#next++;
    const present = elements.filter(({ value }) => value !== null);
    const types = new Set(present.map(({ type }) => type));
    if (given === undefined && types.has('STRING') && types.size > 1) {
      throw syntaxError(this.#text, at, 'an array mixes strings and numbers');
    }
    const type =
      given ?? (types.has('STRING') || types.size === 0 ? 'STRING' : types.has('DOUBLE') ? 'DOUBLE' : 'LONG');
    return array(
      type,
      elements.map((element) => this.#element(element, type, at)),
    );
  }

  #element(element: Value, type: string, at: number): Value['value'] {
    const { value } = element;
    if (value === null || element.type === type) return value;
    if (type === 'STRING') return asString(element);
    if (typeof value === 'string') throw syntaxError(this.#text, at, `text in an array of ${type}`);
    if (type === 'DOUBLE') return Number(value);
    throw syntaxError(this.#text, at, 'a fraction in an array of LONG');
  }
}
