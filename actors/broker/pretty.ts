/** Compact JSON text as Jackson's default pretty printer lays it out, chunk by chunk. */
export class PrettyJson {
  #depth = 0;
  /** Open brackets, innermost last. */
  readonly #open: ('{' | '[')[] = [];
  #isInText = false;
  #isEscaped = false;
  /** An opening bracket waits: what follows decides how it is written. */
  #isFresh = false;

  /** UTF-8 in, UTF-8 out; multi-byte characters may be cut between chunks. */
  push(chunk: Uint8Array): Uint8Array {
    const out: number[] = [];
    for (const byte of chunk) this.#byte(byte, out);
    return Uint8Array.from(out);
  }

  #byte(byte: number, out: number[]): void {
    if (this.#isInText) {
      out.push(byte);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) this.#isInText = false;
      return;
    }
    const char = String.fromCharCode(byte);
    if (char === '}' || char === ']') {
      this.#close(char, out);
      return;
    }
    if (this.#isFresh) this.#begin(out);
    if (char === '{' || char === '[') {
      this.#open.push(char);
      if (char === '{') this.#depth += 1;
      out.push(byte);
      this.#isFresh = true;
    } else if (char === ',') {
      out.push(byte);
      if (this.#open.at(-1) === '{') this.#line(out);
      else out.push(blank);
    } else if (char === ':') {
      out.push(blank, byte, blank);
    } else {
      if (byte === quote) this.#isInText = true;
      out.push(byte);
    }
  }

  /** The first thing inside a bracket. */
  #begin(out: number[]): void {
    this.#isFresh = false;
    if (this.#open.at(-1) === '{') this.#line(out);
    else out.push(blank);
  }

  #close(char: '}' | ']', out: number[]): void {
    this.#open.pop();
    if (char === '}') {
      this.#depth -= 1;
      if (this.#isFresh) out.push(blank);
      else this.#line(out);
    } else {
      out.push(blank);
    }
    this.#isFresh = false;
    out.push(char.charCodeAt(0));
  }

  #line(out: number[]): void {
    out.push(newline);
    for (let i = 0; i < this.#depth * 2; i++) out.push(blank);
  }
}

const quote = 0x22;
const backslash = 0x5c;
const blank = 0x20;
const newline = 0x0a;
