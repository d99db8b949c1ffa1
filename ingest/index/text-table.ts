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
/** Texts whose hashes are alike only by chance are all found in fewer steps. */
const STEPS_MAX = 128;
/** Rough size of an entry of a Map, and of a string's head. */
const CROWDED_BYTES = 64;
/** From here on the buffer grows by half, not to twice its size. */
const LARGE_BYTES = 16 << 20;
const loneSurrogates = /\p{Surrogate}/gu;

/** Room for what is known of the texts of one call. */
let hashesOfMany = new Int32Array(128);
let entriesOfMany = new Int32Array(128);
let startsOfMany = new Float64Array(128);

/** What was read ahead ends here, so that the reading is not left out. */
const sink = new Int32Array(1);

export class TextTable {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** The same memory, read four bytes at a time. */
  #view = viewOf(this.#bytes);
  /** Bytes used. */
  #length = 0;
  #ends = new Uint32Array(FIRST_TEXTS);
  #count = 0;
  /** Of each text, so that widening does not hash again. */
  #hashes = new Int32Array(FIRST_TEXTS);
  /** In the low bits the number of a text (0: free), above them those bits of its hash. At most half full. */
  #places = new Int32Array(2 * FIRST_TEXTS);

  /**
   * Texts for which there was no place within so many steps: somebody made up texts with the same hash. A Map's hash is
   * another in each process. Their bytes, one a unit.
   */
  #crowded = new Map<string, number>();
  #crowdedBytes = 0;

  get count(): number {
    return this.#count;
  }

  /** What it takes in memory, room for growth included. */
  get memoryBytes(): number {
    return this.#bytes.length + 2 * this.#ends.byteLength + this.#places.byteLength + this.#crowdedBytes;
  }

  /** The number of a text, which is added when it is new. UTF-8 has no half surrogate pairs: they count as `?`. */
  idOf(text: string): number {
    const end = this.#encode(text);
    const start = this.#length;
    return this.#add(this.#view, start, end, hashOf(this.#view, start, end));
  }

  /** The same for the text whose well-formed UTF-8 is source[start, end). */
  idOfBytes(source: Uint8Array, start: number, end: number): number {
    const view = lastViewOf(source);
    return this.#add(view, start, end, hashOf(view, start, end));
  }

  /**
   * The same for many texts, the UTF-8 of each beginning in `source` where the one before ends: `ends` holds their ends
   * and gets their numbers instead.
   */
  idsOfBytes(source: DataView, ends: Uint32Array, count: number): void {
    if (hashesOfMany.length < count) {
      hashesOfMany = new Int32Array(count);
      entriesOfMany = new Int32Array(count);
      startsOfMany = new Float64Array(count);
    }
    const hashes = hashesOfMany;
    const starts = startsOfMany;
    this.#readAhead(source, ends, count);
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      const at = starts[i]!;
      const isKnown = at >= 0 && isSame(this.#view, at, source, start, end);
      ends[i] = isKnown ? entriesOfMany[i]! : this.#add(source, start, end, hashes[i]!);
      start = end;
    }
  }

  /**
   * The hash of each text, the number of the one it most likely is, and where that begins, -1: there is none. One thing
   * after the other for all of them, in loops so short that the processor waits for many of these reads at once.
   */
  #readAhead(source: DataView, ends: Uint32Array, count: number): void {
    const hashes = hashesOfMany;
    const entries = entriesOfMany;
    const starts = startsOfMany;
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      hashes[i] = hashOf(source, start, end);
      start = end;
    }
    const places = this.#places;
    const mask = places.length - 1;
    for (let i = 0; i < count; i++) entries[i] = places[hashes[i]! & mask]!;
    const known = this.#ends;
    start = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      const entry = entries[i]!;
      const id = entry & mask;
      const isLikely = id !== 0 && ((entry ^ hashes[i]!) & ~mask) === 0;
      const at = id > 1 ? known[id - 2]! : 0;
      entries[i] = id;
      starts[i] = isLikely && known[id - 1]! - at === end - start ? at : -1;
      start = end;
    }
    const bytes = this.#bytes;
    let touched = 0;
    for (let i = 0; i < count; i++) touched ^= bytes[Math.max(0, starts[i]!)]!;
    sink[0] = touched;
  }

  /** The number of a text, 0 when it is not there. */
  find(text: string): number {
    if (!text.isWellFormed()) return 0;
    const end = this.#encode(text);
    const start = this.#length;
    return Math.max(0, this.#lookUp(this.#view, start, end, hashOf(this.#view, start, end)));
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
    this.#view = viewOf(grown);
  }

  #add(source: DataView, start: number, end: number, hash: number): number {
    const found = this.#lookUp(source, start, end, hash);
    if (found > 0) return found;
    if (source !== this.#view) this.#copy(source, start, end);
    this.#length += end - start;
    if (this.#count === this.#ends.length) {
      this.#ends = grown(this.#ends, new Uint32Array(2 * this.#count));
      this.#hashes = grown(this.#hashes, new Int32Array(2 * this.#count));
    }
    this.#ends[this.#count] = this.#length;
    this.#hashes[this.#count] = hash;
    this.#count++;
    if (2 * this.#count > this.#places.length) this.#widen();
    else if (found < 0) this.#places[~found] = this.#count | (hash & -this.#places.length);
    else this.#crowd(this.#count);
    return this.#count;
  }

  #copy(source: DataView, start: number, end: number): void {
    this.#reserve(end - start);
    const view = this.#view;
    let to = this.#length;
    if (end - start > SHORT) {
      this.#bytes.set(new Uint8Array(source.buffer, source.byteOffset + start, end - start), to);
      return;
    }
    let from = start;
    for (; from + 4 <= end; from += 4, to += 4) view.setInt32(to, source.getInt32(from, true), true);
    for (; from < end; from++, to++) view.setUint8(to, source.getUint8(from));
  }

  /** The text's number; not there: its place, inverted, or 0 when there is none near enough. */
  #lookUp(source: DataView, start: number, end: number, hash: number): number {
    const found = this.#placeOf(source, start, end, hash);
    if (found !== 0 || this.#crowded.size === 0) return found;
    return this.#crowded.get(unitsOf(source, start, end)) ?? 0;
  }

  #crowd(id: number): void {
    const start = id === 1 ? 0 : this.#ends[id - 2]!;
    const end = this.#ends[id - 1]!;
    this.#crowded.set(unitsOf(this.#view, start, end), id);
    this.#crowdedBytes += end - start + CROWDED_BYTES;
  }

  /** As {@link #lookUp}, without the texts that have no place. */
  #placeOf(source: DataView, start: number, end: number, hash: number): number {
    const places = this.#places;
    const ends = this.#ends;
    const mask = places.length - 1;
    let place = hash & mask;
    let steps = 0;
    for (let entry = places[place]!; entry !== 0; entry = places[place]!) {
      if (((entry ^ hash) & ~mask) === 0) {
        const id = entry & mask;
        const at = id === 1 ? 0 : ends[id - 2]!;
        if (ends[id - 1]! - at === end - start && isSame(this.#view, at, source, start, end)) return id;
      }
      if (++steps === STEPS_MAX) return 0;
      place = (place + 1) & mask;
    }
    return ~place;
  }

  #widen(): void {
    const places = new Int32Array(2 * this.#places.length);
    const mask = places.length - 1;
    this.#crowded = new Map();
    this.#crowdedBytes = 0;
    for (let id = 1; id <= this.#count; id++) {
      const hash = this.#hashes[id - 1]!;
      let place = hash & mask;
      let steps = 0;
      for (; steps < STEPS_MAX && places[place] !== 0; steps++) place = (place + 1) & mask;
      if (steps === STEPS_MAX) this.#crowd(id);
      else places[place] = id | (hash & ~mask);
    }
    this.#places = places;
  }
}

function grown<T extends Uint32Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** A string as long as the bytes, the same for the same bytes only. */
function unitsOf({ buffer, byteOffset }: DataView, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start, end - start).toString('latin1');
}

/** Many texts in a row mostly lie in the same bytes. */
let lastSource: Uint8Array = new Uint8Array(0);
let lastView = viewOf(lastSource);

function lastViewOf(source: Uint8Array): DataView {
  if (source !== lastSource) {
    lastSource = source;
    lastView = viewOf(source);
  }
  return lastView;
}

/** Four bytes a step; the last step goes back when fewer are left, so that no byte behind the text is read. */
function isSame(known: DataView, at: number, source: DataView, start: number, end: number): boolean {
  const last = end - 4;
  if (last < start) {
    for (let from = start; from < end; from++) {
      if (known.getUint8(at + from - start) !== source.getUint8(from)) return false;
    }
    return true;
  }
  for (let from = start; from < last; from += 4) {
    if (known.getInt32(at + from - start, true) !== source.getInt32(from, true)) return false;
  }
  return known.getInt32(at + last - start, true) === source.getInt32(last, true);
}

function hashOf(view: DataView, start: number, end: number): number {
  let hash = Math.imul(end - start, 0x9e3779b1);
  const last = end - 4;
  let rest = 0;
  if (last < start) for (let at = start; at < end; at++) rest = (rest << 8) | view.getUint8(at);
  else {
    for (let at = start; at < last; at += 4) {
      hash = Math.imul(hash ^ view.getInt32(at, true), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    rest = view.getInt32(last, true);
  }
  hash = Math.imul(hash ^ rest, 0xc2b2ae35);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0x27d4eb2f);
  return hash ^ (hash >>> 16);
}
