/** Dimensions of numbers: their bits, and a word that tells whether there is a value. */
import type { SourceDimension } from '../../segment/write/source.js';
import { PlainRow, type InputRow } from '../formats/row-reader.js';
import { ValueError, bytesText, dimensionDouble, dimensionLong, plainDecimalOf } from '../values.js';
import type { ColumnSnapshot, NumberSnapshot } from './column-snapshot.js';
import type { FrozenColumn, KeyColumn, KeyRoom, KeyWords, NumberData, StorageOrder } from './key-column.js';
import { highWord, lowWord } from './words.js';

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

const LOW_32 = 0x1_0000_0000;
/** Longs below this are exact as numbers. */
const EXACT_MAX = 2 ** 53;

/** Words: low, high, 1 = a value. */
export class LongKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 3;
  readonly bytes = 0;

  constructor(name: string, at: number) {
    this.name = name;
    this.at = at;
  }

  encode(value: unknown, _row: InputRow, { words, base, step }: KeyRoom): string | undefined {
    const to = base + this.at * step;
    if (typeof value === 'number' && (value | 0) === value) {
      words[to] = value;
      words[to + step] = value >> 31;
      words[to + 2 * step] = 1;
      return undefined;
    }
    const long = dimensionLong(value, this.name);
    if (long === null || long instanceof ValueError) {
      words[to] = words[to + step] = words[to + 2 * step] = 0;
      return long?.reason;
    }
    words[to] = lowWord(long);
    words[to + step] = highWord(long);
    words[to + 2 * step] = 1;
    return undefined;
  }

  encodeBytes(bytes: Uint8Array, start: number, end: number, key: KeyRoom): string | undefined {
    const whole = plainDecimalOf(bytes, start, end, false);
    return this.encode(Number.isNaN(whole) ? bytesText(bytes, start, end) : whole, noRow, key);
  }

  snapshot(keys: KeyWords): ColumnSnapshot {
    return numberSnapshot(this, 'long', keys);
  }

  data(): NumberData {
    return { kind: 'long', name: this.name, at: this.at };
  }
}

export function frozenNumbers({ kind, name, at }: NumberData, keys: KeyWords): FrozenColumn {
  if (kind === 'long') return frozenLongs(name, at, keys);
  return new FrozenFloats(name, at, kind === 'double' ? 2 : 1, keys);
}

function frozenLongs(name: string, at: number, keys: KeyWords): FrozenColumn {
  const values = lazyValues(keys.rowCount, () => longValues(at, keys));
  return {
    name,
    isAllNull: false,
    compare: (a, b) =>
      keys.word(a, at + 2) - keys.word(b, at + 2) ||
      keys.word(a, at + 1) - keys.word(b, at + 1) ||
      (keys.word(a, at) >>> 0) - (keys.word(b, at) >>> 0),
    sortKeys(rows, from, to, out) {
      const all = values(to - from);
      let isExact = true;
      for (let i = from; i < to; i++) {
        const row = rows[i]!;
        const value = all === undefined ? longValue(at, keys, row) : all[row]!;
        if (value >= EXACT_MAX || (value <= -EXACT_MAX && value !== -Infinity)) isExact = false;
        out[i] = value;
      }
      return isExact;
    },
    source: ({ places }) => {
      const values = new BigInt64Array(places.length);
      keys.placePairs(at, places, new Int32Array(values.buffer));
      const nulls = keys.zeros(at + 2, places);
      return { kind: 'long', name, values, ...(nulls && { nulls }) };
    },
  };
}

/** Null before everything. */
function longValue(at: number, keys: KeyWords, row: number): number {
  if (keys.word(row, at + 2) === 0) return -Infinity;
  return keys.word(row, at + 1) * LOW_32 + (keys.word(row, at) >>> 0);
}

function longValues(at: number, keys: KeyWords): Float64Array {
  const values = new Float64Array(keys.rowCount);
  const low = keys.column(at);
  const high = keys.column(at + 1);
  const isThere = keys.column(at + 2);
  for (let row = 0; row < values.length; row++)
    values[row] = isThere[row] === 0 ? -Infinity : high[row]! * LOW_32 + (low[row]! >>> 0);
  return values;
}

/** All values of a column, once so many are asked for that putting them together pays. */
function lazyValues(rowCount: number, make: () => Float64Array): (asked: number) => Float64Array | undefined {
  let total = 0;
  let values: Float64Array | undefined;
  return (asked) => {
    total += asked;
    if (values === undefined && total > rowCount / 4) values = make();
    return values;
  };
}

function numberOrText(bytes: Uint8Array, start: number, end: number): number | string {
  const number = plainDecimalOf(bytes, start, end, true);
  return Number.isNaN(number) ? bytesText(bytes, start, end) : number;
}

/** Numbers are made of their values alone. */
const noRow = new PlainRow({});

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

/** Floating point numbers whose bits are `wide` words. */
class FrozenFloats implements FrozenColumn {
  readonly name: string;
  readonly isAllNull = false;
  readonly #at: number;
  readonly #wide: number;
  readonly #keys: KeyWords;

  constructor(name: string, at: number, wide: 1 | 2, keys: KeyWords) {
    this.name = name;
    this.#at = at;
    this.#wide = wide;
    this.#keys = keys;
  }

  #value(row: number): number {
    const word = this.#keys.word(row, this.#at);
    if (this.#wide === 1) {
      floatWord[0] = word;
      return toFloat[0]!;
    }
    doubleWords[0] = word;
    doubleWords[1] = this.#keys.word(row, this.#at + 1);
    return toDouble[0]!;
  }

  #isThere(row: number): number {
    return this.#keys.word(row, this.#at + this.#wide);
  }

  compare(a: number, b: number): number {
    return this.#isThere(a) - this.#isThere(b) || compareDoubles(this.#value(a), this.#value(b));
  }

  sortKeys(rows: Uint32Array, from: number, to: number, out: Float64Array): boolean {
    let isExact = true;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      const value = this.#value(row);
      if (!Number.isFinite(value) || Object.is(value, -0)) isExact = false;
      out[i] = this.#isThere(row) === 0 ? -Infinity : Number.isNaN(value) ? Infinity : value;
    }
    return isExact;
  }

  source({ places }: StorageOrder): SourceDimension {
    const { name } = this;
    const nulls = this.#keys.zeros(this.#at + this.#wide, places);
    if (this.#wide === 1) {
      const values = new Float32Array(places.length);
      this.#keys.place(this.#at, places, new Int32Array(values.buffer));
      return { kind: 'float', name, values, ...(nulls && { nulls }) };
    }
    const values = new Float64Array(places.length);
    this.#keys.placePairs(this.#at, places, new Int32Array(values.buffer));
    return { kind: 'double', name, values, ...(nulls && { nulls }) };
  }
}

/** Words: low, high, 1 = a value. */
export class DoubleKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 3;
  readonly bytes = 0;

  constructor(name: string, at: number) {
    this.name = name;
    this.at = at;
  }

  encode(value: unknown, _row: InputRow, { words, base, step }: KeyRoom): string | undefined {
    const to = base + this.at * step;
    const double = typeof value === 'number' ? value : dimensionDouble(value, this.name);
    if (double === null || double instanceof ValueError) {
      words[to] = words[to + step] = words[to + 2 * step] = 0;
      return double?.reason;
    }
    toDouble[0] = double;
    words[to] = doubleWords[0]!;
    words[to + step] = doubleWords[1]!;
    words[to + 2 * step] = 1;
    return undefined;
  }

  encodeBytes(bytes: Uint8Array, start: number, end: number, key: KeyRoom): string | undefined {
    return this.encode(numberOrText(bytes, start, end), noRow, key);
  }

  snapshot(keys: KeyWords): ColumnSnapshot {
    return numberSnapshot(this, 'double', keys);
  }

  data(): NumberData {
    return { kind: 'double', name: this.name, at: this.at };
  }
}

/** Words: the bits, 1 = a value. */
export class FloatKeys implements KeyColumn {
  readonly name: string;
  readonly at: number;
  readonly words = 2;
  readonly bytes = 0;

  constructor(name: string, at: number) {
    this.name = name;
    this.at = at;
  }

  encode(value: unknown, _row: InputRow, { words, base, step }: KeyRoom): string | undefined {
    const to = base + this.at * step;
    const float = dimensionDouble(value, this.name);
    if (float === null || float instanceof ValueError) {
      words[to] = words[to + step] = 0;
      return float?.reason;
    }
    toFloat[0] = float;
    words[to] = floatWord[0]!;
    words[to + step] = 1;
    return undefined;
  }

  encodeBytes(bytes: Uint8Array, start: number, end: number, key: KeyRoom): string | undefined {
    return this.encode(numberOrText(bytes, start, end), noRow, key);
  }

  snapshot(keys: KeyWords): ColumnSnapshot {
    return numberSnapshot(this, 'float', keys);
  }

  data(): NumberData {
    return { kind: 'float', name: this.name, at: this.at };
  }
}
