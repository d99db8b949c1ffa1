/** Many texts as UTF-8 in one buffer: sorted and written without touching a string again. */
import { PairSorter } from './pair-sort.js';

export class PackedTexts {
  readonly count: number;
  readonly bytes: Buffer;
  /** Where each text ends; the first begins at 0. */
  readonly ends: Uint32Array;

  /** `ends`: one a text, ascending, the last at most `bytes.length`. */
  constructor(bytes: Uint8Array, ends: Uint32Array) {
    this.count = ends.length;
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.ends = ends;
  }

  start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  end(index: number): number {
    return this.ends[index]!;
  }

  /** Bytes of the texts of these numbers, each of them there once. */
  sizeOf(order: Uint32Array): number {
    if (order.length === this.count) return this.count === 0 ? 0 : this.end(this.count - 1);
    let size = 0;
    for (const index of order) size += this.end(index) - this.start(index);
    return size;
  }

  isSame(a: number, b: number): boolean {
    const [from, to] = [this.start(a), this.end(a)];
    const [other, otherEnd] = [this.start(b), this.end(b)];
    if (to - from !== otherEnd - other) return false;
    const { bytes } = this;
    for (let i = 0; i < to - from; i++) if (bytes[from + i] !== bytes[other + i]) return false;
    return true;
  }

  text(index: number): string {
    return this.bytes.toString('utf8', this.start(index), this.end(index));
  }
}

/** Texts a piece: joined they become bytes in one call. */
const PIECE = 512;

/** Packs texts one after another, a piece at a time. Half surrogate pairs have no UTF-8: there must be none. */
export class TextPacker {
  #bytes = Buffer.allocUnsafeSlow(1024);
  #length = 0;
  #ends = new Uint32Array(64);
  #count = 0;
  #piece: string[] = [];

  /** Texts added so far. */
  get count(): number {
    return this.#count + this.#piece.length;
  }

  add(text: string): void {
    if (this.#piece.push(text) === PIECE) this.#flush();
  }

  #flush(): void {
    const joined = this.#piece.join('');
    const wanted = this.#length + joined.length * 3;
    if (wanted > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    if (this.#count + this.#piece.length > this.#ends.length) {
      const grown = new Uint32Array(Math.max(PIECE, this.#ends.length * 2));
      grown.set(this.#ends);
      this.#ends = grown;
    }
    const isAscii = this.#bytes.write(joined, this.#length, 'utf8') === joined.length;
    for (const text of this.#piece) {
      this.#length += isAscii ? text.length : Buffer.byteLength(text, 'utf8');
      this.#ends[this.#count++] = this.#length;
    }
    this.#piece = [];
  }

  /** What was added so far; nothing may be added after it. */
  finish(): PackedTexts {
    this.#flush();
    return new PackedTexts(this.#bytes, this.#ends.slice(0, this.#count));
  }
}

export function packTexts(values: readonly string[]): PackedTexts {
  const packer = new TextPacker();
  for (const value of values) packer.add(value);
  return packer.finish();
}

/** UTF-16 order of UTF-8's bytes: the first bytes of U+E000 to U+FFFF count more than those of what lies beyond. */
const placeOf = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0xee || byte === 0xef ? byte + 16 : byte,
);

const KEY_BYTES = 6;

/** The next six bytes of a text, and how many there are (7: more than six): 51 bits that sort as the texts do. */
function keyAt(bytes: Buffer, at: number, end: number): number {
  const left = end - at;
  if (left >= KEY_BYTES) {
    const high = (placeOf[bytes[at]!]! << 16) | (placeOf[bytes[at + 1]!]! << 8) | placeOf[bytes[at + 2]!]!;
    const low = (placeOf[bytes[at + 3]!]! << 16) | (placeOf[bytes[at + 4]!]! << 8) | placeOf[bytes[at + 5]!]!;
    return high * 2 ** 27 + low * 8 + (left > KEY_BYTES ? 7 : 6);
  }
  let key = 0;
  for (let i = 0; i < KEY_BYTES; i++) key = key * 256 + (i < left ? placeOf[bytes[at + i]!]! : 0);
  return key * 8 + Math.max(0, left);
}

/** Ranges this short are sorted by comparing texts. */
const FEW = 12;

/** The texts' numbers in ascending UTF-16 order of the texts; equal texts keep their order. */
export function textOrder(texts: PackedTexts): Uint32Array {
  const { count, bytes, ends } = texts;
  const order = new Uint32Array(count);
  const keys = new Float64Array(count);
  for (let i = 0, start = 0; i < count; i++) {
    order[i] = i;
    const end = ends[i]!;
    keys[i] = keyAt(bytes, start, end);
    start = end;
  }
  const sorter = new PairSorter();
  // Ranges whose texts are alike up to a level of keys: start, end, level.
  const ranges: number[] = [];
  const sortRange = (from: number, to: number, level: number): void => {
    sorter.sort(keys, order, from, to);
    for (let start = from; start < to;) {
      const key = keys[start]!;
      let end = start + 1;
      while (end < to && keys[end] === key) end++;
      if (end - start > 1 && key % 8 === 7) ranges.push(start, end, level + 1);
      start = end;
    }
  };
  sortRange(0, count, 0);
  while (ranges.length > 0) {
    const level = ranges.pop()!;
    const to = ranges.pop()!;
    const from = ranges.pop()!;
    const depth = level * KEY_BYTES;
    if (to - from <= FEW) {
      sortFew(texts, order, from, to, depth);
      continue;
    }
    for (let i = from; i < to; i++) {
      const index = order[i]!;
      keys[i] = keyAt(bytes, texts.start(index) + depth, ends[index]!);
    }
    sortRange(from, to, level);
  }
  return order;
}

/** Sorts order[from, to) by what its texts hold behind a depth that they share. */
function sortFew(texts: PackedTexts, order: Uint32Array, from: number, to: number, depth: number): void {
  for (let next = from + 1; next < to; next++) {
    const index = order[next]!;
    let at = next;
    for (; at > from && isBefore(texts, index, order[at - 1]!, depth); at--) order[at] = order[at - 1]!;
    order[at] = index;
  }
}

/** Is text a before text b? Both are at least as long as `depth`. */
function isBefore({ bytes, ends }: PackedTexts, a: number, b: number, depth: number): boolean {
  const endA = ends[a]!;
  const endB = ends[b]!;
  let left = (a === 0 ? 0 : ends[a - 1]!) + depth;
  let right = (b === 0 ? 0 : ends[b - 1]!) + depth;
  while (left < endA && right < endB) {
    const byte = bytes[left++]!;
    const other = bytes[right++]!;
    if (byte !== other) return placeOf[byte]! < placeOf[other]!;
  }
  return left === endA && right < endB;
}

/** A column's dictionary in this form: null first if there is one, then the texts in ascending UTF-16 order. */
export class PackedDictionary {
  readonly length: number;
  readonly hasNull: boolean;
  readonly texts: PackedTexts;
  /** The texts' numbers as the dictionary has them. */
  readonly order: Uint32Array;

  /** `order`: of {@link textOrder}; the texts are all different. */
  constructor(texts: PackedTexts, order: Uint32Array, hasNull: boolean) {
    this.length = order.length + (hasNull ? 1 : 0);
    this.hasNull = hasNull;
    this.texts = texts;
    this.order = order;
  }

  get bytes(): Buffer {
    return this.texts.bytes;
  }

  /** Number of an entry's text, -1 for null. */
  #indexOf(id: number): number {
    if (!this.hasNull) return this.order[id]!;
    return id === 0 ? -1 : this.order[id - 1]!;
  }

  /** Where an entry's bytes begin, -1 for null. */
  start(id: number): number {
    const index = this.#indexOf(id);
    return index < 0 ? -1 : this.texts.start(index);
  }

  end(id: number): number {
    return this.texts.end(this.#indexOf(id));
  }

  at(id: number): string | null {
    const index = this.#indexOf(id);
    return index < 0 ? null : this.texts.text(index);
  }
}

/** A dictionary as plain texts. */
export function dictionaryTexts(dictionary: TextDictionary): readonly (string | null)[] {
  if (!(dictionary instanceof PackedDictionary)) return dictionary;
  return Array.from({ length: dictionary.length }, (_, id) => dictionary.at(id));
}

export function holdsNull(dictionary: TextDictionary): boolean {
  return dictionary instanceof PackedDictionary ? dictionary.hasNull : dictionary[0] === null;
}

/** Null first (only if some row is null), then ascending in UTF-16 order (plain `<`), without duplicates. */
export type TextDictionary = readonly (string | null)[] | PackedDictionary;
