/** Many texts as UTF-8 in one buffer: written without touching a string again. */

/** Texts end to end; the first begins at 0, `ends` has one a text. */
export interface Packed {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

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

  /** Many at once, as well-formed UTF-8. */
  addPacked({ bytes, ends }: Packed): void {
    this.#flush();
    this.#reserve(bytes.length, ends.length);
    this.#bytes.set(bytes, this.#length);
    for (let i = 0; i < ends.length; i++) this.#ends[this.#count + i] = this.#length + ends[i]!;
    this.#length += bytes.length;
    this.#count += ends.length;
  }

  #reserve(bytes: number, texts: number): void {
    const wanted = this.#length + bytes;
    if (wanted > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    if (this.#count + texts > this.#ends.length) {
      const grown = new Uint32Array(Math.max(this.#count + texts, this.#ends.length * 2));
      grown.set(this.#ends);
      this.#ends = grown;
    }
  }

  #flush(): void {
    const joined = this.#piece.join('');
    this.#reserve(joined.length * 3, this.#piece.length);
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

/** A column's dictionary in this form: null first if there is one, then the texts in ascending UTF-16 order. */
export class PackedDictionary {
  readonly length: number;
  readonly hasNull: boolean;
  readonly texts: PackedTexts;
  /** The texts' numbers as the dictionary has them. */
  readonly order: Uint32Array;

  /** `order`: of textOrder; the texts are all different. */
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
