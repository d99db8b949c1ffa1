/**
 * Dictionaries of string columns: comparing, merging and building them without making JavaScript strings.
 * Order is that of UTF-16 units, as everywhere in Druid: like UTF-8 bytes, except that characters beyond the basic
 * plane (lead bytes f0 … f4) sort before U+E000 … U+FFFF (lead bytes ee, ef).
 */
import type { Dictionary } from '../frame.js';

export const emptyDictionary: Dictionary = { bytes: new Uint8Array(0), ends: new Uint32Array(0) };

const startOf = (dictionary: Dictionary, entry: number): number =>
  entry === 0 ? 0 : (dictionary.ends[entry - 1] ?? 0);

/** Negative, 0 or positive, by UTF-16 units. */
export function compareEntries(a: Dictionary, x: number, b: Dictionary, y: number): number {
  let i = startOf(a, x);
  let j = startOf(b, y);
  const iEnd = a.ends[x] ?? 0;
  const jEnd = b.ends[y] ?? 0;
  const { bytes: left } = a;
  const { bytes: right } = b;
  while (i < iEnd && j < jEnd) {
    const l = left[i++] ?? 0;
    const r = right[j++] ?? 0;
    if (l !== r) return rank(l) - rank(r);
  }
  return iEnd - i - (jEnd - j);
}

function rank(byte: number): number {
  return byte === 0xee || byte === 0xef ? byte + 16 : byte;
}

const decoder = new TextDecoder();

export function entryText(dictionary: Dictionary, entry: number): string {
  return decoder.decode(dictionary.bytes.subarray(startOf(dictionary, entry), dictionary.ends[entry] ?? 0));
}

export function entryBytes(dictionary: Dictionary, entry: number): Uint8Array {
  return dictionary.bytes.subarray(startOf(dictionary, entry), dictionary.ends[entry] ?? 0);
}

export interface MergedDictionary {
  /** Ascending, without duplicates. */
  readonly dictionary: Dictionary;
  /** Per source: its entry number to the merged one. */
  readonly remaps: readonly Uint32Array[];
}

/** Merges any dictionaries; sorted ones in linear time. */
export function mergeDictionaries(sources: readonly Dictionary[]): MergedDictionary {
  const only = sources[0];
  if (only !== undefined && sources.every((source) => source === only) && isAscending(only)) {
    const identity = Uint32Array.from(only.ends, (_, i) => i);
    return { dictionary: only, remaps: sources.map(() => identity) };
  }
  return new DictionaryMerge(sources).result();
}

function isAscending(dictionary: Dictionary): boolean {
  for (let i = 1; i < dictionary.ends.length; i++) {
    if (compareEntries(dictionary, i - 1, dictionary, i) >= 0) return false;
  }
  return true;
}

/** Entries of all sources are numbered through; equal ones point at the one that stays. */
class DictionaryMerge {
  readonly #sources: readonly Dictionary[];
  readonly #bases: number[] = [];
  readonly #sourceOf: Uint32Array;
  readonly #same: Uint32Array;

  constructor(sources: readonly Dictionary[]) {
    this.#sources = sources;
    let total = 0;
    for (const source of sources) {
      this.#bases.push(total);
      total += source.ends.length;
    }
    this.#sourceOf = new Uint32Array(total);
    this.#same = Uint32Array.from({ length: total }, (_, i) => i);
    sources.forEach((source, s) => {
      const base = this.#bases[s] ?? 0;
      this.#sourceOf.fill(s, base, base + source.ends.length);
    });
  }

  result(): MergedDictionary {
    let lists = this.#sources.map((source, s) => this.#sorted(source, this.#bases[s] ?? 0));
    while (lists.length > 1) {
      const next: Uint32Array[] = [];
      for (let i = 0; i < lists.length; i += 2) {
        const a = lists[i] ?? new Uint32Array(0);
        const b = lists[i + 1];
        next.push(b === undefined ? a : this.#merge(a, b));
      }
      lists = next;
    }
    return this.#assemble(lists[0] ?? new Uint32Array(0));
  }

  #compare(x: number, y: number): number {
    const s = this.#sourceOf[x] ?? 0;
    const t = this.#sourceOf[y] ?? 0;
    const a = this.#sources[s] ?? emptyDictionary;
    const b = this.#sources[t] ?? emptyDictionary;
    return compareEntries(a, x - (this.#bases[s] ?? 0), b, y - (this.#bases[t] ?? 0));
  }

  #sorted(source: Dictionary, base: number): Uint32Array {
    const list = Uint32Array.from(source.ends, (_, i) => base + i);
    if (isAscending(source)) return list;
    list.sort((x, y) => this.#compare(x, y));
    let kept = 0;
    for (const entry of list) {
      const last = list[kept - 1];
      if (kept > 0 && last !== undefined && this.#compare(last, entry) === 0) this.#same[entry] = last;
      else list[kept++] = entry;
    }
    return list.subarray(0, kept);
  }

  #merge(a: Uint32Array, b: Uint32Array): Uint32Array {
    const out = new Uint32Array(a.length + b.length);
    let i = 0;
    let j = 0;
    let n = 0;
    while (i < a.length && j < b.length) {
      const x = a[i] ?? 0;
      const y = b[j] ?? 0;
      const order = this.#compare(x, y);
      if (order === 0) {
        this.#same[y] = x;
        j++;
      } else {
        out[n++] = order < 0 ? x : y;
        if (order < 0) i++;
        else j++;
      }
    }
    for (; i < a.length; i++) out[n++] = a[i] ?? 0;
    for (; j < b.length; j++) out[n++] = b[j] ?? 0;
    return out.subarray(0, n);
  }

  #assemble(list: Uint32Array): MergedDictionary {
    const number = new Uint32Array(this.#same.length);
    const ends = new Uint32Array(list.length);
    let size = 0;
    list.forEach((entry, i) => {
      number[entry] = i;
      size += this.#bytesOf(entry).length;
      ends[i] = size;
    });
    const bytes = new Uint8Array(size);
    list.forEach((entry, i) => bytes.set(this.#bytesOf(entry), i === 0 ? 0 : (ends[i - 1] ?? 0)));
    const remaps = this.#sources.map((source, s) => {
      const base = this.#bases[s] ?? 0;
      return Uint32Array.from(source.ends, (_, i) => number[this.#keeper(base + i)] ?? 0);
    });
    return { dictionary: { bytes, ends }, remaps };
  }

  #keeper(entry: number): number {
    let at = entry;
    for (let next = this.#same[at] ?? at; next !== at; next = this.#same[at] ?? at) at = next;
    return at;
  }

  #bytesOf(entry: number): Uint8Array {
    const s = this.#sourceOf[entry] ?? 0;
    return entryBytes(this.#sources[s] ?? emptyDictionary, entry - (this.#bases[s] ?? 0));
  }
}

/** Appends entries; grows by doubling. */
export class DictionaryBuilder {
  #bytes = new Uint8Array(256);
  #ends = new Uint32Array(16);
  #size = 0;
  #count = 0;
  readonly #encoder = new TextEncoder();

  get count(): number {
    return this.#count;
  }

  addText(text: string): number {
    this.#room(text.length * 3);
    const bytes = this.#bytes;
    let at = this.#size;
    // Most values are short and plain: a call into the encoder costs more than this loop.
    if (text.length <= 32) {
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 127) break;
        bytes[at++] = unit;
      }
    }
    if (at - this.#size !== text.length) {
      at = this.#size + this.#encoder.encodeInto(text, bytes.subarray(this.#size)).written;
    }
    this.#size = at;
    return this.#end();
  }

  addBytes(bytes: Uint8Array): number {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
    return this.#end();
  }

  build(): Dictionary {
    return { bytes: this.#bytes.slice(0, this.#size), ends: this.#ends.slice(0, this.#count) };
  }

  #end(): number {
    if (this.#count === this.#ends.length) {
      const ends = new Uint32Array(this.#count * 2);
      ends.set(this.#ends);
      this.#ends = ends;
    }
    this.#ends[this.#count] = this.#size;
    return this.#count++;
  }

  #room(more: number): void {
    if (this.#size + more <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + more));
    bytes.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = bytes;
  }
}
