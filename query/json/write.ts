/**
 * JSON written as Jackson writes it: 64-bit integers exactly, doubles in Java's form, text as UTF-8 in chunks.
 */
import { doubleJson } from './java-number.js';

/** Takes JSON text piece by piece; a piece never ends inside a surrogate pair. */
export interface JsonSink {
  raw(text: string): void;
  /** The same as UTF-8, in whole characters; copied at once. */
  bytes(text: Uint8Array<ArrayBufferLike>): void;
}

const CHUNK_UNITS = 32_768;
/** Longer texts that were put together piece by piece take more time to be made bytes of. */
const TEXT_UNITS = 4096;
/** UTF-8 of one unit of UTF-16. */
const BYTES_A_UNIT = 3;

/** Collects text and hands out UTF-8 chunks of about `units` bytes, each in memory of its own; `end` hands out the rest. */
export class ChunkSink implements JsonSink {
  readonly #take: (chunk: Uint8Array<ArrayBuffer>) => void;
  readonly #units: number;
  #text = '';
  #chunk: Buffer<ArrayBuffer> | undefined;
  #bytes = 0;

  constructor(take: (chunk: Uint8Array<ArrayBuffer>) => void, units = CHUNK_UNITS) {
    this.#take = take;
    this.#units = units;
  }

  raw(text: string): void {
    this.#text += text;
    if (this.#text.length >= TEXT_UNITS || this.#text.length + this.#bytes >= this.#units) this.#write();
  }

  bytes(text: Uint8Array<ArrayBufferLike>): void {
    if (this.#text.length > 0) this.#write();
    for (let from = 0; from < text.length;) {
      const chunk = (this.#chunk ??= this.#newChunk(0));
      const to = wholeCharacters(text, from + chunk.length - this.#bytes);
      chunk.set(text.subarray(from, to), this.#bytes);
      this.#bytes += to - from;
      from = to;
      if (this.#bytes >= this.#units || from < text.length) this.#handOut();
    }
  }

  end(): void {
    if (this.#text.length > 0) this.#write();
    this.#handOut();
  }

  #newChunk(bytes: number): Buffer<ArrayBuffer> {
    return Buffer.allocUnsafeSlow(Math.max(bytes, this.#units + TEXT_UNITS * BYTES_A_UNIT));
  }

  #write(): void {
    const text = this.#text;
    this.#text = '';
    const most = text.length * BYTES_A_UNIT;
    if (this.#chunk !== undefined && this.#chunk.length - this.#bytes < most) this.#handOut();
    this.#chunk ??= this.#newChunk(most);
    this.#bytes += this.#chunk.write(text, this.#bytes, 'utf8');
    if (this.#bytes >= this.#units) this.#handOut();
  }

  #handOut(): void {
    const chunk = this.#chunk;
    const bytes = this.#bytes;
    this.#chunk = undefined;
    this.#bytes = 0;
    if (chunk === undefined || bytes === 0) return;
    // Half-empty memory is not held on to for as long as a slow reader takes.
    const own = bytes * 2 < chunk.length ? new Uint8Array(chunk.subarray(0, bytes)) : chunk.buffer;
    this.#take(own instanceof Uint8Array ? own : new Uint8Array(own, 0, bytes));
  }
}

/** The last end of a character up to `most`. */
function wholeCharacters(text: Uint8Array<ArrayBufferLike>, most: number): number {
  if (most >= text.length) return text.length;
  let end = most;
  while (end > 0 && ((text[end] ?? 0) & 0xc0) === 0x80) end--;
  return end;
}

/** The whole text in memory, for small answers and tests. */
export class TextSink implements JsonSink {
  text = '';

  bytes(text: Uint8Array<ArrayBufferLike>): void {
    this.text += Buffer.from(text).toString('utf8');
  }

  raw(text: string): void {
    this.text += text;
  }
}

// eslint-disable-next-line no-control-regex -- control characters are what has to be escaped
const special = /["\\\u0000-\u001f]/;

/** A string literal; control characters as \b \t \n \f \r or \u001F (capital digits). */
export function jsonString(text: string): string {
  if (!special.test(text)) return `"${text}"`;
  return JSON.stringify(text)
    .replace(/\\u00[01][0-9a-f]/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`)
    .replace(/\\ud[89a-f][0-9a-f]{2}/g, (escape) => JSON.parse(`"${escape}"`) as string);
}

/**
 * Any value as JSON: bigint and whole numbers as integers, other numbers as Java doubles. Undefined properties are left
 * out. For shapes known only at run time; results have writers of their own.
 */
export function jsonText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return jsonString(value);
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : doubleJson(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : objectText(value);
    default:
      return 'null';
  }
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  const parts: string[] = [];
  for (const [name, inner] of Object.entries(value)) {
    if (inner !== undefined) parts.push(`${jsonString(name)}:${jsonText(inner)}`);
  }
  return `{${parts.join(',')}}`;
}
