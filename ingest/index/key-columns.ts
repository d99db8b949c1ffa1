/**
 * Dimensions of the in-memory index as words of a row's key: each column turns a value into one to three 32-bit
 * words, null always into zeros, and turns the words of many rows back into a column for the segment writer.
 */
import type { SourceDimension } from '../../segment/write/source.js';
import type { InputRow } from '../formats/row-reader.js';
import type { DimensionSpec, MultiValueHandling } from '../spec/model.js';
import type { ColumnSnapshot, NumberSnapshot } from './column-snapshot.js';
import { NestedKeys } from './nested-keys.js';
import { ValueError, dimensionDouble, dimensionLong, isTooDeep, scalarText } from '../values.js';

/** Reads word `word` of a row's key. */
export interface KeyWords {
  readonly rowCount: number;
  word(row: number, word: number): number;
  /** One word of all rows. */
  column(word: number): Int32Array;
  /** One word of rows of one block to `out[at]`, `out[at + step]` … */
  gather(word: number, start: number, count: number, out: Int32Array, at?: number, step?: number): void;
}

export interface KeyColumn {
  readonly name: string;
  /** First word in the key, and how many. */
  readonly at: number;
  readonly words: number;
  /** Writes the words of a value; answers what was wrong with it (null was written instead). */
  encode(value: unknown, row: InputRow, key: Int32Array): string | undefined;
  /** Freezes the values seen so far, for comparing and for the writer. */
  freeze(keys: KeyWords): FrozenColumn;
  /** What the rows that are there now hold, for as long as it is looked at. */
  snapshot(keys: KeyWords): ColumnSnapshot;
  readonly bytes: number;
}

/** Numbers whose last word tells whether there is a value, the words before holding it. */
function numberSnapshot(column: KeyColumn, kind: NumberSnapshot['kind'], keys: KeyWords): NumberSnapshot {
  const { at, words } = column;
  const wide = words - 1;
  return {
    kind,
    fill(start, count, out) {
      for (let word = 0; word < wide; word++) keys.gather(at + word, start, count, out, word, wide);
    },
    isNull: (row) => keys.word(row, at + wide) === 0,
  };
}

export interface FrozenColumn {
  /** Order of two rows by this dimension: null first, then by value. */
  compare(a: number, b: number): number;
  /** The column with its rows in the given order. */
  source(order: Uint32Array): SourceDimension;
}

/** `keepsEmpty`: beside multiple values an empty list is none, not null. With rollup both are one key. */
export function keyColumn(spec: DimensionSpec, at: number, keepsEmpty: boolean): KeyColumn {
  switch (spec.type) {
    case 'string':
      return new StringKeys(spec.name, at, spec.multiValueHandling, keepsEmpty);
    case 'long':
      return new LongKeys(spec.name, at);
    case 'double':
      return new DoubleKeys(spec.name, at);
    case 'float':
      return new FloatKeys(spec.name, at);
    case 'json':
    case 'auto':
      return new NestedKeys(spec, at);
  }
}

const STRING_OVERHEAD_BYTES = 64;
const loneSurrogate = /\p{Surrogate}/u;
const loneSurrogates = /\p{Surrogate}/gu;

/** Word: 0 = null, n > 0 = the n-th value, n < 0 = list number -n - 1. */
class StringKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 1;
  bytes = 0;
  readonly #handling: MultiValueHandling;
  readonly #keepsEmpty: boolean;
  readonly #ids = new Map<string, number>();
  readonly #values: string[] = [];
  readonly #listNumbers = new Map<string, number>();
  readonly #lists: Uint32Array[] = [];

  constructor(name: string, at: number, handling: MultiValueHandling, keepsEmpty: boolean) {
    this.#keepsEmpty = keepsEmpty;
    this.name = name;
    this.at = at;
    this.#handling = handling;
  }

  encode(value: unknown, row: InputRow, key: Int32Array): string | undefined {
    if (typeof value === 'string') key[this.at] = this.#idOf(value);
    else if (value === null || value === undefined) key[this.at] = 0;
    else if (isTooDeep(value)) {
      key[this.at] = 0;
      return `value of column[${this.name}] is nested too deep`;
    } else if (Array.isArray(value)) key[this.at] = this.#listOf(value, row);
    else key[this.at] = this.#idOf(this.#text(value, row));
    return undefined;
  }

  #text(value: unknown, row: InputRow, item?: number): string {
    if (typeof value === 'number' && Number.isInteger(value)) {
      return row.doubleText(this.name, item) ?? scalarText(value);
    }
    return scalarText(value);
  }

  #idOf(value: string): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    if (loneSurrogate.test(value)) {
      // UTF-8 has no form for them, and two such values must not become one dictionary entry twice.
      const id = this.#idOf(value.replace(loneSurrogates, '?'));
      this.#ids.set(value, id);
      return id;
    }
    const id = this.#values.push(value);
    this.#ids.set(value, id);
    this.bytes += value.length * 2 + STRING_OVERHEAD_BYTES;
    return id;
  }

  #listOf(list: readonly unknown[], row: InputRow): number {
    const texts = list.map((item, i) =>
      item === null || item === undefined ? null : this.#text(item, row, i),
    );
    if (texts.length === 0 && !this.#keepsEmpty) return 0;
    if (this.#handling !== 'ARRAY') texts.sort(nullFirst);
    const kept =
      this.#handling === 'SORTED_SET' ? texts.filter((text, i) => i === 0 || text !== texts[i - 1]) : texts;
    const ids = Uint32Array.from(kept, (text) => (text === null ? 0 : this.#idOf(text)));
    if (ids.length === 1) return ids[0]!;
    const name = ids.join();
    const known = this.#listNumbers.get(name);
    if (known !== undefined) return -known - 1;
    const number = this.#lists.push(ids) - 1;
    this.#listNumbers.set(name, number);
    this.bytes += ids.length * 12 + 2 * STRING_OVERHEAD_BYTES;
    return -number - 1;
  }

  snapshot(keys: KeyWords): ColumnSnapshot {
    const values = this.#values;
    const ids = this.#ids;
    const cardinality = values.length + 1;
    const lists = this.#lists.slice();
    const hasLists = this.#holdsSeveral();
    const { at } = this;
    return {
      kind: 'string',
      cardinality,
      value: (id) => (id === 0 ? null : (values[id - 1] ?? null)),
      idOf(value) {
        const id = ids.get(value);
        // Another spelling of the same text is no value of its own.
        return id !== undefined && id < cardinality && values[id - 1] === value ? id : -1;
      },
      fill(start, count, out) {
        keys.gather(at, start, count, out);
        if (!hasLists) for (let i = 0; i < count; i++) out[i] = Math.max(0, out[i]!);
      },
      lists: hasLists ? lists : undefined,
    };
  }

  #holdsSeveral(): boolean {
    return this.#lists.some((ids) => ids.length > 1);
  }

  freeze(keys: KeyWords): FrozenColumn {
    const sorted = this.#values.toSorted();
    const codes = keys.column(this.at);
    // An empty list is no value, but the dictionary has null for it.
    const hasNull = codes.includes(0) || this.#lists.some((ids) => ids.length === 0 || ids.includes(0));
    const shift = hasNull ? 1 : 0;
    const ranks = new Int32Array(this.#values.length + 1);
    for (const [i, value] of sorted.entries()) ranks[this.#ids.get(value)!] = i + shift;
    const dictionary: (string | null)[] = hasNull ? [null, ...sorted] : sorted;
    if (this.#holdsSeveral()) {
      const lists = this.#lists.map((ids) => ids.map((id) => ranks[id]!));
      return new FrozenLists(this.name, dictionary, codes, ranks, lists);
    }
    const ids = new Uint32Array(codes.length);
    // Here the only list is the empty one: in a column of single values it is null.
    for (let row = 0; row < ids.length; row++) ids[row] = ranks[Math.max(0, codes[row]!)]!;
    const { name } = this;
    return {
      compare: (a, b) => ids[a]! - ids[b]!,
      source: (order) => {
        const sortedIds = new Uint32Array(order.length);
        for (let i = 0; i < order.length; i++) sortedIds[i] = ids[order[i]!]!;
        return { kind: 'string', name, dictionary, ids: sortedIds };
      },
    };
  }
}

function nullFirst(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

class FrozenLists implements FrozenColumn {
  readonly #name: string;
  readonly #dictionary: readonly (string | null)[];
  readonly #codes: Int32Array;
  readonly #singles: readonly Uint32Array[];
  readonly #lists: readonly Uint32Array[];

  constructor(
    name: string,
    dictionary: readonly (string | null)[],
    codes: Int32Array,
    ranks: Int32Array,
    lists: readonly Uint32Array[],
  ) {
    this.#name = name;
    this.#dictionary = dictionary;
    this.#codes = codes;
    this.#singles = Array.from(ranks, (rank) => Uint32Array.of(rank));
    this.#lists = lists;
  }

  #ids(row: number): Uint32Array {
    const code = this.#codes[row]!;
    return code < 0 ? this.#lists[-code - 1]! : this.#singles[code]!;
  }

  compare(a: number, b: number): number {
    const left = this.#ids(a);
    const right = this.#ids(b);
    const shared = Math.min(left.length, right.length);
    for (let i = 0; i < shared; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
    return left.length - right.length;
  }

  source(order: Uint32Array): SourceDimension {
    const offsets = new Uint32Array(order.length + 1);
    for (let i = 0; i < order.length; i++) offsets[i + 1] = offsets[i]! + this.#ids(order[i]!).length;
    const ids = new Uint32Array(offsets[order.length]!);
    for (let i = 0; i < order.length; i++) ids.set(this.#ids(order[i]!), offsets[i]);
    return { kind: 'multiString', name: this.#name, dictionary: this.#dictionary, offsets, ids };
  }
}

const LOW_32 = 0x1_0000_0000;
const toBigint = new BigInt64Array(1);
const toWords = new Int32Array(toBigint.buffer);

/** The low word of a long given as a safe number or a bigint. */
export function lowWord(value: number | bigint): number {
  if (typeof value === 'number') return value | 0;
  toBigint[0] = value;
  return toWords[0]!;
}

export function highWord(value: number | bigint): number {
  if (typeof value === 'number') return Math.floor(value / LOW_32) | 0;
  toBigint[0] = value;
  return toWords[1]!;
}

/** Collects which rows are null; undefined when none is. */
export function nullBits(order: Uint32Array, isNull: (row: number) => boolean): Uint8Array | undefined {
  const bits = new Uint8Array(Math.ceil(order.length / 8));
  let any = false;
  for (let i = 0; i < order.length; i++) {
    if (!isNull(order[i]!)) continue;
    bits[i >> 3]! |= 1 << (i & 7);
    any = true;
  }
  return any ? bits : undefined;
}

/** Words: low, high, 1 = a value. */
class LongKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 3;
  readonly bytes = 0;

  constructor(name: string, at: number) {
    this.name = name;
    this.at = at;
  }

  encode(value: unknown, _row: InputRow, key: Int32Array): string | undefined {
    const long = dimensionLong(value, this.name);
    if (long === null || long instanceof ValueError) {
      key.fill(0, this.at, this.at + 3);
      return long?.reason;
    }
    key[this.at] = lowWord(long);
    key[this.at + 1] = highWord(long);
    key[this.at + 2] = 1;
    return undefined;
  }

  snapshot(keys: KeyWords): ColumnSnapshot {
    return numberSnapshot(this, 'long', keys);
  }

  freeze(keys: KeyWords): FrozenColumn {
    const values = new BigInt64Array(keys.rowCount);
    const words = new Int32Array(values.buffer);
    const unsigned = new Uint32Array(values.buffer);
    const present = new Uint8Array(keys.rowCount);
    for (let row = 0; row < keys.rowCount; row++) {
      words[2 * row] = keys.word(row, this.at);
      words[2 * row + 1] = keys.word(row, this.at + 1);
      present[row] = keys.word(row, this.at + 2);
    }
    const { name } = this;
    return {
      compare: (a, b) =>
        present[a]! - present[b]! ||
        words[2 * a + 1]! - words[2 * b + 1]! ||
        unsigned[2 * a]! - unsigned[2 * b]!,
      source: (order) => {
        const sorted = new BigInt64Array(order.length);
        const out = new Int32Array(sorted.buffer);
        for (let i = 0; i < order.length; i++) {
          out[2 * i] = words[2 * order[i]!]!;
          out[2 * i + 1] = words[2 * order[i]! + 1]!;
        }
        const nulls = nullBits(order, (row) => present[row] === 0);
        return { kind: 'long', name, values: sorted, ...(nulls && { nulls }) };
      },
    };
  }
}

const toDouble = new Float64Array(1);
const doubleWords = new Int32Array(toDouble.buffer);
const toFloat = new Float32Array(1);
const floatWord = new Int32Array(toFloat.buffer);

/** Java's Double.compare: -0.0 before 0.0, NaN last. */
function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return a !== 0 || Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1;
  return (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0);
}

/** Words: low, high, 1 = a value. */
class DoubleKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 3;
  readonly bytes = 0;

  constructor(name: string, at: number) {
    this.name = name;
    this.at = at;
  }

  encode(value: unknown, _row: InputRow, key: Int32Array): string | undefined {
    const double = dimensionDouble(value, this.name);
    if (double === null || double instanceof ValueError) {
      key.fill(0, this.at, this.at + 3);
      return double?.reason;
    }
    toDouble[0] = double;
    key[this.at] = doubleWords[0]!;
    key[this.at + 1] = doubleWords[1]!;
    key[this.at + 2] = 1;
    return undefined;
  }

  snapshot(keys: KeyWords): ColumnSnapshot {
    return numberSnapshot(this, 'double', keys);
  }

  freeze(keys: KeyWords): FrozenColumn {
    const values = new Float64Array(keys.rowCount);
    const words = new Int32Array(values.buffer);
    const present = new Uint8Array(keys.rowCount);
    for (let row = 0; row < keys.rowCount; row++) {
      words[2 * row] = keys.word(row, this.at);
      words[2 * row + 1] = keys.word(row, this.at + 1);
      present[row] = keys.word(row, this.at + 2);
    }
    const { name } = this;
    return {
      compare: (a, b) => present[a]! - present[b]! || compareDoubles(values[a]!, values[b]!),
      source: (order) => {
        const nulls = nullBits(order, (row) => present[row] === 0);
        const sorted = Float64Array.from(order, (row) => values[row]!);
        return { kind: 'double', name, values: sorted, ...(nulls && { nulls }) };
      },
    };
  }
}

/** Words: the bits, 1 = a value. */
class FloatKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 2;
  readonly bytes = 0;

  constructor(name: string, at: number) {
    this.name = name;
    this.at = at;
  }

  encode(value: unknown, _row: InputRow, key: Int32Array): string | undefined {
    const float = dimensionDouble(value, this.name);
    if (float === null || float instanceof ValueError) {
      key.fill(0, this.at, this.at + 2);
      return float?.reason;
    }
    toFloat[0] = float;
    key[this.at] = floatWord[0]!;
    key[this.at + 1] = 1;
    return undefined;
  }

  snapshot(keys: KeyWords): ColumnSnapshot {
    return numberSnapshot(this, 'float', keys);
  }

  freeze(keys: KeyWords): FrozenColumn {
    const values = new Float32Array(keys.rowCount);
    const words = new Int32Array(values.buffer);
    const present = new Uint8Array(keys.rowCount);
    for (let row = 0; row < keys.rowCount; row++) {
      words[row] = keys.word(row, this.at);
      present[row] = keys.word(row, this.at + 1);
    }
    const { name } = this;
    return {
      compare: (a, b) => present[a]! - present[b]! || compareDoubles(values[a]!, values[b]!),
      source: (order) => {
        const nulls = nullBits(order, (row) => present[row] === 0);
        const sorted = Float32Array.from(order, (row) => values[row]!);
        return { kind: 'float', name, values: sorted, ...(nulls && { nulls }) };
      },
    };
  }
}
