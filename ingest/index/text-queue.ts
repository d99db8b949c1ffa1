/**
 * Texts that wait to be numbered, up to 128 of them. A lookup in a large table waits for memory; many at once wait for
 * it together, and many strings become bytes in one call.
 */
import type { TextTable } from './text-table.js';

const TEXTS_MAX = 128;
const BYTES_MAX = 8192;
const FIRST_BYTES = 512;

/** Room to make bytes of strings in, used from call to call: a unit takes at most three bytes. */
let shared = Buffer.allocUnsafeSlow(3 * BYTES_MAX);
let sharedView = new DataView(shared.buffer);

export class TextQueue {
  readonly #table: TextTable;
  /** Strings end to end: they become bytes in one call. */
  #joined = '';
  /** Of them; what `ends` counts is then UTF-16 units. */
  #strings = 0;
  /** The other kind: texts that came as bytes. Only one kind waits at a time. */
  #bytes: Buffer | undefined;
  readonly #ends = new Uint32Array(TEXTS_MAX);
  #count = 0;
  /** Where the numbers go. */
  #words: Int32Array | undefined;
  readonly #places = new Uint32Array(TEXTS_MAX);

  constructor(table: TextTable) {
    this.#table = table;
  }

  get memoryBytes(): number {
    return 2 * this.#ends.byteLength + (this.#bytes?.length ?? 0);
  }

  /** The text's number will be in `words[place]` after {@link settle}; until then what is there means nothing. */
  add(text: string, words: Int32Array, place: number): void {
    if (words !== this.#words || this.#count > 0 || this.#joined.length + text.length > BYTES_MAX) {
      this.settle();
      this.#words = words;
    }
    this.#joined += text;
    const number = this.#strings++;
    this.#places[number] = place;
    this.#ends[number] = this.#joined.length;
    if (number === TEXTS_MAX - 1) this.settle();
  }

  /** The same for the text whose well-formed UTF-8 is source[start, end). */
  addBytes(source: Uint8Array, start: number, end: number, words: Int32Array, place: number): void {
    const length = end - start;
    if (length > BYTES_MAX) {
      this.settle();
      words[place] = this.#table.idOfBytes(source, start, end);
      return;
    }
    let from = this.#count === 0 ? 0 : this.#ends[this.#count - 1]!;
    if (words !== this.#words || this.#strings > 0 || from + length > BYTES_MAX) {
      this.settle();
      this.#words = words;
      from = 0;
    }
    const bytes = this.#room(from, length);
    for (let i = 0; i < length; i++) bytes[from + i] = source[start + i]!;
    this.#places[this.#count] = place;
    this.#ends[this.#count++] = from + length;
    if (this.#count === TEXTS_MAX) this.settle();
  }

  #room(used: number, more: number): Buffer {
    const old = this.#bytes;
    if (old !== undefined && used + more <= old.length) return old;
    const bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, used + more, 2 * (old?.length ?? 0)));
    old?.copy(bytes, 0, 0, used);
    this.#bytes = bytes;
    return bytes;
  }

  /** Numbers all that wait. To be called before their words are read or moved. */
  settle(): void {
    const words = this.#words;
    if (words === undefined) return;
    const ids = this.#ends;
    if (this.#strings > 0) this.#settleStrings(words, ids);
    else if (this.#count > 0) this.#number(new DataView(this.#bytes!.buffer), this.#count, words);
    this.#count = 0;
    this.#words = undefined;
  }

  #settleStrings(words: Int32Array, ends: Uint32Array): void {
    const joined = this.#joined;
    const count = this.#strings;
    this.#joined = '';
    this.#strings = 0;
    if (shared.length < 3 * joined.length) {
      shared = Buffer.allocUnsafeSlow(3 * joined.length);
      sharedView = new DataView(shared.buffer);
    }
    const length = shared.write(joined, 0, 'utf8');
    const isPlain = length === joined.length || (joined.isWellFormed() && toByteEnds(shared, ends, count));
    if (isPlain) this.#number(sharedView, count, words);
    else {
      for (let i = 0, start = 0; i < count; i++) {
        const end = ends[i]!;
        words[this.#places[i]!] = this.#table.idOf(joined.slice(start, end));
        start = end;
      }
    }
  }

  #number(bytes: DataView, count: number, words: Int32Array): void {
    const ids = this.#ends;
    this.#table.idsOfBytes(bytes, ids, count);
    for (let i = 0; i < count; i++) words[this.#places[i]!] = ids[i]!;
  }
}

/**
 * Turns ends of texts in UTF-16 units into those in the UTF-8 of all of them. False, and nothing changed, when a pair
 * of units came together only because two texts did.
 */
function toByteEnds(bytes: Uint8Array, ends: Uint32Array, count: number): boolean {
  const byteEnds = endsOfMany.length < count ? (endsOfMany = new Uint32Array(count)) : endsOfMany;
  let at = 0;
  let units = 0;
  for (let i = 0; i < count; i++) {
    const end = ends[i]!;
    while (units < end) {
      const byte = bytes[at]!;
      if (byte < 0x80) at++;
      else at += byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      units += byte < 0xf0 ? 1 : 2;
    }
    if (units > end) return false;
    byteEnds[i] = at;
  }
  ends.set(byteEnds.subarray(0, count));
  return true;
}

/** Room for the ends of one call. */
let endsOfMany = new Uint32Array(TEXTS_MAX);
