/**
 * JSON read exactly: integers of 16 digits and more become bigint, all other numbers are doubles.
 * Text without such an integer takes the engine's own parser, which is much faster.
 */
import { CodedError } from '../../proto/errors.js';

const aValue = 'JSON String, Number, Array, Object or token null, true or false';

export interface JsonLimits {
  /** Arrays and objects inside each other; deeper text is refused. */
  readonly maxDepth: number;
  /** Every integer is bigint, whatever its length; numbers are those with a fraction or exponent. */
  readonly allLongs?: boolean;
  /** Anything behind the first value is ignored. */
  readonly firstValueOnly?: boolean;
}

const defaultLimits: JsonLimits = { maxDepth: 500 };

/**
 * The value of a JSON text. Objects are plain objects; a name such as "__proto__" is an ordinary own property; of
 * equal names the last wins. Throws InvalidInput with `line` and `column` (1-based) and `json` = "empty" | "syntax" |
 * "depth" in its context.
 */
export function parseJson(text: string, limits: JsonLimits = defaultLimits): unknown {
  const plain = limits.allLongs !== true && limits.firstValueOnly !== true;
  if (plain && !mayHoldLongs(text) && depthWithin(text, limits.maxDepth)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Read again below, for an error that says where and what.
    }
  }
  return new Reader(text, limits).document();
}

/** Is there a run of 16 digits, perhaps an integer that a double can't hold? */
export function mayHoldLongs(text: string): boolean {
  return /\d{16}/.test(text);
}

function depthWithin(text: string, maxDepth: number): boolean {
  if (text.length <= maxDepth) return true;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x22) {
      i = stringEnd(text, i + 1);
      if (i < 0) return true;
    } else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > maxDepth) return false;
    } else if (unit === 0x5d || unit === 0x7d) {
      depth--;
    }
  }
  return true;
}

/** Index of the quote that ends a string whose content begins at `from`; -1 when there is none. */
function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c && at - 1 - slashes >= from) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}

const numberGrammar = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const LONGEST_SAFE = 15;

class Reader {
  readonly #text: string;
  readonly #limits: JsonLimits;
  #at = 0;

  constructor(text: string, limits: JsonLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  document(): unknown {
    this.#skipBlanks();
    if (this.#at >= this.#text.length) throw this.#error('No content to map due to end-of-input', 'empty');
    const value = this.#value(1);
    if (this.#limits.firstValueOnly === true && this.#endsValue(value)) return value;
    this.#skipBlanks();
    if (this.#at < this.#text.length) throw this.#unexpected('end of the text');
    return value;
  }

  /** A bare word or number has to be followed by a blank or nothing. */
  #endsValue(value: unknown): boolean {
    if (typeof value === 'object' ? value !== null : typeof value === 'string') return true;
    return this.#at >= this.#text.length || /[ \t\r\n]/.test(this.#text.charAt(this.#at));
  }

  #value(depth: number): unknown {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object(depth);
      case 0x5b:
        return this.#array(depth);
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): Record<string, unknown> {
    this.#enter(depth);
    const object: Record<string, unknown> = {};
    if (this.#closes(0x7d)) return object;
    for (;;) {
      this.#skipBlanks();
      if (this.#text.charCodeAt(this.#at) !== 0x22)
        throw this.#unexpected('double-quote to start field name');
      const name = this.#string();
      this.#skipBlanks();
      if (this.#text.charCodeAt(this.#at) !== 0x3a) throw this.#unexpected("':' behind a field name");
      this.#at++;
      this.#skipBlanks();
      const value = this.#value(depth + 1);
      if (name === '__proto__') {
        Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
      } else {
        object[name] = value;
      }
      if (this.#closes(0x7d)) return object;
      if (this.#text.charCodeAt(this.#at) !== 0x2c) throw this.#unexpected("',' or '}' behind a value");
      this.#at++;
    }
  }

  #array(depth: number): unknown[] {
    this.#enter(depth);
    const array: unknown[] = [];
    if (this.#closes(0x5d)) return array;
    for (;;) {
      this.#skipBlanks();
      array.push(this.#value(depth + 1));
      if (this.#closes(0x5d)) return array;
      if (this.#text.charCodeAt(this.#at) !== 0x2c) throw this.#unexpected("',' or ']' behind a value");
      this.#at++;
    }
  }

  #enter(depth: number): void {
    const { maxDepth } = this.#limits;
    if (depth > maxDepth) throw this.#error(`nested deeper than ${maxDepth} levels`, 'depth');
    this.#at++;
  }

  #closes(unit: number): boolean {
    this.#skipBlanks();
    if (this.#text.charCodeAt(this.#at) !== unit) return false;
    this.#at++;
    return true;
  }

  #string(): string {
    const end = stringEnd(this.#text, this.#at + 1);
    if (end < 0) {
      this.#at = this.#text.length;
      throw this.#error('Unexpected end-of-input in a string', 'syntax');
    }
    try {
      const value = JSON.parse(this.#text.slice(this.#at, end + 1)) as string;
      this.#at = end + 1;
      return value;
    } catch {
      throw this.#error('a string holds a bare control character or an unknown escape', 'syntax');
    }
  }

  #word<T>(word: string, value: T): T {
    if (
      !this.#text.startsWith(word, this.#at) ||
      /[A-Za-z0-9_$]/.test(this.#text.charAt(this.#at + word.length))
    ) {
      throw this.#unexpected(aValue);
    }
    this.#at += word.length;
    return value;
  }

  #number(): number | bigint {
    numberGrammar.lastIndex = this.#at;
    const match = numberGrammar.exec(this.#text);
    if (match === null) {
      throw this.#unexpected(aValue);
    }
    this.#at += match[0].length;
    if (/[A-Za-z0-9_.]/.test(this.#text.charAt(this.#at))) throw this.#unexpected('the end of a number');
    const integer = match[1] === undefined && match[2] === undefined;
    if (integer && this.#limits.allLongs === true) return BigInt(match[0]);
    return integer && match[0].length > LONGEST_SAFE ? exactInteger(match[0]) : Number(match[0]);
  }

  #skipBlanks(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #unexpected(expected: string): CodedError {
    if (this.#at >= this.#text.length)
      return this.#error(`Unexpected end-of-input, expected ${expected}`, 'syntax');
    // In the words of Jackson: what begins a word where a value belongs is a token nobody knows.
    const word = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
    word.lastIndex = this.#at;
    const token = expected === aValue ? word.exec(this.#text)?.[0].slice(0, 40) : undefined;
    if (token !== undefined)
      return this.#error(`Unrecognized token '${token}': was expecting ${expected}`, 'syntax');
    const code = this.#text.codePointAt(this.#at) ?? 0;
    const found = `'${String.fromCodePoint(code)}' (code ${code})`;
    return this.#error(`Unexpected character (${found}): was expecting ${expected}`, 'syntax');
  }

  #error(message: string, json: 'empty' | 'syntax' | 'depth'): CodedError {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = json === 'empty' ? 0 : this.#at - before.lastIndexOf('\n');
    return new CodedError('InvalidInput', `${message} at line ${line}, column ${column}`, {
      json,
      line,
      column,
    });
  }
}

/** 15 digits with a sign still fit a double. */
function exactInteger(text: string): number | bigint {
  return text.length === LONGEST_SAFE + 1 && text.startsWith('-') ? Number(text) : BigInt(text);
}
