/** JSON as Jackson reads it with some of its parser features switched on (`featureSpec`). */
import { invalidInput } from '../../proto/errors.js';

export interface JsonFeatures {
  readonly comments: boolean;
  readonly yamlComments: boolean;
  readonly singleQuotes: boolean;
  readonly unquotedNames: boolean;
  readonly controlCharacters: boolean;
  readonly anyEscape: boolean;
  readonly leadingZeros: boolean;
  readonly nonNumbers: boolean;
  readonly trailingComma: boolean;
  readonly missingValues: boolean;
}

const DEPTH_MAX = 500;

/** The first value of the text; integers of 16 digits and more are bigint. Throws InvalidInput. */
export function looseJson(text: string, features: JsonFeatures): unknown {
  return new LooseReader(text, features).first();
}

class LooseReader {
  readonly #text: string;
  readonly #features: JsonFeatures;
  #at = 0;

  constructor(text: string, features: JsonFeatures) {
    this.#text = text;
    this.#features = features;
  }

  first(): unknown {
    this.#skip();
    return this.#value(1);
  }

  #fail(): never {
    throw invalidInput(`not valid JSON at character ${this.#at}`, 'json');
  }

  #skip(): void {
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === ' ' || char === '\t' || char === '\n' || char === '\r') this.#at++;
      else if (char === '/' && this.#features.comments) this.#comment();
      else if (char === '#' && this.#features.yamlComments) this.#toLineEnd();
      else return;
    }
  }

  #comment(): void {
    const second = this.#text.charAt(this.#at + 1);
    if (second === '/') return this.#toLineEnd();
    const end = second === '*' ? this.#text.indexOf('*/', this.#at + 2) : -1;
    if (end < 0) this.#fail();
    this.#at = end + 2;
  }

  #toLineEnd(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  #value(depth: number): unknown {
    if (depth > DEPTH_MAX) this.#fail();
    const char = this.#text.charAt(this.#at);
    if (char === '{') return this.#object(depth);
    if (char === '[') return this.#list(depth);
    if (char === '"' || (char === "'" && this.#features.singleQuotes)) return this.#string(char);
    return this.#scalar();
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    for (let isFirst = true; ; isFirst = false) {
      this.#skip();
      if (this.#closes('}', isFirst)) return object;
      const name = this.#name();
      this.#skip();
      if (this.#text.charAt(this.#at) !== ':') this.#fail();
      this.#at++;
      this.#skip();
      const value = this.#value(depth + 1);
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
      this.#afterItem('}');
    }
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    this.#at++;
    for (let isFirst = true; ; isFirst = false) {
      this.#skip();
      if (this.#features.missingValues && this.#text.charAt(this.#at) === ',') list.push(null);
      else if (this.#closes(']', isFirst)) return list;
      else list.push(this.#value(depth + 1));
      this.#afterItem(']');
    }
  }

  /** At the beginning of an item: an end is right after nothing, or after a comma where that is allowed. */
  #closes(end: string, isFirst: boolean): boolean {
    if (this.#text.charAt(this.#at) !== end) return false;
    if (!isFirst && this.#text.charAt(this.#lastMark) === ',' && !this.#features.trailingComma) this.#fail();
    this.#at++;
    return true;
  }

  #lastMark = 0;

  /** Behind an item: takes a comma; an end is left for {@link #closes}. */
  #afterItem(end: string): void {
    this.#skip();
    const char = this.#text.charAt(this.#at);
    this.#lastMark = this.#at;
    if (char === ',') this.#at++;
    else if (char !== end) this.#fail();
  }

  #name(): string {
    const char = this.#text.charAt(this.#at);
    if (char === '"' || (char === "'" && this.#features.singleQuotes)) return this.#string(char);
    const word = this.#features.unquotedNames ? this.#match(/[\p{L}_$][\p{L}\p{N}_$]*/uy) : undefined;
    return word ?? this.#fail();
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #string(quote: string): string {
    let text = '';
    this.#at++;
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === '') this.#fail();
      this.#at++;
      if (char === quote) return text;
      if (char < ' ' && !this.#features.controlCharacters) this.#fail();
      text += char === '\\' ? this.#escape() : char;
    }
  }

  #escape(): string {
    const char = this.#text.charAt(this.#at++);
    if (char === 'u') {
      const hex = this.#match(/[0-9a-fA-F]{4}/y);
      return hex === undefined ? this.#fail() : String.fromCharCode(Number.parseInt(hex, 16));
    }
    const known = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' }[char];
    if (known !== undefined) return known;
    if (char === '' || !(this.#features.anyEscape || (char === "'" && this.#features.singleQuotes))) {
      this.#fail();
    }
    return char;
  }

  #scalar(): unknown {
    const word = this.#match(/[^\s,:[\]{}"'#/]+/y) ?? this.#fail();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    if (this.#features.nonNumbers) {
      const odd = { NaN: NaN, INF: Infinity, Infinity, '+INF': Infinity, '+Infinity': Infinity }[word];
      if (odd !== undefined) return odd;
      if (word === '-INF' || word === '-Infinity') return -Infinity;
    }
    const digits = this.#features.leadingZeros ? word.replace(/^(-?)0+(?=\d)/, '$1') : word;
    if (/^-?(?:0|[1-9]\d*)$/.test(digits)) return digits.length > 15 ? BigInt(digits) : Number(digits);
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(digits)) return Number(digits);
    return this.#fail();
  }
}
