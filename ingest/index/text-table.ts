/**
 * The different texts of a dimension, numbered from 1 as they appear: their UTF-8 end to end in one buffer, found by an
 * open-addressing table of typed arrays. No string is kept, and none is needed to look bytes up.
 */
import { CodedError } from '../../proto/errors.js';
import { PackedTexts } from '../../segment/format/packed-texts.js';

const FIRST_BYTES = 256;
const FIRST_TEXTS = 16;
/** Texts of so few units are encoded and copied in a loop: a call would cost more. */
const SHORT = 48;
const BYTES_MAX = 2 ** 32 - 1;
/** From here on the buffer grows by half, not to twice its size. */
const LARGE_BYTES = 16 << 20;
const loneSurrogates = /\p{Surrogate}/gu;

/** Room for the hashes of one call. */
let hashesOfMany = new Int32Array(128);

/** What was read ahead ends here, so that the reading is not left out. */
const sink = new Int32Array(1);

export class TextTable {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Bytes used. */
  #length = 0;
  #ends = new Uint32Array(FIRST_TEXTS);
  #count = 0;
  /** Of each text, so that widening does not hash again. */
  #hashes = new Int32Array(FIRST_TEXTS);
  /** In the low bits the number of a text (0: free), above them those bits of its hash. At most half full. */
  #places = new Int32Array(2 * FIRST_TEXTS);

  get count(): number {
    return this.#count;
  }

  /** What it takes in memory, room for growth included. */
  get memoryBytes(): number {
    return this.#bytes.length + 2 * this.#ends.byteLength + this.#places.byteLength;
  }

  /** The number of a text, which is added when it is new. UTF-8 has no half surrogate pairs: they count as `?`. */
  idOf(text: string): number {
    const end = this.#encode(text);
    const bytes = this.#bytes;
    return this.#add(bytes, this.#length, end, hashOf(bytes, this.#length, end));
  }

  /** The same for the text whose well-formed UTF-8 is source[start, end). */
  idOfBytes(source: Uint8Array, start: number, end: number): number {
    return this.#add(source, start, end, hashOf(source, start, end));
  }

  /**
   * The same for many texts, the UTF-8 of each beginning in `source` where the one before ends: `ends` holds their ends
   * and gets their numbers instead.
   */
  idsOfBytes(source: Uint8Array, ends: Uint32Array, count: number): void {
    const hashes = hashesOfMany.length < count ? (hashesOfMany = new Int32Array(count)) : hashesOfMany;
    // What the lookups will read is asked for beforehand, when nothing waits for it yet.
    let touched = 0;
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      const hash = hashOf(source, start, end);
      hashes[i] = hash;
      touched ^= this.#places[hash & (this.#places.length - 1)]!;
      start = end;
    }
    const mask = this.#places.length - 1;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      const entry = this.#places[hash & mask]!;
      if (entry !== 0 && ((entry ^ hash) & ~mask) === 0)
        touched ^= this.#bytes[this.#ends[(entry & mask) - 1]! - 1]!;
    }
    sink[0] = touched;
    start = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      ends[i] = this.#add(source, start, end, hashes[i]!);
      start = end;
    }
  }

  /** The number of a text, 0 when it is not there. */
  find(text: string): number {
    if (!text.isWellFormed()) return 0;
    const end = this.#encode(text);
    const bytes = this.#bytes;
    return Math.max(0, this.#placeOf(bytes, this.#length, end, hashOf(bytes, this.#length, end)));
  }

  text(id: number): string {
    const start = id === 1 ? 0 : this.#ends[id - 2]!;
    return this.#bytes.toString('utf8', start, this.#ends[id - 1]);
  }

  /** The texts so far, in order of their numbers, in the same memory. */
  packed(): PackedTexts {
    return new PackedTexts(this.#bytes, this.#ends.subarray(0, this.#count));
  }

  /** Puts a text's bytes behind the others, where the next text will come to lie; answers their end. */
  #encode(text: string): number {
    if (text.length > SHORT) return this.#encodeLong(text);
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let to = this.#length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return this.#encodeLong(text);
      bytes[to++] = unit;
    }
    return to;
  }

  #encodeLong(given: string): number {
    const text = given.isWellFormed() ? given : given.replace(loneSurrogates, '?');
    this.#reserve(Buffer.byteLength(text, 'utf8'));
    return this.#length + this.#bytes.write(text, this.#length, 'utf8');
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    const room = this.#bytes.length;
    if (wanted <= room) return;
    if (wanted > BYTES_MAX)
      throw new CodedError('LimitExceeded', 'a dimension holds more than 4 GiB of texts');
    const roomier = room < LARGE_BYTES ? room * 2 : Math.ceil(room * 1.5);
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, Math.min(roomier, BYTES_MAX)));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  #add(source: Uint8Array, start: number, end: number, hash: number): number {
    const found = this.#placeOf(source, start, end, hash);
    if (found > 0) return found;
    if (source !== this.#bytes) this.#copy(source, start, end);
    this.#length += end - start;
    if (this.#count === this.#ends.length) {
      this.#ends = grown(this.#ends, new Uint32Array(2 * this.#count));
      this.#hashes = grown(this.#hashes, new Int32Array(2 * this.#count));
    }
    this.#ends[this.#count] = this.#length;
    this.#hashes[this.#count] = hash;
    this.#count++;
    if (2 * this.#count > this.#places.length) this.#widen();
    else this.#places[~found] = this.#count | (hash & -this.#places.length);
    return this.#count;
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const bytes = this.#bytes;
    const length = this.#length;
    if (end - start > SHORT) bytes.set(source.subarray(start, end), length);
    else for (let from = start; from < end; from++) bytes[length + from - start] = source[from]!;
  }

  /** The text's number; below 0 when it is not there: the place it belongs to, inverted. */
  #placeOf(source: Uint8Array, start: number, end: number, hash: number): number {
    const places = this.#places;
    const bytes = this.#bytes;
    const ends = this.#ends;
    const mask = places.length - 1;
    let place = hash & mask;
    for (let entry = places[place]!; entry !== 0; entry = places[place]!) {
      if (((entry ^ hash) & ~mask) === 0) {
        const id = entry & mask;
        let at = id === 1 ? 0 : ends[id - 2]!;
        if (ends[id - 1]! - at === end - start) {
          let from = start;
          while (from < end && bytes[at] === source[from]) {
            at++;
            from++;
          }
          if (from === end) return id;
        }
      }
      place = (place + 1) & mask;
    }
    return ~place;
  }

  #widen(): void {
    const places = new Int32Array(2 * this.#places.length);
    const mask = places.length - 1;
    for (let id = 1; id <= this.#count; id++) {
      const hash = this.#hashes[id - 1]!;
      let place = hash & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = id | (hash & ~mask);
    }
    this.#places = places;
  }
}

function grown<T extends Uint32Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

/** Four bytes a step. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = Math.imul(end - start, 0x9e3779b1);
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  let rest = 0;
  for (; at < end; at++) rest = (rest << 8) | bytes[at]!;
  hash = Math.imul(hash ^ rest, 0xc2b2ae35);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0x27d4eb2f);
  return hash ^ (hash >>> 16);
}
