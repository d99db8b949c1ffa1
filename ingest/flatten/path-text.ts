/** Reading the text of a path from left to right. */
import { invalidInput } from '../../proto/errors.js';

export class PathText {
  readonly #text: string;
  readonly #given: string;
  #at = 0;

  /** `given`: the text as the user wrote it, for errors. */
  constructor(text: string, given: string) {
    this.#text = text;
    this.#given = given;
  }

  fail(): never {
    throw invalidInput(`Path[${this.#given}] is no JSON path (character ${this.#at})`, 'expr');
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  peek(): string {
    return this.#text.charAt(this.#at);
  }

  skip(count: number): void {
    this.#at += count;
  }

  blanks(): void {
    while (/\s/.test(this.peek())) this.#at++;
  }

  /** Takes the text when it stands here. */
  take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** As {@link take}, in any case, and only a whole word. */
  takeWord(word: string): boolean {
    const end = this.#at + word.length;
    if (this.#text.slice(this.#at, end).toLowerCase() !== word || /[\w]/.test(this.#text.charAt(end))) {
      return false;
    }
    this.#at = end;
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) this.fail();
  }

  /** A sticky pattern at this place. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** A name behind a dot: up to the next dot, bracket, parenthesis, blank or operator. */
  name(): string {
    return this.match(/[^.[\]()\s=<>!&|,'"]+/y) ?? this.fail();
  }

  until(end: string): string {
    const at = this.#text.indexOf(end, this.#at);
    if (at < 0) this.fail();
    const body = this.#text.slice(this.#at, at);
    this.#at = at + end.length;
    return body;
  }

  /** A text in single or double quotes; a backslash takes the next character as it is. */
  quoted(): string {
    const quote = this.peek();
    if (quote !== "'" && quote !== '"') this.fail();
    let text = '';
    for (this.#at++; ; this.#at++) {
      let char = this.peek();
      if (char === '') this.fail();
      if (char === quote) break;
      if (char === '\\') {
        this.#at++;
        char = this.peek();
      }
      text += char;
    }
    this.#at++;
    return text;
  }
}
